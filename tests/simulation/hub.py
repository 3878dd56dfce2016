"""The province's hub in the simulation: its production code over a database whose power may fail.

The web worker and the judge are two processes in production, so they are two sets of `Services` here, each with its own
caches over one database. Founding costs time and is the same for every world: it is done once per process and copied.
"""

import random
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Engine, select

from central_hub.backup.restoring import restore_backup
from central_hub.backup.service import take_backup
from central_hub.config import HubConfig
from central_hub.copies.service import list_copies, review_copy
from central_hub.erasure.service import Wish, order_erasure
from central_hub.files.service import answer_files, vault_of
from central_hub.judge.service import Judge
from central_hub.keys import HubKeys, log_verifier
from central_hub.publishing.service import publish_calendar, publish_catalogue
from central_hub.registry.enrolment import enrol_device, issue_code
from central_hub.registry.revocation import Act, review_records, revoke_keys
from central_hub.relay.service import answer_relay
from central_hub.services import Services
from central_hub.settings import EPOCH, put_setting
from central_hub.store.engine import open_engine, reading, writing
from central_hub.store.opened_runs import OpenedRuns
from central_hub.store.record_log import HubLogStore
from central_hub.store.schema import upgrade
from central_hub.store.tables import DOSSIER
from central_hub.sync.service import answer_round
from central_hub.tlog.sequencer import Step as SequencerStep
from central_hub.tlog.sequencer import advance
from central_hub.tlog.tree import Tree
from dossiers.data import read_json
from dossiers.kinds import AUTHORITY
from signing.bundles import make_bundle, open_unpinned_bundle, sign_bundle
from signing.cuts import Cause
from signing.keys import BoxKey, SigningKey
from signing.roles import Role
from signing.statements import KeyStatement
from sync_protocol.enrolment import EnrolmentAnswer, EnrolmentRequest
from tests.simulation.broken import require
from tests.simulation.clock import START_MS, SimClock
from tests.simulation.power import Disk, Fuse, PowerCut, fused
from tests.simulation.versions import UNKNOWN_KIND, Program, running

PROVINCE = "48"
PROCEDURES = ("1.001193", "2.000815", "1.004873", "1.000894", "2.000635")
"""A few of the built-in procedures, so that a node's first round is small."""


@dataclass(frozen=True, slots=True)
class SeenLog:
    """How far the hub has acknowledged a log, and judged it."""

    acknowledged: int
    acknowledged_head: str
    judged: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hub's database holds of each log, and in which life of it."""

    logs: Mapping[str, SeenLog]
    epoch: str


