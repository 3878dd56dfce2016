"""An office's PC in the simulation: the node's production code over a database whose power may fail.

What a person does (`initialise`, enrol with a code, work, press sync) goes through the functions that the screens and
commands call. The PC may be restarted at any moment; everything that it knows afterwards comes from its files.
"""

import random
import shutil
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlite_utils import Database

from edge_node.accounts.service import add_officer, current_actor
from edge_node.config import EdgeConfig
from edge_node.enrolment.epochs import was_put_back
from edge_node.enrolment.service import Enrolled, Wish, enrol, initialise
from edge_node.enrolment.successor import follow
from edge_node.journal.service import JournalReadOnly
from edge_node.journal.watermark import _NAME as WATERMARK_NAME
from edge_node.keyring import Actor
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.server import make_ready
from edge_node.services import Services, build_services
from edge_node.store import SqliteLogStore, alerts, open_database
from edge_node.store.local import Office, read_office
from edge_node.store.space import MIB, Space
from edge_node.sync.files import FilesResult, exchange_files
from edge_node.sync.runner import SyncResult, sync
from edge_node.sync.status import SyncStatus, read_status
from edge_node.sync.transport import Hello
from signing.keys import LockCost
from signing.roles import Role
from sync_protocol.enrolment import EnrolmentRequest
from tests.simulation.clock import SimClock
from tests.simulation.hub import SimHub, hub_keys
from tests.simulation.link import Link, Mood
from tests.simulation.power import Disk, Fuse, PowerCut, connections_through
from tests.simulation.versions import Program, running

PIN = "246810"
REQUESTS_MAX = 60
"""No sync of such small offices may need more."""


@cache
def _empty_database(program: Program) -> bytes:
    """What a program makes of an empty folder: the same at every PC, so it is made once."""
    with TemporaryDirectory() as folder, running(program):
        path = EdgeConfig(data=Path(folder)).database
        db = open_database(path)
        prepare(db)
        ensure_current(db)
        db.conn.close()
        return path.read_bytes()


class SimSpace(Space):
    """A disk of which the world says whether it is full."""

    is_full = False

    @property
    def is_writable(self) -> bool:
        return not self.is_full and not self.is_held

    @property
    def free_bytes(self) -> int:
        return 0 if self.is_full else 1_000 * MIB

    def release(self) -> None:
        self.is_full = True

    def refill(self) -> bool:
        return not self.is_full


class EnrolmentDoor:
    """The line that enrolment needs; `roles` of the code are the hub's business."""

    def __init__(self, hub: SimHub) -> None:
        self._hub = hub

    def hello(self) -> Hello:
        return Hello(hub_keys().envelope, "")

    def enrol_device(self, request: bytes) -> bytes:
        answer = self._hub.enrol(msgspec.json.decode(request, type=EnrolmentRequest))
        return msgspec.json.encode(answer)

    def close(self) -> None:
        """Nothing is open."""


