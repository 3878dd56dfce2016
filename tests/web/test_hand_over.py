"""What a PC hands over, by line, by parcel or to a colleague: every run ends on its device's seal."""

from collections.abc import Callable

import pytest

from edge_node.lan.asking import meet
from edge_node.store import SqliteLogStore
from edge_node.sync.parcels import export_parcel
from sync_protocol.carried_files import is_about_files
from sync_protocol.frame import decode_run
from sync_protocol.lan import open_request as open_lan_request
from sync_protocol.log import verify_seal
from sync_protocol.parcel import Part
from sync_protocol.wire import open_request
from tests.support.cable import Cable
from tests.support.pair import BreakingLine, Commune, Pc


def by_line(pc: Pc, there: Pc) -> list[bytes]:
    kept: list[bytes] = []

    class Listening(BreakingLine):
        def post_round(self, payload: bytes) -> bytes:
            kept.extend(open_request(payload).said.runs)
            return super().post_round(payload)

    pc.line = Listening(pc.line.hub)
    assert pc.sync().is_done
    return kept


def by_stick(pc: Pc, there: Pc) -> list[bytes]:
    stick, keys = pc.services.config.data / "stick", pc.line.hub.keys
    export_parcel(pc.db, pc.services, stick)
    found: list[bytes] = []
    for path in sorted(stick.rglob("*.motcua")):
        with path.open("rb") as source:
            for message in Part(source).messages(keys.hub.public.id, keys.box):
                found += [] if is_about_files(message) else open_request(message).said.runs
    return found


def next_door(pc: Pc, there: Pc) -> list[bytes]:
    cable = Cable(there)
    assert meet(pc.db, pc.services, cable).problem is None
    box = there.services.keyring.files.box()
    return [frame for sealed in cable.heard[::2] for frame in open_lan_request(sealed, box).said.runs]


@pytest.mark.parametrize("way", [by_line, by_stick, next_door])
def test_what_is_handed_over_ends_on_a_seal(two_pcs: Commune, way: Callable[[Pc, Pc], list[bytes]]) -> None:
    here, there = two_pcs.pcs
    here.receive()
    device = here.services.keyring.device.public
    log = SqliteLogStore(here.db).logs_of(device=device.id)
    own = [run for run in map(decode_run, way(here, there)) if run.log in log]
    assert sum(len(run.records) for run in own) >= 1
    for run in own:
        assert run.seal is not None and (run.seal.length, run.seal.head) == (run.stop, run.records[-1].link)
        verify_seal(run.seal, device)
