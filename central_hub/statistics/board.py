"""What the pages of figures draw: tiles, charts, ranked communes, fields, and the table of a report, each with its links.

Values for templates only; the figures come from `service` and `courses`. Nothing here is counted a second way.
"""

from fractions import Fraction
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection

from central_hub.services import Services
from central_hub.statistics.choice import Choice, iso, presets, previous
from central_hub.statistics.courses import Course, Step, added, course, courses_by
from central_hub.statistics.lists import Figure
from central_hub.statistics.periods import Period
from central_hub.statistics.service import OTHER_FIELD, Filter, Group, Report, Statistics
from central_hub.statistics.targets import on_time_target
from central_hub.statistics.words import period_name, preset_name
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.presentation import fmt_date, fmt_number, fmt_percent
from dossiers.statistics import ReportRow, rate_a, rate_b
from look.problems import language

_SCALE = Fraction(1, 20)
_MINUS = "−"


def today_of(services: Services) -> int:
    """The day on Vietnamese clocks."""
    return to_yyyymmdd(local_date(services.clock()))


def statistics_of(connection: Connection, services: Services) -> Statistics:
    """The figures as of this page's view of the database."""
    return Statistics(
        connection,
        catalogue=services.catalogue,
        units=services.units,
        today=today_of(services),
        language=language(),
    )


