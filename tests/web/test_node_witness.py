"""A node as a witness of the province's log: consistency, inclusion, cosignature, and what happens to two histories.

The real hub's code in one process behind the line; its sequencer is driven by hand.
"""

from __future__ import annotations

import base64
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_stack

import msgspec
import pytest
from sqlite_utils import Database

from central_hub.config import HubConfig
from central_hub.events import list_events
from central_hub.founding import RootCeremony, found_hub
from central_hub.journal.service import Draft as HubDraft
from central_hub.journal.service import write as hub_write
from central_hub.judge.service import judge_pending
from central_hub.registry.enrolment import enrol_device, issue_code
from central_hub.services import Services as HubServices
from central_hub.services import open_services
from central_hub.store.engine import reading, writing
from central_hub.sync.service import answer_round
from central_hub.tlog.answers import SPLIT_EVENT, tree_part
from central_hub.tlog.places import place_of
from central_hub.tlog.sequencer import Step, advance
from central_hub.tlog.tree import Tree
from central_hub.tlog.witnesses import add_cosignature, cosigners, kept_note, note_quorum
from edge_node.accounts.service import current_actor, log_in
from edge_node.casework.exporting import export_proof
from edge_node.casework.raw import raw_record
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.journal import Draft, write
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import Services, build_services
from edge_node.store import SqliteLogStore, alerts, open_database
from edge_node.store.local import read_local, read_office
from edge_node.sync.reading import read_page
from edge_node.sync.receipt import receipted_place, signed_receipt
from edge_node.sync.runner import Rounds, SyncResult, sync
from edge_node.sync.transport import Hello
from edge_node.witness.places import ASKED_MAX, Places, keep_places
from edge_node.witness.service import UNPROVEN_MS_MAX, take_step
from edge_node.witness.state import read_seen, seen_note
from signing.errors import LogInvalid
from signing.keys import LockCost, SigningKey
from signing.proof_file import decode_proof
from signing.report import Indication, Report
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.note import COSIGNATURE, Note, VerifierKey
from signing.verification import verify
from sync_protocol.enrolment import EnrolmentRequest
from sync_protocol.receipts import open_receipt
from sync_protocol.record import Record
from sync_protocol.wire import (
    RoundAnswer,
    RoundRequest,
    decode_answer,
    encode_answer,
    open_request,
    tree_mark,
)
from sync_protocol.witness import witness_key
from tests.support.log_builder import COMMUNE
from tests.support.office import Clock

PIN = "246810"


@dataclass
class Line:
    """The hub behind the doors that a node knows; `change` is somebody on the way, or a hub that lies."""

    services: HubServices
    asked: list[RoundRequest]
    answered: list[bytes]
    change: Callable[[RoundAnswer], RoundAnswer] = lambda answer: answer

    def post_round(self, payload: bytes) -> bytes:
        self.asked.append(open_request(payload).said)
        answer = encode_answer(self.change(decode_answer(answer_round(self.services, payload))))
        judge_pending(self.services)
        self.answered.append(answer)
        return answer

    def hang_up(self) -> None:
        pass

    def is_up(self) -> bool:
        return True

    def hello(self) -> Hello:
        return Hello(self.services.keys.envelope, "")

    def enrol_device(self, request: bytes) -> bytes:
        asked = msgspec.json.decode(request, type=EnrolmentRequest)
        with writing(self.services.engine) as connection:
            return msgspec.json.encode(enrol_device(connection, self.services, asked, address="127.0.0.1"))

    def close(self) -> None:
        pass


@dataclass
class Node:
    """A PC that enrolled itself, and its officer."""

    db: Database
    services: Services
    line: Line
    officer: str
    clock: Clock

    def sync(self) -> SyncResult:
        result = sync(self.db, self.services, self.line)
        assert result.problem is None, result
        return result

    def work(self, count: int = 1) -> None:
        token = log_in(self.db, self.services, officer=self.officer, pin=PIN, address="::1")
        actor = current_actor(self.db, self.services, token)
        assert actor is not None
        for _ in range(count):
            write(self.db, self.services, actor, [_received(self.clock())])

    @property
    def seen(self) -> Checkpoint:
        found = read_seen(self.services.config.keys)
        assert found is not None
        return found[0]

    @property
    def alerts(self) -> set[str]:
        return {alert.code for alert in alerts.list_alerts(self.db)}

    @property
    def proven(self) -> int:
        office = read_office(self.db)
        assert office is not None
        return int(read_local(self.db, f"witness.proven.{office.log}") or 0)


