"""A copied disk seen from the office: the unit's administrator says whose it is, from another PC, and nobody from the copy itself."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_hub.copies.service import count_suspected, list_copies, review_copy
from central_hub.copies.suspicion import standing_of
from central_hub.judge.service import judge_pending
from central_hub.registry.revocation import Act, RevocationInvalid
from central_hub.store.engine import reading, writing
from central_hub.sync.stick import snapshot_on
from edge_node.cli import cli
from edge_node.copies import service as copies
from edge_node.journal import Draft, WriteRefused, require_office, write
from edge_node.sync.parcels import export_snapshot, import_parcels
from signing.console import OK, UNDECIDED
from sync_protocol.copies import REVIEWED
from sync_protocol.errors import RemoteFault
from sync_protocol.reasons import PARCEL_COPY, RECORD_COPY
from sync_protocol.wire import CopyState
from tests.support.node import Browser, browse
from tests.support.office import PIN
from tests.support.pair import Commune, Pc, found_commune


@dataclass
class Story:
    """Two PCs of a commune, and a copy of the first one's disk that came second with what it wrote."""

    commune: Commune
    first: Pc
    second: Pc
    clone: Pc
    life: str

    def standing(self) -> int:
        with reading(self.commune.hub.engine) as connection:
            device = require_office(self.clone.db).device
            return standing_of(connection, self.commune.hub, device, require_office(self.clone.db).log)

    def settle(self, *pcs: Pc) -> None:
        for pc in pcs:
            pc.sync()
        judge_pending(self.commune.hub)
        for pc in pcs:
            pc.sync()


def clone_of(commune: Commune, pc: Pc) -> Pc:
    pc.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = commune.folder / "elsewhere"
    shutil.copytree(pc.services.config.data, folder)
    return commune.copy_of(pc, folder)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    commune = found_commune(tmp_path)
    first, second = commune.add(), commune.add()
    clone = clone_of(commune, first)
    commune.pcs.append(clone)
    first.receive()
    clone.receive()
    made = Story(commune, first, second, clone, "")
    made.settle(first, clone, second)
    with reading(commune.hub.engine) as connection:
        (line,) = list_copies(connection, commune.hub)
    made.life = line.life
    yield made
    commune.close()


def browser_at(pc: Pc, *, as_chief: bool = True) -> Browser:
    return browse(pc, pc.chief if as_chief else pc.lan)


def test_the_offices_other_pcs_hear_of_it_and_say_so_on_every_page(story: Story) -> None:
    (seen,) = copies.list_copies(story.second.db)
    assert (seen.life, seen.cause, seen.waits) == (story.life, "fork", True)
    assert copies.list_copies(story.clone.db) == [], "the copy itself hears nothing"
    chief, lan = browser_at(story.second), browser_at(story.second, as_chief=False)
    assert f"/copies/{story.life}" in chief.get("/sync") and "bản sao ổ đĩa của «Quầy 1»" in chief.get(
        "/sync"
    )
    assert "Có máy chạy từ bản sao ổ đĩa" in chief.get("/")
    assert "Có máy chạy từ bản sao ổ đĩa" not in lan.get("/")
    assert 'value="ours"' not in lan.get(f"/copies/{story.life}")
    assert lan.post(f"/copies/{story.life}", {"decision": "ours", "ground": "Máy mới"}).status_code == 403


def test_the_unit_administrator_confirms_it_and_the_province_gives_the_code(story: Story) -> None:
    chief = browser_at(story.second)
    chief.get(f"/copies/{story.life}")
    assert chief.post(f"/copies/{story.life}", {"decision": "ours"}).status_code == 422, "a ground is needed"
    answer = chief.post(f"/copies/{story.life}", {"decision": "ours", "ground": "Chép ổ đĩa sang máy mới"})
    assert answer.status_code == 303
    assert "Là máy của đơn vị" in chief.get("/copies")
    assert "Còn một việc: ở máy đó ghi danh lại bằng mã" in chief.get(f"/copies/{story.life}")
    assert story.standing() == CopyState.WAITING, "not before the province holds it"
    story.settle(story.second, story.clone)
    assert story.standing() == CopyState.CONFIRMED
    assert story.clone.sync().is_done
    with writing(story.commune.hub.engine) as connection:
        (line,) = list_copies(connection, story.commune.hub)
        assert (line.is_confirmed, line.is_open, line.by_unit) == (True, True, "Lê Văn Quý")
        assert count_suspected(connection) == 1, "the PC still needs a key of its own"
        act = Act(actor="cli")
        assert review_copy(connection, story.commune.hub, story.life, stands=True, act=act).code
        assert count_suspected(connection) == 0
        with pytest.raises(RevocationInvalid):
            review_copy(connection, story.commune.hub, story.life, stands=False, act=act)


