"""Dossiers on their way between units, over the real hub's code: both ends see all of them, nobody else anything."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from central_hub.projection.projector import scope_digest
from central_hub.projection.rebuild import rebuild as rebuild_hub
from central_hub.store.engine import reading
from central_hub.store.tables import DERIVED, DOSSIER, LEG, STANDING
from central_hub.sync.stick import snapshot_on
from dossiers.legs import LegState
from dossiers.reasons import ROUTE
from dossiers.views import DossierView
from edge_node.casework import service as casework
from edge_node.casework.service import Step, Target
from edge_node.erasure.service import Wish, order_erasure
from edge_node.journal import Draft, WriteRefused, write
from edge_node.projection.foreign import wanted_foreign
from edge_node.projection.service import digest_total, rebuild, view
from edge_node.store import SqliteLogStore
from edge_node.store.alerts import list_alerts
from edge_node.store.local import Office, read_office
from edge_node.sync.foreign import absorb_foreign
from edge_node.sync.parcels import export_snapshot, import_parcels
from edge_node.sync.status import read_status
from sync_protocol.frame import encode_run
from sync_protocol.log import Run
from sync_protocol.record import BodyState, UnverifiedRecord, record_link, unverified
from tests.support.pair import Commune, Pc

HAI_CHAU, HOA_CUONG, THANH_KHE, JUSTICE = "20242", "20257", "20209", "48003"
NAME = "Nguyễn Thị Hoa"


def seen(pc: Pc, dossier: str) -> DossierView:
    found = view(pc.db, dossier)
    assert found is not None
    return found


def step(pc: Pc, dossier: str, kind: str, facts: dict[str, object], **content: object) -> str:
    draft = Draft(kind=f"dossier.{kind}", dossier=dossier, facts=facts, content=content or None)
    return write(pc.db, pc.services, pc.chief, [draft])[0].id


def act(pc: Pc, dossier: str, action: str, **content: object) -> None:
    target = Target(dossier=dossier, seen=seen(pc, dossier).heads)
    method = 1 if action == "return_result" else None
    casework.move(
        pc.db, pc.services, pc.chief, target, Step(action=action, content=dict(content), method=method)
    )


def exchange(*pcs: Pc) -> None:
    """Everybody syncs until all have what the others said."""
    for _ in range(2):
        for pc in pcs:
            assert pc.sync().is_done


def held(pc: Pc) -> str:
    """Every word of bodies held here."""
    rows = pc.db.conn.execute(
        "SELECT content FROM body WHERE content IS NOT NULL UNION ALL "
        "SELECT content FROM foreign_record WHERE content IS NOT NULL"
    )
    return "".join(row[0].decode() for row in rows)


def standings(province: Commune) -> list[str]:
    with reading(province.hub.engine) as connection:
        return [row.code for row in connection.execute(select(STANDING))]


def equal_digests(province: Commune, *pcs: Pc) -> bool:
    with reading(province.hub.engine) as connection:
        return all(digest_total(pc.db) == scope_digest(connection, pc.unit) for pc in pcs)


def test_received_in_one_commune_for_another_and_handed_over_where_it_was_received(province: Commune) -> None:
    home, other, stranger = province.add(HAI_CHAU), province.add(HOA_CUONG), province.add(THANH_KHE)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home, other, stranger)
    assert seen(other, dossier).text("applicant.name") == NAME
    assert view(stranger.db, dossier) is None and NAME not in held(stranger)
    (leg,) = seen(other, dossier).legs
    step(other, dossier, "routed", {"leg": leg.record, "step": "accepted"})
    act(other, dossier, "forward")
    act(other, dossier, "finish", result={"number": "12/UBND", "signer": "Lê Văn Quý"})
    exchange(other, home)
    mine = seen(home, dossier)
    assert mine.legs[0].state is LegState.ACCEPTED and mine.result and mine.result.number == "12/UBND"
    act(home, dossier, "return_result", received_by={"name": NAME, "id_number": "048190001234"})
    exchange(home, other)
    assert seen(other, dossier).handed_over is not None and seen(other, dossier) == seen(home, dossier)
    assert standings(province) == [] and equal_digests(province, home, other, stranger)
    with reading(province.hub.engine) as connection:
        rows = connection.execute(select(DOSSIER.c.commune, DOSSIER.c.home)).all()
    assert [tuple(row) for row in rows] == [(HOA_CUONG, HAI_CHAU)]


def test_a_department_is_asked_answers_and_reads_nothing_that_follows(province: Commune) -> None:
    home, justice = province.add(HAI_CHAU), province.add(JUSTICE)
    dossier = home.receive()
    asked = step(home, dossier, "referred", {"to": JUSTICE}, ground="Xác minh giúp")
    exchange(home, justice)
    assert seen(justice, dossier).text("applicant.name") == NAME
    step(justice, dossier, "noted", {}, note="Đã tra sổ gốc")
    step(justice, dossier, "routed", {"leg": asked, "step": "answered"}, note="Đúng như sổ gốc")
    exchange(justice, home)
    (leg,) = seen(home, dossier).legs
    assert (leg.state, leg.said) == (LegState.ANSWERED, "Đúng như sổ gốc")
    late = step(home, dossier, "noted", {}, note="việc của phường")
    exchange(home, justice)
    kept = SqliteLogStore(justice.db).record(late)
    assert (
        kept is not None and kept.body_state is BodyState.WITHHELD and "việc của phường" not in held(justice)
    )
    again = step(home, dossier, "referred", {"to": JUSTICE}, ground="Hỏi thêm")
    exchange(home, justice)
    kept = SqliteLogStore(justice.db).record(late)
    assert kept is not None and kept.body_state is BodyState.PRESENT and again
    assert equal_digests(province, home, justice) and standings(province) == []


def test_both_ends_are_offline_and_what_each_did_meets_later(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home, other)
    other.line.is_down = home.line.is_down = True
    step(other, dossier, "noted", {}, note="từ Hòa Cường")
    step(home, dossier, "noted", {}, note="từ Hải Châu")
    act(other, dossier, "forward")
    assert not home.sync().is_done
    other.line.is_down = home.line.is_down = False
    exchange(other, home, other)
    assert seen(home, dossier) == seen(other, dossier)
    assert len(seen(home, dossier).notes) == 2 and seen(home, dossier).status == 4


def test_sent_back_with_a_reason_and_given_to_another(province: Commune) -> None:
    home, other, third = province.add(HAI_CHAU), province.add(HOA_CUONG), province.add(THANH_KHE)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home, other)
    leg = seen(other, dossier).legs[0].record
    with pytest.raises(WriteRefused):
        step(other, dossier, "routed", {"leg": leg, "step": "returned"})
    step(other, dossier, "routed", {"leg": leg, "step": "returned"}, note="Thuộc phường Thanh Khê")
    exchange(other, home)
    assert seen(home, dossier).legs[0].said == "Thuộc phường Thanh Khê"
    step(home, dossier, "amended", {"fields": [], "set": {"competent": THANH_KHE}})
    after = step(home, dossier, "noted", {}, note="chỉ cho Thanh Khê")
    exchange(home, third, other)
    assert seen(third, dossier).text("applicant.name") == NAME
    kept = SqliteLogStore(other.db).record(after)
    assert kept is not None and kept.body_state is BodyState.WITHHELD
    assert equal_digests(province, home, other, third)


def test_a_unit_whose_leg_is_over_writes_no_more_and_what_it_wrote_before_stands(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home, other)
    step(home, dossier, "amended", {"fields": [], "set": {"competent": HAI_CHAU}})
    step(other, dossier, "noted", {}, note="chưa biết gì")
    exchange(home, other, home)
    with pytest.raises(WriteRefused) as refused:
        step(other, dossier, "noted", {}, note="quá muộn")
    assert refused.value.reason is ROUTE and standings(province) == []
    assert "chưa biết gì" in held(home) and equal_digests(province, home, other)


def test_an_idle_sync_stays_one_request_and_lost_answers_are_made_up_for(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home)
    other.line.loses_answers = 1
    other.sync()
    exchange(other)
    assert seen(other, dossier).text("applicant.name") == NAME
    assert not wanted_foreign(other.db, most=9)
    assert other.sync().rounds == 1 and home.sync().rounds == 1
    assert read_status(other.db, now=other.clock()).is_full


def test_a_record_that_is_not_there_yet_is_asked_for_by_name(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home, other)
    other.db.conn.execute("DROP TRIGGER foreign_record_no_delete")
    other.db.conn.execute("DELETE FROM foreign_record")
    other.db.conn.commit()
    rebuild(other.db)
    assert wanted_foreign(other.db, most=9) and view(other.db, dossier) is None
    exchange(other)
    assert seen(other, dossier).text("applicant.name") == NAME and not wanted_foreign(other.db, most=9)


def test_a_record_that_no_list_names_or_that_was_changed_is_not_kept(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier, stays = home.receive(competent=HOA_CUONG), home.receive()
    exchange(home, other)
    store = SqliteLogStore(home.db)
    office = read_office(other.db)
    unlisted = unverified(store.dossier_records(stays)[0])
    assert office and _absorbed(other, office, unlisted) == (0, 0)
    fresh = step(home, dossier, "noted", {}, note="mới")
    note_listed = unverified(store.record(fresh) or store.dossier_records(dossier)[-1])
    exchange(home)
    other.db.conn.execute(
        "INSERT INTO foreign_listed (record, dossier, number, is_closed, is_wanted) VALUES (?, ?, 1, 0, 1)",
        (bytes.fromhex(fresh), bytes.fromhex(dossier)),
    )
    other.db.conn.commit()
    wrong = bytes([note_listed.signature[0] ^ 1]) + note_listed.signature[1:]
    assert _absorbed(
        other, office, replace(note_listed, signature=wrong, link=record_link(fresh, wrong))
    ) == (0, 1)
    assert view(other.db, stays) is None and len(seen(other, dossier).notes) == 0
    assert _absorbed(other, office, note_listed) == (1, 0) and len(seen(other, dossier).notes) == 1


def _absorbed(pc: Pc, office: Office, record: UnverifiedRecord) -> tuple[int, int]:
    run = Run(log=record.header.log, first=record.header.seq, records=(record,), seal=None)
    kept, problems = absorb_foreign(pc.db, pc.services, office, [encode_run(run)])
    return kept, len(problems)


def test_what_is_erased_at_home_is_erased_where_it_was_sent(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier = home.receive(competent=HOA_CUONG)
    exchange(home, other)
    assert NAME in held(other)
    wish = Wish(dossier=dossier, ground="subject_request", number="7/QĐ", date=20261122)
    order_erasure(home.db, home.services, home.chief, wish)
    exchange(home, other)
    assert NAME not in held(other)
    assert seen(other, dossier).fields["applicant.name"].state is BodyState.ERASED
    assert equal_digests(province, home, other)


def test_what_grew_is_what_a_rebuild_makes_on_both_sides(province: Commune) -> None:
    home, other = province.add(HAI_CHAU), province.add(HOA_CUONG)
    dossier = home.receive(competent=HOA_CUONG)
    step(home, dossier, "referred", {"to": JUSTICE}, ground="Xác minh")
    exchange(home, other)
    own = other.receive()
    exchange(other)
    names = ("dossier", "leg", "handed", "foreign_listed", "day_counter")
    for pc in (home, other):
        before = [pc.db.conn.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names]
        rebuild(pc.db)
        after = [pc.db.conn.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names]
        assert before == after and own
    with reading(province.hub.engine) as connection:
        hub_before = {t.name: sorted(map(repr, connection.execute(select(t)))) for t in DERIVED}
        assert connection.execute(select(LEG)).all()
    rebuild_hub(province.hub)
    with reading(province.hub.engine) as connection:
        assert hub_before == {t.name: sorted(map(repr, connection.execute(select(t)))) for t in DERIVED}


@pytest.mark.parametrize("by_hub", [True, False], ids=["from the hub", "from a colleague's PC"])
def test_a_new_pc_is_seeded_with_what_others_wrote_that_concerns_its_commune_and_nothing_else(
    province: Commune, tmp_path: Path, by_hub: bool
) -> None:
    home, other, stranger = province.add(HAI_CHAU), province.add(HOA_CUONG), province.add(THANH_KHE)
    mine = home.receive()
    sent, done = home.receive(competent=HOA_CUONG), home.receive(competent=HOA_CUONG)
    back = other.receive(competent=HAI_CHAU)
    alien = stranger.receive()
    exchange(home, other, stranger)
    for dossier in (sent, done):
        (leg,) = seen(other, dossier).legs
        step(other, dossier, "routed", {"leg": leg.record, "step": "accepted"})
    exchange(other, home)
    home.withdraw(done)
    exchange(home, other)
    for old in (other, home):
        box = province.unpack(old.unit)
        stick = tmp_path / old.unit
        if by_hub:
            snapshot_on(province.hub, stick, box.device)
        else:
            assert old.sync().is_done
            export_snapshot(old.db, old.services, stick, box.device)
        (taken,) = import_parcels(box.db, box.services, stick)
        assert taken.outcome == "done", taken
        box.line.is_down = True
        concerned = {other.unit: {sent, back}, home.unit: {mine, sent, back}}[old.unit]
        assert {row[0].hex() for row in box.db.conn.execute("SELECT id FROM dossier")} == concerned
        for dossier in concerned:
            assert view(box.db, dossier) == view(old.db, dossier)
        assert SqliteLogStore(box.db).dossier_records(alien) == []
        if old is other:
            assert SqliteLogStore(box.db).dossier_records(mine) == []
        assert list_alerts(box.db) == []
        box.line.is_down = False
        new = province.staff(box)
        exchange(new, old)
        assert {row[0] for row in new.db.conn.execute("SELECT id FROM dossier")} == {
            row[0] for row in old.db.conn.execute("SELECT id FROM dossier")
        }
        assert equal_digests(province, new, old) and list_alerts(new.db) == []
