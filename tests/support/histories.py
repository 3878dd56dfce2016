"""Histories of one dossier for tests: records with real ids and bodies, unsigned, written by several desks at once.

A `Desk` is a device with its own log. It sees what it is told to see: by default every record of the history so far.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from dossiers.local_time import instant
from sync_protocol.record import Body, BodyState, Header, Record, encode_header, record_id, record_link

DOSSIER = "d0" * 16
COMMUNE = "20242"
FRIDAY = date(2026, 11, 20)
PROCEDURE = "1.004873"


def at(day: int = 0, hour: int = 8, minute: int = 0) -> int:
    """An instant so many days after Friday 20/11/2026."""
    return instant(FRIDAY + timedelta(days=day), hour * 60 + minute)


def random_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def make_record(
    kind: str,
    facts: Mapping[str, Any],
    *,
    content: Mapping[str, Any] | None = None,
    parents: Iterable[str] = (),
    at_ms: int,
    desk: str = "desk",
    seq: int = 0,
    dossier: str = DOSSIER,
    commune: str = COMMUNE,
    by: str = "officer",
) -> Record:
    """A record as the fold meets it: everything but its signature is real."""
    salt = hashlib.sha256(f"{desk}{seq}".encode()).digest()[:16]
    body = None if content is None else Body.of(dict(content), salt=salt)
    header = Header(
        kind=kind,
        log=random_id(desk),
        seq=seq,
        commune=commune,
        dossier=dossier,
        parents=tuple(sorted(parents)),
        at=(at_ms, 0),
        by=random_id(by),
        facts=dict(facts),
        body=None if body is None else body.hash,
    )
    data = encode_header(header)
    signature = bytes(64)
    identity = record_id(data)
    state = BodyState.ABSENT if body is None else BodyState.PRESENT
    return Record(header, data, signature, identity, record_link(identity, signature), body, state)


def without_body(record: Record, state: BodyState) -> Record:
    """The same record where its body is not here."""
    if record.body is None:
        return record
    return Record(record.header, record.header_bytes, record.signature, record.id, record.link, None, state)


def received_facts(**changes: Any) -> dict[str, Any]:
    return {
        "procedure": PROCEDURE,
        "procedure_version": 1,
        "channel": 1,
        "code": "H17.20242-261120-0001",
        "provisional": None,
        "receiving": COMMUNE,
        "competent": COMMUNE,
        "received": at(),
        "due": at(3, 17),
        "rule": "n_working_days",
        "status": 2,
        "sets": 1,
        "fee_due": 8_000,
        "fields": ["applicant.name", "applicant.phone", "summary"],
        "papers": [{"paper": "giay_to", "form": 1, "count": 1, "digitised": False, "reused": False}],
        **changes,
    }


RECEIVED_CONTENT = {
    "fields": {"applicant.name": "Trần Văn Bình", "applicant.phone": "0905000001", "summary": "Xác nhận"}
}


@dataclass
class History:
    """Records of one dossier in the order of writing; `write` names the present heads as parents unless told."""

    records: list[Record] = field(default_factory=list)
    dossier: str = DOSSIER

    @property
    def heads(self) -> list[str]:
        named = {parent for record in self.records for parent in record.header.parents}
        return [record.id for record in self.records if record.id not in named]

    def write(
        self,
        kind: str,
        facts: Mapping[str, Any] | None = None,
        *,
        content: Mapping[str, Any] | None = None,
        after: Iterable[Record] | None = None,
        at_ms: int | None = None,
        desk: str = "desk",
        by: str = "officer",
        commune: str = COMMUNE,
    ) -> Record:
        seq = len(self.records)
        record = make_record(
            f"dossier.{kind}",
            facts or {},
            content=content,
            parents=self.heads if after is None else [parent.id for parent in after],
            at_ms=at() + seq * 60_000 if at_ms is None else at_ms,
            desk=desk,
            seq=seq,
            dossier=self.dossier,
            by=by,
            commune=commune,
        )
        self.records.append(record)
        return record

    def receive(self, content: Mapping[str, Any] | None = None, **facts: Any) -> Record:
        return self.write(
            "received", received_facts(**facts), content=RECEIVED_CONTENT if content is None else content
        )

    def move(self, source: int, target: int, action: str, *, options: Any = None, **how: Any) -> Record:
        return self.write("moved", {"from": source, "to": target, "action": action, **(options or {})}, **how)

    def amend(self, fields: Mapping[str, str] | None = None, options: Any = None, **how: Any) -> Record:
        fields = fields or {}
        content = {"fields": dict(fields)} if fields else None
        return self.write("amended", {"fields": sorted(fields), "set": options or {}}, content=content, **how)

    def settle(self, conflict: str, choose: Record | None = None, **how: Any) -> Record:
        content = {"ground": "Theo giấy tờ gốc", **how.pop("content", {})}
        facts = {
            "conflict": conflict,
            "choose": None if choose is None else choose.id,
            **how.pop("options", {}),
        }
        return self.write("settled", facts, content=content, **how)
