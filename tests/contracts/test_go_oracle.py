"""Go's own transparency log code agrees with our notes, proofs and tiles, and refuses what we refuse.

Debian packages golang-go and golang-golang-x-mod-dev; where they are absent the tests are skipped and say so.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from central_hub.tlog.sequencer import advance
from signing.keys import SigningKey
from signing.tlog import merkle, tiles
from signing.tlog.checkpoint import Checkpoint, sign_checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.merkle import Edge, Node
from signing.tlog.note import Note, VerifierKey, with_signatures
from signing.tlog.proof import TlogProof
from tests.support.hub import NOW_MS, found_province, receive

SOURCE = Path(__file__).parent / "go" / "sumdb.go"
GOPATH = Path("/usr/share/gocode")
GOLDEN = Path(__file__).parents[1] / "golden" / "tlog"

pytestmark = [
    pytest.mark.skipif(shutil.which("go") is None, reason="needs the Debian package golang-go"),
    pytest.mark.skipif(
        not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
        reason="needs the Debian package golang-golang-x-mod-dev",
    ),
]

KEY = SigningKey.from_seed(b"the log of the oracle".ljust(32, b"."))
LOG = VerifierKey("log.motcua.example/48", KEY.public)
SIZE = 70_001
LEAVES = [b"leaf %d" % number for number in range(SIZE)]

Ask = Callable[..., dict[str, list[str]]]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The Go program, built once; asks it one question."""
    program = tmp_path_factory.mktemp("go") / "sumdb"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(GOPATH),
        "GOCACHE": str(program.parent / "cache"),
        "GOFLAGS": "",
    }
    subprocess.run(["go", "build", "-o", str(program), str(SOURCE)], check=True, env=environment)

    def asked(**members: Any) -> dict[str, list[str]]:
        question = json.dumps({name.capitalize(): value for name, value in members.items()}, default=_base64)
        done = subprocess.run([str(program)], input=question.encode(), capture_output=True, check=True)
        answer: dict[str, list[str]] = json.loads(done.stdout)
        return answer

    return asked


def _base64(value: object) -> str:
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode()


@pytest.fixture(scope="module")
def nodes() -> dict[Node, bytes]:
    return dict(Edge().append([merkle.leaf_hash(leaf) for leaf in LEAVES])[1])


def head(size: int = SIZE) -> Checkpoint:
    return Checkpoint(
        LOG.name, size, Edge().append([merkle.leaf_hash(leaf) for leaf in LEAVES[:size]])[0].root
    )


def inclusion(nodes: dict[Node, bytes], index: int) -> dict[str, Any]:
    proof = merkle.inclusion_proof(index, SIZE, lambda asked: [nodes[node] for node in asked])
    return {"Leaf": LEAVES[index], "Index": index, "Proof": proof}


def files(nodes: dict[Node, bytes]) -> dict[str, bytes]:
    return {
        tile.path: b"".join(nodes[Node(8 * tile.level, tile.index * 256 + at)] for at in range(tile.width))
        for tile in tiles.tiles_of(SIZE)
    }


def test_go_believes_what_we_prove(ask: Ask, nodes: dict[Node, bytes]) -> None:
    witness = SigningKey.from_seed(b"w" * 32)
    note = with_signatures(
        sign_checkpoint(head(), KEY), [cosign(head(), "witness.example", 1_790_000_000, witness)]
    )
    consistency = []
    for old in (1, 255, 256, 300, 65_536, SIZE):
        proof = merkle.consistency_proof(old, SIZE, lambda asked: [nodes[node] for node in asked])
        consistency.append({"Old": old, "OldRoot": head(old).root, "Proof": proof})
    answer = ask(
        key=str(LOG),
        note=note.encode(),
        inclusions=[inclusion(nodes, index) for index in (0, 1, 255, 256, 65_535, 65_536, SIZE - 1)],
        consistency=consistency,
        tiles=files(nodes),
    )
    assert set(answer) == {"key", "note", "root", "inclusion", "consistency", "tiles"}
    assert {outcome for outcomes in answer.values() for outcome in outcomes} == {"ok"}


def test_go_refuses_what_was_changed(ask: Ask, nodes: dict[Node, bytes]) -> None:
    good = inclusion(nodes, 300)
    spoiled = {**good, "Proof": [bytes(32), *good["Proof"][1:]]}
    moved = {**good, "Index": 301}
    proof = merkle.consistency_proof(300, SIZE, lambda asked: [nodes[node] for node in asked])
    answer = ask(
        key=str(LOG),
        note=sign_checkpoint(head(), KEY).encode(),
        inclusions=[spoiled, moved],
        consistency=[{"Old": 300, "OldRoot": head(299).root, "Proof": proof}],
        tiles={path: bytes(len(data)) for path, data in files(nodes).items()},
    )
    assert answer["note"] == ["ok"]
    assert "ok" not in answer["inclusion"] + answer["consistency"] + answer["tiles"]


def test_go_refuses_a_note_of_another_key_or_text(ask: Ask) -> None:
    other = VerifierKey(LOG.name, SigningKey.from_seed(b"o" * 32).public)
    note = sign_checkpoint(head(), KEY)
    assert ask(key=str(other), note=note.encode())["note"] != ["ok"]
    changed = Note(note.text.replace(str(SIZE), str(SIZE + 1)), note.signatures)
    assert ask(key=str(LOG), note=changed.encode())["note"] != ["ok"]


def test_go_believes_the_golden_files(ask: Ask) -> None:
    proof = TlogProof.parse((GOLDEN / "leaf-7.tlog-proof").read_bytes())
    key = next(
        line.split()[1]
        for line in (GOLDEN / "policy").read_text(encoding="utf-8").splitlines()
        if line.startswith("log ")
    )
    leaf = (
        b'{"by":"' + b"ab" * 16 + b'","kind":"dossier.received","link":"' + b"%064x" % 7
        + b'","log":"' + b"cd" * 16 + b'","seq":7,"v":1}'
    )  # fmt: skip
    answer = ask(
        key=key,
        note=(GOLDEN / "checkpoint").read_bytes(),
        inclusions=[{"Leaf": leaf, "Index": proof.index, "Proof": list(proof.hashes)}],
    )
    assert answer["note"] == answer["inclusion"] == ["ok"]


def test_go_believes_the_proofs_that_the_hub_hands_out(ask: Ask, tmp_path: Path) -> None:
    """Leaf, path and checkpoint as anybody fetches them from `/tlog`."""
    hub = found_province(tmp_path)
    desk = hub.enrol("20242")
    for number in range(3):
        receive(desk, NOW_MS, number)
    hub.deliver(desk)
    advance(hub.services, at_once=True)
    policy, visitor = hub.services.keys.bundle.policy, hub.browser(None)
    assert policy is not None
    proofs = [TlogProof.parse(visitor.get(f"/tlog/proof/{index}").data) for index in range(3)]
    size = Checkpoint.parse(proofs[0].checkpoint.text).size
    tile = tiles.Tile(tiles.ENTRIES, 0, size)
    leaves = tiles.decode_entries(visitor.get(f"/tlog/{tile.path}").data, width=size)
    answer = ask(
        key=str(policy.logs[0]),
        note=proofs[0].checkpoint.encode(),
        inclusions=[
            {"Leaf": leaves[proof.index], "Index": proof.index, "Proof": list(proof.hashes)}
            for proof in proofs
        ],
    )
    assert answer["note"] == ["ok"]
    assert answer["inclusion"] == ["ok"] * 3
