"""Accounts of the hub: made, given roles, logged in.

A password is kept as a random seed locked by argon2id over the password and the hub's secret: whoever has only the
database has nothing to guess against. Wrong passwords are counted per login and per address. Changing a password or
switching an account off raises its generation, which ends its sessions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from central_hub.events import note_event
from central_hub.reasons import LOGIN_WRONG
from central_hub.registry.throttle import count_failure, forget_failures, is_throttled
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import ACCOUNT
from signing.errors import KeyLocked
from signing.keys import SEED_BYTES, lock_seed, unlock_seed
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol import reasons

HUB_ROLES = frozenset({Role.ADMINISTRATOR, Role.STATISTICIAN, Role.AUDITOR, Role.KEY_AUTHORITY})
PASSWORD_LENGTH_MIN = 10
_FAILURES_PER_LOGIN = 8
_FAILURES_PER_ADDRESS = 40


class AccountInvalid(ValueError):
    """An account that cannot be made like this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may log in."""

    login: str
    name: str
    roles: frozenset[Role]
    generation: int
    is_active: bool
    seen_ms: int | None

    def holds(self, *roles: Role) -> bool:
        """Whether one of these roles is held."""
        return not self.roles.isdisjoint(roles)


def make_account(
    connection: Connection,
    services: Services,
    *,
    login: str,
    name: str,
    roles: Iterable[str],
    password: str,
    actor: str = "",
) -> Account:
    """Make an account; raises AccountInvalid."""
    given = frozenset(map(Role, roles))
    login = login.strip().lower()
    if not login or not given or not given <= HUB_ROLES:
        raise AccountInvalid("an account has a login and roles of the hub")
    if find_account(connection, login) is not None:
        raise AccountInvalid(f"there is an account {login}")
    row: dict[str, Any] = {
        "login": login,
        "name": name.strip() or login,
        "roles": " ".join(sorted(given)),
        "password": _locked(services, password),
        "generation": 1,
        "active": 1,
        "made_ms": services.clock(),
    }
    connection.execute(insert(ACCOUNT).values(row))
    note_event(connection, at_ms=services.clock(), actor=actor, action="account.made", subject=login)
    return Account(login=login, name=row["name"], roles=given, generation=1, is_active=True, seen_ms=None)


def set_password(
    connection: Connection, services: Services, login: str, password: str, *, actor: str = ""
) -> None:
    """Give an account another password; its sessions end."""
    values = {"password": _locked(services, password), "generation": ACCOUNT.c.generation + 1}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.login == login).values(values))
    forget_failures(connection, f"login {login}")
    note_event(
        connection, at_ms=services.clock(), actor=actor or login, action="account.password", subject=login
    )


def set_active(
    connection: Connection, services: Services, login: str, *, active: bool, actor: str = ""
) -> None:
    """Switch an account on or off; its sessions end."""
    values = {"active": int(active), "generation": ACCOUNT.c.generation + 1}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.login == login).values(values))
    action = "account.on" if active else "account.off"
    note_event(connection, at_ms=services.clock(), actor=actor, action=action, subject=login)


def set_roles(
    connection: Connection, services: Services, login: str, roles: Iterable[str], *, actor: str = ""
) -> None:
    """Give an account other roles; its sessions end. Raises AccountInvalid."""
    given = frozenset(map(Role, roles))
    if not given or not given <= HUB_ROLES:
        raise AccountInvalid("an account has roles of the hub")
    values = {"roles": " ".join(sorted(given)), "generation": ACCOUNT.c.generation + 1}
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.login == login).values(values))
    note_event(connection, at_ms=services.clock(), actor=actor, action="account.roles", subject=login)


def opened_seed(services: Services, login: str, password: str) -> bytes | None:
    """The account's seed, which its password locks; None for a wrong one. Takes argon2id's time: no transaction here."""
    with reading(services.engine) as connection:
        row = connection.execute(
            select(ACCOUNT.c.password).where(ACCOUNT.c.login == login, ACCOUNT.c.active == 1)
        ).first()
    if row is None:
        return None
    try:
        return unlock_seed(row.password, pin=password, device_secret=_pepper(services))
    except KeyLocked:
        return None


def find_account(connection: Connection, login: str) -> Account | None:
    row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.login == login)).first()
    return None if row is None else _account(row)


def list_accounts(connection: Connection) -> list[Account]:
    return [_account(row) for row in connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.login))]


def count_administrators(connection: Connection) -> int:
    """How many active administrators there are: the last one cannot be switched off."""
    query = (
        select(func.count())
        .select_from(ACCOUNT)
        .where(ACCOUNT.c.active == 1, ACCOUNT.c.roles.like(f"%{Role.ADMINISTRATOR}%"))
    )
    return connection.scalar(query) or 0


def log_in(services: Services, *, login: str, password: str, address: str) -> Account | Reason:
    """The account, or why not. Takes the same time for an unknown login as for a wrong password."""
    login, now_ms = login.strip().lower(), services.clock()
    subjects = ((f"login {login}", _FAILURES_PER_LOGIN), (f"address {address}", _FAILURES_PER_ADDRESS))
    with reading(services.engine) as connection:
        if any(is_throttled(connection, s, allowed=n, now_ms=now_ms) for s, n in subjects):
            return reasons.THROTTLED
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.login == login)).first()
    # Outside any transaction: argon2id takes its time.
    opened = _opens(services, row.password if row else _nobody(services), password)
    with writing(services.engine) as connection:
        if row is None or not row.active or not opened:
            for subject, _ in subjects:
                count_failure(connection, subject, now_ms=now_ms)
            note_event(connection, at_ms=now_ms, actor=login, action="login.refused", subject=address)
            return LOGIN_WRONG
        forget_failures(connection, f"login {login}")
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.login == login).values(seen_ms=now_ms))
        note_event(connection, at_ms=now_ms, actor=login, action="login", subject=address)
    return _account(row)


def _account(row: Row[Any]) -> Account:
    fields = row._mapping
    return Account(
        login=fields["login"],
        name=fields["name"],
        roles=frozenset(map(Role, fields["roles"].split())),
        generation=fields["generation"],
        is_active=bool(fields["active"]),
        seen_ms=fields["seen_ms"],
    )


def _locked(services: Services, password: str) -> bytes:
    if len(password) < PASSWORD_LENGTH_MIN:
        raise AccountInvalid(f"a password has at least {PASSWORD_LENGTH_MIN} characters")
    seed = services.random_bytes(SEED_BYTES)
    return lock_seed(seed, pin=password, device_secret=_pepper(services), cost=services.lock_cost)


def _opens(services: Services, locked: bytes, password: str) -> bool:
    try:
        unlock_seed(locked, pin=password, device_secret=_pepper(services))
    except KeyLocked:
        return False
    return True


def _nobody(services: Services) -> bytes:
    return lock_seed(bytes(SEED_BYTES), pin="", device_secret=_pepper(services), cost=services.lock_cost)


def _pepper(services: Services) -> bytes:
    return services.keys.derived("password")
