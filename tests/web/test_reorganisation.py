"""Communes are merged, split, moved and renamed while their PCs are away: real nodes and a real hub in one process."""

from typing import Any

import pytest
from sqlalchemy import select

from central_hub.accounts.service import find_account, make_account
from central_hub.accounts.signer import unlock_signer
from central_hub.erasure.service import Wish, order_erasure
from central_hub.projection.rebuild import rebuild as rebuild_hub
from central_hub.reorganisation.plan import ReorganisationRefused, read_plan
from central_hub.reorganisation.service import publish_reorganisation
from central_hub.settings import EPOCH, put_setting
from central_hub.statistics.lists import Figure, count_by_scan, value_of
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Filter, Group, Statistics
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DERIVED, DEVICE, DOSSIER, LEASE, STANDING
from dossiers.local_time import local_date, to_yyyymmdd
from edge_node.casework.papers import PaperName, paper_form
from edge_node.casework.reading import read_page
from edge_node.casework.service import Target, number
from edge_node.desk.units import unit_notice
from edge_node.enrolment.epochs import open_log
from edge_node.enrolment.successor import follow
from edge_node.journal import Draft, WriteRefused, require_office, write
from edge_node.keyring.units import former_units, office_as, units_at
from edge_node.printing.forms import ControlSlip, Slip
from edge_node.printing.letterhead import letterhead
from edge_node.projection.lists import find_dossiers
from edge_node.projection.service import view as view_of
from edge_node.receive.reading import units_to_choose
from edge_node.reports.periods import year_of
from edge_node.reports.service import Grouping, make_report
from edge_node.routing.reading import read_lists, unit_choices
from edge_node.routing.service import refer
from edge_node.store import SqliteLogStore, alerts, open_database
from signing.roles import Role
from sync_protocol.log import OpeningReason
from sync_protocol.record import BodyState
from tests.simulation.clock import DAY_MS
from tests.support.pair import Commune, Pc

A, B, N, T = "20242", "20257", "20991", "20992"
NAMES = {N: "Phường Hợp Nhất", T: "Xã Mới Tách"}
PASSWORD = "mot-cua-2026"


@pytest.fixture
def province(commune: Commune) -> Commune:
    with writing(commune.hub.engine) as connection:
        make_account(
            connection,
            commune.hub,
            login="sapxep",
            name="Phạm Thu Hà",
            roles=frozenset({Role.ADMINISTRATOR}),
            password=PASSWORD,
        )
    return commune


def today(province: Commune, days: int = 0) -> int:
    return to_yyyymmdd(local_date(province.clock() + days * DAY_MS))


def say(province: Commune, content: dict[str, Any]) -> None:
    content = {"number": "1659/NQ-UBTVQH15", "date": 20260616, "units": NAMES, **content}
    with writing(province.hub.engine) as connection:
        account = find_account(connection, "sapxep")
        assert account is not None
    signer = unlock_signer(province.hub, account, PASSWORD)
    with writing(province.hub.engine) as connection:
        plan = read_plan(connection, content)
        publish_reorganisation(connection, province.hub, plan, account=account, signer=signer)


def merge(province: Commune, *, days: int = 0) -> None:
    changes = [{"from": A, "to": N}, {"from": B, "to": N}]
    say(province, {"form": "merge", "effective": today(province, days), "changes": changes})


def settle(*pcs: Pc) -> None:
    """Everybody exchanges until nothing moves."""
    for _ in range(4):
        for pc in pcs:
            assert pc.sync().problem is None
    for pc in pcs:
        assert {alert.code for alert in alerts.list_alerts(pc.db)} <= {alerts.UNIT_CHANGED}


def hub_dossiers(province: Commune) -> dict[str, Any]:
    with reading(province.hub.engine) as connection:
        return {row.id.hex(): row for row in connection.execute(select(DOSSIER))}


def held(pc: Pc) -> set[str]:
    return {row.id for row in find_dossiers(pc.db, limit=500)}


def note(pc: Pc, dossier: str, text: str = "Đã gọi điện cho người dân") -> None:
    write(
        pc.db,
        pc.services,
        pc.lan,
        [Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})],
    )


