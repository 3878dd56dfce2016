"""Checkpoints, cosignatures, proofs and policies: what convinces, what does not, and the files as they look."""

from __future__ import annotations

from pathlib import Path

import pytest

from signing import reasons
from signing.errors import LogInvalid
from signing.keys import SigningKey
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from signing.tlog.cosignature import Cosignature, cosign, cosignatures, verify_cosignature
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import Edge
from signing.tlog.note import COSIGNATURE, Note, NoteSignature, VerifierKey, sign_text, with_signatures
from signing.tlog.policy import Policy
from signing.tlog.proof import TlogProof

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "tlog"
ORIGIN = "log.motcua.example/48"
TIME = 1_790_000_000


def key_of(name: str) -> SigningKey:
    return SigningKey.from_seed(name.encode().ljust(32, b"."))


def witness_key(name: str) -> VerifierKey:
    return VerifierKey(f"{name}.example", key_of(name).public, COSIGNATURE)


LOG = VerifierKey(ORIGIN, key_of("log").public)
LEAVES = [
    Leaf(by="ab" * 16, kind="dossier.received", link=f"{seq:064x}", log="cd" * 16, seq=seq).encode()
    for seq in range(11)
]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]
EDGE, COMPLETE = Edge().append(HASHES)
NODES = dict(COMPLETE)
HEAD = Checkpoint(ORIGIN, EDGE.size, EDGE.root)
NOTE = sign_checkpoint(HEAD, key_of("log"))
INSPECTOR, NEIGHBOUR, OFFICE = (witness_key(name) for name in ("inspector", "neighbour", "office"))
WITNESSED = with_signatures(
    NOTE,
    [
        cosign(HEAD, INSPECTOR.name, TIME, key_of("inspector")),
        cosign(HEAD, OFFICE.name, TIME + 5, key_of("office")),
    ],
)
POLICY_TEXT = f"""\
# who is believed
log {LOG} https://hub.example/tlog
witness thanh-tra {INSPECTOR}
witness lang-gieng {NEIGHBOUR}
witness xa {OFFICE}
group ngoai any thanh-tra lang-gieng
group tat-ca all ngoai xa
quorum tat-ca
"""
POLICY = Policy.parse(POLICY_TEXT)


def proof_of(index: int, note: Note = WITNESSED) -> TlogProof:
    hashes = merkle.inclusion_proof(index, EDGE.size, lambda asked: [NODES[node] for node in asked])
    return TlogProof(index, tuple(hashes), note)


def test_the_files_look_as_they_always_did() -> None:
    """Golden: these bytes were checked by other programs (`tests/contracts/test_go_oracle.py`) and never change."""
    assert (GOLDEN / "checkpoint").read_bytes() == WITNESSED.encode()
    assert (GOLDEN / "leaf-7.tlog-proof").read_bytes() == proof_of(7).encode()
    assert (GOLDEN / "policy").read_text(encoding="utf-8") == POLICY_TEXT


def test_a_checkpoint_is_opened_under_its_own_log_only() -> None:
    assert open_checkpoint(Note.parse(WITNESSED.encode()), LOG) == HEAD
    for key in (VerifierKey(ORIGIN, key_of("office").public), VerifierKey("other.example", LOG.key), OFFICE):
        with pytest.raises(LogInvalid):
            open_checkpoint(NOTE, key)


def test_a_log_does_not_speak_for_another_origin() -> None:
    foreign = Checkpoint("elsewhere.example", HEAD.size, HEAD.root).text
    with pytest.raises(LogInvalid):
        open_checkpoint(Note(foreign, (sign_text(foreign, ORIGIN, key_of("log")),)), LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        HEAD.text + "extension\n",
        HEAD.text[:-1],
        HEAD.text.replace("\n11\n", "\n011\n"),
        HEAD.text.replace("\n11\n", "\n-1\n"),
        HEAD.text.replace("\n11\n", "\n9007199254740992\n"),
        HEAD.text.replace("\n11\n", "\n0\n"),
        f"{ORIGIN}\n11\nAAAA\n",
    ],
)
def test_what_is_no_checkpoint_is_refused_though_signed(text: str) -> None:
    with pytest.raises(LogInvalid):
        Checkpoint.parse(text)


