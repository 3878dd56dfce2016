"""Encrypted files in a folder of the disk, and the pieces of those that are on their way.

The PCs of an office and the province keep scans alike, so both applications use this one store. A whole file is one file
of the disk, named by its id; a piece is one file too, named by its first slice. Everything is written beside its place,
forced to the disk and then renamed, so that a power cut leaves it there or not there. What is held is read from the
folder, never remembered; several processes may write at once, because a name always means the same bytes. Nothing here
knows a key, a dossier or who may read: a file is sealed before it comes and opened after it went.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from sync_protocol.chunks import SLICE_BYTES, FileTree, Piece, is_whole, slice_count

_BLOCK_BYTES: Final = 1024 * 1024
_ID_DIGITS: Final = 64


class Vault:
    """The folder of encrypted files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces = folder / "pieces"

    def keep(self, sealed: bytes) -> FileTree:
        """Put a file on the disk, durable on return; one that is there stays. Raises OSError where there is no room."""
        tree = FileTree.of([sealed])
        path = self.path(tree.id)
        if not self.has(tree.id, tree.size):
            _write(path, sealed)
        return tree

    def path(self, file: str) -> Path:
        """Where the whole file lies or would lie; ValueError for what is no id."""
        if len(file) != _ID_DIGITS or not set(file) <= set("0123456789abcdef"):
            raise ValueError(file)
        return self._folder / file[:2] / file

    def read(self, file: str) -> bytes:
        """The whole file; raises OSError."""
        return self.path(file).read_bytes()

    def has(self, file: str, size: int) -> bool:
        """Whether the whole file is here."""
        try:
            return self.path(file).stat().st_size == size
        except OSError:
            return False

    def tree(self, file: str) -> FileTree:
        """The hash tree of a whole file; raises OSError, LocalFault where it is empty or too large."""
        path = self.path(file)
        stat = path.stat()
        return _tree(path, stat.st_mtime_ns, stat.st_size)

    def hash_of(self, file: str) -> str:
        """The id that the bytes on the disk have now, hashed anew; raises OSError, LocalFault as `tree`."""
        return _hashed(self.path(file)).id

    def part(self, file: str, start: int, length: int) -> bytes:
        """`length` bytes from slice `start` on; raises OSError."""
        with self.path(file).open("rb") as source:
            source.seek(start * SLICE_BYTES)
            return source.read(length)

    def held(self, file: str, size: int) -> int:
        """The set of slices that are here, as a bitmap."""
        if self.has(file, size):
            return (1 << slice_count(size)) - 1
        held = 0
        try:
            for start, path in self._pieces_of(file):
                for number in range(start, start + -(-path.stat().st_size // SLICE_BYTES)):
                    held |= 1 << number
        except FileNotFoundError:
            return self.held(file, size)  # The pieces have just become the file.
        return held & ((1 << slice_count(size)) - 1)

    def is_begun(self, file: str) -> bool:
        """Whether pieces of a file are here that is not whole yet."""
        return (self._pieces / file).is_dir()

    def take(self, piece: Piece) -> bool:
        """Keep a piece that has been checked, durable on return; True when it made the file whole. Raises OSError."""
        while not self.has(piece.file, piece.size):
            try:
                _write(self._pieces / piece.file / str(piece.start), piece.data)
                return is_whole(piece.size, self.held(piece.file, piece.size)) and self._join(
                    piece.file, piece.size
                )
            except FileNotFoundError:
                # Somebody else has just made the file whole, or found it spoilt: either way its pieces went.
                continue
        return False

    def remove(self, file: str) -> None:
        """Forget a file and its pieces."""
        self.path(file).unlink(missing_ok=True)
        shutil.rmtree(self._pieces / file, ignore_errors=True)

    def listed(self) -> Iterator[tuple[str, float]]:
        """Every id of which something is here, and when its newest part was written (seconds since 1970)."""
        for folder in (self._pieces, *self._folder.glob("[0-9a-f][0-9a-f]")):
            if folder.is_dir():
                for path in folder.iterdir():
                    if len(path.name) == _ID_DIGITS:
                        yield path.name, path.stat().st_mtime

    def _pieces_of(self, file: str) -> list[tuple[int, Path]]:
        folder = self._pieces / file
        if not folder.is_dir():
            return []
        return sorted((int(path.name), path) for path in folder.iterdir() if path.name.isdecimal())

    def _join(self, file: str, size: int) -> bool:
        """Make the file of its pieces. Should the disk have spoilt one, they all go and are fetched again."""
        data = bytearray(size)
        for start, path in self._pieces_of(file):
            part = path.read_bytes()
            data[start * SLICE_BYTES : start * SLICE_BYTES + len(part)] = part
        is_sound = len(data) == size and FileTree.of([bytes(data)]).id == file
        if is_sound:
            _write(self.path(file), data)
        shutil.rmtree(self._pieces / file, ignore_errors=True)
        return is_sound


def _write(path: Path, content: bytes | bytearray) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        if path.parent.is_file():
            raise
        # Another writer made the folder and took it away again while `mkdir` looked twice.
        raise FileNotFoundError(path.parent) from error
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


@lru_cache(maxsize=4)
def _tree(path: Path, written_ns: int, size: int) -> FileTree:
    """Hashed once for all the pieces of a file; anew where the disk spoilt it and it was fetched again."""
    return _hashed(path)


def _hashed(path: Path) -> FileTree:
    with path.open("rb") as source:
        return FileTree.of(iter(lambda: source.read(_BLOCK_BYTES), b""))
