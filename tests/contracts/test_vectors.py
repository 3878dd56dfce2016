"""Vectors that others published: Wycheproof and speccheck for Ed25519, COSE, the JCS author's files for canonical JSON,
transparency-dev's Merkle proofs.

They lie beside the repository and are never copied into it; where they are absent these tests are skipped, visibly.
"""

import base64
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing import cbor, cose
from signing.canonical import INTEGER_MAX, decode, encode
from signing.errors import LogInvalid, NotCanonical, SignatureInvalid
from signing.signatures import PublicKey, verify_batch
from signing.tlog import merkle

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no published vectors at {VECTORS}")


def loaded(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def accepts(raw_key: str, message: str, signature: str) -> bool:
    """The whole rule as records meet it: the key must be one, then the signature must hold."""
    try:
        key = PublicKey.from_hex(raw_key)
    except SignatureInvalid:
        return False
    return verify_batch([(key.raw, bytes.fromhex(message), bytes.fromhex(signature))])[0]


def test_wycheproof_ed25519() -> None:
    answers = [
        (test["tcId"], accepts(group["publicKey"]["pk"], test["msg"], test["sig"]), test["result"] == "valid")
        for group in loaded("wycheproof/ed25519_test.json")["testGroups"]
        for test in group["tests"]
    ]
    assert len(answers) == 151
    assert [case for case, found, expected in answers if found is not expected] == []


def test_wycheproof_p256() -> None:
    """The library on which legal signatures and the hub's certificates rest; our own records never use this curve."""
    answers = []
    for group in loaded("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json")["testGroups"]:
        key = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), bytes.fromhex(group["publicKey"]["uncompressed"])
        )
        for test in group["tests"]:
            holds = _holds_on_p256(key, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
            answers.append((test["tcId"], holds, test["result"] == "valid"))
    assert len(answers) == 262
    assert [case for case, found, expected in answers if found is not expected] == []


def _holds_on_p256(key: ec.EllipticCurvePublicKey, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def test_speccheck_accepts_case_3_alone() -> None:
    cases = loaded("ed25519-speccheck/cases.json")
    items = [
        (bytes.fromhex(case["pub_key"]), bytes.fromhex(case["message"]), bytes.fromhex(case["signature"]))
        for case in cases
    ]
    assert [index for index, holds in enumerate(verify_batch(items)) if holds] == [3]
    assert len(items) == 12


def test_speccheck_keys_are_refused_already_when_read() -> None:
    """Case 3 has a key with torsion: its signature holds, but no such key can be enrolled."""
    cases = loaded("ed25519-speccheck/cases.json")
    assert not any(accepts(case["pub_key"], case["message"], case["signature"]) for case in cases)


def is_in_profile(value: Any) -> bool:
    """Whether our restricted form has a place for a value, told apart without our encoder."""
    if isinstance(value, dict):
        return all(key.isascii() and is_in_profile(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_in_profile, value))
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value) == value
    if isinstance(value, float):
        return False
    return not isinstance(value, int) or abs(value) <= INTEGER_MAX


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "unicode", "values", "weird"])
def test_jcs(name: str) -> None:
    """What is in our profile encodes to the published bytes; what is not is refused both ways."""
    value = loaded(f"jcs/input/{name}.json")
    output = (VECTORS / "jcs" / "output" / f"{name}.json").read_bytes()
    if is_in_profile(value):
        assert encode(value) == output
    else:
        with pytest.raises(NotCanonical):
            encode(value)
    if is_in_profile(json.loads(output)):  # the output writes 56.0 as 56
        assert decode(output, size_bytes_max=len(output)) == value
    else:
        with pytest.raises(NotCanonical):
            decode(output, size_bytes_max=len(output))


def test_jcs_reaches_both_sides() -> None:
    names = [path.stem for path in (VECTORS / "jcs" / "input").iterdir()]
    inside = [name for name in names if is_in_profile(loaded(f"jcs/input/{name}.json"))]
    assert 0 < len(inside) < len(names)


# --- Merkle trees ----------------------------------------------------------------------------------------------------


def merkle_vectors(folder: str) -> list[Path]:
    found = sorted((VECTORS / "merkle" / folder).rglob("*.json"))
    assert found
    return found


