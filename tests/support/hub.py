"""A province's hub with believable data: communes enrolled by code, months of dossiers delivered as sealed runs, and
judged by the real judge. `found_province` makes an empty one, `populate` fills it; the same seed gives the same figures.

Half of the communes are quick, a few are late; two PCs have been silent for days, one waits with records, one record is
refused and a higher role is asked for, so every screen of the hub has something to show.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from central_hub.accounts.service import find_account, make_account
from central_hub.accounts.signer import unlock_signer
from central_hub.app import create_app
from central_hub.config import HubConfig
from central_hub.copies.suspicion import look_at_round
from central_hub.founding import RootCeremony, found_hub
from central_hub.ingest.service import acknowledge
from central_hub.judge.service import judge_pending
from central_hub.registry.enrolment import enrol_device, issue_code
from central_hub.reorganisation.plan import read_plan
from central_hub.reorganisation.service import publish_reorganisation
from central_hub.services import Services, open_services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DEVICE
from central_hub.sync.fleet import note_contact
from dossiers.calendar import WorkingCalendar, load_default_calendar
from dossiers.deadlines import due, freeze, resume
from dossiers.local_time import instant, local_date, to_yyyymmdd
from dossiers.procedures import Procedure, load_default_catalogue
from dossiers.state_hash import FOLD_VERSION
from dossiers.units import load_default_units
from signing.keys import BoxKey, LockCost
from signing.roles import OFFICE_ROLES, Role
from sync_protocol.enrolment import EnrolmentRequest, KeyOffer, parse_code, prove
from sync_protocol.frame import encode_run
from sync_protocol.frontier import Frontier
from sync_protocol.log import OpeningReason, branch_id
from sync_protocol.wire import Beacon, CopyState, RoundRequest
from tests.support.device_log import DeviceLog, key_of
from tests.support.histories import received_facts

TODAY = date(2026, 11, 20)
NOW_MS = instant(TODAY, 14 * 60 + 5)
MINUTE_MS, DAY_MS = 60_000, 86_400_000
PASSWORD = "mat khau thu nghiem"
ACCOUNTS = {
    "quantri": ("Trần Quốc Bảo", (Role.ADMINISTRATOR,)),
    "thongke": ("Phan Thị Thu Hà", (Role.STATISTICIAN,)),
    "kiemtra": ("Huỳnh Ngọc Sơn", (Role.AUDITOR,)),
    "khoa": ("Đặng Minh Tuấn", (Role.KEY_AUTHORITY,)),
}
"""One account of each role, all with PASSWORD; `found` has them all."""

_PROCEDURES = {
    "2.000815": 40, "2.000884": 14, "2.000635": 10, "1.001193": 9, "1.004873": 9, "1.001612": 5,
    "1.000656": 4, "1.000894": 4, "1.004194": 3, "1.004859": 2, "1.011607": 2, "1.001699": 1, "1.013227": 1,
}  # fmt: skip
_OFFICERS = (
    "Nguyễn Thị Lan",
    "Lê Văn Minh",
    "Trần Thị Mỹ Duyên",
    "Võ Đình Khoa",
    "Phạm Thu Hằng",
    "Hồ Anh Tuấn",
)
_RUN_RECORDS = 200


BEACON = Beacon(
    version="0.1.0", fold=1, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=0, disk_free_mb=9_000,
    database_mb=4, codes_left=500,
)  # fmt: skip


@dataclass
class Clock:
    """A wall clock that moves only when told."""

    now: int = NOW_MS

    def __call__(self) -> int:
        return self.now


@dataclass
class Desk:
    """One enrolled PC and its log; `sent` is how far it was delivered."""

    unit: str
    name: str
    log: DeviceLog
    sent: int = 0

    @property
    def device(self) -> str:
        return self.log.device.public.id

    def write_at(self, at_ms: int, kind: str, dossier: str | None, facts: dict[str, Any], **more: Any) -> Any:
        self.log.wall_ms = at_ms
        return self.log.write(kind, dossier, facts, minutes=0, **more)


@dataclass
class ProvinceHub:
    """A founded hub, its clock and the PCs that were enrolled."""

    services: Services
    clock: Clock
    password: str = PASSWORD
    desks: list[Desk] = field(default_factory=list)

    @cached_property
    def app(self) -> Flask:
        app = create_app(self.services.config, self.services)
        app.testing = True
        return app

    def browser(self, login: str | None = None) -> "Visitor":
        """A browser without JavaScript, logged in as one of ACCOUNTS."""
        visitor = Visitor(self.app.test_client())
        if login:
            answer = visitor.post("/login", login=login, password=PASSWORD)
            assert answer.status_code == 302, answer.text
        return visitor

    def enrol(self, unit: str, name: str = "PC quầy 1", *, officer: str = "Nguyễn Thị Lan") -> Desk:
        """A PC enrolled the real way: a code, offers with proofs, statements by the registry."""
        log = _opened(DeviceLog(device=f"{unit} {name}", officer=f"{unit} {officer}", commune=unit))
        with writing(self.services.engine) as connection:
            code = issue_code(
                connection,
                self.services,
                unit=unit,
                device_name=name,
                roles=sorted(OFFICE_ROLES),
                issued_by="quantri",
            )
        secret = parse_code(code.code).secret
        device = KeyOffer(
            key=log.device.public.hex,
            box=BoxKey.from_seed(log.device.seed).hex,
            holder=None,
            name=name,
            title="",
            proof="",
        )
        person = KeyOffer(
            key=log.officer.public.hex, box=None, holder=log.random.randbytes(16).hex(), name=officer,
            title="Công chức tư pháp - hộ tịch", proof="",
        )  # fmt: skip
        request = EnrolmentRequest(
            secret=secret,
            device=prove(secret, device, log.device),
            officer=prove(secret, person, log.officer),
        )
        with writing(self.services.engine) as connection:
            enrol_device(connection, self.services, request, address="127.0.0.1")
        desk = Desk(unit=unit, name=name, log=log)
        self.desks.append(desk)
        return desk

    def deliver(self, desk: Desk, *, stop: int | None = None) -> None:
        """Send what was not sent, in sealed runs."""
        stop = len(desk.log.records) if stop is None else stop
        while desk.sent < stop:
            until = min(desk.sent + _RUN_RECORDS, stop)
            acknowledged = acknowledge(
                self.services, desk.device, [encode_run(desk.log.run(desk.sent, until))]
            )
            assert not acknowledged.refusals, acknowledged.refusals
            desk.sent = until

    def put_back(self, desk: Desk, reason: OpeningReason = OpeningReason.RESTORE) -> None:
        """The PC's database was put back: it goes on in another log, whose opening arrives."""
        desk.log.open_next(reason)
        desk.sent = 0
        self.deliver(desk)

    def judge(self) -> int:
        return judge_pending(self.services)

    def contact(self, desk: Desk, *, ago_ms: int = 4 * MINUTE_MS, **beacon: Any) -> None:
        """What a round leaves in the fleet's page."""
        values: dict[str, Any] = {
            "unsent": len(desk.log.records) - desk.sent, "oldest_unsent_s": 0, "conflicts": 0, "refused": 0,
            "offset_ms": 140, "disk_free_mb": 61_000, "database_mb": 240, "codes_left": 430, "version": "0.1.0",
            "fold": FOLD_VERSION,
        } | beacon  # fmt: skip
        with writing(self.services.engine) as connection:
            note_contact(
                connection, desk.device, Beacon(**values), now_ms=self.clock.now - ago_ms,
                bytes_in=48_000, bytes_out=9_000, is_complete=not values["unsent"], digest_state=1,
            )  # fmt: skip


