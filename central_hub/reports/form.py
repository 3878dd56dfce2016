"""Biểu II.06a/VPCP/KSTT as a table: its columns in the order of the form, then what the form has no room for."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

from central_hub.statistics.lists import Figure, value_of
from central_hub.statistics.service import Group, Report
from central_hub.statistics.words import group_name
from central_hub.tables import Cell
from dossiers.statistics import ReportRow, rate_a, rate_b

FIGURES = (
    Figure.RECEIVED, Figure.ONLINE, Figure.OTHER, Figure.CARRIED_OVER,
    Figure.SOLVED, Figure.EARLY, Figure.ON_TIME, Figure.LATE,
    Figure.PROCESSING, Figure.IN_TERM, Figure.OVERDUE,
)  # fmt: skip
BESIDE = (Figure.WITHDRAWN, Figure.REFUSED)
"""Columns beside the form: without them the received would not be what became of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One heading over several columns of the form."""

    title: str
    columns: tuple[str, ...]


def blocks() -> tuple[Block, ...]:
    """The two lines of headings."""
    return (
        Block(
            title=_("Số hồ sơ nhận giải quyết"),
            columns=(_("Tổng số"), _("Trực tuyến"), _("Trực tiếp, bưu chính"), _("Kỳ trước chuyển qua")),
        ),
        Block(
            title=_("Số hồ sơ đã giải quyết"),
            columns=(_("Tổng số"), _("Trước hạn"), _("Đúng hạn"), _("Quá hạn")),
        ),
        Block(title=_("Số hồ sơ đang giải quyết"), columns=(_("Tổng số"), _("Trong hạn"), _("Quá hạn"))),
        Block(title=_("Ngoài biểu"), columns=(_("Rút"), _("Từ chối"), _("Tỷ lệ A"), _("Tỷ lệ B"))),
    )


def header(group: Group) -> list[str]:
    """One line of headings, for files."""
    return [_("STT"), group_name(group)] + [
        f"{block.title}: {column}" for block in blocks() for column in block.columns
    ]


def cells(row: ReportRow) -> list[Cell]:
    """The numbers of one row, in the order of the columns."""
    return [*(value_of(row, figure) for figure in (*FIGURES, *BESIDE)), rate_a(row).value, rate_b(row).value]


def lines(report: Report) -> Iterator[list[Cell]]:
    """Every line of the report, the sum last."""
    for number, each in enumerate(report.rows, start=1):
        yield [number, each.name, *cells(each.row)]
    yield ["", _("Tổng số"), *cells(report.total)]


def explanations() -> list[str]:
    """What a reader must know to explain every number."""
    return [
        _("Tổng số nhận giải quyết = trực tuyến + trực tiếp, bưu chính + kỳ trước chuyển qua = đã giải quyết + đang giải quyết + rút + từ chối."),
        _("Trước hạn, đúng hạn, quá hạn so ngày có kết quả với ngày hẹn trả; hồ sơ không có ngày hẹn tính đúng hạn. Hồ sơ đang chờ bổ sung, chờ nghĩa vụ tài chính hoặc tạm dừng tính trong hạn."),
        _("Rút: công dân rút hồ sơ trong kỳ. Từ chối: đã tiếp nhận nhưng dừng vì hết hạn bổ sung. Hai cột này nằm ngoài biểu mẫu và không tính vào tỷ lệ nào."),
        _("Tỷ lệ A = (trước hạn + đúng hạn) / đã giải quyết, con số thường công bố. Tỷ lệ B = (trước hạn + đúng hạn + đang giải quyết trong hạn) / (tổng nhận − rút − từ chối), theo Quyết định 766/QĐ-TTg."),
    ]  # fmt: skip
