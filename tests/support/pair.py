"""A hub and PCs of one commune in one process, and a line between them that lets so many bytes through and then breaks.

Everything but the socket is real: enrolment, rounds, the judge, files. The line counts what went over it, the part of a
request that was cut included.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
from sqlite_utils import Database

from central_hub.config import HubConfig
from central_hub.files.service import answer_files
from central_hub.founding import RootCeremony, found_hub
from central_hub.judge.service import judge_pending
from central_hub.registry.enrolment import enrol_device, issue_code
from central_hub.relay.service import answer_relay
from central_hub.services import Services as HubServices
from central_hub.services import open_services
from central_hub.store.engine import writing
from central_hub.sync.service import answer_round
from edge_node.accounts.service import add_officer, current_actor, log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, initialise
from edge_node.files.copies import files_waiting
from edge_node.journal import Draft, require_office, write
from edge_node.keyring import Actor
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.services import Services, build_services
from edge_node.store import open_database
from edge_node.sync.files import FilesResult, exchange_files
from edge_node.sync.runner import SyncResult, sync
from edge_node.sync.transport import Hello, LineFault
from signing.keys import LockCost
from signing.roles import OFFICE_ROLES, Role
from sync_protocol import reasons
from sync_protocol.enrolment import EnrolmentRequest
from tests.support.log_builder import COMMUNE
from tests.support.office import PIN, Clock

_CHIEF_ROLES = tuple(sorted(OFFICE_ROLES))


@dataclass
class BreakingLine:
    """The way to the hub. A connection ends after `lets_through` bytes, whatever is under way; the next one begins anew.

    Attributes:
        bytes_up: bytes that went up, those of cut requests among them.
        before_answer: called when a request has come through.
        loses_answers: so many answers are lost after the hub did what was asked.
    """

    hub: HubServices
    lets_through: int | None = None
    bytes_up: int = 0
    cuts: int = 0
    is_down: bool = False
    loses_answers: int = 0
    before_answer: Callable[[], None] | None = None
    _used: int = field(default=0, repr=False)

    def post_round(self, payload: bytes) -> bytes:
        self._carry(payload)
        answer = answer_round(self.hub, payload)
        judge_pending(self.hub)
        return self._back(answer)

    def post_files(self, payload: bytes) -> bytes:
        self._carry(payload)
        return self._back(answer_files(self.hub, payload))

    def post_relay(self, payload: bytes) -> bytes:
        self._carry(payload)
        return self._back(answer_relay(self.hub, payload))

    def hang_up(self) -> None:
        self._used = 0

    def is_up(self) -> bool:
        return not self.is_down

    def hello(self) -> Hello:
        return Hello(self.hub.keys.envelope, "")

    def enrol_device(self, request: bytes) -> bytes:
        with writing(self.hub.engine) as connection:
            asked = msgspec.json.decode(request, type=EnrolmentRequest)
            answer = enrol_device(connection, self.hub, asked, address="127.0.0.1")
        return msgspec.json.encode(answer)

    def close(self) -> None:
        pass

    def _carry(self, payload: bytes) -> None:
        if self.is_down:
            raise LineFault(reasons.LINE_DOWN)
        self._use(len(payload), up=True)
        if self.before_answer:
            self.before_answer()

    def _back(self, answer: bytes) -> bytes:
        if self.loses_answers:
            self.loses_answers -= 1
            raise LineFault(reasons.LINE_DOWN, was_cut=True)
        self._use(len(answer), up=False)
        return answer

    def _use(self, size: int, *, up: bool) -> None:
        room = size if self.lets_through is None else self.lets_through - self._used
        self.bytes_up += min(size, room) if up else 0
        if size > room:
            self._used = 0
            self.cuts += 1
            raise LineFault(reasons.LINE_DOWN, was_cut=True)
        self._used += size if self.lets_through is not None else 0


@dataclass
class Pc:
    """An enrolled PC with a receptionist."""

    db: Database
    services: Services
    line: BreakingLine
    clock: Clock
    lan: Actor
    chief: Actor
    unit: str = COMMUNE

    def sync(self) -> SyncResult:
        return sync(self.db, self.services, self.line)

    def note(self, dossier: str, text: str = "Đã gọi điện") -> None:
        """One more record of a dossier."""
        write(
            self.db,
            self.services,
            self.lan,
            [Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})],
        )

    def withdraw(self, dossier: str) -> None:
        """The applicant takes it back: the dossier is closed."""
        facts = {"from": 2, "to": 7, "action": "withdraw", "due": None}
        write(
            self.db,
            self.services,
            self.chief,
            [Draft(kind="dossier.moved", dossier=dossier, facts=facts, content={})],
        )

    def files(self, *, seconds: float = 600) -> FilesResult:
        return exchange_files(self.db, self.services, self.line, seconds=seconds)

    @property
    def waiting(self) -> int:
        return files_waiting(self.db)

    def receive(self, *, competent: str = "", **more: object) -> str:
        """A dossier with two papers; `more` are other facts of it."""
        now, unit = self.clock(), require_office(self.db).unit
        paper = {"form": 1, "count": 1, "digitised": False, "reused": False}
        facts = {
            "procedure": "1.001193", "procedure_version": 1, "channel": 1, "code": None, "provisional": None,
            "receiving": unit, "competent": competent or unit, "received": now, "due": now + 86_400_000,
            "rule": "working_days", "status": 2, "sets": 1, "fee_due": 0, "fields": ["applicant.name"],
            "papers": [{"paper": "don", **paper}, {"paper": "can_cuoc", **paper}],
            **more,
        }  # fmt: skip
        content = {"fields": {"applicant.name": "Nguyễn Thị Hoa"}}
        records = write(
            self.db, self.services, self.lan, [Draft(kind="dossier.received", facts=facts, content=content)]
        )
        dossier = records[0].header.dossier
        assert dossier
        return dossier


@dataclass
class Unpacked:
    """An enrolled PC that has exchanged nothing yet."""

    db: Database
    services: Services
    line: BreakingLine
    officer: str
    unit: str = COMMUNE

    @property
    def device(self) -> str:
        return self.services.keyring.device.public.id


@dataclass
class Commune:
    """One hub and the PCs of one commune."""

    hub: HubServices
    folder: Path
    clock: Clock
    pcs: list[Pc] = field(default_factory=list)
    unpacked: int = 0

    def add(self, unit: str = COMMUNE) -> Pc:
        """Enrol one more PC and let it learn what there is."""
        box = self.unpack(unit)
        sync(box.db, box.services, box.line)
        pc = self.staff(box)
        assert pc.sync().is_done
        return pc

    def unpack(self, unit: str = COMMUNE) -> "Unpacked":
        """Enrol one more PC, which knows nothing yet."""
        self.unpacked += 1
        number = self.unpacked
        line = BreakingLine(self.hub)
        services = services_in(self.folder / f"node{number}", self.clock)
        initialise(services)
        db = open_database(services.config.database)
        prepare(db)
        ensure_current(db)
        with writing(self.hub.engine) as connection:
            code = issue_code(
                connection, self.hub, unit=unit, device_name=f"Quầy {number}", roles=_CHIEF_ROLES
            ).code
        wish = Wish(
            hub_url="http://hub", code=code, device_name=f"Quầy {number}", officer_name="Lê Văn Quý", pin=PIN
        )
        enrolled = enrol(db, services, wish, lambda url, ca: line)
        return Unpacked(db, services, line, enrolled.officer, unit)

    def staff(self, box: "Unpacked") -> Pc:
        """A receptionist begins at a PC that knows its keys."""
        db, services = box.db, box.services
        chief = _actor(db, services, box.officer)
        roles = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})
        lan = add_officer(db, services, chief, name="Trần Thị Lan", title="", roles=roles, pin=PIN)
        pc = Pc(db, services, box.line, self.clock, _actor(db, services, lan), chief, box.unit)
        self.pcs.append(pc)
        return pc

    def close(self) -> None:
        for pc in self.pcs:
            pc.db.conn.close()
        self.hub.engine.dispose()

    def copied(self, folder: Path) -> "Commune":
        """The same offices over copies of all files; close this one first."""
        shutil.copytree(self.folder, folder)
        clock = Clock(self.clock())
        config = replace(self.hub.config, data=folder / "hub")
        again = Commune(replace(open_services(config, lock_cost=LockCost.TEST), clock=clock), folder, clock)
        again.pcs += [again.copy_of(pc, folder / f"node{number}") for number, pc in enumerate(self.pcs, 1)]
        again.unpacked = self.unpacked
        return again

    def copy_of(self, pc: Pc, data: Path) -> Pc:
        """A PC over a copy of another's data folder, with a line to this hub; its officers are logged in."""
        services = services_in(data, self.clock)
        db = open_database(services.config.database)
        lan, chief = (_actor(db, services, each.officer) for each in (pc.lan, pc.chief))
        return Pc(db, services, BreakingLine(self.hub), self.clock, lan, chief, pc.unit)


