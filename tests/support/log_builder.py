"""Small signed logs for tests: a device, an officer, and as many records as asked for."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from signing.keys import SigningKey
from sync_protocol.log import LogOpening, OpeningReason, Run, log_id, make_seal
from sync_protocol.record import Body, Header, Record, compose, unverified

COMMUNE = "20242"
START_MS = 1_795_000_000_000


def key(name: str) -> SigningKey:
    """The same key for the same name."""
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest())


def hex32(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


class LogBuilder:
    """Writes one log, record by record."""

    def __init__(self, device: str = "device", epoch: str = "epoch", commune: str = COMMUNE) -> None:
        self.device, self.commune = key(device), commune
        self.id = log_id(self.device.public.id, commune, hex32(epoch))
        self.records: list[Record] = []
        opening = LogOpening(device=self.device.public.id, epoch=hex32(epoch), reason=OpeningReason.NEW)
        self.add("log.opened", opening.to_facts())

    def add(
        self,
        kind: str = "dossier.noted",
        facts: Mapping[str, object] | None = None,
        *,
        content: dict[str, Any] | None = None,
        dossier: str | None = None,
        parents: Sequence[str] = (),
        signer: SigningKey | None = None,
    ) -> Record:
        body = (
            Body.of(content, salt=hashlib.sha256(b"%d" % len(self.records)).digest()[:16])
            if content
            else None
        )
        author = signer or self.device
        header = Header(
            at=(START_MS + 1000 * len(self.records), 0),
            body=body.hash if body else None,
            by=author.public.id,
            commune=self.commune,
            dossier=dossier,
            facts=dict(facts or {}),
            kind=kind,
            log=self.id,
            parents=tuple(parents),
            prev=self.records[-1].link if self.records else None,
            seq=len(self.records),
        )
        self.records.append(compose(header, body, author))
        return self.records[-1]

    def note(self, text: str, dossier: str) -> Record:
        return self.add(content={"note": text}, dossier=dossier)

    def run(self, first: int = 0, stop: int | None = None, *, sealed: bool = False) -> Run:
        part = self.records[first:stop]
        end = first + len(part)
        seal = make_seal(self.id, end, part[-1].link, self.device) if sealed else None
        return Run(log=self.id, first=first, records=tuple(unverified(r) for r in part), seal=seal)
