"""A proof of any dossier's records, made from what this hub holds: records, statements, places in the log, checkpoints.

Bodies go into the file only for the records that somebody chose to disclose. Each record stands under the earliest checkpoint
with the quorum that holds it (the tightest bound of its time); one that no such checkpoint holds yet goes without. Where the roots
declared the algorithm broken, every record stands under the one tree head that they name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from central_hub.erasure.service import orders_of
from central_hub.registry.snapshot import take_snapshot
from central_hub.services import Services
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER, KEY
from central_hub.tlog.places import place_of
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import earliest_witnessed, kept_note, newest_witnessed
from dossiers.files import digests_in
from signing.bundles import Broken
from signing.exported import ExportedRecord
from signing.proof_file import (
    ATTACHMENTS_MAX,
    CHECKPOINTS_MAX,
    RECORDS_MAX,
    STATUS_SHARE_BYTES_MAX,
    AttachmentDigest,
    Inclusion,
    ProofFile,
    ProvenRecord,
    encode_proof,
)
from signing.tlog.checkpoint import Checkpoint, sign_checkpoint
from signing.tlog.note import Note
from sync_protocol.record import BodyState, Header, Record


class NoSuchDossier(LookupError):
    """This hub knows no dossier of that code or id, or not these records of it."""


def find_dossier(connection: Connection, asked: str) -> str:
    """The id of a dossier by id or code."""
    found = connection.scalar(select(DOSSIER.c.id).where(DOSSIER.c.code == asked))
    if found is None and len(asked) == 32:
        try:
            found = connection.scalar(select(DOSSIER.c.id).where(DOSSIER.c.id == bytes.fromhex(asked)))
        except ValueError:
            found = None
    if found is None:
        raise NoSuchDossier(asked)
    return bytes(found).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provable:
    """A record that a proof may hold: what it states, when it was signed (ms), whether its body is here."""

    id: str
    header: Header
    at: int
    has_body: bool


def provable(services: Services, connection: Connection, dossier: str) -> list[Provable]:
    """The records of a dossier, as somebody chooses from them."""
    return [
        Provable(
            id=record.id,
            header=record.header,
            at=record.header.corrected_ms,
            has_body=record.body is not None,
        )
        for record in HubLogStore(connection, services.opened).dossier_records(dossier)[-RECORDS_MAX:]
    ]


def export_proof(
    services: Services,
    connection: Connection,
    dossier: str,
    *,
    records: Collection[str] = (),
    disclosed: Collection[str] = (),
) -> bytes:
    """The file's bytes. `records` are ids, none for all of the dossier (the newest 64); `disclosed` those with their bodies."""
    store = HubLogStore(connection, services.opened)
    held = store.dossier_records(dossier)
    chosen = [record for record in held if not records or record.id in records][-RECORDS_MAX:]
    unknown = {*records, *disclosed} - {record.id for record in held}
    if not chosen or unknown:
        raise NoSuchDossier(", ".join(sorted(unknown)) or dossier)
    if any(record.body_state is BodyState.ERASED for record in chosen):
        # Why a body is not here: the order goes along, so that the report can name it.
        chosen = (chosen + orders_of(connection, services, dossier))[-RECORDS_MAX:]
    statements = _statements(services, store, connection, {record.header.by for record in chosen})
    places = _Places(services, connection)
    return encode_proof(
        ProofFile(
            records=tuple(places.proven(each, with_body=each.id in disclosed) for each in chosen),
            statements=tuple(places.proven(each, with_body=True) for each in statements),
            checkpoints=tuple(places.notes(chosen)),
            status=_status_of(connection, services, [*chosen, *statements]),
            attachments=_attachments(chosen, disclosed),
        )
    )


def _status_of(connection: Connection, services: Services, records: Iterable[Record]) -> bytes | None:
    """What is to be said of the units of these records and of the keys that they state."""
    units = {services.province}
    for record in records:
        units |= {record.header.commune, str(record.header.facts.get("unit", services.province))}
    data = take_snapshot(connection, services, units)
    return None if data is None or len(data) > STATUS_SHARE_BYTES_MAX else data


