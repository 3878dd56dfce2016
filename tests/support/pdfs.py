"""PDFs with a proof inside, as programs write them and as somebody hostile would; by name."""

from __future__ import annotations

import zlib
from random import Random

from signing.proof_file import PROOF_BYTES_MAX

_CODE_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)


def pdf(*streams: bytes, end: bytes = b"\r\nendstream endobj\n") -> bytes:
    """A PDF whose objects are these streams."""
    objects = b"".join(b"4 0 obj<<>>stream\r\n" + each + end for each in streams)
    return b"%PDF-1.7\n" + objects + b"%%EOF\n"


def sample_pdfs(proof: bytes) -> dict[str, bytes]:
    """Files that hold this proof somehow, and files that only look so."""
    packed = zlib.compress(proof)
    decoy = b'{"format":"other/1"}'
    return {
        "plain": pdf(b"BT (page) ET", proof),
        "deflated": pdf(b"BT (page) ET", packed),
        "stored": pdf(zlib.compress(proof, 0)),
        "best": pdf(zlib.compress(proof, 9)),
        "many small blocks": pdf(_compressed(proof, memory_level=1)),
        "fixed codes": pdf(_compressed(proof, strategy=zlib.Z_FIXED)),
        "unix lines": pdf(packed, end=b"\nendstream\nendobj\n").replace(b"stream\r\n", b"stream\n"),
        "no end": pdf(packed)[: -len(b"\r\nendstream endobj\n%%EOF\n")],
        "one decoy": pdf(decoy, packed),
        "too many decoys": pdf(decoy, zlib.compress(decoy), packed),
        "two proofs": pdf(packed, proof.replace(b'"index":', b'"inDex":')),
        "cut": pdf(packed[:-20]),
        "wrong sum": pdf(packed[:-1] + bytes([packed[-1] ^ 1])),
        "changed within": pdf(_changed(packed)),
        "a dictionary asked for": pdf(b"\x78\xbb" + packed[2:]),
        "no header": pdf(packed[2:]),
        "mark only": pdf(b'{"format":"motcua-proof/1"'),
        "nothing": b"%PDF-1.7",
        "empty streams": pdf(*[b""] * 2_100, packed),
    }


def hostile_pdfs(size: int = 3 * 1024 * 1024) -> dict[str, bytes]:
    """Files of this size that cost a careless reader seconds or gigabytes; none holds a proof."""
    bomb = zlib.compress(b"{" + bytes(64 * PROOF_BYTES_MAX))
    blocks = b"\x78\x9c" + _brace_block() + _empty_blocks(PROOF_BYTES_MAX)
    return {
        "bombs": pdf(*[bomb] * (size // len(bomb))),
        "streams that never end": b"%PDF-1.7\n" + b"stream\n{" * (size // 8),
        "packed streams that never end": b"%PDF-1.7\n" + (b"stream\n" + bomb[:1_500]) * (size // 1_507),
        "nothing but codes": pdf(blocks, blocks),
        "nothing but s": b"%PDF-" + b"s" * size,
        "nothing but ends": b"%PDF-" + b"endstream\n" * (size // 10),
        "a brace and much more": pdf(b"{" * size),
    }


def spoiled_pdfs(proof: bytes, *, seed: int, count: int) -> list[bytes]:
    """PDFs with a deflated proof, each with a few bytes changed somewhere."""
    chance = Random(seed)
    whole = pdf(zlib.compress(proof))
    found = []
    for _ in range(count):
        changed = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(5, len(changed))] = chance.randrange(256)
        found.append(bytes(changed))
    return found


def _compressed(data: bytes, *, memory_level: int = 8, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, memory_level, strategy)
    return packer.compress(data) + packer.flush()


def _changed(packed: bytes) -> bytes:
    middle = len(packed) // 2
    return packed[:middle] + bytes([packed[middle] ^ 0x10]) + packed[middle + 1 :]


def _brace_block() -> bytes:
    """A stored block of one byte, so that what follows begins like a proof and on a whole byte."""
    return b"\x00\x01\x00\xfe\xff{"


def _empty_blocks(size: int) -> bytes:
    """Blocks that declare codes and then hold nothing, one after the other: 11.25 bytes each."""
    value, length = 0, 0
    lengths = {18: 1, 1: 1}
    fields = [
        (0, 1),
        (2, 2),
        (0, 5),
        (0, 5),
        (14, 4),
        *[(lengths.get(each, 0), 3) for each in _CODE_ORDER[:18]],
    ]
    fields += [(1, 1), (138 - 11, 7), (1, 1), (118 - 11, 7), (0, 1), (0, 1), (0, 1)]
    for _ in range(4):
        for number, bits in fields:
            value |= number << length
            length += bits
    return value.to_bytes(length // 8, "little") * (size * 8 // length)
