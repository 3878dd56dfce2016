"""OpenSSL's command agrees: raw Ed25519 over the pre-authentication encoding, of records and of everything else that we sign."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from signing.signatures import PublicKey, Purpose, pae, verify
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import ProofWorld, key_of

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the Debian package openssl")

PUBLIC = bytes.fromhex("302a300506032b6570032100")
PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
"""How a raw Ed25519 key begins as a file (RFC 8410)."""


def written(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def pem(kind: str, data: bytes) -> bytes:
    return (
        f"-----BEGIN {kind} KEY-----\n{base64.b64encode(data).decode()}\n-----END {kind} KEY-----\n".encode()
    )


def openssl_believes(folder: Path, key: PublicKey, message: bytes, signature: bytes) -> bool:
    done = subprocess.run(
        [
            "openssl", "pkeyutl", "-verify", "-pubin", "-rawin",
            "-inkey", written(folder, "key.pem", pem("PUBLIC", PUBLIC + key.raw)),
            "-in", written(folder, "message", message),
            "-sigfile", written(folder, "signature", signature),
        ],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


@pytest.mark.parametrize("name", ["Lan", "registry"])
def test_it_verifies_our_records(tmp_path: Path, name: str) -> None:
    world = ProofWorld()
    record = world.record("Lan", content=CONTENT, facts=FACTS) if name == "Lan" else world.lan()
    key, message = key_of(name).public, pae(Purpose.RECORD, record.header)
    assert openssl_believes(tmp_path, key, message, record.signature)
    assert not openssl_believes(tmp_path, key, message[:-1] + b"]", record.signature)
    assert not openssl_believes(tmp_path, key, record.header, record.signature), (
        "the purpose is part of what is signed"
    )
    assert not openssl_believes(tmp_path, key_of("stranger").public, message, record.signature)


def test_we_verify_what_it_signs(tmp_path: Path) -> None:
    signer, header = key_of("Lan"), b'{"seq":1}'
    done = subprocess.run(
        [
            "openssl", "pkeyutl", "-sign", "-rawin",
            "-inkey", written(tmp_path, "secret.pem", pem("PRIVATE", PRIVATE + signer.seed)),
            "-in", written(tmp_path, "message", pae(Purpose.RECORD, header)),
            "-out", str(tmp_path / "signature"),
        ],
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.returncode == 0
    signature = (tmp_path / "signature").read_bytes()
    verify(signer.public, Purpose.RECORD, header, signature)
    assert signature == signer.sign(Purpose.RECORD, header)
