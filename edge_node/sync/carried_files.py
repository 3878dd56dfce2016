"""Files on a stick: after the records, whole files in the order in which they travel, up to the room that a person gave.

A file that does not fit in what is left waits for the next stick and keeps no smaller one back. What is not on the stick is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from sqlite_utils import Database

from edge_node.files.copies import Queued, note_at_hub, note_here, note_problem, to_fetch, to_send
from edge_node.files.service import vault_of
from edge_node.files.words import take_words
from edge_node.services import Services
from edge_node.store.local import Office
from edge_node.sync.versions import version_for_hub
from signing.signatures import PublicKey
from sync_protocol import reasons
from sync_protocol.carried_files import MESSAGE_BYTES, marked, open_carried_answer
from sync_protocol.chunks import Piece, cuts, open_piece, pack_held
from sync_protocol.errors import LocalFault, RemoteFault
from sync_protocol.file_wire import FileAsked, FilesRequest, Standing, encode_files_request, first_request
from sync_protocol.limits import FILES_ROUND_MAX


@dataclass(slots=True)
class CarriedFiles:
    """What of the queue goes along. `waiting` files were to be carried, `carried` of them are on the stick."""

    waiting: int = 0
    carried: int = 0

    def messages(
        self, db: Database, services: Services, office: Office, *, bytes_max: int
    ) -> Iterator[bytes]:
        """The messages to be written after the records."""
        version = version_for_hub(db, services, is_answered=False)
        empty = first_request(bytes.fromhex(office.device), b"", protocol=version)
        vault, device = vault_of(services), services.keyring.device
        wanted = [
            FileAsked(
                bytes.fromhex(each.file), each.size, pack_held(each.size, vault.held(each.file, each.size))
            )
            for each in to_fetch(db)[:FILES_ROUND_MAX]
        ]
        if wanted:
            yield marked(encode_files_request(msgspec.structs.replace(empty, wanted=wanted), device))
        queue = to_send(db, hub_epoch=office.hub_epoch)
        self.waiting = len(queue)
        room = bytes_max
        for each in queue:
            if each.size > room:
                continue
            try:
                tree = vault.tree(each.file)
            except (OSError, LocalFault):
                continue  # the next exchange over a line says what is wrong with it
            if tree.id != each.file:
                continue
            room -= each.size
            pieces: list[bytes] = []
            for start, length in cuts(each.size, 0, bytes_max=MESSAGE_BYTES):
                data = vault.part(each.file, start, length)
                pieces.append(tree.encode(Piece(file=each.file, size=each.size, start=start, data=data)))
                if sum(map(len, pieces)) >= MESSAGE_BYTES:
                    yield _offer(empty, each, pieces, services)
                    pieces = []
            yield _offer(empty, each, pieces, services)
            self.carried += 1


def take_files_answer(
    db: Database, services: Services, office: Office, message: bytes, *, hub: PublicKey
) -> int:
    """Keep what the hub says of files and the pieces that it sent; returns how many files became whole here."""
    answer = open_carried_answer(message, device=office.device, hub=hub)
    epoch = answer.hub_epoch.hex()
    take_words(db, services, [answer.word])
    for stated in answer.stated:
        if stated.standing == Standing.WHOLE:
            note_at_hub(db, stated.file.hex(), hub_epoch=epoch)
        elif stated.standing == Standing.REFUSED:
            note_problem(db, stated.file.hex(), stated.problem)
    wanted = {each.file: each.size for each in to_fetch(db)}
    came = 0
    for frame in answer.pieces:
        piece = open_piece(frame)
        if wanted.get(piece.file) != piece.size:
            continue
        try:
            is_complete = vault_of(services).take(piece)
        except OSError as error:
            services.space.release()
            raise RemoteFault(reasons.FILE_ROOM, str(error)) from error
        if is_complete:
            note_here(db, piece.file)
            note_at_hub(db, piece.file, hub_epoch=epoch)
            came += 1
    return came


def _offer(empty: FilesRequest, queued: Queued, pieces: list[bytes], services: Services) -> bytes:
    offered = [FileAsked(bytes.fromhex(queued.file), queued.size)]
    request = msgspec.structs.replace(empty, offered=offered, pieces=pieces)
    return marked(encode_files_request(request, services.keyring.device))