def _received(now: int) -> Draft:
    facts = {
        "procedure": "1.001193", "procedure_version": 1, "channel": 1, "code": None, "provisional": None,
        "receiving": COMMUNE, "competent": COMMUNE, "received": now, "due": now + 86_400_000,
        "rule": "working_days", "status": 2, "sets": 1, "fee_due": 0, "fields": ["applicant.name"], "papers": [],
    }  # fmt: skip
    return Draft(
        kind="dossier.received", facts=facts, content={"fields": {"applicant.name": "Nguyễn Thị Hoa"}}
    )


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    ceremony = RootCeremony(folder=folder / "roots")
    found_hub(HubConfig(data=folder / "hub"), ceremony, lock_cost=LockCost.TEST).services.engine.dispose()
    return folder / "hub"


@pytest.fixture
def hub(founded: Path, tmp_path: Path) -> Iterator[HubServices]:
    shutil.copytree(founded, tmp_path / "hub")
    opened = open_services(HubConfig(data=tmp_path / "hub"), lock_cost=LockCost.TEST)
    yield replace(opened, clock=Clock())
    opened.engine.dispose()


@pytest.fixture
def node(hub: HubServices, tmp_path: Path) -> Iterator[Node]:
    clock = hub.clock
    assert isinstance(clock, Clock)
    services = build_services(
        EdgeConfig(data=tmp_path / "node", reserve_mb=1), clock=clock, lock_cost=LockCost.TEST
    )
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    with writing(hub.engine) as connection:
        code = issue_code(
            connection, hub, unit=COMMUNE, device_name="Quầy 1", roles=["receptionist", "unit_administrator"]
        ).code
    line = Line(hub, [], [])
    wish = Wish(hub_url="http://hub", code=code, device_name="Quầy 1", officer_name="Lê Văn Quý", pin=PIN)
    officer = enrol(db, services, wish, lambda url, ca: line).officer
    made = Node(db, services, line, officer, clock)
    made.sync()
    yield made
    db.conn.close()


def sign(hub: HubServices) -> Checkpoint:
    """Let the hub log everything that it has receipted."""
    while (step := advance(hub, at_once=True)) is not Step.IDLE:
        assert step is Step.SIGNED, step
    return tree_of(hub).head()


def tree_of(hub: HubServices) -> Tree:
    assert hub.tree is not None
    return hub.tree


def grown(hub: HubServices, node: Node) -> Checkpoint:
    """One more round of work, received, judged and logged; the node has the checkpoint."""
    node.work(3)
    node.sync()
    node.sync()
    head = sign(hub)
    node.sync()
    return head


def test_the_first_checkpoint_is_kept_outside_the_database(hub: HubServices, node: Node) -> None:
    head = grown(hub, node)
    assert node.seen == head
    assert (node.services.config.keys / "checkpoint").read_bytes() == tree_of(hub).note()
    assert node.alerts == set()


def test_every_later_one_comes_with_its_proof(hub: HubServices, node: Node) -> None:
    first = grown(hub, node)
    second = grown(hub, node)
    answer = decode_answer(node.line.answered[-1])
    assert node.seen == second
    assert answer.consistency
    merkle.verify_consistency(first.size, first.root, second.size, second.root, answer.consistency)
    assert node.alerts == set()


