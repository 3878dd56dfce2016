"""The province's log at the hub: what becomes a leaf, when a checkpoint is signed, and when nothing may be signed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from central_hub.backup.restoring import restore_backup
from central_hub.backup.service import take_backup
from central_hub.ingest.service import acknowledge
from central_hub.registry.leases import grant_lease, has_lease, leases_of_unit
from central_hub.services import Services, open_services
from central_hub.settings import TREE_PROBLEM, get_setting
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import CHECKPOINT, LEAF, LEAFED
from central_hub.sync.status_part import _proof as status_proof
from central_hub.tlog import tree as tree_module
from central_hub.tlog.answers import tree_part
from central_hub.tlog.places import is_caught_up, matched_size, place_of, spans_of
from central_hub.tlog.sequencer import Step, advance, leaf_of
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import add_cosignature, earliest_witnessed, kept_note, newest_witnessed
from signing.errors import LogInvalid
from signing.keys import LockCost, SigningKey
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.leaf import Leaf
from signing.tlog.note import COSIGNATURE, Note, VerifierKey
from signing.tlog.policy import Policy
from sync_protocol.frame import encode_run
from sync_protocol.log import Run
from sync_protocol.wire import RoundAnswer, RoundRequest, tree_mark
from sync_protocol.witness import witness_key
from tests.support.hub import BEACON, DAY_MS, NOW_MS, Desk, ProvinceHub, found_province, receive

HAI_CHAU = "20242"


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


def tree_of(services: Services) -> Tree:
    assert services.tree is not None
    return services.tree


def sign_all(services: Services) -> None:
    while (step := advance(services, at_once=True)) is not Step.IDLE:
        assert step in {Step.SIGNED, Step.MATCHED}, step


def leaves_of(services: Services) -> list[Leaf]:
    tree = tree_of(services)
    return [Leaf.parse(data) for data in tree.entries(0, tree.head().size)]


def deliver(hub: ProvinceHub, desk: Desk, dossiers: int = 3) -> None:
    for number in range(dossiers):
        receive(desk, NOW_MS + number, len(desk.log.records) + number)
    hub.deliver(desk)


def test_a_founded_log_is_empty_and_signed(hub: ProvinceHub) -> None:
    head = tree_of(hub.services).head()
    assert (head.size, head.root) == (0, merkle.EMPTY_ROOT)
    assert hub.services.keys.bundle.policy is not None
    assert head.origin == hub.services.keys.bundle.policy.logs[0].name


def test_every_receipted_record_is_a_leaf_once(hub: ProvinceHub) -> None:
    """Of nodes and of the hub itself: verdicts, key statements and openings are records like any other."""
    first, second = hub.enrol(HAI_CHAU), hub.enrol(HAI_CHAU, "PC quầy 2")
    deliver(hub, first)
    deliver(hub, second)
    hub.judge()
    sign_all(hub.services)
    deliver(hub, first)
    sign_all(hub.services)
    hub.judge()
    sign_all(hub.services)
    leaves = leaves_of(hub.services)
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        held = {log.id: store.span(log.id, 0) for log in store.held_logs()}
        expected = {leaf_of(record) for records in held.values() for record in records}
        positions = {place_of(connection, leaf.log, leaf.seq): leaf for leaf in leaves}
    assert len(leaves) == len(expected)
    assert set(leaves) == expected
    assert {"dossier.received", "key.stated", "lease.granted", "log.opened"} <= {leaf.kind for leaf in leaves}
    assert positions == dict(enumerate(leaves))
    for log in held:
        assert [leaf.seq for leaf in leaves if leaf.log == log] == list(range(len(held[log])))


def test_order_of_receipt_is_the_order_of_leaves(hub: ProvinceHub) -> None:
    first, second = hub.enrol(HAI_CHAU), hub.enrol(HAI_CHAU, "PC quầy 2")
    sign_all(hub.services)
    before = tree_of(hub.services).head().size
    for desk in (second, first, second):
        deliver(hub, desk, 1)
    sign_all(hub.services)
    order = [leaf.log for leaf in leaves_of(hub.services)[before:]]
    own, other = first.log.log, second.log.log
    assert [log for at, log in enumerate(order) if at == 0 or order[at - 1] != log] == [other, own, other]


def test_what_is_not_acknowledged_has_no_leaf(hub: ProvinceHub) -> None:
    desk = hub.enrol(HAI_CHAU)
    receive(desk, NOW_MS, 1)
    run = desk.log.run(0, len(desk.log.records))
    acknowledge(
        hub.services, desk.device, [encode_run(Run(log=run.log, first=0, records=run.records, seal=None))]
    )
    sign_all(hub.services)
    assert desk.log.log not in {leaf.log for leaf in leaves_of(hub.services)}
    hub.judge()
    sign_all(hub.services)
    assert desk.log.log in {leaf.log for leaf in leaves_of(hub.services)}


def test_each_checkpoint_continues_the_one_before(hub: ProvinceHub) -> None:
    desk, heads = hub.enrol(HAI_CHAU), []
    for _ in range(6):
        deliver(hub, desk, 60)
        sign_all(hub.services)
        heads.append(tree_of(hub.services).head())
    tree = tree_of(hub.services)
    assert heads[-1].size > 256
    for old, new in pairwise(heads):
        assert tree.root_at(old.size) == old.root
        merkle.verify_consistency(
            old.size, old.root, new.size, new.root, tree.consistency(old.size, new.size)
        )
    leaves = list(tree.entries(0, heads[-1].size))
    for index in (0, 255, 256, heads[-1].size - 1):
        proof = tree.inclusion(index, heads[-1].size)
        merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, heads[-1].size, proof, heads[-1].root)
    assert not list(hub.services.config.tree.glob("tile/0/000.p/*"))


def test_no_checkpoint_without_news_and_none_too_soon(hub: ProvinceHub) -> None:
    desk = hub.enrol(HAI_CHAU)
    sign_all(hub.services)
    before = tree_of(hub.services).note()
    assert advance(hub.services, at_once=True) is Step.IDLE
    assert tree_of(hub.services).note() == before
    deliver(hub, desk)
    assert advance(hub.services) is Step.IDLE
    hub.clock.now += hub.services.config.checkpoint_every_s * 1000
    assert advance(hub.services) is Step.SIGNED
    hub.clock.now -= 10 * DAY_MS  # a clock that was put back must not silence the log for as long
    deliver(hub, desk)
    assert advance(hub.services) is Step.SIGNED


def test_a_crash_after_signing_is_made_good(hub: ProvinceHub) -> None:
    """The files were moved on, the database was not: the leaves are found again, nothing is signed twice."""
    desk = hub.enrol(HAI_CHAU)
    deliver(hub, desk)
    sign_all(hub.services)
    note = tree_of(hub.services).note()
    with writing(hub.services.engine) as connection:
        for table in (LEAF, LEAFED, CHECKPOINT):
            connection.execute(delete(table))
        assert not is_caught_up(connection, hub.services.tree)
    assert advance(hub.services) is Step.MATCHED
    assert advance(hub.services) is Step.IDLE
    assert tree_of(hub.services).note() == note
    with reading(hub.services.engine) as connection:
        assert is_caught_up(connection, hub.services.tree)
        assert kept_note(connection, tree_of(hub.services).head().size) == Note.parse(note)


def test_a_log_that_is_judged_while_a_checkpoint_is_signed_gets_its_numbers(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the files and the database the log is ahead for a moment; a PC judged then stayed without codes for ever."""
    desk = hub.enrol(HAI_CHAU)
    hub.deliver(desk)
    publish = Tree.publish

    def and_judge_meanwhile(tree: Tree, *given: Any) -> tuple[Checkpoint, bytes]:
        published = publish(tree, *given)
        hub.judge()
        return published

    monkeypatch.setattr(Tree, "publish", and_judge_meanwhile)
    assert advance(hub.services, at_once=True) is Step.SIGNED
    with reading(hub.services.engine) as connection:
        assert has_lease(connection, desk.log.log)


