"""Daily counters of the dossiers held here, and reports made of them: nothing scans the dossiers themselves.

Each dossier's summary stands beside its row; when it changes, the difference goes into the counters, so that a report
costs the sum of its days however many dossiers there are.
"""

from collections.abc import Mapping

import msgspec
from sqlite_utils import Database

from dossiers.genealogy import Genealogy
from dossiers.statistics import DossierSummary, Metric, ReportRow, counter_changes, row_from_sums, summarise
from dossiers.views import DossierView

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(DossierSummary)


def summary_text(view: DossierView, genealogy: Genealogy, device: str | None) -> str:
    """What a dossier counts as, in the form that stands beside its row; "" while it counts as nothing."""
    summary = summarise(view, genealogy=genealogy, device=device)
    return _encoder.encode(summary).decode() if summary else ""


def read_summary(text: str) -> DossierSummary | None:
    """The summary that stands beside a row."""
    return _decoder.decode(text) if text else None


def replace(db: Database, *, old: str, new: str) -> None:
    """Count a dossier as `new` instead of `old`."""
    if old == new:
        return
    for change in counter_changes(read_summary(old), read_summary(new)):
        key = (change.commune, change.procedure, change.day, change.metric.value)
        db.conn.execute(
            "INSERT INTO day_counter (commune, procedure, day, metric, amount) VALUES (?1, ?2, ?3, ?4, ?5) "
            "ON CONFLICT (commune, procedure, day, metric) DO UPDATE SET amount = amount + ?5",
            (*key, change.amount),
        )
        db.conn.execute(
            "DELETE FROM day_counter WHERE commune = ? AND procedure = ? AND day = ? AND metric = ? AND amount = 0",
            key,
        )


def report(db: Database, *, unit: str, first: int, last: int) -> dict[str, ReportRow]:
    """The rows of Biểu II.06a for a unit and a period (days yyyymmdd), by procedure code."""
    rows = db.conn.execute(
        "SELECT procedure, metric, day < ?2, sum(amount) FROM day_counter WHERE commune = ?1 AND day <= ?3 "
        "GROUP BY procedure, metric, day < ?2",
        (unit, first, last),
    )
    sums: dict[str, tuple[dict[Metric, int], dict[Metric, int]]] = {}
    for procedure, metric, is_before, amount in rows:
        before, within = sums.setdefault(procedure, ({}, {}))
        (before if is_before else within)[Metric(metric)] = amount
    made = {procedure: row_from_sums(*pair) for procedure, pair in sums.items()}
    return {procedure: row for procedure, row in made.items() if row != ReportRow()}


def counters(db: Database) -> Mapping[tuple[str, str, int, str], int]:
    """Every counter, for comparing incremental with rebuilt."""
    rows = db.conn.execute("SELECT commune, procedure, day, metric, amount FROM day_counter")
    return {tuple(row[:4]): row[4] for row in rows}
