"""Rows of a dossier's way between units: its legs, and the papers that were handed over with a slip."""

from sqlite_utils import Database

from dossiers.views import DossierView


def keep_way(db: Database, dossier: bytes, view: DossierView) -> None:
    """Replace the dossier's rows."""
    db.conn.execute("DELETE FROM leg WHERE dossier = ?", (dossier,))
    db.conn.execute("DELETE FROM handed WHERE dossier = ?", (dossier,))
    still_open = {leg.record for leg in view.open_legs}
    db.conn.executemany(
        "INSERT INTO leg (record, dossier, sender, unit, is_referral, state, is_open, at, deadline, ended) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                bytes.fromhex(leg.record),
                dossier,
                leg.sender,
                leg.unit,
                int(leg.is_referral),
                leg.state.value,
                int(leg.record in still_open),
                leg.at_ms,
                leg.deadline,
                leg.ended_ms,
            )
            for leg in view.legs
        ],
    )
    db.conn.executemany(
        "INSERT INTO handed (record, slip, dossier, sender, unit, at, taken, missing) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                bytes.fromhex(each.record),
                each.slip,
                dossier,
                each.sender,
                each.unit,
                each.at_ms,
                each.taken_ms,
                sum(paper.count for paper in each.missing),
            )
            for each in view.slips
        ],
    )
