"""A node as a browser meets it: a test client over a real office, officers who log in, and a believable week of dossiers.

``python -m tests.support.node [folder]`` serves that week on loopback (PIN 246810), so that screens can be looked at.
"""

import re
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dossiers.calendar import load_default_calendar
from dossiers.deadlines import due
from dossiers.local_time import instant
from dossiers.procedures import Procedure, load_default_catalogue
from edge_node import create_app
from edge_node.casework.service import Amendment, Step, Target, amend, move
from edge_node.journal import Draft, write
from edge_node.journal.stamp import keep_offset
from edge_node.keyring import Actor
from edge_node.projection.service import Projector
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import write_local
from edge_node.sync.status import LAST_FULL
from signing.roles import Role
from sync_protocol.log import Run
from sync_protocol.record import unverified
from tests.support.log_builder import key
from tests.support.office import PIN, TestOffice, make_office, take_province

MONDAY = date(2026, 12, 7)
MINUTE = 60_000
HOUR = 60 * MINUTE
PROCEDURES = ("2.000815", "1.001193", "1.004873", "1.004194", "2.000635", "1.001612", "1.013227")
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]+)"')
PEOPLE = (
    ("Phạm Văn Hùng", "048085004417", "15 Lê Duẩn", "0905118227"),
    ("Trần Thị Mỹ Duyên", "048192007735", "42 Trần Phú", "0914220981"),
    ("Lê Hoàng Nam", "048078001290", "7 Bạch Đằng", "0935447102"),
    ("Nguyễn Đình Khôi", "048090003318", "118 Hùng Vương", "0983021544"),
    ("Võ Thị Thanh Hằng", "048187005526", "63 Nguyễn Chí Thanh", "0901556230"),
    ("Huỳnh Ngọc Ánh", "048195009904", "29 Quang Trung", "0977320018"),
    ("Đặng Quang Vinh", "048083002211", "204 Ông Ích Khiêm", "0918764433"),
    ("Bùi Thị Kim Thoa", "048179006142", "11 Lý Tự Trọng", "0906871255"),
)


class Place(Protocol):
    """A PC whose pages are looked at: a `TestOffice`, or one of a `tests.support.pair.Commune`."""

    services: Services
    lan: Actor


@dataclass
class Browser:
    """One browser at the node."""

    client: FlaskClient
    office: Place
    token: str = field(default="")

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.location, answer.text[:400])
        found = _TOKEN.search(answer.text)
        self.token = found[1] if found else self.token
        return answer.text

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **(form or {})}, **more)

    def log_in(self, officer: Actor, pin: str = PIN) -> "Browser":
        self.get("/login")
        answer = self.post("/login", {"officer": officer.officer, "pin": pin})
        assert answer.status_code == 302, answer.text
        self.get("/account")
        return self


def make_app(office: Place) -> Flask:
    """The node's app over a PC; faults are raised, not answered."""
    app = create_app(office.services.config, office.services)
    app.config.update(TESTING=True, PROPAGATE_FAULTS=True)
    return app


def browse(office: Place, officer: Actor | None = None) -> Browser:
    """A browser at a PC, logged in."""
    browser = Browser(make_app(office).test_client(), office)
    return browser.log_in(officer or office.lan)


def receive(office: TestOffice, who: int, procedure: str, **more: Any) -> str:
    """A complete dossier of one of the people, received by Lan now."""
    name, number, street, phone = PEOPLE[who % len(PEOPLE)]
    known: Procedure = next(p for p in load_default_catalogue().procedures if p.code == procedure)
    fields = {
        "applicant.name": name,
        "applicant.id_number": number,
        "applicant.address": f"{street}, phường Hải Châu",
        "applicant.phone": phone,
        "summary": known.name.vi,
    }
    now = office.clock()
    code = office.services.references.allocate_code(office.db, office.office, received_ms=now)
    facts = {
        "procedure": known.code, "procedure_version": known.version, "channel": 1, "code": code.code,
        "provisional": code.provisional, "receiving": office.office.unit, "competent": office.office.unit, "received": now,
        "due": due(now, known.rule, load_default_calendar()), "rule": known.rule.type.value, "status": 2, "sets": 1,
        "fee_due": 0, "fields": sorted(fields), "papers": [],
    } | more  # fmt: skip
    written = write(
        office.db, office.services, office.lan,
        [Draft(kind="dossier.received", facts=facts, content={"fields": fields})],
    )  # fmt: skip
    dossier = written[0].header.dossier
    assert dossier
    return dossier


