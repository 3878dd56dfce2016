"""Dossiers between units by USB stick, both ways, and on a new PC that begins with a snapshot."""

from pathlib import Path

from central_hub.judge.service import judge_pending
from central_hub.sync.parcels import take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked, snapshot_on
from dossiers.legs import LegState
from dossiers.views import DossierView
from edge_node.journal import Draft, write
from edge_node.projection.service import digest_total, view
from edge_node.sync.parcels import export_parcel, import_parcels
from tests.support.pair import Commune, Pc, Unpacked

HOME, OTHER, STRANGER = "20242", "20257", "20209"
NAME = "Nguyễn Thị Hoa"


def by_stick(province: Commune, pc: Pc, stick: Path) -> None:
    """There and back: what the PC has, and the province's answer."""
    export_parcel(pc.db, pc.services, stick)
    taken = take_parcels(province.hub, files_on(stick))
    judge_pending(province.hub)
    for asked in newest_asked(taken):
        answer_on(province.hub, stick, asked)
    assert {each.outcome for each in import_parcels(pc.db, pc.services, stick)} == {"done"}


def seen(pc: Pc | Unpacked, dossier: str) -> DossierView:
    found = view(pc.db, dossier)
    assert found is not None
    return found


def accept(pc: Pc, dossier: str) -> None:
    facts = {"leg": seen(pc, dossier).legs[0].record, "step": "accepted"}
    write(pc.db, pc.services, pc.chief, [Draft(kind="dossier.routed", dossier=dossier, facts=facts)])


def test_a_dossier_goes_to_another_commune_and_its_answer_back_by_sticks(
    province: Commune, tmp_path: Path
) -> None:
    home, other, stranger = province.add(HOME), province.add(OTHER), province.add(STRANGER)
    sticks = {each.unit: tmp_path / each.unit for each in (home, other, stranger)}
    dossier = home.receive(competent=OTHER)
    for pc in (home, other, stranger):
        by_stick(province, pc, sticks[pc.unit])
    assert seen(other, dossier).text("applicant.name") == NAME
    assert view(stranger.db, dossier) is None
    accept(other, dossier)
    for pc in (other, home):
        by_stick(province, pc, sticks[pc.unit])
    assert seen(home, dossier).legs[0].state is LegState.ACCEPTED
    assert seen(home, dossier) == seen(other, dossier)
    before = digest_total(home.db)
    for pc in (other, home):
        by_stick(province, pc, sticks[pc.unit])
    assert digest_total(home.db) == before, "twice changes nothing"


def test_a_new_pc_begins_with_what_other_units_have_to_do_with_its_commune(
    province: Commune, tmp_path: Path
) -> None:
    """Both ends: the dossier that came, and the one that was sent, with what was done about it elsewhere."""
    home, other, stranger = province.add(HOME), province.add(OTHER), province.add(STRANGER)
    sent, apart = home.receive(competent=OTHER), home.receive()
    for _ in range(2):
        for pc in (home, other, stranger):
            assert pc.sync().is_done
        judge_pending(province.hub)
    accept(other, sent)
    for _ in range(2):
        for pc in (other, home):
            assert pc.sync().is_done
        judge_pending(province.hub)
    for unit, has in ((HOME, {sent, apart}), (OTHER, {sent}), (STRANGER, set[str]())):
        box = province.unpack(unit)
        snapshot_on(province.hub, tmp_path / unit, box.device)
        (taken,) = import_parcels(box.db, box.services, tmp_path / unit)
        assert taken.outcome == "done"
        assert {row[0].hex() for row in box.db.conn.execute("SELECT id FROM dossier")} == has
        for dossier in has & {sent}:
            assert seen(box, dossier) == seen(home, dossier)
            assert seen(box, dossier).legs[0].state is LegState.ACCEPTED
