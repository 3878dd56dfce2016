"""An office for tests: a province with its keys, and a commune's PC that is enrolled without any hub running."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlite_utils import Database

from dossiers.kinds import AUTHORITY
from edge_node.config import EdgeConfig
from edge_node.enrolment.epochs import open_log
from edge_node.journal import Draft, write
from edge_node.keyring import Actor
from edge_node.keyring.trust import keep_bundle
from edge_node.migrations import prepare
from edge_node.projection.service import Projector, ensure_current
from edge_node.services import Services, build_services
from edge_node.store import SqliteLogStore, open_database
from edge_node.store.local import Office, read_office, write_office
from signing.bundles import make_bundle, sign_bundle
from signing.keys import BoxKey, LockCost, SigningKey, new_box_key
from signing.roles import Role
from signing.statements import KeyStatement
from sync_protocol.log import OpeningReason
from tests.support.log_builder import COMMUNE, START_MS, LogBuilder, hex32, key

PIN = "246810"


@dataclass
class Province:
    """Root, registry and hub keys, and the province's log."""

    code: str = "48"
    root: SigningKey = field(default_factory=lambda: key("root"))
    registry: SigningKey = field(default_factory=lambda: key("registry"))
    hub: SigningKey = field(default_factory=lambda: key("hub"))
    box: BoxKey | None = field(default_factory=lambda: BoxKey.from_seed(key("hub box").seed))

    def __post_init__(self) -> None:
        self.log = LogBuilder(device="hub", epoch="province", commune=self.code)

    def envelope(self) -> bytes:
        hub = KeyStatement(
            key=self.hub.public,
            box=self.box.hex if self.box else None,
            roles=frozenset({Role.HUB}),
            unit=self.code,
            issuer=self.root.public.id,
        )
        payload = make_bundle(
            version=1,
            province=self.code,
            roots=[self.root.public],
            threshold=1,
            registry=[self.registry.public],
            hub=hub,
            ca_sha256=None,
            authority=AUTHORITY,
        )
        return sign_bundle(payload, [self.root])

    def state(
        self,
        signer: SigningKey,
        roles: Iterable[Role],
        *,
        unit: str,
        officer: str | None,
        name: str,
        device: str | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        statement = KeyStatement(
            key=signer.public,
            roles=frozenset(roles),
            unit=unit,
            officer=officer,
            device=device,
            issuer=self.registry.public.id,
        )
        self.log.add(
            "key.stated",
            msgspec.to_builtins(statement.facts()),
            content={"name": name} | (more or {}),
            signer=self.registry,
        )


class Clock:
    """A wall clock that moves only when told."""

    def __init__(self, now: int = START_MS) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


@dataclass
class TestOffice:
    """A commune's PC: database, services, clock and one officer."""

    __test__ = False
    db: Database
    services: Services
    clock: Clock
    office: Office
    province: Province
    lan: Actor

    def actor(self, name: str, *roles: Role) -> Actor:
        """Another officer with a key on this PC."""
        signer = key(name)
        officer = hex32(name)
        self.services.keyring.files.keep_officer(officer, signer, pin=PIN)
        device = self.services.keyring.device.public.id
        self.province.state(signer, roles, unit=self.office.unit, officer=officer, name=name, device=device)
        take_province(self.db, self.province)
        return Actor(
            officer=officer, key=signer.public.id, name=name, title="", roles=frozenset(roles), signer=signer
        )

    def take_news(self) -> None:
        """What a sync would bring of the province's log."""
        take_province(self.db, self.province)

    def receive(
        self, name: str = "Nguyễn Thị Hoa", *, answers: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """A dossier received by Lan, with these answers beside the applicant's name and number; returns its id."""
        received = self.clock()
        fields = {"applicant.name": name, "applicant.id_number": "048200001234"} | dict(answers or {})
        facts = {
            "procedure": "1.001193", "procedure_version": 1, "channel": 1, "code": None, "provisional": None,
            "receiving": self.office.unit, "competent": self.office.unit, "received": received,
            "due": received + 86_400_000, "rule": "working_days", "status": 2, "sets": 1, "fee_due": 0,
            "fields": sorted(fields), "papers": [],
        } | more  # fmt: skip
        content = {"fields": fields}
        records = write(
            self.db, self.services, self.lan, [Draft(kind="dossier.received", facts=facts, content=content)]
        )
        dossier = records[0].header.dossier
        assert dossier
        return dossier


def make_office(
    folder: Path, *, name: str = "PC1", unit: str = COMMUNE, province: Province | None = None
) -> TestOffice:
    """A PC as enrolment leaves it, with officer Lan (receptionist and specialist)."""
    clock = Clock()
    config = EdgeConfig(data=folder, reserve_mb=1)
    services = build_services(config, clock=clock, lock_cost=LockCost.TEST)
    folder.mkdir(parents=True, exist_ok=True)
    secret, session_secret = (
        hashlib.sha256(f"{name} {word}".encode()).digest() for word in ("device", "session")
    )
    services.keyring.files.create(key(name), new_box_key(), secret=secret, session_secret=session_secret)
    db = open_database(config.database)
    prepare(db)
    ensure_current(db)
    province = province or Province()
    keep_bundle(db, province.envelope(), pin=None)
    device = services.keyring.device.public.id
    province.state(services.keyring.device, [Role.DEVICE], unit=unit, officer=None, name=name)
    write_office(
        db,
        Office(
            unit=unit,
            unit_name="Phường Hải Châu",
            province=province.code,
            device=device,
            epoch="",
            log="",
            hub_url="http://127.0.0.1:1",
            hub_ca="",
            hub_epoch="",
        ),
    )
    take_province(db, province)
    office = open_log(db, services, reason=OpeningReason.NEW)
    made = TestOffice(db, services, clock, office, province, lan=None)  # type: ignore[arg-type]
    made.lan = made.actor("Lan", Role.RECEPTIONIST, Role.SPECIALIST)
    return made


def take_province(db: Database, province: Province) -> None:
    """What a sync brings of the province's log."""
    store = SqliteLogStore(db)
    entry = store.frontier([province.log.id]).get(province.log.id)
    store.append(province.log.run())
    Projector(db, read_office(db)).take(province.log.records[entry.length if entry else 0 :])


__all__ = ["PIN", "Clock", "Province", "TestOffice", "make_office", "take_province"]