class SimHub:
    """The hub: worker, judge, database."""

    def __init__(self, folder: Path, clock: SimClock, chance: random.Random, **settings: Any) -> None:
        folder.mkdir()
        (folder / "hub.db").write_bytes(founded_database())
        self.clock = clock
        self.fuse = Fuse()
        self.restarts = 0
        self.program = Program.OLDER
        self.is_log_waiting = False
        self.signed: dict[int, bytes] = {}
        """Size and root of every checkpoint that was ever signed."""
        self.backup: Path | None = None
        self._eye: sqlite3.Connection | None = None
        self._seen: tuple[tuple[int, int], Seen] | None = None
        self._config = HubConfig(data=folder, database=str(folder / "hub.db"), verify_threads=1, **settings)
        self._chance = chance
        self._disk = Disk(folder / "hub.db")
        self._start()
        tree, key = self.worker.tree, hub_keys().log
        assert tree is not None and key is not None
        tree.found(key)  # a hub without it grants no number

    def _start(self) -> None:
        self.worker, self._judging = self._process("worker"), self._process("judge")
        self._judge = Judge(self._judging)

    def _process(self, name: str) -> Services:
        return Services(
            config=self._config,
            engine=_engine_of(name, self._config.database, self.fuse),
            keys=hub_keys(),
            clock=self.clock,
            random_bytes=self._chance.randbytes,
        )

    # --- what happens to it ---

    def answer(self, payload: bytes) -> bytes:
        """One round, as the route hands it over."""
        with running(self.program):
            return answer_round(self.worker, payload)

    def answer_files(self, payload: bytes) -> bytes:
        """One request about files."""
        return answer_files(self.worker, payload)

    def holds_file(self, file: str, size: int) -> bool:
        """Whether the whole file is on the province's disk."""
        return vault_of(self.worker).has(file, size)

    def answer_relay(self, payload: bytes) -> bytes:
        """One request of a PC that carries for others."""
        with running(self.program):
            return answer_relay(self.worker, payload)

    def judge(self, *, batches: int | None = None) -> int:
        """The judge's process takes a turn, and its sequencer one step."""
        with running(self.program):
            judged = self._judge.judge_pending(batches_max=batches)
        self.sequence()
        return judged

    def sequence(self, *, at_once: bool = False) -> SequencerStep:
        """The sequencer takes a step; every checkpoint that it signs is remembered past all restarts and restores."""
        step = advance(self._judging, at_once=at_once)
        head = self.tree.head()
        self.signed.setdefault(head.size, head.root)
        require(self.signed[head.size] == head.root, "one size has one root", head.size)
        self.is_log_waiting = step is SequencerStep.WAITING
        return step

    @property
    def tree(self) -> Tree:
        """The province's log."""
        assert self._judging.tree is not None
        return self._judging.tree

    def issue_code(self, unit: str, device_name: str, roles: Iterable[Role]) -> str:
        with writing(self.worker.engine) as connection:
            return issue_code(
                connection,
                self.worker,
                unit=unit,
                device_name=device_name,
                roles=[role.value for role in roles],
            ).code

    def enrol(self, request: EnrolmentRequest) -> EnrolmentAnswer:
        with writing(self.worker.engine) as connection:
            return enrol_device(connection, self.worker, request, address="line")

    def erase(self, unit: str, chance: random.Random) -> str:
        """The province orders that the content of a dossier of this unit goes."""
        with reading(self.worker.engine) as connection:
            query = select(DOSSIER.c.id).where(DOSSIER.c.home == unit).order_by(DOSSIER.c.id).limit(3)
            dossiers = [row.id.hex() for row in connection.execute(query)]
        if not dossiers:
            return "nothing: no dossier"
        wish = Wish(
            dossier=chance.choice(dossiers), ground="authority_decision", number="20/QĐ-UBND", date=20261122
        )
        with writing(self.worker.engine) as connection:
            order_erasure(connection, self.worker, wish, actor="quantri")
        return f"{wish.dossier[:6]} whole"

    def revoke(self, keys: list[str], cause: Cause, *, since_ms: int | None = None) -> None:
        """An administrator cuts keys off where the hub stands, or stood at an earlier moment."""
        with writing(self.worker.engine) as connection:
            act = Act(actor="quantri", ground="20/QĐ-UBND")
            revoke_keys(connection, self.worker, keys, cause=cause, act=act, since_ms=since_ms)

    def review(self, records: list[str], *, stands: bool) -> None:
        """An administrator lets records after a cut stand, or refuses them."""
        with writing(self.worker.engine) as connection:
            review_records(connection, self.worker, records, stands=stands, act=Act(actor="quantri"))

    def suspected(self) -> list[str]:
        """The copies that wait for a person."""
        with self.reading() as (connection, _):
            return [line.life for line in list_copies(connection, self.worker) if line.reviewed_ms is None]

    def review_copies(self, *, stands: bool) -> list[str]:
        """An administrator decides about every copy that waits."""
        lives = self.suspected()
        for life in lives:
            with writing(self.worker.engine) as connection:
                review_copy(connection, self.worker, life, stands=stands, act=Act(actor="quantri"))
        return lives

    def restart(self) -> None:
        """Power lost and back: what was not committed is gone, and every cache with it."""
        self.restarts += 1
        lying = self._disk.lies()
        self.fuse.set(0)
        self.stop()
        self._disk.put_back(lying, drops_unforced=False)
        self.fuse.replace()
        self._start()

    def run(self, program: Program) -> None:
        """Somebody installs another program; its judge folds anew what the one before folded, while PCs come and go."""
        self.program = program
        self.restart()

    def back_up(self) -> None:
        """What the schedule does every night."""
        self.backup = take_backup(self.worker).path

    def put_back(self) -> None:
        """The disk died: somebody restores the back-up. It is all that anybody does."""
        assert self.backup is not None
        self.stop()
        restore_backup(self.worker, self.backup)
        self.restarts += 1
        self._start()

    def stop(self) -> None:
        if self._eye is not None:
            self._eye.close()
            self._eye = None
        self._judge.close()
        for services in (self.worker, self._judging):
            try:
                services.engine.dispose()
            except PowerCut:
                continue

    # --- what it holds ---

    def size_bytes(self) -> int:
        """Pages of the database, free ones included."""
        with self.reading() as (connection, _):
            pages, size = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size")
            )
        return int(pages or 0) * int(size or 0)

    def version(self) -> tuple[int, int]:
        """Changes whenever the database does; seen by a connection that never writes."""
        return self.restarts, int(self._look("PRAGMA data_version").fetchone()[0])

    def seen(self) -> Seen:
        """What people may be told now; read again only where the database is another than before."""
        version = self.version()
        if self._seen is None or self._seen[0][0] != version[0]:
            with (
                self.reading()
            ):  # the worker's first connection, which a fuse would count: past failures were found like this
                pass
        if self._seen is None or self._seen[0] != version:
            rows = self._look("SELECT id, acknowledged, acknowledged_head, judged FROM log")
            logs = {row[0]: SeenLog(*row[1:]) for row in rows}
            epoch = self._look("SELECT value FROM setting WHERE name = ?", EPOCH).fetchone()[0]
            self._seen = version, Seen(logs, epoch)
        return self._seen[1]

    def _look(self, question: str, *values: str) -> sqlite3.Cursor:
        if self._eye is None:
            self._eye = sqlite3.connect(self._config.database)
        return self._eye.execute(question, values)

    def reading(self) -> "_Reading":
        """A consistent look at the database, past every cache."""
        return _Reading(self.worker.engine)


