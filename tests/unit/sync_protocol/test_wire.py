"""Messages: what is sent arrives, what is hostile is refused with a reason, and idle is small."""

import msgspec
import pytest

from sync_protocol import limits
from sync_protocol.challenge import CHALLENGE_BYTES, challenge_holds, make_challenge
from sync_protocol.digest import dossier_digest, from_bytes, record_set_hash, replace, to_bytes
from sync_protocol.errors import RemoteFault
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.receipts import (
    LeafSpan,
    Receipt,
    ReceiptEntry,
    held_of,
    judged_of,
    newer,
    open_receipt,
    same_standing,
    sign_receipt,
)
from sync_protocol.wire import (
    Beacon,
    Entry,
    RoundAnswer,
    RoundRequest,
    decode_answer,
    encode_answer,
    encode_request,
    entries_of,
    frontier_of,
    open_request,
    receipt_prefix,
)
from tests.support.device_log import MORNING_MS, key_of

DEVICE = key_of("PC1")
HUB = key_of("hub")
SECRET = b"s" * 32


def a_frontier(logs: int = 6) -> Frontier:
    return Frontier(FrontierEntry(log=f"{i:032x}", length=1000 + i, head=f"{i:064x}") for i in range(logs))


def a_request(**changes: object) -> RoundRequest:
    beacon = Beacon(
        version="0.1.0", fold=1, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=-1200,
        disk_free_mb=120_000, database_mb=340, codes_left=480,
    )  # fmt: skip
    request = RoundRequest(
        protocol=1, device=bytes.fromhex(DEVICE.public.id),
        challenge=make_challenge(SECRET, DEVICE.public.id, now_s=MORNING_MS // 1000), hub_epoch=bytes(range(16)),
        sent_ms=MORNING_MS, frontier=entries_of(a_frontier()), digest=bytes(range(32)), receipt=b"12345678",
        beacon=beacon, bytes_max=limits.ROUND_SIZE_BYTES_MAX, runs=[],
    )  # fmt: skip
    return msgspec.structs.replace(request, **changes)


def an_answer() -> RoundAnswer:
    return RoundAnswer(
        protocol=1, challenge=bytes(CHALLENGE_BYTES), hub_epoch=bytes(16), now_ms=MORNING_MS, problem="", held=[],
        receipt=b"", runs=[], foreign=[], digest=bytes(range(32)), digest_state=1, next_sync_after_s=900,
        bytes_max=limits.ROUND_SIZE_BYTES_MAX, more=False,
    )  # fmt: skip


def test_a_request_arrives_as_sent() -> None:
    signed = open_request(encode_request(a_request(), DEVICE))
    assert signed.device == DEVICE.public.id
    assert signed.verify(DEVICE.public) == a_request()
    assert frontier_of(signed.said.frontier).keys() == a_frontier().keys()


def test_idle_messages_of_a_commune_with_four_devices_are_small() -> None:
    assert len(encode_request(a_request(), DEVICE)) <= 600
    assert len(encode_answer(an_answer())) <= 300


def test_only_the_device_can_have_signed() -> None:
    data = encode_request(a_request(), key_of("PC2"))
    with pytest.raises(RemoteFault, match="ROUND_SIGNATURE"):
        open_request(data).verify(DEVICE.public)
    changed = bytearray(encode_request(a_request(), DEVICE))
    changed[-1] ^= 1
    with pytest.raises(RemoteFault):
        open_request(bytes(changed)).verify(DEVICE.public)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"protocol": 9}, "ROUND_VERSION"),
        ({"device": b"short"}, "ROUND_FORMAT"),
        ({"digest": b"short"}, "ROUND_FORMAT"),
        ({"runs": [b""] * (limits.ROUND_RUNS_MAX + 1)}, "ROUND_SIZE"),
    ],
)
def test_bad_requests_get_a_reason(change: dict[str, object], code: str) -> None:
    with pytest.raises(RemoteFault, match=code):
        open_request(encode_request(a_request(**change), DEVICE))


def test_hostile_bytes_get_a_reason() -> None:
    data = encode_request(a_request(runs=[b"x" * 500]), DEVICE)
    hostile = [b"", b"x" * 64, b"x" * 70, b"x" * 64 + b"\1" + b"junk", b"x" * 64 + b"\2", data[:-3]]
    for message in hostile:
        with pytest.raises(RemoteFault, match="ROUND_FORMAT"):
            open_request(message)
    with pytest.raises(RemoteFault, match="ROUND_SIZE"):
        open_request(bytes(limits.ROUND_SIZE_BYTES_MAX + 66))
    with pytest.raises(RemoteFault, match="ROUND_FORMAT"):
        frontier_of([Entry(b"short", 0, 1, bytes(16))])
    with pytest.raises(RemoteFault, match="ROUND_FORMAT"):
        frontier_of([Entry(bytes(16), 5, 1, bytes(16))])


