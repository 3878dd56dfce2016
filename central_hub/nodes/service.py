"""The fleet's pages as values, and withdrawing a code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from sqlalchemy import Connection, select

from central_hub.accounts.service import Account
from central_hub.events import note_event
from central_hub.nodes.queries import duplicates_of, leases_of, logs_of, withdraw_code
from central_hub.nodes.states import NodeLook, NodeState, look_at, opening_words
from central_hub.registry.enrolment import CodeState, list_codes
from central_hub.registry.holders import list_holders
from central_hub.registry.status import cause_of
from central_hub.relay.spool import carried_by, loads_of, newest_relays
from central_hub.services import Services
from central_hub.store.tables import DEVICE
from central_hub.sync.fleet import DeviceState, list_devices, note_looked
from dossiers.calendar import VIETNAM
from dossiers.text import fold_text

_HOUR_S = 3_600
_DAY_MS = 86_400_000
_CHART_BARS = 8

Line = tuple[DeviceState, NodeLook, str, int]
"""A PC, how it is, its unit's name, and the duplicates with a dossier of its own that wait for a person."""

_SORTS = {
    "unit": lambda pair: pair[2],
    # Within a state whoever has been quiet for longest comes first.
    "state": lambda pair: (list(NodeState).index(pair[1].state), pair[0].contact_ms or 0),
    "last": lambda pair: pair[0].contact_ms or 0,
    "waiting": lambda pair: pair[0].unsent,
    "oldest": lambda pair: pair[0].oldest_unsent_s,
    "offset": lambda pair: abs(pair[0].beacon.offset_ms) if pair[0].beacon else 0,
    "disk": lambda pair: pair[0].beacon.disk_free_mb if pair[0].beacon else 0,
    "conflicts": lambda pair: pair[0].beacon.conflicts if pair[0].beacon else 0,
    "duplicates": lambda pair: pair[3],
    "codes": lambda pair: pair[0].beacon.codes_left if pair[0].beacon else 0,
    "lives": lambda pair: pair[0].lives,
    "forks": lambda pair: pair[0].forks,
    # Ascending is the youngest key first.
    "key": lambda pair: -pair[0].enrolled_ms,
    "version": lambda pair: _in_order(pair[0].beacon.version if pair[0].beacon else ""),
}


def fleet_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """Every PC, with how it is; filtered and sorted as the address says."""
    now_ms = services.clock()
    duplicates = duplicates_of(connection)
    devices = [
        (
            device,
            look_at(device, now_ms=now_ms),
            services.units.name(device.unit),
            duplicates[device.id],
        )
        for device in list_devices(connection, now_ms=now_ms, silent_ms=services.config.silent_after_ms)
    ]
    wanted, text = args.get("state", ""), fold_text(args.get("q", ""))
    shown = [
        each
        for each in devices
        if _is_wanted(each, wanted) and text in fold_text(f"{each[2]} {each[0].name}")
    ]
    sort, direction = args.get("sort", ""), args.get("dir", "asc")
    if sort not in _SORTS:
        sort, direction = "state", "asc"
    shown.sort(key=_SORTS[sort], reverse=direction == "desc")
    units = {device.unit for device, *_rest in devices}
    return {
        "devices": shown,
        "total": len(devices),
        "units": len(units),
        "without": len(services.units.communes) - len(units),
        "counts": [
            ("", _("Tất cả"), len(devices)),
            ("attention", _("Cần để ý"), sum(_is_wanted(each, "attention") for each in devices)),
            ("silent", _("Im lặng"), sum(_is_wanted(each, "silent") for each in devices)),
            (
                "differing",
                _("Có khác biệt hoặc trùng"),
                sum(_is_wanted(each, "differing") for each in devices),
            ),
        ],
        "relayed": relayed_now(connection, services, [each[0] for each in devices]),
        "chart": oldest_chart(shown),
        "silent_hours": services.config.silent_after_hours,
        "sort": sort,
        "direction": direction,
        "open_codes": sum(code_state(code, now_ms) == "open" for code in list_codes(connection)),
    }


def device_page(connection: Connection, services: Services, device: str) -> dict[str, Any] | None:
    """One PC; None where there is none."""
    now_ms = services.clock()
    found = next(
        (
            each
            for each in list_devices(connection, now_ms=now_ms, silent_ms=services.config.silent_after_ms)
            if each.id == device
        ),
        None,
    )
    if found is None:
        return None
    holders = list_holders(connection, unit=found.unit)
    status = services.status.current(connection)
    return {
        "device": found,
        "look": look_at(found, now_ms=now_ms),
        "unit": services.units.name(found.unit),
        "logs": logs_of(connection, device),
        "reason_of": opening_words,
        "leases": leases_of(connection, device),
        "relayed": [
            (load, _relay_name(connection, services, load.relay)) for load in loads_of(connection, device)
        ],
        "carries": _carries(connection, services, device),
        "officers": [holder for holder in holders if holder.device == device],
        "causes": {key: cause_of(status, key) for key in (device, *(h.key for h in holders))},
    }


def look_into(
    connection: Connection, services: Services, device: str, *, until_ms: int, account: Account
) -> bool:
    """An administrator has looked into what the fleet told of a PC's disk up to `until_ms`; whether that was news."""
    now_ms = services.clock()
    row = connection.execute(select(DEVICE.c.unit, DEVICE.c.name).where(DEVICE.c.id == device)).first()
    if row is None or not note_looked(connection, device, until_ms=min(until_ms, now_ms)):
        return False
    subject = f"{row.unit} {row.name}"
    note_event(connection, at_ms=now_ms, actor=account.login, action="device.looked", subject=subject)
    return True


