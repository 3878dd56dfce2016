"""The tree on disk: hash tiles, entry bundles and the last signed checkpoint, in the layout of C2SP tlog-tiles.

These files are the memory of what was signed. They lie outside the database and belong to no back-up, so that putting the
database back cannot take back a signature. The checkpoint says how long the tree is; tiles beyond it do not count.

Order of effects in `publish`: tiles and bundles are written and forced to the disk; the root is computed a second time from
what is now in the files, and the old tree is proven to be its beginning; then the checkpoint is signed and replaces the old
one, provided that the old one is still there (compare and swap under a lock); only then is it returned. A crash leaves
the old tree, or the new one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from central_hub.locks import held_lock
from signing.errors import LogInvalid
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from signing.tlog.merkle import EMPTY_ROOT, HASH_BYTES, Edge
from signing.tlog.note import Note, NoteSigner, VerifierKey
from signing.tlog.tiles import (
    ENTRIES,
    HEIGHT,
    WIDTH,
    Tile,
    decode_entries,
    encode_entries,
    hash_reader,
    tiles_of,
)

CHECKPOINT = "checkpoint"
_LOCK = "lock"
_STOPPED = "stopped"
_LOCK_PATIENCE_S = 10.0


class TreeUnusable(RuntimeError):
    """The files do not hold together, or somebody else moved them on: nothing may be signed with them."""


class Tree:
    """The tree of one log. Reading is open to every process; `publish` to one at a time."""

    def __init__(self, folder: Path, log: VerifierKey) -> None:
        self._folder = folder
        self._log = log
        self._edge: tuple[bytes, Edge] | None = None
        self._opened: tuple[bytes, Checkpoint] | None = None

    @property
    def origin(self) -> str:
        return self._log.name

    def found(self, signer: NoteSigner) -> None:
        """Begin with the signed empty tree, once; a log without files is never begun by anything else."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if not (self._folder / CHECKPOINT).exists():
            self._swap(None, sign_checkpoint(Checkpoint(self.origin, 0, EMPTY_ROOT), signer).encode())

    def exists(self) -> bool:
        return (self._folder / CHECKPOINT).exists()

    def stopped(self) -> str | None:
        """Why a person or a proof has stopped this log, or None."""
        try:
            return (self._folder / _STOPPED).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def stop(self, why: str) -> None:
        """Sign nothing more until a person has looked and removed the file `stopped`."""
        _write_durably(self._folder / _STOPPED, why.encode())

    def note(self) -> bytes:
        """The last signed checkpoint, as it is served; TreeUnusable where there is none."""
        try:
            return (self._folder / CHECKPOINT).read_bytes()
        except OSError as error:
            raise TreeUnusable(f"no checkpoint: {error}") from error

    def head(self) -> Checkpoint:
        """The last signed checkpoint, verified under the log's key."""
        return self.signed()[1]

    def signed(self) -> tuple[bytes, Checkpoint]:
        """The last signed checkpoint as it is served, and what it says; read once, since the next may come at any moment."""
        note, known = self.note(), self._opened
        if known is None or known[0] != note:
            known = self._opened = note, self.opened(note)
        return known

    def opened(self, note: bytes) -> Checkpoint:
        """The checkpoint of a note of this log; TreeUnusable for anything that this log has not signed."""
        try:
            return open_checkpoint(Note.parse(note), self._log)
        except LogInvalid as error:
            raise TreeUnusable(f"the checkpoint does not hold: {error}") from error

    def keep_evidence(self, note: bytes) -> None:
        """Keep a signed checkpoint that this tree contradicts, for whoever has to look into it."""
        folder = self._folder / "evidence"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_durably(folder / hashlib.sha256(note).hexdigest()[:32], note)

    # --- reading ---

    def file(self, path: str) -> bytes | None:
        """The bytes of a tile or entry bundle by its path, or None where there is none."""
        tile = Tile.parse(path)
        with suppress(FileNotFoundError):
            return (self._folder / tile.path).read_bytes()
        return None

    def entries(self, first: int, stop: int) -> Iterator[bytes]:
        """The leaves from `first` to `stop` of the signed tree, in order."""
        size = self.head().size
        while first < min(stop, size):
            index = first // WIDTH
            leaves = self._bundle(Tile(ENTRIES, index, min(WIDTH, size - index * WIDTH)))
            upto = min(stop, size) - index * WIDTH
            yield from leaves[first - index * WIDTH : upto]
            first = (index + 1) * WIDTH

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a leaf in the tree of this size, which was signed once."""
        return merkle.inclusion_proof(index, size, self._reader())

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of `new` leaves begins with that of `old`."""
        return merkle.consistency_proof(old, new, self._reader())

    def range_proof(self, first: int, stop: int, size: int) -> list[bytes]:
        """Proof that consecutive leaves stand in the tree of this size."""
        return merkle.range_proof(first, stop, size, self._reader())

    def root_at(self, size: int) -> bytes:
        """The root that the tree had at an earlier size."""
        return merkle.read_edge(size, self._reader()).root

    # --- writing ---

    def publish(self, leaves: Sequence[bytes], signer: NoteSigner) -> tuple[Checkpoint, bytes]:
        """Append leaves, sign the checkpoint of the tree they make, and put it in the old one's place.

        TreeUnusable when the files do not agree with the last signed checkpoint; then nothing was signed.
        """
        before = self.note()
        head, edge = self._stand(before)
        after, complete = edge.append([merkle.leaf_hash(leaf) for leaf in leaves])
        self._write_hashes(head.size, after.size, [(n.level, h) for n, h in complete if not n.level % HEIGHT])
        self._write_entries(head.size, leaves)
        checkpoint = Checkpoint(self.origin, after.size, after.root)
        self._check(head, checkpoint)
        note = sign_checkpoint(checkpoint, signer).encode()
        self._swap(before, note)
        self._edge = (note, after)
        self._drop_partials(head.size, after.size)
        return checkpoint, note

    def _stand(self, note: bytes) -> tuple[Checkpoint, Edge]:
        head = self.opened(note)
        if self._edge is None or self._edge[0] != note:
            edge = self._read_edge(head.size)
            if edge.root != head.root:
                raise TreeUnusable("the tiles have another root than the last signed checkpoint")
            self._edge = (note, edge)
        return head, self._edge[1]

    def _check(self, old: Checkpoint, new: Checkpoint) -> None:
        """Once more, from the files: a disk or a memory that erred must not be signed."""
        try:
            if self._read_edge(new.size).root != new.root:
                raise TreeUnusable("the files have another root than the one computed")
            if old.size:
                reader = hash_reader(new.size, self._read)
                proof = merkle.consistency_proof(old.size, new.size, reader)
                merkle.verify_consistency(old.size, old.root, new.size, new.root, proof)
        except LogInvalid as error:
            raise TreeUnusable(f"the new tree does not begin with the old one: {error}") from error

    def _read_edge(self, size: int) -> Edge:
        try:
            return merkle.read_edge(size, hash_reader(size, self._read))
        except LogInvalid as error:
            raise TreeUnusable(str(error)) from error

    def _reader(self) -> merkle.HashReader:
        return hash_reader(self.head().size, self._read)

    def _read(self, tile: Tile) -> bytes:
        for each in (tile, Tile(tile.level, tile.index)):  # a partial tile may have become a full one
            with suppress(FileNotFoundError):
                return (self._folder / each.path).read_bytes()
        raise TreeUnusable(f"{tile.path} is not there")

    def _bundle(self, tile: Tile) -> list[bytes]:
        """The leaves of an entry bundle; each is the one whose hash stands in the tree, or nothing is returned."""
        data = self._read(tile)
        hashes = self._read(Tile(0, tile.index, tile.width))
        for width in {tile.width, WIDTH}:  # a partial bundle may have become a full one
            with suppress(LogInvalid):
                leaves = decode_entries(data, width=width)[: tile.width]
                if b"".join(map(merkle.leaf_hash, leaves)) == hashes[: tile.width * HASH_BYTES]:
                    return leaves
        raise TreeUnusable(f"{tile.path} does not hold the leaves of the tree")

    def _write_hashes(self, old: int, new: int, complete: Sequence[tuple[int, bytes]]) -> None:
        fresh: dict[int, list[bytes]] = {}
        for level, value in complete:
            fresh.setdefault(level // HEIGHT, []).append(value)
        parts: dict[int, bytes] = {}
        for level, hashes in fresh.items():
            held = (old >> (HEIGHT * level)) % WIDTH
            index = (old >> (HEIGHT * level)) // WIDTH
            tail = self._read(Tile(level, index, held)) if held else b""
            parts[level] = tail[: held * HASH_BYTES] + b"".join(hashes)
        for tile in tiles_of(new, since=old):
            at = tile.index - (old >> (HEIGHT * tile.level)) // WIDTH
            data = parts[tile.level][at * WIDTH * HASH_BYTES :][: tile.width * HASH_BYTES]
            self._write(tile, data)

    def _write_entries(self, old: int, leaves: Sequence[bytes]) -> None:
        index, held = divmod(old, WIDTH)
        tail = self._bundle(Tile(ENTRIES, index, held)) if held else []
        rest = [*tail, *leaves]
        for at in range(0, len(rest), WIDTH):
            part = rest[at : at + WIDTH]
            self._write(Tile(ENTRIES, index + at // WIDTH, len(part)), encode_entries(part))

    def _write(self, tile: Tile, data: bytes) -> None:
        path = self._folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        _write_durably(path, data)

    def _swap(self, before: bytes | None, after: bytes) -> None:
        with held_lock(self._folder / _LOCK, patience_s=_LOCK_PATIENCE_S):
            path = self._folder / CHECKPOINT
            if (path.read_bytes() if path.exists() else None) != before:
                raise TreeUnusable("another process has signed meanwhile")
            _write_durably(path, after)

    def _drop_partials(self, old: int, new: int) -> None:
        """Partial tiles whose full tile is there now: nobody needs them any more."""
        for level in (ENTRIES, *range(7)):
            shift = HEIGHT * max(level, 0)
            if (old >> shift) // WIDTH == (new >> shift) // WIDTH:
                continue
            folder = (self._folder / Tile(level, (old >> shift) // WIDTH).path).with_suffix(".p")
            if folder.is_dir():
                for partial in folder.iterdir():
                    partial.unlink(missing_ok=True)
                folder.rmdir()


def _write_durably(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and have it on the disk when this returns."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    with _opened_folder(path.parent) as folder:
        os.fsync(folder)


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY)
    try:
        yield folder
    finally:
        os.close(folder)
