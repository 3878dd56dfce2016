"""Keys of a PC and its officers, as a page and as decisions: each is signed with the deciding person's own key."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from central_hub.accounts.service import Account
from central_hub.accounts.signer import ensure_stated
from central_hub.events import note_event
from central_hub.nodes.key_forms import DEVICE, REINSTATE, KeyForm
from central_hub.registry.enrolment import IssuedCode
from central_hub.registry.holders import KeyHolder, list_holders
from central_hub.registry.revocation import (
    Act,
    reinstate_keys,
    replace_device,
    revoke_device,
    revoke_keys,
)
from central_hub.registry.statements import officer_statement, state_keys
from central_hub.registry.status import cause_of
from central_hub.services import Services
from central_hub.sync.fleet import list_devices
from signing.cuts import Cause
from signing.signatures import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """One key, whose it is, and what was said of it: a cause, or "" while it is in use."""

    key: str
    holder: KeyHolder | None
    cause: str


def keys_page(connection: Connection, services: Services, device: str) -> dict[str, Any] | None:
    """The PC and the keys that live on it; None where there is no such PC."""
    found = next(
        (
            d
            for d in list_devices(
                connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms
            )
            if d.id == device
        ),
        None,
    )
    if found is None:
        return None
    status = services.status.current(connection)
    return {
        "device": found,
        "unit": services.units.name(found.unit),
        "pc": KeyState(key=device, holder=None, cause=cause_of(status, device)),
        "keys": [
            KeyState(key=holder.key, holder=holder, cause=cause_of(status, holder.key))
            for holder in list_holders(connection, unit=found.unit)
            if holder.device == device
        ],
    }


def decide(
    connection: Connection,
    services: Services,
    device: str,
    form: KeyForm,
    *,
    account: Account,
    signer: Signer,
) -> None:
    """Carry a decision out; raises RevocationInvalid or SignatureRefused."""
    act = _act(connection, services, form.ground, account, signer)
    status = services.status.current(connection)
    if form.what == REINSTATE:
        here = [h.key for h in list_holders(connection) if h.device == device]
        keys = [device, *here] if form.subject == DEVICE else [form.subject]
        suspended = [key for key in keys if cause_of(status, key) == Cause.SUSPENDED]
        reinstate_keys(connection, services, suspended or keys[:1], act=act)
        return
    cause = Cause(form.what)
    if form.subject == DEVICE:
        revoke_device(connection, services, device, cause=cause, act=act, since_ms=form.since_ms)
    else:
        revoke_keys(connection, services, [form.subject], cause=cause, act=act, since_ms=form.since_ms)


def confirm(connection: Connection, services: Services, key: str, *, account: Account) -> bool:
    """State a delegated key by the registry, as it is; whether there was one that waits for it and is not cut off."""
    statement = services.trust.current(connection).statement(key)
    holder = next((h for h in list_holders(connection) if h.key == key), None)
    is_in_use = services.status.current(connection).is_silent(key)
    if statement is None or holder is None or not statement.delegated or not is_in_use:
        return False
    confirmed = officer_statement(
        services,
        statement.key,
        roles=statement.roles,
        unit=statement.unit,
        officer=statement.officer or "",
        device=statement.device or "",
    )
    names = {"name": holder.name} | ({"title": holder.title} if holder.title else {})
    state_keys(connection, services, [(confirmed, names)])
    note_event(
        connection, at_ms=services.clock(), actor=account.login, action="key.confirmed", subject=holder.name
    )
    return True


def replace(
    connection: Connection, services: Services, device: str, ground: str, *, account: Account, signer: Signer
) -> IssuedCode:
    """Cut the PC off and issue a code for the one in its place; raises RevocationInvalid or SignatureRefused."""
    act = _act(connection, services, ground, account, signer)
    return replace_device(connection, services, device, act=act)


def _act(connection: Connection, services: Services, ground: str, account: Account, signer: Signer) -> Act:
    ensure_stated(connection, services, account, signer)
    return Act(actor=account.login, ground=ground, signer=signer)
