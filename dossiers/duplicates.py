"""Two dossiers that look like one: the same person, procedure and day, or the same number. Both stay; a person decides.

Found wherever both are seen, from plain keys: on the PCs of an office, and at the hub across all of them. The desk asks
whoever receives a second dossier (so two from one log are no news), but nobody can be asked about what another PC has not
sent yet. Whoever decides signs `dossier.settled` in a dossier of their unit, naming the conflict and the side that is gone on
with (or none: both stand). A dossier that ended without a result is no duplicate any more: that record settled it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

from dossiers.conflicts import Conflict, ConflictKind, Side, conflict_id
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.views import EndedAs
from sync_protocol.record import BodyState, Header

ID_NUMBER_FIELD: Final = "applicant.id_number"
OPENING_KIND: Final = "dossier.received"
NUMBERING_KINDS: Final = frozenset({OPENING_KIND, "dossier.numbered"})
WITHOUT_RESULT: Final = frozenset({EndedAs.WITHDRAWN, EndedAs.REFUSED})
_ID_NUMBER_LENGTH: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierKey:
    """What makes two dossiers look like one; `person` is any name for one person, the same for the same person.

    Attributes:
        log, seq: where the record that received the dossier stands, as its header says.
        branch: the branch of that log which keeps it (two PCs went on from one disk), "" for the log itself.
        base: how many records of the log the branch goes on from; 0 without a branch.
    """

    dossier: str
    record: str
    person: str
    procedure: str
    day: int
    by: str
    at_ms: int
    log: str
    unit: str
    seq: int = 0
    branch: str = ""
    base: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeUse:
    """A record that gave a dossier a number."""

    dossier: str
    record: str
    code: str
    by: str
    at_ms: int
    log: str
    unit: str


def person_number(text: str | None) -> str | None:
    """The twelve digits of a citizen, or None: nothing shorter or typed otherwise names one person for certain."""
    is_one = text is not None and len(text) == _ID_NUMBER_LENGTH and text.isascii() and text.isdigit()
    return text if is_one else None


def dossier_key(record: str, header: Header, person: str, *, branch: str = "", base: int = 0) -> DossierKey:
    """The key of the record that received a dossier (`dossier.received`, its facts checked)."""
    facts = header.facts
    return DossierKey(
        dossier=header.dossier or "",
        record=record,
        person=person,
        procedure=facts["procedure"],
        day=day_received(facts),
        by=header.by,
        at_ms=header.corrected_ms,
        log=header.log,
        unit=header.commune,
        seq=header.seq,
        branch=branch,
        base=base,
    )


def day_received(facts: Mapping[str, Any]) -> int:
    """The day (yyyymmdd) on which the facts of `dossier.received` say that a dossier came."""
    return to_yyyymmdd(local_date(facts["received"]))


def codes_given(facts: Mapping[str, Any]) -> list[str]:
    """The numbers in the facts of a record of `NUMBERING_KINDS`."""
    given = {facts["code"], facts["provisional"]}
    given.discard(None)
    return sorted(given)


def code_uses(record: str, header: Header) -> list[CodeUse]:
    """The numbers that a record of `NUMBERING_KINDS` gave (its facts checked)."""
    return [
        CodeUse(
            dossier=header.dossier or "",
            record=record,
            code=code,
            by=header.by,
            at_ms=header.corrected_ms,
            log=header.log,
            unit=header.commune,
        )
        for code in codes_given(header.facts)
    ]


def duplicate_dossiers(keys: Iterable[DossierKey]) -> tuple[Conflict, ...]:
    """Dossiers received for the same person, procedure and day, where nobody was asked: a PC that holds the one asks
    before it takes in the other, but another PC, or the other continuation of a copied disk, does not know of it."""
    groups: dict[tuple[str, str, int], list[DossierKey]] = defaultdict(list)
    for key in keys:
        groups[key.person, key.procedure, key.day].append(key)
    unasked = [
        group for group in groups.values() if any(_was_not_asked(*pair) for pair in combinations(group, 2))
    ]
    return _between_dossiers(ConflictKind.DUPLICATE_DOSSIER, unasked)


def duplicate_codes(uses: Iterable[CodeUse]) -> tuple[Conflict, ...]:
    """Codes given to more than one dossier (a cloned disk). The first use by clock keeps the code provisionally."""
    groups: dict[str, list[CodeUse]] = defaultdict(list)
    for use in uses:
        groups[use.code].append(use)
    return _between_dossiers(ConflictKind.DUPLICATE_CODE, groups.values())


def as_settled(conflict: Conflict, settlements: Mapping[str, str]) -> Conflict:
    """The conflict with the record that settled it. `settlements` maps conflict ids to records."""
    return replace(conflict, settled_by=settlements.get(conflict.id))


def _was_not_asked(one: DossierKey, other: DossierKey) -> bool:
    """Whether neither of the two was in the log in which the other was written on."""
    if one.log != other.log:
        return True
    if one.branch == other.branch:
        return False
    trunk, branch = (one, other) if other.branch else (other, one)
    return bool(trunk.branch) or trunk.seq >= branch.base


def _between_dossiers(
    kind: ConflictKind, groups: Iterable[Sequence[DossierKey | CodeUse]]
) -> tuple[Conflict, ...]:
    found = []
    for group in groups:
        firsts: dict[str, DossierKey | CodeUse] = {}
        for use in sorted(group, key=lambda use: (use.at_ms, use.log, use.record)):
            firsts.setdefault(use.dossier, use)
        if len(firsts) > 1:
            found.append(_duplicate(kind, list(firsts.values())))
    return tuple(sorted(found, key=lambda conflict: conflict.id))


def _duplicate(kind: ConflictKind, uses: list[DossierKey | CodeUse]) -> Conflict:
    sides = tuple(
        Side(
            record=use.record, value=use.dossier, state=BodyState.PRESENT,
            by=use.by, at_ms=use.at_ms, log=use.log, dossier=use.dossier,
        )
        for use in sorted(uses, key=lambda use: use.record)
    )  # fmt: skip
    return Conflict(
        id=conflict_id(kind, None, (use.record for use in uses)),
        kind=kind,
        field=None,
        sides=sides,
        provisional=uses[0].record,
        unit=uses[0].unit,
        since_ms=max(use.at_ms for use in uses),
    )