def found_province(folder: Path, *, anew: bool = False, **settings: Any) -> ProvinceHub:
    """A hub as `init` leaves it, with one account of every role.

    Args:
        anew: with keys of its own; otherwise every province of a process is a copy of the same one, which costs a third.
    """
    if anew or "database" in settings:
        _found(folder, **settings)
    else:
        shutil.copytree(_founded(), folder, dirs_exist_ok=True)
    clock = Clock(NOW_MS)
    services = open_services(_config(folder, **settings), lock_cost=LockCost.TEST)
    return ProvinceHub(services=replace(services, clock=clock), clock=clock)


def _config(folder: Path, **settings: Any) -> HubConfig:
    return HubConfig(data=folder / "hub", tls=False, verify_threads=1, **settings)


@cache
def _founded() -> Path:
    """The folder of a province that nobody has worked in."""
    folder = TemporaryDirectory()
    _FOLDERS.append(folder)
    _found(Path(folder.name))
    return Path(folder.name)


def _found(folder: Path, **settings: Any) -> None:
    clock = Clock(NOW_MS - 200 * DAY_MS)
    ceremony = RootCeremony(folder=folder / "root")
    # `init` is run by hand and reads the wall clock; here it, too, happens on the day of the story.
    with (
        patch("central_hub.founding.system_clock_ms", clock),
        patch(
            "central_hub.founding.open_services", lambda *a, **k: replace(open_services(*a, **k), clock=clock)
        ),
    ):
        founded = found_hub(
            _config(folder, **settings),
            ceremony,
            password=PASSWORD,
            lock_cost=LockCost.TEST,
            administrator="founder",
        )
    services = founded.services
    clock.now = NOW_MS
    with writing(services.engine) as connection:
        for login, (name, roles) in ACCOUNTS.items():
            make_account(connection, services, login=login, name=name, roles=roles, password=PASSWORD)
    services.engine.dispose()