def test_a_cosignature_names_its_witness_and_time() -> None:
    assert cosignatures(WITNESSED, (INSPECTOR, OFFICE, NEIGHBOUR)) == (
        Cosignature(INSPECTOR, TIME),
        Cosignature(OFFICE, TIME + 5),
    )


def test_a_cosignature_of_another_checkpoint_time_or_key_does_not_hold() -> None:
    line = cosign(HEAD, OFFICE.name, TIME, key_of("office"))
    older = Checkpoint(ORIGIN, 1, HASHES[0])
    shifted = NoteSignature(line.name, line.hash, (TIME + 1).to_bytes(8, "big") + line.signature[8:])
    beyond = NoteSignature(line.name, line.hash, bytes([255]) + line.signature[1:])
    for text, bad in [
        (older.text, line),
        (HEAD.text, shifted),
        (HEAD.text, beyond),
        (HEAD.text, NoteSignature(line.name, line.hash, line.signature[8:])),
        (HEAD.text, sign_text(HEAD.text, OFFICE.name, key_of("office"))),
    ]:
        with pytest.raises(LogInvalid):
            verify_cosignature(text, bad, OFFICE)
    with pytest.raises(LogInvalid):
        cosignatures(with_signatures(NOTE, [shifted]), (OFFICE,))
    with pytest.raises(ValueError, match="seconds"):
        cosign(HEAD, OFFICE.name, -1, key_of("office"))


def test_a_log_signature_is_no_cosignature() -> None:
    """The same key under the same name: the type is in the key's hash and in the signed bytes."""
    plain = sign_text(HEAD.text, OFFICE.name, key_of("office"))
    assert not plain.is_named(OFFICE)
    assert cosignatures(with_signatures(NOTE, [plain]), (OFFICE,)) == ()


def test_a_proof_convinces_for_its_own_leaf_only() -> None:
    for index, leaf in enumerate(LEAVES):
        proof = TlogProof.parse(proof_of(index).encode())
        assert proof == proof_of(index)
        witnessed = proof.verify(leaf, POLICY)
        assert witnessed.checkpoint == HEAD
        assert {cosignature.witness for cosignature in witnessed.cosignatures} == {INSPECTOR, OFFICE}
        with pytest.raises(LogInvalid) as refused:
            proof.verify(LEAVES[index - 1], POLICY)
        assert refused.value.reason is reasons.LOG_PROOF


def test_extra_data_travels_and_proves_nothing() -> None:
    proof = TlogProof(3, proof_of(3).hashes, WITNESSED, extra=b"anything")
    assert TlogProof.parse(proof.encode()) == proof
    proof.verify(LEAVES[3], POLICY)


def test_too_few_witnesses_make_no_quorum() -> None:
    only_office = with_signatures(NOTE, [cosign(HEAD, OFFICE.name, TIME, key_of("office"))])
    for note in (NOTE, only_office):
        with pytest.raises(LogInvalid) as refused:
            proof_of(3, note).verify(LEAVES[3], POLICY)
        assert refused.value.reason is reasons.LOG_QUORUM
    assert POLICY.open_unwitnessed(NOTE) == HEAD


