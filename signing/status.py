"""What became of keys and documents: key events folded to one status, and what it means for a record.

Theory of operation. Events are leaves of the province's log; the fold of all events below a tree size is the same
whatever their order of arrival, so anybody with the log recomputes it. Only what is not silent is kept: a key without
events and a document without changes do not appear. `finding` then says, for a record and the statements that lead to
its key, whether status lets it stand: every row of signing.md 2.6. It reads positions and leaf numbers, no clock.

Whether somebody was entitled to say an event was asked before (`Trust.require`). What a fork means here follows
design.md 6: it neither suspends the key nor touches other records; only where two records claim one place does the
finding stay open until a review says which may stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self, TypeAlias

from signing.canonical import Json
from signing.cuts import Cause, Cut, Place, Side
from signing.report import Indication, SubIndication


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A key counts up to `cut` only; `by` is the key id of whoever said so, `record` where, `index` that record's leaf."""

    index: int
    record: str
    by: str
    key: str
    cause: Cause
    cut: Cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated:
    """The suspensions of a key before this are lifted; what it was revoked for otherwise stands."""

    index: int
    record: str
    by: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Somebody looked at record `target` and says whether it may stand."""

    index: int
    record: str
    by: str
    target: str
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked:
    """Two different records are known at the places `first` … `stop - 1` of a log."""

    index: int
    log: str
    first: int
    stop: int


class DocumentState(StrEnum):
    """What became of a document; one that is in force is not mentioned."""

    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentChanged:
    """A document (random id) is not simply in force any more."""

    index: int
    record: str
    document: str
    state: DocumentState


Event: TypeAlias = Revoked | Reinstated | Reviewed | Forked | DocumentChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The fold of all events below `size`: what is known of keys, reviews, forks and documents that is not silent."""

    size: int
    revoked: Mapping[str, tuple[Revoked, ...]] = field(hash=False)
    reviews: Mapping[str, Reviewed] = field(hash=False)
    forks: tuple[Forked, ...] = ()
    documents: Mapping[str, DocumentChanged] = field(hash=False)

    @classmethod
    def of(cls, events: Iterable[Event], *, size: int) -> Self:
        """Fold the events whose leaves stand below `size`; their order and repetition do not matter."""
        known = sorted({event for event in events if event.index < size}, key=_order)
        lifted = _last_reinstatements(known)
        revoked: dict[str, tuple[Revoked, ...]] = {}
        for event in known:
            if isinstance(event, Revoked) and not _is_lifted(event, lifted):
                revoked[event.key] = (*revoked.get(event.key, ()), event)
        reviews = {
            event.target: event
            for event in known
            if isinstance(event, Reviewed) and not _is_after_cut(event, revoked)
        }
        documents = {event.document: event for event in known if isinstance(event, DocumentChanged)}
        return cls(
            size=size,
            revoked=MappingProxyType(revoked),
            reviews=MappingProxyType(reviews),
            forks=tuple(event for event in known if isinstance(event, Forked)),
            documents=MappingProxyType(documents),
        )

    def is_silent(self, key: str) -> bool:
        """Whether nothing was ever said against a key."""
        return key not in self.revoked


class Row(StrEnum):
    """Which row of signing.md 2.6 decided; the words for people hang on it."""

    SILENT = "silent"
    UNLOGGED = "unlogged"
    BEFORE_CUT = "before_cut"
    RETIRED_AFTER = "retired_after"
    LOST_AFTER = "lost_after"
    COMPROMISED_AFTER = "compromised_after"
    ISSUER_AFTER = "issuer_after"
    UNPROVEN = "unproven"
    FORKED = "forked"
    DOCUMENT_UNLOGGED = "document_unlogged"
    REVIEWED = "reviewed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFinding:
    """What status says of one record.

    Attributes:
        place: the record that decided: the one asked about, or the key statement above it that is in doubt.
        event: the revocation that decided, where one did; `review` the review that settled it, where one did.
    """

    indication: Indication
    sub_indication: SubIndication | None
    row: Row
    place: Place
    event: Revoked | None = None
    review: Reviewed | None = None

    def json(self) -> dict[str, Json]:
        """For reports and golden files."""
        event, review = self.event, self.review
        return {
            "indication": self.indication,
            "sub_indication": self.sub_indication,
            "row": self.row,
            "record": self.place.record,
            "event": None
            if event is None
            else {
                "record": event.record,
                "index": event.index,
                "cause": event.cause,
                "size": event.cut.size,
                "by": event.by,
            },
            "review": None
            if review is None
            else {
                "record": review.record,
                "index": review.index,
                "stands": review.stands,
                "by": review.by,
            },
        }


