"""Files of a dossier (scans, the signed result): which types there are, what is missing, and in which order they travel.

A record states a file by its ciphertext's id, length, type and the paper that it shows; name and key are in the body
(`dossiers.kinds`). Where the bytes are is not known here: whoever asks says which ids they hold.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dossiers.views import FileHeld, PaperHeld
from sync_protocol.record import BodyState

MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
)
"""Type code in records → media type. Nothing else is ever shown or handed out under its own type."""
FILE_TYPES: Final = frozenset(MEDIA_TYPES)
_ENDS: Final = {"pdf": ".pdf", "jpeg": ".jpg", "png": ".png"}
_SIGNATURES: Final = ((b"%PDF-", "pdf"), (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"))
NAME_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Of the papers that a dossier holds: how many there are, and for how many a file is there."""

    papers: int
    covered: int
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        return self.covered == self.papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Of the files that stand in a dossier, each once: how many lie at the province, as far as is known where this is asked.

    Attributes:
        files: all of them but those whose content was erased by order.
        waiting: here with their key, and not known to be at the province: they have to be sent.
        absent: their bytes are not here.
        unknown: neither here nor known to be at the province: another PC has them, or nobody any more.
    """

    files: int
    at_province: int
    waiting: int
    absent: int
    unknown: int

    @property
    def is_complete(self) -> bool:
        return self.at_province == self.files


def type_of(content: bytes) -> str | None:
    """The type code of a file by its first bytes, whatever its name says; None for what is not accepted."""
    return next((code for start, code in _SIGNATURES if content.startswith(start)), None)


def file_name(name: str, type_code: str) -> str:
    """A name as it is kept: the last part of a path, no control characters, the ending that fits the type."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(letter for letter in last if letter.isprintable()).strip()
    end = _ENDS[type_code]
    stem = clean.rpartition(".")[0] if "." in clean else clean
    return (stem.strip(" .") or "tep")[: NAME_LENGTH_MAX - len(end)] + end


def digests_in(content: object) -> tuple[str, ...]:
    """The digests (SHA-256, hex) of the files that a disclosed body names, in the order of their ids."""
    files = content.get("files") if isinstance(content, Mapping) else None
    if not isinstance(files, Mapping):
        return ()
    named = (each.get("sha256") for _, each in sorted(files.items()) if isinstance(each, Mapping))
    return tuple(dict.fromkeys(each for each in named if isinstance(each, str)))


def completeness(papers: Iterable[PaperHeld], files: Iterable[FileHeld]) -> Completeness:
    """For which of the papers held there is a file."""
    held = list(dict.fromkeys(paper.paper for paper in papers))
    shown = {file.paper for file in files}
    missing = tuple(paper for paper in held if paper not in shown)
    return Completeness(papers=len(held), covered=len(held) - len(missing), missing=missing)


def arrival(files: Iterable[FileHeld], *, at_province: Collection[str], here: Collection[str]) -> Arrival:
    """How many of the standing files arrived; `at_province` and `here` hold ids of files, wholly there."""
    standing = {held.file: held for held in files if held.state is not BodyState.ERASED}
    elsewhere = [held for file, held in standing.items() if file not in at_province]
    return Arrival(
        files=len(standing),
        at_province=len(standing) - len(elsewhere),
        waiting=sum(held.file in here and held.key is not None for held in elsewhere),
        absent=sum(file not in here for file in standing),
        unknown=sum(held.file not in here for held in elsewhere),
    )


def travel_order(*, is_result: bool, at_ms: int, size: int) -> tuple[int, int, int]:
    """Sort key of what travels first: results, then by day, small ones first within a day."""
    return (0 if is_result else 1, at_ms // 86_400_000, size)
