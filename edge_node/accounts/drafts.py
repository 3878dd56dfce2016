"""What an officer has typed and not saved yet: kept at once, per officer, readable by that officer alone.

Sealed for a key derived from the officer's own signing key, which only the PIN opens: on a shared PC nobody reads the
drafts of others (lessons 37). Durable when `keep_draft` returns, so a kill of browser or node loses nothing that was
kept.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlite_utils import Database

from edge_node.keyring import Actor
from edge_node.keyring.sessions import box_of
from edge_node.store import write_transaction
from signing.errors import SigningError
from signing.keys import BoxKey

_PURPOSE: Final = b"motcua.drafts"
DRAFT_SIZE_BYTES_MAX: Final = 256 * 1024


class DraftTooLarge(Exception):
    """More than a form can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """A draft as it was typed. `form` names the form (and the dossier) that it belongs to."""

    form: str
    saved: int
    content: dict[str, Any]


def keep_draft(db: Database, actor: Actor, form: str, content: dict[str, Any], *, now: int) -> None:
    """Keep what is in a form now, in place of what was kept before."""
    plain = orjson.dumps(content)
    if len(plain) > DRAFT_SIZE_BYTES_MAX:
        raise DraftTooLarge
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO draft (officer, form, saved, sealed) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT (officer, form) DO UPDATE SET saved = ?3, sealed = ?4",
            (actor.officer, form, now, _box(actor).seal(plain)),
        )


def read_draft(db: Database, actor: Actor, form: str) -> KeptDraft | None:
    """What was kept of a form, or None (also when it was sealed for a key that the officer no longer has)."""
    row = db.conn.execute(
        "SELECT form, saved, sealed FROM draft WHERE officer = ? AND form = ?", (actor.officer, form)
    ).fetchone()
    return _opened(_box(actor), row) if row else None


def list_drafts(db: Database, actor: Actor) -> list[KeptDraft]:
    """All drafts of the officer, newest first."""
    box = _box(actor)
    rows = db.conn.execute(
        "SELECT form, saved, sealed FROM draft WHERE officer = ? ORDER BY saved DESC", (actor.officer,)
    ).fetchall()
    return [draft for row in rows if (draft := _opened(box, row))]


def drop_draft(db: Database, actor: Actor, form: str) -> None:
    """After the form was saved, or thrown away."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM draft WHERE officer = ? AND form = ?", (actor.officer, form))


def _box(actor: Actor) -> BoxKey:
    return box_of(actor.signer, purpose=_PURPOSE)


def _opened(box: BoxKey, row: tuple[str, int, bytes]) -> KeptDraft | None:
    try:
        content = orjson.loads(box.open(row[2]))
    except (SigningError, orjson.JSONDecodeError):
        return None
    return KeptDraft(form=row[0], saved=row[1], content=content)
