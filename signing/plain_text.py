"""A report as plain text for a terminal, in Vietnamese or English. It words nothing: the sentences are the report's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

from signing.report import Check, NotChecked, Report, Result, Signer


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
        "checks": "Đã kiểm tra",
        "not_checked": "Chưa kiểm tra",
        "trust": "Tệp tin cậy",
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
    if report.document is not None:
        document = report.document
        yield f"  {words['record']}: {document.id}"
        yield f"    {words['kind']}: {document.kind} · {words['unit']}: {document.unit}"
    for signer in report.signers:
        yield f"  {words['signer']}: {_signer(signer)} · {words['key']}: {signer.key}"
    if report.claimed_ms is not None:
        yield f"  {words['claimed']}: {_local_time(report.claimed_ms)}"
    yield f"  {words['checks']}:"
    for check in report.checks:
        yield f"    {_SIGNS[check.result]} {_why(check, language)}"
    yield f"  {words['not_checked']}:"
    for item in report.not_checked:
        yield f"    · {_text(item, language)}"
    yield f"  {words['trust']}: {words['version']} {report.trust.version}{_age(report, words['age'])}"
    yield f"    {words['fingerprint']}: {report.trust.root_fingerprint}"


def _signer(signer: Signer) -> str:
    person = ", ".join(text for text in (signer.name, signer.title) if text)
    return " · ".join(text for text in (person, ", ".join(signer.roles), signer.unit) if text)


def _why(check: Check, language: Language) -> str:
    return check.why_vi if language is Language.VI else check.why_en


def _text(item: NotChecked, language: Language) -> str:
    return item.vi if language is Language.VI else item.en


def _age(report: Report, word: str) -> str:
    return "" if report.trust.age_ms is None else f", {report.trust.age_ms // _DAY_MS} {word}"


def _local_time(ms: int) -> str:
    """Vietnamese time; a claimed instant outside the calendar is shown as the number it is."""
    try:
        return f"{(_EPOCH + timedelta(milliseconds=ms)).astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} (UTC+07:00)"
    except OverflowError:
        return f"{ms} ms"