class StoppedClock(Clock):
    """One that nobody can move."""

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, "_is_stopped"):
            raise AssertionError(
                "this province is shared, and so is its time: a test that moves it asks for `filled_province`"
            )
        super().__setattr__(name, value)

    def __post_init__(self) -> None:
        self._is_stopped = True


class ProvinceToRead(ProvinceHub):
    """A province that modules share: nothing may be enrolled, delivered or judged in it, for others count on its figures."""

    def _refuse(self, *_: object, **__: object) -> Any:
        raise AssertionError("this province is shared: a test that changes one asks for `filled_province`")

    enrol = deliver = put_back = judge = contact = _refuse


@cache
def shared_province() -> ProvinceToRead:
    """One filled province for every test that only reads."""
    folder = TemporaryDirectory()
    hub = filled_province(Path(folder.name))
    _FOLDERS.append(folder)
    clock = StoppedClock(hub.clock.now)
    return ProvinceToRead(services=replace(hub.services, clock=clock), clock=clock, desks=hub.desks)


def filled_province(folder: Path) -> ProvinceHub:
    """The same province for a test that changes it."""
    hub = found_province(folder)
    populate(hub)
    return hub


_FOLDERS: list[TemporaryDirectory[str]] = []


def reorganise(hub: ProvinceHub, *units: str, name: str = "Phường Hợp Nhất", days_ago: int = 10) -> str:
    """These units were merged into a new one some days ago, by the administrator; the id of the record that says so."""
    day = to_yyyymmdd(local_date(hub.clock() - days_ago * DAY_MS))
    content = {
        "form": "merge", "effective": day, "number": "1659/NQ-UBTVQH15", "date": 20260616, "units": {"20991": name},
        "changes": [{"from": unit, "to": "20991"} for unit in units],
    }  # fmt: skip
    with reading(hub.services.engine) as connection:
        account = find_account(connection, "quantri")
    assert account is not None
    signer = unlock_signer(hub.services, account, PASSWORD)
    with writing(hub.services.engine) as connection:
        plan = read_plan(connection, content)
        record = publish_reorganisation(connection, hub.services, plan, account=account, signer=signer)
    hub.judge()
    return record.id


def suspect_copy(hub: ProvinceHub, desk: Desk) -> str:
    """A copy of the PC's disk has delivered what it wrote; the id of its branch, which waits for somebody's word."""
    hub.deliver(desk)
    hub.judge()
    desk.log.records.pop()
    differing = desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Khác"})
    told = acknowledge(hub.services, desk.device, [encode_run(desk.log.run())])
    request = RoundRequest(
        protocol=1, device=bytes.fromhex(desk.device), challenge=b"", hub_epoch=bytes(16), sent_ms=0, frontier=[],
        digest=b"", receipt=b"", beacon=BEACON, bytes_max=1, runs=[], writing=bytes.fromhex(desk.log.log),
    )  # fmt: skip
    found = look_at_round(hub.services, desk.device, request, Frontier(), told.forks)
    assert found.state == CopyState.WAITING
    hub.judge()
    return branch_id(desk.log.log, differing.link)


