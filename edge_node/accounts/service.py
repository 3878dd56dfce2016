"""Officers: who they are by the signed statements, logging in with a PIN, adding them, giving a new PIN.

An officer is an officer id; keys come and go. The roles are always read from the statements believed now, so what the
province confirms, or takes away, holds at the next request. A forgotten PIN cannot be recovered: the officer gets a new
key, and what the old one signed stays good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlite_utils import Database

from edge_node import reasons
from edge_node.accounts import throttle
from edge_node.accounts.cuts import keys_in_use, revocation
from edge_node.journal import Draft, WriteRefused, require_office, write
from edge_node.keyring import Actor, TrustMissing, UnlockBusy
from edge_node.services import Services
from edge_node.store.local import read_office
from signing.canonical import normalise_text
from signing.cuts import Cause
from signing.errors import KeyLocked
from signing.keys import SigningKey, new_signing_key
from signing.reasons import Reason
from signing.roles import GRANTS, OFFICE_ROLES, Role
from signing.statements import KeyStatement

PIN_LENGTH_MIN: Final = 6
_SEQUENCES: Final = ("0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz")


class Standing(StrEnum):
    """How far an officer's entitlement has come."""

    CONFIRMED = "confirmed"
    DELEGATED = "delegated"
    REQUESTED = "requested"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer of this unit.

    Attributes:
        roles: what the officer may do now; requested: roles that the province has yet to confirm.
        is_here: has a key on this PC and can log in here.
    """

    officer: str
    key: str
    name: str
    title: str
    roles: frozenset[Role]
    requested: frozenset[Role]
    standing: Standing
    is_here: bool


class LoginRefused(Exception):
    """Logging in failed; `wait_s` says how long to wait before the next try counts."""

    def __init__(self, reason: Reason, *, wait_s: int = 0) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.wait_s = wait_s


def list_officers(db: Database, services: Services) -> list[Officer]:
    """Officers of this unit by name: those who can log in here first."""
    here = {file.officer: file.key for file in services.keyring.files.officers().values()}
    rows = db.conn.execute(
        "SELECT key, is_stated, officer, name, title, device, roles, is_delegated FROM key_holder "
        "WHERE officer IS NOT NULL ORDER BY number"
    ).fetchall()
    by_officer: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_officer.setdefault(row[2], []).append(row)
    revoked = frozenset(services.status.status(db).revoked)
    found = [_officer(officer, keys, here.get(officer), revoked) for officer, keys in by_officer.items()]
    return sorted(found, key=lambda each: (not each.is_here, each.name))


def find_officer(db: Database, services: Services, officer: str) -> Officer | None:
    return next((each for each in list_officers(db, services) if each.officer == officer), None)


def signer_names(db: Database) -> dict[str, tuple[str, str]]:
    """(name, title) of every key of this unit, PCs included: for history lines."""
    rows = db.conn.execute("SELECT key, name, title FROM key_holder ORDER BY is_stated").fetchall()
    return {key: (name or "", title or "") for key, name, title in rows}


def officer_names(db: Database) -> dict[str, str]:
    """Names by officer id."""
    rows = db.conn.execute("SELECT officer, name FROM key_holder WHERE officer IS NOT NULL ORDER BY number")
    return {officer: name or "" for officer, name in rows}


def log_in(db: Database, services: Services, *, officer: str, pin: str, address: str) -> str:
    """Unlock the officer's key; returns the session token. Raises LoginRefused."""
    now = services.clock()
    subjects = (f"officer {officer}", f"address {address}")
    wait_s = throttle.wait_s(db, subjects, now=now)
    if wait_s:
        raise LoginRefused(reasons.LOGIN_WAIT, wait_s=wait_s)
    try:
        token = services.keyring.unlock(officer, pin=pin)
    except KeyError as error:
        raise LoginRefused(reasons.OFFICER_UNKNOWN) from error
    except UnlockBusy as error:
        raise LoginRefused(reasons.LOGIN_BUSY) from error
    except KeyLocked as error:
        wait_s = throttle.count_failure(db, subjects, now=now)
        raise LoginRefused(reasons.LOGIN_WAIT if wait_s else reasons.LOGIN_FAILED, wait_s=wait_s) from error
    throttle.forget(db, subjects[:1])
    refusal = _refusal(db, services, services.keyring.files.officers()[officer].key)
    if refusal is not None:
        services.keyring.lock(token)
        raise LoginRefused(refusal)
    return token


def current_actor(
    db: Database, services: Services, token: str | None, *, is_activity: bool = True
) -> Actor | None:
    """The officer of a session, or None when nobody is logged in or the key was locked again."""
    used = services.keyring.use(token, is_activity=is_activity) if token else None
    if used is None:
        return None
    officer, signer = used
    key = signer.public.id
    if _refusal(db, services, key) is not None:
        return None
    row = db.conn.execute(
        "SELECT name, title FROM key_holder WHERE key = ? ORDER BY is_stated DESC LIMIT 1", (key,)
    ).fetchone()
    name, title = row or ("", "")
    roles = roles_now(db, services, key)
    return Actor(officer=officer, key=key, name=name or "", title=title or "", roles=roles, signer=signer)


def roles_now(db: Database, services: Services, key: str) -> frozenset[Role]:
    """What a key may do in this unit by the statements believed now."""
    try:
        trust, office = services.trust.trust(db), require_office(db)
        statement = trust.statement(key)
    except (TrustMissing, WriteRefused):
        return frozenset()
    if statement is None or not trust.acts_for(statement, office.unit):
        return frozenset()
    return statement.roles & OFFICE_ROLES


