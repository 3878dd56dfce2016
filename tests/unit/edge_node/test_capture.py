"""What capture takes and what it refuses, each refusal with a next step in the officer's words; and pages of PDFs."""

import io
import struct
import zlib

import pytest
from PIL import Image

from edge_node.files.capture import PDF_PAGES_MAX, PICTURE_EDGE_PIXELS_MIN, FileRejected, capture
from edge_node.files.pdf_pages import count_pages

END = b"\ntrailer << >>\n%%EOF\n"


def pdf(pages: int, *, more: bytes = b"") -> bytes:
    """A PDF with so many page objects, below a tree of pages."""
    objects = b"".join(b"%d 0 obj\n<< /Type /Page /Parent 1 0 R >>\nendobj\n" % (n + 2) for n in range(pages))
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Pages /Count 1 >>\nendobj\n" + objects + more + END


def streamed(pages: int) -> bytes:
    """The same with its objects in a compressed object stream, as Word and most scanners write it."""
    bodies = [b"<</Type/Page/Parent 1 0 R>> "] * pages
    heads = b" ".join(b"%d %d" % (n + 2, n * len(bodies[0])) for n in range(pages)) + b" "
    packed = zlib.compress(heads + b"".join(bodies))
    head = b"9000 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode>>stream\n" % (pages, len(heads))
    return b"%PDF-1.7\n" + head + packed + b"\nendstream\nendobj\n" + END


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (pdf(0), 0),
        (pdf(3), 3),
        (streamed(4), 4),
        (pdf(2, more=b"2 0 obj\n<</Type/Page/Annots[7 0 R]>>\nendobj\n"), 2),
        (pdf(1, more=b"5 0 obj\n<</Length 9>>stream\n/Type/Page\nendstream\nendobj\n"), 1),
        (b"%PDF-1.7\n3 0 obj\n<</Type/ObjStm/First 4>>stream\nspoilt\nendstream\nendobj" + END, 0),
        (b"%PDF-1.7\n" + END, 0),
    ],
)
def test_pages_of_a_pdf(content: bytes, pages: int) -> None:
    assert count_pages(content) == pages


def picture(form: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("1", size, 1).save(out, form)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """The head of a picture that says how large it is; nobody gets as far as its dots."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
        + part(b"IDAT", zlib.compress(b"\0"))
        + part(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "NODE_FILE_EMPTY", "Quét lại"),
        (b"PK\x03\x04", "NODE_FILE_TYPE", "PDF hoặc JPEG"),
        (b"%PDF-1.7 cut off", "NODE_FILE_DAMAGED", "quét lại"),
        (pdf(PDF_PAGES_MAX + 1), "NODE_FILE_PAGES", "Tách riêng"),
        (streamed(PDF_PAGES_MAX + 1), "NODE_FILE_PAGES", "Tách riêng"),
        (huge_png(9_000, 9_000), "NODE_PICTURE_LARGE", "300 dpi"),
        (huge_png(12_000, 9_000), "NODE_PICTURE_LARGE", "300 dpi"),
        (huge_png(40_000, 40_000), "NODE_PICTURE_LARGE", "300 dpi"),
        (huge_png(8_000, 8_000), "NODE_FILE_DAMAGED", "quét lại"),
        (picture("PNG", (PICTURE_EDGE_PIXELS_MIN - 1, 40)), "NODE_PICTURE_SMALL", "200–300 dpi"),
        (picture("JPEG", (64, 64)), "NODE_PICTURE_SMALL", "ảnh xem trước"),
    ],
)
def test_what_is_refused_says_what_to_do(content: bytes, code: str, words: str) -> None:
    with pytest.raises(FileRejected) as refused:
        capture(content, "giay.pdf")
    assert refused.value.reason.code == code
    assert words in refused.value.reason.next_vi


@pytest.mark.parametrize(
    ("content", "kind", "pages"),
    [
        (pdf(PDF_PAGES_MAX), "pdf", PDF_PAGES_MAX),
        (streamed(12), "pdf", 12),
        (picture("PNG", (PICTURE_EDGE_PIXELS_MIN, 40)), "png", 1),
    ],
)
def test_what_is_just_within_the_limits_is_taken(content: bytes, kind: str, pages: int) -> None:
    taken = capture(content, "giay.pdf")
    assert (taken.type, taken.pages) == (kind, pages)
