"""How the store keeps a header: the signed bytes, with ids and hashes as bytes instead of as twice as many digits.

    00  then the text of the header, in which 01 stands for 32 hexadecimal digits (16 bytes follow), 02 for 64 (32 bytes)

Canonical JSON has no control characters, so a mark is never part of the text, and what comes out is what was signed, byte for
byte (`as_kept` makes sure, and keeps whatever else there may be as it is). A quarter of a record's place is saved. Rows that older
programs wrote begin with `{` and hold the text itself.
"""

import re
from binascii import hexlify, unhexlify
from typing import Final

_PACKED: Final = b"\x00"
_SHORT, _LONG = b"\x01", b"\x02"
_DIGITS: Final = re.compile(rb"[0-9a-f]{64}|[0-9a-f]{32}")
_MARKED: Final = re.compile(rb"\x01(.{16})|\x02(.{32})", re.DOTALL)
_LONG_DIGITS: Final = 64


def as_kept(header: bytes) -> bytes:
    """The bytes to store for a header's signed bytes."""
    kept = _PACKED + _DIGITS.sub(_packed, header)
    return kept if as_signed(kept) == header else header


def as_signed(kept: bytes) -> bytes:
    """The signed bytes of a header that was stored, however long ago."""
    return _MARKED.sub(_unpacked, kept[1:]) if kept[:1] == _PACKED else kept


def _packed(found: "re.Match[bytes]") -> bytes:
    digits = found[0]
    return (_LONG if len(digits) == _LONG_DIGITS else _SHORT) + unhexlify(digits)


def _unpacked(found: "re.Match[bytes]") -> bytes:
    return hexlify(found[1] or found[2])
