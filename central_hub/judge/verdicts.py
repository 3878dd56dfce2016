"""What is told of records that were not simply applied: a verdict is given when it differs from what was told last.

Verdicts are records in the hub's logs. A hub that was put back reads those of its former life from the PCs, perhaps before it
hears of the record in question and perhaps after it has judged it anew; either way nothing is said twice, and nobody is left with
a word that no longer stands. So the newest verdict on every record is kept (`TOLD`), whoever's life it comes from.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from central_hub.journal.service import Draft
from central_hub.judge.batch import Case
from central_hub.projection.foreign import units_of
from central_hub.store.bulk import chunks
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import STANDING, TOLD
from sync_protocol.admission import APPLIED, Judgement, Outcome
from sync_protocol.record import Record, UnverifiedRecord

VERDICT = "verdict.given"
_APPLIED_WITHOUT_A_WORD = (Outcome.APPLIED.value, None)


class _Word(NamedTuple):
    outcome: str
    code: str | None
    is_former: bool


def verdicts_on(
    connection: Connection, cases: Sequence[Case], changed: Sequence[Case]
) -> dict[str, list[Draft]]:
    """What to say of judged records, by commune.

    Args:
        cases: everything that was judged; changed: what stands otherwise than before.
    """
    drafts: dict[str, list[Draft]] = {}
    told = _told(connection, [case.record.id for case in changed])
    former = _former(connection, [case.record.id for case in cases if case.judgement is APPLIED])
    again = [case for case in cases if case.before is None and case.record.id in former]
    for case in (*changed, *again):
        before = case.before
        silent = (before.outcome.value, before.code) if before else _APPLIED_WITHOUT_A_WORD
        known = {**former.get(case.record.id, {}), **told.get(case.record.id, {})}
        said = _said(case.judgement)
        # Whoever was given the record of another commune must hear what becomes of it.
        for commune in sorted({case.record.header.commune, *units_of(connection, case.record.id)}):
            word = known.get(commune)
            if said != ((word.outcome, word.code) if word else silent):
                retryable = bool(case.judgement.reason and case.judgement.reason.retryable)
                drafts.setdefault(commune, []).append(_verdict(case.record, *said, retryable=retryable))
    return drafts


def verdicts_for(
    connection: Connection, store: HubLogStore, unit: str, records: Iterable[str]
) -> list[Draft]:
    """What a unit has not heard yet of records that are listed for it.

    What nobody can read yet waits and goes along the dossier's way all the same, and often after it was judged.
    """
    drafts: list[Draft] = []
    for part in chunks(records):
        told = _told(connection, part)
        query = (
            select(STANDING).where(STANDING.c.record.in_(part)).order_by(STANDING.c.log_no, STANDING.c.seq)
        )
        for stands in connection.execute(query).all():
            word, record = told.get(stands.record, {}).get(unit), store.record(stands.record)
            said = _standing_said(stands)
            if record is not None and (word is None or (word.outcome, word.code) != said):
                drafts.append(_verdict(record, *said, retryable=bool(stands.retryable)))
    return drafts


def verdicts_to_correct(
    connection: Connection, store: HubLogStore, returned: Iterable[UnverifiedRecord]
) -> dict[str, list[Draft]]:
    """What to say against verdicts of a former life on records that were judged otherwise since, by commune."""
    drafts: dict[str, list[Draft]] = {}
    for verdict in returned:
        facts, commune = verdict.header.facts, verdict.header.commune
        record = str(facts["record"])
        word = _told(connection, [record]).get(record, {}).get(commune)
        if word is None or not word.is_former or store.record(record) is None:
            continue
        stands = connection.execute(select(STANDING).where(STANDING.c.record == record)).first()
        if _standing_said(stands) != (word.outcome, word.code):
            now = {
                **facts,
                "outcome": stands.outcome if stands else Outcome.APPLIED.value,
                "code": stands.code if stands else None,
                "retryable": bool(stands and stands.retryable),
            }
            if now not in [draft.facts for draft in drafts.get(commune, [])]:
                drafts.setdefault(commune, []).append(Draft(kind=VERDICT, facts=now))
    return drafts


def _told(connection: Connection, records: Sequence[str]) -> dict[str, dict[str, _Word]]:
    """The newest word on some records, by commune."""
    found: dict[str, dict[str, _Word]] = {}
    for part in chunks(records):
        for row in connection.execute(select(TOLD).where(TOLD.c.record.in_(part))):
            word = _Word(row.outcome, row.code, bool(row.is_former))
            found.setdefault(row.record, {})[row.commune] = word
    return found


def _former(connection: Connection, records: Sequence[str]) -> dict[str, dict[str, _Word]]:
    """The same of a former life alone; a hub that was never put back asks once and has nothing."""
    if connection.execute(select(TOLD.c.record).where(TOLD.c.is_former == 1).limit(1)).first() is None:
        return {}
    return {
        record: words
        for record, words in _told(connection, records).items()
        if any(word.is_former for word in words.values())
    }


def _said(judgement: Judgement) -> tuple[str, str | None]:
    return judgement.outcome.value, judgement.reason.code if judgement.reason else None


def _standing_said(row: Row[Any] | None) -> tuple[str, str | None]:
    return (row.outcome, row.code) if row is not None else _APPLIED_WITHOUT_A_WORD


def _verdict(record: UnverifiedRecord | Record, outcome: str, code: str | None, *, retryable: bool) -> Draft:
    header = record.header
    facts: dict[str, Any] = {
        "record": record.id,
        "log": header.log,
        "seq": header.seq,
        "outcome": outcome,
        "code": code,
        "retryable": retryable,
        "unit": header.commune,
    }
    return Draft(kind=VERDICT, facts=facts)
