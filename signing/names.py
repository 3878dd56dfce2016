"""What roles, kinds of record and their fields are called where a person reads them, in Vietnamese and English.

Words only: nothing here says what a role may do or what a record of a kind means. The kinds are those of the floor above, which
this one does not import; a test holds both tables together. Whatever has no name here is shown by its code.
The offline page takes fields and states from here (`tools/build_verify_page.py`).
"""

from collections.abc import Mapping
from typing import Final

from signing.roles import Role

ROLE_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    Role.RECEPTIONIST: ("cán bộ một cửa", "receptionist"),
    Role.SPECIALIST: ("chuyên viên", "specialist"),
    Role.LEADER: ("lãnh đạo", "leader"),
    Role.CLERK: ("văn thư", "clerk"),
    Role.UNIT_ADMINISTRATOR: ("quản trị đơn vị", "unit administrator"),
    Role.DEVICE: ("máy trạm", "PC of an office"),
    Role.HUB: ("trung tâm tỉnh", "province’s hub"),
    Role.REGISTRY: ("sổ đăng ký khóa", "registry of keys"),
    Role.ADMINISTRATOR: ("quản trị tỉnh", "province’s administrator"),
    Role.STATISTICIAN: ("thống kê", "statistician"),
    Role.AUDITOR: ("kiểm tra", "auditor"),
    Role.KEY_AUTHORITY: ("quản lý khóa", "key authority"),
    Role.VERIFIER: ("xác minh", "verifier"),
    Role.ROOT: ("khóa gốc", "root key"),
}

KIND_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "dossier.received": ("Tiếp nhận hồ sơ", "Dossier received"),
    "dossier.amended": ("Sửa, bổ sung thông tin", "Dossier amended"),
    "dossier.moved": ("Chuyển bước xử lý", "Dossier moved"),
    "dossier.assigned": ("Phân công xử lý", "Dossier assigned"),
    "dossier.extended": ("Xin lỗi và gia hạn", "Apology and extension"),
    "dossier.paid": ("Thu phí, lệ phí", "Fee paid"),
    "dossier.paper_added": ("Thêm giấy tờ", "Papers added"),
    "dossier.paper_removed": ("Bỏ giấy tờ", "Paper removed"),
    "dossier.file_added": ("Đính kèm tệp", "Files attached"),
    "dossier.file_removed": ("Bỏ tệp đính kèm", "File removed"),
    "dossier.noted": ("Ghi chú", "Note"),
    "dossier.numbered": ("Cấp mã chính thức", "Official code given"),
    "dossier.settled": ("Thống nhất khác biệt", "Difference settled"),
    "dossier.referred": ("Chuyển lấy ý kiến, phối hợp", "Dossier referred"),
    "dossier.routed": ("Bước của hồ sơ chuyển đơn vị khác", "Step of a routed dossier"),
    "dossier.papers_given": ("Giao hồ sơ giấy", "Papers handed over"),
    "dossier.papers_taken": ("Nhận hồ sơ giấy", "Papers taken over"),
    "log.opened": ("Mở nhật ký", "Log opened"),
    "key.stated": ("Công bố khóa", "Key stated"),
    "key.requested": ("Đề nghị cấp khóa", "Key requested"),
    "key.revoked": ("Thu hồi khóa", "Key revoked"),
    "erasure.ordered": ("Quyết định xóa nội dung", "Erasure ordered"),
    "key.reinstated": ("Mở lại khóa tạm khóa", "Suspended key reinstated"),
    "copy.reviewed": (
        "Xác nhận bản sao ổ đĩa của một máy",
        "Suspected copy of a PC's disk confirmed or refused",
    ),
    "copy.suspected": ("Máy bị nghi chạy từ bản sao ổ đĩa", "Copy of a PC's disk suspected"),
    "review.given": ("Xét duyệt bản ghi sau mốc thu hồi", "Review of records after a cut"),
    "log.forked": ("Nhật ký bị tách nhánh", "Log forked"),
    "verdict.given": ("Kết luận của tỉnh", "Verdict given"),
    "lease.granted": ("Cấp dải số hồ sơ", "Number lease granted"),
    "foreign.listed": ("Hồ sơ liên quan từ đơn vị khác", "Foreign records listed"),
    "catalogue.published": ("Công bố danh mục thủ tục", "Catalogue published"),
    "calendar.published": ("Công bố lịch làm việc", "Calendar published"),
    "unit.reorganised": ("Sắp xếp đơn vị hành chính", "Units re-organised"),
    "unit.allotted": ("Giao hồ sơ cho đơn vị kế thừa", "Dossiers allotted to a successor"),
}


