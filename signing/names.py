"""What roles and kinds of record are called where a person reads them in a terminal, in Vietnamese and English.

Words only: nothing here says what a role may do or what a record of a kind means. The kinds are those of the floor above, which
this one does not import; a test holds both tables together. Whatever has no name here is shown by its code.
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


def role_named(role: str, *, is_english: bool) -> str:
    """A role by its name, the code in brackets."""
    return _named(ROLE_NAMES, role, is_english)


def kind_named(kind: str, *, is_english: bool) -> str:
    """A kind of record by its name, the code in brackets."""
    return _named(KIND_NAMES, kind, is_english)


def _named(names: Mapping[str, tuple[str, str]], code: str, is_english: bool) -> str:
    return f"{names[code][is_english]} ({code})" if code in names else code
