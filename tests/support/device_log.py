"""A device's log that writes itself: `log = DeviceLog(...)`, then `log.write(kind, …)` reads like the desk's day."""

import hashlib
import random
from collections.abc import Mapping
from typing import Any

from signing.keys import SigningKey
from sync_protocol.clock import Instant, tick
from sync_protocol.log import LogOpening, OpeningReason, Predecessor, Run, Seal, log_id, make_seal
from sync_protocol.record import Body, Header, Record, compose, unverified
from tests.support.later import compose_later

HAI_CHAU = "20242"
HOA_CUONG = "20257"
MORNING_MS = 1_795_401_000_000
"""08:30 on 23/11/2026 in Việt Nam."""


def key_of(name: str) -> SigningKey:
    """The same key for the same name, in every test."""
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


class DeviceLog:
    """One device's log of one commune, with one officer at the keyboard."""

    def __init__(
        self,
        device: str = "PC1",
        officer: str = "Lan",
        commune: str = HAI_CHAU,
        *,
        seed: int = 1,
        epoch: int = 1,
    ) -> None:
        self.random = random.Random(f"{device}{officer}{commune}{seed}{epoch}")
        self.device, self.officer, self.commune = key_of(device), key_of(officer), commune
        self.epoch = self.random.randbytes(16).hex()
        self.log = log_id(self.device.public.id, commune, self.epoch)
        self.records: list[Record] = []
        self.heads: dict[str, tuple[str, ...]] = {}
        self.clock: Instant | None = None
        self.wall_ms = MORNING_MS
        opening = LogOpening(device=self.device.public.id, epoch=self.epoch, reason=OpeningReason.NEW)
        self.write("log.opened", facts=opening.to_facts(), signer=self.device)

    def open_next(self, reason: OpeningReason) -> None:
        """Go on in another log of another epoch, which names this one as what it follows."""
        before = Predecessor(log=self.log, length=len(self.records), head=self.records[-1].link)
        self.epoch = self.random.randbytes(16).hex()
        self.log = log_id(self.device.public.id, self.commune, self.epoch)
        self.records = []
        opening = LogOpening(
            device=self.device.public.id, epoch=self.epoch, reason=reason, predecessors=(before,)
        )
        self.write("log.opened", facts=opening.to_facts(), signer=self.device)

    def new_dossier(self) -> str:
        return self.random.randbytes(16).hex()

    def write(
        self,
        kind: str,
        dossier: str | None = None,
        facts: dict[str, Any] | None = None,
        content: dict[str, Any] | None = None,
        *,
        parents: tuple[str, ...] | None = None,
        signer: SigningKey | None = None,
        minutes: int = 1,
        later: Mapping[str, Any] | None = None,
        **header: Any,
    ) -> Record:
        """Sign and append one record; `later` are options of `compose_later`."""
        signer = signer or self.officer
        self.wall_ms += minutes * 60_000
        self.clock = tick(self.clock, wall_ms=self.wall_ms)
        body = Body.of(content, salt=self.random.randbytes(16)) if content is not None else None
        if parents is None:
            parents = self.heads.get(dossier or "", ())
        fields: dict[str, Any] = {
            "at": (self.clock.ms, self.clock.counter),
            "body": body.hash if body else None,
            "by": signer.public.id,
            "commune": self.commune,
            "dossier": dossier,
            "facts": facts or {},
            "kind": kind,
            "log": self.log,
            "offset": (120, 60),
            "parents": parents,
            "prev": self.records[-1].link if self.records else None,
            "seq": len(self.records),
        }
        said = Header(**{**fields, **header})
        record = compose(said, body, signer) if later is None else compose_later(said, body, signer, **later)
        self.records.append(record)
        if dossier:
            self.heads[dossier] = (record.id,)
        return record

    def a_dossier(self, steps: int = 3) -> str:
        """Receive a dossier and take it a few steps further."""
        dossier = self.new_dossier()
        code = f"H17.{self.commune}-261123-{len(self.records):04d}"
        self.write(
            "dossier.received",
            dossier,
            {"code": code, "fields": ["applicant.name"], "status": 2},
            {"fields": {"applicant.name": "Nguyễn Thị Lan"}},
        )
        for step in range(1, steps):
            self.write("dossier.noted", dossier, {}, {"note": f"Ghi chú {step}"})
        return dossier

    def seal(self, length: int | None = None) -> Seal:
        length = length or len(self.records)
        return make_seal(self.log, length, self.records[length - 1].link, self.device)

    def run(self, first: int = 0, stop: int | None = None, *, sealed: bool = True) -> Run:
        stop = len(self.records) if stop is None else stop
        records = tuple(unverified(record) for record in self.records[first:stop])
        return Run(log=self.log, first=first, records=records, seal=self.seal(stop) if sealed else None)
