"""A report as plain text for a terminal, in Vietnamese or English. It words nothing: the sentences are the report's."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from signing.compared import compared, local_time
from signing.names import kind_named, role_named
from signing.next_steps import WORDS as NEXT_WORDS
from signing.next_steps import next_step
from signing.report import Check, NotChecked, RecordFinding, Report, Result, Signer, TimeBound


class Language(StrEnum):
    VI = "vi"
    EN = "en"


_DAY_MS: Final = 24 * 60 * 60 * 1000
_SIGNS: Final = {Result.PASS: "✓", Result.FAIL: "✗", Result.UNKNOWN: "?", Result.SKIPPED: "–"}
_LABELS: Final = {
    Language.VI: {
        "record": "Bản ghi",
        "kind": "loại",
        "unit": "đơn vị",
        "signer": "Người ký",
        "key": "khóa",
        "claimed": "Thời điểm ký (khai báo)",
        "not_before": "Ký sau điểm chốt",
        "not_after": "Vào nhật ký trước điểm chốt",
        "leaves": "mục",
        "in_force": "Hiệu lực văn bản",
        "yes": "còn hiệu lực",
        "withdrawn": "đã bị thu hồi",
        "superseded": "đã được thay thế",
        "corrected": "đã được đính chính",
        "unknown": "chưa biết",
        "log": "Nhật ký minh bạch",
        "status": "Trạng thái khóa và văn bản: đến mục",
        "unused": "Phần của tệp không được dùng",
        "checks": "Đã kiểm tra",
        "not_checked": "Chưa kiểm tra",
        "trust": "Gói tin cậy",
        "version": "phiên bản",
        "fingerprint": "dấu vân tay khóa gốc",
        "age": "ngày tuổi",
        "next": "Việc cần làm",
        "compare": "So với tờ giấy, từng mục",
        "paper.slip": "giấy tiếp nhận hồ sơ và hẹn trả kết quả",
        "paper.result": "giấy biên nhận trả kết quả",
    },
    Language.EN: {
        "record": "Record",
        "kind": "kind",
        "unit": "unit",
        "signer": "Signer",
        "key": "key",
        "claimed": "Time of signing (claimed)",
        "not_before": "Signed after checkpoint",
        "not_after": "Logged before checkpoint",
        "leaves": "leaves",
        "in_force": "Document in force",
        "yes": "yes",
        "withdrawn": "withdrawn",
        "superseded": "superseded",
        "corrected": "corrected",
        "unknown": "not known",
        "log": "Transparency log",
        "status": "Status of keys and documents: up to leaf",
        "unused": "Parts of the file not used",
        "checks": "Checked",
        "not_checked": "Not checked",
        "trust": "Trust bundle",
        "version": "version",
        "fingerprint": "root fingerprint",
        "age": "days old",
        "next": "What to do",
        "compare": "Compare with the paper, field by field",
        "paper.slip": "slip: dossier received, result due",
        "paper.result": "receipt of a result",
    },
}


def render(report: Report, language: Language) -> str:
    """The whole report, one thing a line."""
    return "\n".join(_lines(report, language))


def _lines(report: Report, language: Language) -> Iterator[str]:
    words = _LABELS[language]
    yield report.vi if language is Language.VI else report.en
    yield f"  {words['next']}: {NEXT_WORDS[next_step(report)][language is Language.EN]}"
    for position, record in enumerate(report.records):
        number = f" {position + 1}" if len(report.records) > 1 else ""
        yield from _record_lines(record, number, language)
        yield from _fields_to_compare(record, language)
    if report.status is not None:
        yield f"  {words['status']} {report.status.as_of_size}{_age(report.status.age_ms, words['age'])}"
    yield f"  {words['checks']}:"
    for check in report.checks:
        yield f"    {_SIGNS[check.result]} {_numbered(check, report)}{_why(check, language)}"
    yield f"  {words['not_checked']}:"
    for item in report.not_checked:
        yield f"    · {_text(item, language)}"
    if report.unused:
        yield f"  {words['unused']}: {', '.join(report.unused)}"
    yield f"  {words['trust']}: {words['version']} {report.trust.version}{_age(report.trust.age_ms, words['age'])}"
    yield f"    {words['fingerprint']}: {report.trust.root_fingerprint}"


def _record_lines(record: RecordFinding, number: str, language: Language) -> Iterator[str]:
    words, is_english, document = _LABELS[language], language is Language.EN, record.document
    if document is not None:
        kind = words.get(document.kind) or kind_named(document.kind, is_english=is_english)
        yield f"  {words['record']}{number}: {document.id}"
        yield f"    {words['kind']}: {kind} · {words['unit']}: {document.unit}"
        yield f"    {words['in_force']}: {words[document.in_force]}"
    if record.signer is not None:
        yield f"  {words['signer']}: {_signer(record.signer, is_english)} · {words['key']}: {record.signer.key}"
    if record.claimed_ms is not None:
        yield f"  {words['claimed']}: {local_time(record.claimed_ms, has_seconds=True)}"
    if record.log is not None:
        yield f"  {words['log']}: {record.log.origin} · {record.log.index}/{record.log.size} · {record.log.quorum}"
    for name, bound in (("not_before", record.not_before), ("not_after", record.not_after)):
        if bound is not None:
            yield f"  {words[name]}: {bound.size} {words['leaves']}{_bound_time(bound)}"


def _fields_to_compare(record: RecordFinding, language: Language) -> Iterator[str]:
    """What was signed, by the names that a paper has for it; ids and the like stand in the JSON report alone."""
    lines = [] if record.document is None else compared(record.document, is_english=language is Language.EN)
    if lines:
        yield f"  {_LABELS[language]['compare']}:"
        yield from (f"    {name}: {value}" for name, value in lines)


def _bound_time(bound: TimeBound) -> str:
    return (
        ""
        if bound.time_ms is None
        else f" · {local_time(bound.time_ms, has_seconds=True)} · {', '.join(bound.witnesses)}"
    )


def _numbered(check: Check, report: Report) -> str:
    """Which record a check is about, where there are several."""
    return f"{check.record + 1}. " if check.record is not None and len(report.records) > 1 else ""


def _signer(signer: Signer, is_english: bool) -> str:
    person = ", ".join(text for text in (signer.name, signer.title) if text)
    roles = ", ".join(role_named(role, is_english=is_english) for role in signer.roles)
    return " · ".join(text for text in (person, roles, signer.unit) if text)


def _why(check: Check, language: Language) -> str:
    return check.why_vi if language is Language.VI else check.why_en


def _text(item: NotChecked, language: Language) -> str:
    return item.vi if language is Language.VI else item.en


def _age(age_ms: int | None, word: str) -> str:
    return "" if age_ms is None else f", {age_ms // _DAY_MS} {word}"
