"""Revocation by position: the table of signing.md 2.6 row by row, and the laws that hold for every row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing import canonical
from signing.cuts import Cause, Cut, Place, Position, Side
from signing.report import Indication, SubIndication
from signing.status import (
    DocumentChanged,
    DocumentState,
    Event,
    Forked,
    Reinstated,
    Reviewed,
    Revoked,
    Row,
    Status,
    StatusFinding,
    finding,
)

LOG, OTHER_LOG = "aa" * 16, "bb" * 16
LAN, REGISTRY, REVIEWER = "11" * 16, "22" * 16, "33" * 16
STATEMENT = Place(record="51" * 32, by=REGISTRY, log=OTHER_LOG, seq=4, index=40)
"""The registry's word about Lan's key."""


def link(seq: int, branch: str = "0") -> str:
    return f"{branch}{seq}".rjust(64, "c")


CUT = Cut.of(100, Position(log=LOG, length=10, head=link(9)))


def record(seq: int, *, index: int | None = None, shown_to: int | None = None, branch: str = "0") -> Place:
    """Lan's record at `seq`, shown to lead by links to the record at `shown_to`."""
    last = seq if shown_to is None else shown_to
    links = frozenset(link(each, branch) for each in range(seq, last + 1))
    return Place(record=link(seq, f"e{branch}"), by=LAN, log=LOG, seq=seq, links=links, index=index)


def revoked(cause: Cause, cut: Cut = CUT, *, index: int = 120, **changes: Any) -> Revoked:
    fields: dict[str, Any] = {"record": "fe" * 32, "by": REGISTRY, "key": LAN}
    return Revoked(index=index, cause=cause, cut=cut, **(fields | changes))


def review(target: str, *, stands: bool = True, by: str = REVIEWER, index: int = 150) -> Reviewed:
    return Reviewed(index=index, record=f"{index:064x}", by=by, target=target, stands=stands)


LATE = record(12, index=130)
PASSED, FAILED, OPEN = Indication.PASSED, Indication.FAILED, Indication.INDETERMINATE
REGISTRY_CUT = Cut.of(30, Position(log=OTHER_LOG, length=3, head=link(2)))
REGISTRY_LOST = revoked(Cause.COMPROMISED, REGISTRY_CUT, key=REGISTRY, by="00" * 16)