def sign_after(monkeypatch: pytest.MonkeyPatch, hub: ProvinceHub) -> None:
    """The sequencer puts the next checkpoint into the files as soon as somebody has read the last one."""
    read = Tree.note

    def and_sign(tree: Tree) -> bytes:
        found = read(tree)
        monkeypatch.setattr(Tree, "note", read)
        assert advance(hub.services, at_once=True) is Step.SIGNED
        return found

    monkeypatch.setattr(Tree, "note", and_sign)


def asking(desk: Desk, seen: Checkpoint, **members: Any) -> RoundRequest:
    said: dict[str, Any] = {
        "protocol": 1, "device": bytes.fromhex(desk.device), "challenge": b"", "hub_epoch": bytes(16), "sent_ms": 0,
        "frontier": [], "digest": b"", "receipt": b"", "beacon": BEACON, "bytes_max": 200_000, "runs": [],
        "tree": tree_mark(seen.size, seen.root),
    }  # fmt: skip
    return RoundRequest(**said | members)


def test_a_checkpoint_that_is_signed_while_a_round_is_answered_contradicts_nothing(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle PC got the checkpoint that it had with a proof that leads further, and told its officers of two histories."""
    desk = hub.enrol(HAI_CHAU)
    deliver(hub, desk)
    sign_all(hub.services)
    older = tree_of(hub.services).head()
    deliver(hub, desk)
    sign_all(hub.services)
    for seen in (tree_of(hub.services).head(), older):
        deliver(hub, desk)
        sign_after(monkeypatch, hub)
        part = tree_part(hub.services, desk.log.device.public, asking(desk, seen))
        shown = tree_of(hub.services).opened(part.checkpoint) if part.checkpoint else seen
        merkle.verify_consistency(seen.size, seen.root, shown.size, shown.root, part.consistency)
        assert bool(part.checkpoint) == (seen is older)


def test_a_status_is_proven_to_the_checkpoint_of_its_answer_not_to_a_later_one(hub: ProvinceHub) -> None:
    """A PC takes a proof that leads past what it was shown for a status of another log."""
    desk = hub.enrol(HAI_CHAU)
    heads, notes = [], []
    for _ in range(3):
        deliver(hub, desk)
        sign_all(hub.services)
        heads.append(tree_of(hub.services).head())
        notes.append(tree_of(hub.services).note())
    answer = RoundAnswer(
        protocol=1, challenge=b"", hub_epoch=bytes(16), now_ms=0, problem="", held=[], receipt=b"", runs=[], foreign=[],
        digest=b"", digest_state=0, next_sync_after_s=0, bytes_max=0, more=False, checkpoint=notes[1],
    )  # fmt: skip
    taken, shown = heads[0], heads[1]
    proof = status_proof(hub.services, asking(desk, taken), answer, taken.size)
    merkle.verify_consistency(taken.size, taken.root, shown.size, shown.root, list(proof))


def test_a_cosignature_that_comes_before_the_database_knows_its_checkpoint_is_kept(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint is shown from the files; a quick witness's word about it was thrown away, and it says it once."""
    desk = hub.enrol(HAI_CHAU)
    deliver(hub, desk)
    publish = Tree.publish
    device = desk.log.device

    def and_cosign(tree: Tree, *given: Any) -> tuple[Checkpoint, bytes]:
        published = publish(tree, *given)
        line = cosign(
            published[0], witness_key(hub.services.province, device.public).name, 1_790_000_000, device
        )
        tree_part(hub.services, device.public, asking(desk, published[0], cosignature=str(line).encode()))
        return published

    monkeypatch.setattr(Tree, "publish", and_cosign)
    assert advance(hub.services, at_once=True) is Step.SIGNED
    with reading(hub.services.engine) as connection:
        note = kept_note(connection, tree_of(hub.services).head().size)
    assert note is not None and len(note.signatures) == 2


def match_all(services: Services) -> Step:
    while (step := advance(services, at_once=True)) is Step.MATCHED:
        pass
    return step


def restored(hub: ProvinceHub, backup: Path) -> ProvinceHub:
    restore_backup(hub.services, backup)
    opened = open_services(hub.services.config, lock_cost=LockCost.TEST)
    return ProvinceHub(services=replace(opened, clock=hub.clock), clock=hub.clock)


def test_a_restored_hub_signs_nothing_and_grants_nothing_until_it_is_fed_back(hub: ProvinceHub) -> None:
    desk = hub.enrol(HAI_CHAU)
    backup = take_backup(hub.services).path
    deliver(hub, desk, 5)
    hub.judge()
    sign_all(hub.services)
    note = tree_of(hub.services).note()
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        own = [held for held in store.held_logs() if held.device == hub.services.keys.hub.public.id]
        runs = [
            Run(log=held.id, first=0, records=tuple(store.span(held.id, 0)), seal=store.seal(held.id))  # type: ignore[arg-type]
            for held in own
        ]
    hub = restored(hub, backup)
    assert match_all(hub.services) is Step.WAITING
    with writing(hub.services.engine) as connection:
        now = hub.clock.now
        assert grant_lease(connection, hub.services, unit=HAI_CHAU, log=desk.log.log, now_ms=now) is None
    newcomer = hub.enrol(HAI_CHAU, "PC quầy 2")
    deliver(hub, newcomer)
    desk.sent = 0
    hub.deliver(desk)
    hub.judge()
    assert match_all(hub.services) is Step.WAITING  # the hub's own logs of its former life are still out
    assert tree_of(hub.services).note() == note
    with reading(hub.services.engine) as connection:
        assert not has_lease(connection, newcomer.log.log)
    acknowledge(hub.services, desk.device, [encode_run(run) for run in runs])
    hub.judge()
    sign_all(hub.services)
    with reading(hub.services.engine) as connection:
        assert has_lease(connection, desk.log.log)
        assert has_lease(connection, newcomer.log.log)
        ranges = sorted((lease.first, lease.last) for lease in leases_of_unit(connection, HAI_CHAU))
    assert all(left[1] < right[0] for left, right in pairwise(ranges))
    old = Checkpoint.parse(Note.parse(note).text)
    new = tree_of(hub.services).head()
    assert new.size > old.size
    proof = tree_of(hub.services).consistency(old.size, new.size)
    merkle.verify_consistency(old.size, old.root, new.size, new.root, proof)


def test_a_back_up_holds_nothing_of_the_log_s_files(hub: ProvinceHub) -> None:
    backup = take_backup(hub.services).path
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]
    note = tree_of(hub.services).note()
    deliver(hub, hub.enrol(HAI_CHAU))
    sign_all(hub.services)
    grown = tree_of(hub.services).note()
    restored(hub, backup)
    assert note != grown
    assert (hub.services.config.tree / "checkpoint").read_bytes() == grown


