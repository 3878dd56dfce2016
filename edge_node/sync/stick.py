"""The files of parcels in a folder, usually on a USB stick: which there are, writing parts so that they last, tidying up.

A stick is the least reliable part of the whole: it may be full, pulled out at any moment, or lie about what it kept.
Every part is therefore flushed when it ends and read back when the parcel is done. Nothing is ever deleted but parcels of
ours that a newer one contains or that have been taken in.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sync_protocol.errors import RemoteFault
from sync_protocol.parcel import FOLDER, SUFFIX, Label, Part, part_name
from sync_protocol.reasons import PARCEL_STICK

FILES_MAX: Final = 2_000
"""Files looked at in one folder; a stick with more is somebody's archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPart:
    """One file with a parcel's label. The label is not verified; `fault` says why there is none."""

    path: Path
    size_bytes: int
    label: Label | None
    fault: RemoteFault | None = None


class PartFile:
    """A file being written; what is closed is on the stick as far as the system can tell."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, data: bytes, /) -> object:
        return self._file.write(data)

    def close(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Let go of the file however far it came; nothing happens where it was closed."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close() if kind is None else self.abandon()


class Parts:
    """The parts of one parcel on their way to a folder; whatever becomes of the writing, no file of the stick stays open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[PartFile] = []
        self.paths: list[Path] = []

    def open(self, label: Label, number: int) -> PartFile:
        """The next part, empty."""
        self.paths.append(part_path(self._folder, label, number))
        self._files.append(PartFile(self.paths[-1]))
        return self._files[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.abandon()


@contextmanager
def stick_faults() -> Iterator[None]:
    """Whatever goes wrong with the stick is one reason for people."""
    try:
        yield
    except OSError as error:
        raise RemoteFault(PARCEL_STICK, f"{type(error).__name__}: {error.strerror or error}") from error


def parcel_folder(chosen: Path) -> Path:
    """The folder of parcels on a stick (or in the folder) that somebody chose."""
    return chosen if chosen.name.lower() == FOLDER else chosen / FOLDER


def list_parts(chosen: Path) -> list[FoundPart]:
    """Every file that may be a part, with its label, by parcel and part; raises RemoteFault(PARCEL_STICK)."""
    with stick_faults():
        folder = parcel_folder(chosen)
        paths = sorted(folder.glob(f"*{SUFFIX}"))[:FILES_MAX] if folder.is_dir() else []
        return look_at([path for path in paths if path.is_file()])


def look_at(paths: Iterable[Path]) -> list[FoundPart]:
    """These files as parts, in the order in which they are taken; raises OSError."""
    return sorted(map(_look, paths), key=_order)


def check_written(paths: list[Path]) -> None:
    """Read back what was written; raises RemoteFault (PARCEL_CUT, PARCEL_DAMAGED, PARCEL_STICK)."""
    with stick_faults():
        for path in paths:
            with path.open("rb") as file:
                Part(file).skim()


def remove_parts(parts: list[FoundPart]) -> None:
    """Delete files that are of no use any more; one that cannot be deleted stays."""
    for part in parts:
        try:
            part.path.unlink(missing_ok=True)
        except OSError:
            continue


def part_path(folder: Path, label: Label, part: int) -> Path:
    """Where part `part` of a parcel goes."""
    return folder / part_name(label, part)


def _look(path: Path) -> FoundPart:
    size_bytes = path.stat().st_size
    try:
        with path.open("rb") as file:
            return FoundPart(path=path, size_bytes=size_bytes, label=Part(file).label)
    except RemoteFault as fault:
        return FoundPart(path=path, size_bytes=size_bytes, label=None, fault=fault)


def _order(found: FoundPart) -> tuple[int, str, int, str]:
    """By the time the sender wrote, so that what came first is taken first; unreadable ones last."""
    label = found.label
    return (label.at, label.parcel, label.part, "") if label else (1 << 62, "", 0, found.path.name)
