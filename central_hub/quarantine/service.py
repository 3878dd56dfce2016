"""Decide about what waits: approve or decline a key that a unit asked for.

Approval is a statement by the registry, in the province's log; who approved stands in the diary beside it. Both are
written in one transaction. Records that wait for that key are judged again by the judge, by itself.
"""

from sqlalchemy import Connection

from central_hub.accounts.service import Account
from central_hub.events import note_event
from central_hub.quarantine.queries import (
    APPROVED,
    DECLINED,
    KeyRequest,
    Waiting,
    count_waiting,
    find_request,
    list_requests,
)
from central_hub.registry.statements import officer_statement, state_keys
from central_hub.services import Services
from signing.errors import SigningError
from signing.roles import OFFICE_ROLES, Role
from signing.signatures import PublicKey

__all__ = ["KeyRequest", "Waiting", "count_waiting", "find_request", "list_requests"]


class DecisionRefused(ValueError):
    """A decision that cannot be made; the message says why."""


def decide_request(
    connection: Connection, services: Services, record: str, *, approve: bool, account: Account
) -> KeyRequest:
    """Approve or decline; raises DecisionRefused."""
    request = find_request(connection, record)
    if request is None or request.decision:
        raise DecisionRefused("there is no such request any more")
    if approve:
        _state(connection, services, request)
    note_event(
        connection,
        at_ms=services.clock(),
        actor=account.login,
        action=APPROVED if approve else DECLINED,
        subject=record,
    )
    return request


def _state(connection: Connection, services: Services, request: KeyRequest) -> None:
    roles = frozenset(map(Role, request.roles))
    if not roles <= OFFICE_ROLES or request.unit == services.province:
        raise DecisionRefused("only roles of an office can be asked for by an office")
    statement = officer_statement(
        services,
        PublicKey.from_hex(request.facts["key"]),
        roles=roles,
        unit=request.unit,
        officer=request.facts["officer"] or "",
        device=request.facts["device"] or "",
    )
    names = {"name": request.name or request.key[:16]} | ({"title": request.title} if request.title else {})
    try:
        state_keys(connection, services, [(statement, names)])
    except SigningError as error:
        raise DecisionRefused(error.detail) from error
