"""The words of a report about a code on paper: the keys above it, its signature, and what only the reader can compare."""

from __future__ import annotations

from typing import Final

from signing.report import Check, NotChecked, Result, SubIndication

COMPARE: Final = NotChecked(
    id="paper",
    vi="Mã đúng có thể được chép sang giấy khác: so từng mục bên trên với tờ giấy.",
    en="A true code can be copied onto another paper: compare every field above with the paper.",
)


def paper_readable() -> Check:
    return Check(
        id="format",
        result=Result.PASS,
        why_vi="Mã trên giấy đúng khuôn dạng.",
        why_en="The code on paper is in the required form.",
    )


def registry_believed(key_id: str) -> Check:
    return Check(
        id="registry",
        result=Result.PASS,
        why_vi="Khóa gốc của tỉnh xác nhận sổ khóa nêu trong mã.",
        why_en="The province's root keys vouch for the registry named in the code.",
        evidence=key_id,
    )


def registry_unsigned(key_id: str) -> Check:
    return Check(
        id="registry",
        result=Result.FAIL,
        why_vi="Sổ khóa nêu trong mã không do khóa gốc của tỉnh này xác nhận.",
        why_en="The registry named in the code is not vouched for by this province's root keys.",
        evidence=key_id,
        sub_indication=SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    )


def registry_replaced(key_id: str) -> Check:
    return Check(
        id="registry",
        result=Result.UNKNOWN,
        why_vi="Sổ khóa nêu trong mã đã được tỉnh thay bằng sổ khác; đề nghị cơ quan cấp giấy in lại.",
        why_en="The province has replaced the registry named in the code; ask the issuing office to print the paper again.",
        evidence=key_id,
        sub_indication=SubIndication.REVOKED_CA_NO_POE,
    )


def device_believed(key_id: str) -> Check:
    return Check(
        id="key",
        result=Result.PASS,
        why_vi="Sổ khóa của tỉnh công bố khóa của máy đã in giấy này.",
        why_en="The province's registry states the key of the computer that printed this paper.",
        evidence=key_id,
    )


def device_unsigned(key_id: str) -> Check:
    return Check(
        id="key",
        result=Result.FAIL,
        why_vi="Khóa của máy in giấy không do sổ khóa của tỉnh công bố.",
        why_en="The key of the printing computer was not stated by the province's registry.",
        evidence=key_id,
        sub_indication=SubIndication.SIG_CRYPTO_FAILURE,
    )


def device_provincial(key_id: str) -> Check:
    return Check(
        id="authority",
        result=Result.FAIL,
        why_vi="Giấy được ký bằng khóa không phải của máy tại đơn vị.",
        why_en="The paper was signed with a key that is not that of an office's computer.",
        evidence=key_id,
        sub_indication=SubIndication.MC_ROLE,
    )


def paper_signed(record_id: str) -> Check:
    return Check(
        id="signature",
        result=Result.PASS,
        why_vi="Mã do máy của đơn vị ký, chưa bị sửa.",
        why_en="The code was signed by the office's computer and is unchanged.",
        evidence=record_id,
    )


def paper_forged(key_id: str) -> Check:
    return Check(
        id="signature",
        result=Result.FAIL,
        why_vi="Chữ ký trong mã không khớp với nội dung của mã.",
        why_en="The signature in the code does not match what the code says.",
        evidence=key_id,
        sub_indication=SubIndication.SIG_CRYPTO_FAILURE,
    )
