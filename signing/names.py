"""What roles, kinds of record and their fields are called where a person reads them, in Vietnamese and English.

Words only: nothing here says what a role may do or what a record of a kind means. The kinds are those of the floor above, which
this one does not import; a test holds both tables together. Whatever has no name here is shown by its code.
The offline page takes them from here (`tools/build_verify_page.py`); which of a record's members are shown, and how, is in `compared`.
"""

from collections.abc import Mapping
from typing import Final

from signing.form_names import CHOICE_NAMES, FEE_NAMES, FORM_NAMES, PAPER_NAMES
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
    "procedure": ("Thủ tục", "Procedure"),
    "issued": ("Ngày cấp", "Issued on"),
    "due": ("Ngày hẹn trả", "Due on"),
    "unit_name": ("Cơ quan cấp", "Issued by"),
    "holder": ("Chủ hồ sơ", "Holder"),
    "birth_year": ("Năm sinh", "Year of birth"),
    "result": ("Kết quả", "Result"),
    "provisional": ("Mã tạm", "Provisional code"),
    "received": ("Thời điểm nhận", "Received"),
    "action": ("Việc đã làm", "What was done"),
    "step": ("Bước phối hợp", "Step between offices"),
    "status": ("Trạng thái", "State"),
    "from": ("Từ trạng thái", "From state"),
    "to": ("Chuyển sang trạng thái", "To state"),
    "dossier.referred to": ("Chuyển đến đơn vị", "Referred to"),
    "dossier.papers_given to": ("Giao cho đơn vị", "Handed over to"),
    "unit.allotted from": ("Từ đơn vị", "From unit"),
    "unit.allotted to": ("Giao cho đơn vị", "To unit"),
    "lease.granted from": ("Dùng từ ngày", "Valid from"),
    "dossier.moved result": ("Có kết quả", "Has a result"),
    "previous": ("Hẹn trả trước đó", "Due before that"),
    "ordinal": ("Gia hạn lần thứ", "Number of the extension"),
    "deadline": ("Hạn", "Deadline"),
    "unit": ("Đơn vị được nêu", "Unit named"),
    "channel": ("Hình thức nộp", "Channel"),
    "receiving": ("Nơi nhận", "Received at"),
    "competent": ("Nơi giải quyết", "Settled by"),
    "applicant.name": ("Người nộp", "Applicant"),
    "applicant.birth_date": ("Ngày sinh người nộp", "Applicant’s date of birth"),
    "applicant.id_number": ("Số định danh người nộp", "Applicant’s identity number"),
    "applicant.address": ("Địa chỉ người nộp", "Applicant’s address"),
    "applicant.phone": ("Điện thoại người nộp", "Applicant’s telephone"),
    "applicant.email": ("Thư điện tử người nộp", "Applicant’s e-mail"),
    "owner.name": ("Chủ hồ sơ", "Holder"),
    "owner.id_number": ("Số định danh chủ hồ sơ", "Holder’s identity number"),
    "owner.address": ("Địa chỉ chủ hồ sơ", "Holder’s address"),
    "summary": ("Trích yếu", "Summary"),
    **FORM_NAMES,
    "return_method": ("Cách nhận kết quả", "How the result is collected"),
    "paper": ("Giấy tờ", "Paper"),
    "dossier.moved items.name": ("Tên giấy tờ", "Name of the paper"),
    "form": ("Hình thức", "Form"),
    "count": ("Số lượng", "Number"),
    "reason": ("Lý do", "Reason"),
    "key.revoked reason": ("Nguyên nhân", "Cause"),
    "papers": ("Thành phần hồ sơ", "Papers"),
    "missing": ("Giấy tờ còn thiếu", "Papers missing"),
    "items": ("Yêu cầu bổ sung", "To be supplied"),
    "sets": ("Số bộ hồ sơ", "Sets"),
    "fee_due": ("Phí, lệ phí (đồng)", "Fee (đồng)"),
    "fee": ("Khoản thu", "Fee"),
    "amount": ("Số tiền (đồng)", "Amount (đồng)"),
    "method": ("Cách trả kết quả", "How the result was handed over"),
    "dossier.paid method": ("Cách nộp tiền", "How it was paid"),
    "receipt_number": ("Số biên lai", "Receipt number"),
    "payer": ("Người nộp tiền", "Payer"),
    "result.kind": ("Loại kết quả", "Kind of result"),
    "result.number": ("Số kết quả", "Number of the result"),
    "result.date": ("Ngày kết quả", "Date of the result"),
    "result.signer": ("Người ký kết quả", "Signer of the result"),
    "received_by.name": ("Người nhận kết quả", "Taken by"),
    "received_by.id_number": ("Số định danh người nhận", "Identity number of who took it"),
    "name": ("Tên", "Name"),
    "title": ("Chức vụ", "Title"),
    "roles": ("Vai trò", "Roles"),
    "delegated": ("Do đơn vị ủy quyền", "Delegated by the unit"),
    "type": ("Loại tệp", "Type of file"),
    "size": ("Cỡ (byte)", "Size (bytes)"),
    "key.revoked size": ("Mốc thu hồi (bản ghi thứ)", "Cut at record number"),
    "pages": ("Số trang", "Pages"),
    "is_result": ("Là kết quả", "Is the result"),
    "files": ("Tệp", "File"),
    "outcome": ("Kết luận", "Verdict"),
    "verdict.given code": ("Mã lý do", "Reason code"),
    "cause": ("Nguyên nhân", "Cause"),
    "stands": ("Được công nhận", "Stands"),
    "version": ("Phiên bản", "Version"),
    "unit.reorganised form": ("Hình thức sắp xếp", "Form of the re-organisation"),
    "effective": ("Có hiệu lực từ", "In force from"),
    "calendar.published first": ("Từ ngày", "From"),
    "calendar.published last": ("Đến ngày", "Until"),
    "lease.granted first": ("Số đầu", "First number"),
    "lease.granted last": ("Số cuối", "Last number"),
    "units": ("Đơn vị", "Unit"),
    "changes": ("Thay đổi", "Change"),
    "changes.from": ("Từ đơn vị", "From unit"),
    "changes.to": ("Thành đơn vị", "To unit"),
    "number": ("Số, ký hiệu", "Number"),
    "date": ("Ngày", "Date"),
    "signer": ("Người ký văn bản", "Signed by"),
    "kind": ("Loại", "Kind"),
    "ground": ("Lý do", "Ground"),
    "note": ("Ghi chú", "Note"),
}
"""Members of facts and contents as people compare them with a paper, in the order in which they are shown; what stands in a member
of a member has both names, what means something else in one kind of record has the kind before it."""
FOR_PROGRAMS: Final[frozenset[str]] = frozenset(
    {
        "procedure_version", "rule", "frozen", "officer", "device", "devices", "log", "epoch", "record", "records", "file", "replaces",
        "conflict", "choose", "leg", "slip", "given", "key", "box", "cut", "predecessors", "life", "head", "held", "other", "seq", "stop",
        "first", "last", "from_size", "until_size", "compact", "document", "dossier", "dossiers", "digitised", "reused", "sha256",
        "retryable", "closed",
    }
)  # fmt: skip
"""Members that nobody could hold against a paper: ids, positions, what programs count by. They stand in the JSON report."""
VALUE_NAMES: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    **CHOICE_NAMES,
    "paper": PAPER_NAMES,
    "fee": FEE_NAMES,
    "action": {
        "complete_supplement": ("Đã bổ sung đủ", "Supplement complete"),
        "confirm_payment": ("Đã hoàn thành nghĩa vụ tài chính", "Payment complete"),
        "correct": ("Đính chính kết quả", "Correct the result"),
        "finish": ("Ban hành kết quả", "Issue the result"),
        "forward": ("Chuyển giải quyết", "Forward for settlement"),
        "pause": ("Tạm dừng xử lý", "Pause"),
        "receive": ("Tiếp nhận hồ sơ", "Receive"),
        "refuse": ("Từ chối tiếp nhận", "Refuse"),
        "refuse_expired": ("Không tiếp nhận hồ sơ quá hạn bổ sung", "Refuse: supplement overdue"),
        "request_payment": ("Yêu cầu thực hiện nghĩa vụ tài chính", "Request payment"),
        "request_supplement": ("Yêu cầu bổ sung", "Request supplement"),
        "resume": ("Tiếp tục xử lý", "Resume"),
        "return_result": ("Trả kết quả", "Hand over the result"),
        "send_back": ("Trả lại để xử lý tiếp", "Send back"),
        "submit": ("Trình duyệt", "Submit for approval"),
        "transfer": ("Chuyển bước tiếp theo", "Hand on"),
        "withdraw": ("Cho rút hồ sơ", "Allow withdrawal"),
    },
    "step": {
        "accepted": ("Tiếp nhận xử lý", "Accepted"),
        "answered": ("Trả lời, kết thúc phối hợp", "Answered"),
        "returned": ("Trả lại, nêu lý do", "Sent back with a reason"),
        "recalled": ("Thu hồi đề nghị", "Recalled"),
    },
    "channel": {
        "1": ("Trực tiếp", "Direct"),
        "2": ("Trực tuyến", "Online"),
        "3": ("Bưu chính công ích", "Postal"),
    },
    "method": {
        "1": ("Trả trực tiếp tại Bộ phận Một cửa", "At the one-stop desk"),
        "2": ("Trả trực tuyến", "Online"),
        "3": ("Trả qua bưu chính công ích", "By post"),
    },
    "dossier.paid method": {
        "1": ("Tiền mặt", "Cash"),
        "2": ("Chuyển khoản", "Bank transfer"),
        "3": ("Thanh toán trực tuyến", "Online payment"),
    },
    "return_method": {
        "desk": ("Tại Bộ phận Một cửa", "At the one-stop desk"),
        "post": ("Qua bưu chính công ích", "By post"),
        "online": ("Bản điện tử", "Electronic copy"),
    },
    "form": {
        "1": ("bản chính", "original"),
        "2": ("bản sao chứng thực", "certified copy"),
        "3": ("bản chụp", "plain copy"),
    },
    "unit.reorganised form": {
        "merge": ("Hợp nhất, sáp nhập", "Merger"),
        "split": ("Chia, tách", "Split"),
        "move": ("Chuyển một phần", "Move"),
        "rename": ("Đổi tên", "New name"),
    },
    "roles": ROLE_NAMES,
    "outcome": {
        "pending": ("chờ kết luận", "pending"),
        "applied": ("đã công nhận", "applied"),
        "quarantined": ("chờ xem xét", "quarantined"),
    },
    "log.opened reason": {
        "new": ("máy mới", "new PC"),
        "restore": ("khôi phục từ bản sao lưu", "restored from a backup"),
        "clone": ("nghi là bản sao ổ đĩa", "suspected copy of a disk"),
        "rekey": ("đổi khóa", "new key"),
        "reorganisation": ("sắp xếp đơn vị hành chính", "re-organisation"),
    },
    "key.revoked reason": {
        "suspended": ("tạm khóa", "suspended"),
        "lost": ("mất", "lost"),
        "compromised": ("nghi lộ", "compromised"),
        "retired": ("thôi dùng", "retired"),
    },
    "copy.suspected cause": {
        "fork": ("nhật ký tách nhánh", "the log forked"),
        "two_lives": ("hai máy cùng chạy", "two PCs at work"),
    },
    "erasure.ordered ground": {
        "subject_request": ("Chủ thể dữ liệu yêu cầu xóa", "The person concerned asked for it"),
        "consent_withdrawn": ("Chủ thể dữ liệu rút lại sự đồng ý", "The person concerned withdrew consent"),
        "purpose_ended": ("Không còn cần cho mục đích đã thu thập", "No longer needed for its purpose"),
        "unlawful": (
            "Thu thập hoặc nhập trái quy định, nhập nhầm người",
            "Collected unlawfully, or entered for the wrong person",
        ),
        "authority_decision": (
            "Quyết định của cơ quan nhà nước có thẩm quyền",
            "Decision of a competent authority",
        ),
        "retention_ended": ("Hết thời hạn lưu trữ", "The retention period has ended"),
    },
}
"""What coded values are called, by the member they stand in; numbers are written as text."""
INSTANTS: Final = frozenset({"received", "deadline", "previous"})
DAYS: Final = frozenset(
    {"issued", "due", "date", "result.date", "effective", "calendar.published first", "calendar.published last", "lease.granted from"}
)  # fmt: skip
"""Days as integers; a due day that is larger than any day is an instant."""
STATE_FIELDS: Final = frozenset({"status", "from", "to"})
UNIT_FIELDS: Final = frozenset(
    {"receiving", "competent", "unit", "dossier.referred to", "dossier.papers_given to", "unit.allotted from", "unit.allotted to",
     "changes.from", "changes.to"}
)  # fmt: skip
GROUPED: Final = frozenset({"fee_due", "amount", "size"})
"""Amounts that are read in groups of three digits."""
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
