"""One request about files: verify who asks, keep the pieces that prove themselves, answer what is held and what is wanted.

A PC may send and fetch the files that judged records of its own commune state, or open records listed for it, and no others. Each piece is durable before
the answer says so. A file that does not fit, or a damaged piece, is answered for that file alone.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from central_hub.copies.suspicion import gets_nothing, standing_of
from central_hub.files.room import has_room, note_taken
from central_hub.projection.foreign import listed_for
from central_hub.services import Services
from central_hub.settings import hub_epoch
from central_hub.store.engine import reading
from central_hub.store.tables import DOSSIER, FILE
from central_hub.sync.service import challenge_secret
from central_hub.sync.workplaces import Workplace, workplace_of
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol import limits, reasons
from sync_protocol.challenge import challenge_holds, make_challenge
from sync_protocol.chunks import (
    PIECE_OVERHEAD_BYTES_MAX,
    FileTree,
    Piece,
    cuts,
    is_whole,
    open_piece,
    pack_held,
    unpack_held,
)
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import (
    FileAsked,
    FilesAnswer,
    FilesRequest,
    FileStated,
    Standing,
    encode_files_answer,
    open_files_request,
)
from sync_protocol.files_held import FilesHeld, sign_files_held
from vault import Vault

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    """A file that judged records of the asking commune state, and what may be done with it."""

    size: int
    is_standing: bool


def answer_files(services: Services, data: bytes) -> bytes:
    """The answer to a request; raises RemoteFault where the request as a whole is refused."""
    signed = open_files_request(data, services.versions)
    now_s = services.clock() // 1000
    with reading(services.engine) as connection:
        statement = services.trust.current(connection).statement(signed.device)
        epoch = hub_epoch(connection)
        if statement is None or Role.DEVICE not in statement.roles:
            raise RemoteFault(reasons.ROUND_DEVICE, signed.device)
        request = signed.verify(statement.key)
        standing = standing_of(connection, services, signed.device, request.writing.hex())
        place = _place(connection, services, signed.device, statement.unit)
        known = _known(connection, place, request.offered)
        readable = _known(connection, place, request.wanted, is_for_reading=True)
    is_fresh = challenge_holds(request.challenge, challenge_secret(services), signed.device, now_s=now_s)
    vault = vault_of(services)
    problems = _take(services, vault, request.pieces, known) if is_fresh else {}
    # A suspected copy of a PC's disk may deliver files, too, and gets none.
    wanted = [] if gets_nothing(standing) else request.wanted
    stated = [_stated(vault, each, known, problems) for each in request.offered] if is_fresh else []
    stated += [_stated(vault, each, readable, problems) for each in wanted] if is_fresh else []
    answer = FilesAnswer(
        protocol=request.protocol,
        challenge=make_challenge(challenge_secret(services), signed.device, now_s=now_s),
        hub_epoch=bytes.fromhex(epoch),
        problem="" if is_fresh else reasons.ROUND_CHALLENGE.code,
        stated=stated,
        word=word_of(services, epoch, stated),
        pieces=_pieces(vault, wanted, readable, bytes_max=request.bytes_max) if is_fresh else [],
    )
    return encode_files_answer(answer)


def take_pieces(services: Services, device: str, unit: str, request: FilesRequest) -> None:
    """Keep the pieces of a request that came without a line, as far as judged records of its unit state the files."""
    with reading(services.engine) as connection:
        place = _place(connection, services, device, unit)
        known = _known(connection, place, request.offered)
    _take(services, vault_of(services), request.pieces, known)


def stated_and_pieces(
    services: Services,
    device: str,
    unit: str,
    offered: list[FileAsked],
    wanted: list[FileAsked],
    *,
    bytes_max: int,
) -> tuple[list[FileStated], list[bytes]]:
    """What the hub says of offered files of a unit, and pieces of wanted ones up to a budget."""
    with reading(services.engine) as connection:
        place = _place(connection, services, device, unit)
        known = _known(connection, place, offered)
        readable = _known(connection, place, wanted, is_for_reading=True)
    vault = vault_of(services)
    stated = [_stated(vault, each, known, {}) for each in offered]
    return stated, _pieces(vault, wanted, readable, bytes_max=bytes_max) if wanted else []


def word_of(services: Services, epoch: str, stated: Sequence[FileStated]) -> bytes:
    """The hub's word of the files that it holds whole, for colleagues of the PC that asked; b"" for none."""
    whole = [each.file for each in stated if each.standing == Standing.WHOLE][: limits.FILES_ROUND_MAX]
    if not whole:
        return b""
    return sign_files_held(
        FilesHeld(epoch=bytes.fromhex(epoch), at=services.clock(), files=whole), services.keys.hub
    )


def vault_of(services: Services) -> Vault:
    """The hub's encrypted files."""
    return Vault(services.config.files)


