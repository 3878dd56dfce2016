"""The words of a report about what surrounds a signature: the province's log, status, force, files, freshness.

The same house as `findings`, in a second room so that each can be read whole. A check without a sub-indication informs and
decides nothing.
"""

from __future__ import annotations

from typing import Final

from signing.report import Check, Indication, InForce, LogPosition, NotChecked, Result, SubIndication
from signing.status import Row, StatusFinding

NOT_LOGGED: Final = NotChecked(
    id="log",
    vi="Chưa kiểm tra bản ghi có trong nhật ký minh bạch của tỉnh hay không.",
    en="Whether the record is in the province's transparency log was not checked.",
)
NO_STATUS: Final = NotChecked(
    id="revocation",
    vi="Chưa kiểm tra khóa ký có bị thu hồi sau khi phát hành gói tin cậy hay không.",
    en="Whether the signing key was revoked after the trust bundle was issued was not checked.",
)
AFTER_STATUS: Final = NotChecked(
    id="revocation_since",
    vi="Chưa kiểm tra những gì xảy ra sau bản trạng thái đã dùng (thu hồi khóa, thu hồi văn bản).",
    en="What happened after the status that was used (keys revoked, documents withdrawn) was not checked.",
)
NO_TIME: Final = NotChecked(
    id="time",
    vi="Thời điểm ký do máy của người ký khai báo, chưa có bên thứ ba xác nhận.",
    en="The time of signing is claimed by the signer's computer; no third party confirms it.",
)
NO_FORCE: Final = NotChecked(
    id="in_force",
    vi="Chưa kiểm tra văn bản còn hiệu lực hay đã bị sửa đổi, thu hồi bởi bản ghi khác.",
    en="Whether the document is still in force, or was amended or withdrawn by another record, was not checked.",
)
FILES: Final = NotChecked(
    id="files",
    vi="Chưa so tệp đính kèm với mã băm trong nội dung đã ký.",
    en="The attached files themselves were not compared with the digests in the signed content.",
)

_IN_FORCE: Final = {
    InForce.YES: ("Văn bản còn hiệu lực.", "The document is in force."),
    InForce.WITHDRAWN: ("Văn bản đã bị thu hồi.", "The document was withdrawn."),
    InForce.SUPERSEDED: ("Văn bản đã được thay thế.", "The document was superseded."),
    InForce.CORRECTED: (
        "Văn bản đã được đính chính; xem bản đính chính.",
        "The document was corrected; see the correction.",
    ),
    InForce.UNKNOWN: (
        "Chưa biết văn bản còn hiệu lực hay không.",
        "Whether the document is in force is not known.",
    ),
}
_ROWS: Final = {
    Row.SILENT: ("Không có ghi nhận nào bất lợi cho khóa đã ký.", "Nothing is recorded against the signing key."),
    Row.UNLOGGED: (
        "Không có ghi nhận nào bất lợi cho khóa đã ký (bản ghi hoặc công bố khóa chưa chứng minh là đã có trong nhật ký minh bạch).",
        "Nothing is recorded against the signing key (the record, or the statement of its key, is not shown to be in the log).",
    ),
    Row.BEFORE_CUT: (
        "Khóa đã bị thu hồi, nhưng bản ghi này được ký trước mốc thu hồi.",
        "The key was revoked, but this record was signed before the cut.",
    ),
    Row.RETIRED_AFTER: (
        "Bản ghi được ký sau khi khóa đã ngừng sử dụng.",
        "The record was signed after the key was retired.",
    ),
    Row.LOST_AFTER: (
        "Khóa đã bị báo mất hoặc tạm dừng, và bản ghi đến sau mốc đó; chờ tỉnh xem xét.",
        "The key was reported lost or suspended, and the record came after that; the province has to review it.",
    ),
    Row.COMPROMISED_AFTER: (
        "Khóa bị nghi lộ kể từ trước bản ghi này; chờ tỉnh xem xét.",
        "The key is suspected of being stolen since before this record; the province has to review it.",
    ),
    Row.ISSUER_AFTER: (
        "Bên công bố khóa đã bị thu hồi trước khi công bố khóa này; chờ tỉnh công bố lại.",
        "Whoever stated the signing key was cut off before; the province has to state it again.",
    ),
    Row.UNPROVEN: (
        "Khóa đã bị thu hồi, và chưa chứng minh được bản ghi có trước mốc thu hồi.",
        "The key was revoked, and nothing shows that the record was there before the cut.",
    ),
    Row.FORKED: (
        "Có hai bản ghi khác nhau ở cùng một vị trí trong nhật ký của máy đã ký.",
        "Two different records claim the same place in the log of the signing computer.",
    ),
    Row.DOCUMENT_UNLOGGED: (
        "Văn bản này đã có thay đổi hiệu lực, và bản ghi chưa được chứng minh là đã có trong nhật ký minh bạch của tỉnh.",
        "Something was recorded about this document, and the record is not shown to be in the log.",
    ),
    Row.REVIEWED: (
        "Bản ghi đã được tỉnh xem xét và công nhận.",
        "The province reviewed the record and lets it stand.",
    ),
    Row.REFUSED: ("Tỉnh đã xem xét và không công nhận bản ghi.", "The province reviewed the record and refused it."),
}  # fmt: skip
_RESULTS: Final = {
    Indication.PASSED: Result.PASS,
    Indication.FAILED: Result.FAIL,
    Indication.INDETERMINATE: Result.UNKNOWN,
}


