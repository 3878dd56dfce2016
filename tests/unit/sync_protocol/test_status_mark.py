"""When a status snapshot is worth sending, row by row."""

import pytest

from signing.snapshot import Outline
from sync_protocol.status_mark import (
    AGE_S_MAX,
    AT_ONCE_BYTES_MAX,
    STATUS_MARK_BYTES,
    STATUS_WANTED,
    StatusMark,
    is_status_due,
)

HELD = StatusMark(1000, 1_795_400_000, b"said")
LARGE = AT_ONCE_BYTES_MAX + 1


def test_a_mark_is_sixteen_bytes_and_comes_out_as_it_went_in() -> None:
    mark = StatusMark.of(Outline(size=1200, issued=1_795_401_000_123, says=bytes(range(32))))
    assert mark == StatusMark(1200, 1_795_401_000, bytes(range(4)))
    assert len(mark.encode()) == STATUS_MARK_BYTES
    assert StatusMark.decode(mark.encode()) == mark
    assert StatusMark.of(Outline(size=1, issued=None, says=bytes(32))).issued_s == 0
    assert len(StatusMark.of(Outline(size=1, issued=1 << 52, says=bytes(32))).encode()) == STATUS_MARK_BYTES


@pytest.mark.parametrize(
    ("held", "newest", "size_bytes", "is_alone", "is_due"),
    [
        (b"", (1000, 0, b"said"), 600, False, False),  # a peer that knows nothing of it
        (STATUS_WANTED, (1, 0, b"said"), LARGE, True, True),
        (HELD, (1000, 0, b"said"), 600, False, False),
        (HELD, (1000, 60, b"said"), 600, False, False),  # only the time moved
        (HELD, (1009, 60, b"said"), 600, False, False),  # the log grew, and nothing was said
        (HELD, (1009, AGE_S_MAX - 1, b"said"), 600, False, False),
        (HELD, (1009, AGE_S_MAX, b"said"), 600, False, True),  # once a day
        (HELD, (1009, AGE_S_MAX, b"said"), 600, True, False),  # but never alone
        (HELD, (1009, 60, b"more"), 600, True, True),  # what it says changed
        (HELD, (1009, 60, b"more"), LARGE, False, False),
        (HELD, (1009, AGE_S_MAX, b"more"), LARGE, True, True),
        (HELD, (999, AGE_S_MAX, b"more"), 600, False, False),  # a hub that was put back
        (HELD, (1000, -1, b"more"), 600, False, False),
    ],
)
def test_what_is_sent_when(
    held: StatusMark | bytes, newest: tuple[int, int, bytes], size_bytes: int, is_alone: bool, is_due: bool
) -> None:
    size, later_s, says = newest
    mark = held if isinstance(held, bytes) else held.encode()
    newer = StatusMark(size, HELD.issued_s + later_s, says)
    assert is_status_due(mark, newer, size_bytes=size_bytes, is_alone=is_alone) is is_due
