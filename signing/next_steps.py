"""What whoever holds the paper does next: one sentence for each kind of answer, the same in the portal and on the offline page.

A step follows from the report alone. It is advice for a desk, no part of the report: programs act on the indication.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from signing import findings
from signing.report import Exit, Indication, InForce, Report, SubIndication


class NextStep(StrEnum):
    """What to do next."""

    ACCEPT = "accept"
    FORCE_UNKNOWN = "force_unknown"
    CORRECTED = "corrected"
    OUT_OF_FORCE = "out_of_force"
    REFUSE = "refuse"
    UNREADABLE = "unreadable"
    STALE = "stale"
    OUTDATED = "outdated"
    REVIEW = "review"
    ERASED = "erased"
    WITHHELD = "withheld"
    ASK = "ask"


WORDS: Final = MappingProxyType(
    {
        NextStep.ACCEPT: (
            "Đối chiếu từng mục với bản giấy. Khớp hết thì chấp nhận.",
            "Compare every field with the paper. If all agree, accept it.",
        ),
        NextStep.FORCE_UNKNOWN: (
            "Đối chiếu từng mục với bản giấy. Khớp hết thì chữ ký đáng tin; văn bản còn hiệu lực hay không thì chưa biết: việc quan "
            "trọng phải hỏi đơn vị đã ban hành.",
            "Compare every field with the paper. If all agree, the signature can be relied on; whether the document is still in "
            "force is not known: where it matters, ask the office that issued it.",
        ),
        NextStep.CORRECTED: (
            "Văn bản đã được đính chính. Xin bản đính chính từ đơn vị đã ban hành rồi đối chiếu theo bản đó.",
            "The document was corrected. Ask the office that issued it for the correction and go by that.",
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
            "Chọn lại đúng tệp, hoặc chụp lại mã cho rõ; vẫn không được thì xin tệp chứng minh từ đơn vị phát hành. Tệp PDF không kèm "
            "chứng minh thì không kiểm tra được ở đây, và chưa phải là sai: xem chữ ký số trên PDF bằng phần mềm ký số.",
            "Choose the right file, or take a clearer picture of the code; if that does not help, ask the issuing office for a "
            "proof. A PDF without a proof inside cannot be verified here, which does not make it wrong: look at its digital "
            "signature with a program for signed PDFs.",
        ),
        NextStep.STALE: (
            "Tải bản trạng thái mới từ trang Xác minh của tỉnh rồi kiểm tra lại; chưa nên từ chối.",
            "Download the newest status from the province's verification page and check again; do not reject it yet.",
        ),
        NextStep.OUTDATED: (
            "Tải trang hoặc chương trình kiểm tra bản mới từ trang Xác minh của tỉnh rồi kiểm tra lại; chưa nên từ chối.",
            "Download the newest page or program from the province's verification page and check again; do not reject it yet.",
        ),
        NextStep.REVIEW: (
            "Báo đơn vị phát hành để tỉnh xem xét; xong thì xin tệp xuất lại (giấy thì in lại) rồi kiểm tra lại; chưa nên từ chối.",
            "Tell the issuing office, so that the province reviews it; then ask for a new export (or a new print) and check "
            "again; do not reject it yet.",
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
_FOR_THE_PROVINCE: Final = frozenset(
    {SubIndication.REVOKED_NO_POE, SubIndication.REVOKED_CA_NO_POE, SubIndication.MC_CHAIN_FORKED}
)
"""What no new export mends by itself: somebody in the province has to look at it."""


def next_step(report: Report) -> NextStep:
    """The step for this answer."""
    if report.exit_code is Exit.BAD_INPUT:
        return NextStep.UNREADABLE
    if report.indication is Indication.PASSED:
        return _to_accept(report)
    if report.indication is Indication.FAILED:
        return NextStep.REFUSE
    if SubIndication.TRY_LATER in report.sub_indications:
        return NextStep.STALE
    if SubIndication.FORMAT_FAILURE in report.sub_indications:
        return NextStep.OUTDATED
    if not _FOR_THE_PROVINCE.isdisjoint(report.sub_indications):
        return NextStep.REVIEW
    if {*report.sub_indications} != {SubIndication.SIGNED_DATA_NOT_FOUND}:
        return NextStep.ASK
    is_erased = any(check.why_vi == _ERASED for check in report.checks)
    return NextStep.ERASED if is_erased else NextStep.WITHHELD


def _to_accept(report: Report) -> NextStep:
    if report.exit_code is not Exit.PASSED:
        return NextStep.OUT_OF_FORCE
    state = report.force.in_force
    if state is InForce.UNKNOWN:
        return NextStep.FORCE_UNKNOWN
    return NextStep.CORRECTED if state is InForce.CORRECTED else NextStep.ACCEPT