def checkpoint_refused(position: int, detail: str, *, is_short: bool) -> Check:
    """Evidence left aside: it proves nothing, and decides nothing either."""
    if is_short:
        vi = "Điểm chốt của nhật ký minh bạch chưa đủ bên chứng kiến nên không được tính."
        en = "A checkpoint of the log lacks witnesses and is left aside."
    else:
        vi = "Điểm chốt của nhật ký minh bạch không kiểm chứng được nên không được tính."
        en = "A checkpoint of the log does not hold and is left aside."
    return Check(
        id="checkpoint",
        result=Result.SKIPPED,
        why_vi=vi,
        why_en=en,
        evidence=f"/checkpoints/{position}: {detail}",
    )


def checkpoint_believed(origin: str, size: int) -> Check:
    return Check(
        id="checkpoint",
        result=Result.PASS,
        why_vi="Điểm chốt của nhật ký minh bạch đúng chữ ký và đủ bên chứng kiến.",
        why_en="The checkpoint of the log is rightly signed and has its witnesses.",
        evidence=f"{origin} {size}",
    )


def logged(position: LogPosition) -> Check:
    return Check(
        id="log",
        result=Result.PASS,
        why_vi="Bản ghi có trong nhật ký minh bạch của tỉnh.",
        why_en="The record is in the province's transparency log.",
        evidence=f"{position.origin} {position.index}/{position.size}",
    )


def not_logged(*, has_evidence: bool, is_short: bool, is_required: bool) -> Check:
    """Nothing shows that the record is logged; that decides only where the caller requires a log."""
    if is_short:
        vi = "Chưa chứng minh được bản ghi có trong nhật ký minh bạch của tỉnh: thiếu bên chứng kiến."
        en = "Nothing shows that the record is in the province's log: witnesses are lacking."
    elif has_evidence:
        vi = "Chưa chứng minh được bản ghi có trong nhật ký minh bạch của tỉnh: bằng chứng trong tệp không dùng được."
        en = "Nothing shows that the record is in the province's log: the evidence of the file does not hold."
    else:
        vi = "Chưa chứng minh được bản ghi có trong nhật ký minh bạch của tỉnh: tệp không có bằng chứng."
        en = "Nothing shows that the record is in the province's log: the file has no evidence of it."
    sub_indication = SubIndication.MC_QUORUM if is_short else SubIndication.MC_NOT_LOGGED
    return Check(
        id="log",
        result=Result.UNKNOWN,
        why_vi=vi,
        why_en=en,
        sub_indication=sub_indication if is_required else None,
    )


def status(found: StatusFinding) -> Check:
    vi, en = _ROWS[found.row]
    return Check(
        id="status",
        result=_RESULTS[found.indication],
        why_vi=vi,
        why_en=en,
        evidence=found.place.record if found.event is None else found.event.record,
        sub_indication=found.sub_indication,
    )


def status_left_aside(detail: str) -> Check:
    return Check(
        id="snapshot",
        result=Result.SKIPPED,
        why_vi="Bản trạng thái trong tệp không dùng được nên không được tính.",
        why_en="The status snapshot of the file does not hold and is left aside.",
        evidence=detail,
    )


def status_fresh(*, is_old: bool, days: int | None) -> Check:
    if is_old:
        vi = "Bản trạng thái đã hơn 7 ngày; nếu có thể, dùng bản mới hơn."
        en = "The status is more than 7 days old; use a newer one if there is one."
    else:
        vi, en = "Bản trạng thái còn mới.", "The status is recent."
    return Check(
        id="freshness",
        result=Result.UNKNOWN if is_old else Result.PASS,
        why_vi=vi,
        why_en=en,
        evidence=None if days is None else f"days: {days}",
    )


