"""Erasure orders on a node: who may give one, what goes, what stays, and that nothing brings it back."""

import os
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from edge_node.doctor import Health, examine
from edge_node.drafts.service import keep_draft, list_drafts
from edge_node.erasure import service
from edge_node.erasure.service import (
    Wish,
    carry_out,
    is_scrubbed,
    old_copies,
    order_erasure,
    orders_of,
    scrub,
)
from edge_node.journal import Draft, WriteRefused, write
from edge_node.keyring import Actor
from edge_node.projection.counters import counters
from edge_node.projection.lists import DossierFilter, find_dossiers
from edge_node.projection.service import digest_total, rebuild, view
from edge_node.store import SqliteLogStore, open_database
from signing.roles import Role
from sync_protocol.erasure import ERASURE_KIND
from sync_protocol.record import BodyState
from tests.support.log_builder import LogBuilder
from tests.support.office import TestOffice, make_office

NAME = "Nguyễn Thị Hoa"


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


@pytest.fixture
def ha(office: TestOffice) -> Actor:
    return office.actor("Hà", Role.LEADER)


def wish(dossier: str, **more: Any) -> Wish:
    values = {"dossier": dossier, "ground": "subject_request", "number": "15/QĐ-UBND", "date": 20261122}
    return Wish(**(values | more))


def states(office: TestOffice, dossier: str) -> list[BodyState]:
    return [record.body_state for record in SqliteLogStore(office.db).dossier_records(dossier)]


def note(office: TestOffice, dossier: str, text: str) -> str:
    draft = Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})
    return write(office.db, office.services, office.lan, [draft])[0].id


def test_the_head_of_the_unit_erases_a_dossier(office: TestOffice, ha: Actor) -> None:
    dossier, other = office.receive(NAME), office.receive("Trần Văn Nam")
    before, figures = digest_total(office.db), counters(office.db)
    order = order_erasure(office.db, office.services, ha, wish(dossier))
    assert order.header.kind == ERASURE_KIND and order.header.facts["records"] == []
    assert states(office, dossier) == [BodyState.ERASED] and states(office, other) == [BodyState.PRESENT]
    folded = view(office.db, dossier)
    assert folded is not None and folded.fields["applicant.name"].state is BodyState.ERASED
    assert folded.text("applicant.name") is None
    assert [row.id for row in find_dossiers(office.db, DossierFilter(text="hoa"))] == []
    assert [row.id for row in find_dossiers(office.db, DossierFilter(text="nam"))] == [other]
    assert (digest_total(office.db), counters(office.db)) == (before, figures)
    assert [record.id for record in orders_of(office.db, dossier)] == [order.id]
    assert is_scrubbed(office.db)


