"""How far the own log has come, noted outside the database.

A database that is shorter than the note was put back from an older copy without `motcua-node restore`: the log must
not be continued, or two different records would claim the same place. Written after the commit and not forced to the
disk: a database ahead of the note is normal.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sync_protocol.record import Record

_NAME: Final = "watermark"


@dataclass(frozen=True, slots=True)
class Watermark:
    """The own log as the note has it."""

    log: str
    length: int
    head: str


def write_watermark(folder: Path, record: Record) -> None:
    """Note the newest own record. A disk that refuses the note does not undo what is committed.

    Overwritten in place, always the same length: cutting a file to nothing first makes some file systems flush it.
    """
    line = f"{record.header.log} {record.header.seq + 1:012d} {record.link}\n"
    path = folder / _NAME
    with suppress(OSError), path.open("r+b" if path.exists() else "wb") as file:
        file.write(line.encode("ascii"))


def read_watermark(folder: Path) -> Watermark | None:
    """The note, or None when there is none that can be read (a cut-off write counts as none)."""
    try:
        log, length, head = (folder / _NAME).read_bytes().decode("ascii").split()
        return Watermark(log, int(length), head)
    except (OSError, ValueError):
        return None


def forget_watermark(folder: Path) -> None:
    """The database is about to be replaced on purpose."""
    (folder / _NAME).unlink(missing_ok=True)
