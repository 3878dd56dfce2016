"""A file attached to a PDF, by a child process (attach.py): what the PDF holds stays outside of the node."""

import json

from .child import command_of, pdf_of

ATTACH_SECONDS_MAX = 30.0
_COMMAND = command_of("attach.py")


def with_attachment(pdf: bytes, content: bytes, *, name: str, media_type: str) -> bytes:
    """The same PDF, longer by the attachment. Raises PrintingFailed for one that is encrypted or that cannot be read."""
    head = json.dumps({"name": name, "type": media_type, "size": len(pdf)}).encode("ascii")
    return pdf_of(_COMMAND, head + b"\n" + pdf + content, seconds_max=ATTACH_SECONDS_MAX)