class Board:
    """One period, one filter, and everything that is shown of them."""

    def __init__(self, connection: Connection, services: Services, choice: Choice) -> None:
        self.connection, self.services, self.choice = connection, services, choice
        self.today = today_of(services)
        self.statistics = statistics_of(connection, services)
        self.past = choice.period.until(self.today)
        self.before = previous(choice.period, self.today)
        self.target = on_time_target(connection)
        self._reports: dict[Group, Report] = {}

    # --- what it is about ---

    @property
    def period_words(self) -> str:
        """The period, and up to which day it is counted."""
        words = period_name(self.choice.period)
        if self.past == self.choice.period:
            return words
        return _("%(period)s, số liệu đến hết ngày %(day)s", period=words, day=fmt_date(self.past.last))

    def presets(self, path: str, **kept: Any) -> list[tuple[str, str, bool]]:
        """Chips for the usual periods of a page: word, address, whether it is this one."""
        return [
            (
                preset_name(name),
                self.choice.address(path, **kept, **{"from": iso(period.first), "to": iso(period.last)}),
                period == self.choice.period,
            )
            for name, period in presets(self.today)
        ]

    @property
    def filter_words(self) -> list[tuple[str, str, str]]:
        """What is left out, each with the name of its parameter."""
        chosen, named = self.choice.filter, self.statistics.name_of
        found = [
            ("commune", _("Đơn vị"), named(Group.COMMUNE, chosen.commune) if chosen.commune else ""),
            ("field", _("Lĩnh vực"), named(Group.FIELD, chosen.field) if chosen.field else ""),
            ("procedure", _("Thủ tục"), named(Group.PROCEDURE, chosen.procedure) if chosen.procedure else ""),
        ]
        return [each for each in found if each[2]]

    # --- the five numbers ---

    @cached_property
    def row(self) -> ReportRow:
        return self._total(self.past)

    @cached_property
    def course(self) -> Course:
        return course(self.connection, self.past, self.statistics.slice_of(self.choice.filter))

    def tiles(self) -> list[dict[str, Any]]:
        """Received, solved, both rates, overdue now: with change, course and target."""
        old, rows = self._total(self.before), self.course.rows
        against = _("so với %(period)s", period=_short(self.before))
        return [
            self._count(_("Tiếp nhận trong kỳ"), Figure.IN_PERIOD, _came(self.row), _came(old), against)
            | {"series": [_came(row) for row in rows]},
            self._count(_("Đã giải quyết"), Figure.SOLVED, self.row.solved, old.solved, against)
            | {"series": [row.solved for row in rows]},
            self._rate(
                _("A · Đúng hạn trên đã giải quyết"), rate_a(self.row).value, rate_a(old).value, against
            )
            | {
                "href": self.choice.behind(Figure.SOLVED),
                "series": [_ratio(rate_a(row).value) for row in rows],
            },
            self._rate(_("B · Đúng hạn trên tiếp nhận"), rate_b(self.row).value, rate_b(old).value, against)
            | {
                "href": self.choice.behind(Figure.RECEIVED),
                "series": [_ratio(rate_b(row).value) for row in rows],
            },
            self._overdue(old, against) | {"series": [row.overdue for row in rows]},
        ]

    def _count(self, label: str, figure: Figure, value: int, old: int, against: str) -> dict[str, Any]:
        change = _signed(Fraction(value - old, old) * 100, 1) + " %" if old else ""
        return {
            "label": label, "value": _number(value), "href": self.choice.behind(figure),
            "change": change, "against": against,
        }  # fmt: skip

    def _rate(self, label: str, value: Fraction | None, old: Fraction | None, against: str) -> dict[str, Any]:
        found: dict[str, Any] = {"label": label, "value": fmt_percent(value, language()), "against": against}
        if value is not None:
            found |= {"target": fmt_percent(self.target, language(), 0), "met": value >= self.target}
        if value is not None and old is not None:
            points = round((value - old) * 10_000)
            change = _signed(Fraction(points, 100), 2)
            found |= {"change": _("%(change)s điểm", change=change), "better": points > 0 if points else None}
        return found

    def _overdue(self, old: ReportRow, against: str) -> dict[str, Any]:
        change = self.row.overdue - old.overdue
        return {
            "label": _("Đang quá hạn"), "value": _number(self.row.overdue), "tone": "overdue" if self.row.overdue else "plain",
            "href": self.choice.behind(Figure.OVERDUE), "against": against,
            "change": _signed(Fraction(change), 0) if change else "", "better": change < 0 if change else None,
        }  # fmt: skip

    # --- charts ---

    @property
    def step_words(self) -> str:
        return {Step.DAY: _("theo ngày"), Step.WEEK: _("theo tuần"), Step.MONTH: _("theo tháng")}[
            self.course.step
        ]

    def flow_chart(self) -> dict[str, Any]:
        """Received and solved over time."""
        rows = self.course.rows
        return self._chart(
            [
                {"key": "received", "name": _("Tiếp nhận"), "values": [_came(row) for row in rows]},
                {"key": "solved", "name": _("Đã giải quyết"), "values": [row.solved for row in rows]},
            ]
        )

    def rates_chart(self) -> dict[str, Any]:
        """Both rates over time, with the target."""
        rows = self.course.rows
        found = self._chart(
            [
                {
                    "key": "on_time_solved",
                    "name": _("A · trên đã giải quyết"),
                    "values": [_ratio(rate_a(r).value) for r in rows],
                },
                {
                    "key": "on_time_received",
                    "name": _("B · trên tiếp nhận"),
                    "values": [_ratio(rate_b(r).value) for r in rows],
                },
            ]
        )
        return found | {"target": float(self.target)}

    def overdue_chart(self) -> dict[str, Any]:
        """How many were overdue at the end of each point."""
        values = [row.overdue for row in self.course.rows]
        return self._chart([{"key": "overdue", "name": _("Đang quá hạn"), "values": values}])

    def channels_chart(self) -> dict[str, Any]:
        """How dossiers came in, over time."""
        rows = self.course.rows
        return self._chart(
            [
                {"key": "online", "name": _("Trực tuyến"), "values": [row.online for row in rows]},
                {"key": "direct", "name": _("Trực tiếp, bưu chính"), "values": [row.other for row in rows]},
            ]
        )

    def _chart(self, series: list[dict[str, Any]]) -> dict[str, Any]:
        points = self.course.points
        return {
            "kind": "line",
            "labels": [_label(point, self.course.step) for point in points],
            "series": series,
            "target": None,
            "links": [
                self.choice.behind(Figure.IN_PERIOD, **{"from": str(p.first_date), "to": str(p.last_date)})
                for p in points
            ],
        }

    # --- rows ---

    def report(self, group: Group) -> Report:
        """The report of the period; asked for again, it is the same one."""
        if group not in self._reports:
            self._reports[group] = self.statistics.report(self.choice.period, group, self.choice.filter)
        return self._reports[group]

    def ranked(self, *, order: str, limit: int | None) -> dict[str, Any]:
        """Communes by rate A, best or worst first; those without any solved dossier stand last."""
        rows = [each for each in self.report(Group.COMMUNE).rows if each.row.solved]
        sign = 1 if order == "worst" else -1
        rows.sort(key=lambda each: (sign * (rate_a(each.row).value or 0), -each.row.solved, each.key))
        lowest = min((rate_a(each.row).value or Fraction(0) for each in rows), default=Fraction(1))
        shown = rows[:limit]
        part = self.statistics.slice_of(self.choice.filter)
        keys = [each.key for each in shown]
        courses = courses_by(self.connection, self.past, "commune", part, keys=keys)
        return {
            "count": len(rows),
            "smallest": float(min(lowest // _SCALE * _SCALE, self.target - _SCALE)),
            "rows": [
                {
                    "name": each.name,
                    "href": self.choice.address("/statistics", commune=each.key),
                    "value": _ratio(rate_a(each.row).value),
                    "text": fmt_percent(rate_a(each.row).value, language()),
                    "note": _("%(count)s đã giải quyết", count=_number(each.row.solved)),
                    "series": [_came(row) for row in courses[each.key].rows],
                }
                for each in shown
            ],
        }

    def fields(self) -> list[dict[str, Any]]:
        """Every field with its course, the largest first."""
        field_of = self.services.catalogue.field_of(self.connection)
        by_field: dict[str, list[Course]] = {}
        found = courses_by(
            self.connection, self.past, "procedure", self.statistics.slice_of(self.choice.filter)
        )
        for code, each in found.items():
            by_field.setdefault(field_of.get(code, OTHER_FIELD), []).append(each)
        rows = sorted(self.report(Group.FIELD).rows, key=lambda each: -_came(each.row))
        return [
            {
                "name": each.name,
                "href": self.choice.address("/statistics", field=each.key, group="procedure"),
                "text": _number(_came(each.row)),
                "note": _("%(rate)s đúng hạn (A)", rate=fmt_percent(rate_a(each.row).value, language())),
                "series": [_came(row) for row in added(by_field[each.key]).rows]
                if each.key in by_field
                else [],
            }
            for each in rows
        ]

    def row_choice(self, group: Group, key: str) -> Choice:
        """The choice that leaves exactly one row of a report."""
        return row_choice(self.choice, group, key, self.past)

    def _total(self, period: Period) -> ReportRow:
        return self.statistics.whole_row(period, self.choice.filter)


def row_choice(choice: Choice, group: Group, key: str, past: Period) -> Choice:
    """The choice that leaves exactly one row of a report."""
    chosen = choice.filter
    if group is Group.MONTH:
        month = next((part for part in past.months() if str(part.first // 100) == key), past)
        return Choice(period=month, group=choice.group, filter=chosen)
    names = {"commune": chosen.commune, "field": chosen.field, "procedure": chosen.procedure} | {
        group.value: key
    }
    return Choice(period=choice.period, group=choice.group, filter=Filter(**names))


def procedure_options(services: Services, connection: Connection) -> list[tuple[str, str]]:
    """Every procedure by name, for a filter."""
    statistics = statistics_of(connection, services)
    codes = services.catalogue.field_of(connection)
    return sorted(((code, statistics.name_of(Group.PROCEDURE, code)) for code in codes), key=_by_name)


def field_options(services: Services, connection: Connection) -> list[tuple[str, str]]:
    """Every field of administration, for a filter."""
    statistics = statistics_of(connection, services)
    fields = sorted(set(services.catalogue.field_of(connection).values()))
    return sorted(((code, statistics.name_of(Group.FIELD, code)) for code in fields), key=_by_name)


def _by_name(option: tuple[str, str]) -> str:
    return option[1]


def _came(row: ReportRow) -> int:
    return row.online + row.other


def _ratio(value: Fraction | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _number(value: int) -> str:
    return fmt_number(value, language())


def _signed(value: Fraction, digits: int) -> str:
    text = fmt_number(abs(value), language(), digits)
    return f"+{text}" if value > 0 else f"{_MINUS}{text}" if value < 0 else text


def _label(point: Period, step: Step) -> str:
    if step is Step.MONTH:
        return f"{point.first_date:%m/%Y}"
    if point.days == 1:
        return f"{point.first_date:%d/%m}"
    same_month = point.first_date.month == point.last_date.month
    return f"{point.first_date:{'%d' if same_month else '%d/%m'}}–{point.last_date:%d/%m}"


def _short(period: Period) -> str:
    """A period in few characters, for a tile."""
    name = period_name(period)
    return name if "–" not in name else f"{fmt_date(period.first)[:5]} – {fmt_date(period.last)[:5]}"
