"""The row of a dossier: what of a folded view the province's lists and figures need, as one flat tuple.

What a dossier counts for is decided in `dossiers.statistics`; the row keeps the answer packed in `counted`, one number
per contribution (day and metric), so that a changed dossier can be taken back out of the counters.
"""

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from central_hub.store.bulk import chunks
from central_hub.store.tables import DOSSIER
from dossiers.genealogy import ALWAYS, NEVER, NOTHING, Genealogy, Tenure
from dossiers.statistics import Metric, contributions, summarise, unit_on
from dossiers.views import DossierView

_METRICS = tuple(Metric)
_METRIC_NUMBER = {metric: number for number, metric in enumerate(_METRICS)}
_ENTER, _LEAVE = _METRIC_NUMBER[Metric.OVERDUE_ENTER], _METRIC_NUMBER[Metric.OVERDUE_LEAVE]
_BITS = 4
_NEVER_OVERDUE_BYTES = 4


class DossierRow(NamedTuple):
    """The columns of `dossier`, in their order."""

    id: bytes
    commune: str
    home: str
    procedure: str
    code: str
    status: int
    channel: int
    received_ms: int | None
    accepted_day: int | None
    due_ms: int | None
    overdue_day: int | None
    overdue_until: int | None
    finished_ms: int | None
    finished_day: int | None
    ended_as: str
    timeliness: str
    conflicts: int
    records: int
    counted: bytes
    digest: bytes
    keeper: str
    tenures: str


COLUMNS = DossierRow._fields


def row_of(
    view: DossierView,
    *,
    records: int,
    digest: bytes,
    genealogy: Genealogy = NOTHING,
    device: str | None = None,
) -> DossierRow:
    """The row of a folded dossier; `device` is the PC that received it."""
    summary = summarise(view, genealogy=genealogy, device=device)
    counted = b"" if summary is None else _packed(contributions(summary))
    since, until = _last_stretch(counted)
    timeliness = summary.timeliness if summary else None
    return DossierRow(
        bytes.fromhex(view.dossier),
        summary.commune
        if summary
        else genealogy.last_unit(view.competent or view.commune, device=device, dossier=view.dossier),
        view.commune,
        view.procedure or "",
        view.code or view.provisional or "",
        int(view.status or 0),
        view.channel or 0,
        view.received,
        summary.received if summary else None,
        view.due,
        since,
        until,
        view.finished,
        summary.ended if summary else None,
        view.ended_as.value if summary and view.ended_as else "",
        timeliness.value if timeliness else "",
        len(view.conflicts),
        records,
        counted,
        digest,
        genealogy.last_unit(view.commune, device=device, dossier=view.dossier),
        "" if summary is None else _packed_tenures(summary.tenures),
    )


def tenures_of(row: DossierRow) -> tuple[Tenure, ...]:
    """Which commune counts the dossier on which days."""
    if not row.tenures:
        return (Tenure(row.commune, ALWAYS, NEVER),)
    parts = row.tenures.split()
    return tuple(
        Tenure(unit, int(since), int(until))
        for unit, since, until in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    )


def unit_counting(tenures: tuple[Tenure, ...], day: int, metric: int) -> str:
    """Whose counter an event adds to; `metric` is its number in `counted`."""
    return tenures[0].unit if len(tenures) == 1 else unit_on(tenures, day, _METRICS[metric])


def counted_events(counted: bytes) -> Iterator[tuple[int, int]]:
    """(number of the metric, day) for everything that a dossier added to the counters."""
    for packed in array("I", counted):
        yield packed & (1 << _BITS) - 1, packed >> _BITS


def earlier_stretches(row: DossierRow) -> list[tuple[bytes, int, int]]:
    """Rows of `overdue_before`: every stretch of being overdue but the last."""
    stretches = _stretches(row.counted)[:-1]
    return [(row.id, since, until) for since, until in stretches if until is not None]


def load_rows(connection: Connection, dossiers: Iterable[str]) -> dict[str, DossierRow]:
    """The rows of those dossiers that have one."""
    found: dict[str, DossierRow] = {}
    for part in chunks(bytes.fromhex(dossier) for dossier in dossiers):
        for row in connection.execute(select(DOSSIER).where(DOSSIER.c.id.in_(part))):
            found[row.id.hex()] = DossierRow._make(row)
    return found


def _packed_tenures(tenures: tuple[Tenure, ...]) -> str:
    return " ".join(f"{tenure.unit} {tenure.since} {tenure.until}" for tenure in tenures)


def _packed(found: Iterable[tuple[int, Metric, int]]) -> bytes:
    return array("I", [day << _BITS | _METRIC_NUMBER[metric] for day, metric, _ in found]).tobytes()


def _stretches(counted: bytes) -> list[tuple[int, int | None]]:
    events = list(counted_events(counted))
    left = [day for metric, day in events if metric == _LEAVE]
    entered = [day for metric, day in events if metric == _ENTER]
    return [(day, left[position] if position < len(left) else None) for position, day in enumerate(entered)]


def _last_stretch(counted: bytes) -> tuple[int | None, int | None]:
    if len(counted) <= _NEVER_OVERDUE_BYTES:
        return None, None
    stretches = _stretches(counted)
    return stretches[-1] if stretches else (None, None)
