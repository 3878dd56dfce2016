"""The status snapshot at a node: how it comes with a round, what is not kept, and what it makes of a proof written there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from central_hub.registry.revocation import Act, revoke_keys
from central_hub.registry.snapshot import take_snapshot
from central_hub.store.engine import reading, writing
from central_hub.sync.service import answer_round
from central_hub.tlog.sequencer import Step, advance
from edge_node.casework.exporting import export_proof
from edge_node.cli import cli
from edge_node.lan.asking import meet
from edge_node.lan.serving import Serving
from edge_node.store import SqliteLogStore, alerts
from edge_node.sync.runner import Rounds
from edge_node.witness.state import read_seen, seen_note
from edge_node.witness.status import REFUSED_MS, held_status, mark_to_say, take_status
from signing.cuts import Cause
from signing.keys import SigningKey
from signing.proof_file import decode_proof
from signing.readiness import Lack, Readiness, Writer, readiness_of
from signing.report import Indication, Report, StatusSource
from signing.snapshot import Snapshot, open_snapshot, sign_snapshot
from signing.status import Status
from signing.verification import VerifyPolicy, verify
from sync_protocol import status_mark
from sync_protocol.status_mark import STATUS_WANTED
from sync_protocol.wire import (
    RoundAnswer,
    RoundRequest,
    decode_answer,
    encode_answer,
    encode_request,
    open_request,
    tree_mark,
)
from tests.support.pair import BreakingLine, Commune, Pc

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
ACT = Act(actor="khoa", ground="Máy bị mất")


@dataclass
class Heard(BreakingLine):
    """A line that is listened to; `change` is somebody on the way, or another hub."""

    asked: list[RoundRequest] = field(default_factory=list)
    answered: list[RoundAnswer] = field(default_factory=list)
    bytes_both: tuple[int, int] = (0, 0)
    change: Callable[[RoundAnswer], RoundAnswer] = lambda answer: answer

    def post_round(self, payload: bytes) -> bytes:
        self.asked.append(open_request(payload).said)
        answer = self.change(decode_answer(super().post_round(payload)))
        self.answered.append(answer)
        self.bytes_both = (len(payload), len(encode_answer(answer)))
        return encode_answer(answer)


@pytest.fixture
def commune(two_pcs: Commune) -> Commune:
    for pc in two_pcs.pcs:
        pc.line = Heard(two_pcs.hub)
    return two_pcs


@pytest.fixture
def pc(commune: Commune) -> Pc:
    return commune.pcs[0]


def line(pc: Pc) -> Heard:
    assert isinstance(pc.line, Heard)
    return pc.line


def logged(commune: Commune, pc: Pc) -> str:
    """One dossier more, judged and in the province's log, as the PC has seen."""
    dossier = pc.receive()
    for _ in range(2):
        assert pc.sync().problem is None
    grow(commune)
    for _ in range(2):
        assert pc.sync().problem is None
    return dossier


def grow(commune: Commune) -> None:
    commune.clock.advance(2 * MINUTE_MS)
    while (step := advance(commune.hub, at_once=True)) is not Step.IDLE:
        assert step is Step.SIGNED


def held(pc: Pc) -> Snapshot | None:
    bundle = pc.services.trust.trust(pc.db).bundle
    data = held_status(pc.db, bundle)
    return None if data is None else open_snapshot(data, bundle)


def proof(pc: Pc, dossier: str) -> bytes:
    records = SqliteLogStore(pc.db).dossier_records(dossier)
    data = export_proof(
        pc.db,
        dossier,
        bundle=pc.services.trust.trust(pc.db).bundle,
        checkpoint=seen_note(pc.services.config.keys),
        disclosed=[record.id for record in records],
    )
    assert data is not None
    return data


def told(commune: Commune, data: bytes) -> Report:
    """As an agency finds it that has the bundle and nothing else, and demands the log."""
    return verify(data, commune.hub.keys.bundle, policy=VerifyPolicy(require_log=True), now=commune.clock())


def newest(commune: Commune) -> bytes:
    with reading(commune.hub.engine) as connection:
        data = take_snapshot(connection, commune.hub)
    assert data is not None
    return data


