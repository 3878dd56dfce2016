"""A verification report as the page shows it: one word, what to compare with the paper, why, and what was not checked."""

from typing import Any

from flask_babel import gettext as _

from central_hub.services import Services
from central_hub.words import kind_name, plain, role_names
from dossiers.presentation import fmt_datetime, fmt_span
from dossiers.procedures import Catalogue
from look.problems import language
from signing.compared import Known, compared
from signing.next_steps import WORDS, next_step
from signing.opening import INPUT_BYTES_MAX
from signing.report import Exit, Indication, InForce, RecordFinding, Report, Result

_MINUTE_MS = 60_000
_OUT_OF_FORCE = frozenset({InForce.WITHDRAWN, InForce.SUPERSEDED})


def finding_of(report: Report, services: Services, catalogue: Catalogue) -> dict[str, Any]:
    """The values of the macro `finding`, and who signed."""
    english = language() == "en"
    if report.input_bytes > INPUT_BYTES_MAX:
        return _too_large(report)
    return {
        "outcome": _outcome(report),
        "force": _force(report),
        "what": _what(report, services),
        "why": _why(report, english=english),
        "next_step": WORDS[next_step(report)][english],
        "compare": _compare(report, services, catalogue),
        "groups": _groups(report, english=english),
        "unchecked": _unchecked(report, english=english),
        "age": None if report.exit_code is Exit.BAD_INPUT else _age(report),
        "report": report.json(),
    }


def _too_large(report: Report) -> dict[str, Any]:
    """Only its beginning was read, so nothing is said of it, least of all that it was changed."""
    return {
        "outcome": "indeterminate",
        "force": None,
        "what": _("Tệp lớn hơn 3 MB: trung tâm không đọc tệp lớn như vậy, nên chưa kiểm tra gì."),
        "why": None,
        "next_step": _(
            "Tải trang kiểm tra ở trang Xác minh rồi thả tệp vào đó (đọc được đến 40 MB, không cần mạng); hoặc chụp mã QR trên "
            "giấy, xin tệp chứng minh riêng."
        ),
        "compare": [],
        "groups": [],
        "unchecked": [],
        "age": None,
        "report": report.json(),
        "is_too_large": True,
    }


def _what(report: Report, services: Services) -> str:
    document = report.document
    if len(report.records) > 1:
        return _of_several(report, services)
    if document is None:
        return _("Tệp này không đọc được như một bản ghi.")
    unit = services.units.name(document.unit)
    signer = report.signers[0] if report.signers else None
    if signer is None:
        return _("%(kind)s, đơn vị ghi trong tệp: %(unit)s", kind=_kind(document.kind), unit=unit)
    if document.kind in _papers():
        return _("%(kind)s của %(unit)s, do máy của đơn vị ký", kind=_kind(document.kind), unit=unit)
    return _(
        "%(kind)s của %(unit)s, người ký: %(name)s (%(roles)s)",
        kind=_kind(document.kind),
        unit=unit,
        name=signer.name or _("không rõ tên"),
        roles=role_names(list(signer.roles)),
    )


def _of_several(report: Report, services: Services) -> str:
    """A file of several records: none of them speaks for the others, who signed each is told beside it."""
    units = {each.document.unit for each in report.records if each.document is not None}
    return _(
        "Tệp có %(count)s bản ghi của %(units)s; từng bản ghi ở dưới",
        count=len(report.records),
        units=", ".join(services.units.name(unit) for unit in sorted(units)) or "–",
    )


def _papers() -> dict[str, str]:
    return {
        "paper.slip": _("Giấy tiếp nhận hồ sơ và hẹn trả kết quả"),
        "paper.result": _("Giấy biên nhận trả kết quả"),
    }


def _kind(kind: str) -> str:
    """A kind of record or of paper in words."""
    return _papers().get(kind) or kind_name(kind)


def _outcome(report: Report) -> str:
    """A right signature under a document out of force is not shown as something to accept."""
    if report.indication is Indication.PASSED and report.exit_code is not Exit.PASSED:
        return "out_of_force"
    if report.exit_code is Exit.BAD_INPUT:
        return "unreadable"
    return report.indication.value.lower()


def _force(report: Report) -> str | None:
    """The second axis, apart from the signature."""
    if all(each.document is None for each in report.records):
        return None
    force = report.force
    sentence = {
        InForce.YES: _("Văn bản còn hiệu lực."),
        InForce.WITHDRAWN: _("Chữ ký đúng, nhưng văn bản đã bị thu hồi."),
        InForce.SUPERSEDED: _("Chữ ký đúng, nhưng văn bản đã được thay thế."),
        InForce.CORRECTED: _("Văn bản đã được đính chính; xem bản đính chính."),
        InForce.UNKNOWN: _("Chưa biết văn bản còn hiệu lực hay không.")
        if report.indication is Indication.PASSED
        else None,
    }[force.in_force]
    if sentence is None or len(force.records) == len(report.records):
        return sentence
    return _("%(sentence)s Xem bản ghi %(numbers)s.", sentence=sentence, numbers=force.numbers)