def test_an_answer_arrives_as_sent() -> None:
    assert decode_answer(encode_answer(an_answer())) == an_answer()
    with pytest.raises(RemoteFault, match="ROUND_VERSION"):
        decode_answer(encode_answer(msgspec.structs.replace(an_answer(), protocol=2)))
    with pytest.raises(RemoteFault, match="ROUND_SIZE"):
        decode_answer(encode_answer(msgspec.structs.replace(an_answer(), runs=[b""] * 513)))


def test_a_newer_peer_may_append_members() -> None:
    packed = encode_answer(an_answer())
    members = msgspec.msgpack.decode(packed[1:])
    assert decode_answer(packed[:1] + msgspec.msgpack.encode([*members, "new"])) == an_answer()


def test_challenges_are_bound_to_device_secret_and_age() -> None:
    now = MORNING_MS // 1000
    challenge = make_challenge(SECRET, DEVICE.public.id, now_s=now)
    assert challenge_holds(challenge, SECRET, DEVICE.public.id, now_s=now + limits.CHALLENGE_AGE_S_MAX)
    assert not challenge_holds(
        challenge, SECRET, DEVICE.public.id, now_s=now + limits.CHALLENGE_AGE_S_MAX + 1
    )
    assert not challenge_holds(challenge, SECRET, DEVICE.public.id, now_s=now - 61)
    assert not challenge_holds(challenge, b"t" * 32, DEVICE.public.id, now_s=now)
    assert not challenge_holds(challenge, SECRET, HUB.public.id, now_s=now)
    assert not challenge_holds(b"", SECRET, DEVICE.public.id, now_s=now)


def a_receipt(at: int = MORNING_MS, epoch: str = "0" * 32, held: int = 7) -> Receipt:
    logs = {"1" * 32: ReceiptEntry(held, "ab" * 32, held - 1)}
    return Receipt(at=at, commune="20242", epoch=epoch, hub=HUB.public.id, logs=logs)


def test_receipts() -> None:
    data = sign_receipt(a_receipt(), HUB)
    assert open_receipt(data, HUB.public) == a_receipt()
    assert (held_of(a_receipt(), "1" * 32), judged_of(a_receipt(), "1" * 32), held_of(None, "1" * 32)) == (
        7,
        6,
        0,
    )
    assert len(receipt_prefix(data)) == 8
    assert receipt_prefix(b"") == b""
    with pytest.raises(RemoteFault, match="ROUND_SIGNATURE"):
        open_receipt(data, DEVICE.public)
    with pytest.raises(RemoteFault, match="ROUND_FORMAT"):
        open_receipt(b"short", HUB.public)
    junk = HUB.sign("motcua.receipt", b"{}") + b"{}"
    with pytest.raises(RemoteFault, match="ROUND_FORMAT"):
        open_receipt(junk, HUB.public)


def test_a_receipt_may_say_where_the_newest_records_stand_and_older_ones_are_read_as_ever() -> None:
    placed = msgspec.structs.replace(a_receipt(), places={"1" * 32: (LeafSpan(5, 2, 4711),)})
    data = sign_receipt(placed, HUB)
    assert open_receipt(data, HUB.public) == placed
    assert b'"places":{"' + b"1" * 32 + b'":[[5,2,4711]]}' in data
    # Without places the bytes are those of every receipt so far, and the other way round nobody minds the new member.
    assert b"places" not in sign_receipt(a_receipt(), HUB)
    assert same_standing(placed, a_receipt().logs, a_receipt().epoch)


def test_the_newest_receipt_counts_until_the_hub_changes_epoch() -> None:
    old, new, other = a_receipt(1), a_receipt(2), a_receipt(0, epoch="1" * 32)
    assert newer(new, old) is new
    assert newer(old, new) is new
    assert newer(other, new) is other
    assert newer(old, None) is old
    assert same_standing(old, new.logs, old.epoch)
    assert not same_standing(old, new.logs, other.epoch)
    assert not same_standing(None, new.logs, old.epoch)


def test_digests_add_up_in_any_order() -> None:
    one = dossier_digest("1" * 32, record_set_hash(["a"]), 1, bytes(32))
    two = dossier_digest("2" * 32, record_set_hash(["b"]), 1, bytes(32))
    changed = dossier_digest("1" * 32, record_set_hash(["a"], ["a"]), 1, bytes(32))
    assert len({one, two, changed, dossier_digest("1" * 32, record_set_hash(["a"]), 2, bytes(32))}) == 4
    total = replace(replace(0, old=0, new=one), old=0, new=two)
    assert total == replace(replace(0, old=0, new=two), old=0, new=one)
    assert replace(replace(total, old=one, new=changed), old=changed, new=one) == total
    assert from_bytes(to_bytes(total)) == total
