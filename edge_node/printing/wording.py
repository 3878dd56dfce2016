"""How instants, days, money and strange text are written on paper, and what each form is called.

Wording only: nothing here knows what a form contains. What screens and papers write alike comes from dossiers.presentation.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dossiers.local_time import local
from dossiers.presentation import fmt_number

CIRCULAR = "Thông tư số 03/2025/TT-VPCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormText:
    """The name of a form, and whether its field text was compared with the original of `source`."""

    label: str  # printed small at the foot: "Mẫu số 01"; empty where no form is prescribed
    title: str
    source: str
    verified: bool


def _form(label: str, title: str, source: str = CIRCULAR) -> FormText:
    return FormText(label=label, title=title, source=source, verified=False)


# The titles are confirmed by secondary sources; the annexes' field text is not: verified stays False until somebody compares.
FORM_TEXTS: Mapping[str, FormText] = MappingProxyType(
    {
        "slip": _form("Mẫu số 01", "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"),
        "supplement_request": _form("Mẫu số 02", "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"),
        "refusal": _form("Mẫu số 03", "Phiếu từ chối tiếp nhận giải quyết hồ sơ"),
        "apology": _form("Mẫu số 04", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết"),
        "stop_notice": _form("Mẫu số 05", "Thông báo dừng giải quyết hồ sơ"),
        "control_slip": _form("Mẫu số 06", "Phiếu kiểm soát quá trình giải quyết hồ sơ"),
        "register": _form("Mẫu số 07", "Sổ theo dõi hồ sơ"),
        "result_hand_over": _form("", "Giấy biên nhận trả kết quả", "mẫu đang dùng ở địa phương"),
        "dossier_hand_over": _form("", "Giấy bàn giao hồ sơ", "mẫu đang dùng ở địa phương"),
        "report_06a": _form(
            "Biểu số II.06a/VPCP/KSTT",
            "Tình hình, kết quả giải quyết thủ tục hành chính tại cơ quan, đơn vị trực tiếp giải quyết thủ tục hành chính",
            "Thông tư số 01/2020/TT-VPCP",
        ),
    }
)

# Controls (but not the line break), bidirectional overrides that could turn a name around, byte-order mark, soft hyphen.
_UNPRINTABLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str) -> str:
    """Text as it may stand on paper: composed (NFC), without controls; line breaks stay."""
    text = (
        text.replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\t", " ")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    text = _SURROGATE.sub("\ufffd", _UNPRINTABLE.sub("", text))
    return unicodedata.normalize("NFC", text).strip()


def upper(text: str) -> str:
    """Capitals of composed text (a decomposed ế has no single capital)."""
    return unicodedata.normalize("NFC", text).upper()


def instant_in_words(instant: int) -> str:
    """10 giờ 05 phút, ngày 20 tháng 11 năm 2026."""
    at = local(instant)
    return f"{at.hour:02} giờ {at.minute:02} phút, {_day_in_words(at.year, at.month, at.day)}"


def day_in_words(day: int) -> str:
    """Ngày 05 tháng 02 năm 2026, with the small initial and the zeros of NĐ 30/2020."""
    return _day_in_words(day // 10000, day // 100 % 100, day % 100)


def _day_in_words(year: int, month: int, day: int) -> str:
    # NĐ 30/2020: a zero before days under 10 and before January and February only.
    return f"ngày {day:02} tháng {f'{month:02}' if month <= 2 else month} năm {year}"


def money(amount: int) -> str:
    return f"{fmt_number(amount)} đồng"


def count(amount: int) -> str:
    """Two digits, so that a figure cannot be added in front: 01."""
    return f"{amount:02}"


def count_or_blank(amount: int) -> str:
    return count(amount) if amount else ""


def short_id(identifier: str) -> str:
    """The first 16 digits in groups of four: enough to find a record, short enough to read out."""
    return " ".join(identifier[start : start + 4] for start in range(0, min(len(identifier), 16), 4))
