"""Records that were not simply applied: kept with the reason until it goes away or a person settles it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from central_hub.store.bulk import chunks
from central_hub.store.tables import LOG, STANDING
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.admission import Outcome

WAITING_FOR_KEY = frozenset({reasons.RECORD_KEY_UNKNOWN.code, reasons.RECORD_ROLE.code})

COLUMNS = (
    "log_no", "seq", "record", "dossier", "commune", "kind", "by", "outcome", "code", "retryable", "detail", "since_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One record's standing."""

    log_no: int
    log: str
    seq: int
    record: str
    dossier: str | None
    commune: str
    kind: str
    by: str
    outcome: Outcome
    code: str
    retryable: bool
    detail: str
    since_ms: int

    def row(self) -> tuple[Any, ...]:
        """The row of `standing`, in the order of COLUMNS."""
        return tuple(
            int(value) if isinstance(value, bool) else value.value if isinstance(value, Outcome) else value
            for value in (getattr(self, name) for name in COLUMNS)
        )

    @property
    def was_unread(self) -> bool:
        """Whether the program that judged it did not know its kind or version."""
        return self.code == reasons.RECORD_VERSION.code

    def differs(self, outcome: Outcome, reason: Reason | None) -> bool:
        """Whether a new judgement says something else."""
        if outcome is Outcome.APPLIED:
            return self.outcome is not outcome
        return self.outcome is not outcome or reason is None or self.code != reason.code


def standings_of_dossiers(connection: Connection, dossiers: Iterable[str]) -> list[Standing]:
    """The standings of some dossiers' records, in order of arrival."""
    found: list[Standing] = []
    for part in chunks(dossiers):
        found += _standings(connection, STANDING.c.dossier.in_(part))
    return found


def standings_of_keys(connection: Connection, keys: Iterable[str]) -> list[Standing]:
    """The standings that wait for one of these keys to be stated: the key that signed, or the one that is spoken of."""
    found: dict[str, Standing] = {}
    for part in chunks(keys):
        signed = STANDING.c.by.in_(part) & STANDING.c.code.in_(sorted(WAITING_FOR_KEY))
        spoken_of = STANDING.c.detail.in_(part) & (STANDING.c.code == reasons.RECORD_KEY_UNKNOWN.code)
        found |= {each.record: each for each in _standings(connection, signed | spoken_of)}
    return list(found.values())


def standings_for_another_program(connection: Connection) -> list[Standing]:
    """The records on which the judge itself failed, and those that it could not read: an update may settle both."""
    return _standings(
        connection, STANDING.c.code.in_([reasons.RECORD_FAULT.code, reasons.RECORD_VERSION.code])
    )


def standings_after_cuts(connection: Connection) -> list[Standing]:
    """The records that wait for a review, or for a suspension to be lifted."""
    return _standings(connection, STANDING.c.code == reasons.RECORD_AFTER_CUT.code)


def reviews_by_device(connection: Connection) -> dict[str, list[str]]:
    """The records that wait for a review, by the PC in whose logs they stand, in the order of its logs."""
    query = (
        select(LOG.c.device, STANDING.c.record)
        .join(LOG, STANDING.c.log_no == LOG.c.no)
        .where(STANDING.c.code == reasons.RECORD_AFTER_CUT.code)
        .order_by(STANDING.c.log_no, STANDING.c.seq)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.device, []).append(row.record)
    return found


def standings_of_copies(connection: Connection) -> list[Standing]:
    """The key statements that wait until a suspected copy has been confirmed."""
    return _standings(connection, STANDING.c.code == reasons.RECORD_COPY.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPage:
    """One page of standings; `total` counts all pages."""

    lines: tuple[Standing, ...]
    total: int
    page: int
    pages: int


def list_standings(
    connection: Connection,
    *,
    outcome: Outcome | None = None,
    commune: str | None = None,
    after_cut: bool | None = None,
    page: int = 1,
    page_rows: int = 50,
) -> StandingPage:
    """Records that wait for another, or were refused; the newest first.

    Args:
        after_cut: only records that wait for a review, or only others.
    """
    wanted = []
    if outcome is not None:
        wanted.append(STANDING.c.outcome == outcome.value)
    if commune is not None:
        wanted.append(STANDING.c.commune == commune)
    if after_cut is not None:
        is_after = STANDING.c.code == reasons.RECORD_AFTER_CUT.code
        wanted.append(is_after if after_cut else ~is_after)
    total = connection.scalar(select(func.count()).select_from(STANDING).where(*wanted)) or 0
    pages = max(1, -(-total // page_rows))
    page = min(max(1, page), pages)
    query = (
        select(STANDING, LOG.c.id.label("log"))
        .join(LOG, STANDING.c.log_no == LOG.c.no)
        .where(*wanted)
        .order_by(STANDING.c.since_ms.desc(), STANDING.c.log_no, STANDING.c.seq)
        .limit(page_rows)
        .offset((page - 1) * page_rows)
    )
    lines = tuple(_standing(row) for row in connection.execute(query))
    return StandingPage(lines=lines, total=total, page=page, pages=pages)


def count_standings(connection: Connection) -> int:
    """How many records are pending or quarantined."""
    return connection.scalar(select(func.count()).select_from(STANDING)) or 0


def _standings(connection: Connection, condition: Any) -> list[Standing]:
    query = (
        select(STANDING, LOG.c.id.label("log"))
        .join(LOG, STANDING.c.log_no == LOG.c.no)
        .where(condition)
        .order_by(STANDING.c.log_no, STANDING.c.seq)
    )
    return [_standing(row) for row in connection.execute(query)]


def _standing(row: Row[Any]) -> Standing:
    return Standing(
        log_no=row.log_no,
        log=row.log,
        seq=row.seq,
        record=row.record,
        dossier=row.dossier,
        commune=row.commune,
        kind=row.kind,
        by=row.by,
        outcome=Outcome(row.outcome),
        code=row.code,
        retryable=bool(row.retryable),
        detail=row.detail,
        since_ms=row.since_ms,
    )
