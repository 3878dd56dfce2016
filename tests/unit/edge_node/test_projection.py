"""Views: incremental equals rebuilt, search without marks, trails, counters."""

import random
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from edge_node.catalogue.service import used_numbers
from edge_node.journal import Draft, write
from edge_node.projection import service
from edge_node.projection.counters import report
from edge_node.projection.lists import (
    DossierFilter,
    Order,
    Trail,
    count_dossiers,
    dossier_row,
    find_by_code,
    find_dossiers,
    match_expression,
    newest_by_id_number,
    record_trails,
)
from edge_node.projection.service import Projector, digest_total, rebuild
from edge_node.store import SqliteLogStore, alerts
from signing.roles import Role
from sync_protocol.record import Record
from tests.support.log_builder import LogBuilder, key
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


DERIVED = ("dossier", "verdict", "key_holder", "day_counter", "digest_total")


def tables(db: Database) -> dict[str, list[Any]]:
    found = {name: sorted(map(repr, db.conn.execute(f"SELECT * FROM {name}").fetchall())) for name in DERIVED}
    found["search"] = [
        row[0] for row in db.conn.execute("SELECT rowid FROM dossier_search('\"n\"*') ORDER BY rowid")
    ]
    return found


def move(office: TestOffice, dossier: str, source: int, target: int, action: str) -> None:
    facts: dict[str, Any] = {"from": source, "to": target, "action": action}
    write(office.db, office.services, office.lan, [Draft(kind="dossier.moved", dossier=dossier, facts=facts)])


def verdict(record: Record, outcome: str, number: int) -> Record:
    """Of the hub's life of this number: each begins after the one before it."""
    log = LogBuilder(device="hub", epoch=f"verdicts {number}")
    for _ in range(number):
        log.add("dossier.noted")
    facts = {
        "record": record.id, "log": record.header.log, "seq": record.header.seq, "outcome": outcome,
        "code": "RECORD_ROLE" if outcome == "quarantined" else None, "retryable": False, "unit": "20242",
    }  # fmt: skip
    return log.add("verdict.given", facts, signer=key("hub"))


def test_incremental_equals_rebuilt(office: TestOffice) -> None:
    rng = random.Random(20261122)
    dossiers: list[str] = []
    verdicts = LogBuilder(device="hub", epoch="verdicts")
    for step in range(120):
        office.clock.advance(rng.randrange(1, 40_000_000))
        choice = rng.random()
        if choice < 0.3 or not dossiers:
            dossiers.append(office.receive(f"Nguyễn Văn {step}"))
        elif choice < 0.6:
            dossier = rng.choice(dossiers)
            status = dossier_row(office.db, dossier).status  # type: ignore[union-attr]
            if status == 2:
                move(office, dossier, 2, 4, "forward")
        elif choice < 0.8:
            content = {"fields": {"applicant.name": f"Trần Thị {step}"}}
            facts = {"fields": ["applicant.name"], "set": {}}
            draft = Draft(kind="dossier.amended", dossier=rng.choice(dossiers), facts=facts, content=content)
            write(office.db, office.services, office.lan, [draft])
        else:
            record = rng.choice(SqliteLogStore(office.db).dossier_records(rng.choice(dossiers)))
            facts = {
                "record": record.id, "log": record.header.log, "seq": record.header.seq,
                "outcome": rng.choice(["quarantined", "applied", "pending"]), "code": None, "retryable": True,
                "unit": "20242",
            }  # fmt: skip
            given = verdicts.add("verdict.given", facts, signer=key("hub"))
            SqliteLogStore(office.db).append(verdicts.run())
            Projector(office.db, office.office).take([given])
    before = tables(office.db)
    assert before["digest_total"] != [repr((1, bytes(32)))]
    assert rebuild(office.db) == len(dossiers)
    assert tables(office.db) == before


