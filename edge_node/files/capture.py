"""What comes from a scanner or a phone, made fit to keep: its type by its content, pictures turned, shrunk and without
what the camera noted (place, device, time).

A picture is written anew at the size of an A4 page at 300 dpi and a quality at which small print stays legible; what came as PNG stays
one where that is smaller. PDF is kept byte for byte: it may carry a signature.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

from dossiers.files import file_name, type_of
from edge_node import reasons
from edge_node.files.pdf_pages import count_pages
from signing.reasons import Reason
from signing.sealed_file import sealed_size
from sync_protocol import reasons as protocol_reasons
from sync_protocol.limits import FILE_SIZE_BYTES_MAX

EDGE_PIXELS_MAX: Final = 3508
"""The long side of an A4 page at 300 dpi."""
PICTURE_PIXELS_MAX: Final = 80_000_000
"""What a PC of 4 GB opens without trouble: some 320 MB while it is made smaller."""
PICTURE_EDGE_PIXELS_MIN: Final = 300
"""A long side below this is an icon or a preview, on which no paper can be read."""
PDF_PAGES_MAX: Final = 500
"""One paper, not an archive: a file of more pages is sent, looked for and read as several."""
QUALITY: Final = 75
_FORMATS: Final = ("JPEG", "PNG")
_PDF_END_BYTES: Final = 2048


class FileRejected(Exception):
    """A file that cannot be kept; the others of the same form can."""

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(f"{reason.code}: {name}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A file fit to keep. `pages` is 0 where they could not be counted."""

    name: str
    type: str
    content: bytes
    pages: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def capture(content: bytes, name: str) -> Captured:
    """Look at a file and make it fit; raises FileRejected (empty, another type, damaged, too large, too many pages or dots)."""
    if not content:
        raise FileRejected(name, reasons.FILE_EMPTY)
    kind = type_of(content)
    if kind is None:
        raise FileRejected(name, reasons.FILE_TYPE)
    pages = 0
    if kind == "pdf":
        if b"%%EOF" not in content[-_PDF_END_BYTES:]:
            raise FileRejected(name, reasons.FILE_DAMAGED)
        pages = count_pages(content)
        if pages > PDF_PAGES_MAX:
            raise FileRejected(name, reasons.FILE_PAGES)
    else:
        kind, content, pages = *_shrunk(content, name, kind), 1
    if sealed_size(len(content)) > FILE_SIZE_BYTES_MAX:
        raise FileRejected(name, protocol_reasons.FILE_SIZE)
    return Captured(name=file_name(name, kind), type=kind, content=content, pages=pages)


def _shrunk(content: bytes, name: str, kind: str) -> tuple[str, bytes]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                if opened.width * opened.height > PICTURE_PIXELS_MAX:
                    raise FileRejected(name, reasons.PICTURE_LARGE)
                if max(opened.size) < PICTURE_EDGE_PIXELS_MIN:
                    raise FileRejected(name, reasons.PICTURE_SMALL)
                picture = ImageOps.exif_transpose(opened)
                picture.thumbnail((EDGE_PIXELS_MAX, EDGE_PIXELS_MAX))
                return _smaller(picture, kind)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRejected(name, reasons.PICTURE_LARGE) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise FileRejected(name, reasons.FILE_DAMAGED) from error


def _smaller(picture: Image.Image, kind: str) -> tuple[str, bytes]:
    """The smaller of a JPEG and, for what came as PNG (line drawings, black on white), a PNG."""
    made = [("jpeg", _saved(picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB"), "JPEG"))]
    if kind == "png":
        plain = picture if picture.mode in ("1", "L", "RGB", "P") else picture.convert("RGB")
        made.append(("png", _saved(plain, "PNG")))
    return min(made, key=lambda each: len(each[1]))


def _saved(picture: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    if form == "JPEG":
        picture.save(out, form, quality=QUALITY, optimize=True)
    else:
        picture.save(out, form, optimize=True)
    return out.getvalue()