def hash_of(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def merkle_answers(folder: str, verify: Callable[[Any, list[bytes]], None]) -> tuple[int, list[str]]:
    """How many vectors there are, and those that we judge otherwise than their authors."""
    other = []
    paths = merkle_vectors(folder)
    for path in paths:
        case = json.loads(path.read_text(encoding="utf-8"))
        try:
            verify(case, [hash_of(text) for text in case.get("proof") or []])
            refused = False
        except LogInvalid:
            refused = True
        if refused is not case["wantErr"]:
            other.append(str(path.relative_to(VECTORS)))
    return len(paths), other


def test_merkle_inclusion() -> None:
    def verify(case: Any, proof: list[bytes]) -> None:
        leaf, root = hash_of(case["leafHash"]), hash_of(case["root"])
        merkle.verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)

    assert merkle_answers("inclusion", verify) == (98, [])


def test_merkle_consistency() -> None:
    def verify(case: Any, proof: list[bytes]) -> None:
        old, new = hash_of(case["root1"]), hash_of(case["root2"])
        merkle.verify_consistency(case["size1"], old, case["size2"], new, proof)

    count, other = merkle_answers("consistency", verify)
    assert count > 90
    assert other == []


def test_merkle_subtrees() -> None:
    """A subtree is a tree of its own leaves, and its root follows from the whole tree's."""

    def verify_leaf(case: Any, proof: list[bytes]) -> None:
        start, end, index = case["start"], case["end"], case["leafIdx"]
        if not 0 <= start < end or start % (1 << (end - start - 1).bit_length()):
            raise LogInvalid("no subtree")
        root = hash_of(case["root"])
        merkle.verify_inclusion(hash_of(case["leafHash"]), index - start, end - start, proof, root)

    def verify_subtree(case: Any, proof: list[bytes]) -> None:
        part, root = hash_of(case["root1"]), hash_of(case["root2"])
        merkle.verify_subtree(case["start"], case["end"], part, case["size"], root, proof)

    leaves, other_leaves = merkle_answers("subtreeinclusion", verify_leaf)
    subtrees, other_subtrees = merkle_answers("subtreeconsistency", verify_subtree)
    assert leaves + subtrees > 300
    assert other_leaves == []
    assert other_subtrees == []


def cose_parts(case: Any) -> tuple[bytes, bytes, bytes] | None:
    """Protected header, payload and signature of a vector, as far as our CBOR subset reads it."""
    data = bytes.fromhex(case["output"]["cbor"])
    try:
        value = cbor.decode(data[1:] if data[:1] == cose.SIGN1_TAG else data, size_bytes_max=len(data))
    except NotCanonical:
        return None
    protected, _, payload, signature = value  # type: ignore[misc]
    return protected, payload, signature  # type: ignore[return-value]


def test_cose_sign1_with_ed25519() -> None:
    """The published signature holds over the bytes that we say are signed."""
    case = loaded("cose/eddsa-examples/eddsa-sig-01.json")
    parts = cose_parts(case)
    assert parts is not None
    protected, payload, signature = parts
    message = cose.signed_bytes(b"", payload, protected=protected)
    assert message.hex() == case["intermediates"]["ToBeSign_hex"].lower()
    assert accepts(case["input"]["sign0"]["key"]["x_hex"], message.hex(), signature.hex())


@pytest.mark.parametrize("name", ["pass-02", "pass-03", "fail-02"])
def test_cose_bytes_to_be_signed(name: str) -> None:
    """External data stands where the standard puts it; a changed payload gives other bytes."""
    case = loaded(f"cose/sign1-tests/sign-{name}.json")
    parts = cose_parts(case)
    assert parts is not None
    external = bytes.fromhex(case["input"]["sign0"].get("external", ""))
    message = cose.signed_bytes(external, parts[1], protected=parts[0]).hex()
    assert (message == case["intermediates"]["ToBeSign_hex"].lower()) is name.startswith("pass")


@pytest.mark.parametrize(
    "path", sorted((VECTORS / "cose" / "sign1-tests").glob("*.json")), ids=lambda path: path.stem
)
def test_our_profile_reads_no_other_cose(path: Path) -> None:
    """Another algorithm, tag or header, good or bad, is not ours."""
    data = bytes.fromhex(json.loads(path.read_text(encoding="utf-8"))["output"]["cbor"])
    with pytest.raises(NotCanonical):
        cose.Sign1.decode(data, size_bytes_max=len(data))
