"""The fleet's pages as values, and withdrawing a code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.accounts.service import Account
from central_hub.events import note_event
from central_hub.nodes.queries import leases_of, logs_of, withdraw_code
from central_hub.nodes.states import NodeState, look_at
from central_hub.registry.enrolment import CodeState, list_codes
from central_hub.registry.holders import list_holders
from central_hub.registry.status import cause_of
from central_hub.services import Services
from central_hub.sync.fleet import DeviceState, list_devices
from dossiers.calendar import VIETNAM
from dossiers.text import fold_text

_SORTS = {
    "unit": lambda pair: pair[2],
    # Within a state whoever has been quiet for longest comes first.
    "state": lambda pair: (list(NodeState).index(pair[1].state), pair[0].contact_ms or 0),
    "last": lambda pair: pair[0].contact_ms or 0,
    "waiting": lambda pair: pair[0].unsent,
    "oldest": lambda pair: pair[0].oldest_unsent_s,
    "offset": lambda pair: abs(pair[0].beacon.offset_ms) if pair[0].beacon else 0,
    "disk": lambda pair: pair[0].beacon.disk_free_mb if pair[0].beacon else 0,
    "codes": lambda pair: pair[0].beacon.codes_left if pair[0].beacon else 0,
}
_ATTENTION = (
    NodeState.SILENT,
    NodeState.NEW,
    NodeState.FAILING,
    NodeState.REFUSED,
    NodeState.LAGGING,
)


def fleet_page(connection: Connection, services: Services, args: Mapping[str, str]) -> dict[str, Any]:
    """Every PC, with how it is; filtered and sorted as the address says."""
    now_ms = services.clock()
    devices = [
        (device, look_at(device, now_ms=now_ms), services.units.name(device.unit))
        for device in list_devices(connection, now_ms=now_ms)
    ]
    wanted, text = args.get("state", ""), fold_text(args.get("q", ""))
    shown = [
        each
        for each in devices
        if _is_shown(each[1].state, wanted) and text in fold_text(f"{each[2]} {each[0].name}")
    ]
    sort, direction = args.get("sort", ""), args.get("dir", "asc")
    shown.sort(key=_SORTS.get(sort, _SORTS["state"]), reverse=sort in _SORTS and direction == "desc")
    units = {device.unit for device, _look, _name in devices}
    return {
        "devices": shown,
        "total": len(devices),
        "units": len(units),
        "without": len(services.units.communes) - len(units),
        "counts": [
            ("", _("Tất cả"), len(devices)),
            ("attention", _("Cần để ý"), sum(_is_shown(look.state, "attention") for _d, look, _n in devices)),
            ("silent", _("Im lặng"), sum(look.state is NodeState.SILENT for _d, look, _n in devices)),
        ],
        "sort": sort or "state",
        "direction": direction,
        "open_codes": sum(code_state(code, now_ms) == "open" for code in list_codes(connection)),
    }


def device_page(connection: Connection, services: Services, device: str) -> dict[str, Any] | None:
    """One PC; None where there is none."""
    now_ms = services.clock()
    found = next((each for each in list_devices(connection, now_ms=now_ms) if each.id == device), None)
    if found is None:
        return None
    holders = list_holders(connection, unit=found.unit)
    status = services.status.current(connection)
    return {
        "device": found,
        "look": look_at(found, now_ms=now_ms),
        "unit": services.units.name(found.unit),
        "logs": logs_of(connection, device),
        "leases": leases_of(connection, device),
        "officers": [holder for holder in holders if holder.device == device],
        "causes": {key: cause_of(status, key) for key in (device, *(h.key for h in holders))},
    }


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


def _is_shown(state: NodeState, wanted: str) -> bool:
    if wanted == "attention":
        return state in _ATTENTION
    return not wanted or state.value == wanted


def day_of(at_ms: int | None) -> str:
    """A day for a file, yyyy-mm-dd in Việt Nam; "" for never."""
    return "" if at_ms is None else datetime.fromtimestamp(at_ms / 1000, VIETNAM).date().isoformat()


def device_lines(devices: list[tuple[DeviceState, Any, str]]) -> list[list[Any]]:
    """The fleet as lines of a file."""
    return [
        [
            unit, device.name, look.word, device.beacon.version if device.beacon else "", device.unsent,
            device.oldest_unsent_s // 86_400, device.held, device.judged,
            device.beacon.offset_ms if device.beacon else None, device.beacon.disk_free_mb if device.beacon else None,
            device.beacon.codes_left if device.beacon else None,
            day_of(device.contact_ms), day_of(device.synced_ms), device.logs, device.forks,
            device.beacon.conflicts if device.beacon else None, device.beacon.refused if device.beacon else None,
            device.beacon.files if device.beacon else None, device.beacon.history if device.beacon else None,
            device.beacon.problem if device.beacon else "", day_of(device.enrolled_ms),
        ]
        for device, look, unit in devices
    ]  # fmt: skip


def device_header() -> list[str]:
    """The columns of that file."""
    return [
        _("Đơn vị"), _("Máy"), _("Tình trạng"), _("Phiên bản"), _("Bản ghi chưa về"), _("Cũ nhất (ngày)"),
        _("Đã về tỉnh"), _("Đã xét"), _("Lệch giờ (ms)"), _("Đĩa trống (MB)"), _("Số hồ sơ còn"),
        _("Liên lạc cuối"), _("Đồng bộ đủ lần cuối"), _("Số nhật ký"), _("Nhánh khác"), _("Khác biệt"), _("Bị giữ"),
        _("Tệp chưa về"), _("Lịch sử còn thiếu"), _("Lỗi đồng bộ"), _("Khóa cấp ngày"),
    ]  # fmt: skip