def test_an_order_may_name_single_records(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    bad, good = note(office, dossier, "nhập nhầm người khác"), note(office, dossier, "đã gọi điện")
    order_erasure(office.db, office.services, ha, wish(dossier, records=(bad,), ground="unlawful"))
    folded = view(office.db, dossier)
    assert folded is not None and [(n.record, n.text) for n in folded.notes] == [
        (bad, None),
        (good, "đã gọi điện"),
    ]
    assert folded.text("applicant.name") == NAME
    note(office, dossier, "ghi tiếp")


@pytest.mark.parametrize(
    "role", [Role.RECEPTIONIST, Role.SPECIALIST, Role.CLERK, Role.UNIT_ADMINISTRATOR, None]
)
def test_nobody_else_may_order_it(office: TestOffice, role: Role | None) -> None:
    dossier = office.receive(NAME)
    facts = {"dossier": dossier, "records": [], "ground": "subject_request"}
    draft = Draft(kind=ERASURE_KIND, facts=facts, content={"number": "15", "date": 20261122})
    actor = office.actor("Khác", role) if role else None
    with pytest.raises(WriteRefused):
        write(office.db, office.services, actor, [draft])
    assert states(office, dossier) == [BodyState.PRESENT]


def test_what_is_not_here_cannot_be_erased(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    for asked in (wish("0" * 32), wish(dossier, records=("0" * 64,))):
        with pytest.raises(WriteRefused):
            order_erasure(office.db, office.services, ha, asked)
    assert states(office, dossier) == [BodyState.PRESENT]


def test_an_erased_dossier_takes_no_more_content(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    order_erasure(office.db, office.services, ha, wish(dossier))
    with pytest.raises(WriteRefused) as refused:
        note(office, dossier, "còn gì nữa")
    assert refused.value.reason.code == "NODE_ERASED"


def test_a_step_of_an_erased_dossier_stands_by_its_facts_alone(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    order_erasure(office.db, office.services, ha, wish(dossier))
    facts = {"from": 2, "to": 4, "action": "forward"}
    draft = Draft(kind="dossier.moved", dossier=dossier, facts=facts, content={"note": f"của {NAME}"})
    write(office.db, office.services, office.lan, [draft])
    folded = view(office.db, dossier)
    assert folded is not None and folded.status == 4
    assert states(office, dossier) == [BodyState.ERASED, BodyState.ERASED]


def test_drafts_about_it_go_as_well(office: TestOffice, ha: Actor) -> None:
    dossier, other = office.receive(NAME), office.receive("Trần Văn Nam")
    for each in (dossier, other):
        keep_draft(office.db, office.lan, f"dossier.{each}.note", {"text": NAME}, now=office.clock())
    order_erasure(office.db, office.services, ha, wish(dossier))
    assert [draft.form for draft in list_drafts(office.db, office.lan)] == [f"dossier.{other}.note"]


def test_a_rebuild_keeps_it_erased_and_gives_the_same_tables(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    office.receive("Trần Văn Nam")
    order_erasure(office.db, office.services, ha, wish(dossier))
    before = office.db.conn.execute("SELECT * FROM dossier ORDER BY number").fetchall()
    rebuild(office.db)
    assert office.db.conn.execute("SELECT * FROM dossier ORDER BY number").fetchall() == before
    assert states(office, dossier) == [BodyState.ERASED]


def test_an_order_of_somebody_not_entitled_is_kept_and_has_no_effect(office: TestOffice) -> None:
    """A device, or a receptionist, signs an order on another PC of the unit: it travels, and erases nothing."""
    dossier = office.receive(NAME)
    facts = {"dossier": dossier, "records": [], "ground": "subject_request"}
    rogue = LogBuilder(device="PC2", commune=office.office.unit)
    office.province.state(rogue.device, [Role.DEVICE], unit=office.office.unit, officer=None, name="PC2")
    rogue.add(ERASURE_KIND, facts, content={"number": "15", "date": 20261122})
    SqliteLogStore(office.db).append(rogue.run(sealed=True))
    assert carry_out(office.db, office.services) == 0
    assert states(office, dossier) == [BodyState.PRESENT]


def test_a_crash_before_it_is_carried_out_leaves_it_to_the_next_occasion(
    office: TestOffice, ha: Actor
) -> None:
    dossier = office.receive(NAME)
    facts = {"dossier": dossier, "records": [], "ground": "subject_request"}
    draft = Draft(kind=ERASURE_KIND, facts=facts, content={"number": "15", "date": 20261122})
    write(office.db, office.services, ha, [draft])
    assert states(office, dossier) == [BodyState.PRESENT]
    assert carry_out(office.db, office.services) == 1 and carry_out(office.db, office.services) == 0
    assert states(office, dossier) == [BodyState.ERASED]
    assert not is_scrubbed(office.db) and scrub(office.db) and is_scrubbed(office.db)


def test_while_somebody_reads_the_file_is_cleaned_later(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    reader = open_database(office.services.config.database)
    reader.conn.execute("BEGIN")
    reader.conn.execute("SELECT count(*) FROM record").fetchone()
    order_erasure(office.db, office.services, ha, wish(dossier))
    assert states(office, dossier) == [BodyState.ERASED] and not is_scrubbed(office.db)
    reader.conn.execute("ROLLBACK")
    reader.conn.close()
    assert scrub(office.db) and is_scrubbed(office.db)


def test_an_order_that_is_carried_out_while_the_file_is_cleaned_is_cleaned_after_too(
    office: TestOffice, ha: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mark went with the mark of the order before it, and its words stayed in the file."""
    first, second = office.receive(NAME), office.receive("Trần Văn Nam")
    compact, other = service._compact, open_database(office.services.config.database)

    def and_meanwhile(db: Database) -> bool:
        is_busy = compact(db)
        monkeypatch.setattr(service, "_compact", lambda _: True)
        order_erasure(other, office.services, ha, wish(second))
        return is_busy

    monkeypatch.setattr(service, "_compact", and_meanwhile)
    order_erasure(office.db, office.services, ha, wish(first))
    assert states(office, second) == [BodyState.ERASED]
    assert not is_scrubbed(office.db), "the second order has yet to be cleaned after"
    monkeypatch.undo()
    other.conn.close()
    assert scrub(office.db) and is_scrubbed(office.db)


def test_doctor_names_copies_from_before_the_order(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    copies = office.services.config.backups
    copies.mkdir(parents=True)
    old, new = (
        copies / "motcua-20261101-080000.motcua-backup",
        copies / "motcua-20261130-080000.motcua-backup",
    )
    for path in (old, new):
        path.write_bytes(b"copy")
    assert old_copies(office.db, office.services) == []
    record = order_erasure(office.db, office.services, ha, wish(dossier))
    ordered_s = record.header.at[0] // 1000
    os.utime(old, (ordered_s - 60, ordered_s - 60))
    os.utime(new, (ordered_s + 60, ordered_s + 60))
    assert old_copies(office.db, office.services) == [old]
    (finding,) = (each for each in examine(office.db, office.services) if each.check == "erasure")
    assert finding.health is Health.UNDECIDED and old.name in finding.en
    old.unlink()
    (finding,) = (each for each in examine(office.db, office.services) if each.check == "erasure")
    assert finding.health is Health.OK


def test_the_key_of_a_file_goes_with_the_body(office: TestOffice, ha: Actor) -> None:
    dossier = office.receive(NAME)
    facts = {
        "files": [
            {
                "file": "b" * 64, "size": 300_016, "type": "jpeg", "pages": 1, "paper": None, "is_result": False,
            }
        ]
    }  # fmt: skip
    content = {"files": {"b" * 64: {"name": "can-cuoc.jpg", "key": "d" * 64, "sha256": "e" * 64}}}
    draft = Draft(kind="dossier.file_added", dossier=dossier, facts=facts, content=content)
    write(office.db, office.services, office.lan, [draft])
    before = view(office.db, dossier)
    assert before is not None and [held.key for held in before.files] == ["d" * 64]
    order_erasure(office.db, office.services, ha, wish(dossier))
    after = view(office.db, dossier)
    assert after is not None and [(held.file, held.key) for held in after.files] == [("b" * 64, None)]
    assert "d" * 64 not in "".join(office.db.conn.iterdump()) and "can-cuoc" not in "".join(
        office.db.conn.iterdump()
    )
