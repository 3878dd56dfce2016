"""What the hub's statistics say of the quarter, and whether they are right: the total, every group, every row.

Pure: reports as they came over HTTP in, claims out. Nothing of the plan is sent to the hub but signed records, so equal
figures mean that all of them arrived, were judged, folded and counted.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from demo.claims import Ledger
from demo.plan import IN_TIME, SOLVED, Plan
from demo.reports import Report
from dossiers.deadlines import Timeliness

GROUPS: Final = ("commune", "field", "procedure", "month")
_ADDED_UP: Final = ("online", "other", "early", "on_time", "late", "solved")


def check_published(ledger: Ledger, report: Report) -> None:
    """The figures that were published."""
    total = report.total
    ledger.equal("32.548 hồ sơ đã giải quyết, như đã công bố", "solved, as published", total.solved, SOLVED)
    ledger.equal("31.747 hồ sơ trước hạn và đúng hạn", "of them in time", total.in_time, IN_TIME)
    ledger.equal("Tỷ lệ 97,54 %", "the rate", total.rate, "97,54 %")


def check_reports(ledger: Ledger, reports: Sequence[Report], plan: Plan) -> None:
    """The figures against the plan, each group by itself and all alike."""
    planned = [dossier for each in plan.values() for dossier in each]
    late = [dossier for dossier in planned if dossier.timeliness is Timeliness.LATE]
    total = reports[0].total
    ledger.equal("Số hồ sơ đã giải quyết đúng với kế hoạch", "solved, as planned", total.solved, len(planned))
    ledger.equal("Số hồ sơ quá hạn cũng vậy", "and late", total.late, len(late))
    for report in reports:
        check_group(ledger, report, reports[0])
    by_group = {report.group: report for report in reports}
    for group, column, expected in (
        ("commune", "solved", Counter(dossier.unit for dossier in planned)),
        ("commune", "late", Counter(dossier.unit for dossier in late)),
        ("procedure", "solved", Counter(dossier.procedure for dossier in planned)),
    ):
        found = by_group[group].counts(column)
        ledger.check(
            f"Từng dòng theo {group}, cột {column}, đúng với kế hoạch",
            "every row as planned",
            found == dict(expected),
            f"{len(found)} dòng (rows)",
        )


def check_group(ledger: Ledger, report: Report, first: Report) -> None:
    """Rows add up to the total, each row adds up in itself, and the total is that of every other group."""
    sums = {name: sum(getattr(row, name) for row in report.rows.values()) for name in _ADDED_UP}
    told = {name: getattr(report.total, name) for name in _ADDED_UP}
    ledger.check(
        f"{len(report.rows)} dòng theo {report.group} cộng lại đúng tổng chung",
        f"rows by {report.group} add up to the common total",
        sums == told and report.total == first.total and all(row.adds_up for row in report.rows.values()),
        ", ".join(f"{name} {value:,}" for name, value in sums.items()),
    )


def differences(before: Report, after: Report) -> dict[str, int]:
    """What of the total is another number now."""
    old, new = before.total.columns(), after.total.columns()
    return {name: new[name] - old[name] for name in old if new[name] != old[name]}
