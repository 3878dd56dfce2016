"""Programs that speak different versions of the protocol: which one they use, and what people read where there is none."""

from dataclasses import replace

import msgspec
import pytest
from werkzeug.test import TestResponse

from central_hub.app import create_app
from central_hub.nodes.states import NodeState, look_at
from central_hub.store.engine import reading
from central_hub.sync.fleet import list_devices
from edge_node.journal import require_office
from edge_node.lan.asking import meet
from edge_node.store import SqliteLogStore
from edge_node.sync import service
from edge_node.sync.carried_files import CarriedFiles
from edge_node.sync.runner import Rounds
from edge_node.sync.service import list_attempts, sync_now
from edge_node.sync.transport import LineFault
from edge_node.sync.versions import hubs_versions, keep_hubs_versions
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.carried_files import unmarked
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import open_files_request
from sync_protocol.lan import Hello, decode_hello, encode_hello
from sync_protocol.signed_message import sign_message
from sync_protocol.versions import SPOKEN, Versions
from sync_protocol.wire import ROUND_PURPOSE, decode_answer, encode_answer, open_request, pack, unpack
from tests.support.cable import Cable
from tests.support.http_line import ROUND, HttpLine
from tests.support.node import browse
from tests.support.pair import Commune, Pc
from tests.web.test_files_sync import KIB, add, scan

MANY = Versions(lowest=1, highest=99)


def speaking(lowest: int, highest: int, *words: str) -> Versions:
    return Versions(lowest=lowest, highest=highest, capabilities=list(words) or SPOKEN.capabilities)


class Door(HttpLine):
    """A hub that speaks these versions. Of each round: `rounds`, its version, and `sizes`, its bytes up and down."""

    def __init__(self, commune: Commune, versions: Versions) -> None:
        super().__init__(replace(commune.hub, versions=versions))
        self.rounds: list[int] = []
        self.sizes: list[tuple[int, int]] = []
        self.says_its_range = True

    def _note(self, path: str, payload: bytes, response: TestResponse) -> None:
        if path == ROUND:
            self.rounds.append(open_request(payload, MANY).said.protocol)
            self.sizes.append((len(payload), len(response.data)))

    def _post(self, path: str, payload: bytes) -> bytes:
        try:
            return super()._post(path, payload)
        except LineFault as fault:
            if not self.says_its_range:
                fault.versions = None
            raise


def at_door(commune: Commune, node: Versions, hub: Versions) -> tuple[Pc, Door]:
    """A PC that speaks these versions, at a hub that speaks those, and has never told it so."""
    pc, door = commune.pcs[0], Door(commune, hub)
    pc.services, pc.line = replace(pc.services, versions=node), door
    pc.db.conn.execute("DELETE FROM local WHERE name = 'sync.versions'")
    pc.db.conn.commit()
    return pc, door


@pytest.mark.parametrize(
    ("node", "hub", "used"),
    [
        ((1, 1), (1, 1), [1]),
        ((1, 1), (1, 3), [1]),
        ((1, 3), (1, 1), [3, 1]),
        ((1, 3), (2, 5), [3]),
        ((2, 4), (1, 3), [4, 3]),
        ((1, 9), (2, 2), [9, 2]),
    ],
)
def test_the_highest_common_version_is_used_after_one_refusal_at_most(
    two_pcs: Commune, node: tuple[int, int], hub: tuple[int, int], used: list[int]
) -> None:
    pc, door = at_door(two_pcs, speaking(*node), speaking(*hub))
    pc.receive()
    assert pc.sync().is_done
    assert door.rounds[: len(used)] == used and set(door.rounds[len(used) :]) <= {used[-1]}
    assert hubs_versions(pc.db) == speaking(*hub)
    door.rounds.clear()
    assert pc.sync().is_done
    assert door.rounds == used[-1:], "what the hub speaks is remembered: idle is one request"


def test_an_idle_round_stays_small_and_says_it_once(two_pcs: Commune) -> None:
    pc, door = at_door(two_pcs, SPOKEN, SPOKEN)
    assert pc.sync().is_done and pc.sync().is_done
    door.sizes.clear()
    assert pc.sync().is_done
    ((up, down),) = door.sizes
    assert up <= 600 and down <= 300


