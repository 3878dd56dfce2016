"""How the store keeps headers: fewer bytes, and the very ones that were signed come out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.headers import as_kept, as_signed
from tests.support.log_builder import LogBuilder, hex32

DIGITS = st.text(alphabet="0123456789abcdef", min_size=1, max_size=200)


def test_a_header_takes_less_room_and_comes_out_as_it_was_signed() -> None:
    log = LogBuilder()
    log.note("một", hex32("d"))
    for record in log.records:
        kept = as_kept(record.header_bytes)
        assert as_signed(kept) == record.header_bytes
        assert len(kept) < 0.9 * len(record.header_bytes)


@given(st.lists(DIGITS | st.sampled_from(['{"a":"', '","', '"}', "F" * 64, "ạ"]), max_size=8))
def test_whatever_the_text_it_comes_out_again(parts: list[str]) -> None:
    text = "".join(parts).encode()
    assert as_signed(as_kept(text)) == text


@pytest.mark.parametrize(
    "odd", [b"", b"\x00", b"\x00abc", b"\x01", b"\x02" + bytes(32), b"a\x01" + bytes(40)]
)
def test_bytes_that_are_no_header_are_kept_as_they_are(odd: bytes) -> None:
    assert as_signed(as_kept(odd)) == odd


def test_what_an_older_program_stored_is_read() -> None:
    (record,) = LogBuilder().records
    assert as_signed(record.header_bytes) == record.header_bytes
