"""Access tokens for programs: shown once when made; only a hash is kept. A token is for one purpose and can be withdrawn."""

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from central_hub.events import note_event
from central_hub.services import Services
from central_hub.store.tables import SETTING

_PREFIX = "api_token "
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


def make_token(connection: Connection, services: Services, *, label: str, actor: str) -> str:
    """A new token; raises TokenRefused."""
    known = select(SETTING.c.name).where(SETTING.c.name == _PREFIX + label)
    if connection.execute(known).first() is not None:
        raise TokenRefused(label)
    token = MARK + services.random_bytes(_TOKEN_BYTES).hex()
    value = f"{_digest(token)} {services.clock()} {actor}"
    connection.execute(insert(SETTING).values(name=_PREFIX + label, value=value))
    note_event(connection, at_ms=services.clock(), actor=actor, action="token.made", subject=label)
    return token


def withdraw_token(connection: Connection, services: Services, *, label: str, actor: str) -> bool:
    """End a token; whether there was one."""
    gone = connection.execute(delete(SETTING).where(SETTING.c.name == _PREFIX + label)).rowcount
    if gone:
        note_event(connection, at_ms=services.clock(), actor=actor, action="token.withdrawn", subject=label)
    return bool(gone)


def list_tokens(connection: Connection) -> list[Token]:
    """Every token, by name."""
    found = []
    for name, value in _stored(connection):
        _hash, made_ms, actor = value.split(" ", 2)
        found.append(Token(label=name.removeprefix(_PREFIX), made_by=actor, made_ms=int(made_ms)))
    return found


def is_token(connection: Connection, given: str) -> bool:
    """Whether this token stands. Hashes of random tokens: nothing is learned from how long it takes to compare them."""
    digest = _digest(given)
    return any(hmac.compare_digest(value.split(" ", 1)[0], digest) for _name, value in _stored(connection))


def _stored(connection: Connection) -> list[tuple[str, str]]:
    query = select(SETTING.c.name, SETTING.c.value).where(SETTING.c.name.startswith(_PREFIX, autoescape=True))
    return [(row.name, row.value) for row in connection.execute(query.order_by(SETTING.c.name))]


def _digest(token: str) -> str:
    return hashlib.sha256(b"motcua.api-token\0" + token.encode()).hexdigest()