def step(office: TestOffice, actor: Actor, dossier: str, action: str, **content: Any) -> None:
    method = content.pop("method", None)
    move(
        office.db,
        office.services,
        actor,
        Target(dossier=dossier),
        Step(action=action, content=content, method=method),
    )


def exchange(one: TestOffice, other: TestOffice) -> None:
    """Both PCs of an office get every record of each other, as a sync through the province would bring them."""
    for source, target in ((one, other), (other, one)):
        store = SqliteLogStore(target.db)
        held = store.frontier()
        with write_transaction(target.db):
            for log, entry in SqliteLogStore(source.db).frontier().items():
                known = held.get(log)
                first = known.length if known else 0
                if entry.length > first:
                    records = SqliteLogStore(source.db).span(log, first)
                    store.append(Run(log=log, first=first, records=tuple(map(unverified, records))))
                    Projector(target.db, target.office).take(records)


@dataclass
class Cast:
    """The officers of the believable office."""

    lan: Actor
    minh: Actor
    hung: Actor
    ha: Actor


def hire(office: TestOffice) -> Cast:
    """Receptionist Lan, specialist Minh, leader Hưng, unit administrator Hà; all with a key on this PC."""
    device = office.services.keyring.device.public.id
    cast = Cast(
        lan=office.lan,
        minh=office.actor("Lê Văn Minh", Role.SPECIALIST),
        hung=office.actor("Trần Quốc Hưng", Role.LEADER),
        ha=office.actor("Phạm Thu Hà", Role.UNIT_ADMINISTRATOR, Role.CLERK),
    )
    roles = [Role.RECEPTIONIST, Role.SPECIALIST]
    lan = office.lan
    office.province.state(
        key("Lan"), roles, unit=office.office.unit, officer=lan.officer, name="Nguyễn Thị Lan", device=device
    )
    take_province(office.db, office.province)
    return cast


def lend_codes(office: TestOffice, first: int = 1, last: int = 500) -> None:
    """The province lends this PC a range of dossier codes."""
    facts = {
        "unit": office.office.unit,
        "first": first,
        "last": last,
        "from": 20260101,
        "log": office.office.log,
    }
    office.province.log.add("lease.granted", facts, signer=office.province.hub)
    take_province(office.db, office.province)


def hear_of_copy(office: TestOffice) -> str:
    """The province says that a copy of this PC's disk delivers; the copy's id."""
    facts = {"device": office.office.device, "life": "c" * 32, "cause": "fork", "unit": office.office.unit}
    office.province.log.add("copy.suspected", facts, signer=office.province.hub)
    take_province(office.db, office.province)
    return str(facts["life"])


