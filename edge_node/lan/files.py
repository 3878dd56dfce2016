"""Encrypted files within the office: what both sides of a request about files do.

Between colleagues travel the files that the province is not known to hold, so that whichever PC has a line delivers them, and those
that somebody asked for. Only files that records held here state are taken or given. That a file is at the province is
believed on the hub's own signed word, never on a colleague's.
"""

import logging
from collections.abc import Iterable
from typing import Final

from sqlite_utils import Database

from edge_node.files.copies import Queued, note_here, standing_size, to_gather, to_send
from edge_node.files.pieces import Lacking, cut_lacking
from edge_node.files.service import vault_of
from edge_node.services import Services
from edge_node.store.local import Office
from sync_protocol.chunks import open_piece, pack_held, unpack_held
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FileStated, Standing
from sync_protocol.limits import FILES_ROUND_MAX
from vault import Vault

_LOG: Final = logging.getLogger(__name__)
PIECES_BYTES_MAX: Final = 768 * 1024
"""How much content one message carries: a fraction of a second on an office network, so that records never wait long."""


def files_offered(db: Database, office: Office) -> list[FileAsked]:
    """Files here that the province is not known to hold, in the order in which they travel."""
    queue = to_send(db, hub_epoch=office.hub_epoch)[:FILES_ROUND_MAX]
    return [FileAsked(bytes.fromhex(each.file), each.size) for each in queue]


def lacking(db: Database, office: Office, offered: Iterable[FileAsked]) -> list[Queued]:
    """Of offered files, those that this PC would have, in the order in which they travel."""
    return to_gather(db, {each.file.hex(): each.size for each in offered}, hub_epoch=office.hub_epoch)


def asked(services: Services, queued: Queued) -> FileAsked:
    """A file that this PC would have, with what it holds of it."""
    held = vault_of(services).held(queued.file, queued.size)
    return FileAsked(bytes.fromhex(queued.file), queued.size, pack_held(queued.size, held))


def state(db: Database, services: Services, office: Office, offered: Iterable[FileAsked]) -> list[FileStated]:
    """How each offered file stands here: whole, wanted from these slices on, or of no concern."""
    vault = vault_of(services)
    offered = list(offered)
    wanted = {each.file for each in lacking(db, office, offered)} if services.space.is_writable else set()
    return [_stated(vault, each, wanted) for each in offered]


def pieces_of(db: Database, services: Services, files: Iterable[FileAsked], *, bytes_max: int) -> list[bytes]:
    """Pieces of the files of which another PC says what it holds, up to the budget; one at least, where there is any."""
    vault, room = vault_of(services), min(max(bytes_max, 0), PIECES_BYTES_MAX)
    lacking_there = (
        Lacking(each.file.hex(), each.size, unpack_held(each.size, each.held))
        for each in files
        if standing_size(db, each.file.hex()) == each.size and vault.has(each.file.hex(), each.size)
    )
    return cut_lacking(vault, lacking_there, room=room, piece_bytes_max=PIECES_BYTES_MAX)


def keep_pieces(
    db: Database, services: Services, office: Office, pieces: Iterable[bytes]
) -> tuple[int, set[str]]:
    """Keep pieces that prove themselves, of files that this PC would have; how many became whole, and of which any came.

    Raises OSError where the disk is full.
    """
    vault, whole, came = vault_of(services), 0, set[str]()
    if not services.space.is_writable:
        return 0, came
    for frame in pieces:
        try:
            piece = open_piece(frame)
        except RemoteFault as fault:
            _LOG.warning("a piece from another PC was not kept: %s", fault)
            continue
        if piece.file not in came and not lacking(
            db, office, [FileAsked(bytes.fromhex(piece.file), piece.size)]
        ):
            continue
        came.add(piece.file)
        if vault.take(piece):
            note_here(db, piece.file)
            whole += 1
    return whole, came


def _stated(vault: Vault, offered: FileAsked, wanted: set[str]) -> FileStated:
    file = offered.file.hex()
    if file in wanted:
        return FileStated(
            offered.file, Standing.PARTIAL, pack_held(offered.size, vault.held(file, offered.size))
        )
    is_here = vault.has(file, offered.size)
    return FileStated(offered.file, Standing.WHOLE if is_here else Standing.UNKNOWN)
