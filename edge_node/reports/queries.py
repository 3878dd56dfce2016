"""The summaries that can matter to a period."""

from collections.abc import Iterator

from sqlite_utils import Database

from edge_node.reports.periods import Period


def summaries_around(db: Database, period: Period) -> Iterator[tuple[str, str]]:
    """(dossier, summary) of every counted dossier that came before the period's end and was open in it, newest first.

    Wider than the report by a margin: which of them count, and where, is decided by `dossiers.statistics.place`.
    """
    rows = db.conn.execute(
        "SELECT id, counted FROM dossier WHERE counted <> '' AND received < ? "
        "AND (finished IS NULL OR finished >= ?) ORDER BY number DESC",
        (period.end_ms, period.start_ms),
    )
    for dossier, text in rows:
        yield dossier.hex(), text
