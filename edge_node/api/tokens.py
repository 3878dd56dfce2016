"""Access tokens: made by the unit administrator, shown once, kept as a hash, revoked at once.

A token is 160 random bits, so one SHA-256 protects it as well as a slow hash would. The public part finds the row; the
secret part is compared in constant time. When it was last used is written at most once a minute.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from edge_node.keyring import Actor
from edge_node.services import Services
from edge_node.store import StorageFull, write_transaction

PREFIX: Final = "motcua"
TOKENS_MAX: Final = 50
_ID_BYTES: Final = 4
_SECRET_BYTES: Final = 20
_USED_EVERY_MS: Final = 60_000
_COLUMNS: Final = "id, name, scope, created, created_by, used, revoked"


class Scope(StrEnum):
    """What a token is for."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A program that may use the API. `created_by` is an officer id; `used` is roughly when it last did."""

    id: str
    name: str
    scope: Scope
    created: int
    created_by: str
    used: int | None
    revoked: int | None


class TooManyTokens(Exception):
    """Revoke one first."""


def make_token(db: Database, services: Services, administrator: Actor, *, name: str, scope: Scope) -> str:
    """Make a token and return its text, which is kept nowhere."""
    if len(list_tokens(db)) >= TOKENS_MAX:
        raise TooManyTokens
    token, secret = services.random_bytes(_ID_BYTES).hex(), services.random_bytes(_SECRET_BYTES).hex()
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO api_token (id, name, scope, secret_hash, created, created_by) VALUES (?, ?, ?, ?, ?, ?)",
            (token, name, scope.value, _hash(secret), services.clock(), administrator.officer),
        )
    return f"{PREFIX}_{token}_{secret}"


def revoke_token(db: Database, token: str, *, now: int) -> bool:
    """From now on the token opens nothing; False where there is no such token in force."""
    with write_transaction(db):
        changed = db.conn.execute(
            "UPDATE api_token SET revoked = ? WHERE id = ? AND revoked IS NULL", (now, token)
        )
    return changed.rowcount > 0


def list_tokens(db: Database) -> list[Token]:
    """Tokens in force, newest first."""
    rows = db.conn.execute(
        f"SELECT {_COLUMNS} FROM api_token WHERE revoked IS NULL ORDER BY created DESC, id"  # noqa: S608
    )
    return [_token(row) for row in rows]


def find_token(db: Database, text: str, *, now: int) -> Token | None:
    """The token in force that this text is, or None."""
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != PREFIX:
        return None
    row = db.conn.execute(
        f"SELECT {_COLUMNS}, secret_hash FROM api_token WHERE id = ?",  # noqa: S608
        (parts[1],),
    ).fetchone()
    if row is None or not hmac.compare_digest(row[-1], _hash(parts[2])):
        return None
    found = _token(row[:-1])
    if found.revoked is not None:
        return None
    _note_use(db, found, now)
    return found


def note_reading(db: Database, token: Token, dossier: str, *, now: int) -> None:
    """The access log: which program read a dossier. Reading does not depend on it (a full disk)."""
    try:
        with write_transaction(db):
            db.conn.execute(
                "INSERT INTO opening (at, officer, dossier, purpose) VALUES (?, ?, ?, 'api')",
                (now, token.name, bytes.fromhex(dossier)),
            )
    except StorageFull:
        return


def _note_use(db: Database, token: Token, now: int) -> None:
    if token.used is not None and 0 <= now - token.used < _USED_EVERY_MS:
        return
    try:
        with write_transaction(db):
            db.conn.execute("UPDATE api_token SET used = ? WHERE id = ?", (now, token.id))
    except StorageFull:
        return


def _token(row: tuple[Any, ...]) -> Token:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Token(**{**values, "scope": Scope(values["scope"])})


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
