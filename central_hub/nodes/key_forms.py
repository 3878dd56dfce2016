"""What a person types to revoke, suspend, reinstate or replace, read at the door."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from dossiers.local_time import instant
from signing.canonical import normalise_text
from signing.cuts import Cause

DEVICE = "device"
REINSTATE = "reinstate"
GROUND_LENGTH_MAX = 2_000
_DATE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_HOUR = re.compile(r"(\d{1,2})[:hg](\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyForm:
    """A decision about keys. `subject` is DEVICE or a key id; `what` a cause or REINSTATE; `since_ms` only
    where a compromise is suspected."""

    subject: str
    what: str
    since_ms: int | None
    ground: str
    errors: Mapping[str, str]


def acts() -> list[tuple[str, str, str]]:
    """What can be decided, with what it means."""
    return [
        (Cause.SUSPENDED.value, _("Tạm khóa"), _("Chưa rõ sự việc; mở lại được. Bản ghi đến sau chờ xét duyệt.")),
        (Cause.LOST.value, _("Thu hồi: mất, bị lấy cắp, nghỉ việc đột xuất"), _("Những gì tỉnh đã nhận vẫn đứng; bản ghi đến sau chờ xét duyệt.")),
        (Cause.COMPROMISED.value, _("Thu hồi: nghi bị dùng trộm từ một thời điểm"), _("Bản ghi tỉnh nhận từ thời điểm đó cũng chờ xét duyệt.")),
        (Cause.RETIRED.value, _("Thu hồi: thôi dùng theo kế hoạch"), _("Chỉ khi máy đã đồng bộ đủ: bản ghi đến sau bị từ chối hẳn.")),
        (REINSTATE, _("Mở lại khóa đang tạm khóa"), _("Bản ghi đang chờ được ghi nhận.")),
    ]  # fmt: skip


def read_key_form(values: Mapping[str, str], subjects: frozenset[str]) -> KeyForm:
    """Read the form; `subjects` are the keys that the page offers."""
    errors: dict[str, str] = {}
    subject, what = values.get("subject", ""), values.get("what", "")
    if subject not in subjects:
        errors["subject"] = _("Chọn cả máy hoặc một cán bộ.")
    if what not in {act for act, _name, _hint in acts()}:
        errors["what"] = _("Chọn việc cần làm.")
    since_ms = None
    if what == Cause.COMPROMISED:
        since_ms = _instant(values.get("since_date", ""), values.get("since_hour", ""))
        if since_ms is None:
            errors["since_date"] = _("Ghi ngày (dd/mm/yyyy) và giờ (hh:mm) bắt đầu nghi ngờ.")
    ground = normalise_text(values.get("ground", "")).strip()
    if not 0 < len(ground) <= GROUND_LENGTH_MAX:
        errors["ground"] = _("Ghi căn cứ: ai báo, lúc nào, sự việc gì.")
    return KeyForm(subject=subject, what=what, since_ms=since_ms, ground=ground, errors=errors)


def _instant(day: str, hour: str) -> int | None:
    found, clock = _DATE.fullmatch(day.strip()), _HOUR.fullmatch(hour.strip() or "0:00")
    if found is None or clock is None:
        return None
    try:
        at = date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    hours, minutes = int(clock[1]), int(clock[2])
    return instant(at, hours * 60 + minutes) if hours < 24 and minutes < 60 else None
