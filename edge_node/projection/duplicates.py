"""Dossiers here that look like one, and whether somebody settled it: computed when asked, from rows and records.

Candidates come from two indexes (the person's number, the codes ever given), so a look costs nothing where there are
none. What makes a duplicate is `dossiers.duplicates`; a dossier of which the person's number was erased or is not here
takes no part.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.conflicts import Conflict, ConflictKind
from dossiers.duplicates import (
    NUMBERING_KINDS,
    OPENING_KIND,
    WITHOUT_RESULT,
    CodeUse,
    DossierKey,
    as_settled,
    code_uses,
    dossier_key,
    duplicate_codes,
    duplicate_dossiers,
    person_number,
)
from dossiers.kinds import check_facts
from dossiers.merge import fold
from dossiers.views import DossierView, Settlement
from edge_node.projection.rows import APPLICANT_ID
from edge_node.projection.service import quarantined_of
from edge_node.store import SqliteLogStore
from sync_protocol.record import Record

_DAY: Final = "(({0}.received + 25200000) / 86400000)"
_SAME_PERSON: Final = (
    "SELECT one.id FROM dossier AS one WHERE one.id_number IS NOT NULL AND (?1 IS NULL OR one.id_number = "  # noqa: S608
    "(SELECT id_number FROM dossier WHERE id = ?1)) AND EXISTS (SELECT 1 FROM dossier AS other "
    "WHERE other.id_number = one.id_number AND other.number <> one.number AND other.procedure = one.procedure "
    f"AND {_DAY.format('other')} = {_DAY.format('one')}) LIMIT ?2"
)
_SAME_CODE: Final = (
    "SELECT dossier FROM given_code WHERE code IN (SELECT code FROM given_code "
    "WHERE ?1 IS NULL OR code IN (SELECT code FROM given_code WHERE dossier = ?1) "
    "GROUP BY code HAVING count(*) > 1) LIMIT ?2"
)
_CANDIDATES_MAX: Final = 400
_SIGNED_AT_ONCE_MAX: Final = 8


def find_duplicates(db: Database, *, dossier: str | None = None) -> list[Conflict]:
    """The duplicates among all dossiers here, or those of one: settled ones too, the oldest first."""
    only = bytes.fromhex(dossier) if dossier else None
    candidates = [
        row[0].hex()
        for query in (_SAME_PERSON, _SAME_CODE)
        for row in db.conn.execute(query, (only, _CANDIDATES_MAX))
    ]
    keys, uses, settlements = _read(db, dict.fromkeys(candidates))
    found = [as_settled(one, settlements) for one in (*duplicate_dossiers(keys), *duplicate_codes(uses))]
    if dossier is not None:
        found = [one for one in found if any(side.dossier == dossier for side in one.sides)]
    return sorted(found, key=lambda one: (one.since_ms, one.id))


def open_duplicates(db: Database, *, dossier: str | None = None) -> list[Conflict]:
    """Those that nobody has settled yet."""
    return [one for one in find_duplicates(db, dossier=dossier) if one.settled_by is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What an officer said of dossiers that look like one.

    Attributes:
        others: the other dossiers that the decision is about, as far as they are here.
        goes_on: the dossier that is gone on with, or keeps the number; None: all of them stand.
        is_about_code: one number was given to several dossiers, each a matter of its own.
    """

    others: tuple[str, ...]
    goes_on: str | None
    is_about_code: bool


def decisions_about(db: Database, view: DossierView) -> dict[str, Decided]:
    """What was decided about this dossier and others that look like it, by the record that says so, the oldest first.

    Such a decision is signed at one go in every dossier concerned, so the others stand beside it in its log: it is told also
    when one of them has ended since and is no duplicate any more.
    """
    between = [said for said in view.settlements if not said.is_matched]
    standing = {one.id: one for one in find_duplicates(db, dossier=view.dossier)} if between else {}
    found = {}
    for said in between:
        conflict = standing.get(said.conflict)
        others = _decided_with(db, view.dossier, said, conflict)
        if others:
            chosen = SqliteLogStore(db).record(said.choose) if said.choose else None
            found[said.record] = Decided(
                others=others,
                goes_on=chosen.header.dossier if chosen else None,
                is_about_code=conflict is not None and conflict.kind is ConflictKind.DUPLICATE_CODE,
            )
    return found


def _decided_with(db: Database, dossier: str, said: Settlement, conflict: Conflict | None) -> tuple[str, ...]:
    if conflict is not None:
        return tuple(side.dossier for side in conflict.sides if side.dossier != dossier)
    store = SqliteLogStore(db)
    record = store.record(said.record)
    if record is None:
        return ()
    seq, log = record.header.seq, store.log_of(record)
    near = store.span(log, max(0, seq - _SIGNED_AT_ONCE_MAX), stop=seq + _SIGNED_AT_ONCE_MAX)
    beside = [r for r in near if r.header.kind == record.header.kind and r.header.dossier != dossier]
    others = [r.header.dossier or "" for r in beside if r.header.facts.get("conflict") == said.conflict]
    return tuple(dict.fromkeys(others))


def _read(db: Database, dossiers: Iterable[str]) -> tuple[list[DossierKey], list[CodeUse], dict[str, str]]:
    keys: list[DossierKey] = []
    uses: list[CodeUse] = []
    settlements: dict[str, str] = {}
    store = SqliteLogStore(db)
    for dossier in dossiers:
        records, refused = store.dossier_records(dossier), quarantined_of(db, dossier)
        view = fold(records, quarantined=refused)
        settlements |= {one.conflict: one.record for one in view.settlements}
        given = [r for r in records if r.header.kind in NUMBERING_KINDS and r.id not in refused]
        given = [r for r in given if check_facts(r.header.kind, r.header.facts) is None]
        uses += [use for record in given for use in code_uses(record.id, record.header)]
        person = person_number(view.text(APPLICANT_ID))
        if person is not None and view.ended_as not in WITHOUT_RESULT:
            keys += [_key(store, r, person) for r in given if r.header.kind == OPENING_KIND]
    return keys, uses, settlements


def _key(store: SqliteLogStore, record: Record, person: str) -> DossierKey:
    """The key of a record that received a dossier; of a copied disk's log it is known which continuation keeps it."""
    log = store.log_of(record)
    if log == record.header.log:
        return dossier_key(record.id, record.header, person)
    base = store.frontier([log])[log].base
    return dossier_key(record.id, record.header, person, branch=log, base=base)
