"""What a person hands over, made into what `verify` reads: a picture of a code, or a PDF with a proof inside, or the thing itself.

Nothing is verified here, and what holds nothing of ours is handed on as it is: `verify` then says that it is none of the known
forms. Two faults are this side's own and no word about the paper, so they are raised: pictures need the package of the extra
`verify`, and a program for typing Vietnamese turns letters of a scanned code into others (AA into Â, A1 into Á). What stood
there is not guessed.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import Final

from PIL import Image

from signing import reasons
from signing.errors import NotOpened
from signing.proof_file import FORMAT, PROOF_BYTES_MAX
from signing.qr import PREFIX

try:
    import zxingcpp
except ImportError:  # the extra `verify` is not installed
    zxingcpp = None  # type: ignore[assignment]

INPUT_BYTES_MAX: Final = 3 * 1024 * 1024
PICTURE_PIXELS_MAX: Final = 16_000_000
_SIDE_MAX: Final = 3_000

_PICTURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF", b"BM", b"GIF8")
_CODE: Final = PREFIX.encode()
_PDF: Final = b"%PDF-"
_STREAM: Final = re.compile(rb"(?<!end)stream\r?\n")
_STREAMS_MAX: Final = 2_000
_CANDIDATES_MAX: Final = 2
_PEEK_BYTES: Final = 1_024
_MARK: Final = f'"format":"{FORMAT}"'.encode()


def opened_input(data: bytes) -> bytes:
    """The proof, record or code text inside; the input itself where there is none.

    NotOpened: a picture where no package reads them, or a code that was typed through a program for Vietnamese.
    """
    if data.startswith(_PICTURES):
        return _code_in_picture(data) or data
    if data.startswith(_CODE) and not data.isascii():
        raise NotOpened("a code with other letters than ASCII", reason=reasons.TYPED_OVER)
    if data.startswith(_PDF):
        return next(_proofs_in_pdf(data), data)
    return data


def _code_in_picture(data: bytes) -> bytes | None:
    """The text of the first code of ours in a picture."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if zxingcpp is None:
                raise NotOpened("zxing-cpp is not installed")
            if picture.width * picture.height > PICTURE_PIXELS_MAX:
                return None
            picture.draft("L", (_SIDE_MAX, _SIDE_MAX))  # a JPEG is opened smaller at once
            grey = picture.convert("L")
            grey.thumbnail((_SIDE_MAX, _SIDE_MAX), Image.Resampling.BOX)
            found = zxingcpp.read_barcodes(
                grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
            )
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return next((code.text.encode() for code in found if code.text.startswith(PREFIX)), None)


def _proofs_in_pdf(data: bytes) -> Iterator[bytes]:
    """The streams of a PDF that hold a proof, as they are or deflated; whatever the PDF says about them is ignored.

    `verify.html` finds the same ones (`web/opening.js`). Time and memory are bounded whatever the file: each byte is looked at once
    for the ends of streams, and no more than two streams are read that begin as a proof does.
    """
    candidates, end = 0, 0
    for number, begin in enumerate(_STREAM.finditer(data)):
        if number >= _STREAMS_MAX or candidates >= _CANDIDATES_MAX:
            return
        if end < begin.end():
            found = data.find(b"endstream", begin.end())
            end = len(data) if found < 0 else found
        head = data[begin.end() : min(end, begin.end() + _PEEK_BYTES)]
        is_plain = head.startswith(b"{")
        if not is_plain and _inflated(head, 1, is_whole=False) != b"{":
            continue
        candidates += 1
        stream = data[begin.end() : min(end, begin.end() + PROOF_BYTES_MAX + _PEEK_BYTES)]
        proof = stream.rstrip(b"\r\n") if is_plain else _inflated(stream, PROOF_BYTES_MAX, is_whole=True)
        if _MARK in proof:
            yield proof


def _inflated(stream: bytes, size_bytes_max: int, *, is_whole: bool) -> bytes:
    """What a zlib stream holds: the beginning, or the whole if it ends and is not larger; else nothing."""
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(stream, size_bytes_max + is_whole)
    except zlib.error:
        return b""
    return content if not is_whole or (reader.eof and len(content) <= size_bytes_max) else b""
