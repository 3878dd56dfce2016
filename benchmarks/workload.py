"""The quarter's mix as signed records: what `demo.plan` and `demo.lives` tell, composed by a PC and its officer.

No database: a chain of records in memory, sealed like a node's log. All randomness comes from a seed, and so do the keys,
so the same arguments give the same bytes.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from demo.catalogue import replay_catalogue
from demo.lives import Desk, Step, steps_of_unit
from demo.plan import IN_TIME, SOLVED, PlannedDossier, plan_quarter
from dossiers.calendar import WorkingCalendar
from dossiers.procedures import Catalogue, load_default_calendar, load_default_catalogue
from dossiers.units import Unit
from signing.keys import SigningKey
from sync_protocol.limits import SEAL_EVERY_RECORDS
from sync_protocol.log import LogOpening, OpeningReason, Run, Seal, log_id, make_seal
from sync_protocol.log_store import MemoryLogStore
from sync_protocol.record import Body, Header, Record, compose, unverified

OFFSET = (137, 600)
_LATE_SHARE = (SOLVED - IN_TIME) / SOLVED
_OPENING_KIND = "log.opened"


@cache
def catalogue() -> Catalogue:
    """The catalogue that the replayed quarter works by."""
    return replay_catalogue(load_default_catalogue())


@cache
def calendar() -> WorkingCalendar:
    """The built-in calendar."""
    return load_default_calendar()


def key(name: str) -> SigningKey:
    """The signing key of that name."""
    return SigningKey.from_seed(hashlib.sha256(f"motcua benchmark {name}".encode()).digest())


def plan(units: Sequence[Unit], dossiers: int, *, seed: int) -> dict[str, tuple[PlannedDossier, ...]]:
    """So many solved dossiers of a quarter, with the published share of late ones, by unit."""
    late = round(dossiers * _LATE_SHARE)
    return dict(plan_quarter(units, catalogue(), calendar(), seed=seed, solved=dossiers, late=late))


@dataclass
class Author:
    """One PC with one officer, and the log that they write."""

    name: str
    unit: Unit
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device, self.signer = key(f"{self.name} device"), key(f"{self.name} officer")
        self.officer = hashlib.sha256(self.name.encode()).hexdigest()[:32]
        self.epoch = hashlib.sha256(f"{self.name} epoch".encode()).hexdigest()[:32]
        self.log = log_id(self.device.public.id, self.unit.code, self.epoch)
        self._salts = Random(f"{self.name} salts")
        self._heads: dict[str, str] = {}

    def open_log(self, at_ms: int) -> Record:
        """Record 0."""
        opening = LogOpening(device=self.device.public.id, epoch=self.epoch, reason=OpeningReason.NEW)
        step = Step(dossier="", at_ms=at_ms, kind=_OPENING_KIND, facts=opening.to_facts())
        return self._append(step, self.device)

    def live(self, dossiers: Iterable[PlannedDossier]) -> list[Record]:
        """Write every record of these dossiers in the order in which they happen."""
        return self.write(steps_of_unit(self.desk(), dossiers))

    def desk(self) -> Desk:
        """Where the officer works."""
        return Desk(
            unit=self.unit,
            officer=self.officer,
            officer_name="Trần Văn Hùng",
            catalogue=catalogue(),
            calendar=calendar(),
        )

    def write(self, steps: Iterable[Step]) -> list[Record]:
        """Sign these steps at the end of the log."""
        return [self._append(step, self.signer) for step in steps]

    def run(self, first: int, stop: int) -> Run:
        """A stretch of the log, sealed at its end."""
        records = self.records[first:stop]
        return Run(
            log=self.log,
            first=first,
            records=tuple(unverified(record) for record in records),
            seal=self.seal(stop),
        )

    def seal(self, length: int) -> Seal:
        return make_seal(self.log, length, self.records[length - 1].link, self.device)

    def store(self, length: int | None = None) -> MemoryLogStore:
        """The log as a store holds it, with the seals that a node keeps."""
        store = MemoryLogStore()
        length = len(self.records) if length is None else length
        store.append(self.run(0, length))
        for sealed in range(SEAL_EVERY_RECORDS, length, SEAL_EVERY_RECORDS):
            store.add_seal(self.seal(sealed))
        return store

    def _append(self, step: Step, signer: SigningKey) -> Record:
        body = Body.of(step.content, salt=self._salts.randbytes(16)) if step.content is not None else None
        parent = self._heads.get(step.dossier)
        header = Header(
            at=(step.at_ms, 0),
            body=body.hash if body else None,
            by=signer.public.id,
            commune=self.unit.code,
            dossier=step.dossier or None,
            facts=step.facts,
            kind=step.kind,
            log=self.log,
            offset=OFFSET,
            parents=(parent,) if parent else (),
            prev=self.records[-1].link if self.records else None,
            seq=len(self.records),
        )
        record = compose(header, body, signer)
        self.records.append(record)
        if step.dossier:
            self._heads[step.dossier] = record.id
        return record