@dataclass
class Visitor:
    """Reads pages and sends their forms, token included."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **options)

    def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2_000])
        return answer.text

    def post(self, path: str, **fields: Any) -> TestResponse:
        self.client.get("/login")
        with self.client.session_transaction() as session:
            session.setdefault("csrf_token", "0" * 32)
            token = str(session["csrf_token"])
        return self.client.post(path, data={"csrf_token": token, **fields})


def populate(
    hub: ProvinceHub, *, communes: int = 8, a_day: float = 1.0, first: date = date(2026, 7, 1), seed: int = 1
) -> None:
    """Dossiers of every working day since `first`; larger communes have more, some are late more often."""
    calendar = load_default_calendar()
    chance = Random(seed)
    units = _spread(load_default_units().communes, communes)
    for number, unit in enumerate(units):
        weight = chance.choice((0.5, 0.8, 1.0, 1.4, 2.2))
        lateness = chance.choice((0.004, 0.01, 0.015, 0.03, 0.05)) if number else 0.02
        desk = hub.enrol(unit, officer=_OFFICERS[number % len(_OFFICERS)])
        _write_months(desk, Random(f"{seed} {unit}"), calendar, first, a_day * weight, lateness)
        kept = 23 if number == 1 else 0
        hub.deliver(desk, stop=len(desk.log.records) - kept)
    _trouble(hub)
    hub.judge()
    for number, desk in enumerate(hub.desks):
        hub.contact(desk, **_state_of(number))


def _opened(log: DeviceLog) -> DeviceLog:
    """The same log, opened before the first dossier instead of this morning: its clock never goes back."""
    opening = log.records.pop()
    log.clock, log.wall_ms = None, NOW_MS - 200 * DAY_MS
    log.write("log.opened", facts=dict(opening.header.facts), signer=log.device)
    return log


def _spread(communes: Any, count: int) -> list[str]:
    every = max(1, len(communes) // count)
    return [unit.code for unit in communes[::every]][:count]


def _state_of(number: int) -> dict[str, int]:
    if number == 1:
        return {"ago_ms": 40 * MINUTE_MS, "oldest_unsent_s": 2 * 86_400}
    if number == 2:
        return {"ago_ms": 4 * DAY_MS}
    if number == 3:
        return {"ago_ms": 12 * MINUTE_MS, "offset_ms": -412_000, "disk_free_mb": 900, "codes_left": 31}
    return {"ago_ms": (3 + number * 7) * MINUTE_MS}


def _trouble(hub: ProvinceHub) -> None:
    """A record by a key nobody stated, one by a key without the role, a request for a higher role, a device unheard."""
    desk = hub.desks[0]
    dossier = desk.log.new_dossier()
    at_ms = NOW_MS - 95 * MINUTE_MS
    stranger = key_of("nobody stated this key")
    desk.write_at(at_ms, "dossier.received", dossier, _received(desk, dossier, at_ms, 1), signer=stranger,
                  content={"fields": {"applicant.name": "Võ Thị Thanh Hằng"}})  # fmt: skip
    desk.write_at(at_ms + MINUTE_MS, "dossier.noted", desk.log.new_dossier(), {}, signer=desk.log.device,
                  content={"note": "Thiết bị tự ghi"})  # fmt: skip
    asked = {
        "key": key_of("Lê Văn Minh").public.hex, "box": None, "roles": ["leader"], "unit": desk.unit,
        "officer": "5" * 32, "device": desk.device, "delegated": False, "from_size": 0, "until_size": None,
    }  # fmt: skip
    desk.write_at(at_ms + 2 * MINUTE_MS, "key.requested", None, asked,
                  content={"name": "Đỗ Thị Kim Oanh", "title": "Phó Chủ tịch UBND"})  # fmt: skip
    hub.deliver(desk)
    with writing(hub.services.engine) as connection:
        issue_code(
            connection, hub.services, unit=hub.desks[-1].unit, device_name="PC quầy 2", issued_by="quantri"
        )
        connection.execute(update(DEVICE).values(enrolled_ms=NOW_MS - 150 * DAY_MS))


def receive(desk: Desk, at_ms: int, number: int) -> str:
    """One dossier with this number of its day; returns its id."""
    dossier = desk.log.new_dossier()
    desk.write_at(at_ms, "dossier.received", dossier, _received(desk, dossier, at_ms, number),
                  content={"fields": {"applicant.name": "Võ Thị Thanh Hằng"}})  # fmt: skip
    return dossier


def _received(desk: Desk, dossier: str, at_ms: int, number: int, **more: Any) -> dict[str, Any]:
    day = local_date(at_ms)
    code = f"H17.{desk.unit}-{day:%y%m%d}-{number:04d}"
    return received_facts(
        code=code, receiving=desk.unit, competent=desk.unit, received=at_ms, fields=["applicant.name"],
        due=at_ms + 3 * DAY_MS, papers=[], **more,
    )  # fmt: skip


def _write_months(
    desk: Desk, chance: Random, calendar: WorkingCalendar, first: date, a_day: float, lateness: float
) -> None:
    steps = [
        step for dossier in _dossiers(desk, chance, calendar, first, a_day, lateness) for step in dossier
    ]
    for at_ms, kind, dossier, facts, content in sorted(steps, key=lambda step: (step[0], step[2])):
        desk.write_at(at_ms, kind, dossier, facts, content=content)


_Step = tuple[int, str, str, dict[str, Any], dict[str, Any] | None]


def _dossiers(
    desk: Desk, chance: Random, calendar: WorkingCalendar, first: date, a_day: float, lateness: float
) -> Iterator[list[_Step]]:
    catalogue = load_default_catalogue()
    day = first
    while day <= TODAY:
        if calendar.is_working_day(day):
            season = 1.25 if day.weekday() == 0 else 1.0
            count = int(a_day * season + chance.random())
            for number in range(1, count + 1):
                code = chance.choices(list(_PROCEDURES), list(_PROCEDURES.values()))[0]
                procedure = catalogue.current(code, day)
                assert procedure
                at_ms = calendar.add_minutes(calendar.opening(day), chance.randrange(10, 400)) + number
                steps = list(_life(desk, chance, calendar, procedure, at_ms, number, lateness))
                yield [step for step in steps if step[0] <= NOW_MS]
        day += timedelta(days=1)


def _life(
    desk: Desk, chance: Random, calendar: WorkingCalendar, procedure: Procedure, at_ms: int, number: int, lateness: float
) -> Iterator[_Step]:  # fmt: skip
    dossier = chance.randbytes(16).hex()
    until = due(at_ms, procedure.rule, calendar)
    channel = chance.choices((1, 2, 3), (70, 28, 2))[0]
    facts = _received(desk, dossier, at_ms, number) | {
        "procedure": procedure.code, "procedure_version": procedure.version, "due": until, "channel": channel,
        "rule": procedure.rule.applied(verification=False).type.value, "fee_due": procedure.fee_due(),
    }  # fmt: skip
    yield at_ms, "dossier.received", dossier, facts, {"fields": {"applicant.name": "Nguyễn Văn An"}}
    is_short = until is not None and local_date(until) == local_date(at_ms)
    then = calendar.add_minutes(at_ms, chance.randrange(5, 20 if is_short else 200))
    yield _move(then, dossier, 2, 4, "forward")
    if not is_short and until is not None and chance.random() < 0.07:
        then = calendar.add_minutes(then, chance.randrange(30, 300))
        frozen = freeze(then, until, procedure.rule, calendar)
        asked = {"ground": "Thiếu giấy tờ", "items": ["Giấy xác nhận"]}
        yield _move(then, dossier, 4, 5, "request_supplement", asked, frozen=frozen.to_facts())
        then = calendar.add_minutes(then, chance.randrange(480, 2_400))
        if chance.random() < 0.25:
            yield _move(then, dossier, 5, 3, "refuse_expired", {"ground": "Quá hạn bổ sung"})
            return
        until = resume(then, frozen, calendar, not_before=until)
        yield _move(then, dossier, 5, 4, "complete_supplement", due=until)
    if chance.random() < 0.015:
        yield _move(
            calendar.add_minutes(then, 90), dossier, 4, 7, "withdraw", {"ground": "Công dân đề nghị rút"}
        )
        return
    end = _end(chance, calendar, then, until, lateness * (0.4 if is_short else 2.5))
    result = {"result": {"number": f"{chance.randrange(1, 900)}/UBND", "signer": "Lãnh đạo"}}
    yield _move(end, dossier, 4, 9, "finish", result)
    taken = calendar.add_minutes(end, chance.randrange(5, 700))
    by = {"received_by": {"name": "Nguyễn Văn An", "id_number": "048090003318"}}
    yield _move(taken, dossier, 9, 10, "return_result", by, method=1)


def _end(chance: Random, calendar: WorkingCalendar, then: int, until: int | None, lateness: float) -> int:
    if until is None:
        return calendar.add_minutes(then, chance.randrange(400, 2_500))
    if chance.random() < lateness:
        return calendar.add_minutes(calendar.opening(calendar.next_working_day(local_date(until))),
                                    int(chance.expovariate(1 / 2_500)) + 20)  # fmt: skip
    room = calendar.minutes_between(then, until)
    return calendar.add_minutes(then, max(5, int(room * chance.triangular(0.05, 1.0, 0.7))))


def _move(
    at_ms: int, dossier: str, source: int, target: int, action: str, content: dict[str, Any] | None = None, **facts: Any
) -> _Step:  # fmt: skip
    return at_ms, "dossier.moved", dossier, {"from": source, "to": target, "action": action, **facts}, content
