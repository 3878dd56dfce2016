"""A PC of another commune carries what it cannot read: stick, queue, line, hub, and the answer all the way back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random

import msgspec
import pytest
from sqlalchemy import select

from central_hub.files.service import vault_of as hub_vault
from central_hub.judge.service import judge_pending
from central_hub.relay import service, spool
from central_hub.relay.service import answer_relay
from central_hub.relay.spool import LoadState, find_load, sweep_loads
from central_hub.store.engine import reading
from central_hub.store.tables import RELAYED_LOAD
from edge_node.files.capture import Captured
from edge_node.files.service import Placed, attach
from edge_node.relay import queue
from edge_node.relay.delivery import DeliveryResult, deliver
from edge_node.relay.queue import DONE, REPLACED, UP, carrying, list_loads, relayed, to_deliver, to_give
from edge_node.relay.stick import Helped, help_others
from edge_node.store import SqliteLogStore
from edge_node.store.local import write_local
from edge_node.sync.parcels import export_parcel, import_parcels
from edge_node.sync.runner import CHALLENGE
from edge_node.sync.status import SyncStatus, read_status
from sync_protocol import limits, reasons
from sync_protocol.chunks import SLICE_BYTES, FileTree, Piece
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, Standing
from sync_protocol.parcel import Part
from sync_protocol.relay import decode_relay_answer, encode_relay_request, first_relay_request
from tests.support.log_builder import COMMUNE
from tests.support.pair import Commune, Pc, founded_office

OTHER = "20257"
THIRD = "20285"
NAME = "Nguyễn Thị Hoa".encode()


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    """Three PCs of three communes; every test has a copy of its own."""
    return founded_office(tmp_path_factory.mktemp("founded") / "offices", COMMUNE, OTHER, THIRD)


@pytest.fixture
def province(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    made = founded.copied(tmp_path / "offices")
    yield made
    made.close()


@pytest.fixture
def cut_off(province: Commune) -> Pc:
    """A PC whose line is gone."""
    province.pcs[0].line.is_down = True
    return province.pcs[0]


@pytest.fixture
def helper(province: Commune) -> Pc:
    """A PC of another commune that has a line."""
    return province.pcs[1]


@pytest.fixture
def third(province: Commune) -> Pc:
    """One more, of a third commune."""
    return province.pcs[2]


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    return tmp_path / "usb"


def write_out(pc: Pc, stick: Path, *, part_bytes_max: int = limits.PART_SIZE_BYTES_USUAL) -> None:
    export_parcel(pc.db, pc.services, stick, part_bytes_max=part_bytes_max)


def lend_a_hand(pc: Pc, stick: Path, **options: bool) -> Helped:
    return help_others(pc.db, pc.services, stick, **options)


def send(pc: Pc, **options: int) -> DeliveryResult:
    return deliver(pc.db, pc.services, pc.line, **options)


def status(pc: Pc) -> SyncStatus:
    return read_status(pc.db, now=pc.clock())


def outcomes(pc: Pc) -> list[str]:
    return [load.outcome for load in list_loads(pc.db)]


def parts_on(stick: Path) -> list[Path]:
    return sorted((stick / "motcua").iterdir())


def test_records_reach_the_province_and_the_verdict_the_desk(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    helped = lend_a_hand(helper, usb)
    assert [load.unit for load in helped.taken] == [COMMUNE]
    assert carrying(helper.db).loads == 1

    first = send(helper)
    assert (first.problem, first.delivered, first.fetched) == (None, 1, 0), "the judge has not looked yet"
    judge_pending(province.hub)
    second = send(helper)
    assert (second.delivered, second.fetched, second.requests) == (0, 1, 2)
    assert send(helper).requests == 0, "nothing is asked where nothing is carried"

    assert status(cut_off).waiting > 0, "not before the province says so"
    given = lend_a_hand(helper, usb).given
    assert [load.device for load in given] == [cut_off.services.keyring.device.public.id]
    (taken,) = import_parcels(cut_off.db, cut_off.services, usb)
    assert taken.outcome == "done"
    assert (status(cut_off).waiting, status(cut_off).unjudged, status(cut_off).refused) == (0, 0, 0)


def test_a_relay_reads_nothing(province: Commune, cut_off: Pc, helper: Pc, usb: Path) -> None:
    dossier = cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    send(helper)
    judge_pending(province.hub)
    send(helper)
    lying = [relayed(helper.services).read(load.load) for load in to_give(helper.db)]
    assert lying
    for content in lying:
        with pytest.raises(RemoteFault) as caught:
            list(Part(BytesIO(content)).messages(_device(helper), helper.services.keyring.files.box()))
        assert caught.value.reason.code == "PARCEL_RECIPIENT"
    everything = b"".join(
        path.read_bytes() for path in helper.services.config.data.rglob("*") if path.is_file()
    )
    assert NAME not in everything and bytes.fromhex(dossier) not in everything
    assert not SqliteLogStore(helper.db).logs_of(device=_device(cut_off))


def _device(pc: Pc) -> str:
    return pc.services.keyring.device.public.id


def spoil(name: str) -> Callable[[bytes], bytes]:
    return {
        "cut": lambda content: content[: len(content) // 2],
        "changed": lambda content: content[:-90] + bytes([content[-90] ^ 1]) + content[-89:],
        "label": lambda content: content.replace(COMMUNE.encode(), OTHER.encode(), 1),
        "garbage": lambda content: Random(1).randbytes(5_000),
        "empty": lambda content: b"",
    }[name]


@pytest.mark.parametrize("how", ["cut", "changed", "label", "garbage", "empty"])
def test_what_is_not_a_whole_load_is_not_taken_along(cut_off: Pc, helper: Pc, usb: Path, how: str) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    (part,) = parts_on(usb)
    part.write_bytes(spoil(how)(part.read_bytes()))
    helped = lend_a_hand(helper, usb)
    assert not helped.taken
    assert send(helper).requests == 0
    codes = {fault.reason.code for _, fault in helped.refused}
    assert codes <= {"PARCEL_CUT", "PARCEL_DAMAGED"}


def carry_by_hand(province: Commune, helper: Pc, content: bytes) -> tuple[int, str]:
    """What a relay that looks at nothing would hand over, and what the hub says of it."""
    tree, device = FileTree.of([content]), _device(helper)
    empty = first_relay_request(bytes.fromhex(device), b"")
    signer = helper.services.keyring.device
    challenge = decode_relay_answer(answer_relay(province.hub, encode_relay_request(empty, signer))).challenge
    pieces = [
        tree.encode(
            Piece(file=tree.id, size=tree.size, start=at // (16 * 1024), data=content[at : at + 16 * 1024])
        )
        for at in range(0, tree.size, 16 * 1024)
    ]
    offered = [FileAsked(bytes.fromhex(tree.id), tree.size)]
    request = msgspec.structs.replace(empty, challenge=challenge, offered=offered, pieces=pieces)
    (stated,) = decode_relay_answer(answer_relay(province.hub, encode_relay_request(request, signer))).stated
    return stated.standing, stated.problem


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("cut", "PARCEL_CUT"),
        ("changed", "PARCEL_DAMAGED"),
        ("label", "PARCEL_SENDER"),
        ("garbage", "PARCEL_FORMAT"),
    ],
)
def test_what_a_relay_tampered_with_does_what_it_would_do_on_a_stick(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path, how: str, code: str
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    (part,) = parts_on(usb)
    honest = part.read_bytes()
    standing, problem = carry_by_hand(province, helper, spoil(how)(honest))
    with reading(province.hub.engine) as connection:
        rows = connection.execute(select(RELAYED_LOAD)).all()
    if standing == Standing.REFUSED:
        assert problem == code and not rows
    else:  # everything before the damage counts
        assert [row.outcome for row in rows] == [code]
    assert not list(province.hub.config.relayed.rglob("*/*/*")), "no bytes stay"
    # Whoever sent it goes on sending until a receipt comes, and then all is well.
    standing, _ = carry_by_hand(province, helper, honest)
    assert standing == Standing.WHOLE
    judge_pending(province.hub)


def test_a_load_counts_once_whoever_brings_it_and_however_often(
    province: Commune, cut_off: Pc, helper: Pc, third: Pc, usb: Path
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    content = parts_on(usb)[0].read_bytes()
    for _ in range(2):
        lend_a_hand(helper, usb)
        lend_a_hand(third, usb)
    assert (len(list_loads(helper.db)), lend_a_hand(helper, usb).known) == (1, 1)
    assert send(helper).delivered == 1
    before = third.line.bytes_up
    assert send(third).delivered == 1
    assert third.line.bytes_up - before < len(content), "what the hub has is not sent again"
    assert lend_a_hand(helper, usb).known == 1, "also after it was delivered"
    assert carry_by_hand(province, helper, content)[0] == Standing.WHOLE
    with reading(province.hub.engine) as connection:
        assert len(connection.execute(select(RELAYED_LOAD)).all()) == 1


def test_a_relay_that_loses_everything_loses_nothing(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    (load,) = lend_a_hand(helper, usb).taken
    relayed(helper.services).remove(load.load)
    assert send(helper).delivered == 0
    assert outcomes(helper) == ["PARCEL_DAMAGED"]
    assert status(cut_off).waiting > 0
    write_out(cut_off, usb)
    assert len(lend_a_hand(helper, usb).taken) == 1
    assert send(helper).delivered == 1
    cut_off.line.is_down = False
    assert cut_off.sync().is_done
    assert status(cut_off).waiting == 0, "by a line of its own the PC needs no answer any more"


def test_what_lies_here_too_long_goes_and_is_said(cut_off: Pc, helper: Pc, usb: Path) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    helper.clock.advance(limits.RELAY_AGE_MS_MAX + 1)
    assert send(helper).requests == 0
    assert outcomes(helper) == ["RELAY_EXPIRED"]
    assert not [path for path in helper.services.config.relayed.rglob("*") if path.is_file()]


def test_a_flood_of_loads_ends_at_the_room_that_the_office_gives(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper.services = replace(helper.services, config=replace(helper.services.config, relay_mb=1))
    cut_off.receive()
    write_out(cut_off, usb)
    size = parts_on(usb)[0].stat().st_size
    monkeypatch.setattr(queue, "MIB", 4 * size)
    for number in range(6):
        write_out(cut_off, usb / str(number))
        helped = lend_a_hand(helper, usb / str(number))
    assert len(to_deliver(helper.db)) == 2, "one PC gets half of the room"
    assert [fault.reason.code for _, fault in helped.refused] == ["RELAY_ROOM"]
    helper.services = replace(helper.services, config=replace(helper.services.config, relay_mb=0))
    assert lend_a_hand(helper, usb).is_nothing, "an office may carry nothing at all"


def test_a_relay_may_leave_only_so_much_unfinished_at_the_hub(
    province: Commune, helper: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "RELAY_LOADS_OPEN_MAX", 2)
    device, signer = _device(helper), helper.services.keyring.device
    empty = first_relay_request(bytes.fromhex(device), b"")
    challenge = decode_relay_answer(answer_relay(province.hub, encode_relay_request(empty, signer))).challenge
    said = []
    for number in range(4):
        content = Random(number).randbytes(40_000)
        tree = FileTree.of([content])
        piece = tree.encode(Piece(file=tree.id, size=tree.size, start=0, data=content[: 16 * 1024]))
        offered = [FileAsked(bytes.fromhex(tree.id), tree.size)]
        request = msgspec.structs.replace(empty, challenge=challenge, offered=offered, pieces=[piece])
        (stated,) = decode_relay_answer(
            answer_relay(province.hub, encode_relay_request(request, signer))
        ).stated
        said.append((stated.standing, stated.problem))
    assert said == [(Standing.PARTIAL, "")] * 2 + [(Standing.REFUSED, "RELAY_ROOM")] * 2
    province.clock.advance(spool.UNFINISHED_MS_MAX + 1)
    assert sweep_loads(province.hub) == 2
    assert not [path for path in province.hub.config.relayed.rglob("*") if path.is_file()]


def test_a_stale_challenge_costs_one_more_request(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    write_local(helper.db, CHALLENGE, "00" * 32)
    result = send(helper)
    assert (result.problem, result.delivered) == (None, 1)


def test_the_offices_own_records_go_first(cut_off: Pc, helper: Pc, usb: Path) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    helper.receive()
    result = send(helper)
    assert result.must_yield and result.requests == 0
    assert helper.sync().is_done
    assert send(helper).delivered == 1


def test_others_loads_cost_this_offices_line_so_much_and_no_more(cut_off: Pc, helper: Pc, usb: Path) -> None:
    dossier = cut_off.receive()
    scan = Captured(name="a.pdf", type="pdf", content=b"%PDF-" + Random(1).randbytes(900_000), pages=0)
    attach(cut_off.db, cut_off.services, cut_off.lan, dossier, [scan], Placed())
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    result = send(helper, bytes_max=200_000)
    assert result.delivered == 0 and 200_000 <= result.bytes_up < 600_000
    assert send(helper).delivered == 1, "the next sync goes on"


def test_a_line_that_breaks_every_so_often_gets_a_load_through(cut_off: Pc, helper: Pc, usb: Path) -> None:
    dossier = cut_off.receive()
    scan = Captured(name="a.pdf", type="pdf", content=b"%PDF-" + Random(1).randbytes(400_000), pages=0)
    attach(cut_off.db, cut_off.services, cut_off.lan, dossier, [scan], Placed())
    write_out(cut_off, usb)
    size = parts_on(usb)[0].stat().st_size
    lend_a_hand(helper, usb)
    helper.line.lets_through = 64 * 1024
    sent = [send(helper).delivered for _ in range(4)]
    assert sum(sent) == 1
    assert helper.line.cuts and helper.line.bytes_up < 2 * size


def test_a_line_that_lets_no_piece_through_is_left_alone_after_a_few_cuts(
    cut_off: Pc, helper: Pc, usb: Path
) -> None:
    """Each cut is followed by a short question what the hub holds; that it passes says nothing about a piece."""
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    helper.line.lets_through = 400
    result = send(helper)
    assert result.problem is reasons.LINE_DOWN
    assert result.requests <= 10


def test_loads_that_do_not_pass_together_go_one_by_one(cut_off: Pc, helper: Pc, usb: Path) -> None:
    dossier = cut_off.receive()
    scans = [
        Captured(name="a.pdf", type="pdf", content=b"%PDF-" + Random(seed).randbytes(4_000), pages=0)
        for seed in (1, 2)
    ]
    attach(cut_off.db, cut_off.services, cut_off.lan, dossier, scans, Placed())
    write_out(cut_off, usb, part_bytes_max=6_000)
    sizes = [part.stat().st_size for part in parts_on(usb)]
    longest = max(sizes)
    assert len(sizes) > 1 and longest + 1_500 < sum(sizes) < SLICE_BYTES
    lend_a_hand(helper, usb)
    helper.line.lets_through = longest + 1_000
    sent = [send(helper).delivered for _ in range(4)]
    assert sum(sent) == len(parts_on(usb))


def test_an_answer_lost_on_the_way_is_asked_for_again(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    helper.line.loses_answers = 1
    assert send(helper).delivered == 1
    judge_pending(province.hub)
    helper.line.loses_answers = 2
    assert send(helper).fetched == 1
    assert len(lend_a_hand(helper, usb).given) == 1
    for path in parts_on(usb):
        path.unlink()  # the stick is lost
    write_out(cut_off, usb)
    assert len(lend_a_hand(helper, usb).given) == 1, "an answer stays until a newer one comes"
    province.clock.advance(spool.ANSWER_KEPT_MS + 1)
    sweep_loads(province.hub)
    assert not [path for path in province.hub.config.relayed.rglob("*") if path.is_file()]


def test_a_parcel_in_many_parts_with_scans_goes_part_by_part(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    dossier = cut_off.receive()
    scans = [
        Captured(name=f"{n}.pdf", type="pdf", content=b"%PDF-" + Random(n).randbytes(300_000), pages=0)
        for n in range(3)
    ]
    attach(cut_off.db, cut_off.services, cut_off.lan, dossier, scans, Placed())
    write_out(cut_off, usb, part_bytes_max=400_000)
    assert len(parts_on(usb)) > 1
    lend_a_hand(helper, usb)
    assert send(helper).delivered == len(parts_on(usb))
    assert not list(hub_vault(province.hub).listed()), (
        "scans wait until the records that state them are judged"
    )
    judge_pending(province.hub)
    assert send(helper).fetched >= 1
    assert len(list(hub_vault(province.hub).listed())) == 3
    with reading(province.hub.engine) as connection:
        states = {row.state for row in connection.execute(select(RELAYED_LOAD))}
    assert states == {LoadState.DONE}
    lend_a_hand(helper, usb)
    import_parcels(cut_off.db, cut_off.services, usb)
    assert (status(cut_off).waiting, status(cut_off).files) == (0, 0)


def test_a_newer_answer_takes_the_place_of_an_older_one(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    for _ in range(2):
        province.clock.advance(60_000)
        cut_off.receive()
        write_out(cut_off, usb)
        lend_a_hand(helper, usb)
        send(helper)
        judge_pending(province.hub)
        assert send(helper).fetched == 1
    assert len(to_give(helper.db)) == 1
    assert sorted(outcomes(helper)) == ["", DONE, DONE, REPLACED]
    lend_a_hand(helper, usb)
    import_parcels(cut_off.db, cut_off.services, usb)
    assert status(cut_off).waiting == 0


def test_an_answer_for_somebody_else_is_not_kept(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path
) -> None:
    """A hub that answers for a PC of which nothing was carried, or hands over what is not its own, is not believed."""
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    send(helper)
    judge_pending(province.hub)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("central_hub.sync.parcels.ANSWERS", "requests")
        assert send(helper).fetched == 0
    assert not to_give(helper.db)


def test_a_cut_off_relay_may_deliver_and_is_told_nothing(
    province: Commune, cut_off: Pc, helper: Pc, usb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off.receive()
    write_out(cut_off, usb)
    lend_a_hand(helper, usb)
    asker_of = service.asker_of

    def revoked(services, device):  # type: ignore[no-untyped-def]
        asker, key, epoch = asker_of(services, device)
        return replace(asker, is_cut_off=True), key, epoch

    monkeypatch.setattr(service, "asker_of", revoked)
    assert send(helper).delivered == 1
    judge_pending(province.hub)
    assert send(helper).fetched == 0


def test_two_relays_each_bring_a_part(
    province: Commune,
    cut_off: Pc,
    helper: Pc,
    third: Pc,
    usb: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_node.sync.runner.ROUND_SIZE_BYTES_MAX", 2_000)
    dossier = cut_off.receive()
    for number in range(70):
        cut_off.note(dossier, str(number))
    write_out(cut_off, usb, part_bytes_max=2_000)
    parts = parts_on(usb)
    assert len(parts) > 1
    # The end comes first: it waits at the province until what it follows is there.
    for number, (pc, half) in enumerate(((third, parts[1:]), (helper, parts[:1]))):
        stick = tmp_path / f"half{number}" / "motcua"
        stick.mkdir(parents=True)
        for part in half:
            (stick / part.name).write_bytes(part.read_bytes())
        lend_a_hand(pc, stick)
        assert send(pc).delivered == len(half)
        judge_pending(province.hub)
    assert send(helper).fetched == 1
    lend_a_hand(helper, usb)
    import_parcels(cut_off.db, cut_off.services, usb)
    assert status(cut_off).waiting == 0


def test_a_load_is_known_by_its_bytes_alone(province: Commune, cut_off: Pc, helper: Pc, usb: Path) -> None:
    """The same part under another name is the same load; a part of the same name with other bytes is another."""
    cut_off.receive()
    write_out(cut_off, usb)
    (part,) = parts_on(usb)
    lend_a_hand(helper, usb)
    part.rename(part.with_name("x.motcua"))
    assert lend_a_hand(helper, usb).known == 1
    assert len(to_deliver(helper.db)) == 1
    assert to_deliver(helper.db)[0].direction == UP
    with reading(province.hub.engine) as connection:
        assert find_load(connection, to_deliver(helper.db)[0].load) is None