def _refusal(db: Database, services: Services, key: str) -> Reason | None:
    office = read_office(db)
    return services.status.refusal(db, key, device=office.device) if office else None


def add_officer(
    db: Database,
    services: Services,
    administrator: Actor,
    *,
    name: str,
    title: str,
    roles: frozenset[Role],
    pin: str,
    officer: str | None = None,
    instead_of: Sequence[tuple[str, str]] = (),
) -> str:
    """Make a key for an officer on this PC and state it; returns the officer id.

    Receptionist and specialist take effect at once (delegated); other roles are requested from the province. The key
    file goes first: a crash leaves a key that nobody has stated, which entitles to nothing and is replaced next time.
    The keys `instead_of` (with their devices) are retired in the same transaction. Raises WriteRefused.
    """
    check_pin(pin)
    if Role.UNIT_ADMINISTRATOR not in administrator.roles:
        raise WriteRefused(reasons.ROLE, "adding officers")
    if not roles or not roles <= OFFICE_ROLES or not name.strip():
        raise WriteRefused(reasons.INPUT, "officer")
    officer = officer or services.random_bytes(16).hex()
    key = new_signing_key()
    services.keyring.lock_officer(officer)
    services.keyring.files.keep_officer(officer, key, pin=pin)
    content = {"name": normalise_text(name).strip(), "title": normalise_text(title).strip()}
    drafts = _statements(db, services, administrator, key, officer, roles, content)
    drafts += [revocation(db, services, old, device, cause=Cause.RETIRED) for old, device in instead_of]
    write(db, services, administrator, drafts)
    return officer


def reset_pin(db: Database, services: Services, administrator: Actor, *, officer: str, pin: str) -> None:
    """A forgotten PIN: a new key for the officer, with the roles held or asked for so far; the old key is retired.

    Keys of the officer on other PCs go on. Raises WriteRefused.
    """
    found = find_officer(db, services, officer)
    if found is None:
        raise WriteRefused(reasons.OFFICER_UNKNOWN)
    here = services.keyring.device.public.id
    add_officer(
        db,
        services,
        administrator,
        name=found.name,
        title=found.title,
        roles=found.roles | found.requested,
        pin=pin,
        officer=officer,
        instead_of=[each for each in keys_in_use(db, services, officer) if each[1] == here],
    )
    throttle.forget(db, (f"officer {officer}",))


def change_pin(db: Database, services: Services, *, officer: str, old: str, new: str, address: str) -> str:
    """The officer's own change of PIN: the same key under a new lock; returns a fresh session token."""
    check_pin(new)
    token = log_in(db, services, officer=officer, pin=old, address=address)
    used = services.keyring.use(token)
    if used is None:
        raise LoginRefused(reasons.LOGGED_OUT)
    services.keyring.files.keep_officer(officer, used[1], pin=new)
    return token


def check_pin(pin: str) -> None:
    """Refuse a PIN that everybody tries first."""
    lower = pin.lower()
    is_sequence = any(lower in sequence for sequence in _SEQUENCES)
    if len(pin) < PIN_LENGTH_MIN or len(set(pin)) < 3 or is_sequence:
        raise WriteRefused(reasons.PIN_WEAK)


def _officer(
    officer: str, keys: list[tuple[Any, ...]], key_here: str | None, revoked: frozenset[str]
) -> Officer:
    """One officer from the rows of all keys: the key on this PC counts, else the newest."""
    current = key_here if key_here and any(row[0] == key_here for row in keys) else str(keys[-1][0])
    stated = next((row for row in keys if row[0] == current and row[1]), None)
    asked = next((row for row in keys if row[0] == current and not row[1]), None)
    shown = stated or asked or keys[-1]
    roles = _roles(stated[6]) if stated else frozenset[Role]()
    standing = Standing.REQUESTED
    if stated:
        standing = Standing.DELEGATED if stated[7] else Standing.CONFIRMED
    if current in revoked:
        standing = Standing.REVOKED
    return Officer(
        officer=officer,
        key=current,
        name=shown[3] or "",
        title=shown[4] or "",
        roles=roles,
        requested=(_roles(asked[6]) if asked else frozenset[Role]()) - roles,
        standing=standing,
        is_here=key_here == current,
    )


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(role) for role in text.split())


def _statements(
    db: Database,
    services: Services,
    administrator: Actor,
    key: SigningKey,
    officer: str,
    roles: frozenset[Role],
    content: dict[str, str],
) -> list[Draft]:
    office = require_office(db)
    delegated = roles & GRANTS[Role.UNIT_ADMINISTRATOR]

    def facts(given: frozenset[Role], *, is_delegated: bool) -> dict[str, Any]:
        statement = KeyStatement(
            key=key.public,
            roles=given,
            unit=office.unit,
            officer=officer,
            device=services.keyring.device.public.id,
            issuer=administrator.key,
            delegated=is_delegated,
        )
        plain: dict[str, Any] = msgspec.to_builtins(statement.facts())
        return plain

    drafts = []
    if delegated:
        drafts.append(Draft(kind="key.stated", facts=facts(delegated, is_delegated=True), content=content))
    if roles - delegated:
        drafts.append(Draft(kind="key.requested", facts=facts(roles, is_delegated=False), content=content))
    return drafts
