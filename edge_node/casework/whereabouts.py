"""How far something has travelled, as the four-dot trail shows it: this PC, the office's other PCs, the province, its log.

Every dot is a stored fact: the length of a log in the hub's receipt, a verdict held here, a record that another PC wrote.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from edge_node.projection.lists import DossierRow, Trail, record_trails


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What the trail macro reads. `code` is the reason of a refusal."""

    office: bool = False
    province: bool = False
    log: bool = False
    undecided: bool = False
    refused: bool = False
    code: str | None = None


def where_is_dossier(row: DossierRow) -> Whereabouts:
    """The record of this office that has come least far stands for the dossier; a refusal of any record shows."""
    arrived = row.trail is not Trail.HERE
    judged = row.trail is Trail.JUDGED
    return Whereabouts(
        province=arrived,
        log=judged and not row.refused,
        undecided=arrived and not judged,
        refused=row.refused > 0,
    )


def where_are_records(db: Database, dossier: str) -> dict[str, Whereabouts]:
    """Every record of a dossier by id."""
    trails = record_trails(db, dossier)
    verdicts = {
        bytes(record).hex(): (outcome, code)
        for record, outcome, code in db.conn.execute(
            "SELECT verdict.record, verdict.outcome, verdict.code FROM record JOIN verdict ON verdict.record = record.id "
            "WHERE record.dossier = ?",
            (bytes.fromhex(dossier),),
        )
    }
    elsewhere = {
        bytes(row[0]).hex()
        for row in db.conn.execute(
            "SELECT record.id FROM record JOIN log ON log.number = record.log WHERE record.dossier = ? "
            "AND log.device IS NOT (SELECT value FROM local WHERE name = 'office.device')",
            (bytes.fromhex(dossier),),
        )
    }
    return {
        record: _where(trail, verdicts.get(record, ("applied", None)), is_elsewhere=record in elsewhere)
        for record, trail in trails.items()
    }


def _where(trail: Trail, verdict: tuple[str, str | None], *, is_elsewhere: bool) -> Whereabouts:
    outcome, code = verdict
    arrived = trail is not Trail.HERE
    return Whereabouts(
        office=is_elsewhere,
        province=arrived,
        log=trail is Trail.JUDGED and outcome == "applied",
        undecided=arrived and (trail is Trail.ARRIVED or outcome == "pending"),
        refused=outcome == "quarantined",
        code=code,
    )
