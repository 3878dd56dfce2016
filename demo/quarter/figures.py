"""What the hub's statistics say of the quarter, and whether they are right: the total, every group, every row.

Pure: reports as they came over HTTP in, claims out. Nothing of the plan is sent to the hub but signed records, so equal
figures mean that all of them arrived, were judged, folded and counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from demo.claims import Ledger
from demo.plan import IN_TIME, SOLVED, Plan
from dossiers.deadlines import Timeliness

GROUPS: Final = ("commune", "field", "procedure", "month")
_ADDED_UP: Final = ("online", "other", "early", "on_time", "late", "solved")


@dataclass(frozen=True, slots=True)
class Report:
    """One group's rows and their total, as the hub told them."""

    group: str
    rows: Sequence[Mapping[str, Any]]
    total: Mapping[str, Any]

    @property
    def solved(self) -> int:
        return int(self.total["solved"])

    @property
    def in_time(self) -> int:
        return int(self.total["early"]) + int(self.total["on_time"])

    @property
    def rate(self) -> str:
        """The press's rate, early and on time of solved, in per cent."""
        return percent(self.in_time, self.solved)

    def counts(self, name: str) -> dict[str, int]:
        return {str(row["key"]): int(row[name]) for row in self.rows if row[name]}


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %".replace(".", ",") if whole else "–"


def check_reports(ledger: Ledger, reports: Sequence[Report], plan: Plan) -> None:
    """The figures of the quarter, each group by itself, and against the plan."""
    planned = [dossier for each in plan.values() for dossier in each]
    late = sum(dossier.timeliness is Timeliness.LATE for dossier in planned)
    first = reports[0]
    ledger.equal("Số hồ sơ đã giải quyết", "dossiers solved", first.solved, len(planned))
    ledger.equal("Trước hạn và đúng hạn", "early or on time", first.in_time, len(planned) - late)
    for report in reports:
        check_group(ledger, report)
        ledger.check(
            f"Tổng theo {report.group} bằng tổng chung",
            f"the total by {report.group} is the same",
            dict(report.total) == dict(first.total),
            f"{report.in_time:,}/{report.solved:,}",
        )
    by_group = {report.group: report for report in reports}
    for group, name, expected in (
        ("commune", "solved", Counter(dossier.unit for dossier in planned)),
        ("procedure", "solved", Counter(dossier.procedure for dossier in planned)),
        ("commune", "late", Counter(d.unit for d in planned if d.timeliness is Timeliness.LATE)),
    ):
        ledger.check(
            f"Từng dòng theo {group} đúng với kế hoạch ({name})",
            f"every row by {group} as planned",
            by_group[group].counts(name) == dict(expected),
            f"{len(by_group[group].counts(name))} dòng (rows)",
        )


def check_published(ledger: Ledger, report: Report) -> None:
    """The figures that were published."""
    ledger.equal("32.548 hồ sơ như đã công bố", "as published", report.solved, SOLVED)
    ledger.equal("31.747 hồ sơ trước hạn và đúng hạn", "of them in time", report.in_time, IN_TIME)
    ledger.equal("Tỷ lệ 97,54 %", "the rate", report.rate, "97,54 %")


def check_group(ledger: Ledger, report: Report) -> None:
    """Rows add up to the total, and each row adds up in itself."""
    sums = {name: sum(int(row[name]) for row in report.rows) for name in _ADDED_UP}
    told = {name: int(report.total[name]) for name in _ADDED_UP}
    inner = all(
        row["early"] + row["on_time"] + row["late"] == row["solved"]
        and row["in_term"] + row["overdue"] == row["processing"]
        and row["online"] + row["other"] + row["carried_over"] == row["received"]
        for row in (*report.rows, report.total)
    )
    ledger.check(
        f"{len(report.rows)} dòng theo {report.group} cộng lại đúng",
        f"rows by {report.group} add up",
        sums == told and inner,
        ", ".join(f"{name} {value:,}" for name, value in sums.items()),
    )


def differences(before: Report, after: Report) -> dict[str, int]:
    """What of the total is another number now."""
    return {
        name: int(after.total[name]) - int(before.total[name])
        for name in (*_ADDED_UP, "received", "processing")
        if before.total[name] != after.total[name]
    }
