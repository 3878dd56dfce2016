"""Parcels: what was put in comes out for the recipient alone, and of a damaged part all before the damage."""

from io import BytesIO
from pathlib import Path

import msgspec
import orjson
import pytest

from signing.keys import BoxKey
from sync_protocol import limits
from sync_protocol.errors import RemoteFault
from sync_protocol.parcel import MAGIC, Part, open_answer, sign_answer
from sync_protocol.wire import encode_request, open_request
from tests.support.device_log import key_of
from tests.support.parcels import HUB, HUB_BOX, a_label, read, written
from tests.unit.sync_protocol.test_wire import a_request, an_answer

MESSAGES = [b"one", b"", b"three" * 100]
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "parcels"


def test_what_was_put_in_comes_out() -> None:
    (part,) = written(MESSAGES)
    assert read(part) == (MESSAGES, "")
    opened = Part(BytesIO(part))
    assert opened.verify(key_of("PC1").public) == a_label()
    assert opened.label.records == 7
    opened.skim()
    assert opened.is_last


def test_nobody_but_the_recipient_reads_it() -> None:
    (part,) = written([b"Nguyen Thi Lan"])
    assert b"Lan" not in part
    assert read(part, recipient=key_of("PC2").public.id) == ([], "PARCEL_RECIPIENT")
    assert read(part, box=BoxKey.from_seed(b"x" * 32)) == ([], "PARCEL_DAMAGED")


def test_a_parcel_is_cut_into_parts_that_stand_alone() -> None:
    messages = [bytes([number]) * 300 for number in range(40)]
    parts = written(messages, part_bytes_max=3000)
    assert len(parts) > 5
    assert all(len(part) <= 3000 for part in parts)
    assert [message for part in reversed(parts) for message in read(part)[0]] != messages
    assert [message for part in parts for message in read(part)[0]] == messages
    opened = [Part(BytesIO(part)) for part in parts]
    for part in opened:
        part.skim()
    assert [part.label.part for part in opened] == list(range(1, len(parts) + 1))
    assert [part.is_last for part in opened] == [False] * (len(parts) - 1) + [True]


def test_a_message_larger_than_a_part_gets_one_of_its_own() -> None:
    parts = written([b"a" * 5000, b"b" * 5000], part_bytes_max=2000)
    assert [read(part)[0] for part in parts] == [[b"a" * 5000], [b"b" * 5000]]


def test_parts_stay_below_what_every_stick_can_hold() -> None:
    assert limits.PART_SIZE_BYTES_MAX < 2 * 1024**3


def test_everything_before_the_damage_counts() -> None:
    (part,) = written(MESSAGES)
    changed = bytearray(part)
    changed[-40] ^= 1
    assert read(bytes(changed)) == (MESSAGES, "PARCEL_DAMAGED")
    assert read(part[:-40]) == (MESSAGES, "PARCEL_CUT")
    assert read(part + b"\0") == (MESSAGES, "PARCEL_DAMAGED")


def test_whether_a_part_is_whole_shows_without_a_key() -> None:
    (part,) = written(MESSAGES)
    with pytest.raises(RemoteFault, match="PARCEL_CUT"):
        Part(BytesIO(part[:-1])).skim()
    changed = bytearray(part)
    changed[-100] ^= 1
    with pytest.raises(RemoteFault, match="PARCEL_DAMAGED"):
        Part(BytesIO(bytes(changed))).skim()


def test_an_end_mark_cannot_be_moved_to_the_end_of_the_parcel() -> None:
    part = written([b"a" * 500, b"b" * 500], part_bytes_max=1500)[0]
    end = len(part) - 32 - 17 - 5
    assert part[end] == 1
    changed = bytearray(part)
    changed[end] = 2
    assert read(bytes(changed)) == ([b"a" * 500], "PARCEL_DAMAGED")


def test_a_message_of_another_part_does_not_fit() -> None:
    one, two = written([b"a" * 500, b"b" * 500], part_bytes_max=1500)
    assert len(one) == len(two)
    start = len(one) - 32 - 22 - (5 + 17 + 500)
    spliced = one[:start] + two[start:]
    assert read(spliced) == ([], "PARCEL_DAMAGED")


def test_a_label_is_its_senders() -> None:
    (part,) = written(MESSAGES, sender=key_of("PC2"))
    with pytest.raises(RemoteFault, match="PARCEL_SENDER"):
        Part(BytesIO(part)).verify(key_of("PC1").public)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7",
        b"motcua parcel 2\n" + bytes(100),
        MAGIC + b"\xff\xff\xff\xff",
        MAGIC + b"\0\0\0\2{}" + bytes(88),
        MAGIC + b"\0\0\0\4\xff\xfe\xfd\xfc" + bytes(88),
    ],
)
def test_anything_else_is_no_parcel(content: bytes) -> None:
    with pytest.raises(RemoteFault, match="PARCEL_FORMAT"):
        Part(BytesIO(content))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2}, {"part": 0}, {"parcel": "ab"}, {"sender": "not hex, though of 32 characters"},
        {"recipients": msgspec.to_builtins(a_label().recipients) * 65}, {"unit": 5},
    ],
)  # fmt: skip
def test_a_label_of_another_form_is_no_parcel(changes: dict[str, object]) -> None:

    text = orjson.dumps({**msgspec.to_builtins(a_label()), **changes})
    with pytest.raises(RemoteFault, match="PARCEL_FORMAT"):
        Part(BytesIO(MAGIC + len(text).to_bytes(4, "big") + text + bytes(88)))


def test_a_newer_label_may_say_more() -> None:

    text = orjson.dumps({**msgspec.to_builtins(a_label()), "colour": "blue"})
    assert Part(BytesIO(MAGIC + len(text).to_bytes(4, "big") + text + bytes(88))).label == a_label()


def test_a_request_travels_as_it_would_be_posted() -> None:
    request = a_request(challenge=b"")
    (part,) = written([encode_request(request, key_of("PC1"))])
    (message,), _ = read(part)
    assert open_request(message).verify(key_of("PC1").public) == request


def test_an_answer_is_the_hubs_and_for_one_device() -> None:
    hub, device = key_of("hub"), key_of("PC1").public.id
    message = sign_answer(an_answer(), device=device, hub=hub)
    assert open_answer(message, device=device, hub=hub.public) == an_answer()
    for wrong in (
        {"device": key_of("PC2").public.id, "hub": hub.public},
        {"device": device, "hub": key_of("PC1").public},
    ):
        with pytest.raises(RemoteFault, match="PARCEL_SENDER"):
            open_answer(message, **wrong)  # type: ignore[arg-type]
    with pytest.raises(RemoteFault, match="PARCEL_SENDER"):
        open_answer(message[:20], device=device, hub=hub.public)


def test_parcels_of_the_first_version_stay_readable() -> None:
    parts = [path.read_bytes() for path in sorted(GOLDEN.glob("v1-*.motcua"))]
    assert len(parts) == 2
    assert [read(part, recipient=HUB, box=HUB_BOX) for part in parts] == [
        ([b"a" * 500], ""),
        ([b"b" * 500], ""),
    ]
    label = Part(BytesIO(parts[0])).verify(key_of("PC1").public)
    assert (label.unit, label.records, label.recipients[0].id) == (a_label().unit, 7, HUB)