def services_in(data: Path, clock: Clock) -> Services:
    """The services of a PC whose data lies there; it never really waits."""
    config = EdgeConfig(data=data, reserve_mb=1)
    services = build_services(config, clock=clock, lock_cost=LockCost.TEST)
    return replace(services, pause=lambda seconds: None)


def found_commune(folder: Path, *, lease_size: int = 60) -> Commune:
    """A hub without PCs yet."""
    config = HubConfig(data=folder / "hub", files_free_mb=1, lease_size=lease_size)
    ceremony = RootCeremony(folder=folder / "roots")
    found_hub(config, ceremony, lock_cost=LockCost.TEST).services.engine.dispose()
    clock = Clock()
    hub = replace(open_services(config, lock_cost=LockCost.TEST), clock=clock)
    return Commune(hub, folder, clock)


def founded_office(folder: Path, *units: str, lease_size: int = 60) -> Commune:
    """A hub and a PC for each of these units (two of one, where none is named), which have exchanged everything; closed, to be
    copied for each test."""
    made = found_commune(folder, lease_size=lease_size)
    for unit in units or (COMMUNE, COMMUNE):
        made.add(unit)
    for pc in made.pcs:
        pc.sync()
    made.close()
    return made


def _actor(db: Database, services: Services, officer: str) -> Actor:
    token = log_in(db, services, officer=officer, pin=PIN, address="::1")
    found = current_actor(db, services, token)
    assert found is not None
    return found
