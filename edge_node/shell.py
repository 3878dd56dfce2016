"""What the frame around every page shows: unit, PC, officer, language, and how far the records have travelled."""

from typing import Any

from flask import Flask, has_request_context
from flask_babel import gettext as _

from edge_node.copies.service import count_waiting
from edge_node.database import get_db, get_services
from edge_node.keyring.units import scope_of
from edge_node.routing.queries import waiting_here
from edge_node.session import current
from edge_node.store import alerts
from edge_node.store.local import read_office
from edge_node.sync.status import read_status
from look.problems import language
from signing.roles import Role


def role_name(role: Role) -> str:
    """A role in words."""
    return {
        Role.RECEPTIONIST: _("Cán bộ một cửa"),
        Role.SPECIALIST: _("Chuyên viên"),
        Role.LEADER: _("Lãnh đạo"),
        Role.CLERK: _("Văn thư"),
        Role.UNIT_ADMINISTRATOR: _("Quản trị đơn vị"),
    }.get(role, role.value)


def role_names(roles: frozenset[Role]) -> str:
    """Roles in words, in the order of the office."""
    order = (Role.LEADER, Role.SPECIALIST, Role.RECEPTIONIST, Role.CLERK, Role.UNIT_ADMINISTRATOR)
    return ", ".join(role_name(role) for role in order if role in roles)


def shell() -> dict[str, Any]:
    """The values of `base.html`."""
    if not has_request_context():
        return {}
    db, services = get_db(), get_services()
    office, actor = read_office(db), current()
    found: dict[str, Any] = {"language": language(), "counts": {}}
    if office:
        found |= {"unit": office.unit_name, "device": device_name(db, office.device)}
    if actor:
        standing, is_writable = {alert.code for alert in alerts.list_alerts(db)}, services.space.is_writable
        found |= {
            "can_work": is_writable and alerts.COPY_REFUSED not in standing,
            "is_read_only": not is_writable,
            "lacking_bytes": services.space.lacking_bytes,
            "officer": {"name": actor.name, "role": role_names(actor.roles) or _("Chờ tỉnh xác nhận")},
            "idle_seconds": services.config.idle_lock_minutes * 60,
            "sync": read_status(db, now=services.clock()),
            "copies": count_waiting(db) if Role.UNIT_ADMINISTRATOR in actor.roles else 0,
            "counts": {
                "routing": waiting_here(db, scope_of(db, office.unit)) if office else 0,
                "sync": len(standing),
            },
        }
    return found


def device_name(db: Any, device: str) -> str | None:
    """This PC's name as the province stated it."""
    row = db.conn.execute(
        "SELECT name FROM key_holder WHERE key = ? AND officer IS NULL", (device,)
    ).fetchone()
    return row[0] if row else None


def attach(app: Flask) -> None:
    """Give every page its frame."""

    def values() -> dict[str, Any]:
        return {"shell": shell(), "now": get_services().clock()}

    app.context_processor(values)
