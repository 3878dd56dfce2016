"""What the frame around every page shows: province, account, language, and how the fleet is."""

from typing import Any

from flask import Flask, has_request_context

from central_hub.database import get_reader, get_services
from central_hub.quarantine.service import count_waiting
from central_hub.session import current
from central_hub.sync.fleet import fleet_state
from central_hub.words import role_name
from look.problems import language
from signing.roles import Role


def shell() -> dict[str, Any]:
    """The values of `base.html`."""
    if not has_request_context():
        return {}
    services, account = get_services(), current()
    found: dict[str, Any] = {
        "language": language(),
        "unit": services.units.province.name,
        "counts": {},
        "roles": frozenset(account.roles) if account else frozenset(),
    }
    if account:
        order = (Role.ADMINISTRATOR, Role.STATISTICIAN, Role.AUDITOR, Role.KEY_AUTHORITY)
        held = [role for role in order if role in account.roles]
        silent_ms = services.config.silent_after_ms
        state = fleet_state(get_reader(), now_ms=services.clock(), silent_ms=silent_ms)
        found |= {
            "officer": {"name": account.name, "role": role_name(held[0]) if held else ""},
            "state": state,
            "counts": {"quarantine": count_waiting(get_reader()).all},
        }
    return found


def attach(app: Flask) -> None:
    """Give every page its frame."""
    app.context_processor(lambda: {"shell": shell(), "now": get_services().clock()})
