"""A report as plain text for a terminal, in Vietnamese or English. It words nothing: the sentences are the report's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from signing.report import Check, NotChecked, RecordFinding, Report, Result, Signer, TimeBound


class Language(StrEnum):
    VI = "vi"
    EN = "en"


VIETNAM: Final = timezone(timedelta(hours=7))

_DAY_MS: Final = 24 * 60 * 60 * 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
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
    },
}


def render(report: Report, language: Language) -> str:
    """The whole report, one thing a line."""
    return "\n".join(_lines(report, language))


def _lines(report: Report, language: Language) -> Iterator[str]:
    words = _LABELS[language]
    yield report.vi if language is Language.VI else report.en
    for record in report.records:
        yield from _record_lines(record, words)
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


def _record_lines(record: RecordFinding, words: Mapping[str, str]) -> Iterator[str]:
    document = record.document
    if document is not None:
        yield f"  {words['record']}: {document.id}"
        yield f"    {words['kind']}: {document.kind} · {words['unit']}: {document.unit}"
        yield f"    {words['in_force']}: {words[document.in_force]}"
    if record.signer is not None:
        yield f"  {words['signer']}: {_signer(record.signer)} · {words['key']}: {record.signer.key}"
    if record.claimed_ms is not None:
        yield f"  {words['claimed']}: {_local_time(record.claimed_ms)}"
    if record.log is not None:
        yield f"  {words['log']}: {record.log.origin} · {record.log.index}/{record.log.size} · {record.log.quorum}"
    for name, bound in (("not_before", record.not_before), ("not_after", record.not_after)):
        if bound is not None:
            yield f"  {words[name]}: {bound.size} {words['leaves']}{_bound_time(bound)}"


def _bound_time(bound: TimeBound) -> str:
    return "" if bound.time_ms is None else f" · {_local_time(bound.time_ms)} · {', '.join(bound.witnesses)}"


def _numbered(check: Check, report: Report) -> str:
    """Which record a check is about, where there are several."""
    return f"{check.record + 1}. " if check.record is not None and len(report.records) > 1 else ""


def _signer(signer: Signer) -> str:
    person = ", ".join(text for text in (signer.name, signer.title) if text)
    return " · ".join(text for text in (person, ", ".join(signer.roles), signer.unit) if text)


def _why(check: Check, language: Language) -> str:
    return check.why_vi if language is Language.VI else check.why_en


def _text(item: NotChecked, language: Language) -> str:
    return item.vi if language is Language.VI else item.en


def _age(age_ms: int | None, word: str) -> str:
    return "" if age_ms is None else f", {age_ms // _DAY_MS} {word}"


def _local_time(ms: int) -> str:
    """Vietnamese time; a claimed instant outside the calendar is shown as the number it is."""
    try:
        return f"{(_EPOCH + timedelta(milliseconds=ms)).astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} (UTC+07:00)"
    except OverflowError:
        return f"{ms} ms"