FIELD_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "code": ("Mã hồ sơ", "Dossier code"),
    "procedure": ("Mã thủ tục", "Procedure"),
    "issued": ("Ngày cấp", "Issued on"),
    "due": ("Ngày hẹn trả", "Due on"),
    "unit_name": ("Cơ quan cấp", "Issued by"),
    "holder": ("Chủ hồ sơ", "Holder"),
    "birth_year": ("Năm sinh", "Year of birth"),
    "result": ("Kết quả", "Result"),
    "result.number": ("Số kết quả", "Number of the result"),
    "result.date": ("Ngày kết quả", "Date of the result"),
    "result.signer": ("Người ký kết quả", "Signer of the result"),
    "result.kind": ("Loại kết quả", "Kind of result"),
    "received_by.name": ("Người nhận kết quả", "Taken by"),
    "received_by.id_number": ("Số định danh người nhận", "Identity number of who took it"),
    "provisional": ("Mã tạm", "Provisional code"),
    "received": ("Thời điểm nhận", "Received"),
    "status": ("Trạng thái", "State"),
    "from": ("Từ trạng thái", "From state"),
    "to": ("Chuyển sang trạng thái", "To state"),
    "deadline": ("Hạn", "Deadline"),
    "previous": ("Hẹn trả trước đó", "Due before that"),
    "sets": ("Số bộ hồ sơ", "Sets"),
    "fee_due": ("Phí, lệ phí (đồng)", "Fee (đồng)"),
    "channel": ("Hình thức nộp", "Channel"),
    "receiving": ("Nơi nhận", "Received at"),
    "competent": ("Nơi giải quyết", "Settled by"),
    "document": ("Mã văn bản", "Document id"),
    "applicant.name": ("Người nộp", "Applicant"),
    "applicant.id_number": ("Số định danh", "Identity number"),
    "applicant.address": ("Địa chỉ", "Address"),
    "applicant.phone": ("Điện thoại", "Telephone"),
    "owner.name": ("Chủ hồ sơ", "Holder"),
    "summary": ("Trích yếu", "Summary"),
    "number": ("Số, ký hiệu", "Number"),
    "date": ("Ngày", "Date"),
    "signer": ("Người ký văn bản", "Signed by"),
    "kind": ("Loại", "Kind"),
    "ground": ("Lý do", "Ground"),
    "note": ("Ghi chú", "Note"),
}
"""Members of facts and contents as people compare them with a paper; what stands in a member of a member has both names."""
STATE_NAMES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("Mới đăng ký", "Newly registered"),
    2: ("Đã tiếp nhận", "Received"),
    3: ("Không tiếp nhận", "Not accepted"),
    4: ("Đang xử lý", "Being settled"),
    5: ("Yêu cầu bổ sung", "Supplement requested"),
    6: ("Chờ thực hiện nghĩa vụ tài chính", "Waiting for payment"),
    7: ("Công dân rút hồ sơ", "Withdrawn by the applicant"),
    8: ("Tạm dừng xử lý", "Paused"),
    9: ("Đã có kết quả", "Result ready"),
    10: ("Đã trả kết quả", "Result handed over"),
}
"""The national states of a dossier, by their codes."""


def role_named(role: str, *, is_english: bool) -> str:
    """A role by its name, the code in brackets."""
    return _named(ROLE_NAMES, role, is_english)


def kind_named(kind: str, *, is_english: bool) -> str:
    """A kind of record by its name, the code in brackets."""
    return _named(KIND_NAMES, kind, is_english)


def _named(names: Mapping[str, tuple[str, str]], code: str, is_english: bool) -> str:
    return f"{names[code][is_english]} ({code})" if code in names else code
