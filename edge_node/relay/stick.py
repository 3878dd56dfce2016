"""Another office's stick in this PC: take what is for the province along, and write the answers that came for it.

Nothing is opened, changed or deleted on the stick. A part is taken only when it is whole and enclosed for the province; one that
was taken before is known by its content, also after it was delivered.
"""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from sqlite_utils import Database

from edge_node.journal.service import require_office
from edge_node.relay.queue import DONE, UP, Load, find_load, keep, refused, relayed, settle, tidy, to_give
from edge_node.services import Services
from edge_node.sync.stick import FoundPart, PartFile, check_written, list_parts, parcel_folder, stick_faults
from sync_protocol import reasons
from sync_protocol.chunks import FileTree, is_size
from sync_protocol.errors import RemoteFault
from sync_protocol.parcel import ANSWERS, REQUESTS, Label, Part, part_name
from sync_protocol.relay import read_load


@dataclass(slots=True, kw_only=True)
class Helped:
    """What came of a stick: loads taken here, known before, refused (name and fault); answers written, or there already."""

    taken: list[Load] = field(default_factory=list)
    known: int = 0
    refused: list[tuple[str, RemoteFault]] = field(default_factory=list)
    given: list[Load] = field(default_factory=list)
    fault: RemoteFault | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.taken or self.known or self.refused or self.given or self.fault)


def help_others(db: Database, services: Services, chosen: Path, *, gives_all: bool = False) -> Helped:
    """Take along what other PCs wrote for the province, and write their answers; raises RemoteFault(PARCEL_STICK).

    Answers go to a stick that shows whose it is: something that the PC wrote, or that was written for it. `gives_all` writes
    every answer that lies here.
    """
    office, helped = require_office(db), Helped()
    tidy(db, services)
    parts = list_parts(chosen)
    others = [part for part in parts if part.label is not None and part.label.sender != office.device]
    if services.config.relay_mb:
        for part in others:
            if part.label is not None and part.label.content == REQUESTS:
                _take(db, services, part, part.label, helped)
    devices = {part.label.sender for part in others if part.label and part.label.content == REQUESTS}
    devices |= {
        recipient.id
        for part in others
        if part.label and part.label.content == ANSWERS
        for recipient in part.label.recipients
    }
    try:
        for load in to_give(db, None if gives_all else devices - {office.device}):
            _give(db, services, load, chosen)
            helped.given.append(load)
    except RemoteFault as fault:
        helped.fault = fault  # what was taken along is here whatever the stick does now
    return helped


def _take(db: Database, services: Services, part: FoundPart, said: Label, helped: Helped) -> None:
    trust, sender = services.trust.trust(db), said.sender
    try:
        if not is_size(part.size_bytes):
            raise RemoteFault(reasons.RELAY_SIZE, f"{part.size_bytes} bytes")
        with stick_faults():
            content = part.path.read_bytes()
        if find_load(db, FileTree.of([content]).id) is not None:
            helped.known += 1
            return
        no = refused(db, services, sender, len(content))
        if no is not None:
            raise RemoteFault(no, part.path.name)
        stated = trust.statement(sender)
        label = read_load(
            BytesIO(content), len(content), hub=trust.bundle.hub.key, sender=stated.key if stated else None
        )
        helped.taken.append(keep(db, services, content, direction=UP, device=sender, unit=label.unit))
    except RemoteFault as fault:
        helped.refused.append((part.path.name, fault))
    except OSError as error:
        services.space.release()
        helped.refused.append((part.path.name, RemoteFault(reasons.RELAY_ROOM, str(error))))


def _give(db: Database, services: Services, load: Load, chosen: Path) -> None:
    """Write an answer beside what lies there, unless it lies there already; raises RemoteFault(PARCEL_STICK)."""
    with stick_faults():
        content = relayed(services).read(load.load)
        label = Part(BytesIO(content)).label
        folder = parcel_folder(chosen)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / part_name(label, label.part)
        if not path.exists() or path.read_bytes() != content:
            with PartFile(path) as file:
                file.write(content)
    check_written([path])
    settle(db, services, load.load, outcome=DONE, keeps=True)