def status_stale(days: int) -> Check:
    return Check(
        id="freshness",
        result=Result.UNKNOWN,
        why_vi="Bản trạng thái đã quá cũ để kết luận; lấy bản mới của tỉnh rồi kiểm tra lại.",
        why_en="The status is too old to decide by; get a new one from the province and verify again.",
        evidence=f"days: {days}",
        sub_indication=SubIndication.TRY_LATER,
    )


def forked(other: str) -> Check:
    return Check(
        id="chain",
        result=Result.UNKNOWN,
        why_vi="Tệp có hai bản ghi khác nhau nhận cùng một vị trí trong nhật ký của máy đã ký.",
        why_en="The file has two different records that claim the same place in the log of the signing computer.",
        evidence=other,
        sub_indication=SubIndication.MC_CHAIN_FORKED,
    )


def algorithm_stood(evidence: str) -> Check:
    """The algorithm is broken since; informs only."""
    return Check(
        id="algorithm",
        result=Result.PASS,
        why_vi="Thuật toán chữ ký nay không còn an toàn, nhưng bản ghi đã có trong nhật ký minh bạch trước đó.",
        why_en="The signature algorithm is broken by now, but the record was in the log before.",
        evidence=evidence,
    )


def algorithm_broken(evidence: str) -> Check:
    return Check(
        id="algorithm",
        result=Result.UNKNOWN,
        why_vi="Thuật toán chữ ký không còn an toàn, và chưa chứng minh được bản ghi có trong nhật ký minh bạch trước đó.",
        why_en="The signature algorithm is broken, and nothing shows that the record was in the log before.",
        evidence=evidence,
        sub_indication=SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    )


def too_early(evidence: str) -> Check:
    return Check(
        id="interval",
        result=Result.FAIL,
        why_vi="Bản ghi được ký trước khi khóa có hiệu lực.",
        why_en="The record was signed before the key was entitled.",
        evidence=evidence,
        sub_indication=SubIndication.NOT_YET_VALID,
    )


def too_late(evidence: str) -> Check:
    return Check(
        id="interval",
        result=Result.FAIL,
        why_vi="Bản ghi được ký sau khi quyền của khóa đã hết.",
        why_en="The record was signed after the key's entitlement had ended.",
        evidence=evidence,
        sub_indication=SubIndication.REVOKED,
    )


def interval_unproven(evidence: str) -> Check:
    return Check(
        id="interval",
        result=Result.UNKNOWN,
        why_vi="Khóa chỉ có hiệu lực trong một khoảng của nhật ký minh bạch, và chưa chứng minh được bản ghi nằm trong đó.",
        why_en="The key counts for a stretch of the log only, and nothing shows that the record lies in it.",
        evidence=evidence,
        sub_indication=SubIndication.NO_POE,
    )


def in_force(state: InForce, evidence: str | None) -> Check:
    """The second axis: it never changes what is said of the signature."""
    vi, en = _IN_FORCE[state]
    results = {InForce.YES: Result.PASS, InForce.UNKNOWN: Result.UNKNOWN}
    return Check(
        id="in_force", result=results.get(state, Result.FAIL), why_vi=vi, why_en=en, evidence=evidence
    )


def file_named(digest: str) -> Check:
    return Check(
        id="attachment",
        result=Result.PASS,
        why_vi="Nội dung đã ký có nêu mã băm của tệp đính kèm.",
        why_en="The signed content names the attachment's digest.",
        evidence=digest,
    )


def file_not_named(digest: str) -> Check:
    return Check(
        id="attachment",
        result=Result.FAIL,
        why_vi="Nội dung đã ký không nêu mã băm của tệp đính kèm này.",
        why_en="The signed content does not name this attachment's digest.",
        evidence=digest,
        sub_indication=SubIndication.HASH_FAILURE,
    )


def file_unproven(digest: str) -> Check:
    return Check(
        id="attachment",
        result=Result.UNKNOWN,
        why_vi="Không có nội dung đã ký để đối chiếu mã băm của tệp đính kèm.",
        why_en="The signed content that would name the attachment's digest is not in the file.",
        evidence=digest,
        sub_indication=SubIndication.SIGNED_DATA_NOT_FOUND,
    )