def test_a_dossier_that_cannot_be_projected_keeps_no_other_from_people(
    office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One such dossier in a rebuild after an update, and the node did not start."""
    good, bad = office.receive("Nguyễn Thị Hoa"), office.receive("Trần Văn Bình")
    fold = service.fold

    def fails_on_one(records: list[Record], **options: Any) -> Any:
        if records[0].header.dossier == bad:
            raise ZeroDivisionError("an unexpected fault")
        return fold(records, **options)

    with monkeypatch.context() as broken:
        broken.setattr(service, "fold", fails_on_one)
        rebuild(office.db)
    assert [row.id for row in find_dossiers(office.db, DossierFilter())] == [good]
    assert [alert.code for alert in alerts.list_alerts(office.db)] == [alerts.PROJECTION]
    rebuild(office.db)
    assert {row.id for row in find_dossiers(office.db, DossierFilter())} == {good, bad}
    assert alerts.list_alerts(office.db) == []


def test_a_refused_record_stands_out_and_takes_no_effect(office: TestOffice) -> None:
    dossier = office.receive()
    move(office, dossier, 2, 4, "forward")
    record = SqliteLogStore(office.db).dossier_records(dossier)[-1]
    before = digest_total(office.db)
    Projector(office.db, office.office).take([verdict(record, "quarantined", 1)])
    row = dossier_row(office.db, dossier)
    assert row is not None and (row.status, row.refused) == (2, 1)
    assert [r.id for r in find_dossiers(office.db, DossierFilter(needs_attention=True))] == [dossier]
    assert digest_total(office.db) != before
    Projector(office.db, office.office).take([verdict(record, "applied", 2)])
    row = dossier_row(office.db, dossier)
    assert row is not None and (row.status, row.refused) == (4, 0)
    assert digest_total(office.db) == before


@pytest.mark.parametrize(
    "typed",
    ["nguyen", "Nguyễn", "n", "ng", "HOA", "thi hoa", "dang", "Đặng", "2611", "0482000", "h17.20242-261122"],
)
def test_search_ignores_marks_and_takes_beginnings(office: TestOffice, typed: str) -> None:
    wanted = office.receive("Nguyễn Đặng Thị Hoa", code="H17.20242-261122-0001")
    office.receive("Võ Quốc Ý", code="H17.20242-251001-0001")
    found = find_dossiers(office.db, DossierFilter(text=typed))
    assert wanted in [row.id for row in found]
    assert find_dossiers(office.db, DossierFilter(text=f"{typed} khong-co")) == []


def test_search_forgets_what_was_amended_away(office: TestOffice) -> None:
    dossier = office.receive("Nguyễn Thị Hoa")
    facts = {"fields": ["applicant.name"], "set": {}}
    content = {"fields": {"applicant.name": "Trần Văn Bình"}}
    draft = Draft(kind="dossier.amended", dossier=dossier, facts=facts, content=content)
    write(office.db, office.services, office.lan, [draft])
    assert find_dossiers(office.db, DossierFilter(text="hoa")) == []
    assert [row.id for row in find_dossiers(office.db, DossierFilter(text="binh"))] == [dossier]


@pytest.mark.parametrize(
    "typed", ["", "   ", '"', "*", "---", "'; DROP", '" OR "', "NEAR(", "a:b", "(", "^x"]
)
def test_no_text_breaks_the_query(office: TestOffice, typed: str) -> None:
    office.receive()
    find_dossiers(office.db, DossierFilter(text=typed))
    count_dossiers(office.db, DossierFilter(text=typed))


def test_match_expression() -> None:
    assert match_expression("  Đà  Nẵng ") == '"da"* AND "nang"*'
    assert match_expression(" -- ") is None


def test_lists_filter_order_and_count(office: TestOffice) -> None:
    late = office.receive("Một", due=office.clock() + 5)
    none = office.receive("Hai", due=None)
    soon = office.receive("Ba", due=office.clock() + 1)
    move(office, soon, 2, 4, "forward")
    by_due = find_dossiers(office.db, DossierFilter(is_open=True), order=Order.DUE)
    assert [row.id for row in by_due] == [soon, late, none]
    assert [row.id for row in find_dossiers(office.db)] == [soon, none, late]
    assert [row.id for row in find_dossiers(office.db, limit=1, offset=1)] == [none]
    assert [row.id for row in find_dossiers(office.db, DossierFilter(statuses=(4,)))] == [soon]
    until = DossierFilter(due_until=office.clock() + 3)
    assert [row.id for row in find_dossiers(office.db, until)] == [soon]
    assert [row.id for row in find_dossiers(office.db, DossierFilter(due_from=office.clock() + 3))] == [late]
    assert count_dossiers(office.db) == 3
    assert count_dossiers(office.db, at_most=2) == 2
    assert count_dossiers(office.db, DossierFilter(is_unsent=True)) == 3


def test_a_number_on_a_slip_is_never_given_again_whatever_became_of_its_record(office: TestOffice) -> None:
    """A code that lost the fold, or whose record the province refused, looked unused: two dossiers, one code on paper."""
    provisional = "TAM.20242-261122-ABCDEFGH-001"
    refused = office.receive(code="H17.20242-261122-0001")
    renamed = office.receive(provisional=provisional)
    for number in (2, 3):
        facts = {"code": f"H17.20242-261122-000{number}", "provisional": provisional}
        draft = Draft(kind="dossier.numbered", dossier=renamed, facts=facts)
        write(office.db, office.services, office.lan, [draft])
    record = SqliteLogStore(office.db).dossier_records(refused)[0]
    Projector(office.db, office.office).take([verdict(record, "quarantined", 1)])
    assert used_numbers(office.db, "20242", date(2026, 11, 22), "H17.20242-261122-") == {1, 2, 3}
    assert [row.id for row in find_by_code(office.db, "H17.20242-261122-0001")] == [refused]
    assert [row.id for row in find_by_code(office.db, "H17.20242-261122-0003")] == [renamed]


def test_by_code_and_by_id_number(office: TestOffice) -> None:
    dossier = office.receive(code="H17.20242-261122-0001", provisional="TAM.20242-261122-ABCDEFGH-001")
    assert [row.id for row in find_by_code(office.db, "H17.20242-261122-0001")] == [dossier]
    assert [row.id for row in find_by_code(office.db, "TAM.20242-261122-ABCDEFGH-001")] == [dossier]
    assert find_by_code(office.db, "H17.20242-261122-0002") == []
    newest = office.receive("Nguyễn Thị Hoa (mới)")
    row = newest_by_id_number(office.db, "048200001234")
    assert row is not None and row.id == newest
    assert newest_by_id_number(office.db, "048200009999") is None


def test_trails_follow_the_receipt(office: TestOffice) -> None:
    dossier = office.receive()
    move(office, dossier, 2, 4, "forward")
    first, second = SqliteLogStore(office.db).dossier_records(dossier)
    assert set(record_trails(office.db, dossier).values()) == {Trail.HERE}
    office.db.execute(
        "INSERT INTO receipt_log (log, held, head, judged) VALUES (?, ?, '', ?)", (office.office.log, 3, 2)
    )
    assert record_trails(office.db, dossier) == {first.id: Trail.JUDGED, second.id: Trail.ARRIVED}
    row = dossier_row(office.db, dossier)
    assert row is not None and row.trail is Trail.ARRIVED


def test_the_report_comes_from_counters(office: TestOffice) -> None:
    leader = office.actor("Hùng", Role.LEADER)
    solved, _ = office.receive(), office.receive()
    move(office, solved, 2, 4, "forward")
    facts = {"from": 4, "to": 9, "action": "finish"}
    content = {"result": {"number": "12/UBND"}}
    write(
        office.db,
        office.services,
        leader,
        [Draft(kind="dossier.moved", dossier=solved, facts=facts, content=content)],
    )
    rows = report(office.db, unit="20242", first=20260101, last=20261231)
    row = rows["1.001193"]
    assert (row.received, row.solved, row.processing) == (2, 1, 1)
    assert report(office.db, unit="99999", first=20260101, last=20261231) == {}


def test_the_later_verdict_stands_whichever_log_comes_first(office: TestOffice) -> None:
    """A hub that was put back speaks in another log; its word was undone when the older log arrived after it."""
    record = SqliteLogStore(office.db).dossier_records(office.receive())[0]
    said = [
        verdict(record, outcome, life) for life, outcome in enumerate(("pending", "quarantined", "applied"))
    ]
    same_moment = [verdict(record, outcome, 5) for outcome in ("pending", "quarantined")]
    for verdicts in (said, [*said, *same_moment]):
        stands = set()
        for order in permutations(verdicts):
            office.db.conn.execute("DELETE FROM verdict")
            for each in order:
                Projector(office.db, None).take_verdict(each)
            stands.add(office.db.conn.execute("SELECT outcome, at, log, seq FROM verdict").fetchone())
        assert len(stands) == 1, "whatever came first"
        assert verdicts is not said or stands.pop()[0] == "applied"