def revoke(commune: Commune, key: str) -> None:
    with writing(commune.hub.engine) as connection:
        revoke_keys(connection, commune.hub, [key], cause=Cause.LOST, act=ACT)


def test_a_proof_written_here_says_the_status_as_of_what_the_pc_has(commune: Commune, pc: Pc) -> None:
    dossier = logged(commune, pc)
    proof(
        pc, dossier
    )  # what it lacks is asked for: places of the key statements, and a status that reaches so far
    assert pc.sync().problem is None
    data = proof(pc, dossier)
    assert decode_proof(data).status is not None
    report = told(commune, data)
    assert report.indication is Indication.PASSED
    assert report.status is not None and report.status.source is StatusSource.FILE
    assert report.records[0].log is not None
    assert report.status.as_of_size > report.records[0].log.index
    assert "status" not in {each.id for each in report.not_checked}
    assert pc.sync().problem is None
    assert line(pc).answered[-1].status == b"", "asked for once"


def ready(pc: Pc, data: bytes) -> Readiness:
    return readiness_of(data, pc.services.trust.trust(pc.db).bundle, Writer.NODE)


def test_the_first_proof_of_what_the_pc_saw_logged_reaches_it(commune: Commune, pc: Pc) -> None:
    """A small status comes with the places, so nothing has to be asked for first."""
    data = proof(pc, logged(commune, pc))
    assert ready(pc, data).json() == {
        "complete": True, "lacks": [], "vi": ready(pc, data).vi, "en": ready(pc, data).en,
    }  # fmt: skip
    report = told(commune, data)
    assert report.indication is Indication.PASSED
    assert all(each.log is not None for each in report.records)
    assert report.status is not None and report.status.as_of_size > max(
        each.log.index for each in report.records if each.log
    )


def test_a_proof_of_what_is_not_logged_yet_says_so_and_the_next_sync_makes_it_whole(
    commune: Commune, pc: Pc
) -> None:
    logged(commune, pc)
    dossier = pc.receive()
    before = ready(pc, proof(pc, dossier))
    assert before.lacks == (Lack.PLACE,) and not before.is_complete
    assert "Đồng bộ" in before.vi and "Sync" in before.en
    for _ in range(2):
        assert pc.sync().problem is None
    assert ready(pc, proof(pc, dossier)).lacks == (Lack.PLACE,), "the province has it, its log not yet"
    grow(commune)
    for _ in range(2):
        assert pc.sync().problem is None
    assert ready(pc, proof(pc, dossier)).is_complete


def test_the_command_says_what_its_file_lacks(commune: Commune, pc: Pc, tmp_path: Path) -> None:
    whole, fresh = logged(commune, pc), pc.receive()
    for dossier, lacks in ((whole, []), (fresh, ["place"])):
        target = tmp_path / f"{dossier}.motcua-proof.json"
        command = ["proof", dossier, "--data", str(pc.services.config.data), "--out", str(target)]
        done = CliRunner().invoke(cli, [*command, "--json"])
        assert done.exit_code == 0, done.output
        said = json.loads(done.stdout.splitlines()[-1])["readiness"]
        assert (said["complete"], said["lacks"]) == (not lacks, lacks)
        assert said["vi"] in CliRunner().invoke(cli, [*command, "--lang", "vi"]).output


def test_a_status_too_large_to_go_along_is_asked_for_and_the_proof_says_what_it_lacks(
    commune: Commune, pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_mark, "WITH_PLACES_BYTES_MAX", 0)
    dossier = logged(commune, pc)
    before = held(pc)
    data = proof(pc, dossier)
    assert ready(pc, data).lacks == (Lack.STATUS,)
    assert told(commune, data).indication is Indication.PASSED, "but nobody can say whether it is in force"
    assert mark_to_say(pc.db, pc.services) == STATUS_WANTED
    assert pc.sync().problem is None
    after = held(pc)
    assert before is not None and after is not None and after.status.size > before.status.size
    assert ready(pc, proof(pc, dossier)).is_complete
    assert mark_to_say(pc.db, pc.services) != STATUS_WANTED


def test_a_record_after_a_cut_is_told_before_the_file_is_carried_away(commune: Commune, pc: Pc) -> None:
    logged(commune, pc)
    dossier = pc.receive()
    revoke(commune, pc.lan.signer.public.id)
    grow(commune)
    assert pc.sync().problem is None
    data = proof(pc, dossier)
    assert Lack.REVIEW in ready(pc, data).lacks
    assert told(commune, data).indication is Indication.INDETERMINATE


