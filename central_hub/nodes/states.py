"""How a PC is, in one word for the list and in sentences for its page; from facts of its last contact only."""

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _

from central_hub.nodes.queries import LogState
from central_hub.sync.fleet import DeviceState
from dossiers.presentation import fmt_datetime, fmt_number, fmt_span
from dossiers.state_hash import FOLD_VERSION
from look.problems import language
from sync_protocol.log import OpeningReason
from sync_protocol.reasons import BY_CODE, VERSION_HUB_OLD, VERSION_NODE_OLD
from sync_protocol.wire import DigestState

LATE_AFTER_S = 24 * 60 * 60
OFFSET_MS_MAX = 5 * 60 * 1000
DISK_MB_MIN = 2_000
CODES_MIN = 50


class NodeState(StrEnum):
    """What the list shows; the earlier one wins."""

    SILENT = "silent"
    NEW = "new"
    FAILING = "failing"
    REFUSED = "refused"
    LAGGING = "lagging"
    WELL = "well"


_FOR_THE_PROVINCE = (VERSION_HUB_OLD, VERSION_NODE_OLD)
"""Problems of a PC that somebody at the province has to act on: their next step stands in the fleet, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLook:
    """A state with its word, tone and icon (see `macros/marks.html`), and everything worth a look."""

    state: NodeState
    word: str
    tone: str
    icon: str
    notes: tuple[str, ...]
    is_of_another_fold: bool


def look_at(device: DeviceState, *, now_ms: int) -> NodeLook:
    """How one PC is."""
    state = state_of(device)
    word, tone, icon = {
        NodeState.NEW: (_("Chưa liên lạc"), "wait", "clock"),
        NodeState.SILENT: (_("Im lặng"), "soon", "cloud_off"),
        NodeState.FAILING: (_("Đồng bộ lỗi"), "refused", "warning"),
        NodeState.REFUSED: (_("Có bản ghi bị giữ"), "refused", "refused"),
        NodeState.LAGGING: (_("Cần để ý"), "soon", "warning"),
        NodeState.WELL: (_("Bình thường"), "fact", "done"),
    }[state]
    return NodeLook(
        state=state,
        word=word,
        tone=tone,
        icon=icon,
        notes=_notes(device, now_ms),
        is_of_another_fold=device.beacon is not None and device.beacon.fold != FOLD_VERSION,
    )


def state_of(device: DeviceState) -> NodeState:
    """The one word for how a PC is."""
    if device.contact_ms is None:
        return NodeState.NEW
    if device.is_silent:
        return NodeState.SILENT
    if device.beacon and device.beacon.problem:
        return NodeState.FAILING
    if device.beacon and device.beacon.refused:
        return NodeState.REFUSED
    return NodeState.LAGGING if _worries(device) else NodeState.WELL


def _notes(device: DeviceState, now_ms: int) -> tuple[str, ...]:
    found = []
    if device.contact_ms is None and device.held:
        found.append(_("Bản ghi của máy về qua máy khác; máy chưa tự liên lạc lần nào."))
    elif device.contact_ms is None:
        found.append(_("Đã ghi danh, chưa gửi bản ghi nào."))
    elif device.is_silent:
        found.append(_("Im lặng %(span)s.", span=_span(now_ms - device.contact_ms)))
    return (*found, *_worries(device), *_remarks(device))


def _worries(device: DeviceState) -> list[str]:
    """What the last contact, and the logs that are here, told that somebody should look at."""
    beacon = device.beacon
    found = _of_its_disk(device)
    if beacon is None:
        return found
    if beacon.problem:
        found.insert(0, _("Máy báo: %(problem)s", problem=_problem(beacon.problem)))
    if beacon.unsent and beacon.oldest_unsent_s >= LATE_AFTER_S:
        found.append(
            _(
                "Còn %(count)s bản ghi chưa về tỉnh, cũ nhất %(span)s.",
                count=_number(beacon.unsent),
                span=_span(beacon.oldest_unsent_s * 1000),
            )
        )
    if beacon.refused:
        found.append(_("%(count)s bản ghi tỉnh chưa chấp nhận.", count=_number(beacon.refused)))
    if device.digest_state == DigestState.DIFFERENT:
        found.append(_("Số liệu suy ra ở máy và ở tỉnh khác nhau: cần kỹ thuật xem."))
    if abs(beacon.offset_ms) > OFFSET_MS_MAX:
        found.append(_("Đồng hồ lệch %(span)s.", span=_span(abs(beacon.offset_ms))))
    if beacon.disk_free_mb < DISK_MB_MIN:
        found.append(_("Ổ đĩa còn %(size)s MB.", size=_number(beacon.disk_free_mb)))
    if beacon.codes_left < CODES_MIN:
        found.append(_("Còn %(count)s số hồ sơ trong ngày.", count=_number(beacon.codes_left)))
    return found


def _remarks(device: DeviceState) -> list[str]:
    """What is shown and alarms nobody: a PC that folds dossiers by another version is compared with nothing."""
    if device.beacon is None or device.beacon.fold == FOLD_VERSION:
        return []
    versions = {"theirs": _number(device.beacon.fold), "ours": _number(FOLD_VERSION)}
    if device.beacon.fold < FOLD_VERSION:
        return [
            _(
                "Máy gộp hồ sơ theo quy tắc %(theirs)s, cũ hơn tỉnh (%(ours)s): chưa so được số liệu. Cập nhật phần mềm ở máy.",
                **versions,
            )
        ]
    return [
        _(
            "Máy gộp hồ sơ theo quy tắc %(theirs)s, mới hơn tỉnh (%(ours)s): chưa so được số liệu. Cập nhật phần mềm ở trung tâm.",
            **versions,
        )
    ]


def _of_its_disk(device: DeviceState) -> list[str]:
    """A database that was put back, a disk that was copied: told until an administrator has looked into it."""
    found = []
    if device.copies:
        found.append(_("Có bản sao ổ đĩa chờ quyết định."))
    if device.is_put_back and device.restored_ms is not None:
        day = fmt_datetime(device.restored_ms)
        found.append(_("Phục hồi từ bản sao lưu, tỉnh nhận biết %(when)s.", when=day))
    if device.is_forked:
        found.append(_("Có nhánh nhật ký khác: đĩa bị sao chép hoặc khôi phục."))
    return found


def opening_words(log: LogState) -> str:
    """Why a log was opened, in words; "" where this hub took it in before it kept that."""
    if log.origin is not None:
        return _("Nhánh khác của %(log)s…", log=log.origin[:12])
    return (
        {
            OpeningReason.NEW: _("Cài mới"),
            OpeningReason.RESTORE: _("Phục hồi từ bản sao lưu"),
            OpeningReason.CLONE: _("Tách khỏi bản sao ổ đĩa"),
            OpeningReason.REKEY: _("Đổi khóa"),
            OpeningReason.REORGANISATION: _("Sắp xếp đơn vị"),
        }[OpeningReason(log.reason)]
        if log.reason
        else ""
    )


def _problem(code: str) -> str:
    """What stopped the PC's sync, in words where this hub knows the code."""
    reason = BY_CODE.get(code)
    if reason is None:
        return code
    is_english = language() == "en"
    words = reason.en if is_english else reason.vi
    if reason in _FOR_THE_PROVINCE:
        return f"{words} {reason.next_en if is_english else reason.next_vi}"
    return f"{words} ({code})"


def _number(value: int) -> str:
    return fmt_number(value, language())


def _span(milliseconds: int) -> str:
    return fmt_span(milliseconds, language())
