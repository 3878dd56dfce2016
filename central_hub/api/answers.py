"""What the API answers: the same figures as the screens, as plain JSON values. No personal data."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from central_hub.nodes.states import look_at
from central_hub.services import Services
from central_hub.statistics.board import statistics_of
from central_hub.statistics.choice import Choice, iso
from central_hub.sync.fleet import DeviceState, list_devices
from dossiers.local_time import VIETNAM
from dossiers.statistics import Rate, ReportRow, rate_a, rate_b

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def statistics_answer(connection: Connection, services: Services, choice: Choice) -> dict[str, Any]:
    """Biểu II.06a of a choice."""
    report = statistics_of(connection, services).report(choice.period, choice.group, choice.filter)
    return {
        "period": {
            "from": iso(report.period.first),
            "to": iso(report.period.last),
            "as_of": iso(report.as_of),
        },
        "group": report.group.value,
        "filter": {
            "commune": choice.filter.commune,
            "field": choice.filter.field,
            "procedure": choice.filter.procedure,
        },
        "definitions": report.definitions,
        "rows": [{"key": each.key, "name": each.name, **_row(each.row)} for each in report.rows],
        "total": _row(report.total),
    }


def nodes_answer(connection: Connection, services: Services) -> dict[str, Any]:
    """The fleet."""
    now_ms = services.clock()
    devices = list_devices(connection, now_ms=now_ms, silent_ms=services.config.silent_after_ms)
    return {
        "at": _instant(now_ms),
        "nodes": [_node(device, services, now_ms) for device in devices],
    }


def _row(row: ReportRow) -> dict[str, Any]:
    return {
        "received": {
            "total": row.received,
            "online": row.online,
            "other": row.other,
            "carried_over": row.carried_over,
        },
        "solved": {"total": row.solved, "early": row.early, "on_time": row.on_time, "late": row.late},
        "processing": {"total": row.processing, "in_term": row.in_term, "overdue": row.overdue},
        "withdrawn": row.withdrawn,
        "refused": row.refused,
        "rates": {"A": _rate(rate_a(row)), "B": _rate(rate_b(row))},
    }


def _rate(rate: Rate) -> dict[str, Any]:
    value = None if rate.value is None else round(float(rate.value), 6)
    return {"numerator": rate.numerator, "denominator": rate.denominator, "value": value}


def _node(device: DeviceState, services: Services, now_ms: int) -> dict[str, Any]:
    beacon = device.beacon
    return {
        "id": device.id,
        "unit": device.unit,
        "unit_name": services.units.name(device.unit),
        "name": device.name,
        "state": look_at(device, now_ms=now_ms).state.value,
        "enrolled": _instant(device.enrolled_ms),
        "last_contact": _instant(device.contact_ms),
        "last_synced": _instant(device.synced_ms),
        "records": {"held": device.held, "acknowledged": device.acknowledged, "judged": device.judged},
        "unsent": device.unsent,
        "oldest_unsent_seconds": device.oldest_unsent_s,
        "version": beacon.version if beacon else None,
        "clock_offset_ms": beacon.offset_ms if beacon else None,
        "disk_free_mb": beacon.disk_free_mb if beacon else None,
        "codes_left": beacon.codes_left if beacon else None,
        "conflicts": beacon.conflicts if beacon else None,
        "refused": beacon.refused if beacon else None,
        "problem": (beacon.problem or None) if beacon else None,
        "fold": beacon.fold if beacon else None,
        "epochs": device.lives,
        "forks": device.forks,
        "restored": _instant(device.restored_ms),
    }


def _instant(ms: int | None) -> str | None:
    if ms is None:
        return None
    return (_EPOCH + timedelta(milliseconds=ms)).astimezone(VIETNAM).isoformat(timespec="seconds")
