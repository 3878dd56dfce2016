"""Access tokens for programs: shown once when made; only a hash is kept. A token is for one purpose and can be withdrawn.

A token reads the figures, or it is another agency's key for verifying often, or it takes proofs of dossiers, with personal content
where it asks for that; none opens what another does.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from central_hub.events import note_event
from central_hub.services import Services
from central_hub.store.tables import SETTING


class Scope(StrEnum):
    """What a token is good for."""

    FIGURES = "figures"
    VERIFY = "verify"
    PROOFS = "proofs"


_PREFIXES: Final = {
    Scope.FIGURES: "api_token ",
    Scope.VERIFY: "agency_key ",
    Scope.PROOFS: "proof_key ",
}
_TOKEN_BYTES = 24
MARK = "mch_"
"""How every token begins, so that one that leaked is recognised."""


class TokenRefused(ValueError):
    """There is a token of that name already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as it is listed: what it is for, who made it when."""

    label: str
    made_by: str
    made_ms: int
    scope: Scope = Scope.FIGURES


def make_token(
    connection: Connection, services: Services, *, label: str, actor: str, scope: Scope = Scope.FIGURES
) -> str:
    """A new token; raises TokenRefused."""
    names = [prefix + label for prefix in _PREFIXES.values()]
    known = select(SETTING.c.name).where(SETTING.c.name.in_(names))
    if connection.execute(known).first() is not None:
        raise TokenRefused(label)
    token = MARK + services.random_bytes(_TOKEN_BYTES).hex()
    value = f"{_digest(token)} {services.clock()} {actor}"
    connection.execute(insert(SETTING).values(name=_PREFIXES[scope] + label, value=value))
    note_event(connection, at_ms=services.clock(), actor=actor, action="token.made", subject=label)
    return token


def withdraw_token(connection: Connection, services: Services, *, label: str, actor: str) -> bool:
    """End a token; whether there was one."""
    names = [prefix + label for prefix in _PREFIXES.values()]
    gone = connection.execute(delete(SETTING).where(SETTING.c.name.in_(names))).rowcount
    if gone:
        note_event(connection, at_ms=services.clock(), actor=actor, action="token.withdrawn", subject=label)
    return bool(gone)


def list_tokens(connection: Connection) -> list[Token]:
    """Every token, by purpose and name."""
    found = []
    for scope, prefix in _PREFIXES.items():
        for name, value in _stored(connection, prefix):
            _hash, made_ms, actor = value.split(" ", 2)
            label = name.removeprefix(prefix)
            found.append(Token(label=label, made_by=actor, made_ms=int(made_ms), scope=scope))
    return found


def is_token(connection: Connection, given: str) -> bool:
    """Whether this token stands and reads the figures."""
    return token_label(connection, given, Scope.FIGURES) is not None


def token_label(connection: Connection, given: str, scope: Scope) -> str | None:
    """What the token is called, if it stands for this purpose. Hashes of random tokens: nothing is learned from how long
    it takes to compare them."""
    digest, prefix = _digest(given), _PREFIXES[scope]
    for name, value in _stored(connection, prefix):
        if hmac.compare_digest(value.split(" ", 1)[0], digest):
            return name.removeprefix(prefix)
    return None


def _stored(connection: Connection, prefix: str) -> list[tuple[str, str]]:
    query = select(SETTING.c.name, SETTING.c.value).where(SETTING.c.name.startswith(prefix, autoescape=True))
    return [(row.name, row.value) for row in connection.execute(query.order_by(SETTING.c.name))]


def _digest(token: str) -> str:
    return hashlib.sha256(b"motcua.api-token\0" + token.encode()).hexdigest()
