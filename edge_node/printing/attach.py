"""The child process that attaches a file to a PDF: a job on standard input, the longer PDF on standard output.

The job is one line of JSON {"name": of the attachment, "type": its media type, "size": bytes of the PDF}, then the PDF, then the
attachment. It is put in by an update behind the last byte (ISO 32000-1, 7.5.6), so that the PDF itself stays as it was. A process of its
own, because somebody's PDF is read here: whatever it holds can take no more than this process and its time. It imports nothing of
this project.
"""

import io
import json
import logging
import sys

from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

ENCRYPTED = "encrypted"


def attached(pdf: bytes, content: bytes, *, name: str, media_type: str) -> bytes:
    """The PDF with `content` among its attachments. Raises ValueError or what pypdf raises for a PDF that it cannot read."""
    if not pdf.endswith((b"\n", b"\r")):
        pdf += b"\n"  # else the first object would stand in the last comment of the PDF
    reader = PdfReader(io.BytesIO(pdf), strict=False)
    if reader.is_encrypted:
        raise ValueError(ENCRYPTED)
    writer = PdfWriter(reader, incremental=True)
    file = writer.add_attachment(name, content)
    file.subtype = NameObject(f"/{media_type}")
    file.associated_file_relationship = NameObject("/Data")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def main() -> int:
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of every oddity that scanners write
    head, _line_end, rest = sys.stdin.buffer.read().partition(b"\n")
    job = json.loads(head)
    made = attached(rest[: job["size"]], rest[job["size"] :], name=job["name"], media_type=job["type"])
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