@pytest.mark.parametrize(
    ("cosigners", "met"),
    [
        ((INSPECTOR, OFFICE), True),
        ((NEIGHBOUR, OFFICE), True),
        ((INSPECTOR, NEIGHBOUR), False),
        ((OFFICE,), False),
        ((), False),
    ],
)
def test_the_quorum_is_counted_through_groups(cosigners: tuple[VerifierKey, ...], met: bool) -> None:
    assert POLICY.is_met(cosigners) is met


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["quorum nobody"],
        ["quorum none", "quorum none"],
        ["quorum xa", f"witness xa {OFFICE}"],
        [f"witness xa {OFFICE}", f"witness xa {INSPECTOR}", "quorum xa"],
        [f"witness xa {OFFICE}", f"witness xb {OFFICE}", "quorum xa"],
        [f"witness none {OFFICE}", "quorum none"],
        [f"witness xa {LOG}", "quorum none"],
        [f"log {OFFICE}", "quorum none"],
        [f"log {LOG}", f"log {LOG}", "quorum none"],
        [f"witness xa {OFFICE}", "group g 2 xa", "quorum g"],
        [f"witness xa {OFFICE}", "group g 0 xa", "quorum g"],
        [f"witness xa {OFFICE}", "group g 01 xa", "quorum g"],
        [f"witness xa {OFFICE}", "group g any xa xa", "quorum g"],
        [f"witness xa {OFFICE}", "group g any xa", "group h any xa", "quorum g"],
        [f"witness xa {OFFICE}", "group g any", "quorum xa"],
        ["group g any g", "quorum g"],
        ["group g any none", "quorum g"],
        ["something else", "quorum none"],
        ["quorum none\r"],
        ["quorum none", "#" + "x" * 70_000],
    ],
)
def test_what_is_no_policy_is_refused(lines: list[str]) -> None:
    with pytest.raises(LogInvalid):
        Policy.parse("".join(f"{line}\n" for line in lines))


def test_a_policy_may_have_spaces_tabs_and_comments() -> None:
    policy = Policy.parse(f"\n \t# said\n\t log\t{LOG}  https://x \nquorum   none")
    assert policy.open(NOTE).checkpoint == HEAD
    assert policy.open(NOTE).cosignatures == ()


@pytest.mark.parametrize(
    "change",
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"index 7", b"index 07"),
        (b"index 7", b"index  7"),
        (b"index 7\n", b""),
        (b"index 7\n", b"index 7\n" + b"A" * 43 + b"=\n" * 1),
        (b"index 7\n", b"index 7\n" + (b"A" * 43 + b"=\n") * 64),
        (b"index 7\n", b"index 7\nAAAA\n"),
        (b"index 7\n", b"extra !\nindex 7\n"),
        (b"index 7\n", b"extra " + b"AAAA" * 30_000 + b"\nindex 7\n"),
        (b"index 7\n", b"index 7\n\n"),
        (b"\n\n", b"\n"),
        (b"\n11\n", b"\n12\n"),
    ],
)
def test_a_changed_proof_is_refused(change: tuple[bytes, bytes]) -> None:
    data = proof_of(7).encode()
    changed = data.replace(*change)
    assert changed != data
    with pytest.raises(LogInvalid):
        TlogProof.parse(changed).verify(LEAVES[7], POLICY)


def test_a_proof_longer_than_a_note_may_be_is_refused_unread() -> None:
    with pytest.raises(LogInvalid):
        TlogProof.parse(b"c2sp.org/tlog-proof@v1\n" + b"x" * 1_000_000)


def test_a_checkpoint_of_no_log_of_the_policy_is_refused() -> None:
    other = VerifierKey("other.example", key_of("office").public)
    with pytest.raises(LogInvalid):
        Policy.parse(f"log {other}\nquorum none\n").open(NOTE)


def test_a_policy_has_bounds() -> None:
    def witnesses(count: int) -> list[str]:
        return [f"witness w{number} {witness_key(f'w{number}')}" for number in range(count)]

    assert len(Policy.parse("\n".join([*witnesses(64), "quorum none"])).witnesses) == 64
    groups = [f"group g{number} any w{number}" for number in range(64)]
    with pytest.raises(LogInvalid):
        Policy.parse("\n".join([*witnesses(65), *groups, "group g64 any w64", "quorum none"]))
    logs = [f"log {VerifierKey(f'l{number}.example', key_of(f'l{number}').public)}" for number in range(33)]
    with pytest.raises(LogInvalid):
        Policy.parse("\n".join([*logs, "quorum none"]))
