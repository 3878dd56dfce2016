"""What whoever holds the paper does next: one sentence for each kind of answer, the same in the portal and on the offline page.

A step follows from the report alone. It is advice for a desk, no part of the report: programs act on the indication.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from signing import findings
from signing.report import Exit, Indication, Report, SubIndication


class NextStep(StrEnum):
    """What to do next."""

    ACCEPT = "accept"
    OUT_OF_FORCE = "out_of_force"
    REFUSE = "refuse"
    UNREADABLE = "unreadable"
    STALE = "stale"
    ERASED = "erased"
    WITHHELD = "withheld"
    ASK = "ask"


WORDS: Final = MappingProxyType(
    {
        NextStep.ACCEPT: (
            "Đối chiếu từng mục với bản giấy. Khớp hết thì chấp nhận.",
            "Compare every field with the paper. If all agree, accept it.",
        ),
        NextStep.OUT_OF_FORCE: (
            "Không dùng văn bản này nữa. Xin bản đang có hiệu lực từ đơn vị đã ban hành.",
            "Do not use this document any more. Ask the office that issued it for the one in force.",
        ),
        NextStep.REFUSE: (
            "Không dùng giấy tờ này. Liên hệ đơn vị ghi trên giấy theo số điện thoại chính thức.",
            "Do not use this. Contact the office named on the paper by its official telephone number.",
        ),
        NextStep.UNREADABLE: (
            "Chọn lại đúng tệp, hoặc chụp lại mã cho rõ; vẫn không được thì xin tệp xuất lại từ đơn vị phát hành.",
            "Choose the right file, or take a clearer picture of the code; if that does not help, ask the issuing office for a "
            "new export.",
        ),
        NextStep.STALE: (
            "Lấy bản trạng thái mới của tỉnh rồi kiểm tra lại; chưa nên từ chối.",
            "Fetch the province's newest status and check again; do not reject it yet.",
        ),
        NextStep.ERASED: (
            "Nội dung đã được xóa hợp lệ, xuất lại cũng không có. Phần còn lại xem ở dưới; cần thêm thì hỏi đơn vị đã ký.",
            "The content was lawfully erased, and no export brings it back. What remains is below; for more, ask the office that "
            "signed it.",
        ),
        NextStep.WITHHELD: (
            "Tệp không kèm nội dung. Xin đơn vị phát hành tệp có kèm nội dung cần đối chiếu; chưa nên từ chối.",
            "The file comes without the content. Ask the issuing office for a file with the content you need; do not reject it "
            "yet.",
        ),
        NextStep.ASK: (
            "Chưa đủ căn cứ. Xin tệp xuất lại từ đơn vị phát hành rồi kiểm tra lại; chưa nên từ chối.",
            "Not enough evidence. Ask the issuing office for a new export and check again; do not reject it yet.",
        ),
    }
)  # fmt: skip

_ERASED: Final = findings.content_erased("").why_vi


def next_step(report: Report) -> NextStep:
    """The step for this answer."""
    if report.exit_code is Exit.BAD_INPUT:
        return NextStep.UNREADABLE
    if report.indication is Indication.PASSED:
        return NextStep.ACCEPT if report.exit_code is Exit.PASSED else NextStep.OUT_OF_FORCE
    if report.indication is Indication.FAILED:
        return NextStep.REFUSE
    if SubIndication.TRY_LATER in report.sub_indications:
        return NextStep.STALE
    if {*report.sub_indications} != {SubIndication.SIGNED_DATA_NOT_FOUND}:
        return NextStep.ASK
    is_erased = any(check.why_vi == _ERASED for check in report.checks)
    return NextStep.ERASED if is_erased else NextStep.WITHHELD