def test_files_that_were_put_back_are_noticed(hub: ProvinceHub, tmp_path: Path) -> None:
    desk = hub.enrol(HAI_CHAU)
    deliver(hub, desk)
    sign_all(hub.services)
    shutil.copytree(hub.services.config.tree, tmp_path / "old")
    deliver(hub, desk)
    sign_all(hub.services)
    shutil.rmtree(hub.services.config.tree)
    shutil.copytree(tmp_path / "old", hub.services.config.tree)
    deliver(hub, desk)
    assert advance(hub.services, at_once=True) is Step.STOPPED
    with reading(hub.services.engine) as connection:
        assert "put back" in (get_setting(connection, TREE_PROBLEM) or "")


@pytest.mark.parametrize("spoil", ["tile", "entries", "checkpoint", "gone"])
def test_damaged_files_are_never_signed(hub: ProvinceHub, spoil: str) -> None:
    desk = hub.enrol(HAI_CHAU)
    deliver(hub, desk)
    sign_all(hub.services)
    tree = hub.services.config.tree
    if spoil == "gone":
        shutil.rmtree(tree / "tile")
    else:
        path = (
            tree / "checkpoint"
            if spoil == "checkpoint"
            else next((tree / "tile").glob(f"{'entries' if spoil == 'entries' else '0'}/000.p/*"))
        )
        data = bytearray(path.read_bytes())
        data[-40] ^= 1
        path.write_bytes(data)
    deliver(hub, desk)
    services = replace(hub.services)
    assert advance(services, at_once=True) is Step.STOPPED
    assert advance(services, at_once=True) is Step.STOPPED


