"""What an officer has typed and not saved yet: kept at once, per officer, readable by that officer alone.

Sealed for a key derived from the officer's own signing key, which only the PIN opens: on a shared PC nobody reads the
drafts of others (lessons 37). Durable when `keep_draft` returns, so a kill of browser or node loses nothing that was
kept. The form's name says where a draft belongs: `receive.1.001193`, `dossier.<id>.amend`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
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
    """A form as it was typed; `saved` is when the last key of it arrived here."""

    form: str
    saved: int
    content: Mapping[str, str]


def keep_draft(db: Database, actor: Actor, form: str, content: Mapping[str, str], *, now: int) -> None:
    """Keep what is in a form now, in place of what was kept before."""
    plain = msgspec.json.encode(content)
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


def list_drafts(db: Database, actor: Actor, *, prefix: str = "", limit: int = 20) -> list[KeptDraft]:
    """The officer's drafts whose form begins so, newest first."""
    box = _box(actor)
    rows = db.conn.execute(
        "SELECT form, saved, sealed FROM draft WHERE officer = ?1 AND substr(form, 1, length(?2)) = ?2 "
        "ORDER BY saved DESC LIMIT ?3",
        (actor.officer, prefix, limit),
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
        content = msgspec.json.decode(box.open(row[2]), type=dict[str, str])
    except (SigningError, msgspec.MsgspecError):
        return None
    return KeptDraft(form=row[0], saved=row[1], content=content)
