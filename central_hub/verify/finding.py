"""A verification report as the page shows it: one word, what to compare with the paper, why, and what was not checked."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from central_hub.problems import language
from central_hub.services import Services
from central_hub.words import kind_name, plain, role_names
from dossiers.presentation import fmt_date, fmt_datetime, fmt_span
from dossiers.procedures import Catalogue
from dossiers.states import STATES, Status
from signing.report import Exit, Indication, InForce, Report, Result

_LINES_MAX = 40


def finding_of(report: Report, services: Services, catalogue: Catalogue) -> dict[str, Any]:
    """The values of the macro `finding`, and who signed."""
    english = language() == "en"
    return {
        "outcome": _outcome(report),
        "force": _force(report),
        "what": _what(report, services),
        "next_step": _next(report),
        "compare": _compare(report, services, catalogue),
        "reasons": [
            check.why_en if english else check.why_vi
            for check in report.checks
            if check.result is not Result.SKIPPED
        ],
        "unchecked": [item.en if english else item.vi for item in report.not_checked],
        "age": _age(report),
        "report": report.json(),
    }


def _what(report: Report, services: Services) -> str:
    document = report.document
    if document is None:
        return _("Tệp này không đọc được như một bản ghi.")
    unit = services.units.name(document.unit)
    signer = report.signers[0] if report.signers else None
    if signer is None:
        return _("%(kind)s, đơn vị ghi trong tệp: %(unit)s", kind=kind_name(document.kind), unit=unit)
    return _(
        "%(kind)s của %(unit)s, người ký: %(name)s (%(roles)s)",
        kind=kind_name(document.kind),
        unit=unit,
        name=signer.name or _("không rõ tên"),
        roles=role_names(list(signer.roles)),
    )


def _outcome(report: Report) -> str:
    """A right signature under a document out of force is not shown as something to accept."""
    if report.indication is Indication.PASSED and report.exit_code is not Exit.PASSED:
        return Indication.FAILED.value.lower()
    return report.indication.value.lower()


def _force(report: Report) -> str | None:
    """The second axis, apart from the signature."""
    if report.document is None:
        return None
    return {
        InForce.YES: _("Văn bản còn hiệu lực."),
        InForce.WITHDRAWN: _("Chữ ký đúng, nhưng văn bản đã bị thu hồi."),
        InForce.SUPERSEDED: _("Chữ ký đúng, nhưng văn bản đã được thay thế."),
        InForce.CORRECTED: _("Văn bản đã được đính chính; xem bản đính chính."),
        InForce.UNKNOWN: None,
    }[report.document.in_force]


def _next(report: Report) -> str:
    if _outcome(report) == Indication.FAILED.value.lower():
        return _("Không dùng giấy tờ này. Liên hệ đơn vị ghi trên giấy theo số điện thoại chính thức.")
    return {
        Indication.PASSED: _("Đối chiếu từng mục dưới đây với bản giấy. Khớp hết thì chấp nhận."),
        Indication.INDETERMINATE: _(
            "Chưa đủ căn cứ. Xin tệp xuất lại từ đơn vị phát hành rồi kiểm tra lại; chưa nên từ chối."
        ),
    }[report.indication]


def _age(report: Report) -> str | None:
    if report.status is not None and report.status.age_ms is not None:
        return _(
            "Trạng thái khóa và văn bản của tỉnh, cách đây %(span)s.",
            span=fmt_span(report.status.age_ms, language()),
        )
    if report.trust.age_ms is None:
        return None
    return _(
        "Trạng thái khóa theo tệp tin cậy của tỉnh, phát hành cách đây %(span)s.",
        span=fmt_span(report.trust.age_ms, language()),
    )


def _compare(report: Report, services: Services, catalogue: Catalogue) -> list[tuple[str, str]]:
    """What a person holds against the paper; only what a verified signature covers."""
    document = report.document
    if document is None or document.facts is None or report.indication is Indication.FAILED:
        return []
    lines = [*_facts(document.facts, services, catalogue), *_content(document.content or {})][:_LINES_MAX]
    if report.claimed_ms is not None:
        lines.append((_("Ký lúc (máy khai)"), fmt_datetime(report.claimed_ms)))
    before, after = report.subject.not_before, report.subject.not_after
    if before is not None and before.time_ms is not None:
        lines.append((_("Ký sau (bên chứng kiến)"), fmt_datetime(before.time_ms)))
    if after is not None:
        shown = str(after.size) if after.time_ms is None else fmt_datetime(after.time_ms)
        lines.append((_("Vào sổ của tỉnh trước"), shown))
    return lines


def _facts(facts: Mapping[str, Any], services: Services, catalogue: Catalogue) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if facts.get("code"):
        found.append((_("Mã hồ sơ"), str(facts["code"])))
    if isinstance(facts.get("procedure"), str):
        known = [p for p in catalogue.procedures if p.code == facts["procedure"]]
        found.append((_("Thủ tục"), plain(known[-1].name) if known else str(facts["procedure"])))
    if isinstance(facts.get("receiving"), str):
        found.append((_("Nơi tiếp nhận"), services.units.name(facts["receiving"])))
    for name, label in (("received", _("Ngày tiếp nhận")), ("due", _("Ngày hẹn trả"))):
        if isinstance(facts.get(name), int):
            found.append((label, fmt_date(facts[name])))
    if facts.get("to") in tuple(Status):
        found.append((_("Chuyển sang trạng thái"), plain(STATES[Status(facts["to"])])))
    return found


def _content(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    fields = content.get("fields")
    found = (
        [(_field(code), str(value)) for code, value in sorted(fields.items())]
        if isinstance(fields, dict)
        else []
    )
    result = content.get("result")
    if isinstance(result, dict):
        labels = {"number": _("Số kết quả"), "date": _("Ngày kết quả"), "signer": _("Người ký kết quả")}
        for name, label in labels.items():
            if result.get(name):
                value = result[name]
                found.append(
                    (label, fmt_date(value) if name == "date" and isinstance(value, int) else str(value))
                )
    for name, label in (("ground", _("Lý do")), ("note", _("Ghi chú"))):
        if isinstance(content.get(name), str):
            found.append((label, content[name]))
    return found


def _field(code: str) -> str:
    return {
        "applicant.name": _("Người nộp"),
        "applicant.id_number": _("Số định danh người nộp"),
        "applicant.birth_date": _("Ngày sinh người nộp"),
        "applicant.address": _("Địa chỉ người nộp"),
        "applicant.phone": _("Điện thoại người nộp"),
        "applicant.email": _("Thư điện tử người nộp"),
        "owner.name": _("Chủ hồ sơ"),
        "owner.id_number": _("Số định danh chủ hồ sơ"),
        "owner.address": _("Địa chỉ chủ hồ sơ"),
        "summary": _("Trích yếu"),
    }.get(code, code)