def test_nothing_travels_while_there_is_no_new_checkpoint(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    node.sync()
    node.sync()
    asked, answer = node.line.asked[-1], decode_answer(node.line.answered[-1])
    assert asked.tree == tree_mark(node.seen.size, node.seen.root)
    assert (asked.cosignature, asked.unproven, asked.evidence) == (b"", [], b"")
    assert (answer.checkpoint, answer.consistency, answer.inclusions) == (b"", [], [])
    assert len(node.line.answered[-1]) <= 300


def test_the_node_s_cosignature_reaches_the_hub_with_the_next_request(hub: HubServices, node: Node) -> None:
    head = grown(hub, node)
    key = witness_key("48", node.services.keyring.device.public)
    with reading(hub.engine) as connection:
        note = kept_note(connection, head.size)
        assert note is not None and cosigners(note, [key]) == []
    node.sync()
    with reading(hub.engine) as connection:
        note = kept_note(connection, head.size)
    assert note is not None and cosigners(note, [key]) == [key]
    assert node.line.asked[-1].cosignature
    node.sync()
    assert not node.line.asked[-1].cosignature


def test_a_cosignature_is_given_only_for_what_is_on_the_disk(
    hub: HubServices, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError("no space")

    monkeypatch.setattr("edge_node.witness.state._write_durably", full)
    grown(hub, node)
    node.sync()
    assert not any(request.cosignature for request in node.line.asked)
    monkeypatch.undo()
    node.sync()
    node.sync()
    assert node.line.asked[-1].cosignature


def test_records_name_the_newest_checked_checkpoint_as_their_anchor(hub: HubServices, node: Node) -> None:
    head = grown(hub, node)
    node.work()
    office = read_office(node.db)
    assert office is not None
    store = SqliteLogStore(node.db)
    records = store.span(office.log, 0)
    assert records[0].header.anchor is None
    anchor = records[-1].header.anchor
    assert anchor is not None
    assert (anchor.origin, anchor.size, anchor.root) == (head.origin, head.size, head.root.hex())
    node.sync()
    node.sync()
    assert node.alerts == set()
    assert len(sign_and_read(hub)) == tree_of(hub).head().size


def sign_and_read(hub: HubServices) -> list[bytes]:
    head = sign(hub)
    return list(tree_of(hub).entries(0, head.size))


def test_own_receipted_records_are_proven_to_be_in_the_log(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    office = read_office(node.db)
    assert office is not None
    assert node.proven == SqliteLogStore(node.db).frontier()[office.log].length
    assert decode_answer(node.line.answered[-1]).inclusions


@pytest.mark.parametrize("lie", ["position", "count", "first", "proof", "log"])
def test_a_false_proof_of_inclusion_proves_nothing(hub: HubServices, node: Node, lie: str) -> None:
    def lying(answer: RoundAnswer) -> RoundAnswer:
        changes = {
            "position": lambda each: {"position": each.position + 1},
            "count": lambda each: {"count": each.count - 1},
            "first": lambda each: {"first": each.first + 1},
            "proof": lambda each: {"proof": [bytes(32), *each.proof[1:]]},
            "log": lambda each: {"log": bytes(16)},
        }[lie]
        changed = [msgspec.structs.replace(each, **changes(each)) for each in answer.inclusions]
        return msgspec.structs.replace(answer, inclusions=changed)

    node.line.change = lying
    grown(hub, node)
    assert any(decode_answer(data).inclusions for data in node.line.answered)
    assert node.proven == 0


def test_a_receipt_says_where_records_lie_and_the_province_is_held_to_it(
    hub: HubServices, node: Node
) -> None:
    grown(hub, node)
    office = read_office(node.db)
    assert office is not None
    node.work()
    node.sync()  # the receipt that this makes says where the records before it lie
    receipt = open_receipt(signed_receipt(node.db), hub.keys.hub.public)
    with reading(hub.engine) as connection:
        places = [place_of(connection, office.log, seq) for seq in range(node.proven)]
    assert receipt.places[office.log]
    assert [receipted_place(node.db, office.log, seq) for seq in range(node.proven)] == places
    node.sync()  # and no other receipt follows
    # A proof of the same leaves at another place does not count, however well it fits the tree.
    proven = node.proven
    node.db.conn.execute("UPDATE receipt_place SET position = position + 1")
    node.db.conn.execute("DELETE FROM local WHERE name LIKE 'witness.proven.%'")
    node.sync()
    assert decode_answer(node.line.answered[-1]).inclusions and node.proven == 0
    node.db.conn.execute("UPDATE receipt_place SET position = position - 1")
    node.sync()
    assert node.proven == proven


def test_an_idle_round_stays_idle_when_records_got_their_leaves(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    node.sync()
    before = signed_receipt(node.db)
    node.work()
    node.sync()
    node.sync()
    sign(hub)
    node.sync()
    node.sync()
    last = decode_answer(node.line.answered[-1])
    assert last.receipt == b"" and before != signed_receipt(node.db)
    assert len(node.line.answered[-1]) < 300


def test_what_is_receipted_and_not_logged_is_told_after_a_week(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    node.work()
    node.sync()
    node.sync()
    assert alerts.NOT_LOGGED not in node.alerts
    node.clock.advance(UNPROVEN_MS_MAX + 1)
    node.sync()
    assert alerts.NOT_LOGGED in node.alerts
    sign(hub)
    node.sync()
    assert alerts.NOT_LOGGED not in node.alerts


# --- proofs written here ---------------------------------------------------------------------------------------------


def proof_of(node: Node, dossier: str) -> bytes:
    bundle = node.services.trust.trust(node.db).bundle
    checkpoint = seen_note(node.services.config.keys)
    disclosed = [record.id for record in SqliteLogStore(node.db).dossier_records(dossier)]
    data = export_proof(node.db, dossier, bundle=bundle, checkpoint=checkpoint, disclosed=disclosed)
    assert data is not None
    return data


def finding_of(node: Node, data: bytes) -> Report:
    return verify(data, node.services.trust.trust(node.db).bundle)


def own_records(node: Node) -> list[Record]:
    office = read_office(node.db)
    assert office is not None
    return [each for each in SqliteLogStore(node.db).span(office.log, 0) if each.header.dossier]


def test_a_proof_written_here_says_where_its_records_lie(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    first, second = own_records(node)[:2]
    for record in (first, second):
        data = proof_of(node, record.header.dossier or "")
        (proven,) = decode_proof(data).records
        assert proven.inclusions
        report = finding_of(node, data)
        assert report.indication is Indication.PASSED
        assert report.records[0].log is not None and report.records[0].log.size == node.seen.size
        assert "log" not in {each.id for each in report.not_checked}
    later = grown(hub, node)
    report = finding_of(node, proof_of(node, first.header.dossier or ""))
    assert report.records[0].log is not None and report.records[0].log.size < later.size


def test_a_record_not_yet_logged_is_said_to_be_and_asked_for(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    node.work()
    record = own_records(node)[-1]
    data = proof_of(node, record.header.dossier or "")
    assert decode_proof(data).records[0].inclusions == ()
    assert "log" in {each.id for each in finding_of(node, data).not_checked}
    node.sync()
    sign(hub)
    node.sync()
    data = proof_of(node, record.header.dossier or "")
    assert finding_of(node, data).records[0].log is not None


def test_the_statements_place_comes_because_it_was_wished_for(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    dossier = own_records(node)[0].header.dossier or ""
    assert not any(each.inclusions for each in decode_proof(proof_of(node, dossier)).statements)
    node.sync()
    assert node.line.asked[-1].unproven
    assert len(node.line.answered[-1]) < 8_000
    assert all(each.inclusions for each in decode_proof(proof_of(node, dossier)).statements)
    node.sync()
    assert node.line.asked[-1].unproven == []


def test_of_two_logs_with_one_size_the_newer_ones_places_count(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    record = own_records(node)[0]
    policy = hub.keys.bundle.policy
    found = Places(node.db, policy).of(record)
    assert found is not None
    log, first, size, count, position, proof = node.db.conn.execute(
        "SELECT log, first, size, count, position, proof FROM log_place "
        "WHERE log = ?1 AND first <= ?2 AND first + count > ?2",
        (record.header.log, record.header.seq),
    ).fetchone()
    note = found.note.encode()
    place = {"first": first, "count": count, "size": size, "note": note}
    keep_places(node.db, log, **place, position=position + 1, proof=[])
    assert Places(node.db, policy).of(record) is None, "what does not hold is not used"
    whole = [proof[at : at + 32] for at in range(0, len(proof), 32)]
    keep_places(node.db, log, **place, position=position, proof=whole)
    assert Places(node.db, policy).of(record) == found


def test_the_page_of_a_record_knows_a_place_that_only_a_proof_told(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    record = own_records(node)[0]
    node.db.execute("DELETE FROM receipt_place")
    known = Places(node.db, hub.keys.bundle.policy).of(record)
    assert known is not None and raw_record(node.db, node.services, record).leaf == known.index


def test_what_the_province_cannot_show_is_not_asked_for_for_ever(hub: HubServices, node: Node) -> None:
    grown(hub, node)
    node.line.change = lambda answer: msgspec.structs.replace(answer, inclusions=[])
    proof_of(node, own_records(node)[0].header.dossier or "")
    node.sync()
    assert node.line.asked[-1].unproven
    for _ in range(ASKED_MAX):
        node.sync()
    assert node.line.asked[-1].unproven == []


def test_under_a_quorum_only_what_others_cosigned_goes_into_a_proof(
    hub: HubServices, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = SigningKey.from_seed(bytes(range(32)))
    outsider = VerifierKey("so-noi-vu.vn", office.public, COSIGNATURE)
    told = node.services.trust.trust(node.db).bundle.policy
    assert told is not None
    policy = replace(told, witnesses={"sở": outsider}, quorum="sở")
    for owner in (hub.keys.bundle, node.services.trust.trust(node.db).bundle):
        object.__setattr__(owner, "policy", policy)
    head = grown(hub, node)
    dossier = own_records(node)[0].header.dossier or ""
    assert node.proven > 0, "that it is logged is checked under the newest checkpoint all the same"
    data = proof_of(node, dossier)
    assert decode_proof(data).records[0].inclusions == ()
    with reading(hub.engine) as connection:
        note = kept_note(connection, head.size)
    assert note is not None
    line = cosign(head, outsider.name, 1_795_000_000, office)
    with writing(hub.engine) as connection:
        assert add_cosignature(connection, head.size, line, outsider)
        note_quorum(connection, policy, head.size)
    node.sync()
    answer = decode_answer(node.line.answered[-1])
    assert answer.witnessed and answer.witnessed_inclusions and not answer.inclusions
    report = finding_of(node, proof_of(node, dossier))
    assert report.records[0].log is not None and report.records[0].not_after is not None
    assert report.records[0].not_after.witnesses == (outsider.name,)
    node.sync()
    node.sync()
    assert len(node.line.answered[-1]) <= 300


# --- two histories ---------------------------------------------------------------------------------------------------


def another_history(hub: HubServices, folder: Path, *, more: int = 5) -> Tree:
    """A second tree under the same key: what a dishonest administrator would show to others."""
    key = hub.keys.log
    assert key is not None
    tree = Tree(folder, tree_of(hub)._log)
    tree.found(key)
    tree.publish([b"another leaf %d" % number for number in range(tree_of(hub).head().size + more)], key)
    return tree


def shown(hub: HubServices, tree: Tree) -> HubServices:
    """The hub, showing that tree."""
    other = replace(hub)
    other.__dict__["tree"] = tree
    return other


def test_a_hub_that_shows_two_histories_is_found_out(hub: HubServices, node: Node, tmp_path: Path) -> None:
    head = grown(hub, node)
    held = (node.services.config.keys / "checkpoint").read_bytes()
    node.line.services = shown(hub, another_history(hub, tmp_path / "other"))
    node.sync()
    node.sync()
    assert alerts.LOG_SPLIT in node.alerts
    assert node.seen == head
    (path,) = node.services.config.keys.glob("log-conflict-*.json")
    evidence = json.loads(path.read_bytes())
    policy = hub.keys.bundle.policy
    assert policy is not None
    old, new = (Note.parse(base64.b64decode(evidence[name])) for name in ("held", "shown"))
    assert old.encode() == held
    one, two = policy.open_unwitnessed(old), policy.open_unwitnessed(new)
    with pytest.raises(LogInvalid):
        proof = [base64.b64decode(each) for each in evidence["consistency"]]
        merkle.verify_consistency(one.size, one.root, two.size, two.root, proof)
    office = read_office(node.db)
    assert office is not None
    titles = [warning.title for warning in read_page(node.db, node.services, office).warnings]
    assert any("Nhật ký minh bạch" in title for title in titles)


def test_the_hub_is_told_with_its_own_signature_and_stops(
    hub: HubServices, node: Node, tmp_path: Path
) -> None:
    grown(hub, node)
    held = (node.services.config.keys / "checkpoint").read_bytes()
    lying = shown(hub, another_history(hub, tmp_path / "other"))
    node.line.services = lying
    for _ in range(3):
        node.sync()
    assert node.line.asked[-1].evidence == held
    assert tree_of(lying).stopped() is not None
    assert [path.read_bytes() for path in (tmp_path / "other" / "evidence").iterdir()] == [held]
    assert advance(lying, at_once=True) is Step.STOPPED
    with reading(hub.engine) as connection:
        assert SPLIT_EVENT in {event.action for event in list_events(connection)}


def test_a_proof_that_was_damaged_on_the_way_accuses_nobody(hub: HubServices, node: Node) -> None:
    """Nothing signs a proof: one that leads elsewhere is asked for again before the province is said to lie."""
    grown(hub, node)
    first = grown(hub, node)

    def damaged(answer: RoundAnswer) -> RoundAnswer:
        return msgspec.structs.replace(answer, consistency=[bytes(32) for _ in answer.consistency])

    node.line.change = damaged
    node.work(3)
    node.sync()
    assert sign(hub).size > first.size
    node.sync()
    assert node.seen == first and not node.alerts
    node.line.change = lambda answer: answer
    node.sync()
    assert node.seen == tree_of(hub).head() and not node.alerts


def test_who_showed_two_histories_is_not_vouched_for_again(
    hub: HubServices, node: Node, tmp_path: Path
) -> None:
    head = grown(hub, node)
    node.sync()
    node.line.services = shown(hub, another_history(hub, tmp_path / "other"))
    node.sync()
    node.sync()
    node.line.services = hub
    node.line.asked.clear()
    grown(hub, node)
    node.sync()
    assert node.seen == head
    assert not any(request.cosignature for request in node.line.asked)
    assert alerts.LOG_SPLIT in node.alerts


def test_a_hub_whose_files_were_put_back_hears_of_it(hub: HubServices, node: Node, tmp_path: Path) -> None:
    grown(hub, node)
    shutil.copytree(hub.config.tree, tmp_path / "old")
    head = grown(hub, node)
    shutil.rmtree(hub.config.tree)
    shutil.copytree(tmp_path / "old", hub.config.tree)
    node.sync()
    assert alerts.LOG_BEHIND in node.alerts
    assert node.seen == head
    node.sync()
    assert "contradicts" in (tree_of(hub).stopped() or "")


@pytest.mark.parametrize("bytes_", [b"", b"nonsense", b"a\n1\n\n\n"])
def test_evidence_that_the_hub_did_not_sign_stops_nothing(
    hub: HubServices, node: Node, bytes_: bytes
) -> None:
    grown(hub, node)
    forged = Note(Checkpoint("motcua/48/x", 9, bytes(32)).text, Note.parse(tree_of(hub).note()).signatures)
    for evidence in (bytes_, forged.encode(), tree_of(hub).note()):
        request = msgspec.structs.replace(node.line.asked[-1], evidence=evidence)
        tree_part(hub, node.services.keyring.device.public, request)
        assert tree_of(hub).stopped() is None


def test_an_unsigned_checkpoint_changes_nothing(hub: HubServices, node: Node) -> None:
    head = grown(hub, node)
    forged = Note(Checkpoint(head.origin, 999, bytes(32)).text, Note.parse(tree_of(hub).note()).signatures)
    for data in (forged.encode(), b"nonsense", b"\n" * 70_000):
        node.line.change = lambda answer, data=data: msgspec.structs.replace(answer, checkpoint=data)  # type: ignore[misc]
        node.sync()
        assert node.seen == head
        assert node.alerts == set()


def grows(hub: HubServices) -> Checkpoint:
    """The province's log goes on without this PC."""
    facts = {"unit": COMMUNE, "records": []}
    with writing(hub.engine) as connection:
        hub_write(connection, hub, commune=COMMUNE, drafts=[HubDraft(kind="foreign.listed", facts=facts)])
    return sign(hub)


def brought_by_a_colleague(hub: HubServices, node: Node, start: Checkpoint) -> None:
    """A colleague's PC hands over the step to the newest checkpoint, in another thread of the node."""
    db = open_database(node.services.config.database)
    office = read_office(db)
    assert office is not None
    tree = tree_of(hub)
    take_step(db, node.services, office, tree.note(), tree.consistency(start.size, tree.head().size))
    db.conn.close()


def test_a_cosignature_given_while_an_answer_is_awaited_is_not_taken_for_sent(
    hub: HubServices, node: Node
) -> None:
    """It was forgotten with the one that the request had carried, and the province never got it."""
    start = grown(hub, node)

    def change(answer: RoundAnswer) -> RoundAnswer:
        node.line.change = lambda answer: answer
        grows(hub)
        brought_by_a_colleague(hub, node, start)
        return answer

    node.line.change = change
    node.sync()
    assert node.line.asked[-1].cosignature and node.seen == tree_of(hub).head()
    node.sync()
    with reading(hub.engine) as connection:
        note = kept_note(connection, node.seen.size)
    key = witness_key("48", node.services.keyring.device.public)
    assert note is not None and cosigners(note, [key]) == [key]


def test_a_step_that_a_colleague_brings_while_an_answer_is_read_accuses_nobody(
    hub: HubServices, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer's checkpoint was then older than the one held, and the province was said to have forgotten what it signed."""
    start = grown(hub, node)
    node.sync()
    grows(hub)
    colleague: list[threading.Thread] = []

    def read(folder: Path) -> tuple[Checkpoint, bytes] | None:
        seen = read_seen(folder)
        if node.line.answered and not colleague and "take_answer" in {f.name for f in extract_stack()}:
            grows(hub)
            colleague.append(threading.Thread(target=brought_by_a_colleague, args=(hub, node, start)))
            colleague[0].start()
            colleague[0].join(1)  # it comes in between, or it waits for its turn
        return seen

    monkeypatch.setattr("edge_node.witness.service.read_seen", read)
    node.sync()
    colleague[0].join()
    assert node.alerts == set() and node.seen == tree_of(hub).head()


def test_a_late_answer_from_a_stick_is_no_second_history(
    hub: HubServices, node: Node, tmp_path: Path
) -> None:
    """It may be older than what is held, and its proof may begin elsewhere; only two roots for one size are an alarm."""
    first = grown(hub, node)
    early = node.line.answered[-1]
    head = grown(hub, node)
    office = read_office(node.db)
    assert office is not None
    rounds = Rounds(node.db, node.services)
    rounds.take_carried(decode_answer(early))
    assert (node.seen, node.alerts) == (head, set())
    grown(hub, node)
    ahead = tree_of(hub).head()
    proof = tree_of(hub).consistency(first.size, ahead.size)
    late = msgspec.structs.replace(
        decode_answer(early), checkpoint=tree_of(hub).note(), consistency=proof, inclusions=[]
    )
    (node.services.config.keys / "checkpoint").write_bytes(decode_answer(early).checkpoint)
    rounds.take_carried(late)
    assert (node.seen, node.alerts) == (ahead, set())
    other = another_history(hub, tmp_path / "other", more=0)
    rounds.take_carried(msgspec.structs.replace(late, checkpoint=other.note(), consistency=[]))
    assert node.seen == ahead
    assert alerts.LOG_SPLIT in node.alerts


@pytest.mark.parametrize("shown_first", ["the same", "a newer one"])
def test_a_command_that_syncs_beside_the_running_node_accuses_nobody(
    hub: HubServices, node: Node, shown_first: str
) -> None:
    """While one sync waits for its answer, another of the same PC is shown the log: the first answer's proof begins too early."""
    grown(hub, node)
    node.work(2)
    node.sync()
    sign(hub)
    meddled = False

    def meddle(answer: RoundAnswer) -> RoundAnswer:
        nonlocal meddled
        if not meddled and answer.checkpoint:
            meddled = True
            if shown_first == "a newer one":
                node.work(1)
                node.sync()
                sign(hub)
            node.sync()
        return answer

    node.line.change = meddle
    node.sync()
    assert meddled and node.alerts == set()
    node.sync()
    assert node.seen == tree_of(hub).head()