class SimNode:
    """One PC."""

    def __init__(
        self,
        name: str,
        unit: str,
        folder: Path,
        clock: SimClock,
        link: Link,
        chance: random.Random,
        *,
        disk_of: "SimNode | None" = None,
        program: Program = Program.OLDER,
    ) -> None:
        self.name, self.unit, self.clock, self.link = name, unit, clock, link
        self.origin = unit
        """Its unit before any re-organisation."""
        self.fuse = Fuse()
        self.space_is_full = False
        self.officers: list[str] = []
        self.acknowledged: dict[str, int] = {}
        """Per own log: how many records production has told somebody are kept."""
        self.shown: set[str] = set()
        """Ids of these records."""
        self.before_sync: set[str] | None = None
        """What a suspected copy held before its newest sync."""
        self.has_fed_a_restored_hub = False
        """In its newest sync it heard of another life of the hub."""
        self.program: Program = disk_of.program if disk_of else program
        self.has_twin = False
        """Another PC goes on from this one's disk."""
        self.walls_ms = [clock()]
        """The latest that this PC ever took for the time."""
        self.lan_mood = Mood.GOOD
        self._starts = 0
        self._copied: tuple[dict[Path, bytes | None], bytes | None, dict[str, int]] | None = None
        self._config = EdgeConfig(data=folder, reserve_mb=1)
        self._chance = chance
        self._disk = Disk(self._config.database, unforced=self._config.keys / WATERMARK_NAME)
        self.is_copy = disk_of is not None
        if disk_of is None:
            folder.mkdir()
            self._config.database.write_bytes(_empty_database(self.program))
        else:
            self.origin = disk_of.origin
            disk_of.copy_disk(folder)
            self.officers, self.acknowledged = list(disk_of.officers), dict(disk_of.acknowledged)
            self.shown, self.has_twin, disk_of.has_twin = set(disk_of.shown), True, True
            self.walls_ms += disk_of.walls_ms
        self._start()

    def _start(self) -> None:
        self.services = self._build_services()
        with running(self.program), connections_through(self.fuse):
            make_ready(self.services)
            self.db: Database = open_database(self._config.database)
            # One process, one connection: nothing is locked anew for each of its thousands of small questions.
            self.db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._tokens: dict[str, str] = {}
        self._starts += 1

    def _build_services(self) -> Services:
        services = build_services(
            self._config, clock=self.clock, random_bytes=self._chance.randbytes, lock_cost=LockCost.TEST
        )
        space = SimSpace(self._config.reserve, size_bytes=MIB)
        space.is_full = self.space_is_full
        return replace(services, monotonic=self.clock.seconds, space=space, pause=lambda seconds: None)

    # --- what people do ---

    def enrol(self, hub: SimHub, *, roles: frozenset[Role], officer_name: str) -> Enrolled:
        """Take the PC out of the box."""
        initialise(self.services)
        code = hub.issue_code(self.unit, self.name, roles)
        wish = Wish(
            hub_url="http://hub", code=code, device_name=self.name, officer_name=officer_name, pin=PIN
        )
        enrolled = enrol(self.db, self.services, wish, lambda _url, _ca: EnrolmentDoor(hub))
        self.officers.append(enrolled.officer)
        return enrolled

    def add_officer(self, administrator: Actor, *, name: str, roles: frozenset[Role]) -> str:
        officer = add_officer(
            self.db, self.services, administrator, name=name, title="", roles=roles, pin=PIN
        )
        self.officers.append(officer)
        return officer

    def actor(self, officer: str) -> Actor:
        """The officer, logged in."""
        token = self._tokens.get(officer)
        found = current_actor(self.db, self.services, token) if token else None
        if found is None:
            self._tokens[officer] = self.services.keyring.unlock(officer, pin=PIN)
            found = current_actor(self.db, self.services, self._tokens[officer])
        assert found is not None
        return found

    def sync(self) -> SyncResult:
        """Press the button."""
        self.link.patience = REQUESTS_MAX
        self.before_sync = self.held_ids() if self.is_suspected() else None
        self.link.begin_sync(waiting=self.status().waiting if self.is_enrolled else 0)
        life = self.office.hub_epoch if self.is_enrolled else ""
        with running(self.program):
            result = sync(self.db, self.services, self.link)
        self.has_fed_a_restored_hub = self.office.hub_epoch != life
        return result

    def send_files(self) -> FilesResult:
        """What follows the records of a sync."""
        self.link.patience = REQUESTS_MAX
        return exchange_files(self.db, self.services, self.link)

    def follow_units(self) -> None:
        """What the schedule does: the day of a re-organisation comes without a line, too."""
        with suppress(JournalReadOnly):
            follow(self.db, self.services)

    def is_suspected(self) -> bool:
        """Whether the desk says that this PC may run from a copied disk."""
        return any(alert.code == alerts.COPY_WAITING for alert in alerts.list_alerts(self.db))

    def held_ids(self) -> set[str]:
        return {row[0].hex() for row in self.db.conn.execute("SELECT id FROM record")}

    def status(self) -> SyncStatus:
        """What the desk shows."""
        return read_status(self.db, now=self.clock())

    # --- what happens to it ---

    def restart(self) -> bool:
        """Power lost and back; whether a write that was not forced to the disk may be gone."""
        lying, drops_unforced = self._disk.lies(), self._chance.random() < 0.5
        self._forget_process()
        self._disk.put_back(lying, drops_unforced=drops_unforced)
        self._start()
        return drops_unforced

    def run(self, program: Program) -> None:
        """Somebody installs another program while the PC is off."""
        self.program = program
        self.restart()

    def copy(self) -> None:
        """Somebody copies the database by hand."""
        lengths = {log: entry.length for log, entry in self.store.frontier(self.own_logs()).items()}
        self._copied = (self._disk.lies(), self._disk.watermark(), lengths)

    def copy_disk(self, folder: Path) -> None:
        """The whole disk, keys and watermark included, as it lies at this moment."""
        lying = self._disk.lies()
        shutil.copytree(self._config.data, folder, ignore=shutil.ignore_patterns("node.db*"))
        for path, content in lying.items():
            if content is not None:
                (folder / path.name).write_bytes(content)

    @property
    def has_copy(self) -> bool:
        return self._copied is not None

    def put_back(self, *, whole: bool) -> None:
        """The copy takes the place of the database; of the whole disk's image, the watermark is as old."""
        assert self._copied is not None
        files, watermark, lengths = self._copied
        self._forget_process()
        self._disk.put_back(files, drops_unforced=False)
        if whole:
            self._disk.put_watermark(watermark)
        self.acknowledged = {
            log: min(length, lengths.get(log, 0)) for log, length in self.acknowledged.items()
        }
        self._start()
        self.shown &= {row[0].hex() for row in self.db.conn.execute("SELECT id FROM record")}

    def stop(self) -> None:
        self.fuse.replace()
        self.db.conn.close()

    def note_unforced(self) -> None:
        self._disk.note_unforced()

    def fill_disk(self, is_full: bool) -> None:
        self.space_is_full = is_full
        assert isinstance(self.services.space, SimSpace)
        self.services.space.is_full = is_full

    def _forget_process(self) -> None:
        self.fuse.set(0)
        try:
            self.db.conn.close()
        except PowerCut:
            pass
        finally:
            self.fuse.replace()

    # --- what it holds ---

    @property
    def keys_folder(self) -> Path:
        """Where keys, watermark and the newest checkpoint lie."""
        return self._config.keys

    @property
    def office(self) -> Office:
        office = read_office(self.db)
        assert office is not None
        return office

    def version(self) -> tuple[int, int, int]:
        """Changes whenever the database does, whoever wrote."""
        connection = self.db.conn
        others = connection.execute("PRAGMA data_version").fetchone()[0]
        return self._starts, connection.total_changes, int(others)

    @property
    def is_enrolled(self) -> bool:
        return read_office(self.db) is not None

    @property
    def store(self) -> SqliteLogStore:
        return SqliteLogStore(self.db)

    @property
    def is_put_back(self) -> bool:
        return was_put_back(self.db, self.services)

    def own_logs(self) -> list[str]:
        return self.store.logs_of(device=self.services.keyring.device.public.id)

    def files(self) -> bytes:
        """Everything that a thief of the database, and of what is carried for others, would find."""
        paths = [self._config.database, self._config.database.with_name("node.db-wal")]
        paths += [path for path in sorted(self._config.relayed.rglob("*")) if path.is_file()]
        return b"".join(path.read_bytes() for path in paths if path.exists())
