"""What stands on each printed form, as frozen values.

Instants are milliseconds since the epoch (UTC), days are integers yyyymmdd, money is whole đồng, exactly as in the
records; the wording on paper is made in documents.py. An empty text means "not known": the form then shows a dotted line to
be filled in by hand. Which fields the annexes of TT 03/2025/TT-VPCP ask for could not be read in the original: see
wording.FORM_TEXTS, where every form carries a verified flag.
"""

from dataclasses import dataclass
from enum import StrEnum

from dossiers.deadlines import Timeliness


class Copy(StrEnum):
    """One sheet of a form printed in several copies (liên)."""

    KEPT = "kept"
    GIVEN = "given"  # to the applicant, or to whoever collects the result


BOTH_COPIES = (Copy.KEPT, Copy.GIVEN)


class StopKind(StrEnum):
    WITHDRAWN = "withdrawn"  # the applicant asked
    STOPPED = "stopped"  # the authority decided, finally
    PAUSED = "paused"  # the authority decided; settling may resume


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The letterhead: who issues the paper, and how to reach them."""

    superior: str  # "Ủy ban nhân dân phường Hải Châu"
    name: str  # "Trung tâm Phục vụ hành chính công"
    place: str  # "Hải Châu", for the dateline
    address: str = ""
    phone: str = ""
    lookup: str = ""  # where progress can be looked up; printed as it is
    verify: str = ""  # where a stranger can check the paper's code; printed as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierCode:
    text: str
    provisional: bool = False  # given while no official number could be had


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An applicant or owner; a person or an organisation."""

    name: str
    address: str = ""
    phone: str = ""
    email: str = ""
    id_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Who signs for the authority. `capacity` may have lines: "KT. CHỦ TỊCH\\nPHÓ CHỦ TỊCH"."""

    capacity: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One component of a dossier and how many of each kind were handed in (or are asked for)."""

    name: str
    originals: int = 0
    certified_copies: int = 0
    plain_copies: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What every paper has. `day` is the date in the dateline."""

    office: Office
    day: int
    number: str = ""  # "Số: …", as the office writes it
    record: str = ""  # id of the signed record behind the paper; shown short, as a "chữ ký bản ghi"
    waiting_for_province: bool = False  # prints "Đang chờ về tỉnh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip(Form):
    """Mẫu 01: Giấy tiếp nhận hồ sơ và hẹn trả kết quả."""

    code: DossierCode
    paper_code: str = (
        ""  # what a stranger can check (signing.qr); the dossier code's QR stands where there is none
    )
    procedure: str
    submitter: Person
    owner: Person | None = None  # None: the submitter
    channel: str = ""  # "trực tiếp", "trực tuyến", "dịch vụ bưu chính công ích"
    summary: str = ""  # trích yếu, when it says more than the procedure's name
    papers: tuple[Paper, ...] = ()
    sets: int = 1
    time_limit: str = ""  # "03 ngày làm việc"
    received: int
    due: int | None
    result_place: str = ""  # where and how the result is collected
    fee_due: int = 0
    fee_paid: int = 0
    book: str = ""  # quyển số of the register
    book_number: str = ""  # số thứ tự
    officer: str
    copies: tuple[Copy, ...] = BOTH_COPIES


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementRequest(Form):
    """Mẫu 02: Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ."""

    code: DossierCode | None = None  # none before acceptance
    procedure: str
    submitter: Person
    papers: tuple[Paper, ...]
    reason: str
    deadline: int | None = None
    officer: str
    officer_phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Form):
    """Mẫu 03: Phiếu từ chối tiếp nhận giải quyết hồ sơ."""

    code: DossierCode | None = None
    procedure: str
    submitter: Person
    submitted: int | None = None
    reason: str
    guidance: str = ""  # where the applicant should go instead
    officer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apology(Form):
    """Mẫu 04: Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết."""

    code: DossierCode
    procedure: str
    addressee: Person
    received: int
    due: int  # the due date that cannot be kept
    new_due: int
    ordinal: int = 1  # which extension of this dossier
    reason: str
    signatory: Signatory


@dataclass(frozen=True, slots=True, kw_only=True)
class StopNotice(Form):
    """Mẫu 05: Thông báo dừng giải quyết hồ sơ."""

    kind: StopKind
    code: DossierCode
    procedure: str
    addressee: Person
    received: int
    stage: str = ""  # how far settling had come
    ground: str
    stopped: int
    fee_handling: str = ""
    papers_handling: str = ""
    signatory: Signatory


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlStep:
    """One hand-over on the control slip."""

    giver: str
    receiver: str
    giver_name: str = ""
    receiver_name: str = ""
    at: int | None = None
    timeliness: Timeliness | None = None  # of the giver's part of the work
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSlip(Form):
    """Mẫu 06: Phiếu kiểm soát quá trình giải quyết hồ sơ."""

    code: DossierCode
    procedure: str
    owner: Person
    received: int
    due: int | None
    agency: str  # settles the dossier
    coordinating: str = ""
    steps: tuple[ControlStep, ...] = ()
    rows_at_least: int = 4  # blank rows to be filled in by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    code: DossierCode
    procedure: str
    sets: int = 1
    name: str
    address: str = ""
    phone: str = ""
    agency: str = ""
    received: int
    due: int | None = None
    returned: int | None = None
    manner: str = ""  # how the result is collected
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Form):
    """Mẫu 07: Sổ theo dõi hồ sơ, one period of it; rows are numbered from `first_ordinal`."""

    first: int  # day
    last: int  # day
    book: str = ""
    first_ordinal: int = 1
    rows: tuple[RegisterRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultHandOver(Form):
    """Giấy biên nhận trả kết quả."""

    code: DossierCode
    paper_code: str = ""  # as on the slip; no QR where there is none
    procedure: str
    owner: Person
    receiver: Person
    receiver_capacity: str = ""  # "chủ hồ sơ", "người được ủy quyền"
    result_kind: str
    result_number: str = ""
    result_day: int | None = None
    result_signer: str = ""
    abstract: str = ""
    result_copies: int = 1
    due: int | None = None
    returned: int
    manner: str = ""
    fee_paid: int = 0
    officer: str
    copies: tuple[Copy, ...] = BOTH_COPIES


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverRow:
    code: DossierCode
    procedure: str
    owner: str
    sets: int = 1
    due: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierHandOver(Form):
    """Giấy bàn giao hồ sơ: several dossiers from one agency to another."""

    giver: str
    receiver: str
    giver_name: str = ""
    receiver_name: str = ""
    handed: int
    rows: tuple[HandOverRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report06aRow:
    """One field of work (lĩnh vực). Totals are the sums; the form adds them up itself."""

    name: str
    online: int = 0
    direct_or_postal: int = 0
    carried_over: int = 0
    solved_early: int = 0
    solved_on_time: int = 0
    solved_late: int = 0
    open_in_term: int = 0
    open_overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report06a(Form):
    """Biểu II.06a/VPCP/KSTT."""

    period: str  # "Quý I năm 2025"
    first: int  # day
    last: int  # day
    recipient: str  # đơn vị nhận báo cáo
    rows: tuple[Report06aRow, ...]
    preparer: str = ""
    signatory: Signatory
    definitions: str = ""  # which version of the counting rules made the figures
