"""The axes of a dossier beside its business state: money, delivery and sync, each with words for the screens.

They stay independent: signed is not issued, issued is not delivered, delivered is not synced, and being overdue or
unpaid by itself blocks nothing here.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Channel(IntEnum):
    """How a dossier came in; the national codes."""

    DIRECT = 1
    ONLINE = 2
    POSTAL = 3


class DeliveryMethod(IntEnum):
    """How a result goes out; numbered as the channels are."""

    DIRECT = 1
    ONLINE = 2
    POSTAL = 3


class PaymentMethod(IntEnum):
    CASH = 1
    TRANSFER = 2
    ONLINE = 3


class FinanceState(StrEnum):
    NOTHING_DUE = "nothing_due"
    UNPAID = "unpaid"
    PART_PAID = "part_paid"
    PAID = "paid"
    OVERPAID = "overpaid"


class DeliveryState(StrEnum):
    NOT_READY = "not_ready"
    WAITING = "waiting"
    HANDED_OVER = "handed_over"


class SyncState(StrEnum):
    """What the desk may truthfully say about a dossier's records."""

    LOCAL = "local"
    HELD = "held"
    APPLIED = "applied"
    REFUSED = "refused"


CHANNEL_WORDS: Final[Mapping[Channel, tuple[str, str]]] = MappingProxyType(
    {
        Channel.DIRECT: ("Trực tiếp", "Direct"),
        Channel.ONLINE: ("Trực tuyến", "Online"),
        Channel.POSTAL: ("Bưu chính công ích", "Postal"),
    }
)
AXIS_WORDS: Final[Mapping[FinanceState | DeliveryState | SyncState, tuple[str, str]]] = MappingProxyType(
    {
        FinanceState.NOTHING_DUE: ("Không phải nộp", "Nothing due"),
        FinanceState.UNPAID: ("Chưa nộp", "Unpaid"),
        FinanceState.PART_PAID: ("Nộp một phần", "Part paid"),
        FinanceState.PAID: ("Đã nộp đủ", "Paid"),
        FinanceState.OVERPAID: ("Nộp thừa, cần đối soát", "Overpaid, to be checked"),
        DeliveryState.NOT_READY: ("Chưa có kết quả", "No result yet"),
        DeliveryState.WAITING: ("Chờ trả kết quả", "Waiting to be handed over"),
        DeliveryState.HANDED_OVER: ("Đã trả kết quả", "Handed over"),
        SyncState.LOCAL: ("Chưa về tỉnh", "Not yet at the province"),
        SyncState.HELD: ("Đã về tỉnh, chờ kiểm tra", "At the province, not yet judged"),
        SyncState.APPLIED: ("Tỉnh đã ghi nhận", "Accepted by the province"),
        SyncState.REFUSED: ("Tỉnh chưa chấp nhận, chờ xem xét", "Refused by the province, to be reviewed"),
    }
)
DELIVERY_WORDS: Final[Mapping[DeliveryMethod, tuple[str, str]]] = MappingProxyType(
    {
        DeliveryMethod.DIRECT: ("Trả trực tiếp tại Bộ phận Một cửa", "At the one-stop desk"),
        DeliveryMethod.ONLINE: ("Trả trực tuyến", "Online"),
        DeliveryMethod.POSTAL: ("Trả qua bưu chính công ích", "By post"),
    }
)
PAYMENT_WORDS: Final[Mapping[PaymentMethod, tuple[str, str]]] = MappingProxyType(
    {
        PaymentMethod.CASH: ("Tiền mặt", "Cash"),
        PaymentMethod.TRANSFER: ("Chuyển khoản", "Bank transfer"),
        PaymentMethod.ONLINE: ("Thanh toán trực tuyến", "Online payment"),
    }
)


def finance_state(fee_due: int, paid: int) -> FinanceState:
    """Where the money stands, in đồng."""
    if paid > fee_due:
        return FinanceState.OVERPAID
    if paid == fee_due:
        return FinanceState.PAID if fee_due else FinanceState.NOTHING_DUE
    return FinanceState.PART_PAID if paid else FinanceState.UNPAID
