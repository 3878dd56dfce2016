"""Files on sticks: taken after the records that state them are judged, answered beside the records.

A piece proves itself, so no challenge is needed; what the hub holds it says in its own signed words, and what a PC asked for
goes back on the same stick, as far as there is room.
"""

from collections.abc import Iterator, Sequence

import msgspec

from central_hub.files.service import stated_and_pieces, take_pieces, word_of
from central_hub.services import Services
from central_hub.settings import hub_epoch
from central_hub.store.engine import reading
from central_hub.sync.metering import Meter, Progress
from central_hub.sync.parcels import GivenFile
from central_hub.sync.service import asker_of
from sync_protocol.carried_files import MESSAGE_BYTES, is_about_files, sign_files_answer, unmarked
from sync_protocol.chunks import open_piece, pack_held, unpack_held
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FileAsked, FilesAnswer, FilesRequest, FileStated, open_files_request
from sync_protocol.limits import FILES_ROUND_MAX
from sync_protocol.parcel import REQUESTS, Part
from sync_protocol.versions import PROTOCOL_VERSION

FILES_BYTES_MAX = 512 * 1024 * 1024
"""How much of files goes back on one stick to one PC."""


class AskedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a PC said of files on a stick: those it brought, and those it would have."""

    offered: tuple[FileAsked, ...] = ()
    wanted: tuple[FileAsked, ...] = ()
    protocol: int = PROTOCOL_VERSION


def take_files(
    services: Services, files: Sequence[GivenFile], *, progress: Progress | None = None
) -> dict[str, AskedFiles]:
    """Keep the pieces in these parcels whose files judged records state; by device what it offered and wants.

    Parts that are damaged or of others are passed over: what came of them was told when their records were taken.
    """
    asked: dict[str, AskedFiles] = {}
    hub = services.keys.hub.public.id
    meter = Meter(sum(file.size_bytes for file in files), progress)
    for file in files:
        try:
            with file.reader() as source:
                part = Part(meter.through(source))
                if part.label.content != REQUESTS or part.label.enclosed_for(hub) is None:
                    continue
                asker, key, _ = asker_of(services, part.label.sender)
                part.verify(key)
                for message in part.messages(hub, services.keys.box):
                    meter.say()
                    if not is_about_files(message):
                        continue
                    signed = open_files_request(unmarked(message), services.versions)
                    if signed.device != asker.device:
                        continue
                    request = signed.verify(key)
                    take_pieces(services, asker.device, asker.unit, request)
                    asked[asker.device] = _with(asked.get(asker.device, AskedFiles()), request)
        except (RemoteFault, OSError):
            continue
        finally:
            meter.settle(file.size_bytes)
    return asked


def files_answers(
    services: Services, device: str, asked: AskedFiles, *, bytes_max: int = FILES_BYTES_MAX
) -> Iterator[bytes]:
    """What goes back: the standing of everything offered, then pieces of what is wanted."""
    asker, _, _ = asker_of(services, device)
    with reading(services.engine) as connection:
        epoch = bytes.fromhex(hub_epoch(connection))

    def message(stated: list[FileStated], pieces: list[bytes]) -> bytes:
        answer = FilesAnswer(
            protocol=asked.protocol,
            challenge=b"",
            hub_epoch=epoch,
            problem="",
            stated=stated,
            pieces=pieces,
            word=word_of(services, epoch.hex(), stated),
        )
        return sign_files_answer(answer, device=device, hub=services.keys.hub)

    offered = list(asked.offered)
    for first in range(0, len(offered), FILES_ROUND_MAX):
        stated, _ = stated_and_pieces(
            services, asker.device, asker.unit, offered[first : first + FILES_ROUND_MAX], [], bytes_max=0
        )
        yield message(stated, [])
    room = bytes_max
    for wanted in asked.wanted if not asker.is_cut_off else ():
        held = unpack_held(wanted.size, wanted.held)
        while room > 0:
            now = FileAsked(wanted.file, wanted.size, pack_held(wanted.size, held))
            _, pieces = stated_and_pieces(
                services, asker.device, asker.unit, [], [now], bytes_max=min(room, MESSAGE_BYTES)
            )
            if not pieces:
                break
            yield message([], pieces)
            room -= sum(map(len, pieces))
            before = held
            for piece in map(open_piece, pieces):
                for number in piece.slices:
                    held |= 1 << number
            if held == before:
                break


def _with(asked: AskedFiles, request: FilesRequest) -> AskedFiles:
    offered = {each.file: each for each in (*asked.offered, *request.offered)}
    wanted = {each.file: each for each in (*asked.wanted, *request.wanted)}
    return AskedFiles(
        offered=tuple(offered.values()), wanted=tuple(wanted.values()), protocol=request.protocol
    )
