"""What a relay and the hub say to each other, what a relay takes on, and what it can tell of a load it cannot read."""

import json
from io import BytesIO
from pathlib import Path
from random import Random

import msgspec
import pytest

from signing.keys import BoxKey
from sync_protocol import limits, reasons
from sync_protocol.chunks import FileTree, Piece, open_piece
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FileStated, Standing
from sync_protocol.parcel import ANSWERS, enclose
from sync_protocol.relay import (
    AnswerTold,
    Queue,
    RelayAnswer,
    RelayRequest,
    decode_relay_answer,
    encode_relay_answer,
    encode_relay_request,
    first_relay_request,
    is_expired,
    open_relay_request,
    read_answer_load,
    read_load,
    refusal,
)
from tests.support.device_log import key_of
from tests.support.parcels import KEY, a_label, written

RELAY = key_of("PC2")
HUB = key_of("hub").public
DEVICE = key_of("PC1").public.id
MIB = 1024 * 1024


def a_request(**changes: object) -> RelayRequest:
    empty = first_relay_request(bytes.fromhex(RELAY.public.id), b"c" * 16)
    return msgspec.structs.replace(empty, **changes)


def refused_as(data: bytes) -> str:
    with pytest.raises(RemoteFault) as caught:
        open_relay_request(data)
    return caught.value.reason.code


def test_a_request_is_the_relays_own() -> None:
    (load,) = written([b"one"])
    tree = FileTree.of([load])
    piece = tree.encode(Piece(file=tree.id, size=tree.size, start=0, data=load))
    asked = FileAsked(bytes.fromhex(tree.id), tree.size)
    said = a_request(offered=[asked], pieces=[piece], senders=[bytes.fromhex(DEVICE)], wanted=[asked])
    signed = open_relay_request(encode_relay_request(said, RELAY))
    assert signed.device == RELAY.public.id
    assert signed.verify(RELAY.public) == said
    with pytest.raises(RemoteFault) as caught:
        signed.verify(key_of("PC3").public)
    assert caught.value.reason is reasons.ROUND_SIGNATURE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"protocol": 99}, "ROUND_VERSION"),
        ({"device": b"short"}, "RELAY_FORMAT"),
        ({"senders": [b"short"]}, "RELAY_FORMAT"),
        ({"offered": [FileAsked(b"short", 1)]}, "RELAY_FORMAT"),
        ({"offered": [FileAsked(bytes(32), 0)]}, "RELAY_FORMAT"),
        ({"wanted": [FileAsked(bytes(32), limits.FILE_SIZE_BYTES_MAX + 1)]}, "RELAY_FORMAT"),
        ({"offered": [FileAsked(bytes(32), 1)] * (limits.RELAY_LOADS_ROUND_MAX + 1)}, "ROUND_SIZE"),
        ({"senders": [bytes(16)] * (limits.RELAY_LOADS_ROUND_MAX + 1)}, "ROUND_SIZE"),
        ({"pieces": [b""] * (limits.FILE_PIECES_MAX + 1)}, "ROUND_SIZE"),
        ({"pieces": [bytes(limits.ROUND_SIZE_BYTES_MAX)]}, "ROUND_SIZE"),
    ],
)
def test_a_request_beyond_its_limits_is_refused(changes: dict[str, object], code: str) -> None:
    assert refused_as(encode_relay_request(a_request(**changes), RELAY)) == code


@pytest.mark.parametrize("data", [b"", b"x" * 64, b"x" * 200, bytes(64) + b"\x93\x01\x02\x03"])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    assert refused_as(data) == "RELAY_FORMAT"


def an_answer(**changes: object) -> RelayAnswer:
    empty = RelayAnswer(protocol=1, challenge=b"c" * 16, problem="", stated=[], answers=[], pieces=[])
    return msgspec.structs.replace(empty, **changes)


def test_an_answer_says_how_loads_stand_and_what_waits() -> None:
    said = an_answer(
        stated=[FileStated(bytes(32), Standing.REFUSED, b"", "PARCEL_SENDER")],
        answers=[AnswerTold(bytes(16), bytes(32), 900, 2, bytes(16))],
    )
    assert decode_relay_answer(encode_relay_answer(said)) == said


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": [AnswerTold(b"short", bytes(32), 9, 1, b"")]},
        {"answers": [AnswerTold(bytes(16), bytes(32), 0, 1, b"")]},
        {"answers": [AnswerTold(bytes(16), bytes(32), 9, 1, b"")] * (limits.RELAY_LOADS_MAX + 1)},
        {"pieces": [b""] * (limits.FILE_PIECES_MAX + 1)},
    ],
)
def test_an_answer_beyond_its_limits_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(RemoteFault):
        decode_relay_answer(encode_relay_answer(an_answer(**changes)))


def read_as(content: bytes, **more: object) -> str:
    try:
        read_load(BytesIO(content), len(content), hub=HUB, **more)  # type: ignore[arg-type]
    except RemoteFault as fault:
        return fault.reason.code
    return ""


def test_a_relay_tells_a_whole_load_for_the_hub_from_anything_else() -> None:
    (load,) = written([b"one", b"two"])
    assert read_as(load) == ""
    assert read_as(load, sender=key_of("PC1").public) == ""
    assert read_as(load, sender=key_of("PC3").public) == "PARCEL_SENDER"
    assert read_as(load[:-3]) == "PARCEL_CUT"
    assert read_as(load[:-40] + bytes([load[-40] ^ 1]) + load[-39:]) == "PARCEL_DAMAGED"
    assert read_as(b"no parcel at all") == "PARCEL_FORMAT"
    assert read_as(b"") == "RELAY_SIZE"
    for_another = a_label(recipients=[enclose(KEY, DEVICE, BoxKey.from_seed(b"x" * 32).hex)])
    assert read_as(written([b"one"], label=for_another)[0]) == "PARCEL_RECIPIENT"
    assert read_as(written([b"one"], label=a_label(content=ANSWERS))[0]) == "PARCEL_RECIPIENT"


