"""What each figure is called on screens, and in one sentence why a dossier is in it; names of periods."""

from flask_babel import gettext as _

from central_hub.statistics.choice import quarter_of
from central_hub.statistics.lists import Figure
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Group
from dossiers.presentation import fmt_date

_ROMAN = ("I", "II", "III", "IV")


def figure_name(figure: Figure) -> str:
    """A figure's name."""
    return {
        Figure.RECEIVED: _("Tổng số nhận giải quyết"),
        Figure.IN_PERIOD: _("Tiếp nhận trong kỳ"),
        Figure.ONLINE: _("Tiếp nhận trực tuyến"),
        Figure.OTHER: _("Tiếp nhận trực tiếp, qua bưu chính"),
        Figure.CARRIED_OVER: _("Kỳ trước chuyển qua"),
        Figure.SOLVED: _("Đã giải quyết"),
        Figure.EARLY: _("Giải quyết trước hạn"),
        Figure.ON_TIME: _("Giải quyết đúng hạn"),
        Figure.LATE: _("Giải quyết quá hạn"),
        Figure.PROCESSING: _("Đang giải quyết"),
        Figure.IN_TERM: _("Đang giải quyết, trong hạn"),
        Figure.OVERDUE: _("Đang giải quyết, quá hạn"),
        Figure.WITHDRAWN: _("Công dân rút hồ sơ"),
        Figure.REFUSED: _("Từ chối sau khi tiếp nhận"),
    }[figure]


def figure_reason(figure: Figure) -> str:
    """Why a dossier is counted in a figure."""
    return {
        Figure.RECEIVED: _("Hồ sơ được tiếp nhận trong kỳ, cộng hồ sơ kỳ trước chuyển qua."),
        Figure.IN_PERIOD: _("Hồ sơ có ngày tiếp nhận nằm trong kỳ, mọi hình thức nộp."),
        Figure.ONLINE: _("Hồ sơ nộp trực tuyến có ngày tiếp nhận nằm trong kỳ."),
        Figure.OTHER: _("Hồ sơ nộp trực tiếp hoặc qua bưu chính có ngày tiếp nhận nằm trong kỳ."),
        Figure.CARRIED_OVER: _("Hồ sơ tiếp nhận trước kỳ và đến đầu kỳ chưa kết thúc."),
        Figure.SOLVED: _(
            "Hồ sơ có kết quả trong kỳ, tính theo ngày có kết quả, không phải ngày công dân đến lấy."
        ),
        Figure.EARLY: _("Hồ sơ có kết quả trong kỳ, ngày có kết quả trước ngày hẹn trả."),
        Figure.ON_TIME: _("Hồ sơ có kết quả trong kỳ đúng ngày hẹn trả, hoặc không có ngày hẹn."),
        Figure.LATE: _("Hồ sơ có kết quả trong kỳ sau ngày hẹn trả."),
        Figure.PROCESSING: _("Hồ sơ đã tiếp nhận và đến cuối kỳ chưa kết thúc."),
        Figure.IN_TERM: _("Hồ sơ chưa kết thúc, chưa qua ngày hẹn trả hoặc đang tạm dừng tính thời hạn."),
        Figure.OVERDUE: _("Hồ sơ chưa kết thúc mà đã qua ngày hẹn trả, thời hạn đang chạy."),
        Figure.WITHDRAWN: _("Hồ sơ công dân rút trong kỳ; không tính vào hai tỷ lệ đúng hạn."),
        Figure.REFUSED: _(
            "Hồ sơ đã tiếp nhận nhưng hết hạn bổ sung nên dừng; không tính vào hai tỷ lệ đúng hạn."
        ),
    }[figure]


def group_name(group: Group) -> str:
    """What the rows of a report are."""
    return {
        Group.COMMUNE: _("Đơn vị"),
        Group.FIELD: _("Lĩnh vực"),
        Group.PROCEDURE: _("Thủ tục hành chính"),
        Group.MONTH: _("Tháng"),
    }[group]


def period_name(period: Period) -> str:
    """A period by its name where it has one."""
    year, month = divmod(period.first // 100, 100)
    if period == Period.month(year, month):
        return _("tháng %(month)s/%(year)s", month=month, year=year)
    if period == Period.year(year):
        return _("năm %(year)s", year=year)
    if period == quarter_of(period.first):
        return _("quý %(quarter)s/%(year)s", quarter=_ROMAN[(month - 1) // 3], year=year)
    if period.first == period.last:
        return fmt_date(period.first)
    return f"{fmt_date(period.first)} – {fmt_date(period.last)}"


def preset_name(preset: str) -> str:
    """The word on a chip."""
    return {
        "this_month": _("Tháng này"),
        "last_month": _("Tháng trước"),
        "this_quarter": _("Quý này"),
        "last_quarter": _("Quý trước"),
        "this_year": _("Năm nay"),
    }[preset]


def problem_words(parameter: str) -> str:
    """What could not be read in an address."""
    if parameter in ("from", "to"):
        return _(
            "Khoảng ngày không đọc được hoặc ngày đầu sau ngày cuối. Đang hiện quý này; hãy nhập lại, ví dụ 01/10/2026."
        )
    return _("Địa chỉ có giá trị không đọc được (%(name)s). Đang hiện quý này.", name=parameter)
