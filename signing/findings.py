"""The words of a report: every check that verification can record, its outcome and its sentence in both languages.

Apart from verification, so that a person can read all that the verifier can ever say in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from signing import reasons
from signing.reasons import Reason
from signing.report import Check, Indication, InForce, NotChecked, Result, SubIndication

LEGAL_SIGNATURE: Final = NotChecked(
    id="legal_signature",
    vi="Đây là chữ ký điện tử chuyên dùng của hệ thống; chữ ký số trên tệp PDF kết quả phải kiểm tra riêng.",
    en="This is the system's specialised electronic signature; a digital signature on a PDF result is checked apart.",
)

ROOT_NOT_PINNED: Final = NotChecked(
    id="root",
    vi="Chưa đối chiếu dấu vân tay khóa gốc với văn bản chính thức của tỉnh.",
    en="The root fingerprint was not compared with the province's official letter.",
)

_HEADLINES: Final = {
    Indication.PASSED: ("Hợp lệ", "Valid"),
    Indication.FAILED: ("Không hợp lệ", "Not valid"),
    Indication.INDETERMINATE: ("Chưa kết luận được", "Undecided"),
}


_OUT_OF_FORCE: Final = {
    InForce.WITHDRAWN: (
        "Không còn hiệu lực: chữ ký đúng, nhưng văn bản đã bị thu hồi",
        "Not in force: the signature is right, but the document was withdrawn",
    ),
    InForce.SUPERSEDED: (
        "Không còn hiệu lực: chữ ký đúng, nhưng văn bản đã được thay thế",
        "Not in force: the signature is right, but the document was superseded",
    ),
}


def summary(
    indication: Indication, checks: Sequence[Check], in_force: InForce, numbers: str = ""
) -> tuple[str, str]:
    """One sentence in each language: the answer, and the first reason for it. `numbers` names the records that are out of
    force or corrected, where the file has others too."""
    if indication is Indication.PASSED and in_force in _OUT_OF_FORCE:
        vi, en = _OUT_OF_FORCE[in_force]
        named_vi, named_en = _named(numbers)
        return f"{vi}{named_vi}.", f"{en}{named_en}."
    reason_vi, reason_en = _first_reason(indication, checks, in_force, numbers)
    headline_vi, headline_en = _HEADLINES[indication]
    return f"{headline_vi}: {reason_vi}", f"{headline_en}: {reason_en}"


def _named(numbers: str) -> tuple[str, str]:
    return (f" (bản ghi {numbers})", f" (record {numbers})") if numbers else ("", "")


def _first_reason(
    indication: Indication, checks: Sequence[Check], in_force: InForce, numbers: str
) -> tuple[str, str]:
    if indication is not Indication.PASSED:
        deciding = Result.FAIL if indication is Indication.FAILED else Result.UNKNOWN
        first = next(
            check for check in checks if check.result is deciding and check.sub_indication is not None
        )
        return _continued(first.why_vi), _continued(first.why_en)
    vi, en = "chữ ký đúng và người ký có thẩm quyền", "the signature is right and the signer was entitled"
    if any(check.id == "delegation" and check.result is Result.UNKNOWN for check in checks):
        vi = "chữ ký đúng, người ký do đơn vị cấp quyền và tỉnh chưa xác nhận"
        en = "the signature is right; the signer was enrolled by the unit and is unconfirmed by the province"
    if any(check.id == "freshness" and check.result is Result.UNKNOWN for check in checks):
        vi, en = f"{vi}; trạng thái đã cũ", f"{en}; the status is old"
    if in_force is InForce.CORRECTED:
        named_vi, named_en = _named(numbers)
        vi = f"{vi}; văn bản đã được đính chính{named_vi}"
        en = f"{en}; the document was corrected{named_en}"
    return f"{vi}.", f"{en}."


def _continued(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def not_readable(detail: str) -> Check:
    return Check(
        id="format",
        result=Result.FAIL,
        why_vi="Đây không phải tệp chứng minh, bản ghi xuất ra hay mã trên giấy của hệ thống, hoặc đã bị sửa.",
        why_en="This is no proof, exported record or paper code of this system, or it was changed.",
        evidence=detail,
        sub_indication=SubIndication.FORMAT_FAILURE,
    )


def readable(statements: int) -> Check:
    return Check(
        id="format",
        result=Result.PASS,
        why_vi="Tệp đúng khuôn dạng.",
        why_en="The file is in the required form.",
        evidence=f"statements: {statements}",
    )


def header_malformed(detail: str) -> Check:
    return Check(
        id="header",
        result=Result.FAIL,
        why_vi="Phần được ký không đúng khuôn dạng quy định.",
        why_en="The signed part is not in the required form.",
        evidence=detail,
        sub_indication=SubIndication.FORMAT_FAILURE,
    )


def header(version: int, *, is_known: bool) -> Check:
    if is_known:
        return Check(
            id="header",
            result=Result.PASS,
            why_vi="Phần được ký đúng khuôn dạng quy định.",
            why_en="The signed part is in the required form.",
            evidence=f"v: {version}",
        )
    return Check(
        id="header",
        result=Result.UNKNOWN,
        why_vi="Bản ghi thuộc phiên bản mới hơn chương trình kiểm tra này; cần cập nhật chương trình.",
        why_en="The record is of a version that this verifier does not know; update the verifier.",
        evidence=f"v: {version}",
        sub_indication=SubIndication.FORMAT_FAILURE,
    )


def statement_refused(record_id: str, reason: Reason) -> Check:
    return Check(
        id="statement",
        result=Result.SKIPPED,
        why_vi=f"Bỏ qua một bản công bố khóa kèm theo ({reason.code}): {_continued(reason.vi)}",
        why_en=f"A key statement of the file was left aside ({reason.code}): {_continued(reason.en)}",
        evidence=record_id,
    )


def key_unknown(key_id: str, *, some_refused: bool) -> Check:
    return Check(
        id="key",
        result=Result.UNKNOWN,
        why_vi="Không tìm được chuỗi công bố từ tỉnh đến khóa đã ký.",
        why_en="No chain of statements leads from the province to the signing key.",
        evidence=key_id,
        sub_indication=(
            SubIndication.NO_CERTIFICATE_CHAIN_FOUND
            if some_refused
            else SubIndication.NO_SIGNING_CERTIFICATE_FOUND
        ),
    )


def key_known(key_id: str) -> Check:
    return Check(
        id="key",
        result=Result.PASS,
        why_vi="Khóa đã ký được công bố theo chuỗi từ tỉnh.",
        why_en="A chain of statements leads from the province to the signing key.",
        evidence=key_id,
    )


def signature_wrong(key_id: str) -> Check:
    return Check(
        id="signature",
        result=Result.FAIL,
        why_vi="Chữ ký không khớp với nội dung được ký.",
        why_en="The signature does not match the signed content.",
        evidence=key_id,
        sub_indication=SubIndication.SIG_CRYPTO_FAILURE,
    )


def signature_right(record_id: str) -> Check:
    return Check(
        id="signature",
        result=Result.PASS,
        why_vi="Chữ ký đúng.",
        why_en="The signature is right.",
        evidence=record_id,
    )


def not_entitled(reason: Reason, key_id: str) -> Check:
    return Check(
        id="authority",
        result=Result.FAIL,
        why_vi=reason.vi,
        why_en=reason.en,
        evidence=key_id,
        sub_indication=SubIndication.MC_UNIT if reason is reasons.UNIT else SubIndication.MC_ROLE,
    )


def authority_open(key_id: str) -> Check:
    """Not a no: what is newer than this verifier, or than its trust bundle, may have roles of its own."""
    return Check(
        id="authority",
        result=Result.UNKNOWN,
        why_vi="Chưa kiểm tra được ai có quyền ký loại bản ghi này: bản ghi mới hơn chương trình kiểm tra hoặc bản tin cậy "
        "đang dùng; cần cập nhật.",
        why_en="Who may sign this kind of record was not checked: the record is newer than this verifier or its trust "
        "bundle; update them.",
        evidence=key_id,
        sub_indication=SubIndication.MC_ROLE,
    )


def entitled(key_id: str) -> Check:
    return Check(
        id="authority",
        result=Result.PASS,
        why_vi="Vai trò và đơn vị của người ký cho phép việc này.",
        why_en="The signer's role and unit permit this act.",
        evidence=key_id,
    )


def delegation(key_id: str, *, is_delegated: bool) -> Check:
    """Informs only: a delegated key is effective at once, but a reader must see that the province has not confirmed it."""
    if is_delegated:
        return Check(
            id="delegation",
            result=Result.UNKNOWN,
            why_vi="Khóa do quản trị viên đơn vị cấp theo ủy quyền, tỉnh chưa xác nhận.",
            why_en="The key was stated by the unit's administrator by delegation; the province has not confirmed it.",
            evidence=key_id,
        )
    return Check(
        id="delegation",
        result=Result.PASS,
        why_vi="Khóa do tỉnh trực tiếp công bố.",
        why_en="The key was stated by the province itself.",
        evidence=key_id,
    )


def content_none() -> Check:
    return Check(
        id="content",
        result=Result.PASS,
        why_vi="Bản ghi không có phần nội dung riêng.",
        why_en="The record has no separate content.",
    )


def content_missing(body_hash: str | None) -> Check:
    return Check(
        id="content",
        result=Result.UNKNOWN,
        why_vi="Nội dung không kèm theo tệp (đã xóa theo quy định hoặc không được chia sẻ).",
        why_en="The content is not in the file (erased by rule, or not shared).",
        evidence=body_hash,
        sub_indication=SubIndication.SIGNED_DATA_NOT_FOUND,
    )


def content_erased(order: str) -> Check:
    return Check(
        id="content",
        result=Result.UNKNOWN,
        why_vi="Nội dung đã được xóa theo quyết định kèm trong tệp.",
        why_en="The content was erased by the order that the file holds.",
        evidence=order,
        sub_indication=SubIndication.SIGNED_DATA_NOT_FOUND,
    )


def content_altered(body_hash: str) -> Check:
    return Check(
        id="content",
        result=Result.FAIL,
        why_vi="Nội dung kèm theo không phải nội dung đã được ký.",
        why_en="The content in the file is not what was signed.",
        evidence=body_hash,
        sub_indication=SubIndication.HASH_FAILURE,
    )


def content_malformed(body_hash: str | None) -> Check:
    return Check(
        id="content",
        result=Result.FAIL,
        why_vi="Nội dung đã ký không đúng khuôn dạng quy định.",
        why_en="The signed content is not in the required form.",
        evidence=body_hash,
        sub_indication=SubIndication.FORMAT_FAILURE,
    )


def content_right(body_hash: str | None) -> Check:
    return Check(
        id="content",
        result=Result.PASS,
        why_vi="Nội dung khớp với mã băm trong phần được ký.",
        why_en="The content matches the digest in the signed part.",
        evidence=body_hash,
    )
