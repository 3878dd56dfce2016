"""The command `stats`: Biểu II.06a of a period, for people and for programs."""

from typing import Any

import click

from central_hub.console import common, opened
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Filter, Group, Report, Statistics
from central_hub.store.engine import reading
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.presentation import fmt_percent
from dossiers.statistics import ReportRow, rate_a, rate_b
from signing.console import OK, Console


@click.command()
@click.option("--from", "first", type=int, default=None, help="First day, yyyymmdd (else 1 January).")
@click.option("--to", "last", type=int, default=None, help="Last day, yyyymmdd (else today).")
@click.option("--group", type=click.Choice([group.value for group in Group]), default=Group.COMMUNE.value)
@click.option("--commune", default=None, help="Only this commune.")
@click.option("--field", default=None, help="Only this field.")
@click.option("--procedure", default=None, help="Only this procedure.")
@common
def stats(
    console: Console,
    first: int | None,
    last: int | None,
    group: str,
    commune: str | None,
    field: str | None,
    procedure: str | None,
) -> None:
    """Print Biểu II.06a of a period."""
    services = opened(console)
    today = to_yyyymmdd(local_date(services.clock()))
    period = Period(first=first or today // 10000 * 10000 + 101, last=last or today)
    with reading(services.engine) as connection:
        figures = Statistics(
            connection,
            catalogue=services.catalogue,
            units=services.units,
            today=today,
            language=console.language,
        )
        chosen = Filter(commune=commune, field=field, procedure=procedure)
        report = figures.report(period, Group(group), chosen)
    for row in report.rows:
        console.say(_line(row.name, row.row), _line(row.name, row.row))
    console.say(_line("Tổng số", report.total), _line("Total", report.total))
    console.leave(OK, _report_content(report))


def _line(name: str, row: ReportRow) -> str:
    return (
        f"{name}: {row.received} = {row.online} + {row.other} + {row.carried_over} | "
        f"{row.solved} ({row.early}/{row.on_time}/{row.late}) | {row.processing} ({row.in_term}/{row.overdue}) | "
        f"A {fmt_percent(rate_a(row).value)} | B {fmt_percent(rate_b(row).value)}"
    )


def _report_content(report: Report) -> dict[str, Any]:
    return {
        "from": report.period.first,
        "to": report.period.last,
        "as_of": report.as_of,
        "group": report.group.value,
        "definitions": report.definitions,
        "rows": [{"key": row.key, "name": row.name, **row_content(row.row)} for row in report.rows],
        "total": row_content(report.total),
    }


def row_content(row: ReportRow) -> dict[str, Any]:
    """A report's row for machines: columns, sums, and both rates as numerator and denominator."""
    a, b = rate_a(row), rate_b(row)
    return {
        **{name: getattr(row, name) for name in ReportRow.__struct_fields__},
        "received": row.received,
        "solved": row.solved,
        "processing": row.processing,
        "rate_a": {"numerator": a.numerator, "denominator": a.denominator},
        "rate_b": {"numerator": b.numerator, "denominator": b.denominator},
    }