def test_a_node_is_told_of_its_own_units_and_of_those_it_deals_with(commune: Commune, pc: Pc) -> None:
    logged(commune, pc)
    snapshot = held(pc)
    assert snapshot is not None and snapshot.units == {"20242", "48"}


def test_a_status_of_another_log_is_not_kept_and_is_evidence(commune: Commune, pc: Pc) -> None:
    """The hub's own status key says what another history says; the checkpoint that this PC has checked contradicts it."""
    logged(commune, pc)
    before, seen = held(pc), read_seen(pc.services.config.keys)
    assert before is not None and seen is not None and commune.hub.keys.status is not None
    for size, chain in (
        (seen[0].size, []),
        (seen[0].size - 1, [bytes(32)]),
        (seen[0].size + 3, [bytes(32)] * 4),
    ):
        silent = replace(
            before, status=Status.of([], size=size), root="5a" * 32, issued=commune.clock() + MINUTE_MS
        )
        forged = sign_snapshot(silent, commune.hub.keys.status)
        for evidence in pc.services.config.keys.glob("status-conflict-*.json"):
            evidence.unlink()
        mark = tree_mark(seen[0].size, seen[0].root)
        assert not take_status(pc.db, pc.services, forged, chain, told_of=mark)
        assert held(pc) == before
        (evidence,) = pc.services.config.keys.glob("status-conflict-*.json")
        kept = json.loads(evidence.read_bytes())
        assert base64.b64decode(kept["checkpoint"]) == seen[1]
        assert base64.b64decode(kept["status"]) == forged
        (alert,) = (each for each in alerts.list_alerts(pc.db) if each.code == alerts.STATUS_SPLIT)
        assert evidence.name in alert.detail


def test_a_proof_that_leads_elsewhere_accuses_nobody(commune: Commune, pc: Pc) -> None:
    """Late from a stick, or beside a command that synced meanwhile: a proof about a checkpoint that is not held any more."""
    logged(commune, pc)
    before = held(pc)
    assert before is not None
    data = newest(commune)
    grown = logged(commune, pc)
    assert grown
    take_status(pc.db, pc.services, data, [bytes(32)], told_of=b"another mark")
    assert not [each for each in alerts.list_alerts(pc.db) if each.code == alerts.STATUS_SPLIT]


def test_every_status_comes_with_its_proof_and_holds(commune: Commune, pc: Pc) -> None:
    """However the log grows between the snapshot and the checkpoint that a PC has."""
    for _ in range(3):
        logged(commune, commune.pcs[1])
        logged(commune, pc)
    assert any(each.status for each in line(pc).answered)
    assert not [each for each in alerts.list_alerts(pc.db) if each.code == alerts.STATUS_SPLIT]
    snapshot, tree = held(pc), commune.hub.tree
    assert snapshot is not None and tree is not None and snapshot.root is not None
    assert bytes.fromhex(snapshot.root) == tree.root_at(snapshot.status.size)


def test_a_revocation_is_in_the_next_proof(commune: Commune, pc: Pc) -> None:
    dossier = logged(commune, pc)
    officer = SqliteLogStore(pc.db).dossier_records(dossier)[0].header.by
    revoke(commune, officer)
    grow(commune)
    assert pc.sync().problem is None
    after = held(pc)
    assert after is not None and not after.status.is_silent(officer)
    report = told(commune, proof(pc, dossier))
    assert report.indication is Indication.PASSED, "it stands before the cut"
    assert report.status is not None and report.status.as_of_size == after.status.size


def test_an_idle_round_stays_small_and_the_same_status_comes_once_a_day(
    commune: Commune, pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_mark, "WITH_PLACES_BYTES_MAX", 0)
    logged(commune, pc)
    for _ in range(4):
        pc.sync()
    assert held(pc) is not None
    result = pc.sync()
    assert (result.rounds, result.sent, result.received) == (1, 0, 0)
    up, down = line(pc).bytes_both
    assert up <= 600 and down <= 300
    logged(commune, pc)
    assert line(pc).answered[-1].status == b"", "nothing was said, and it is of today"
    commune.clock.advance(DAY_MS)
    pc.sync()
    assert line(pc).answered[-1].status == b"", "never alone"
    line(pc).answered.clear()
    logged(commune, pc)
    assert sum(bool(each.status) for each in line(pc).answered) == 1


