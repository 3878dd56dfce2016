"""Pieces of encrypted files on their way: cut what the other side lacks, keep what proves itself.

Whatever the file is (a scan, another office's load) and whoever is at the other end; who may have what is for the caller.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sync_protocol.chunks import PIECE_OVERHEAD_BYTES_MAX, Piece, cuts, is_whole, open_piece
from sync_protocol.errors import LocalFault, RemoteFault
from sync_protocol.limits import FILE_PIECES_MAX
from vault import Vault

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lacking:
    """A file that the other side would have: its id and length, and the slices that are held there as a bitmap."""

    file: str
    size: int
    held: int


def cut_lacking(vault: Vault, lacking: Iterable[Lacking], *, room: int, piece_bytes_max: int) -> list[bytes]:
    """Pieces of files in this order, of `room` bytes together; one at least, since a budget that fits nothing would never end.

    A file that the disk spoilt is passed over: whoever exchanges it with the province finds out.
    """
    pieces: list[bytes] = []
    for each in lacking:
        try:
            tree = vault.tree(each.file)
        except (OSError, LocalFault):
            continue
        if tree.id != each.file:
            continue
        for start, length in cuts(each.size, each.held, bytes_max=piece_bytes_max):
            if pieces and (length + PIECE_OVERHEAD_BYTES_MAX > room or len(pieces) >= FILE_PIECES_MAX):
                return pieces
            data = vault.part(each.file, start, length)
            pieces.append(tree.encode(Piece(file=each.file, size=each.size, start=start, data=data)))
            room -= len(pieces[-1])
    return pieces


@dataclass(slots=True, kw_only=True)
class Arrived:
    """What became of the pieces of one message: ids. `is_full`: the disk took no more; what came before is kept."""

    came: set[str] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    is_full: bool = False

    def without_any(self, vault: Vault, wanted: Mapping[str, int]) -> set[str]:
        """Wanted files of which nothing came although something is lacking: the other side does not hold them (yet)."""
        return {
            file
            for file, size in wanted.items()
            if file not in self.came and not is_whole(size, vault.held(file, size))
        }


def keep_arriving(vault: Vault, wanted: Mapping[str, int], frames: Iterable[bytes]) -> Arrived:
    """Keep the pieces of wanted files (ids with their lengths), durable on return."""
    arrived = Arrived()
    for frame in frames:
        try:
            piece = open_piece(frame)
        except RemoteFault as fault:
            _LOG.warning("a piece was not kept: %s", fault)
            continue
        if wanted.get(piece.file) != piece.size:
            continue
        arrived.came.add(piece.file)
        try:
            if vault.take(piece):
                arrived.whole.append(piece.file)
        except OSError:
            arrived.is_full = True
            return arrived
    return arrived