def test_an_answer_load_is_the_hubs_and_for_one_pc() -> None:
    def answer(**changes: object) -> bytes:
        recipients = [enclose(KEY, DEVICE, BoxKey.from_seed(b"x" * 32).hex)]
        label = a_label(**{"content": ANSWERS, "sender": HUB.id, "recipients": recipients, **changes})
        return written([b"one"], label=label, sender=key_of("hub"))[0]

    def read(content: bytes, device: str = DEVICE) -> str:
        try:
            read_answer_load(BytesIO(content), len(content), hub=HUB, device=device)
        except RemoteFault as fault:
            return fault.reason.code
        return ""

    assert read(answer()) == ""
    assert read(answer(), key_of("PC3").public.id) == "PARCEL_RECIPIENT"
    assert read(written([b"one"])[0]) == "PARCEL_RECIPIENT"
    assert read(answer(sender=DEVICE)) == "PARCEL_SENDER"
    forged = written(
        [b"one"], label=a_label(content=ANSWERS, sender=HUB.id, recipients=[enclose(KEY, DEVICE, "ab" * 32)])
    )
    assert read(forged[0]) == "PARCEL_SENDER"


@pytest.mark.parametrize(
    ("size", "queue", "code"),
    [
        (MIB, Queue(loads=0, size_bytes=0, of_device_bytes=0), ""),
        (0, Queue(loads=0, size_bytes=0, of_device_bytes=0), "RELAY_SIZE"),
        (limits.FILE_SIZE_BYTES_MAX + 1, Queue(loads=0, size_bytes=0, of_device_bytes=0), "RELAY_SIZE"),
        (MIB, Queue(loads=limits.RELAY_LOADS_MAX, size_bytes=0, of_device_bytes=0), "RELAY_ROOM"),
        (MIB, Queue(loads=1, size_bytes=9 * MIB, of_device_bytes=0), ""),
        (MIB + 1, Queue(loads=1, size_bytes=9 * MIB, of_device_bytes=0), "RELAY_ROOM"),
        (MIB, Queue(loads=1, size_bytes=4 * MIB, of_device_bytes=4 * MIB), ""),
        (MIB + 1, Queue(loads=1, size_bytes=4 * MIB, of_device_bytes=4 * MIB), "RELAY_ROOM"),
    ],
)
def test_how_much_a_relay_takes_on(size: int, queue: Queue, code: str) -> None:
    reason = refusal(size, queue, quota_bytes=10 * MIB)
    assert (reason.code if reason else "") == code


def test_a_load_expires_by_the_relays_own_clock() -> None:
    assert not is_expired(1_000, 1_000 + limits.RELAY_AGE_MS_MAX)
    assert is_expired(1_000, 1_001 + limits.RELAY_AGE_MS_MAX)
    assert not is_expired(10**13, 1_000), "a clock that went back lets nothing expire"


def test_noise_is_refused_with_a_reason_and_never_otherwise() -> None:
    chance = Random(1)
    tree = FileTree.of([b"x" * 40_000])
    request = encode_relay_request(
        a_request(
            offered=[FileAsked(bytes.fromhex(tree.id), 40_000)], pieces=[b"p" * 900], senders=[bytes(16)]
        ),
        RELAY,
    )
    answer = encode_relay_answer(
        an_answer(
            stated=[FileStated(bytes(32), Standing.PARTIAL, b"\x01")],
            answers=[AnswerTold(bytes(16), bytes(32), 9, 1, b"")],
            pieces=[b"p" * 900],
        )
    )
    for _ in range(400):
        for message, read in ((request, open_relay_request), (answer, decode_relay_answer)):
            noisy = bytearray(message)
            for _ in range(chance.choice((1, 3, 20))):
                noisy[chance.randrange(len(noisy))] = chance.randrange(256)
            cut = bytes(noisy[: chance.randrange(len(noisy) + 1)]) if chance.random() < 0.3 else bytes(noisy)
            try:
                read(cut)
            except RemoteFault as fault:
                assert fault.reason in (reasons.RELAY_FORMAT, reasons.ROUND_SIZE, reasons.ROUND_VERSION)


GOLDEN = Path(__file__).parents[2] / "golden"


def test_messages_of_the_first_version_stay_readable() -> None:
    """Written once, never anew: a parcel of that version on its way, and what the hub said of it."""
    content = (GOLDEN / "parcels" / "v1-1.motcua").read_bytes()
    tree = FileTree.of([content])
    kept = json.loads((GOLDEN / "relay" / "v1.json").read_text(encoding="utf-8"))
    signed = open_relay_request(bytes.fromhex(kept["request"]))
    said = signed.verify(RELAY.public)
    assert said.offered == [FileAsked(bytes.fromhex(tree.id), tree.size)]
    assert b"".join(open_piece(piece).data for piece in said.pieces) == content
    assert encode_relay_request(said, RELAY).hex() == kept["request"]
    answer = decode_relay_answer(bytes.fromhex(kept["answer"]))
    assert [stated.standing for stated in answer.stated] == [Standing.WHOLE]
    assert answer.answers[0].device.hex() == said.senders[0].hex() == DEVICE
    assert encode_relay_answer(answer).hex() == kept["answer"]
