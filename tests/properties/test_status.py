"""The status cannot lie: whatever the facts are, all that is open is said, and "full" only when nothing is."""

import re

from hypothesis import given
from hypothesis import strategies as st

from edge_node.store.bases import Seeded
from edge_node.sync.commands import sentence
from edge_node.sync.status import Said, SyncStatus, UnitLog, status_of

NOW = 1_795_000_000_000
counts = st.integers(0, 3)


@st.composite
def unit_logs(draw: st.DrawFn) -> UnitLog:
    """A log of this PC, or of a colleague's as far as it is here: perhaps only from a base on."""
    length, held = draw(st.integers(0, 40)), draw(st.integers(0, 60))
    absent = draw(st.integers(0, max(0, length - held)))
    judged = draw(st.integers(0, held))
    is_waiting = length - held - absent > 0
    return UnitLog(
        log="0" * 32,
        length=length,
        held=held,
        judged=judged,
        oldest_at=draw(st.integers(NOW - 10**10, NOW + 10**10)) if is_waiting else None,
        is_own=draw(st.booleans()),
        absent=absent,
    )


@st.composite
def statuses(draw: st.DrawFn) -> SyncStatus:
    return status_of(
        draw(st.lists(unit_logs(), max_size=4)),
        refused=draw(counts),
        undecided=draw(counts),
        last=draw(st.none() | st.integers(NOW - 10**10, NOW + 10**10)),
        now=NOW,
        files=draw(counts),
        seeded=Seeded(missing=draw(counts), is_whole=draw(st.booleans())),
    )


@given(statuses())
def test_full_is_said_exactly_when_nothing_is_open(status: SyncStatus) -> None:
    open_ends = (
        status.waiting,
        status.unjudged,
        status.refused,
        status.undecided,
        status.files,
        status.history,
    )
    is_all = not any(open_ends) and status.is_seeded_whole and status.last is not None
    assert status.is_full == is_all == (status.said == (Said.ALL_THERE,)) == (Said.ALL_THERE in status.said)


@given(statuses())
def test_everything_that_is_open_is_said(status: SyncStatus) -> None:
    said = set(status.said)
    assert (Said.WAITING in said) == bool(status.waiting)
    assert (Said.REFUSED in said) == bool(status.refused)
    assert (Said.UNDECIDED in said) == bool(status.undecided)
    assert (Said.FILES in said) == bool(status.files)
    assert (Said.HISTORY in said) == bool(status.history)
    assert (Said.SNAPSHOT_CUT in said) != status.is_seeded_whole
    if status.last is None and not status.waiting:
        assert Said.NEVER in said
    assert len(said) == len(status.said)


@given(statuses())
def test_the_words_of_the_command_name_every_number(status: SyncStatus) -> None:
    for text in sentence(status):
        numbers = [int(found) for found in re.findall(r"\d+", text)]
        assert numbers[0] == status.waiting
        for count in (status.refused, status.undecided, status.files, status.history):
            assert count == 0 or count in numbers
    assert ("All is there" in sentence(status)[1]) == status.is_full


@given(st.lists(unit_logs(), max_size=4), st.integers(0, 3))
def test_what_is_not_here_is_never_counted_as_waiting(logs: list[UnitLog], missing: int) -> None:
    status = status_of(logs, refused=0, undecided=0, last=None, now=NOW, seeded=Seeded(missing=missing))
    assert 0 <= status.others <= status.waiting <= sum(log.length for log in logs)
    assert status.waiting == sum(max(0, log.length - log.held - log.absent) for log in logs)
    assert status.oldest_ms >= 0