def test_what_no_status_key_signed_is_not_kept_and_does_not_come_for_ever(commune: Commune, pc: Pc) -> None:
    logged(commune, pc)
    before = held(pc)
    assert before is not None
    empty = Snapshot(
        province="48", status=Status.of([], size=10_000), root=None, issued=commune.clock() + DAY_MS
    )
    for signer in (SigningKey.from_seed(b"x" * 32), commune.hub.keys.hub, commune.hub.keys.registry):
        forged = sign_snapshot(empty, signer)
        line(pc).change = lambda answer, data=forged: msgspec.structs.replace(answer, status=data)  # type: ignore[misc]
        assert pc.sync().problem is None
        assert held(pc) == before
    for hostile in (b"{}", b"\xff", b"[" * 5_000):
        assert not take_status(pc.db, pc.services, hostile)
    line(pc).change = lambda answer: answer
    assert pc.sync().problem is None
    assert line(pc).asked[-1].status == b""
    commune.clock.advance(REFUSED_MS)
    assert pc.sync().problem is None
    assert line(pc).asked[-1].status != b""


def test_an_older_one_is_not_kept_however_it_comes(commune: Commune, pc: Pc) -> None:
    old = newest(commune)
    officer = pc.lan.signer.public.id
    logged(commune, pc)
    revoke(commune, officer)
    grow(commune)
    assert pc.sync().problem is None
    before = held(pc)
    assert before is not None and not before.status.is_silent(officer)
    late = msgspec.structs.replace(line(pc).answered[-1], status=old)
    Rounds(pc.db, pc.services).take_carried(late)
    assert held(pc) == before
    assert not take_status(pc.db, pc.services, old)
    assert held(pc) == before
    assert pc.sync().problem is None
    assert line(pc).asked[-1].status not in (b"", STATUS_WANTED), (
        "an old one is nothing against whoever brought it"
    )


def test_who_knows_nothing_of_it_gets_nothing(commune: Commune, pc: Pc) -> None:
    logged(commune, pc)
    sent = line(pc).asked[-1]
    challenge = line(pc).answered[-1].challenge
    older = msgspec.structs.replace(sent, status=b"", challenge=challenge)
    answer = decode_answer(answer_round(commune.hub, encode_request(older, pc.services.keyring.device)))
    assert (answer.problem, answer.status) == ("", b"")
    asking = msgspec.structs.replace(older, status=STATUS_WANTED)
    answer = decode_answer(answer_round(commune.hub, encode_request(asking, pc.services.keyring.device)))
    assert answer.status


def test_what_does_not_fit_beside_the_records_waits(commune: Commune, pc: Pc) -> None:
    logged(commune, pc)
    asking = msgspec.structs.replace(
        line(pc).asked[-1], status=STATUS_WANTED, challenge=line(pc).answered[-1].challenge
    )
    taken = commune.hub.snapshots.current(lambda: None, size=0, now_ms=commune.clock(), scope=("20242", "48"))
    assert taken is not None
    object.__setattr__(taken, "data", taken.data + b" " * 8_000)
    for bytes_max, is_sent in ((4_096, False), (65_536, True)):
        request = msgspec.structs.replace(asking, bytes_max=bytes_max)
        answer = decode_answer(answer_round(commune.hub, encode_request(request, pc.services.keyring.device)))
        assert bool(answer.status) is is_sent


def test_a_pc_without_a_line_has_it_from_a_colleague(commune: Commune) -> None:
    here, there = commune.pcs
    officer = there.lan.signer.public.id
    logged(commune, here)
    revoke(commune, officer)
    grow(commune)
    assert here.sync().problem is None

    class Cable:
        def hello(self) -> bytes:
            return Serving(here.services, bytes(32)).hello(here.db)

        def post(self, sealed: bytes) -> bytes:
            return Serving(here.services, bytes(32)).answer(here.db, sealed)

    assert held(there) != held(here)
    meet(there.db, there.services, Cable())
    assert held(there) == held(here)
