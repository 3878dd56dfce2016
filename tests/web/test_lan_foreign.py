"""Over the office network alone: dossiers that came from another commune, and the history below a snapshot."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_node.lan.asking import meet
from edge_node.projection.foreign import wanted_foreign
from edge_node.projection.service import digest_total, view
from edge_node.store import SqliteLogStore
from edge_node.store.bases import read_seeded
from edge_node.sync.foreign import foreign_frames
from edge_node.sync.parcels import export_snapshot, import_parcels
from sync_protocol.frame import decode_run
from sync_protocol.record import BodyState
from tests.support.cable import Cable, met
from tests.support.pair import Commune, Pc, founded_office

HAI_CHAU, HOA_CUONG = "20242", "20257"
NAME = "Nguyễn Thị Hoa"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    """A PC of one commune and two of another, all of which know each other from the province."""
    return founded_office(tmp_path_factory.mktemp("province"), HAI_CHAU, HOA_CUONG, HOA_CUONG)


@pytest.fixture
def province(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    made = founded.copied(tmp_path / "province")
    yield made
    made.close()


def routed(province: Commune) -> tuple[str, Pc, Pc]:
    """A dossier for the other commune, which one of its two PCs has from the province; the other has no line."""
    home, near, far = province.pcs
    dossier = home.receive(competent=HOA_CUONG)
    home.sync()
    near.sync()
    far.line.is_down = True
    assert wanted_foreign(far.db, most=9) == [] and view(far.db, dossier) is None
    return dossier, near, far


def name_at(pc: Pc, dossier: str) -> str:
    found = view(pc.db, dossier)
    return found.text("applicant.name") if found else ""


def test_whoever_asks_a_routed_dossier_reaches_the_offices_other_pcs(province: Commune) -> None:
    dossier, near, far = routed(province)
    assert met(far, near).problem is None
    assert name_at(far, dossier) == NAME and not wanted_foreign(far.db, most=9)
    assert digest_total(far.db) == digest_total(near.db)


def test_the_pc_that_asks_gives_what_the_other_lacks(province: Commune) -> None:
    dossier, near, far = routed(province)
    outcome = met(near, far)
    assert outcome.problem is None and name_at(far, dossier) == NAME
    assert meet(near.db, near.services, Cable(far), outcome.known).rounds == 1


def test_what_is_listed_and_nowhere_in_the_office_makes_no_meeting_endless(province: Commune) -> None:
    dossier, near, far = routed(province)
    near.db.conn.execute("DROP TRIGGER foreign_record_no_delete")
    near.db.conn.execute("DELETE FROM foreign_record")
    near.db.conn.commit()
    outcome = met(far, near)
    assert outcome.problem is None and view(far.db, dossier) is None
    assert wanted_foreign(far.db, most=9)
    assert meet(far.db, far.services, Cable(near), outcome.known).rounds == 1


def test_only_what_is_listed_is_given_and_a_closed_list_gives_no_body(province: Commune) -> None:
    dossier, near, _ = routed(province)
    own = [bytes.fromhex(each.id) for each in SqliteLogStore(near.db).dossier_records(near.receive())]
    # The office's own: their content may have come late.
    (frame,), _ = foreign_frames(near.db, own, bytes_max=1 << 20)
    assert {each.header.commune for each in decode_run(frame).records} == {near.unit}
    listed = [bytes.fromhex(each.id) for each in SqliteLogStore(near.db).dossier_records(dossier)]
    open_states = {
        each.body_state for each in decode_run(foreign_frames(near.db, listed, bytes_max=9)[0][0]).records
    }
    assert open_states == {BodyState.PRESENT}
    near.db.conn.execute("UPDATE foreign_listed SET is_closed = 1")
    (frame,), _ = foreign_frames(near.db, listed, bytes_max=9)
    assert {each.body_state for each in decode_run(frame).records} == {BodyState.WITHHELD}
    near.db.conn.execute("DELETE FROM foreign_listed")
    assert foreign_frames(near.db, listed, bytes_max=9) == ([], False)


def seeded(province: Commune, stick: Path) -> tuple[Pc, Pc]:
    """A PC with two closed dossiers and an open one, and a new PC that began with its snapshot."""
    near = province.pcs[1]
    for _ in range(2):
        near.withdraw(near.receive())
    near.receive()
    near.sync()
    box = province.unpack(HOA_CUONG)
    assert near.sync().is_done
    export_snapshot(near.db, near.services, stick, box.device)
    (taken,) = import_parcels(box.db, box.services, stick)
    assert taken.outcome == "done"
    shutil.rmtree(stick)
    new = province.staff(box)
    new.line.is_down = True
    return near, new


@pytest.mark.parametrize("is_new_asking", [True, False])
def test_history_below_a_snapshot_comes_over_the_office_network(
    province: Commune, tmp_path: Path, is_new_asking: bool
) -> None:
    near, new = seeded(province, tmp_path / "stick")
    assert read_seeded(new.db).missing > 0
    new.receive()
    asking, asked = (new, near) if is_new_asking else (near, new)
    outcome = met(asking, asked)
    assert outcome.problem is None and read_seeded(new.db).missing == 0
    assert digest_total(new.db) == digest_total(near.db)
    assert meet(asking.db, asking.services, Cable(asked), outcome.known).rounds == 1


def test_a_pc_with_a_base_gives_what_it_has_and_claims_no_more(province: Commune, tmp_path: Path) -> None:
    _, new = seeded(province, tmp_path / "stick")
    far = province.pcs[2]
    far.line.is_down = True
    mine = new.receive()
    outcome = met(far, new)
    assert name_at(far, mine) == NAME and outcome.rounds < 6
    assert meet(far.db, far.services, Cable(new), outcome.known).rounds == 1