def _place(connection: Connection, services: Services, device: str, unit: str) -> Workplace:
    """Where a PC works whose key is stated for this unit."""
    genealogy = services.genealogy.current(connection)
    return workplace_of(connection, genealogy, device=device, stated=unit)


def _known(
    connection: Connection, place: Workplace, asked: Iterable[FileAsked], *, is_for_reading: bool = False
) -> dict[str, _Known]:
    """Of these files, those that a PC may give; or, to read, those of dossiers that its unit keeps now: a scan of a dossier that
    went to another unit before the scan had come here is delivered by whoever has it."""
    ids = {each.file for each in asked}
    if not ids:
        return {}
    query = (
        select(FILE.c.file, func.max(FILE.c.size), func.max(FILE.c.is_standing))
        .where(FILE.c.file.in_(ids), FILE.c.commune.in_(place.scope))
        .group_by(FILE.c.file)
    )
    if is_for_reading and not place.is_plain:
        query = query.join(DOSSIER, DOSSIER.c.id == FILE.c.dossier).where(DOSSIER.c.keeper.in_(place.keeps))
    found = {row[0].hex(): _Known(row[1], bool(row[2])) for row in connection.execute(query)}
    return _foreign_files(connection, place.unit, ids - {bytes.fromhex(file) for file in found}) | found


def _foreign_files(connection: Connection, unit: str, ids: set[bytes]) -> dict[str, _Known]:
    """Files of other communes: for this one as long as the record that states them, and their key, are."""
    rows = connection.execute(select(FILE).where(FILE.c.file.in_(ids))).all() if ids else []
    closed = listed_for(connection, [row.record.hex() for row in rows], unit=unit)
    found: dict[str, _Known] = {}
    for row in rows:
        if closed.get(row.record.hex()) is False:
            known = found.get(row.file.hex(), _Known(0, is_standing=False))
            is_standing = known.is_standing or bool(row.is_standing)
            found[row.file.hex()] = _Known(max(known.size, row.size), is_standing)
    return found


def _take(
    services: Services, vault: Vault, frames: Sequence[bytes], known: dict[str, _Known]
) -> dict[str, Reason]:
    """Keep what proves itself; per file the reason why something of it was not kept."""
    problems: dict[str, Reason] = {}
    for frame in frames:
        try:
            piece = open_piece(frame)
        except RemoteFault as fault:
            # Which file it was meant for is anybody's guess; the bitmap in the answer shows that it is still missing.
            _LOG.warning("a piece was not kept: %s", fault)
            continue
        stated = known.get(piece.file)
        if stated is None or not stated.is_standing:
            continue
        if stated.size != piece.size:
            problems[piece.file] = reasons.FILE_SIZE
            continue
        try:
            if not has_room(services, piece.size, is_begun=vault.is_begun(piece.file)):
                raise OSError("too little room")
            vault.take(piece)
            note_taken(services, len(piece.data))
        except OSError:
            problems[piece.file] = reasons.FILE_ROOM
    return problems


def _stated(
    vault: Vault, asked: FileAsked, known: dict[str, _Known], problems: dict[str, Reason]
) -> FileStated:
    file = asked.file.hex()
    stated, problem = known.get(file), problems.get(file)
    if stated is None:
        return FileStated(asked.file, Standing.UNKNOWN)
    if stated.size != asked.size:
        problem = reasons.FILE_SIZE
    held = vault.held(file, stated.size)
    if is_whole(stated.size, held):
        return FileStated(asked.file, Standing.WHOLE)
    if problem is not None:
        return FileStated(asked.file, Standing.REFUSED, b"", problem.code)
    return FileStated(asked.file, Standing.PARTIAL, pack_held(stated.size, held))


def _pieces(
    vault: Vault, wanted: Sequence[FileAsked], known: dict[str, _Known], *, bytes_max: int
) -> list[bytes]:
    """Pieces of wanted files up to the budget; one at least, since a budget that fits nothing would never end."""
    pieces: list[bytes] = []
    room = min(bytes_max, limits.ROUND_SIZE_BYTES_MAX // 2)
    for asked in wanted:
        file, stated = asked.file.hex(), known.get(asked.file.hex())
        if stated is None or stated.size != asked.size or not vault.has(file, stated.size):
            continue
        missing = cuts(stated.size, unpack_held(stated.size, asked.held), bytes_max=bytes_max)
        tree: FileTree | None = None
        for start, length in missing:
            if (pieces and length + PIECE_OVERHEAD_BYTES_MAX > room) or len(pieces) >= limits.FILE_PIECES_MAX:
                return pieces
            tree = tree or vault.tree(file)
            if tree.id != file:
                # The disk spoilt it: without it here, whoever has it sends it again.
                _LOG.error("file %s is damaged on this disk", file[:16])
                vault.remove(file)
                break
            data = vault.part(file, start, length)
            pieces.append(tree.encode(Piece(file=file, size=stated.size, start=start, data=data)))
            room -= len(pieces[-1])
    return pieces
