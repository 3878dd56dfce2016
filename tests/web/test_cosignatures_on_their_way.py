"""What a PC without a line says as a witness of the province's log reaches the province, by whatever way its records go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from central_hub.store.engine import reading
from central_hub.sync.carried import take_carried
from central_hub.sync.parcels import take_parcels
from central_hub.sync.stick import files_on
from central_hub.tlog.sequencer import Step, advance
from central_hub.tlog.witnesses import cosigners, kept_note
from edge_node.journal import require_office
from edge_node.lan.beacons import own_beacon
from edge_node.relay.delivery import deliver
from edge_node.sync.parcels import export_parcel
from edge_node.witness.state import read_seen
from sync_protocol import reasons
from sync_protocol.carried import BEACON_BYTES_MAX, open_beacon, sign_beacon
from sync_protocol.witness import witness_key
from tests.support.cable import met, met_next_door
from tests.support.log_builder import COMMUNE
from tests.support.pair import Commune, Pc, founded_office

OTHER = "20257"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    """Two PCs of one commune, and one of another; the log has begun."""
    return founded_office(tmp_path_factory.mktemp("founded") / "offices", COMMUNE, COMMUNE, OTHER)


@pytest.fixture
def province(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    made = founded.copied(tmp_path / "offices")
    made.pcs[1].receive()
    for pc in made.pcs:
        assert pc.sync().is_done
    while advance(made.hub, at_once=True) is Step.SIGNED:
        pass
    yield made
    made.close()


def has_cosigned(province: Commune, pc: Pc) -> bool:
    """Whether the province holds this PC's line for the checkpoint that the PC has checked."""
    seen = read_seen(pc.services.config.keys)
    assert seen is not None
    key = witness_key(province.hub.province, pc.services.keyring.device.public)
    with reading(province.hub.engine) as connection:
        note = kept_note(connection, seen[0].size)
    return note is not None and cosigners(note, [key]) == [key]


def without_a_line(pc: Pc) -> None:
    pc.line.is_down = True
    assert pc.sync().problem is reasons.LINE_DOWN


def test_a_colleague_brings_it(province: Commune) -> None:
    away, near, _ = province.pcs
    without_a_line(away)
    assert near.sync().is_done
    for _ in range(2):  # it learns of the checkpoint, then says that it has checked it
        assert met(away, near).problem is None
    assert not has_cosigned(province, away)
    assert near.sync().is_done
    assert has_cosigned(province, away)
    signed = own_beacon(away.db, away.services, require_office(away.db))
    assert len(signed) <= BEACON_BYTES_MAX and open_beacon(signed).said.cosignature


def test_a_pc_with_a_line_says_it_itself(province: Commune) -> None:
    near = province.pcs[1]
    assert near.sync().is_done  # what it has checked now, it says in its next round
    signed = own_beacon(near.db, near.services, require_office(near.db))
    assert open_beacon(signed).said.cosignature == b""


@pytest.mark.parametrize("way", ["stick", "next door"])
def test_a_parcel_brings_it(province: Commune, tmp_path: Path, way: str) -> None:
    away, _, neighbour = province.pcs
    away.line.before_answer = lambda: setattr(
        away.line, "is_down", True
    )  # it learns of it, and the line goes
    away.sync()
    without_a_line(away)
    away.receive()
    assert not has_cosigned(province, away)
    if way == "stick":
        export_parcel(away.db, away.services, tmp_path / "usb")
        take_parcels(province.hub, files_on(tmp_path / "usb"))
    else:
        neighbour.sync()
        assert met_next_door(away, neighbour).handed == 1
        deliver(neighbour.db, neighbour.services, neighbour.line)
    assert has_cosigned(province, away)


def test_a_colleagues_stick_brings_it_too(province: Commune, tmp_path: Path) -> None:
    away, near, _ = province.pcs
    assert near.sync().is_done
    for pc in (away, near):
        without_a_line(pc)
    for _ in range(2):
        assert met(away, near).problem is None
    export_parcel(near.db, near.services, tmp_path / "usb")
    take_parcels(province.hub, files_on(tmp_path / "usb"))
    assert has_cosigned(province, away) and has_cosigned(province, near)


def test_a_cosignature_of_another_pc_does_not_hold(province: Commune) -> None:
    """Nobody speaks for another witness: the line must be the key's that signed the beacon."""
    away, near, _ = province.pcs
    without_a_line(away)
    assert near.sync().is_done
    for _ in range(2):
        met(away, near)
    said = open_beacon(own_beacon(away.db, away.services, require_office(away.db))).said
    forged = sign_beacon(
        replace(said, device=bytes.fromhex(near.services.keyring.device.public.id), count=said.count + 1),
        near.services.keyring.device,
    )
    bringer = require_office(away.db).device
    take_carried(province.hub, [forged], unit=COMMUNE, bringer=bringer, now_ms=away.clock())
    with reading(province.hub.engine) as connection:
        note = kept_note(connection, int.from_bytes(said.tree[:8], "big"))
    keys = [witness_key(province.hub.province, pc.services.keyring.device.public) for pc in (away, near)]
    assert note is not None and cosigners(note, keys) == []
