"""The key statements of a file, believed as far as they lead down from the trust bundle.

Statements may stand in any order and may be wrong: each is believed by its issuer's signature and the issuer's right to
make it, or left aside with a reason. A name or title is shown only from a body that a believed statement commits to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from signing import canonical, reasons
from signing.bundles import TrustBundle
from signing.canonical import Json
from signing.errors import NotCanonical, NotEntitled, SigningError
from signing.exported import EXPORT_BYTES_MAX, ExportedRecord
from signing.log_evidence import LogEvidence, Logged, record_link
from signing.proof_file import ProvenRecord
from signing.reasons import Reason
from signing.report import Signer
from signing.signatures import Purpose, pae, verify
from signing.signed_header import HEADER_VERSION, ITEMS_MAX, SignedHeader
from signing.statements import KIND as KEY_STATED
from signing.statements import KeyStatement
from signing.trust import Trust


@dataclass(slots=True)
class KeyChain:
    """`believed` names, for each key stated in the file, the position of its statement; `refused` says why not."""

    trust: Trust
    believed: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[int, Reason]] = field(default_factory=list)
    people: dict[str, Mapping[str, Json]] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: TrustBundle, statements: Sequence[ExportedRecord]) -> Self:
        """Believe what can be believed, in as many passes as the order of the file needs."""
        chain = cls(Trust.of(bundle))
        waiting = list(enumerate(statements))
        while waiting:
            left = [entry for entry in waiting if not chain._settle(*entry)]
            if len(left) == len(waiting):
                chain.refused += [(position, reasons.UNKNOWN_KEY) for position, _statement in left]
                break
            waiting = left
        return chain

    def signer(self, statement: KeyStatement) -> Signer:
        """How a report names the holder of a believed key."""
        person = self.people.get(statement.key.id, {})
        name, title = person.get("name"), person.get("title")
        return Signer(
            key=statement.key.id,
            roles=tuple(sorted(statement.roles)),
            unit=statement.unit,
            officer=statement.officer,
            name=name if isinstance(name, str) else None,
            title=title if isinstance(title, str) else None,
            delegated=statement.delegated,
        )

    def positions_behind(self, key_id: str) -> list[int]:
        """Where in the file the statements stand on which belief in this key rests, its own first."""
        found: list[int] = []
        while key_id in self.believed and self.believed[key_id] not in found:
            found.append(self.believed[key_id])
            key_id = self.trust.statements[key_id].issuer
        return found

    def has_body(self, exported: ExportedRecord) -> bool:
        """Whether the body beside a believed statement is the one that it commits to."""
        return exported.body_hash == SignedHeader.read(exported.header).body

    def logged(self, log: LogEvidence, statement: ProvenRecord) -> Logged | None:
        """Where a believed statement is shown to lie in the log."""
        record_id = id_of(statement.record)
        link = record_link(record_id, statement.record.signature)
        return log.logged(SignedHeader.read(statement.record.header), link, statement.inclusions)

    def _settle(self, position: int, exported: ExportedRecord) -> bool:
        """Believe or refuse one statement for good; False while its issuer is unknown."""
        try:
            header = SignedHeader.read(exported.header)
            self._believe(position, header, exported)
        except SigningError as error:
            if error.reason is reasons.UNKNOWN_KEY:
                return False
            self.refused.append((position, error.reason))
        return True

    def _believe(self, position: int, header: SignedHeader, exported: ExportedRecord) -> None:
        if header.kind != KEY_STATED or header.version != HEADER_VERSION:
            raise NotCanonical("not a key statement of this version")
        issuer = self.trust.statement(header.by)
        if issuer is None:
            raise NotEntitled("an issuer not yet known", reason=reasons.UNKNOWN_KEY)
        verify(issuer.key, Purpose.RECORD, exported.header, exported.signature)
        statement = KeyStatement.from_facts(header.facts, issuer=header.by)
        self.trust = self.trust.accept(statement, issuer_key_id=header.by)
        self.believed[statement.key.id] = position
        self.people[statement.key.id] = _person(header, exported)


def _person(header: SignedHeader, exported: ExportedRecord) -> Mapping[str, Json]:
    """Name and title of a key's holder, from a body that the believed statement commits to."""
    if exported.content is None or exported.body_hash != header.body:
        return {}
    return content_object(exported.content) or {}


def id_of(exported: ExportedRecord) -> str:
    """SHA-256 of the bytes that were signed."""
    return hashlib.sha256(pae(Purpose.RECORD, exported.header)).hexdigest()


def content_object(content: bytes) -> dict[str, Json] | None:
    """The object that a body holds; None if it is not one in canonical form."""
    try:
        value = canonical.decode(content, size_bytes_max=EXPORT_BYTES_MAX, items_max=ITEMS_MAX)
    except NotCanonical:
        return None
    return value if isinstance(value, dict) else None