TABLE: tuple[tuple[str, list[Event], Place, Indication, SubIndication | None, Row], ...] = (
    # no event
    ("logged, nothing said", [], record(3, index=7), PASSED, None, Row.SILENT),
    ("not in any log yet: a fresh slip", [], record(3), PASSED, None, Row.UNLOGGED),
    # retire, rotate
    ("retired, up to the cut, on the chain to its head", [revoked(Cause.RETIRED)], record(3, shown_to=9),
     PASSED, None, Row.BEFORE_CUT),
    ("retired, the head itself", [revoked(Cause.RETIRED)], record(9), PASSED, None, Row.BEFORE_CUT),
    ("retired, later", [revoked(Cause.RETIRED)], record(10), FAILED, SubIndication.REVOKED, Row.RETIRED_AFTER),
    ("retired, later, logged all the same", [revoked(Cause.RETIRED)], LATE,
     FAILED, SubIndication.REVOKED, Row.RETIRED_AFTER),
    ("retired, another branch of the chain", [revoked(Cause.RETIRED)], record(9, branch="1"),
     OPEN, SubIndication.REVOKED_NO_POE, Row.UNPROVEN),
    # lost, stolen
    ("lost, leaf below the cut", [revoked(Cause.LOST)], record(3, index=99), PASSED, None, Row.BEFORE_CUT),
    ("lost, above the cut", [revoked(Cause.LOST)], LATE, OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    ("lost, a log opened after the cut", [revoked(Cause.LOST)],
     Place(record="ab" * 32, by=LAN, log=OTHER_LOG, seq=0, index=130),
     OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    ("lost, set in below the head with another hash", [revoked(Cause.LOST)], record(3, index=130, branch="1"),
     OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    ("lost, not logged, not shown to lead to the head", [revoked(Cause.LOST)], record(3),
     OPEN, SubIndication.REVOKED_NO_POE, Row.UNPROVEN),
    ("lost, late, reviewed", [revoked(Cause.LOST), review(LATE.record)], LATE, PASSED, None, Row.REVIEWED),
    ("lost, late, refused by review", [revoked(Cause.LOST), review(LATE.record, stands=False)], LATE,
     FAILED, SubIndication.REVOKED, Row.REFUSED),
    ("lost, reviewed with the lost key itself", [revoked(Cause.LOST), review(LATE.record, by=LAN)], LATE,
     OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    ("lost, reviewed by a reviewer whose key was cut before",
     [revoked(Cause.LOST), review(LATE.record), revoked(Cause.LOST, Cut.of(140), key=REVIEWER, index=160)], LATE,
     OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    ("retired, later, no review helps", [revoked(Cause.RETIRED), review(LATE.record)], LATE,
     FAILED, SubIndication.REVOKED, Row.RETIRED_AFTER),
    # compromise suspected since an index
    ("compromised, logged before the event, after the cut",
     [revoked(Cause.COMPROMISED, Cut.of(50, Position(log=LOG, length=5, head=link(4))))], record(7, index=80),
     OPEN, SubIndication.REVOKED_NO_POE, Row.COMPROMISED_AFTER),
    ("compromised, before the cut",
     [revoked(Cause.COMPROMISED, Cut.of(50, Position(log=LOG, length=5, head=link(4))))], record(4, index=49),
     PASSED, None, Row.BEFORE_CUT),
    ("lost, then the last good place set earlier",
     [revoked(Cause.LOST), revoked(Cause.COMPROMISED, Cut.of(50), index=140, record="fd" * 32)],
     record(7, index=80), OPEN, SubIndication.REVOKED_NO_POE, Row.COMPROMISED_AFTER),
    # suspended
    ("suspended, late", [revoked(Cause.SUSPENDED)], LATE, OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    ("suspended and reinstated",
     [revoked(Cause.SUSPENDED), Reinstated(index=140, record="fc" * 32, by=REGISTRY, key=LAN)], LATE,
     PASSED, None, Row.SILENT),
    ("lost for good, a suspension lifted before",
     [revoked(Cause.SUSPENDED, index=110), Reinstated(index=115, record="fc" * 32, by=REGISTRY, key=LAN),
      revoked(Cause.LOST)], LATE, OPEN, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    # registry key compromised
    ("the registry's word after its own cut", [REGISTRY_LOST], record(3, index=60),
     OPEN, SubIndication.REVOKED_CA_NO_POE, Row.ISSUER_AFTER),
    ("the registry's word reviewed: everything under it stands", [REGISTRY_LOST, review(STATEMENT.record)],
     record(3, index=60), PASSED, None, Row.REVIEWED),
    # two records at one place
    ("forked place", [Forked(index=90, log=LOG, first=3, stop=5)], record(4, index=20),
     OPEN, SubIndication.MC_CHAIN_FORKED, Row.FORKED),
    ("forked place, reviewed", [Forked(index=90, log=LOG, first=3, stop=5), review(record(4).record)],
     record(4, index=20), PASSED, None, Row.REVIEWED),
    ("beside a forked place: a fork suspends nothing", [Forked(index=90, log=LOG, first=3, stop=5)],
     record(5, index=21), PASSED, None, Row.SILENT),
)  # fmt: skip


def judged(events: list[Event], place: Place, *, size: int = 200, **more: Any) -> StatusFinding:
    return finding(Status.of(events, size=size), place, [STATEMENT], **more)


@pytest.mark.parametrize(
    ("events", "place", "indication", "sub_indication", "row"),
    [case[1:] for case in TABLE],
    ids=[case[0] for case in TABLE],
)
def test_the_table(
    events: list[Event],
    place: Place,
    indication: Indication,
    sub_indication: SubIndication | None,
    row: Row,
) -> None:
    found = judged(events, place)
    assert (found.indication, found.sub_indication, found.row) == (indication, sub_indication, row)


def test_an_unlogged_document_that_status_speaks_of_is_open() -> None:
    changed = DocumentChanged(index=5, record="ab" * 32, document="d1" * 16, state=DocumentState.WITHDRAWN)
    assert judged([changed], record(3), document="d1" * 16).sub_indication is SubIndication.MC_NOT_LOGGED
    assert judged([changed], record(3), document="d2" * 16).indication is PASSED
    assert judged([changed], record(3, index=4), document="d1" * 16).indication is PASSED


def test_events_above_the_size_are_not_known_yet() -> None:
    assert judged([revoked(Cause.RETIRED, index=120)], LATE, size=120).indication is PASSED
    assert judged([revoked(Cause.RETIRED, index=120)], LATE, size=121).indication is FAILED


def test_a_cut_reads_what_it_writes() -> None:
    assert Cut.from_facts(CUT.facts()) == CUT
    assert CUT.side(record(9)) is Side.INSIDE


events_drawn = st.lists(
    st.sampled_from([event for case in TABLE for event in case[1]]),
    max_size=6,
    unique_by=lambda each: each.index,
)
places = st.sampled_from([case[2] for case in TABLE])


@given(events_drawn, st.randoms())
def test_the_order_and_repetition_of_events_do_not_matter(events: list[Event], random: Any) -> None:
    mixed = [*events, *events]
    random.shuffle(mixed)
    assert Status.of(mixed, size=200) == Status.of(events, size=200)


@given(events_drawn, places)
def test_leaving_evidence_out_never_makes_a_pass(events: list[Event], place: Place) -> None:
    """Without its leaf number or its chain a record may become open; never does a worse finding become a pass."""
    with_all = judged(events, place)
    for less in (
        Place(record=place.record, by=place.by, log=place.log, seq=place.seq, links=place.links),
        Place(record=place.record, by=place.by, log=place.log, seq=place.seq, index=place.index),
    ):
        found = judged(events, less)
        assert found.indication is not PASSED or with_all.indication is PASSED


@pytest.mark.parametrize("case", TABLE, ids=[case[0] for case in TABLE])
def test_findings_are_the_same_under_any_clock_of_the_device(cast: Any, case: Any) -> None:
    """Real records, signed with the device's clock anywhere from 1970 to 2099 and any offset that it claims."""
    _, events, place, *_ = case
    found = set()
    for year in (1970, 1980, 1999, 2024, 2026, 2038, 2070, 2099):
        at = (year - 1970) * 31_556_952_000
        signed = cast.record("lan", at=[at, year], offset=[-at // 2, year], log=place.log, seq=place.seq)
        header = canonical.decode(signed.header, size_bytes_max=9_999)
        assert isinstance(header, dict)
        read = Place(
            record=place.record,
            by=place.by,
            log=str(header["log"]),
            seq=int(str(header["seq"])),
            links=place.links,
            index=place.index,
        )
        found.add(canonical.encode(judged(events, read).json()))
    assert len(found) == 1
