"""Cases about the form of a file and about one record's signature, body and header."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson

from signing import canonical
from signing.exported import ExportedRecord, encode_export
from signing.proof_file import encode_proof
from signing.roles import Role
from signing.signatures import Purpose
from tests.support.corpus.cases import Corpus
from tests.support.proof_world import HAI_CHAU, HOA_VANG, ProofWorld, bare, hex_of, key_of

CONTENT: Final = {"fields": {"applicant.name": "Nguyễn Văn An", "summary": "Đăng ký khai sinh"}}
FACTS: Final = {"code": "H17.20242-261122-0001", "fields": ["applicant.name", "summary"], "sets": 1}
ORDER_L: Final = 2**252 + 27742317777372353535851937790883648493


def tell(corpus: Corpus) -> None:
    world = ProofWorld()
    corpus.trust["province"] = world.envelope()
    corpus.trust["no-log"] = world.envelope(policy=None, status=[])
    corpus.trust["other-root"] = world.envelope(
        roots=[key_of("other root").public],
        registry=[key_of("other registry").public],
        signers=[key_of("other root")],
    )
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS), 40)
    lan = world.put(world.lan(), 10)
    whole = encode_proof(world.proof(record, statements=[lan]))
    _good(corpus, world, record, lan, whole)
    _altered(corpus, world, record, lan)
    _signatures(corpus, world, record, lan)
    _headers(corpus, world, lan)
    _spellings(corpus, whole)
    _hostile(corpus)


def _good(corpus: Corpus, world: ProofWorld, record: ExportedRecord, lan: ExportedRecord, whole: bytes) -> None:  # fmt: skip
    corpus.passed("logged", whole)
    corpus.passed("exported-record", encode_export(record, [lan]))
    corpus.passed("unlogged", encode_proof(world.proof(record, statements=[lan], checkpoints=[])))
    corpus.passed("under-a-bundle-without-a-log", whole, trust="no-log")
    corpus.passed(
        "without-a-body", encode_proof(world.proof(world.record("Lan", facts=FACTS), statements=[lan]))
    )
    corpus.passed(
        "by-the-hub", encode_proof(world.proof(world.record("hub", kind="verdict.given", commune="48")))
    )
    files = [hex_of("scan", 64)]
    scanned = world.put(
        world.record("Lan", content=CONTENT | {"files": [{"sha256": files[0]}]}, facts=FACTS), 41
    )
    corpus.passed("attachment", encode_proof(world.proof(scanned, statements=[lan], attachments=files)))
    corpus.failed("attachment-of-another-record", encode_proof(world.proof(record, statements=[lan], attachments=files)), "HASH_FAILURE")  # fmt: skip
    corpus.open("attachment-without-content", encode_proof(world.proof(bare(scanned), statements=[lan], attachments=files)), "SIGNED_DATA_NOT_FOUND")  # fmt: skip
    three = [world.record("Lan", seq=seq, kind="dossier.noted", content=CONTENT) for seq in (8, 20, 30)]
    corpus.passed("three-records", encode_proof(world.proof(*three, statements=[lan])))
    corpus.open("three-records-one-withheld", encode_proof(world.proof(three[0], bare(three[1]), three[2], statements=[lan])), "SIGNED_DATA_NOT_FOUND")  # fmt: skip
    bad = replace(three[1], signature=bytes(64))
    corpus.failed("three-records-one-forged", encode_proof(world.proof(three[0], bad, three[2], statements=[lan])), "SIG_CRYPTO_FAILURE")  # fmt: skip
    corpus.open("content-withheld", encode_proof(world.proof(bare(record), statements=[lan])), "SIGNED_DATA_NOT_FOUND")  # fmt: skip
    corpus.open(
        "exported-record-content-withheld", encode_export(bare(record), [lan]), "SIGNED_DATA_NOT_FOUND"
    )
    _erased(corpus, world, record, lan)
    for year, at in {"1970": 0, "before-1970": -(2**50), "2099": 4_102_444_799_000, "far": 2**53 - 1}.items():
        claimed = world.put(world.record("Lan", content=CONTENT, facts=FACTS, at=[at, 0]), 42)
        corpus.passed(f"clock-{year}", encode_proof(world.proof(claimed, statements=[lan])))


def _erased(corpus: Corpus, world: ProofWorld, record: ExportedRecord, lan: ExportedRecord) -> None:
    leader = world.stated(world.statement("Bình", Role.LEADER))
    body = {"number": "12/QĐ-UBND", "date": "2026-11-20"}
    facts = {"dossier": hex_of("dossier"), "records": [], "ground": "request"}
    order = world.record("Bình", kind="erasure.ordered", seq=9, facts=facts, content=body)
    corpus.open("content-erased-by-order", encode_proof(world.proof(bare(record), order, statements=[lan, leader])), "SIGNED_DATA_NOT_FOUND")  # fmt: skip


def _altered(corpus: Corpus, world: ProofWorld, record: ExportedRecord, lan: ExportedRecord) -> None:
    def told(changed: ExportedRecord, **options: Any) -> bytes:
        return encode_proof(world.proof(changed, statements=[lan], **options))

    for name, (old, new) in {
        "code": (b"-0001", b"-0002"),
        "sets": (b'"sets":1', b'"sets":2'),
        "unit": (HAI_CHAU.encode(), HOA_VANG.encode()),
        "kind": (b"dossier.received", b"dossier.assigned"),
        "dossier": (hex_of("dossier").encode(), hex_of("other dossier").encode()),
        "sequence": (b'"seq":5', b'"seq":6'),
        "clock": (b'"offset":[120', b'"offset":[121'),
    }.items():
        assert old in record.header
        corpus.failed(f"altered-{name}", told(replace(record, header=record.header.replace(old, new))), "SIG_CRYPTO_FAILURE")  # fmt: skip
    assert record.content is not None
    for name, content in {
        "name": record.content.replace("Văn An".encode(), "Văn Ân".encode()),
        "emptied": b"{}",
        "no-bytes": b"",
        "not-canonical": b" " + record.content,
    }.items():
        corpus.failed(f"altered-content-{name}", told(replace(record, content=content)), "HASH_FAILURE")
    corpus.failed("altered-salt", told(replace(record, salt=bytes(16))), "HASH_FAILURE")
    extra = replace(world.record("Lan", facts=FACTS), salt=bytes(16), content=b"{}")
    corpus.failed("content-nobody-signed", told(extra), "HASH_FAILURE")
    altered_bare = bare(replace(record, signature=bytes(64)))
    corpus.failed("altered-and-withheld", told(altered_bare), "SIG_CRYPTO_FAILURE")


def _signatures(corpus: Corpus, world: ProofWorld, record: ExportedRecord, lan: ExportedRecord) -> None:
    signature = record.signature
    scalar = int.from_bytes(signature[32:], "little")
    identity = b"\x01" + bytes(31)
    forged = {
        "zero": bytes(64),
        "empty": b"",
        "63-bytes": signature[:63],
        "65-bytes": signature + b"\x00",
        "twice": signature * 2,
        "r-flipped": bytes([signature[0] ^ 1]) + signature[1:],
        "s-flipped": signature[:32] + bytes([signature[32] ^ 1]) + signature[33:],
        "s-plus-order": signature[:32] + (scalar + ORDER_L).to_bytes(32, "little"),
        "s-negated": signature[:32] + (ORDER_L - scalar).to_bytes(32, "little"),
        "r-of-small-order": identity + signature[32:],
        "r-not-canonical": b"\xee" + b"\xff" * 30 + b"\x7f" + signature[32:],
        "halves-swapped": signature[32:] + signature[:32],
        "of-another-record": world.lan().signature,
        "for-a-seal": key_of("Lan").sign(Purpose.SEAL, record.header),
        "for-a-bundle": key_of("Lan").sign(Purpose.TRUST_BUNDLE, record.header),
        "without-purpose": key_of("Lan").sign_plain(record.header),
        "by-another-officer": key_of("Hùng").sign(Purpose.RECORD, record.header),
        "by-the-root": key_of("root").sign(Purpose.RECORD, record.header),
    }
    for name, bytes_ in forged.items():
        data = encode_proof(world.proof(replace(record, signature=bytes_), statements=[lan]))
        corpus.failed(f"signature-{name}", data, "SIG_CRYPTO_FAILURE")


def _headers(corpus: Corpus, world: ProofWorld, lan: ExportedRecord) -> None:
    def told(**changes: Any) -> bytes:
        return encode_proof(world.proof(world.record("Lan", facts=FACTS, **changes), statements=[lan]))

    shapes: dict[str, dict[str, Any]] = {
        "version-text": {"v": "1"},
        "version-true": {"v": True},
        "facts-list": {"facts": []},
        "kind-absent": {"kind": None},
        "unit-number": {"commune": 20242},
        "log-short": {"log": "ab"},
        "seq-negative": {"seq": -1},
        "first-with-predecessor": {"seq": 0, "prev": "ab" * 32},
        "second-without-predecessor": {"seq": 5, "prev": None},
        "prev-short": {"prev": "ab"},
        "dossier-number": {"dossier": 7},
        "body-number": {"body": 7},
        "anchor-text": {"anchor": "x"},
        "anchor-root-short": {"anchor": {"origin": "x", "size": 1, "root": "ab"}},
    }
    for name, changes in shapes.items():
        fields = orjson.loads(world.record("Lan", facts=FACTS).header) | changes
        header = canonical.encode(fields)
        signed = ExportedRecord(header=header, signature=key_of("Lan").sign(Purpose.RECORD, header))
        corpus.failed(f"header-{name}", encode_proof(world.proof_of(signed, lan)), "FORMAT_FAILURE")
    corpus.open("header-later-version", told(v=2), "FORMAT_FAILURE")
    corpus.open(
        "header-later-version-of-more-roles", told(v=2, kind="verdict.given"), "FORMAT_FAILURE", "MC_ROLE"
    )
    corpus.open("header-later-version-with-more", told(v=3, place={"room": 7}), "FORMAT_FAILURE")
    corpus.failed("header-version-0-of-a-stranger", told(v=0, kind="verdict.given"), "MC_ROLE")
    for name, header in {"none": b"", "list": b"[]", "empty": b"{}", "not-canonical": b'{"v": 1}'}.items():
        signed = ExportedRecord(header=header, signature=key_of("Lan").sign(Purpose.RECORD, header))
        corpus.failed(f"header-is-{name}", encode_proof(world.proof_of(signed, lan)), "FORMAT_FAILURE")
    shape = ExportedRecord(header=b"", signature=b"", salt=bytes(16), content=b"[]")
    listed = replace(world.record("Lan", facts=FACTS, body=shape.body_hash), salt=bytes(16), content=b"[]")
    corpus.failed("content-is-a-list", encode_proof(world.proof(listed, statements=[lan])), "FORMAT_FAILURE")


def _spellings(corpus: Corpus, whole: bytes) -> None:
    """The same value in another spelling, or a part of it, is not the file."""
    fields = orjson.loads(whole)

    def with_(**members: Any) -> bytes:
        return canonical.encode(fields | members)

    empty = {"header": "", "inclusions": [], "signature": ""}
    spaced = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    for name, data in {
        "indented": spaced,
        "newline-at-the-end": whole + b"\n",
        "byte-order-mark": b"\xef\xbb\xbf" + whole,
        "utf-16": whole.decode().encode("utf-16"),
        "escaped": whole.replace(b"motcua-proof/1", b"motcua\\u002dproof/1"),
        "member-twice": b'{"format":"motcua-proof/1",' + whole[1:],
        "index-as-float": whole.replace(b'"index":40', b'"index":40.0'),
        "index-as-exponent": whole.replace(b'"index":40', b'"index":4e1'),
        "index-too-large": whole.replace(b'"index":40', b'"index":9007199254740992'),
        "index-negative": whole.replace(b'"index":40', b'"index":-40'),
        "index-text": whole.replace(b'"index":40', b'"index":"40"'),
        "later-format": with_(format="motcua-proof/2"),
        "no-records": with_(records=[]),
        "member-more": with_(note="x"),
        "member-less": canonical.encode({key: fields[key] for key in fields if key != "status"}),
        "record-member-more": with_(records=[fields["records"][0] | {"note": "x"}]),
        "base64-without-padding": whole.replace(b'=="', b'"', 1),
        "base64-with-a-newline": whole.replace(b'"header":"', b'"header":"\\n', 1),
        "base64-url": with_(status="_-__"),
        "checkpoint-out-of-range": whole.replace(b'"checkpoint":0', b'"checkpoint":1'),
        "salt-short": with_(records=[fields["records"][0] | {"salt": "AAAA"}]),
        "65-records": with_(records=[empty] * 65),
        "65-statements": with_(statements=[empty] * 65),
        "17-checkpoints": with_(checkpoints=["x"] * 17),
        "64-hashes": with_(records=[_with_hashes(fields["records"][0], 64)]),
    }.items():
        corpus.bad_input(f"spelling-{name}", data)
    for part in (1, 2, 3, 5, 10, 50, 90, 99):
        corpus.bad_input(f"truncated-{part}-percent", whole[: len(whole) * part // 100])
    corpus.bad_input("without-its-first-byte", whole[1:])
    corpus.bad_input("twice", whole * 2)


def _with_hashes(record: dict[str, Any], count: int) -> dict[str, Any]:
    inclusion = record["inclusions"][0]
    return record | {"inclusions": [inclusion | {"hashes": inclusion["hashes"][:1] * count}]}


def _hostile(corpus: Corpus) -> None:
    for name, data in {
        "nothing": b"",
        "null": b"null",
        "number": b"1",
        "text": b'"motcua-proof/1"',
        "empty-object": b"{}",
        "empty-list": b"[]",
        "not-utf-8": b"\xff" * 64,
        "zero-bytes": bytes(64),
        "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "zip": b"PK\x03\x04" + bytes(26),
        "html": b"<!doctype html><script>alert(1)</script>",
        "link": b"https://motcua.example/verify?ok=1",
        "nested-lists": b"[" * 5000 + b"]" * 5000,
        "nested-objects": b'{"a":' * 900 + b"1" + b"}" * 900,
        "unclosed": b'{"format":"motcua-proof/1","records":[' + b"[" * 2000,
        "lone-surrogate": b'{"format":"\\ud800"}',
        "not-nfc": canonical.encode({"format": "x"}).replace(b"x", "e\u0301".encode()),
        "not-a-number": b'{"format":NaN}',
        "infinity": b'{"format":1e999}',
        "long-number": b'{"format":' + b"9" * 4000 + b"}",
        "key-not-ascii": '{"định":1}'.encode(),
        "other-format": b'{"format":"motcua-slip/1"}',
        "format-is-a-list": b'{"format":[]}',
        "trust-bundle": corpus.trust["province"],
    }.items():
        corpus.bad_input(f"hostile-{name}", data)
    corpus.bad_input("oversized", b"[", pad_bytes=1 << 20)