def test_of_two_administrators_the_one_who_refuses_is_heard_until_the_province_speaks(story: Story) -> None:
    for pc, stands in ((story.first, True), (story.second, False)):
        copies.review_copy(pc.db, pc.services, pc.chief, story.life, stands=stands, ground="Đã hỏi")
    story.settle(story.first, story.second)
    assert story.standing() == CopyState.REFUSED
    (seen,) = copies.list_copies(story.first.db)
    assert seen.word is not None and not seen.word.stands
    with writing(story.commune.hub.engine) as connection:
        review_copy(connection, story.commune.hub, story.life, stands=True, act=Act(actor="cli"))
    assert story.standing() == CopyState.CONFIRMED
    story.settle(story.first, story.second)
    for pc in (story.first, story.second):
        (seen,) = copies.list_copies(pc.db)
        assert seen.word is not None and seen.word.stands and seen.word.is_provinces


def test_a_copy_speaks_for_no_copy_and_least_for_itself(story: Story) -> None:
    clone = story.clone
    with pytest.raises(WriteRefused):
        copies.review_copy(clone.db, clone.services, clone.chief, story.life, stands=True, ground="Của tôi")
    office = require_office(clone.db)
    facts = {"device": office.device, "life": story.life, "stands": True, "unit": office.unit}
    (forged,) = write(clone.db, clone.services, clone.chief, [Draft(kind=REVIEWED, facts=facts)])
    story.settle(clone)
    assert story.standing() == CopyState.WAITING
    copies.review_copy(
        story.second.db, story.second.services, story.second.chief, story.life, stands=True, ground="Đã hỏi"
    )
    story.settle(story.second, clone)
    verdict = clone.db.conn.execute(
        "SELECT outcome, code FROM verdict WHERE record = ?", (bytes.fromhex(forged.id),)
    ).fetchone()
    assert verdict is None or verdict[1] != RECORD_COPY.code or verdict[0] == "applied"
    assert story.standing() == CopyState.CONFIRMED


def test_an_administrator_speaks_only_of_the_units_own_pcs(story: Story) -> None:
    other = story.commune.add("20257")
    device = require_office(story.clone.db).device
    facts = {"device": device, "life": story.life, "stands": True, "unit": "20257"}
    write(other.db, other.services, other.chief, [Draft(kind=REVIEWED, facts=facts)])
    story.settle(other)
    assert story.standing() == CopyState.WAITING
    refused = other.db.conn.execute("SELECT outcome FROM verdict").fetchall()
    assert refused == [("quarantined",)]


def test_no_snapshot_is_made_for_or_by_a_pc_of_which_a_copy_waits(story: Story, tmp_path: Path) -> None:
    first, second, hub = story.first, story.second, story.commune.hub
    copied = require_office(first.db).device
    new = story.commune.unpack()
    assert second.sync().is_done and first.sync().is_done
    for refused in (
        lambda: snapshot_on(hub, tmp_path / "a", copied),
        lambda: export_snapshot(second.db, second.services, tmp_path / "b", copied),
        lambda: export_snapshot(first.db, first.services, tmp_path / "c", new.device),
    ):
        with pytest.raises(RemoteFault) as refusal:
            refused()
        assert refusal.value.reason is PARCEL_COPY
    copies.review_copy(second.db, second.services, second.chief, story.life, stands=True, ground="Đã hỏi")
    story.settle(second, first)
    export_snapshot(first.db, first.services, tmp_path / "d", new.device)
    assert import_parcels(new.db, new.services, tmp_path / "d")[0].outcome == "done"


def test_the_command_lists_confirms_and_asks_for_the_pin(story: Story) -> None:
    data = ["--data", str(story.second.services.config.data), "--json"]
    listed = CliRunner().invoke(cli, ["copies", *data])
    assert listed.exit_code == UNDECIDED, listed.output
    assert [each["life"] for each in json.loads(listed.stdout)["copies"]] == [story.life]
    given = ["--confirm", story.life, "--officer", "Lê Văn Quý", "--ground", "Đã hỏi"]
    confirmed = CliRunner().invoke(cli, ["copies", *given, *data], input=f"{PIN}\n")
    assert confirmed.exit_code == OK, confirmed.output
    assert CliRunner().invoke(cli, ["copies", *data]).exit_code == OK
