"""Everything that goes between programs, as one version of Motcua said it: recorded once, kept for ever in tests/golden/exchanges.

`python -m tests.support.exchanges NAME` plays a small office and its hub (docs/development.md, at every release) and keeps

- `hub.tar.zst`: the hub's data folder before the first recorded request, so that a later hub can be asked the same again;
- `posted.json`, `vouched.json` and the requests and answers that they name: what one new PC asked over HTTP, from its enrolment
  on; and how the same PC came back to the same hub put back from before that;
- `lan.json`, `stick/`: what PCs of the office said to each other, and a snapshot on a stick, with the keys that open them.

The keys inside were drawn for the recording alone. What must be found in it stands in `expected.json` (`tests.support.exchanges_read`).
"""

import contextlib
import io
import json
import sqlite3
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import zstandard
from msgspec.structs import replace as replace_in_message
from werkzeug.test import TestResponse

from central_hub.backup.restoring import restore_backup
from central_hub.backup.service import take_backup
from central_hub.config import HubConfig
from central_hub.registry.enrolment import issue_code
from central_hub.services import Services as HubServices
from central_hub.services import open_services
from central_hub.store.engine import writing
from central_hub.store.schema import upgrade
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.files.capture import Captured
from edge_node.files.service import Placed, attach
from edge_node.journal import require_office
from edge_node.lan.asking import meet
from edge_node.lan.service import carry_if_any
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.store import open_database
from edge_node.store.local import forget_local
from edge_node.sync.files import exchange_files
from edge_node.sync.parcels import export_snapshot
from edge_node.sync.runner import CHALLENGE, sync
from edge_node.sync.transport import Hello, LineFault
from edge_node.sync.voice import Voice
from signing.keys import LockCost
from signing.roles import OFFICE_ROLES
from sync_protocol.versions import VERSION_MAX
from sync_protocol.wire import encode_request, open_request
from tests.support.cable import Cable
from tests.support.exchanges_read import summary
from tests.support.http_line import ROUND, HttpLine
from tests.support.log_builder import COMMUNE
from tests.support.office import PIN, Clock
from tests.support.pair import Commune, Pc, Unpacked, found_commune, services_in

RECORDINGS: Final = Path(__file__).resolve().parents[1] / "golden" / "exchanges"
NEXT_LIFE: Final = b"another life of it"


@dataclass
class RecordingLine(HttpLine):
    """A line that keeps everything."""

    folder: Path = Path()
    kept: list[dict[str, Any]] = field(default_factory=list)
    name: str = "posted"

    def hello(self) -> Hello:
        said = msgspec.json.decode(self._post("/enrol/v1/hello", b""))
        return Hello(msgspec.convert(said["bundle"], bytes, strict=False), "")

    def enrol_device(self, request: bytes) -> bytes:
        return self._post("/enrol/v1/device", request)

    def _note(self, path: str, payload: bytes, response: TestResponse) -> None:
        number = len(self.kept)
        step = {"path": path, "at": self.hub.clock(), "status": response.status_code}
        for kind, content in (("request", payload), ("answer", response.data)):
            step[kind] = f"{self.name}/{number:02d}-{kind}.bin"
            (self.folder / self.name).mkdir(exist_ok=True)
            (self.folder / str(step[kind])).write_bytes(content)
        self.kept.append(step)

    def last(self, path: str) -> bytes:
        """The newest request on a path."""
        step = next(each for each in reversed(self.kept) if each["path"] == path)
        return (self.folder / step["request"]).read_bytes()

    def write(self) -> None:
        _write_json(self.folder / f"{self.name}.json", self.kept)


@contextlib.contextmanager
def recorded_hub(
    recording: Path, folder: Path, clock: Clock, *, is_restored: bool = False
) -> Iterator[HubServices]:
    """The recorded hub, its data in `folder`, as this program opens it, at the time of `clock`; `is_restored`: in another life."""
    packed = (recording / "hub.tar.zst").read_bytes()
    with tarfile.TarFile(fileobj=io.BytesIO(zstandard.decompress(packed))) as archive:
        archive.extractall(folder, filter="data")
    config = HubConfig(data=folder / "hub", files_free_mb=1)
    hub = replace(open_services(config, lock_cost=LockCost.TEST), clock=clock)
    if is_restored:
        backup = take_backup(replace(hub, random_bytes=lambda size: NEXT_LIFE[:size])).path
        restore_backup(replace(hub, random_bytes=lambda size: NEXT_LIFE[:size]), backup)
        hub = replace(open_services(config, lock_cost=LockCost.TEST), clock=clock)
    upgrade(hub.engine)
    try:
        yield hub
    finally:
        hub.engine.dispose()