def settle_dossier(office: TestOffice, cast: Cast, dossier: str, number: str) -> None:
    """From received to the result handed over."""
    step(office, cast.lan, dossier, "forward")
    office.clock.advance(HOUR)
    result = {"number": number, "date": 20261209, "signer": cast.hung.name, "kind": "Văn bản"}
    step(office, cast.hung, dossier, "finish", result=result)
    office.clock.advance(HOUR // 2)
    person = {"name": PEOPLE[0][0], "id_number": PEOPLE[0][1]}
    step(office, cast.lan, dossier, "return_result", method=1, received_by=person)


def live_a_week(office: TestOffice, cast: Cast) -> list[str]:
    """A working week: each day five dossiers, two settled the same afternoon; one late, one withdrawn, one waiting for papers."""
    dossiers: list[str] = []
    for day in range(5):
        for turn in range(5):
            office.clock.now = instant(MONDAY + timedelta(days=day), 8 * 60 + turn * 37)
            who = day * 5 + turn
            procedure = PROCEDURES[who % len(PROCEDURES)]
            dossiers.append(receive(office, who, procedure, channel=2 if who % 7 == 3 else 1))
        for turn in range(5):
            office.clock.now = instant(MONDAY + timedelta(days=day), 13 * 60 + 30 + turn * 11)
            _afternoon(office, cast, dossiers, day * 5 + turn)
    office.clock.now = instant(MONDAY + timedelta(days=4), 15 * 60)
    settle_dossier(office, cast, dossiers[2], "131/UBND-XN")
    step(
        office, cast.hung, dossiers[4], "withdraw", ground="Công dân đề nghị rút hồ sơ để nộp nơi cư trú mới."
    )
    step(
        office, cast.lan, dossiers[5], "request_supplement",
        ground="Thiếu giấy tờ chứng minh nơi cư trú.", items=["Giấy xác nhận thông tin về cư trú"],
    )  # fmt: skip
    office.clock.now = instant(MONDAY + timedelta(days=7), 8 * 60 + 42)
    return dossiers


def _afternoon(office: TestOffice, cast: Cast, dossiers: list[str], index: int) -> None:
    if index % 5 < 2 and index != 5:
        settle_dossier(office, cast, dossiers[index], f"{120 + index}/UBND-XN")
    elif index % 5 == 3:
        step(office, cast.lan, dossiers[index], "forward")


def acknowledge(office: TestOffice, *, waiting: int, unjudged: int = 0) -> None:
    """The province holds and has judged this PC's records, but for the newest."""
    entry = SqliteLogStore(office.db).frontier([office.office.log])[office.office.log]
    held = entry.length - waiting
    with write_transaction(office.db):
        office.db.conn.execute(
            "INSERT INTO receipt_log (log, held, head, judged) VALUES (?, ?, ?, ?)",
            (office.office.log, held, entry.head, held - unjudged),
        )
        office.db.conn.execute(
            "INSERT INTO sync_attempt (began, ended, outcome, rounds, sent, received, bytes_up, bytes_down, detail) "
            "VALUES (?1, ?1 + 1400, 'done', 2, ?2, 3, 9240, 1310, '')",
            (office.clock(), held),
        )
        write_local(office.db, LAST_FULL, str(office.clock()))
        keep_offset(office.db, offset_ms=340, measured_ms=office.clock())


def disagree(office: TestOffice, other: TestOffice, cast: Cast, dossier: str) -> None:
    """Lan here and Minh on the other PC correct the same dossier while neither sees the other."""
    exchange(office, other)
    for here, actor, street, phone in (
        (office, cast.lan, "15 Lê Duẩn, phường Hải Châu", "0905118227"),
        (other, cast.minh, "51 Lê Duẩn, phường Hải Châu", "0905118272"),
    ):
        here.clock.now = office.clock.now + (5 * MINUTE if here is other else 0)
        view = view_of(here.db, dossier)
        assert view
        amend(
            here.db, here.services, actor, Target(dossier=dossier, seen=view.heads),
            Amendment(fields={"applicant.address": street, "applicant.phone": phone}, values={}),
        )  # fmt: skip
    exchange(office, other)


def make_week(folder: Path) -> tuple[TestOffice, Cast, list[str]]:
    """An office at work, with a difference to settle."""
    office = make_office(folder / "PC1")
    other = make_office(folder / "PC2", name="PC2", province=office.province)
    lend_codes(office)
    cast = hire(office)
    dossiers = live_a_week(office, cast)
    other.clock.now = office.clock.now
    acknowledge(office, waiting=0)
    disagree(office, other, cast, dossiers[7])
    office.clock.advance(20 * MINUTE)
    return office, cast, dossiers


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    office, _cast, _dossiers = make_week(folder)
    make_app(office).run(port=5720, threaded=True)


if __name__ == "__main__":
    main()
