"""The one file that a form may carry: read up to a limit, and its temporary copy closed at once."""

from flask import request

FIELD = "file"


def sent_file(bytes_max: int) -> bytes:
    """The content, one byte longer than the limit at most; empty where no file was sent."""
    sent = request.files.get(FIELD)
    if sent is None:
        return b""
    with sent.stream:
        return sent.stream.read(bytes_max + 1)


def sent_name() -> str:
    """What the file was called where it came from; for showing only."""
    sent = request.files.get(FIELD)
    return (sent.filename or "") if sent else ""