def test_a_hub_that_is_updated_is_asked_in_its_new_version_from_then_on(two_pcs: Commune) -> None:
    pc, door = at_door(two_pcs, speaking(1, 3), speaking(1, 1))
    pc.sync()
    assert set(door.rounds) == {3, 1}
    door.hub = replace(door.hub, versions=speaking(1, 2))
    door.rounds.clear()
    pc.receive()
    assert pc.sync().is_done and pc.sync().is_done
    assert door.rounds == [1, 2], "its answer says what it speaks by now"


def test_a_hub_that_says_no_range_speaks_version_1(two_pcs: Commune) -> None:
    pc, door = at_door(two_pcs, speaking(1, 4), speaking(1, 1))
    door.says_its_range = False
    pc.receive()
    assert pc.sync().is_done
    assert door.rounds[:2] == [4, 1]


@pytest.mark.parametrize(
    ("node", "hub", "reason"),
    [
        ((1, 1), (2, 3), reasons.VERSION_NODE_OLD),
        ((2, 3), (1, 1), reasons.VERSION_HUB_OLD),
    ],
)
def test_without_a_common_version_both_screens_say_who_has_to_update(
    two_pcs: Commune,
    monkeypatch: pytest.MonkeyPatch,
    node: tuple[int, int],
    hub: tuple[int, int],
    reason: Reason,
) -> None:
    pc, door = at_door(two_pcs, speaking(*node), speaking(*hub))
    monkeypatch.setattr(service, "hub_line", lambda services, office: door)
    pc.receive()
    result = sync_now(pc.db, pc.services)
    assert result.problem is reason
    assert len(door.rounds) == 1, "there is no other way to ask"
    assert list_attempts(pc.db)[0].reason is reason
    page = browse(pc).get("/sync")
    assert reason.vi.rstrip(".") in page and reason.next_vi in page
    with reading(two_pcs.hub.engine) as connection:
        found = list_devices(connection, now_ms=two_pcs.clock(), silent_ms=86_400_000)
    (device,) = (each for each in found if each.id == pc.services.keyring.device.public.id)
    app = create_app(two_pcs.hub.config, two_pcs.hub)
    with app.test_request_context():
        look = look_at(device, now_ms=two_pcs.clock())
    assert look.state is NodeState.FAILING
    assert any(reason.vi in note and reason.next_vi in note for note in look.notes)


@pytest.mark.parametrize(("node", "hub"), [((1, 1), (2, 3)), ((2, 3), (1, 1))])
def test_once_there_is_a_common_version_the_records_go_by_themselves(
    two_pcs: Commune, monkeypatch: pytest.MonkeyPatch, node: tuple[int, int], hub: tuple[int, int]
) -> None:
    pc, door = at_door(two_pcs, speaking(*node), speaking(*hub))
    monkeypatch.setattr(service, "hub_line", lambda services, office: door)
    pc.receive()
    stopped = sync_now(pc.db, pc.services).problem
    assert stopped is not None
    door.hub = two_pcs.hub = replace(two_pcs.hub, versions=speaking(1, 3))
    result = sync_now(pc.db, pc.services)
    assert result.is_done and result.sent > 0
    assert stopped.next_vi not in browse(pc).get("/sync")


def test_a_refusal_and_the_greeting_name_the_range_and_the_words(two_pcs: Commune) -> None:
    pc, door = at_door(two_pcs, SPOKEN, speaking(2, 4, "files", "later-word"))
    hello = door.browser.get("/enrol/v1/hello").json
    assert hello is not None and hello["versions"] == [2, 4]
    assert hello["capabilities"] == ["files", "later-word"]
    # Whatever follows the version: a message of a version to come need not look like one of ours.
    of_later = sign_message(
        pack(msgspec.msgpack.encode([7, "anything", {"a": 1}])), ROUND_PURPOSE, pc.services.keyring.device
    )
    for path, payload in (
        ("round", of_later),
        ("files", bytes(64) + msgspec.msgpack.encode([7, {}])),
        ("relay", bytes(64) + msgspec.msgpack.encode([7, {}])),
    ):
        refused = door.browser.post(f"/sync/v1/{path}", data=payload)
        assert refused.status_code == 400 and refused.json is not None
        assert refused.json["code"] == "ROUND_VERSION", path
        assert (refused.json["versions"], refused.json["capabilities"]) == ([2, 4], ["files", "later-word"])


def test_an_answer_in_another_version_than_the_request_is_not_believed_to_be_one(two_pcs: Commune) -> None:
    pc, door = at_door(two_pcs, SPOKEN, SPOKEN)
    door.post_round = lambda payload: encode_answer(  # type: ignore[method-assign]
        msgspec.structs.replace(decode_answer(Door.post_round(door, payload)), protocol=2)
    )
    assert pc.sync().problem is reasons.ROUND_VERSION


