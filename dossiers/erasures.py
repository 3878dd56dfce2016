"""The legal grounds on which an erasure order may rest: a closed list, so that the header of an order says nothing personal.

Every order names one of them; number, date and signer of the written decision stand in its body. That a body may go does
not mean that it must: erasure is limited by the law on archives, which the person who decides has to weigh. Sources:
Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 (in force 2026-01-01), Luật Lưu trữ 33/2024/QH15 (in force 2025-07-01). The
shapes of facts and body are in `kinds`; what an order covers is in `sync_protocol.erasure`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

RECORDS_MAX: Final = 256
"""How many records one order may name; an order about a whole dossier names none."""

_PERSONAL_DATA: Final = "Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15"
_ARCHIVES: Final = "Luật Lưu trữ 33/2024/QH15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One legal ground; `law` is cited in Vietnamese in both languages."""

    code: str
    law: str
    vi: str
    en: str


GROUNDS: Final[Mapping[str, Ground]] = MappingProxyType(
    {
        ground.code: ground
        for ground in (
            Ground(
                code="subject_request",
                law=_PERSONAL_DATA,
                vi="Chủ thể dữ liệu yêu cầu xóa",
                en="The person concerned asked for it",
            ),
            Ground(
                code="consent_withdrawn",
                law=_PERSONAL_DATA,
                vi="Chủ thể dữ liệu rút lại sự đồng ý",
                en="The person concerned withdrew consent",
            ),
            Ground(
                code="purpose_ended",
                law=_PERSONAL_DATA,
                vi="Không còn cần cho mục đích đã thu thập",
                en="No longer needed for its purpose",
            ),
            Ground(
                code="unlawful",
                law=_PERSONAL_DATA,
                vi="Thu thập hoặc nhập trái quy định, nhập nhầm người",
                en="Collected unlawfully, or entered for the wrong person",
            ),
            Ground(
                code="authority_decision",
                law=_PERSONAL_DATA,
                vi="Quyết định của cơ quan nhà nước có thẩm quyền",
                en="Decision of a competent authority",
            ),
            Ground(
                code="retention_ended",
                law=_ARCHIVES,
                vi="Hết thời hạn lưu trữ",
                en="The retention period has ended",
            ),
        )
    }
)
