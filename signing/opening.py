"""What a person hands over, made into what `verify` reads: a picture of a code, or a PDF with a proof inside, or the thing itself.

Nothing is verified here, and what cannot be opened is handed on as it is: `verify` then says that it is none of the known
forms. Reading pictures needs the optional package of the extra `verify`; without it a picture stays a picture.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import Final

from PIL import Image

from signing.proof_file import FORMAT, PROOF_BYTES_MAX
from signing.qr import PREFIX

try:
    import zxingcpp
except ImportError:  # the extra `verify` is not installed
    zxingcpp = None  # type: ignore[assignment]

INPUT_BYTES_MAX: Final = 3 * 1024 * 1024
PICTURE_PIXELS_MAX: Final = 16_000_000

_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"BM", b"GIF8")
_PDF: Final = b"%PDF-"
_STREAM: Final = re.compile(rb"stream\r?\n")
_STREAMS_MAX: Final = 2_000
_MARK: Final = f'"format":"{FORMAT}"'.encode()


def opened_input(data: bytes) -> bytes:
    """The proof, record or code text inside; the input itself where there is none."""
    if data.startswith(_PICTURES):
        return _code_in_picture(data) or data
    if data.startswith(_PDF):
        return next(_proofs_in_pdf(data), data)
    return data


def _code_in_picture(data: bytes) -> bytes | None:
    """The text of the first code of ours in a picture."""
    if zxingcpp is None:
        return None
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > PICTURE_PIXELS_MAX:
                return None
            found = zxingcpp.read_barcodes(picture.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return next((code.text.encode() for code in found if code.text.startswith(PREFIX)), None)


def _proofs_in_pdf(data: bytes) -> Iterator[bytes]:
    """The streams of a PDF that hold a proof, as they are or deflated; whatever the PDF says about them is ignored."""
    for number, begin in enumerate(_STREAM.finditer(data)):
        if number >= _STREAMS_MAX:
            return
        end = data.find(b"endstream", begin.end())
        stream = data[begin.end() : end if end >= 0 else None]
        for candidate in (stream.rstrip(b"\r\n"), _inflated(stream)):
            if candidate.startswith(b"{") and _MARK in candidate:
                yield candidate


def _inflated(stream: bytes) -> bytes:
    """At most one byte more than a proof may have."""
    try:
        return zlib.decompressobj().decompress(stream, PROOF_BYTES_MAX + 1)
    except zlib.error:
        return b""