class _Reading:
    """`with hub.reading() as (connection, store)`."""

    def __init__(self, engine: Engine) -> None:
        self._context = reading(engine)

    def __enter__(self) -> tuple[Connection, HubLogStore]:
        connection = self._context.__enter__()
        return connection, HubLogStore(connection, OpenedRuns())

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


def held_by_hub(connection: Connection) -> dict[str, Any]:
    """The rows of `log` by log id."""
    return {row.id: row for row in connection.exec_driver_sql("SELECT * FROM log")}


def _engine_of(process: str, database: str, fuse: Fuse) -> Engine:
    """The engine of one process of the hub that plays now. Engines are kept for their compiled statements alone."""
    engine, socket = _engines(process)
    engine.dispose()
    socket.database, socket.fuse = database, fuse
    return engine


@dataclass
class _Socket:
    """Where an engine gets its connections from."""

    database: str = ""
    fuse: Fuse = field(default_factory=Fuse)

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database, factory=fused(self.fuse), check_same_thread=False)


@cache
def _engines(process: str) -> tuple[Engine, _Socket]:
    engine, socket = open_engine(f"sqlite:///{process}.db"), _Socket()
    # By its pool, which is the engine's own; an event would be its dialect's, and tests share dialects (`support.made_once`).
    engine.pool._creator = socket.connect
    return engine, socket


@cache
def hub_keys() -> HubKeys:
    """The same province in every world."""
    names = (b"root", b"hub", b"registry", b"log")
    root, hub, registry, log = (SigningKey.from_seed(name.ljust(32)) for name in names)
    box = BoxKey.from_seed(b"box".ljust(32))
    log_key = log_verifier(PROVINCE, log.public)
    statement = KeyStatement(
        key=hub.public, box=box.hex, roles=frozenset({Role.HUB}), unit=PROVINCE, issuer=root.public.id
    )
    payload = make_bundle(
        version=1,
        province=PROVINCE,
        roots=[root.public],
        threshold=1,
        registry=[registry.public],
        hub=statement,
        ca_sha256=None,
        authority={**AUTHORITY, UNKNOWN_KIND: AUTHORITY["dossier.noted"]},
        issued=START_MS,
        policy=f"log {log_key}\nquorum none\n",
    )
    envelope = sign_bundle(payload, [root])
    return HubKeys(
        secret=b"secret".ljust(32),
        hub=hub,
        box=box,
        registry=registry,
        bundle=open_unpinned_bundle(envelope),
        envelope=envelope,
        log=log,
    )


@cache
def founded_database() -> bytes:
    """The database of a hub that was just founded."""
    chance = random.Random("founding")
    with TemporaryDirectory() as folder:
        config = HubConfig(data=Path(folder))
        services = Services(
            config=config,
            engine=open_engine(config.database_url),
            keys=hub_keys(),
            clock=lambda: START_MS,
            random_bytes=chance.randbytes,
        )
        upgrade(services.engine)
        with writing(services.engine) as connection:
            put_setting(connection, EPOCH, chance.randbytes(16).hex())
            publish_catalogue(connection, services, small_catalogue())
            publish_calendar(connection, services, _object("calendar.json"))
        with services.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        services.engine.dispose()
        return (Path(folder) / "hub.db").read_bytes()


def small_catalogue() -> dict[str, Any]:
    """The built-in catalogue with the procedures of `PROCEDURES` alone."""
    content = _object("procedures.json")
    return {**content, "procedures": [each for each in content["procedures"] if each["code"] in PROCEDURES]}


def _object(name: str) -> dict[str, Any]:
    content = read_json(name)
    assert isinstance(content, dict)
    return content