_AFTER: Final = {
    Cause.RETIRED: (Indication.FAILED, SubIndication.REVOKED, Row.RETIRED_AFTER),
    Cause.LOST: (Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    Cause.SUSPENDED: (Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE, Row.LOST_AFTER),
    Cause.COMPROMISED: (Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE, Row.COMPROMISED_AFTER),
}
_GRAVITY: Final = {Indication.PASSED: 0, Indication.INDETERMINATE: 1, Indication.FAILED: 2}


def finding(
    status: Status, record: Place, issuers: Sequence[Place] = (), *, document: str | None = None
) -> StatusFinding:
    """What status says of a record whose signature and authority hold.

    Args:
        issuers: places of the key statements that lead from the signer's key upwards, the nearest first; keys that the
            trust bundle itself names need none.
        document: id of the document that the record makes, where it makes one.

    The worst of all parts decides. Leaving evidence out never makes the answer better, and a review settles only what
    is undecided.
    """
    found = [_own(status, record, document), *(_above(status, statement) for statement in issuers)]
    return max(found, key=lambda each: (_GRAVITY[each.indication], each.row is not Row.SILENT))


def _own(status: Status, place: Place, document: str | None) -> StatusFinding:
    found = _against_cuts(status, place)
    if found.indication is Indication.PASSED and _is_contested(status, place):
        found = _found(Indication.INDETERMINATE, SubIndication.MC_CHAIN_FORKED, Row.FORKED, place)
    if found.indication is Indication.PASSED and place.index is None and document in status.documents:
        found = _found(Indication.INDETERMINATE, SubIndication.MC_NOT_LOGGED, Row.DOCUMENT_UNLOGGED, place)
    return _settled(status, found)


def _above(status: Status, statement: Place) -> StatusFinding:
    """A key statement after its issuer's cut takes everything under it along, until it is reviewed or made again."""
    found = _against_cuts(status, statement)
    if found.indication is Indication.INDETERMINATE:
        found = _found(
            Indication.INDETERMINATE,
            SubIndication.REVOKED_CA_NO_POE,
            Row.ISSUER_AFTER,
            statement,
            event=found.event,
        )
    return _settled(status, found)


def _against_cuts(status: Status, place: Place) -> StatusFinding:
    """The worst that any revocation of the signer's key makes of a record."""
    revocations = status.revoked.get(place.by, ())
    if not revocations:
        row = Row.SILENT if place.index is not None else Row.UNLOGGED
        return _found(Indication.PASSED, None, row, place)
    found = [_against_cut(revocation, place) for revocation in revocations]
    return max(found, key=lambda each: _GRAVITY[each.indication])


def _against_cut(event: Revoked, place: Place) -> StatusFinding:
    match event.cut.side(place):
        case Side.INSIDE:
            return _found(Indication.PASSED, None, Row.BEFORE_CUT, place, event=event)
        case Side.UNPROVEN:
            return _found(
                Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE, Row.UNPROVEN, place, event=event
            )
        case Side.AFTER:
            indication, sub_indication, row = _AFTER[event.cause]
            return _found(indication, sub_indication, row, place, event=event)


def _settled(status: Status, found: StatusFinding) -> StatusFinding:
    """The finding after review; nobody reviews what the key in question itself signed."""
    review = status.reviews.get(found.place.record)
    if found.indication is not Indication.INDETERMINATE or review is None or review.by == found.place.by:
        return found
    if review.stands:
        return _found(Indication.PASSED, None, Row.REVIEWED, found.place, event=found.event, review=review)
    return _found(
        Indication.FAILED, SubIndication.REVOKED, Row.REFUSED, found.place, event=found.event, review=review
    )


def _found(
    indication: Indication,
    sub_indication: SubIndication | None,
    row: Row,
    place: Place,
    *,
    event: Revoked | None = None,
    review: Reviewed | None = None,
) -> StatusFinding:
    return StatusFinding(
        indication=indication, sub_indication=sub_indication, row=row, place=place, event=event, review=review
    )


def _is_contested(status: Status, place: Place) -> bool:
    return any(fork.log == place.log and fork.first <= place.seq < fork.stop for fork in status.forks)


def _last_reinstatements(events: Iterable[Event]) -> dict[str, int]:
    return {event.key: event.index for event in events if isinstance(event, Reinstated)}


def _is_lifted(event: Revoked, lifted: Mapping[str, int]) -> bool:
    return event.cause is Cause.SUSPENDED and event.index < lifted.get(event.key, -1)


def _is_after_cut(event: Reviewed, revoked: Mapping[str, tuple[Revoked, ...]]) -> bool:
    """A review that its reviewer's key signed after that key's own cut settles nothing."""
    return any(event.index >= revocation.cut.size for revocation in revoked.get(event.by, ()))


def _order(event: Event) -> tuple[int, str]:
    return event.index, event.log if isinstance(event, Forked) else event.record
