"""The proof file: one form, read strictly, within its limits."""

from typing import Any

import orjson
import pytest

from signing import canonical
from signing.errors import NotCanonical
from signing.exported import ExportedRecord
from signing.proof_file import (
    CHECKPOINT_CHARACTERS_MAX,
    CHECKPOINTS_MAX,
    HASHES_MAX,
    INCLUSIONS_MAX,
    PROOF_BYTES_MAX,
    RECORDS_MAX,
    AttachmentDigest,
    Inclusion,
    ProofFile,
    ProvenRecord,
    decode_proof,
    encode_proof,
)

RECORD = ExportedRecord(header=b"h", signature=b"s", salt=bytes(16), content=b"{}")
INCLUSION = Inclusion(checkpoint=0, index=5, hashes=(bytes(32), bytes([1]) * 32))
WHOLE = ProofFile(
    records=(ProvenRecord(record=RECORD, inclusions=(INCLUSION,)),),
    statements=(ProvenRecord(record=ExportedRecord(header=b"k", signature=b"t")),),
    checkpoints=("một sổ\n1\nAA==\n\n— một sổ AAAA\n",),
    status=b"snapshot",
    attachments=(AttachmentDigest(record=0, sha256="ab" * 32),),
)


def changed(**members: Any) -> bytes:
    return canonical.encode(orjson.loads(encode_proof(WHOLE)) | members)


def record(**members: Any) -> dict[str, Any]:
    fields: dict[str, Any] = orjson.loads(encode_proof(WHOLE))["records"][0]
    return fields | members


def inclusion(**members: Any) -> dict[str, Any]:
    return {"checkpoint": 0, "index": 5, "hashes": []} | members


def test_what_was_written_is_read() -> None:
    assert decode_proof(encode_proof(WHOLE)) == WHOLE
    bare = ProofFile(records=WHOLE.records[:1], checkpoints=WHOLE.checkpoints)
    assert decode_proof(encode_proof(bare)) == bare


def test_the_form_is_the_specified_one() -> None:
    fields = orjson.loads(encode_proof(WHOLE))
    assert fields["format"] == "motcua-proof/1"
    assert fields["status"] == "c25hcHNob3Q="
    assert fields["attachments"] == [{"record": 0, "sha256": "ab" * 32}]
    assert fields["records"][0].keys() == {"header", "signature", "salt", "content", "inclusions"}
    assert fields["records"][0]["inclusions"][0].keys() == {"checkpoint", "index", "hashes"}
    assert fields["statements"][0].keys() == {"header", "signature", "inclusions"}


@pytest.mark.parametrize(
    "members",
    [
        {"format": "motcua-proof/2"},
        {"more": 1},
        {"records": []},
        {"records": {}},
        {"records": [record()] * (RECORDS_MAX + 1)},
        {"records": [1]},
        {"records": [{"header": "", "signature": ""}]},
        {"records": [record(salt="AA==")]},
        {"records": [record(header="aA")]},
        {"records": [record(inclusions=[inclusion()] * (INCLUSIONS_MAX + 1))]},
        {"records": [record(inclusions=[inclusion(checkpoint=1)])]},
        {"records": [record(inclusions=[inclusion(checkpoint=True)])]},
        {"records": [record(inclusions=[inclusion(index=-1)])]},
        {"records": [record(inclusions=[inclusion(hashes=["AA=="])])]},
        {"records": [record(inclusions=[inclusion(hashes=["A" * 43 + "="] * (HASHES_MAX + 1))])]},
        {"records": [record(inclusions=[inclusion(more=1)])]},
        {"checkpoints": ["x"] * (CHECKPOINTS_MAX + 1)},
        {"checkpoints": [1]},
        {"checkpoints": ["x" * (CHECKPOINT_CHARACTERS_MAX + 1)]},
        {"checkpoints": []},
        {"status": 1},
        {"status": "c25hcHNob3Q"},
        {"attachments": [{"record": 1, "sha256": "ab" * 32}]},
        {"attachments": [{"record": 0, "sha256": "AB" * 32}]},
        {"attachments": [{"record": 0, "sha256": "ab"}]},
        {"attachments": [{"record": 0.5, "sha256": "ab" * 32}]},
        {"attachments": [{"record": 0, "sha256": "ab" * 32, "bytes": 7}]},
        {"attachments": [{"record": 0}]},
    ],
    ids=lambda members: str(members)[:40],
)
def test_any_other_form_is_refused(members: dict[str, Any]) -> None:
    data = orjson.dumps(orjson.loads(encode_proof(WHOLE)) | members, option=orjson.OPT_SORT_KEYS)
    with pytest.raises(NotCanonical):
        decode_proof(data)


def test_another_spelling_of_the_same_value_is_refused() -> None:
    data = encode_proof(WHOLE)
    for other in (b" " + data, data + b"\n", data.replace(b":5", b": 5"), data.replace(b":5", b":5e0")):
        with pytest.raises(NotCanonical):
            decode_proof(other)


def test_more_than_a_mebibyte_is_refused_unread() -> None:
    with pytest.raises(NotCanonical, match="limit"):
        decode_proof(b"[" * (PROOF_BYTES_MAX + 1))


def test_what_nobody_could_read_is_not_written() -> None:
    with pytest.raises(NotCanonical):
        encode_proof(ProofFile(records=()))
