"""What a publication would change, in words, before anybody signs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from central_hub.words import plain
from dossiers.calendar import SpecialDay, WorkingCalendar
from dossiers.local_time import from_yyyymmdd
from dossiers.presentation import fmt_date, fmt_money
from dossiers.procedures import Catalogue, Procedure
from dossiers.time_rules import describe_rule
from look.problems import language


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line: what, before, after. `sign` is + for what is new, − for what goes, ~ for what changes."""

    sign: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Everything that a publication changes; `altered` are versions it may not touch."""

    lines: tuple[Change, ...]
    altered: tuple[str, ...] = ()


def catalogue_changes(known: Catalogue, later: Catalogue) -> Changes:
    """New procedures, and new versions of known ones with what differs."""
    newest: dict[str, Procedure] = {}
    for procedure in sorted(known.procedures, key=lambda each: each.version):
        newest[procedure.code] = procedure
    lines = []
    for procedure in later.procedures:
        if known.find(*procedure.key) is None:
            lines += _procedure_lines(newest.get(procedure.code), procedure)
    altered = tuple(
        _("%(name)s, phiên bản %(version)s", name=plain(p.name), version=p.version)
        for p in known.altered_by(later)
    )
    return Changes(lines=tuple(lines), altered=altered)


def calendar_changes(known: WorkingCalendar, later: WorkingCalendar) -> Changes:
    """Days that become free, working, or ordinary again; the range; the hours."""
    lines: list[Change] = []
    for word, before, after in (
        (_("Ngày nghỉ"), known.days_off, later.days_off),
        (_("Ngày làm bù"), known.working_days, later.working_days),
    ):
        lines += [
            Change(sign="+", what=word, before="", after=_day(after[day]))
            for day in sorted(after.keys() - before.keys())
        ]
        lines += [
            Change(sign="−", what=word, before=_day(before[day]), after="")
            for day in sorted(before.keys() - after.keys())
        ]
        lines += [
            Change(sign="~", what=word, before=_day(before[day]), after=_day(after[day]))
            for day in sorted(before.keys() & after.keys())
            if before[day] != after[day]
        ]
    if (known.first, known.last) != (later.first, later.last):
        lines.append(Change(sign="~", what=_("Khoảng lịch"), before=_range(known), after=_range(later)))
    if known.week != later.week or known.make_up_hours != later.make_up_hours:
        lines.append(Change(sign="~", what=_("Giờ làm việc"), before="", after=_("đổi theo tệp mới")))
    return Changes(lines=tuple(lines))


def fee_words(procedure: Procedure) -> str:
    """The fees that always apply."""
    always = [fee for fee in procedure.fees if fee.always]
    if not always:
        return _("Không")
    return ", ".join(
        fmt_money(fee.amount, language()) if fee.amount is not None else _("theo nghị quyết HĐND")
        for fee in always
    )


def rule_words(procedure: Procedure) -> str:
    """The time limit."""
    return describe_rule(procedure.rule, english=language() == "en")


def _procedure_lines(before: Procedure | None, after: Procedure) -> list[Change]:
    name = plain(after.name)
    since = _("có hiệu lực từ %(day)s", day=fmt_date(after.effective_from))
    if before is None:
        return [Change(sign="+", what=name, before="", after=f"{rule_words(after)}; {since}")]
    found = [
        Change(
            sign="+",
            what=name,
            before=_("phiên bản %(version)s", version=before.version),
            after=_("phiên bản %(version)s", version=after.version) + f", {since}",
        )
    ]
    for what, old, new in (
        (_("Tên"), plain(before.name), plain(after.name)),
        (_("Thời hạn"), rule_words(before), rule_words(after)),
        (_("Phí, lệ phí"), fee_words(before), fee_words(after)),
        (_("Thành phần hồ sơ"), _papers(before), _papers(after)),
        (_("Số bộ"), str(before.sets), str(after.sets)),
        (_("Kiểm chứng"), _checked(before), _checked(after)),
    ):
        if old != new:
            found.append(Change(sign="~", what=f"{name}: {what}", before=old, after=new))
    return found


def _papers(procedure: Procedure) -> str:
    return "; ".join(plain(paper.name) for paper in procedure.papers) or "–"


def _checked(procedure: Procedure) -> str:
    return _("còn mục chưa kiểm chứng") if procedure.unverified else _("đã kiểm chứng")


def _day(day: SpecialDay) -> str:
    return f"{fmt_date(day.date)} {day.name_en if language() == 'en' else day.name_vi}"


def _range(calendar: WorkingCalendar) -> str:
    return f"{fmt_date(calendar.first)} – {fmt_date(calendar.last)}"


def days_of_year(content: Mapping[str, Any], name: str, year: int) -> list[dict[str, Any]]:
    """The special days of a year in published calendar data."""
    return [day for day in content[name] if from_yyyymmdd(day["date"]).year == year]