def relayed_now(connection: Connection, services: Services, devices: list[DeviceState]) -> dict[str, str]:
    """PCs whose newest contact came by way of another PC, and that PC's unit."""
    names = {device.id: services.units.name(device.unit) for device in devices}
    newest = newest_relays(connection)
    return {
        device.id: names.get(newest[device.id].relay, newest[device.id].relay[:8])
        for device in devices
        if device.id in newest and newest[device.id].at_ms >= (device.contact_ms or 0)
    }


def _relay_name(connection: Connection, services: Services, relay: str) -> str:
    row = connection.execute(select(DEVICE.c.name, DEVICE.c.unit).where(DEVICE.c.id == relay)).first()
    return f"{services.units.name(row.unit)} · {row.name}" if row else relay[:8]


def _carries(connection: Connection, services: Services, device: str) -> list[tuple[str, int]]:
    """For which units this PC brought loads, and how many."""
    rows = carried_by(connection, device)
    return [(services.units.name(unit), count) for unit, count in rows]


def codes_page(connection: Connection, services: Services) -> dict[str, Any]:
    """The codes issued, open ones first."""
    now_ms = services.clock()
    codes = [
        (code, code_state(code, now_ms), services.units.name(code.unit)) for code in list_codes(connection)
    ]
    return {
        "codes": sorted(codes, key=lambda each: each[1] != "open"),
        "communes": [(unit.code, unit.name) for unit in services.units.offices],
        "days": services.config.enrolment_days,
    }


def code_state(code: CodeState, now_ms: int) -> str:
    """`open`, `used` or `over`."""
    if code.used_ms is not None:
        return "used"
    return "open" if code.expires_ms > now_ms else "over"


def withdraw(connection: Connection, services: Services, no: int, account: Account) -> bool:
    """Withdraw an open code; whether there was one."""
    found = withdraw_code(connection, no, now_ms=services.clock())
    if found is None:
        return False
    note_event(
        connection,
        at_ms=services.clock(),
        actor=account.login,
        action="enrolment.withdrawn",
        subject=" ".join(found),
    )
    return True


def address_of(url: str) -> str:
    """Scheme and host of the hub as this browser reached it: what the technician types."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_wanted(line: Line, wanted: str) -> bool:
    device, look, _name, duplicates = line
    if wanted == "attention":
        return look.state is not NodeState.WELL
    if wanted == "differing":
        return bool(duplicates or (device.beacon and device.beacon.conflicts))
    return not wanted or look.state.value == wanted


def oldest_chart(lines: list[Line]) -> dict[str, Any] | None:
    """The PCs whose oldest record has waited longest, in hours; None where nothing waits anywhere."""
    late = [line for line in lines if line[0].unsent and line[0].oldest_unsent_s >= _HOUR_S]
    late.sort(key=lambda line: line[0].oldest_unsent_s, reverse=True)
    if not late:
        return None
    late = late[:_CHART_BARS]
    hours = [device.oldest_unsent_s // _HOUR_S for device, *_rest in late]
    return {
        "kind": "bar",
        "axis": _("Máy"),
        "labels": [f"{name} · {device.name}" for device, _look, name, _duplicates in late],
        "series": [{"key": "overdue", "name": _("Giờ"), "values": hours}],
        "links": [f"/nodes/{device.id}" for device, *_rest in late],
    }


def day_of(at_ms: int | None) -> str:
    """A day for a file, yyyy-mm-dd in Việt Nam; "" for never."""
    return "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, VIETNAM).date().isoformat()


def _in_order(version: str) -> list[int]:
    """A version so that 0.10 stands above 0.9."""
    return [int(part) if part.isdecimal() else 0 for part in version.split(".")]


def device_lines(devices: list[Line], now_ms: int) -> list[list[Any]]:
    """The fleet as lines of a file."""
    return [
        [
            unit, device.name, look.word, device.beacon.version if device.beacon else "", device.unsent,
            device.oldest_unsent_s // 86_400, device.held, device.judged,
            device.beacon.offset_ms if device.beacon else None, device.beacon.disk_free_mb if device.beacon else None,
            device.beacon.codes_left if device.beacon else None,
            day_of(device.contact_ms), day_of(device.synced_ms), device.logs, device.lives, device.forks,
            day_of(device.restored_ms),
            device.beacon.conflicts if device.beacon else None, duplicates,
            device.beacon.refused if device.beacon else None,
            device.beacon.files if device.beacon else None, device.beacon.history if device.beacon else None,
            device.beacon.problem if device.beacon else "", day_of(device.enrolled_ms),
            (now_ms - device.enrolled_ms) // _DAY_MS, device.beacon.fold if device.beacon else None,
        ]
        for device, look, unit, duplicates in devices
    ]  # fmt: skip


def device_header() -> list[str]:
    """The columns of that file."""
    return [
        _("Đơn vị"), _("Máy"), _("Tình trạng"), _("Phiên bản"), _("Bản ghi chưa về"), _("Cũ nhất (ngày)"),
        _("Đã về tỉnh"), _("Đã xét"), _("Lệch giờ (ms)"), _("Đĩa trống (MB)"), _("Số hồ sơ còn"),
        _("Liên lạc cuối"), _("Đồng bộ đủ lần cuối"), _("Số nhật ký"), _("Đời dữ liệu"), _("Nhánh khác"),
        _("Phục hồi lần cuối"), _("Khác biệt"),
        _("Trùng chờ giải quyết"), _("Bị giữ"),
        _("Tệp chưa về"), _("Lịch sử còn thiếu"), _("Lỗi đồng bộ"), _("Khóa cấp ngày"),
        _("Tuổi khóa (ngày)"), _("Quy tắc gộp"),
    ]  # fmt: skip
