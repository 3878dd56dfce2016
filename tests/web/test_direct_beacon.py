"""The beacon on its own path: whoever cannot sync is heard all the same, and the fleet shows it (lesson 22)."""

import sqlite3
from collections.abc import Callable, Iterator

import msgspec
import pytest

from central_hub.nodes.states import NodeState, state_of
from central_hub.store.engine import reading
from central_hub.sync.direct import answer_beacon
from central_hub.sync.fleet import DeviceState, list_devices
from edge_node import scheduler
from edge_node.scheduler import Schedule
from edge_node.store import StorageFull
from edge_node.sync import service
from edge_node.sync.transport import LineFault
from edge_node.sync.voice import Voice
from sync_protocol import reasons
from sync_protocol.direct_beacon import DirectBeacon, decode_direct_answer, open_direct, sign_direct
from sync_protocol.errors import RemoteFault
from sync_protocol.wire import Beacon
from tests.support.pair import BreakingLine, Commune, Pc, found_commune


class DataBlocked(BreakingLine):
    """Every door for data is shut; the beacon's is open."""

    reason = reasons.ROUND_FORMAT
    heard = 0

    def post_round(self, payload: bytes) -> bytes:
        raise LineFault(self.reason, "blocked")

    def post_files(self, payload: bytes) -> bytes:
        raise LineFault(self.reason, "blocked")

    def post_beacon(self, payload: bytes) -> bytes:
        self.heard += 1
        return answer_beacon(self.hub, payload)


@pytest.fixture(scope="module")
def commune(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commune]:
    made = found_commune(tmp_path_factory.mktemp("commune"))
    made.add()
    yield made
    made.close()


@pytest.fixture
def pc(commune: Commune, monkeypatch: pytest.MonkeyPatch) -> Pc:
    (found,) = commune.pcs
    line = DataBlocked(commune.hub)
    found.line = line
    for module in (service, scheduler):
        monkeypatch.setattr(module, "hub_line", lambda services, office: line)
    commune.clock.now += 3 * 86_400_000
    return found


def at_hub(pc: Pc) -> DeviceState:
    with reading(pc.line.hub.engine) as connection:
        (found,) = list_devices(connection, now_ms=pc.clock(), silent_ms=86_400_000)
    return found


@pytest.mark.parametrize("reason", [reasons.ROUND_FORMAT, reasons.ROUND_SIZE, reasons.ROUND_SIGNATURE])
def test_a_pc_whose_data_is_refused_is_heard_all_the_same(pc: Pc, reason: reasons.Reason) -> None:
    assert at_hub(pc).is_silent
    pc.line.reason = reason  # type: ignore[attr-defined]
    pc.receive()
    assert service.sync_now(pc.db, pc.services).problem is reason
    found = at_hub(pc)
    assert found.contact_ms == pc.clock() and not found.is_silent
    assert found.beacon is not None and found.beacon.problem == reason.code
    assert found.beacon.unsent > 0
    assert state_of(found) is NodeState.FAILING


def broken(error: Exception) -> Callable[..., object]:
    def fail(*_values: object, **_more: object) -> object:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (sqlite3.OperationalError("database is locked"), "NODE_INTERNAL"),
        (StorageFull("no room"), "NODE_DISK_FULL"),
        (RuntimeError("a fault of ours"), "NODE_INTERNAL"),
    ],
    ids=["locked", "full", "a fault"],
)
def test_a_pc_that_cannot_read_its_database_says_what_it_read_last(
    pc: Pc, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    schedule = Schedule(pc.services)
    schedule._voice.listen(pc.db)
    monkeypatch.setattr("edge_node.scheduler.open_database", broken(error))
    schedule._guarded("sync", schedule.sync_tick)()
    found = at_hub(pc)
    assert found.contact_ms == pc.clock()
    assert found.beacon is not None and found.beacon.problem == code
    schedule._guarded("sync", schedule.sync_tick)()
    assert pc.line.heard <= 2, "not at every tick"  # type: ignore[attr-defined]


def test_the_next_good_round_says_that_it_is_over(pc: Pc, commune: Commune) -> None:
    service.sync_now(pc.db, pc.services)
    assert at_hub(pc).beacon.problem  # type: ignore[union-attr]
    pc.line = BreakingLine(commune.hub)
    assert pc.sync().is_done
    assert at_hub(pc).beacon.problem == ""  # type: ignore[union-attr]


def test_nobody_is_asked_where_the_line_is_down(pc: Pc) -> None:
    pc.line.is_down = True
    voice = Voice(pc.services)
    voice.listen(pc.db)
    assert voice.say(pc.line, problem="X") is False  # type: ignore[arg-type]
    assert pc.line.heard == 0  # type: ignore[attr-defined]


def said(pc: Pc, challenge: bytes) -> DirectBeacon:
    voice = Voice(pc.services)
    voice.listen(pc.db)
    assert voice._beacon is not None
    return DirectBeacon(
        device=bytes.fromhex(pc.services.keyring.device.public.id),
        challenge=challenge,
        beacon=voice._beacon,
    )


def test_a_beacon_counts_only_on_the_hubs_own_challenge(pc: Pc) -> None:
    before = at_hub(pc).contact_ms
    stale = sign_direct(said(pc, b""), pc.services.keyring.device)
    answer = decode_direct_answer(answer_beacon(pc.line.hub, stale))
    assert not answer.is_taken and at_hub(pc).contact_ms == before
    fresh = sign_direct(said(pc, answer.challenge), pc.services.keyring.device)
    assert len(fresh) < 300
    assert decode_direct_answer(answer_beacon(pc.line.hub, fresh)).is_taken
    pc.clock.now += 2 * 86_400_000
    assert not decode_direct_answer(answer_beacon(pc.line.hub, fresh)).is_taken


def test_a_beacon_is_its_devices(pc: Pc) -> None:
    signed = sign_direct(said(pc, b""), pc.services.keyring.device)
    changed = signed[:-1] + bytes([signed[-1] ^ 1])
    for wrong in (b"\0" * 64 + signed[64:], changed, signed[:70], b"", bytes(2_000)):
        with pytest.raises(RemoteFault):
            answer_beacon(pc.line.hub, wrong)


def test_a_newer_node_may_say_more(pc: Pc) -> None:
    packed = msgspec.msgpack.encode([*msgspec.msgpack.decode(msgspec.msgpack.encode(said(pc, b""))), "new"])
    assert open_direct(bytes(64) + packed).said == said(pc, b"")


def test_an_older_node_says_less() -> None:
    fields = msgspec.msgpack.decode(
        msgspec.msgpack.encode(
            Beacon(
                version="1", fold=1, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=0,
                disk_free_mb=1, database_mb=1, codes_left=1,
            )
        )
    )  # fmt: skip
    older = msgspec.msgpack.decode(msgspec.msgpack.encode(fields[:10]), type=Beacon)
    assert (older.files, older.history, older.problem) == (0, 0, "")


def test_whoever_is_silent_stands_on_top() -> None:
    assert next(iter(NodeState)) is NodeState.SILENT