def test_a_disk_that_errs_while_writing_is_not_signed(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = hub.enrol(HAI_CHAU)
    deliver(hub, desk)
    sign_all(hub.services)
    note = tree_of(hub.services).note()
    deliver(hub, desk)
    write = tree_module._write_durably

    def flipping(path: Path, data: bytes) -> None:
        flips = "tile" in path.parts and "entries" not in path.parts
        write(path, bytes([data[0] ^ 1]) + data[1:] if flips else data)

    monkeypatch.setattr(tree_module, "_write_durably", flipping)
    assert advance(hub.services, at_once=True) is Step.STOPPED
    assert tree_of(hub.services).note() == note
    monkeypatch.undo()
    assert advance(hub.services, at_once=True) is Step.SIGNED


def test_two_sequencers_cannot_both_sign(hub: ProvinceHub) -> None:
    key = hub.services.keys.log
    assert key is not None
    one, two = tree_of(hub.services), tree_of(replace(hub.services))
    one.publish([b"a"], key)
    seen = two.note()
    one.publish([b"b"], key)
    with pytest.raises(TreeUnusable):
        two._swap(seen, b"another")
    two.publish([b"c"], key)
    assert list(one.entries(0, 3)) == [b"a", b"b", b"c"]


def test_the_checkpoint_is_on_the_disk_before_anybody_hears_of_it(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def noting(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        real(file)

    deliver(hub, hub.enrol(HAI_CHAU))
    monkeypatch.setattr(os, "fsync", noting)
    assert advance(hub.services, at_once=True) is Step.SIGNED
    at = synced.index("checkpoint.part")
    assert synced[at + 1] == "tree"
    assert any(name.startswith(tuple("123456789")) for name in synced[:at])


def test_a_stopped_log_signs_nothing(hub: ProvinceHub) -> None:
    deliver(hub, hub.enrol(HAI_CHAU))
    tree_of(hub.services).stop("a witness has seen another history")
    assert advance(hub.services, at_once=True) is Step.STOPPED
    assert tree_of(hub.services).head().size == 0


def test_cosignatures_are_kept_with_their_checkpoint(hub: ProvinceHub) -> None:
    witness = SigningKey.from_seed(b"w" * 32)
    key = VerifierKey("thanh-tra.example", witness.public, COSIGNATURE)
    log = VerifierKey.parse(str(hub.services.keys.bundle.policy.logs[0]))  # type: ignore[union-attr]
    policy = Policy.parse(f"log {log}\nwitness w {key}\nquorum w\n")
    deliver(hub, hub.enrol(HAI_CHAU))
    sign_all(hub.services)
    head = tree_of(hub.services).head()
    line = cosign(head, key.name, 1_790_000_000, witness)
    with writing(hub.services.engine) as connection:
        assert newest_witnessed(connection, policy) is None
        assert add_cosignature(connection, head.size, line, key)
        assert not add_cosignature(connection, head.size, line, key)
        assert not add_cosignature(connection, head.size + 1, line, key)
        found = newest_witnessed(connection, policy)
        assert found is not None and policy.open(found).checkpoint == head
        assert earliest_witnessed(connection, policy, index=0) == found
        assert earliest_witnessed(connection, policy, index=head.size) is None
        older = cosign(Checkpoint(head.origin, 1, head.root), key.name, 1, witness)
        with pytest.raises(LogInvalid):
            add_cosignature(connection, head.size, older, key)


def test_spans_that_touch_are_told_as_one(hub: ProvinceHub) -> None:
    desk = hub.enrol(HAI_CHAU)
    for _ in range(3):
        deliver(hub, desk, 2)
    sign_all(hub.services)
    with reading(hub.services.engine) as connection:
        assert matched_size(connection) == tree_of(hub.services).head().size
        (span,) = spans_of(connection, desk.log.log, 0, limit=4)
        assert (span.first, span.count) == (0, len(desk.log.records))
        (rest,) = spans_of(connection, desk.log.log, 3, limit=4)
        assert (rest.first, rest.position) == (3, span.position + 3)
        assert spans_of(connection, desk.log.log, len(desk.log.records), limit=4) == []
        assert place_of(connection, "00" * 16, 0) is None