def test_what_a_hub_does_not_name_is_not_asked_of_it_and_words_of_later_mean_nothing(
    two_pcs: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc, door = at_door(two_pcs, SPOKEN, speaking(1, 1, "word-of-later"))
    monkeypatch.setattr(service, "hub_line", lambda services, office: door)
    asked: list[str] = []
    monkeypatch.setattr(service, "exchange_files", lambda *_: asked.append("files"))
    monkeypatch.setattr(service, "deliver", lambda *_: asked.append("relay"))
    assert sync_now(pc.db, pc.services).is_done
    assert asked == []
    monkeypatch.undo()
    monkeypatch.setattr(service, "hub_line", lambda services, office: door)
    monkeypatch.setattr(service, "deliver", lambda *_: asked.append("relay"))
    door.hub = replace(door.hub, versions=speaking(1, 1, "relay", "word-of-later"))
    assert sync_now(pc.db, pc.services).is_done
    assert asked == ["relay"]


def test_a_parcel_is_written_in_what_the_hub_said_and_else_in_the_oldest(two_pcs: Commune) -> None:
    pc, _ = at_door(two_pcs, speaking(1, 3), speaking(1, 2))
    add(pc, pc.receive(), scan(KIB))
    assert carried_in(pc) == {1}
    pc.sync()
    add(pc, pc.receive(), scan(KIB))
    assert carried_in(pc) == {2}


def carried_in(pc: Pc) -> set[int]:
    """The versions of the requests, about records and about files, that a parcel would carry now."""
    mine, office = SqliteLogStore(pc.db).frontier(), require_office(pc.db)
    records = Rounds(pc.db, pc.services).requests(mine, office)
    files = CarriedFiles().messages(pc.db, pc.services, office, bytes_max=KIB * KIB)
    return {
        *(open_request(payload, MANY).said.protocol for payload, _ in records),
        *(open_files_request(unmarked(message), MANY).said.protocol for message in files),
    }


def test_what_can_be_nobodys_versions_is_not_remembered(two_pcs: Commune) -> None:
    pc, _ = at_door(two_pcs, SPOKEN, SPOKEN)
    keep_hubs_versions(pc.db, speaking(1, 2))
    for wrong in (speaking(3, 2), speaking(0, 1), speaking(1, 2, "Not a word")):
        keep_hubs_versions(pc.db, wrong)
        assert hubs_versions(pc.db) == speaking(1, 2)


@pytest.mark.parametrize(
    ("asking", "asked", "is_common"),
    [((1, 1), (1, 3), True), ((1, 3), (1, 1), True), ((2, 3), (1, 2), True), ((2, 3), (1, 1), False)],
)
def test_pcs_of_an_office_use_the_highest_common_version(
    two_pcs: Commune, asking: tuple[int, int], asked: tuple[int, int], is_common: bool
) -> None:
    here, there = two_pcs.pcs
    here.services = replace(here.services, versions=speaking(*asking))
    there.services = replace(there.services, versions=speaking(*asked))
    dossier = there.receive()
    cable = Cable(there)
    met = meet(here.db, here.services, cable)
    if not is_common:
        assert met.problem is reasons.ROUND_VERSION
        return
    assert met.problem is None and met.received > 0 and dossier
    assert met.known.protocol == min(asking[1], asked[1])
    # An address that is known is not greeted again: the refusal says which versions are spoken there.
    again = meet(here.db, here.services, Cable(there), replace(met.known, protocol=None))
    assert again.problem is None and again.known.protocol == min(asking[1], asked[1])


def test_a_hello_stays_readable_and_may_say_more() -> None:
    old = msgspec.msgpack.encode([1, b"d" * 16, "20242", []])
    assert decode_hello(pack(old)).versions is None
    newer = Hello(protocol=1, device=b"d" * 16, unit="20242", voucher=[], versions=speaking(1, 9, "later"))
    assert decode_hello(encode_hello(newer)) == newer
    with pytest.raises(RemoteFault, match="ROUND_FORMAT"):
        decode_hello(encode_hello(msgspec.structs.replace(newer, versions=speaking(3, 2))))
    assert unpack(msgspec.msgpack.Decoder(Hello), encode_hello(newer)) == newer
