"""A PC without a line hands its parcels to a PC of another commune next door, which carries them and reads nothing."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random

import msgspec
import pytest

from central_hub.judge.service import judge_pending
from demo.processes import free_port
from edge_node.journal import Draft, write
from edge_node.lan.asking import Met
from edge_node.lan.door import Door
from edge_node.lan.peers import NEIGHBOUR, add_peer, list_peers
from edge_node.lan.service import meet_all
from edge_node.lan.serving import Serving
from edge_node.relay.delivery import DeliveryResult, deliver
from edge_node.relay.own import AGAIN_MS, RETRY_MS, forget_own, is_due
from edge_node.relay.queue import (
    DOWN,
    PASSED,
    UP,
    begin,
    carrying,
    drop,
    keep,
    list_loads,
    own_loads,
    relayed,
    to_deliver,
    to_give,
)
from edge_node.relay.stick import help_others
from edge_node.relay.taking import tell_answers
from edge_node.store import SqliteLogStore
from edge_node.sync.pace import FilePace
from edge_node.sync.parcels import export_parcel, import_parcels
from edge_node.sync.status import SyncStatus, read_status
from edge_node.sync.transport import LineFault
from signing.status import Status
from sync_protocol import reasons
from sync_protocol.chunks import SLICE_BYTES, FileTree
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import Standing
from sync_protocol.lan_relay import LanRelayRequest
from sync_protocol.limits import RELAY_COMING_MS_MAX
from sync_protocol.parcel import Part
from sync_protocol.relay import decode_relay_answer
from tests.support.cable import Cable, met_next_door
from tests.support.log_builder import COMMUNE
from tests.support.pair import Commune, Pc, found_commune, founded_office

OTHER, THIRD = "20257", "20285"
GOLDEN = Path(__file__).parents[1] / "golden" / "relay" / "lan-v1.hex"
NAME = "Nguyễn Thị Hoa".encode()


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    """Three PCs of three communes; every test has a copy of its own."""
    return founded_office(tmp_path_factory.mktemp("founded") / "offices", COMMUNE, OTHER, THIRD)


@pytest.fixture
def province(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    made = founded.copied(tmp_path / "offices")
    for pc in made.pcs[1:]:
        assert pc.sync().is_done
    yield made
    made.close()


@pytest.fixture
def cut_off(province: Commune) -> Pc:
    """A PC whose line is gone, and that has tried."""
    pc = province.pcs[0]
    pc.line.is_down = True
    assert pc.sync().problem is reasons.LINE_DOWN
    return pc


@pytest.fixture
def helper(province: Commune) -> Pc:
    """A PC of another commune in the same house, with a line."""
    return province.pcs[1]


def send(pc: Pc) -> DeliveryResult:
    return deliver(pc.db, pc.services, pc.line)


def status(pc: Pc) -> SyncStatus:
    return read_status(pc.db, now=pc.clock())


def device(pc: Pc) -> str:
    return pc.services.keyring.device.public.id


def said(met: Met) -> tuple[object, int, int]:
    return met.problem, met.handed, met.fetched


def bring_to_province(province: Commune, helper: Pc) -> None:
    assert send(helper).problem is None
    judge_pending(province.hub)
    assert send(helper).fetched


def test_records_reach_the_province_and_the_verdict_the_desk(
    province: Commune, cut_off: Pc, helper: Pc
) -> None:
    cut_off.receive()
    assert said(met_next_door(cut_off, helper)) == (None, 1, 0)
    assert carrying(helper.db).loads == 1 and carrying(cut_off.db).loads == 0
    assert status(cut_off).waiting > 0, "not before the province says so"
    bring_to_province(province, helper)
    assert said(met_next_door(cut_off, helper)) == (None, 0, 1)
    assert (status(cut_off).waiting, status(cut_off).unjudged, status(cut_off).refused) == (0, 0, 0)
    assert not to_give(helper.db), "the PC that it is for has it"


def test_with_nothing_to_hand_over_nothing_is_asked(province: Commune, cut_off: Pc, helper: Pc) -> None:
    cable = Cable(helper)
    met_next_door(cut_off, helper, cable=cable)
    before = cable.loads
    assert status(cut_off).waiting == 0 and before == 0
    cut_off.receive()
    met_next_door(cut_off, helper, cable=cable)
    bring_to_province(province, helper)
    met_next_door(cut_off, helper, cable=cable)
    count = cable.loads
    met_next_door(cut_off, helper, cable=cable)
    assert cable.loads == count


def test_the_other_pc_reads_nothing(province: Commune, cut_off: Pc, helper: Pc) -> None:
    dossier = cut_off.receive()
    cable = Cable(helper)
    met_next_door(cut_off, helper, cable=cable)
    bring_to_province(province, helper)
    for load in to_give(helper.db):
        content = relayed(helper.services).read(load.load)
        with pytest.raises(RemoteFault) as caught:
            list(Part(BytesIO(content)).messages(device(helper), helper.services.keyring.files.box()))
        assert caught.value.reason is reasons.PARCEL_RECIPIENT
    met_next_door(cut_off, helper, cable=cable)
    files = [path.read_bytes() for path in helper.services.config.data.rglob("*") if path.is_file()]
    for place in (b"".join(files), b"".join(cable.heard)):
        assert NAME not in place and bytes.fromhex(dossier) not in place
    assert not SqliteLogStore(helper.db).logs_of(device=device(cut_off))


def test_nobody_on_the_network_sees_whose_a_load_is(cut_off: Pc, helper: Pc) -> None:
    cut_off.receive()
    cable = Cable(helper)
    met_next_door(cut_off, helper, cable=cable)
    (load,) = own_loads(cut_off.db)
    content = relayed(helper.services).read(load.load)
    heard = b"".join(cable.heard)
    assert content[-300:] not in heard and bytes.fromhex(load.load) not in heard
    assert COMMUNE.encode() not in heard


def test_a_request_for_another_pc_is_refused_and_a_changed_answer_not_believed(
    province: Commune, cut_off: Pc, helper: Pc
) -> None:
    cut_off.receive()
    cable = Cable(helper)
    flipped = Cable(helper, twist=lambda answer: answer[:-1] + bytes([answer[-1] ^ 1]))
    assert met_next_door(cut_off, helper, cable=flipped).problem is reasons.ROUND_SIGNATURE
    assert met_next_door(cut_off, helper, cable=cable).handed == 1
    for sealed in cable.heard[::2]:
        with pytest.raises(RemoteFault):
            Serving(province.pcs[2].services, bytes(32)).relay(province.pcs[2].db, sealed)


def test_a_pc_that_no_registry_stated_hands_over_and_carries_nothing(
    cut_off: Pc, helper: Pc, tmp_path: Path
) -> None:
    elsewhere = found_commune(tmp_path / "elsewhere")
    stranger = elsewhere.add()
    stranger.line.is_down = True
    stranger.sync()
    stranger.receive()
    cut_off.receive()
    assert met_next_door(cut_off, stranger).problem is reasons.ROUND_DEVICE
    assert met_next_door(stranger, helper).problem is reasons.ROUND_DEVICE
    assert not list_loads(helper.db) and not list_loads(stranger.db)
    elsewhere.close()


def test_a_pc_that_is_cut_off_may_hand_over_and_is_told_nothing(
    province: Commune, cut_off: Pc, helper: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off.receive()
    silent, suspended = Status.is_silent, device(cut_off)
    monkeypatch.setattr(Status, "is_silent", lambda self, key: key != suspended and silent(self, key))
    assert met_next_door(cut_off, helper).handed == 1
    send(helper)
    judge_pending(province.hub)
    send(helper)
    assert to_give(helper.db), "the hub decides whether there is an answer"
    assert met_next_door(cut_off, helper).fetched == 0


def test_a_pc_without_a_line_takes_none_and_the_sender_keeps_it(cut_off: Pc, helper: Pc) -> None:
    helper.line.is_down = True
    helper.sync()
    cut_off.receive()
    assert met_next_door(cut_off, helper).problem is reasons.RELAY_LINE
    assert not list_loads(helper.db)
    helper.line.is_down = False
    helper.sync()
    assert met_next_door(cut_off, helper).handed == 1


@pytest.mark.parametrize("relay_mb", [0, 1])
def test_the_office_that_carries_says_how_much(
    cut_off: Pc, helper: Pc, relay_mb: int, tmp_path: Path
) -> None:
    services = replace(helper.services, config=replace(helper.services.config, relay_mb=relay_mb))
    narrow = replace(helper, services=services)
    cut_off.receive()
    content = b"x" * (600 * 1024)  # more than half of what there is, so that one PC may not have it
    keep(cut_off.db, cut_off.services, content, direction=UP, device=device(cut_off), unit=COMMUNE)
    met = met_next_door(cut_off, narrow)
    assert met.handed == relay_mb
    assert {load.load for load in to_deliver(cut_off.db)} == {FileTree.of([content]).id}, "kept for another"
    assert carrying(narrow.db).size_bytes < 512 * 1024


def test_what_is_no_load_is_not_kept(cut_off: Pc, helper: Pc) -> None:
    keep(cut_off.db, cut_off.services, b"x" * 50_000, direction=UP, device=device(cut_off), unit=COMMUNE)
    assert met_next_door(cut_off, helper).problem is reasons.PARCEL_FORMAT
    assert not list_loads(helper.db)
    assert not [path for path in helper.services.config.relayed.rglob("*") if path.is_file()]


def test_what_came_through_before_a_cut_is_never_sent_again(
    province: Commune, cut_off: Pc, helper: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier, random = cut_off.receive(), Random(1)
    notes = [{"note": random.randbytes(900).hex()} for _ in range(200)]
    drafts = [Draft(kind="dossier.noted", dossier=dossier, facts={}, content=note) for note in notes]
    write(cut_off.db, cut_off.services, cut_off.lan, drafts)
    monkeypatch.setattr(FilePace, "START", FilePace.LEAST)
    monkeypatch.setattr(FilePace, "MOST", FilePace.LEAST)

    class Cut(Cable):
        """Of every fourth request no answer comes back."""

        def post_relay(self, sealed: bytes) -> bytes:
            answer = super().post_relay(sealed)
            if self.loads % 4 == 0:
                raise LineFault(reasons.LINE_DOWN)
            return answer

    cable, tries = Cut(helper), 0
    while not any(load.outcome == PASSED for load in own_loads(cut_off.db)):
        met_next_door(cut_off, helper, cable=cable, is_pressed=False)
        tries += 1
        assert tries < 100
    (load,) = own_loads(cut_off.db)
    assert tries > 3 and load.size > 5 * SLICE_BYTES
    sent = sum(map(len, cable.heard[::2]))
    assert sent < 1.2 * load.size + 2_000 * cable.loads
    bring_to_province(province, helper)
    tries = 0
    while status(cut_off).waiting:
        met_next_door(cut_off, helper, cable=cable)
        tries += 1
        assert tries < 50


def test_an_answer_that_was_lost_changes_nothing(province: Commune, cut_off: Pc, helper: Pc) -> None:
    cut_off.receive()
    lost = Cable(helper, twist=lambda answer: _lose())
    assert met_next_door(cut_off, helper, cable=lost).problem is reasons.LINE_DOWN
    for _ in range(3):
        met_next_door(cut_off, helper)
    assert [load.outcome for load in list_loads(helper.db)] == [""]
    bring_to_province(province, helper)
    assert met_next_door(cut_off, helper, cable=lost).problem is reasons.LINE_DOWN
    assert met_next_door(cut_off, helper).fetched == 1
    assert status(cut_off).waiting == 0


def _lose() -> bytes:
    raise LineFault(reasons.LINE_DOWN)


def test_a_carrier_that_loses_everything_loses_nothing(province: Commune, cut_off: Pc, helper: Pc) -> None:
    cut_off.receive()
    assert met_next_door(cut_off, helper).handed == 1
    for load in to_deliver(helper.db):
        drop(helper.db, helper.services, load.load)
    third = province.pcs[2]
    assert met_next_door(cut_off, third).handed == 0, "it went already, and the answer may come"
    cut_off.clock.now += RETRY_MS
    third.sync()
    assert met_next_door(cut_off, third).handed == 1
    bring_to_province(province, third)
    met_next_door(cut_off, third)
    assert status(cut_off).waiting == 0


def test_what_is_written_meanwhile_follows_and_the_answer_is_to_all_of_it(
    province: Commune, cut_off: Pc, helper: Pc
) -> None:
    dossier = cut_off.receive()
    met_next_door(cut_off, helper)
    send(helper)
    cut_off.note(dossier)
    assert met_next_door(cut_off, helper, is_pressed=False).handed == 0, "not for every record a parcel"
    cut_off.clock.now += AGAIN_MS
    assert met_next_door(cut_off, helper, is_pressed=False).handed == 1
    bring_to_province(province, helper)
    (answer,) = tell_answers(helper.db, [device(cut_off)])
    keep(helper.db, helper.services, b"one more", direction=UP, device=device(cut_off), unit=COMMUNE)
    assert not tell_answers(helper.db, [device(cut_off)]), "older than what went since"
    (waiting,) = to_deliver(helper.db)
    drop(helper.db, helper.services, waiting.load)
    assert tell_answers(helper.db, [device(cut_off)]) == [answer]
    met_next_door(cut_off, helper)
    assert status(cut_off).waiting == 0


def test_a_line_that_comes_back_makes_it_superfluous(cut_off: Pc, helper: Pc) -> None:
    cut_off.receive()
    met_next_door(cut_off, helper)
    cut_off.line.is_down = False
    assert cut_off.sync().is_done and not status(cut_off).waiting
    cable = Cable(helper)
    assert met_next_door(cut_off, helper, cable=cable).handed == 0
    assert cable.loads == 0, "with a line of its own it asks nobody"
    forget_own(cut_off.db, cut_off.services)
    assert not own_loads(cut_off.db) and not list(cut_off.services.config.relayed.rglob("*/*"))


@pytest.mark.parametrize("is_colleague", [False, True])
def test_others_loads_go_on_next_door_and_their_answers_come_back(
    province: Commune, cut_off: Pc, helper: Pc, tmp_path: Path, is_colleague: bool
) -> None:
    """The PC that took another unit's stick has no line any more; a colleague's has one, or a PC of yet another commune."""
    to = province.add(COMMUNE) if is_colleague else helper
    to.sync()
    sender, usb = province.pcs[2], tmp_path / "usb"
    sender.line.is_down = True
    sender.receive()
    export_parcel(sender.db, sender.services, usb)
    assert help_others(cut_off.db, cut_off.services, usb).taken
    assert met_next_door(cut_off, to).handed == 1
    assert [(load.unit, load.outcome) for load in list_loads(cut_off.db)] == [(THIRD, PASSED)]
    assert [load.unit for load in to_deliver(to.db)] == [THIRD]
    bring_to_province(province, to)
    assert met_next_door(cut_off, to).fetched == 1
    assert to_give(to.db), "it may be the one to which the stick comes"
    assert help_others(cut_off.db, cut_off.services, usb).given
    (taken,) = import_parcels(sender.db, sender.services, usb)
    assert taken.outcome == "done" and status(sender).waiting == 0


def test_two_pcs_without_a_line_do_not_pass_a_load_to_and_fro(
    province: Commune, cut_off: Pc, helper: Pc
) -> None:
    cut_off.receive()
    met_next_door(cut_off, helper)
    helper.line.is_down = True
    helper.sync()
    assert met_next_door(helper, cut_off).problem is reasons.RELAY_LINE
    assert [load.outcome for load in list_loads(helper.db)] == [""]


def test_a_kill_between_the_last_piece_and_its_row_is_made_up_for(
    cut_off: Pc, helper: Pc, province: Commune
) -> None:
    cut_off.receive()
    cable = Cable(helper)
    met_next_door(cut_off, helper, cable=cable)
    bring_to_province(province, helper)
    (answer,) = to_give(helper.db)
    content = relayed(helper.services).read(answer.load)
    begin(
        cut_off.db, cut_off.services, answer.load, size=answer.size, direction=DOWN, device=device(cut_off),
        unit=COMMUNE, is_own=True, parts=1,
    )  # fmt: skip
    relayed(cut_off.services).keep(content)
    met_next_door(cut_off, helper)
    assert status(cut_off).waiting == 0


@pytest.mark.parametrize(
    ("waiting", "is_news", "since_ms", "is_pressed", "due"),
    [
        (0, True, RETRY_MS, True, False),
        (1, True, AGAIN_MS, False, True),
        (1, True, AGAIN_MS - 1, False, False),
        (1, True, 0, True, True),
        (1, True, -1, False, True),
        (1, False, AGAIN_MS, True, False),
        (1, False, RETRY_MS, False, True),
        (1, False, -1, False, True),
    ],
)
def test_when_a_parcel_is_composed(
    waiting: int, is_news: bool, since_ms: int, is_pressed: bool, due: bool
) -> None:
    assert is_due(waiting=waiting, is_news=is_news, since_ms=since_ms, is_pressed=is_pressed) is due


def test_a_load_that_is_never_finished_gives_its_room_back(cut_off: Pc, helper: Pc) -> None:
    begin(
        helper.db, helper.services, "ab" * 32, size=16 * 1024 * 1024, direction=UP, device=device(cut_off),
        unit=COMMUNE,
    )  # fmt: skip
    narrow = replace(
        helper, services=replace(helper.services, config=replace(helper.services.config, relay_mb=32))
    )
    cut_off.receive()
    assert met_next_door(cut_off, narrow).problem is reasons.RELAY_ROOM
    for pc in (cut_off, helper):
        pc.clock.now += RELAY_COMING_MS_MAX + 1
    narrow.sync()
    send(narrow)
    assert met_next_door(cut_off, narrow).handed == 1


def test_two_offices_of_one_house_over_real_sockets(province: Commune, cut_off: Pc, helper: Pc) -> None:
    config = replace(helper.services.config, lan_host="127.0.0.1", lan_port=free_port())
    door = Door(replace(helper.services, config=config))
    door.unlock()
    try:
        add_peer(cut_off.db, f"127.0.0.1:{config.lan_port}")
        assert [met.problem for met in meet_all(cut_off.db, cut_off.services)] == [None]
        (peer,) = list_peers(cut_off.db)
        assert (peer.outcome, peer.device, peer.sent) == (NEIGHBOUR, device(helper), 0)
        cut_off.receive()
        assert meet_all(cut_off.db, cut_off.services)[0].handed == 1
        bring_to_province(province, helper)
        assert meet_all(cut_off.db, cut_off.services)[0].fetched == 1
        (peer,) = list_peers(cut_off.db)
        assert (peer.outcome, peer.sent, peer.received) == (NEIGHBOUR, 1, 1)
    finally:
        door.close()
    assert status(cut_off).waiting == 0 and not SqliteLogStore(cut_off.db).logs_of(device=device(helper))


def test_messages_of_the_first_version_stay_readable() -> None:
    """Recorded when the path was new: a request and an answer, out of their envelope."""
    request, answer = (bytes.fromhex(line) for line in GOLDEN.read_text(encoding="utf-8").split())
    asked = msgspec.msgpack.decode(request, type=LanRelayRequest)
    assert (asked.protocol, asked.offered[0].size, asked.to.hex()) == (1, 1247, "cd" * 16)
    assert decode_relay_answer(answer).stated[0].standing == Standing.WHOLE
    assert msgspec.msgpack.encode(asked) == request
