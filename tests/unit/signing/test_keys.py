"""Seeds at rest need everything that locks them; enclosures open for their recipient alone."""

import base64

import orjson
import pytest

from signing import canonical, reasons
from signing.errors import KeyLocked, SigningError
from signing.keys import (
    LOCK_MEMORY_BYTES_MAX,
    BoxKey,
    LockCost,
    SigningKey,
    lock_seed,
    lock_with_device,
    new_box_key,
    new_signing_key,
    seal,
    unlock_seed,
    unlock_with_device,
)
from signing.signatures import verify

SEED = bytes(range(32))
DEVICE = b"device secret 01"
LOCKED = lock_seed(SEED, pin="482913", device_secret=DEVICE, cost=LockCost.TEST)


def test_pin_and_device_secret_open_the_seed() -> None:
    assert unlock_seed(LOCKED, pin="482913", device_secret=DEVICE) == SEED


@pytest.mark.parametrize(
    ("pin", "device_secret"),
    [
        ("482914", DEVICE),
        ("", DEVICE),
        ("482913", b"device secret 02"),
        ("482913", b""),
        ("482913", b"short"),
    ],
)
def test_one_of_the_two_is_not_enough(pin: str, device_secret: bytes) -> None:
    with pytest.raises(KeyLocked) as caught:
        unlock_seed(LOCKED, pin=pin, device_secret=device_secret)
    assert caught.value.reason is reasons.KEY_LOCKED


def test_the_device_secret_alone_opens_the_device_key_only() -> None:
    locked = lock_with_device(SEED, device_secret=DEVICE)
    assert unlock_with_device(locked, device_secret=DEVICE) == SEED
    with pytest.raises(KeyLocked):
        unlock_with_device(locked, device_secret=b"device secret 02")
    with pytest.raises(KeyLocked):
        unlock_with_device(LOCKED, device_secret=DEVICE)
    with pytest.raises(KeyLocked):
        unlock_seed(locked, pin="", device_secret=DEVICE)


def test_a_passphrase_opens_from_any_keyboard() -> None:
    locked = lock_seed(SEED, pin="Một cửa", device_secret=DEVICE, cost=LockCost.TEST)
    assert unlock_seed(locked, pin="Mo\u0323\u0302t cu\u031b\u0309a", device_secret=DEVICE) == SEED


def test_locking_twice_shows_nothing_in_common() -> None:
    again = lock_seed(SEED, pin="482913", device_secret=DEVICE, cost=LockCost.TEST)
    assert orjson.loads(again)["salt"] != orjson.loads(LOCKED)["salt"]
    assert orjson.loads(again)["box"] != orjson.loads(LOCKED)["box"]


def changed(**fields: object) -> bytes:
    return canonical.encode(orjson.loads(LOCKED) | fields)


@pytest.mark.parametrize(
    "locked",
    [
        b"",
        LOCKED[:-1],
        b" " + LOCKED,
        b"[]",
        canonical.encode({"format": "motcua-locked-seed/1"}),
        changed(format="motcua-locked-seed/2"),
        changed(more=1),
        changed(memory_bytes=LOCK_MEMORY_BYTES_MAX + 1),
        changed(memory_bytes=1),
        changed(memory_bytes="8192"),
        changed(memory_bytes=16 << 10),
        changed(operations=0),
        changed(operations=33),
        changed(operations="1"),
        changed(operations=2),
        changed(salt="00" * 16),
        changed(salt="00" * 15),
        changed(salt="zz"),
        changed(salt=1),
        changed(box="?"),
        changed(box=""),
        changed(box=base64.b64encode(bytes(72)).decode()),
    ],
)
def test_a_damaged_lock_stays_locked(locked: bytes) -> None:
    with pytest.raises(KeyLocked):
        unlock_seed(locked, pin="482913", device_secret=DEVICE)


def test_what_is_locked_is_a_seed() -> None:
    with pytest.raises(KeyLocked):
        lock_with_device(SEED[:-1], device_secret=DEVICE)


def test_the_office_cost_fits_a_4_gb_pc() -> None:
    assert LockCost(memory_bytes=64 * 1024 * 1024, operations=3) == LockCost.OFFICE


def test_fresh_keys_differ_and_work() -> None:
    first, second = new_signing_key(), new_signing_key()
    assert first.public != second.public
    verify(first.public, "p", b"x", first.sign("p", b"x"))
    assert SigningKey.from_seed(first.seed).public == first.public


def test_secrets_do_not_show() -> None:
    key, box = SigningKey.from_seed(SEED), BoxKey.from_seed(SEED)
    for shown in (repr(key), str(key), repr(box), str(box)):
        assert SEED.hex() not in shown
        assert repr(SEED) not in shown
    assert repr(key) == f"SigningKey({key.public.id})"


def test_an_enclosure_opens_for_its_recipient() -> None:
    lan, minh = new_box_key(), new_box_key()
    sealed = seal("Hồ sơ".encode(), lan.public)
    assert lan.open(sealed).decode() == "Hồ sơ"
    assert BoxKey.from_seed(lan.seed).open(lan.seal(b"")) == b""
    assert bytes.fromhex(lan.hex) == lan.public
    for key, bytes_ in ((minh, sealed), (lan, sealed[:-1]), (lan, b"short")):
        with pytest.raises(SigningError) as caught:
            key.open(bytes_)
        assert caught.value.reason is reasons.ENCLOSURE


@pytest.mark.parametrize("public", [b"", bytes(32), bytes(33)], ids=["empty", "small order", "long"])
def test_nothing_is_sealed_for_what_is_no_key(public: bytes) -> None:
    with pytest.raises(SigningError) as caught:
        seal(b"x", public)
    assert caught.value.reason is reasons.KEY_FORM
