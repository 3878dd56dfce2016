"""Another origin of the province's log: opened by the roots when the old one cannot go on, followed by every PC and verifier."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import select

from central_hub.doctor import Health, examine
from central_hub.keys import load_root
from central_hub.registry.ceremony import CeremonyDraft, adopt, propose
from central_hub.registry.snapshot import take_snapshot
from central_hub.services import open_services
from central_hub.settings import TREE_WAITING, put_setting
from central_hub.store.engine import reading, writing
from central_hub.store.tables import CHECKPOINT, LEAF
from central_hub.tlog import origin
from central_hub.tlog.places import is_caught_up, matched_size
from central_hub.tlog.sequencer import Step, advance
from central_hub.tlog.tree import TreeUnusable
from central_hub.verify.export import export_proof
from edge_node.keyring.trust import newest_bundle
from edge_node.store import alerts
from edge_node.witness.state import read_seen, write_seen
from edge_node.witness.status import held_status, take_status
from signing.bundles import open_bundle
from signing.cuts import Cause
from signing.errors import LogInvalid, TrustInvalid
from signing.keys import LockCost
from signing.report import Indication
from signing.snapshot import outline_of
from signing.tlog.checkpoint import Checkpoint, sign_checkpoint
from signing.tlog.note import Note
from signing.verification import VerifyPolicy, verify
from tests.support.pair import Commune, Pc

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def commune(commune: Commune) -> Commune:
    commune.add()
    return commune


def logged(commune: Commune) -> str:
    """One dossier more, at the province, in its log, and seen by the PC to be there."""
    (pc,) = commune.pcs
    dossier = pc.receive()
    assert pc.sync().problem is None
    commune.clock.now += 60_000
    assert advance(commune.hub, at_once=True) is Step.SIGNED
    assert pc.sync().problem is None
    return dossier


def draft(commune: Commune, *, last: bytes | None = None, is_stolen: bool = False) -> CeremonyDraft:
    with writing(commune.hub.engine) as connection:
        made = propose(connection, commune.hub, new_log=True, is_log_stolen=is_stolen, last_checkpoint=last)
    return made.sign(load_root(commune.folder / "roots" / "root-1.key", passphrase=""))


def start_again(commune: Commune) -> None:
    clock = commune.hub.clock
    commune.hub = replace(open_services(commune.hub.config, lock_cost=LockCost.TEST), clock=clock)
    for pc in commune.pcs:
        pc.line.hub = commune.hub


def lose_tree(commune: Commune) -> None:
    shutil.rmtree(commune.hub.config.tree)


def proof(commune: Commune, dossier: str) -> bytes:
    with reading(commune.hub.engine) as connection:
        return export_proof(commune.hub, connection, dossier)


def snapshot(commune: Commune) -> bytes:
    with reading(commune.hub.engine) as connection:
        data = take_snapshot(connection, commune.hub)
    assert data is not None
    return data


def found(commune: Commune, data: bytes) -> Indication:
    """As an agency with the newest bundle finds it, which demands the log; nothing was disclosed to it."""
    report = verify(data, commune.hub.keys.bundle, policy=VerifyPolicy(require_log=True))
    assert report.subject.log is not None, report.vi
    return report.indication


def seen(pc: Pc) -> Checkpoint:
    held = read_seen(pc.services.config.keys)
    assert held is not None
    return held[0]


def problems(pc: Pc) -> list[str]:
    return [alert.code for alert in alerts.list_alerts(pc.db) if alert.code in alerts.LOG_ALERTS]


def test_a_hub_without_its_tree_signs_nothing_says_so_and_goes_on_under_another_origin(
    commune: Commune,
) -> None:
    (pc,) = commune.pcs
    before = logged(commune)
    old, old_proof = seen(pc), proof(commune, before)
    lose_tree(commune)
    waiting = pc.receive()
    assert pc.sync().problem is None  # records go on to travel
    assert advance(commune.hub, at_once=True) is Step.STOPPED
    with reading(commune.hub.engine) as connection:
        assert not is_caught_up(connection, commune.hub.tree)
    (told,) = [each for each in examine(commune.hub) if each.check == "log"]
    assert told.health is Health.FAILED
    signed = draft(commune)
    bundle = open_bundle(signed.envelope, roots=commune.hub.keys.bundle)
    (ended,) = bundle.continued
    assert (ended.origin, ended.size, ended.root) == (old.origin, old.size, old.root.hex())
    assert ended.kept == old.size
    adopt(commune.hub, signed)
    start_again(commune)
    assert commune.hub.tree is not None and commune.hub.tree.origin == ended.by != old.origin
    # The same leaves at the same places, so that cuts and proofs mean what they meant.
    assert commune.hub.tree.root_at(old.size) == old.root
    assert advance(commune.hub, at_once=True) is Step.SIGNED
    assert pc.sync().problem is None
    assert pc.sync().problem is None
    assert seen(pc).origin == ended.by and seen(pc).size > old.size and problems(pc) == []
    for data in (old_proof, proof(commune, before), proof(commune, waiting)):
        assert found(commune, data) is Indication.INDETERMINATE  # for the bodies that were not disclosed
    assert [each.health for each in examine(commune.hub) if each.check == "log"] == [Health.OK]


def test_an_agency_that_knows_only_the_old_log_still_verifies_what_it_held(commune: Commune) -> None:
    dossier = logged(commune)
    old_bundle, old_proof = commune.hub.keys.bundle, proof(commune, dossier)
    lose_tree(commune)
    adopt(commune.hub, draft(commune))
    start_again(commune)
    assert verify(old_proof, old_bundle).subject.log is not None
    assert verify(proof(commune, dossier), old_bundle).subject.log is None


def test_no_new_log_while_the_old_one_may_go_on(commune: Commune) -> None:
    logged(commune)
    with pytest.raises(TrustInvalid):
        draft(commune)
    with writing(commune.hub.engine) as connection:
        put_setting(connection, TREE_WAITING, str(commune.clock()))
    commune.clock.now += 13 * DAY_MS
    with pytest.raises(TrustInvalid):
        draft(commune)
    commune.clock.now += 2 * DAY_MS
    assert draft(commune).bundle.continued
    (told,) = [each for each in examine(commune.hub) if each.check == "log"]
    assert "mở sổ mới" in told.vi


def test_a_tail_that_never_comes_back_is_left_behind(commune: Commune) -> None:
    (pc,) = commune.pcs
    logged(commune)
    old = seen(pc)
    with writing(
        commune.hub.engine
    ) as connection:  # as after a restore: the last record is not here any more
        last = connection.execute(select(LEAF).order_by(LEAF.c.position.desc()).limit(1)).one()
        kept = last.position
        connection.execute(LEAF.delete().where(LEAF.c.position == kept))
        put_setting(connection, TREE_WAITING, str(commune.clock()))
        assert matched_size(connection) == kept < old.size
    commune.clock.now += 15 * DAY_MS
    adopt(commune.hub, draft(commune))
    start_again(commune)
    assert commune.hub.keys.bundle.continued[0].kept == kept
    assert commune.hub.tree is not None and commune.hub.tree.head().size == kept
    aside = [path for path in commune.hub.config.data.iterdir() if path.name.startswith("tree-")]
    assert len(aside) == 1 and (aside[0] / "checkpoint").exists() and any((aside[0] / "cosigned").iterdir())
    pc.receive()
    assert pc.sync().problem is None
    assert advance(commune.hub, at_once=True) is Step.SIGNED
    assert pc.sync().problem is None
    assert seen(pc).origin == commune.hub.tree.origin and problems(pc) == []


def test_a_shorter_log_has_a_status_of_its_own(commune: Commune) -> None:
    (pc,) = commune.pcs
    logged(commune)
    assert take_status(pc.db, pc.services, snapshot(commune))
    old = seen(pc).size
    with writing(commune.hub.engine) as connection:
        last = connection.execute(select(LEAF).order_by(LEAF.c.position.desc()).limit(1)).one()
        kept = last.position
        connection.execute(LEAF.delete().where(LEAF.c.position == kept))
        put_setting(connection, TREE_WAITING, str(commune.clock()))
    commune.clock.now += 15 * DAY_MS
    adopt(commune.hub, draft(commune))
    start_again(commune)
    for _ in range(2):
        assert pc.sync().problem is None
    held = held_status(pc.db, commune.hub.keys.bundle)
    assert held is not None and outline_of(held).size == kept < old


@pytest.mark.parametrize("step", ["_build", "_keep_cosigned", "_forget_above"])
def test_an_adoption_that_was_cut_short_is_completed_by_adopting_again(
    commune: Commune, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    logged(commune)
    lose_tree(commune)
    signed = draft(commune)

    def power_cut(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(origin, step, power_cut)
        with pytest.raises(InterruptedError):
            adopt(commune.hub, signed)
    start_again(commune)
    assert advance(commune.hub, at_once=True) is not Step.SIGNED
    adopt(commune.hub, signed)
    start_again(commune)
    commune.pcs[0].receive()
    commune.pcs[0].sync()
    assert advance(commune.hub, at_once=True) is Step.SIGNED
    assert not (commune.hub.config.keys / "next" / "log.key").exists()


def test_the_log_that_ended_is_believed_up_to_its_end_only(commune: Commune) -> None:
    (pc,) = commune.pcs
    logged(commune)
    old, key = seen(pc), commune.hub.keys.log
    assert key is not None
    lose_tree(commune)
    adopt(commune.hub, draft(commune))
    start_again(commune)
    policy = commune.hub.keys.bundle.policy
    assert policy is not None
    assert policy.open_unwitnessed(sign_checkpoint(old, key)) == old
    beyond = sign_checkpoint(Checkpoint(old.origin, old.size + 1, old.root), key)
    with pytest.raises(LogInvalid):
        policy.open_unwitnessed(Note.parse(beyond.encode()))
    logged(commune)
    assert seen(pc).origin != old.origin
    # The hub shows the old log again: no PC goes back to it.
    tree = commune.hub.tree
    assert tree is not None
    (commune.hub.config.tree / "checkpoint").write_bytes(sign_checkpoint(old, key).encode())
    with pytest.raises(TreeUnusable):
        tree.head()
    before = seen(pc)
    pc.sync()
    assert seen(pc) == before


def test_a_log_whose_key_was_stolen_ends_at_its_own_head_though_it_could_go_on(commune: Commune) -> None:
    (pc,) = commune.pcs
    dossier = logged(commune)
    earlier = proof(commune, dossier)
    logged(commune)
    old, key = seen(pc), commune.hub.keys.log
    assert key is not None
    # What the thief shows somebody in the meantime is not taken for the end of the log.
    forged = Checkpoint(old.origin, old.size + 3, b"f" * 32)
    signed = draft(commune, is_stolen=True, last=sign_checkpoint(forged, key).encode())
    (ended,) = signed.bundle.continued
    assert (ended.size, ended.root, ended.is_stolen) == (old.size, old.root.hex(), True)
    adopt(commune.hub, signed)
    start_again(commune)
    policy = commune.hub.keys.bundle.policy
    assert policy is not None
    for head in (forged, Checkpoint(old.origin, old.size - 1, b"f" * 32), replace(old, root=b"f" * 32)):
        with pytest.raises(LogInvalid):
            policy.open_unwitnessed(sign_checkpoint(head, key))
        with pytest.raises(LogInvalid):
            policy.open(sign_checkpoint(head, key))
    assert policy.open(sign_checkpoint(old, key)).checkpoint == old
    # Work goes on under the new key, without a word of alarm; what was proven under an earlier head is proven anew.
    later = logged(commune)
    assert seen(pc).origin == ended.by and seen(pc).size > old.size and problems(pc) == []
    for each in (dossier, later):
        found(commune, proof(commune, each))
    assert verify(earlier, commune.hub.keys.bundle).subject.log is None


def test_after_a_theft_of_the_hubs_disk_one_version_replaces_what_lay_on_it(commune: Commune) -> None:
    (pc,) = commune.pcs
    dossier = logged(commune)
    before = commune.hub.keys
    with writing(commune.hub.engine) as connection:
        made = propose(
            connection,
            commune.hub,
            new_log=True,
            is_log_stolen=True,
            registry_cause=Cause.COMPROMISED,
            since_ms=commune.clock.now,
            status_cause=Cause.COMPROMISED,
        )
    adopt(commune.hub, made.sign(load_root(commune.folder / "roots" / "root-1.key", passphrase="")))
    start_again(commune)
    keys = commune.hub.keys
    assert before.log is not None and keys.log is not None and keys.log.public != before.log.public
    assert keys.registry.public != before.registry.public and before.status is not None
    assert keys.bundle.status == ((keys.status.public,) if keys.status else ()) != (before.status.public,)
    logged(commune)
    assert problems(pc) == [] and pc.sync().problem is None
    assert newest_bundle(pc.db) == keys.bundle
    found(commune, proof(commune, dossier))


def test_what_a_thief_of_the_logs_key_showed_a_pc_is_evidence_there(commune: Commune) -> None:
    (pc,) = commune.pcs
    logged(commune)
    old, key = seen(pc), commune.hub.keys.log
    assert key is not None
    write_seen(pc.services.config.keys, sign_checkpoint(replace(old, root=b"f" * 32), key).encode())
    adopt(commune.hub, draft(commune, is_stolen=True))
    start_again(commune)
    assert advance(commune.hub, at_once=True) in tuple(Step)
    pc.receive()
    pc.sync()
    assert problems(pc) != []


def test_a_checkpoint_that_was_hidden_from_the_roots_is_evidence(commune: Commune) -> None:
    (pc,) = commune.pcs
    logged(commune)
    hidden = read_seen(pc.services.config.keys)
    assert hidden is not None
    with writing(commune.hub.engine) as connection:
        connection.execute(CHECKPOINT.delete())
    lose_tree(commune)
    with pytest.raises(TrustInvalid):
        draft(commune)  # nothing is known of the log: a node has to show its checkpoint
    key = commune.hub.keys.log
    assert key is not None
    shorter = sign_checkpoint(Checkpoint(hidden[0].origin, 1, b"r" * 32), key).encode()
    adopt(commune.hub, draft(commune, last=shorter))
    start_again(commune)
    pc.receive()
    pc.sync()
    assert advance(commune.hub, at_once=True) is Step.SIGNED
    pc.sync()
    assert problems(pc) == [alerts.LOG_SPLIT]
    assert list(pc.services.config.keys.glob("log-conflict-*.json"))


def test_what_a_node_holds_names_the_last_checkpoint(commune: Commune) -> None:
    (pc,) = commune.pcs
    logged(commune)
    held = read_seen(pc.services.config.keys)
    assert held is not None
    lose_tree(commune)
    with writing(commune.hub.engine) as connection:
        connection.execute(CHECKPOINT.delete())
    assert draft(commune, last=held[1]).bundle.continued[0].size == held[0].size
