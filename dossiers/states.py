"""The ten national states of a dossier, with their words, their clock and their place in reports; the printed forms.

Which state follows which is in `lifecycle`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Status(IntEnum):
    """The national code set."""

    NEW = 1
    RECEIVED = 2
    REFUSED = 3
    PROCESSING = 4
    SUPPLEMENT = 5
    PAYMENT = 6
    WITHDRAWN = 7
    PAUSED = 8
    SOLVED = 9
    RETURNED = 10


class Clock(StrEnum):
    """What a state or a move means for the time limit."""

    NONE = "none"
    STARTS = "starts"
    RUNS = "runs"
    STOPS = "stops"
    RESUMES = "resumes"
    ENDS = "ends"


class Bucket(StrEnum):
    """Where reports count a dossier in this state."""

    EXCLUDED = "excluded"
    PROCESSING = "processing"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    SOLVED = "solved"


class Form(StrEnum):
    """The printed forms of TT 03/2025, Annex I."""

    MAU_01 = "mau01"
    MAU_02 = "mau02"
    MAU_03 = "mau03"
    MAU_04 = "mau04"
    MAU_05 = "mau05"
    MAU_06 = "mau06"
    MAU_07 = "mau07"


FORM_NAMES: Final[Mapping[Form, tuple[str, str]]] = MappingProxyType(
    {
        Form.MAU_01: ("Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "Slip of receipt with return date"),
        Form.MAU_02: ("Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ", "Supplement request"),
        Form.MAU_03: ("Phiếu từ chối tiếp nhận giải quyết hồ sơ", "Refusal"),
        Form.MAU_04: ("Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết", "Apology and extension"),
        Form.MAU_05: ("Thông báo dừng giải quyết hồ sơ", "Stop notice"),
        Form.MAU_06: ("Phiếu kiểm soát quá trình giải quyết hồ sơ", "Control slip"),
        Form.MAU_07: ("Sổ theo dõi hồ sơ", "Register of dossiers"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A status with its words, what the clock does in it, and where reports count it."""

    status: Status
    vi: str
    en: str
    clock: Clock
    bucket: Bucket


def _states(*rows: tuple[Status, str, str, Clock, Bucket]) -> Mapping[Status, State]:
    table = {
        status: State(status=status, vi=vi, en=en, clock=clock, bucket=bucket)
        for status, vi, en, clock, bucket in rows
    }
    return MappingProxyType(table)


STATES: Final = _states(
    (Status.NEW, "Mới đăng ký", "Newly registered", Clock.NONE, Bucket.EXCLUDED),
    (Status.RECEIVED, "Đã tiếp nhận", "Received", Clock.RUNS, Bucket.PROCESSING),
    (Status.REFUSED, "Không tiếp nhận", "Not accepted", Clock.NONE, Bucket.EXCLUDED),
    (Status.PROCESSING, "Đang xử lý", "Being settled", Clock.RUNS, Bucket.PROCESSING),
    (Status.SUPPLEMENT, "Yêu cầu bổ sung", "Supplement requested", Clock.STOPS, Bucket.WAITING),
    (Status.PAYMENT, "Chờ thực hiện nghĩa vụ tài chính", "Waiting for payment", Clock.STOPS, Bucket.WAITING),
    (Status.WITHDRAWN, "Công dân rút hồ sơ", "Withdrawn by the applicant", Clock.ENDS, Bucket.WITHDRAWN),
    (Status.PAUSED, "Tạm dừng xử lý", "Paused", Clock.STOPS, Bucket.WAITING),
    (Status.SOLVED, "Đã có kết quả", "Result ready", Clock.ENDS, Bucket.SOLVED),
    (Status.RETURNED, "Đã trả kết quả", "Result handed over", Clock.ENDS, Bucket.SOLVED),
)