def _groups(report: Report, *, english: bool) -> list[tuple[str, list[tuple[str, str]]]]:
    """What was checked, with its outcome; where a file has several records, each under its own heading."""

    def lines(*records: int | None) -> list[tuple[str, str]]:
        return [
            (check.result.value, check.why_en if english else check.why_vi)
            for check in report.checks
            if check.record in records and check.result is not Result.SKIPPED
        ]

    if len(report.records) < 2:
        return [("", lines(None, 0))]
    words = {
        Indication.PASSED: _("Hợp lệ"),
        Indication.FAILED: _("Không hợp lệ"),
        Indication.INDETERMINATE: _("Chưa kết luận được"),
    }
    titled = [
        (
            _title(
                number,
                each,
                _("Không còn hiệu lực")
                if each.indication is Indication.PASSED and each.in_force in _OUT_OF_FORCE
                else words[each.indication],
            ),
            lines(number),
        )
        for number, each in enumerate(report.records)
    ]
    return [("", lines(None)), *titled]


def _title(position: int, record: RecordFinding, word: str) -> str:
    return _(
        "Bản ghi %(number)s: %(kind)s – %(word)s",
        number=position + 1,
        kind=_kind(record.document.kind) if record.document else "–",
        word=word,
    )


def _why(report: Report, *, english: bool) -> str | None:
    """What decided, in one sentence, where that is not said by the document's force."""
    if report.indication is Indication.PASSED:
        return None
    sentence = (report.en if english else report.vi).partition(": ")[2]
    sentence = sentence[:1].upper() + sentence[1:]
    numbers = sorted(
        {
            check.record + 1
            for check in report.checks
            if check.record is not None and (check.why_en if english else check.why_vi) == sentence
        }
    )
    if len(report.records) < 2 or not numbers:
        return sentence
    return _("%(sentence)s Xem bản ghi %(numbers)s.", sentence=sentence, numbers=", ".join(map(str, numbers)))


def _unchecked(report: Report, *, english: bool) -> list[str]:
    if report.exit_code is Exit.BAD_INPUT:
        return [_("Chưa kiểm tra được gì, vì không đọc được.")]
    return [item.en if english else item.vi for item in report.not_checked]


def _age(report: Report) -> str | None:
    if report.status is not None and report.status.age_ms is not None:
        if report.status.age_ms < _MINUTE_MS:
            return _("Trạng thái khóa và văn bản của tỉnh: ngay lúc kiểm tra.")
        return _(
            "Trạng thái khóa và văn bản của tỉnh, cách đây %(span)s.",
            span=fmt_span(report.status.age_ms, language()),
        )
    if report.trust.age_ms is None:
        return None
    return _(
        "Trạng thái khóa theo gói tin cậy của tỉnh, phát hành cách đây %(span)s.",
        span=fmt_span(report.trust.age_ms, language()),
    )


def _compare(
    report: Report, services: Services, catalogue: Catalogue
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What a person holds against the paper, record by record: heading (none where there is only one), state of force and
    fields."""
    if report.indication is Indication.FAILED:
        return []
    if len(report.records) < 2:
        return [
            ("", "", [*_lines(each, services, catalogue), *_open_content(report, None)])
            for each in report.records
        ]
    words = {
        InForce.YES: _("còn hiệu lực"),
        InForce.WITHDRAWN: _("đã bị thu hồi"),
        InForce.SUPERSEDED: _("đã được thay thế"),
        InForce.CORRECTED: _("đã được đính chính"),
        InForce.UNKNOWN: _("chưa biết còn hiệu lực hay không"),
    }
    return [
        (
            _title(position, each, words[each.in_force]),
            str(each.in_force),
            [*_signed_by(each), *_lines(each, services, catalogue), *_open_content(report, position)],
        )
        for position, each in enumerate(report.records)
    ]


def _open_content(report: Report, position: int | None) -> list[tuple[str, str]]:
    """Content that is not there, said where a reader looks for it; of every record where `position` is None."""
    return [
        (_("Nội dung"), check.why_en if language() == "en" else check.why_vi)
        for check in report.checks
        if check.id == "content" and check.result is Result.UNKNOWN and position in (None, check.record)
    ]


def _signed_by(record: RecordFinding) -> list[tuple[str, str]]:
    if record.signer is None:
        return []
    name, roles = record.signer.name or _("không rõ tên"), role_names(list(record.signer.roles))
    return [(_("Người ký"), f"{name} ({roles})")]


def _lines(record: RecordFinding, services: Services, catalogue: Catalogue) -> list[tuple[str, str]]:
    """The fields of one record; only what a verified signature covers."""
    document = record.document
    if document is None or document.facts is None:
        return []
    lines = compared(document, is_english=language() == "en", known=_known(services, catalogue))
    if record.claimed_ms is not None:
        lines.append((_("Ký lúc (máy khai)"), fmt_datetime(record.claimed_ms)))
    before, after = record.not_before, record.not_after
    if before is not None and before.time_ms is not None:
        lines.append((_("Ký sau (bên chứng kiến)"), fmt_datetime(before.time_ms)))
    if after is not None and after.time_ms is not None:
        lines.append((_("Có trong nhật ký tỉnh lúc"), fmt_datetime(after.time_ms)))
    return lines


def _known(services: Services, catalogue: Catalogue) -> Known:
    """What this hub calls units, procedures and, beyond the tables of `signing`, the questions that it published since."""

    def procedure(code: str) -> str:
        named = [each for each in catalogue.procedures if each.code == code]
        return f"{plain(named[-1].name)} ({code})" if named else code

    def question(code: str) -> str | None:
        asked = [each for one in catalogue.procedures for each in one.form_fields if each.record_code == code]
        return plain(asked[-1].label) if asked else None

    return Known(unit=services.units.name, procedure=procedure, question=question, instant=fmt_datetime)
