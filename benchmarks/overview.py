"""The hub's first page at 1,000,000 dossiers: the whole page's time at the server, each time right after a new record.

The derived tables are filled by the projection's own code (`row_of`, `TallyChanges`, its bulk inserts): the folded
dossiers of a quarter, over and over, each time a week later and with ids of their own. What the page says is then
compared with a scan of all rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

import msgspec
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks.figure import Figure, at_most
from benchmarks.province import LOGIN, PASSWORD, enrol_author, found_province
from benchmarks.timing import Times, timed
from benchmarks.workers import in_workers
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from central_hub.app import create_app
from central_hub.ingest.service import acknowledge
from central_hub.judge.service import Judge
from central_hub.projection.rows import COLUMNS, DossierRow, earlier_stretches, row_of
from central_hub.projection.tallies import TallyChanges
from central_hub.services import Services
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Statistics
from central_hub.store.bulk import insert_rows
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DOSSIER, OVERDUE_BEFORE
from demo.lives import steps_of
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.merge import fold
from dossiers.statistics import ReportRow
from dossiers.units import load_default_units
from dossiers.views import DossierView
from sync_protocol.frame import encode_run

DOSSIERS = 1_000_000
BASE = 4_000
OPEN_EVERY = 50
PAGES = 15
_WEEK_MS = 7 * 24 * 60 * 60 * 1000


def measure_overview(workspace: Workspace) -> list[Figure]:
    """Load, then ask for the page as a logged-in statistician does."""
    hub = found_province(workspace.make("overview"))
    author = _enrol_fleet(hub)
    workspace.say(f"folding {BASE:,} dossiers and loading {DOSSIERS:,} rows")
    loaded = timed([lambda: _load(hub)])
    workspace.say("asking for pages")
    app = create_app(replace(hub.config, tls=False), hub)
    client = app.test_client()
    _log_in(client)
    news = _news(hub, author)
    this_quarter, size = _pages(client, news, "/")
    year = to_yyyymmdd(local_date(hub.clock())) // 10000
    all_years, _ = _pages(client, news, f"/?from={year - 4}-01-01&to={year}-12-31")
    _compare_with_scan(hub)
    return [
        Figure(
            name="overview",
            title=f"province overview, full page at the server, {DOSSIERS:,} dossiers (median)",
            value=this_quarter.median_ms,
            unit="ms",
            target=at_most(100),
            detail={
                "of it CPU ms": this_quarter.cpu_ms,
                "max ms": this_quarter.max_ms,
                "five years instead of a quarter, ms": all_years.median_ms,
                "page bytes": size,
                "database MiB": (hub.config.data / "hub.db").stat().st_size // 2**20,
                "loaded in s": loaded.max_ms / 1000,
            },
        )
    ]


def _enrol_fleet(hub: Services) -> Author:
    """One PC in every commune; the first of them will send the new records."""
    authors = [Author(f"PC {unit.code}", unit) for unit in load_default_units().communes]
    for author in authors:
        enrol_author(hub, author)
        author.open_log(hub.clock())
        acknowledge(hub, author.device.public.id, [encode_run(author.run(0, 1))])
    Judge(hub).judge_pending()
    return authors[0]


def _load(hub: Services) -> None:
    """Worker processes make the rows of a week; this one writes them, as the judge does after each batch."""
    views = _views()
    weeks = DOSSIERS // len(views)
    newest = max(view.accepted or 0 for view in views)
    until_now = (hub.clock() - newest) // _WEEK_MS
    shifts = [(week, (until_now - weeks + 1 + week) * _WEEK_MS) for week in range(weeks)]
    for rows in in_workers(_rows_of_week, shifts, first=_remember, values=(views,)):
        tallies = TallyChanges()
        for row in rows:
            tallies.replace(None, row)
        stretches = [stretch for row in rows for stretch in earlier_stretches(row)]
        with writing(hub.engine) as connection:
            insert_rows(connection, DOSSIER, COLUMNS, rows)
            insert_rows(connection, OVERDUE_BEFORE, ("id", "since", "until"), stretches)
            tallies.write(connection)


_remembered: list[DossierView] = []


def _remember(views: list[DossierView]) -> None:
    """What every task of a worker starts from."""
    _remembered[:] = views


def _rows_of_week(week_and_shift: tuple[int, int]) -> list[DossierRow]:
    week, shift = week_and_shift
    first = week * len(_remembered)
    return [
        _row(view, shift, (first + number).to_bytes(16, "big")) for number, view in enumerate(_remembered)
    ]


def _views() -> list[DossierView]:
    """A quarter of the whole province, folded; every so many dossiers are still open."""
    views = []
    for unit_code, planned in plan(load_default_units().communes, BASE, seed=7).items():
        unit = load_default_units().find(unit_code)
        assert unit is not None
        author = Author(f"overview {unit_code}", unit)
        for number, dossier in enumerate(planned):
            steps = steps_of(author.desk(), dossier)
            is_open = number % OPEN_EVERY == 0
            views.append(fold(author.write(steps[: 1 + len(steps) // 2] if is_open else steps)))
    return views


def _row(view: DossierView, shift: int, number: bytes) -> DossierRow:
    """The row of the same dossier some time later, under another id."""

    def moved(instant: int | None) -> int | None:
        return None if instant is None else instant + shift

    later = msgspec.structs.replace(
        view,
        dossier=number.hex(),
        received=moved(view.received),
        accepted=moved(view.accepted),
        due=moved(view.due),
        finished=moved(view.finished),
        clock=tuple(
            msgspec.structs.replace(span, start_ms=span.start_ms + shift, due=moved(span.due))
            for span in view.clock
        ),
    )
    return row_of(later, records=len(view.timeline), digest=sha256(number).digest())


def _log_in(client: FlaskClient) -> None:
    client.get("/login")
    with client.session_transaction() as session:
        token = session.get("csrf_token", "")
    answer = client.post("/login", data={"login": LOGIN, "password": PASSWORD, "csrf_token": token})
    assert answer.status_code == 302, answer.status_code


def _news(hub: Services, author: Author) -> Iterator[None]:
    """Each step: one more dossier, received just now, is acknowledged, judged and counted."""
    planned = plan([author.unit], 100, seed=8)[author.unit.code]
    judge = Judge(hub)
    for dossier in planned:
        step = steps_of(author.desk(), dossier)[0]
        now = hub.clock()
        facts = step.facts | {"received": now, "due": now + _WEEK_MS, "status": 2, "channel": 1}
        author.write([replace(step, at_ms=now, facts=facts)])
        length = len(author.records)
        acknowledge(hub, author.device.public.id, [encode_run(author.run(length - 1, length))])
        judge.judge_pending()
        yield


def _pages(client: FlaskClient, news: Iterator[None], path: str) -> tuple[Times, int]:
    """The page several times, each time after a new record that it must count."""
    shown: list[bytes] = []

    def ask() -> None:
        shown.append(client.get(path).get_data())

    def asked() -> Iterator[Callable[[], None]]:
        for _ in range(PAGES):
            next(news)
            yield ask

    times = timed(asked())
    assert len(set(shown)) == PAGES, "a page does not show the new record"
    return times, len(shown[-1])


def _compare_with_scan(hub: Services) -> None:
    """Every figure of the province's row, over several periods, against a count over all dossiers."""
    today = to_yyyymmdd(local_date(hub.clock()))
    year, month = today // 10000, today // 100 % 100
    for period in (
        Period.quarter(year, (month + 2) // 3),
        Period.month(year - 1, 7),
        Period(first=(year - 3) * 10000 + 215, last=(year - 1) * 10000 + 1110),
    ):
        with reading(hub.engine) as connection:
            statistics = Statistics(connection, catalogue=hub.catalogue, units=hub.units, today=today)
            counted = statistics.overview(period).total
            past = period.until(today)
            scanned = connection.execute(_SCAN, {"first": past.first, "last": past.last}).one()
        if ReportRow(**scanned._asdict()) != counted:
            raise RuntimeError(f"{period}: counted {counted}, scanned {scanned}")


# Every column of Biểu II.06a, straight from the rows of dossiers.
_SCAN = text("""
    WITH placed AS (
        SELECT accepted_day >= :first AS is_new, channel, ended_as, timeliness,
            finished_day IS NOT NULL AND finished_day <= :last AS is_ended,
            (overdue_day <= :last AND (overdue_until IS NULL OR overdue_until > :last)) OR EXISTS (
                SELECT 1 FROM overdue_before AS earlier
                WHERE earlier.id = dossier.id AND earlier.since <= :last AND earlier.until > :last
            ) AS is_overdue
        FROM dossier WHERE accepted_day <= :last AND (finished_day IS NULL OR finished_day >= :first)
    )
    SELECT
        count(*) FILTER (WHERE is_new AND channel = 2) AS online,
        count(*) FILTER (WHERE is_new AND channel <> 2) AS other,
        count(*) FILTER (WHERE NOT is_new) AS carried_over,
        count(*) FILTER (WHERE is_ended AND timeliness = 'early') AS early,
        count(*) FILTER (WHERE is_ended AND timeliness = 'on_time') AS on_time,
        count(*) FILTER (WHERE is_ended AND timeliness = 'late') AS late,
        count(*) FILTER (WHERE NOT is_ended AND NOT ifnull(is_overdue, 0)) AS in_term,
        count(*) FILTER (WHERE NOT is_ended AND ifnull(is_overdue, 0)) AS overdue,
        count(*) FILTER (WHERE is_ended AND ended_as = 'withdrawn') AS withdrawn,
        count(*) FILTER (WHERE is_ended AND ended_as = 'refused') AS refused
    FROM placed
""")