def _attachments(records: Sequence[Record], disclosed: Collection[str]) -> tuple[AttachmentDigest, ...]:
    """The files that the disclosed bodies name."""
    found = [
        AttachmentDigest(record=position, sha256=digest)
        for position, record in enumerate(records)
        if record.id in disclosed
        for digest in digests_in(record.content)
    ]
    return tuple(found[:ATTACHMENTS_MAX])


class _Places:
    """The checkpoints of one file, each once, and where records lie under them."""

    def __init__(self, services: Services, connection: Connection) -> None:
        self._services, self._connection = services, connection
        self._texts: list[str] = []

    def proven(self, record: Record, *, with_body: bool) -> ProvenRecord:
        body = record.body if with_body else None
        exported = ExportedRecord(
            header=record.header_bytes,
            signature=record.signature,
            salt=body.salt if body else None,
            content=body.content if body else None,
        )
        return ProvenRecord(record=exported, inclusions=tuple(self._inclusions(record)))

    def notes(self, records: Iterable[Record]) -> Sequence[str]:
        """The checkpoints used, and those that the records' anchors name, while there is room."""
        for record in records:
            anchor = record.header.anchor
            note = None if anchor is None else kept_note(self._connection, anchor.size)
            if note is not None:
                self._number(note)
        return self._texts

    def _inclusions(self, record: Record) -> list[Inclusion]:
        tree, policy = self._services.tree, self._services.keys.bundle.policy
        position = place_of(self._connection, record.header.log, record.header.seq)
        if tree is None or policy is None or position is None:
            return []
        broken = self._services.keys.bundle.broken
        if broken is not None:
            return self._under_named(tree, broken, position)
        note = earliest_witnessed(self._connection, policy, index=position)
        number = None if note is None else self._number(note)
        if note is None or number is None:
            note = newest_witnessed(self._connection, policy)
            number = None if note is None else self._number(note)
        if note is None or number is None:
            return []
        return self._at(tree, number, Checkpoint.parse(note.text).size, position)

    def _under_named(self, tree: Tree, broken: Broken, position: int) -> list[Inclusion]:
        """Under the head that the roots name, which counts by its hash: whoever signs it, it is the same."""
        signer = self._services.keys.log
        head = Checkpoint(broken.origin, broken.size, bytes.fromhex(broken.root))
        number = None if signer is None else self._number(sign_checkpoint(head, signer))
        return [] if number is None else self._at(tree, number, broken.size, position)

    @staticmethod
    def _at(tree: Tree, number: int, size: int, position: int) -> list[Inclusion]:
        if position >= size:
            return []
        try:
            hashes = tuple(tree.inclusion(position, size))
        except TreeUnusable:
            return []
        return [Inclusion(checkpoint=number, index=position, hashes=hashes)]

    def _number(self, note: Note) -> int | None:
        """The place of this checkpoint in the file; None when there is no room for another."""
        text = note.encode().decode()
        if text not in self._texts:
            if len(self._texts) == CHECKPOINTS_MAX:
                return None
            self._texts.append(text)
        return self._texts.index(text)


def _statements(
    services: Services, store: HubLogStore, connection: Connection, keys: Iterable[str]
) -> list[Record]:
    """The newest statement about each of these keys and of those above them, issuers first."""
    found: list[Record] = []
    for key in sorted(keys):
        chain: list[Record] = []
        while (statement := _statement_about(services, store, connection, key)) is not None:
            if statement in found or statement in chain:
                break
            chain.insert(0, statement)
            key = statement.header.by
        found += chain
    return found


def _statement_about(
    services: Services, store: HubLogStore, connection: Connection, key: str
) -> Record | None:
    """The newest accepted statement about a key; None for keys that the bundle itself names."""
    if key == services.keys.bundle.hub.key.id or key in {each.id for each in services.keys.bundle.registry}:
        return None
    record_id = connection.scalar(select(KEY.c.record).where(KEY.c.id == key).order_by(KEY.c.no.desc()).limit(1))  # fmt: skip
    return None if record_id is None else store.record(str(record_id))
