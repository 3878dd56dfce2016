"""Laws of parcels: whatever happens to a part, what is read is a beginning of what was written, and it is said why."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.parcels import read, written

MESSAGES = [b"first", b"", b"third " * 30, bytes(range(256))]
(PART,) = written(MESSAGES)


@given(st.integers(0, len(PART) - 1))
def test_a_part_cut_anywhere_gives_a_beginning_and_a_reason(at: int) -> None:
    found, reason = read(PART[:at])
    assert found == MESSAGES[: len(found)]
    assert reason in ("PARCEL_CUT", "PARCEL_FORMAT")


@given(st.integers(0, len(PART) - 1), st.integers(1, 255))
def test_a_changed_byte_gives_a_beginning_and_a_reason(at: int, change: int) -> None:
    changed = bytearray(PART)
    changed[at] ^= change
    found, reason = read(bytes(changed))
    assert found == MESSAGES[: len(found)]
    assert reason.startswith("PARCEL_")


@given(st.lists(st.binary(max_size=400), max_size=12), st.integers(900, 4000))
def test_whatever_the_size_of_parts_every_message_arrives_once(messages: list[bytes], size: int) -> None:
    parts = written(messages, part_bytes_max=size)
    assert [message for part in parts for message in read(part)[0]] == messages