def record(folder: Path) -> None:
    """Play it and write the folder, which must not exist: what was recorded is never recorded anew."""
    folder.mkdir(parents=True)
    with TemporaryDirectory() as data:
        commune = found_commune(Path(data))
        here, there = commune.add(), commune.add()
        dossier = here.receive()
        scan = Captured(name="don.pdf", type="pdf", content=b"%PDF-" + Random(1).randbytes(5_000), pages=0)
        attach(here.db, here.services, here.lan, dossier, [scan], Placed(paper="don"))
        for pc in (here, there, here):
            assert pc.sync().is_done
        with writing(commune.hub.engine) as connection:
            roles = tuple(sorted(OFFICE_ROLES))
            code = issue_code(connection, commune.hub, unit=COMMUNE, device_name="Quầy 3", roles=roles).code
        _pack_hub(commune.folder, folder / "hub.tar.zst")
        new = _record_posted(commune, folder, code)
        _record_vouched(new, folder)
        _record_lan(here, there, folder)
        _record_stick(here, commune.unpack(), folder)
        new.db.conn.close()
        commune.close()


def _record_posted(commune: Commune, folder: Path, code: str) -> Pc:
    """A new PC: greeting, enrolment, first rounds, a dossier with a scan, an idle round, a beacon."""
    line = RecordingLine(commune.hub, folder=folder)
    services = services_in(commune.folder / "new", commune.clock)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    wish = Wish(hub_url="http://hub", code=code, device_name="Quầy 3", officer_name="Phạm Thu Hằng", pin=PIN)
    enrolled = enrol(db, services, wish, lambda url, ca: line)
    box = Unpacked(db, services, line, enrolled.officer)
    assert sync(db, services, line).is_done
    pc = commune.staff(box)
    commune.pcs.remove(pc)  # of the recording, not of the office that goes on
    assert pc.sync().is_done
    dossier = pc.receive()
    pc.note(dossier)
    scan = Captured(name="cccd.pdf", type="pdf", content=b"%PDF-" + Random(2).randbytes(20_000), pages=0)
    attach(db, services, pc.lan, dossier, [scan], Placed(paper="can_cuoc"))
    for _ in range(2):
        commune.clock.advance(60_000)
        assert pc.sync().is_done
    assert exchange_files(db, services, line).problem is None
    assert pc.sync().is_done
    of_later = replace_in_message(open_request(line.last(ROUND)).said, protocol=VERSION_MAX)
    with contextlib.suppress(LineFault):
        line.post_round(encode_request(of_later, services.keyring.device))
    voice = Voice(services)
    voice.listen(db)
    assert voice.say(line, problem="ROUND_SIZE")
    line.write()
    return pc


def _record_vouched(pc: Pc, folder: Path) -> None:
    """The same PC, and the hub as it was before the enrolment."""
    pc.clock.advance(60_000)
    with TemporaryDirectory() as data, recorded_hub(folder, Path(data), pc.clock, is_restored=True) as hub:
        pc.line = RecordingLine(hub, folder=folder, name="vouched")
        forget_local(pc.db, CHALLENGE)
        assert pc.sync().is_done
        pc.line.write()


def _record_lan(here: Pc, there: Pc, folder: Path) -> None:
    """A meeting of two PCs of the office, with a dossier and a scan that the other lacks."""
    dossier = there.receive()
    scan = Captured(name="don.pdf", type="pdf", content=b"%PDF-" + Random(3).randbytes(3_000), pages=0)
    attach(there.db, there.services, there.lan, dossier, [scan], Placed(paper="don"))
    seeds: list[bytes] = []
    draw = here.services.random_bytes

    def drawn(size: int) -> bytes:
        seeds.append(draw(size))
        return seeds[-1]

    here.services = replace(here.services, random_bytes=drawn)
    cable = Cable(there)
    hello = cable.hello()
    outcome = meet(here.db, here.services, cable)
    rounds = len(cable.heard)
    assert outcome.problem is None and outcome.received
    assert carry_if_any(here.db, here.services, cable, outcome).fetched == 1
    _write_json(
        folder / "lan.json",
        {
            "hello": hello.hex(),
            "box": there.services.keyring.files.box().seed.hex(),
            "reply_boxes": [seed.hex() for seed in seeds if len(seed) == 32],
            "asker": here.services.keyring.device.public.hex,
            "asked": there.services.keyring.device.public.hex,
            "rounds": [each.hex() for each in cable.heard[:rounds]],
            "files": [each.hex() for each in cable.heard[rounds:]],
        },
    )


def _record_stick(here: Pc, box: Unpacked, folder: Path) -> None:
    """A snapshot for a new PC, by a colleague's."""
    assert here.sync().is_done
    export_snapshot(here.db, here.services, folder / "stick", box.device, part_bytes_max=20_000)
    office = require_office(here.db)
    said = {
        "box": box.services.keyring.files.box().seed.hex(),
        "device": box.device,
        "maker": here.services.keyring.device.public.hex,
        "unit": office.unit,
    }
    _write_json(folder / "stick.json", said)
    box.db.conn.close()


def _pack_hub(data: Path, target: Path) -> None:
    with contextlib.closing(sqlite3.connect(data / "hub" / "hub.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    buffer = io.BytesIO()
    with tarfile.TarFile(fileobj=buffer, mode="w") as archive:
        archive.add(data / "hub", arcname="hub", filter=_nobody)
    target.write_bytes(zstandard.ZstdCompressor(level=19).compress(buffer.getvalue()))


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def _write_json(path: Path, said: Any) -> None:
    path.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    made = RECORDINGS / sys.argv[1]
    record(made)
    _write_json(made / "expected.json", summary(made))