def test_a_pc_that_goes_to_its_new_unit_while_an_answer_is_awaited_opens_one_log(province: Commune) -> None:
    """The schedule followed on the day; the answer then wrote the office of before back, and a second log was opened for it."""
    pc = province.add(A)
    merge(province, days=1)
    settle(pc)
    province.clock.advance(DAY_MS)
    with writing(province.hub.engine) as connection:
        put_setting(connection, EPOCH, "ab" * 16)

    def beside() -> None:
        pc.line.before_answer = None
        db = open_database(pc.services.config.database)
        follow(db, pc.services)
        db.conn.close()

    pc.line.before_answer = beside
    assert pc.sync().problem is None
    office = require_office(pc.db)
    assert (office.unit, office.hub_epoch) == (N, "ab" * 16)
    assert SqliteLogStore(pc.db).logs_of(device=office.device, commune=N) == [office.log]


def test_two_that_follow_at_once_open_one_log(province: Commune, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule and a sync: the second log took a range of numbers that nobody would ever give."""
    pc = province.add(A)
    merge(province, days=1)
    settle(pc)
    province.clock.advance(DAY_MS)
    db = open_database(pc.services.config.database)

    def both(*given: Any, **more: Any) -> Any:
        monkeypatch.undo()
        follow(db, pc.services)
        return open_log(*given, **more)

    monkeypatch.setattr("edge_node.enrolment.successor.open_log", both)
    office = follow(pc.db, pc.services)
    db.conn.close()
    assert office == require_office(pc.db)
    assert SqliteLogStore(pc.db).logs_of(device=office.device, commune=N) == [office.log]


def test_after_a_merge_every_pc_serves_the_new_unit_and_holds_what_concerns_it(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    first, second = one.receive(), other.receive()
    settle(one, other)
    assert (held(one), held(other)) == ({first}, {second})
    merge(province)
    settle(one, other)
    for pc in (one, other):
        office = require_office(pc.db)
        assert (office.unit, office.unit_name) == (N, NAMES[N])
        assert held(pc) == {first, second}
        view = view_of(pc.db, second)
        assert view is not None
        assert view.text("applicant.name") == "Nguyễn Thị Hoa"  # the sibling's body, too
        assert any(alert.code == alerts.UNIT_CHANGED for alert in alerts.list_alerts(pc.db))
    third = one.receive()
    settle(one, other)
    rows = hub_dossiers(province)
    assert {rows[d].home for d in (first, second, third)} == {A, B, N}
    assert {rows[d].keeper for d in (first, second, third)} == {N}
    with reading(province.hub.engine) as connection:
        assert set(connection.scalars(select(DEVICE.c.unit))) == {N}
        assert list(connection.execute(select(STANDING))) == []


def test_work_under_the_old_unit_for_a_month_is_taken_and_counted_once(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    early = one.receive()
    settle(one, other)
    merge(province, days=2)
    province.clock.now += 30 * DAY_MS
    late = one.receive()
    note(one, early)
    assert require_office(one.db).unit == A  # it cannot know
    settle(other, one)
    rows = hub_dossiers(province)
    assert {row.keeper for row in rows.values()} == {N}
    assert rows[late].home == A
    with reading(province.hub.engine) as connection:
        assert list(connection.execute(select(STANDING))) == []
    assert held(one) == held(other) == {early, late}
    assert require_office(one.db).unit == N


def test_codes_given_under_the_old_unit_stay_and_new_ones_bear_the_new_units_code(province: Commune) -> None:
    one = province.add(A)
    settle(one)
    office = require_office(one.db)
    code = one.services.references.allocate_code(one.db, office, received_ms=one.clock()).code
    assert code
    old = one.receive(code=code)
    settle(one)
    merge(province)
    settle(one)
    view = view_of(one.db, old)
    assert view is not None
    assert view.code == code == hub_dossiers(province)[old].code
    new = one.services.references.allocate_code(one.db, require_office(one.db), received_ms=one.clock())
    assert new.code is not None
    assert A in code and N in new.code and A not in new.code
    with reading(province.hub.engine) as connection:
        leases = connection.execute(select(LEASE.c.unit, LEASE.c.log)).all()
    assert (N, require_office(one.db).log) in [tuple(row) for row in leases]


def test_a_pc_that_knows_changes_on_the_day_without_a_line(province: Commune) -> None:
    one = province.add(A)
    merge(province, days=3)
    settle(one)
    assert require_office(one.db).unit == A
    province.clock.now += 3 * DAY_MS
    one.line.is_down = True
    follow(one.db, one.services)
    office = require_office(one.db)
    assert office.unit == N
    opened = one.services.trust.trust(one.db)
    assert opened.statement(office.device).unit == A  # type: ignore[union-attr]
    dossier = one.receive()
    one.line.is_down = False
    settle(one)
    assert hub_dossiers(province)[dossier].home == N


def test_the_log_of_the_new_unit_names_the_old_one(province: Commune) -> None:
    one = province.add(A)
    old = require_office(one.db).log
    merge(province)
    settle(one)
    row = one.db.conn.execute(
        "SELECT signed_header(header) FROM record JOIN log ON log.number = record.log WHERE log.id = ? AND seq = 0",
        (require_office(one.db).log,),
    ).fetchone()
    assert OpeningReason.REORGANISATION.value in row[0]
    assert old in row[0]


def test_officers_go_on_and_enrol_others_in_the_new_unit(province: Commune) -> None:
    one = province.add(A)
    settle(one)
    merge(province)
    settle(one)
    dossier = one.receive()
    note(one, dossier)
    settle(one)
    assert hub_dossiers(province)[dossier].records == 2


def test_old_dossiers_are_worked_on_under_the_new_unit_and_get_their_numbers(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    mine, theirs = one.receive(), other.receive()
    office = require_office(one.db)
    provisional = f"TAM.{office.unit}-261122-{office.log[:8].upper()}-001"
    waiting = one.receive(provisional=provisional)
    settle(one, other)
    merge(province)
    settle(one, other)
    for dossier in (mine, theirs):
        page = read_page(one.db, one.services, one.chief, dossier)
        assert page is not None
        assert page.main is not None
        assert "note" in {offer.action for offer in page.others}
    code = number(one.db, one.services, None, waiting)
    assert code is not None
    settle(one, other)
    assert hub_dossiers(province)[waiting].code == code
    view = view_of(one.db, waiting)
    assert view is not None
    assert view.provisional == provisional


def move_to_b(province: Commune, dossier: str) -> None:
    """A part of A with this dossier goes to B."""
    moved = [{"from": A, "to": B, "dossiers": [dossier]}]
    same = [{"from": A, "to": A}]
    said = {"form": "move", "effective": today(province), "units": {}, "changes": same, "dossiers": moved}
    say(province, said)


def test_a_dossier_that_went_to_another_unit_is_shown_and_offers_no_steps(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    moved = one.receive()
    settle(one, other)
    move_to_b(province, moved)
    settle(one, other)
    left, taken = (read_page(pc.db, pc.services, pc.chief, moved) for pc in (one, other))
    assert left is not None and left.main is None and left.moves == ()
    assert taken is not None and taken.main is not None


def split(province: Commune, second: Pc, *dossiers: str) -> None:
    device = require_office(second.db).device
    change = {"from": A, "to": N, "devices": [{"device": device, "to": T}]}
    say(
        province,
        {
            "form": "split",
            "effective": today(province),
            "changes": [change],
            "dossiers": [{"from": A, "to": T, "dossiers": list(dossiers)}] if dossiers else [],
        },
    )


def test_a_split_divides_dossiers_by_pc_and_by_list_and_bodies_with_them(province: Commune) -> None:
    one, other = province.add(A), province.add(A)
    of_one, of_other, listed = one.receive(), other.receive(), one.receive()
    settle(one, other)
    split(province, other, listed)
    late = other.receive()  # before it knows: its own successor keeps it
    settle(other, one)
    rows = hub_dossiers(province)
    assert {d: rows[d].keeper for d in (of_one, of_other, listed, late)} == {
        of_one: N, of_other: T, listed: T, late: T,
    }  # fmt: skip
    assert (require_office(one.db).unit, require_office(other.db).unit) == (N, T)
    # What a PC held stays; what is received since for the other successor comes without its content.
    view = view_of(one.db, late)
    assert view is not None
    assert view.text("applicant.name") is None
    assert {entry.body_state for entry in view.timeline} == {BodyState.WITHHELD}
    kept = view_of(one.db, of_other)
    assert kept is not None
    assert kept.text("applicant.name") == "Nguyễn Thị Hoa"
    with pytest.raises(WriteRefused):
        note(one, of_other)  # it lies here still, but another unit keeps it now
    after = other.receive()
    settle(one, other)
    assert after not in held(one)


def test_a_part_moves_with_its_dossiers_and_both_units_go_on(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    stays, moves = one.receive(), one.receive()
    settle(one, other)
    move_to_b(province, moves)
    settle(one, other)
    assert {d: row.keeper for d, row in hub_dossiers(province).items()} == {stays: A, moves: B}
    assert (require_office(one.db).unit, require_office(other.db).unit) == (A, B)
    view, foreign = view_of(other.db, moves), view_of(other.db, stays)
    assert view is not None
    assert view.text("applicant.name") == "Nguyễn Thị Hoa"
    assert foreign is None or foreign.text("applicant.name") is None
    note(other, moves)
    settle(other, one)
    assert hub_dossiers(province)[moves].records == 2


def test_a_renamed_unit_keeps_its_code_and_shows_its_new_name_from_the_day_on(province: Commune) -> None:
    one = province.add(A)
    before = require_office(one.db).unit_name
    names = {A: "Phường Tên Mới"}
    say(
        province,
        {
            "form": "rename",
            "effective": today(province, 2),
            "units": names,
            "changes": [{"from": A, "to": A}],
        },
    )
    settle(one)
    assert require_office(one.db).unit_name == before
    province.clock.now += 2 * DAY_MS
    settle(one)
    office = require_office(one.db)
    assert (office.unit, office.unit_name) == (A, names[A])
    with reading(province.hub.engine) as connection:
        province.hub.genealogy.current(connection)
    assert province.hub.units.name(A) == names[A]


def test_figures_of_old_and_new_units_reconcile_and_lists_stand_behind_them(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    for pc in (one, one, other):
        pc.receive()
    settle(one, other)
    first = today(province)
    province.clock.now += 5 * DAY_MS
    merge(province)
    settle(one, other)
    one.receive()
    settle(one, other)
    period = Period(first=first, last=today(province))
    with reading(province.hub.engine) as connection:
        statistics = Statistics(
            connection, catalogue=province.hub.catalogue, units=province.hub.units, today=today(province)
        )
        report = statistics.report(period, Group.COMMUNE)
        rows = {row.key: row.row for row in report.rows}
        assert {key: (row.other, row.carried_over, row.processing) for key, row in rows.items()} == {
            A: (2, 0, 2), B: (1, 0, 1), N: (1, 3, 4),
        }  # fmt: skip
        assert (report.total.other, report.total.carried_over, report.total.processing) == (4, 0, 4)
        for unit, row in rows.items():
            for figure in Figure:
                counted = count_by_scan(
                    connection, statistics, period, figure, Filter(commune=unit), today=today(province)
                )
                assert counted == value_of(row, figure), (unit, figure)
    before = tables(province)
    rebuild_hub(province.hub)
    assert tables(province) == before


def test_the_provinces_erasure_order_reaches_what_was_written_under_either_unit(province: Commune) -> None:
    one = province.add(A)
    dossier = one.receive()
    settle(one)
    merge(province)
    settle(one)
    note(one, dossier)
    settle(one)
    wish = Wish(dossier=dossier, ground="authority_decision", number="20/QĐ-UBND", date=20261122)
    with writing(province.hub.engine) as connection:
        order_erasure(connection, province.hub, wish, actor="sapxep")
    settle(one)
    view = view_of(one.db, dossier)
    assert view is not None
    assert {entry.body_state for entry in view.timeline} == {BodyState.ERASED}


def tables(province: Commune) -> dict[str, list[Any]]:
    with reading(province.hub.engine) as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table)))) for table in DERIVED}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"changes": [{"from": "99999", "to": N}]}, "no unit of"),
        ({"changes": [{"from": A, "to": "20999"}]}, "name is needed"),
        ({"changes": [{"from": A, "to": A}], "units": {}}, "nothing would change"),
        ({"number": ""}, "form of the record"),
        ({"changes": [{"from": A, "to": N, "devices": [{"device": "0" * 32, "to": T}]}]}, "no PC"),
        ({"dossiers": [{"from": A, "to": B, "dossiers": ["H48.1"]}]}, "no one dossier"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_before_it_is_signed(
    province: Commune, change: dict[str, Any], word: str
) -> None:
    plan = {"form": "merge", "effective": today(province), "changes": [{"from": A, "to": N}], **change}
    with pytest.raises(ReorganisationRefused, match=word):
        say(province, plan)


def test_books_and_figures_of_former_units_stay_at_hand_beside_the_new_ones(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    one.receive(), one.receive(), other.receive()
    settle(one, other)
    province.clock.now += 3 * DAY_MS
    merge(province)
    settle(one, other)
    one.receive()
    settle(one, other)
    office, day = require_office(one.db), today(province)
    former = former_units(one.db, office, day)
    assert [unit for unit, _name in former] == [A, B]
    period = year_of(local_date(province.clock()))
    figures = {
        unit: make_report(
            one.db, one.services, office_as(office, former, unit), period, Grouping.FIELD
        ).total.row
        for unit in (A, B, N)
    }
    assert {u: (row.other, row.carried_over, row.processing) for u, row in figures.items()} == {
        A: (2, 0, 2), B: (1, 0, 1), N: (1, 3, 4),
    }  # fmt: skip
    assert letterhead(office, one.services.config).superior == "Ủy ban nhân dân phường Hợp Nhất"
    assert "Hợp Nhất" not in letterhead(office_as(office, former, A), one.services.config).superior


def test_the_desk_says_that_the_day_comes_and_then_that_it_came(province: Commune) -> None:
    one = province.add(A)
    before = require_office(one.db).unit_name
    assert unit_notice(one.db, one.services) is None
    merge(province, days=3)
    settle(one)
    coming = unit_notice(one.db, one.services)
    assert coming is not None
    assert (coming.old_name, coming.new_name, coming.is_coming) == (before, NAMES[N], True)
    province.clock.now += 3 * DAY_MS
    settle(one)
    came = unit_notice(one.db, one.services)
    assert came is not None
    assert (came.new_name, came.is_coming, came.number) == (NAMES[N], False, "1659/NQ-UBTVQH15")
    assert before in came.old_name
    alerts.clear_alert(one.db, alerts.UNIT_CHANGED)
    assert unit_notice(one.db, one.services) is None


def test_papers_name_the_unit_of_their_day(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    before = one.receive()
    settle(one, other)
    province.clock.now += 3 * DAY_MS
    merge(province)
    settle(one, other)
    office = require_office(one.db)
    code = one.services.references.allocate_code(one.db, office, received_ms=one.clock()).code
    after = one.receive(code=code)
    settle(one, other)
    heads = {}
    for name, dossier in (("before", before), ("after", after)):
        folded = view_of(one.db, dossier)
        assert folded is not None
        form = paper_form(one.db, one.services, folded, PaperName.SLIP)
        control = paper_form(one.db, one.services, folded, PaperName.CONTROL)
        assert isinstance(form, Slip) and isinstance(control, ControlSlip)
        heads[name] = (form.office.superior, form.office.place, control.agency)
    assert heads == {
        "before": ("Ủy ban nhân dân phường Hải Châu", "Hải Châu", "Phường Hải Châu"),
        "after": ("Ủy ban nhân dân phường Hợp Nhất", "Hợp Nhất", "Phường Hợp Nhất"),
    }


def test_an_office_sends_dossiers_to_units_that_there_are(province: Commune) -> None:
    """The screens knew the list of 2025 only: a new unit had no name, and nothing could go to it."""
    third = province.add("20209")
    dossier = third.receive()
    settle(third)
    merge(province, days=2)
    settle(third)
    folded = view_of(third.db, dossier)
    assert folded is not None

    def offered() -> dict[str, str]:
        assert folded is not None
        return dict(unit_choices(third.db, folded, units_at(third.db, third.clock())))

    assert {A, B} <= offered().keys() and N not in offered(), "the day has not come"
    province.clock.now += 2 * DAY_MS
    settle(third)
    assert offered()[N] == NAMES[N] and not {A, B} & offered().keys()
    assert (N, NAMES[N]) in units_to_choose(units_at(third.db, third.clock()))
    refer(third.db, third.services, third.lan, Target(dossier=dossier), to=N, ground="Xác minh giúp")
    lists = read_lists(third.db, third.services, side="out", is_open=True, page=1)
    assert [line.unit for line in lists.lines] == [NAMES[N]]
    with pytest.raises(WriteRefused):
        refer(third.db, third.services, third.lan, Target(dossier=dossier), to=A, ground="Xác minh giúp")
