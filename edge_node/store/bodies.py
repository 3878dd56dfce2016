"""The only door to bodies, the personal content of records: encryption at rest will be a change of this room alone.

Two more places hold words taken from bodies and must follow it: the derived tables of `projection` and the drafts.
"""

from typing import Final

from sqlite_utils import Database

from sync_protocol.record import Body, BodyState, UnverifiedRecord

BODY_COLUMNS: Final = "body.state, body.salt, body.content"
BODY_JOIN: Final = "LEFT JOIN body ON body.record = record.number"


def read_body(state: str | None, salt: bytes | None, content: bytes | None) -> tuple[Body | None, BodyState]:
    """A body from its columns; all None where the record has none."""
    if state is None:
        return None, BodyState.ABSENT
    if salt is None or content is None:
        return None, BodyState(state)
    return Body(salt, content), BodyState(state)


def insert_body(db: Database, number: int, record: UnverifiedRecord) -> None:
    """Keep the body of the record just stored under `number`, or the reason why it is not here."""
    if record.body_state is BodyState.ABSENT:
        return
    salt, content = (record.body.salt, record.body.content) if record.body else (None, None)
    db.conn.execute(
        "INSERT INTO body (record, state, salt, content) VALUES (?, ?, ?, ?)",
        (number, record.body_state.value, salt, content),
    )


def fill_body(db: Database, number: int, body: Body) -> None:
    """Keep a body that arrived after its header; one that is here already stays."""
    db.conn.execute(
        "UPDATE body SET state = 'present', salt = ?, content = ? "
        "WHERE record = ? AND state IN ('lost', 'withheld')",
        (body.salt, body.content, number),
    )
