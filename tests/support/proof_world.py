"""A small province with a log of its own, all from seeds: keys, records, tree, checkpoints, status, proofs.

For the golden corpus of verification and for the tests around it. Nothing is drawn and no clock is read, so that every file
made here has the same bytes in every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from signing import canonical
from signing.bundles import TrustBundle, make_bundle, open_unpinned_bundle, sign_bundle
from signing.exported import ExportedRecord, body_hash
from signing.key_chain import id_of
from signing.keys import SigningKey
from signing.log_evidence import record_link
from signing.proof_file import AttachmentDigest, Inclusion, ProofFile, ProvenRecord
from signing.roles import Role
from signing.signatures import Purpose
from signing.snapshot import Snapshot, sign_snapshot
from signing.statements import KeyStatement
from signing.status import Event, Status
from signing.tlog.checkpoint import Checkpoint, sign_checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import Edge, Node, inclusion_proof, leaf_hash
from signing.tlog.note import COSIGNATURE, VerifierKey, with_signatures

PROVINCE: Final = "48"
HAI_CHAU: Final = "20242"
HOA_VANG: Final = "20293"
ORIGIN: Final = "log.motcua.example/48"
WITNESSES: Final = ("thanh-tra.example", "so-noi-vu.example", "lang-gieng.example")
NOON_MS: Final = 1_795_350_000_000
SALT: Final = bytes(range(16))
TREE: Final = 64

AUTHORITY: Final = {
    "dossier.received": {Role.RECEPTIONIST, Role.SPECIALIST},
    "dossier.extended": {Role.LEADER},
    "dossier.noted": {Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK, Role.UNIT_ADMINISTRATOR},
    "dossier.numbered": {Role.DEVICE, Role.RECEPTIONIST},
    "verdict.given": {Role.HUB},
    "key.stated": {Role.REGISTRY, Role.KEY_AUTHORITY, Role.UNIT_ADMINISTRATOR},
    "erasure.ordered": {Role.LEADER, Role.HUB, Role.ADMINISTRATOR},
    "log.opened": {Role.DEVICE, Role.HUB},
}
"""Of this province only: the golden files must not change when a kind of record is added."""

Content = Mapping[str, Any]


def key_of(name: str) -> SigningKey:
    """The same key for the same name in every run."""
    return SigningKey.from_seed(name.encode().ljust(32, b".")[:32])


def hex_of(name: str, digits: int = 32) -> str:
    """A stable id that looks random."""
    return sha256(name.encode()).hexdigest()[:digits]


@dataclass
class ProofWorld:
    """The province's tree of 64 leaves; records take the leaf that they are put at, the rest are strangers' leaves."""

    leaves: list[bytes] = field(
        default_factory=lambda: [
            Leaf(by=hex_of("stranger"), kind="dossier.noted", link=hex_of(f"leaf {n}", 64), log=hex_of("elsewhere"), seq=n).encode()
            for n in range(TREE)
        ]
    )  # fmt: skip
    index: dict[str, int] = field(default_factory=dict)

    # Trust

    def envelope(self, **changes: Any) -> bytes:
        """The root-signed trust bundle: log, quorum of two of three witnesses, status key."""
        roots = changes.pop("signers", [key_of("root")])
        fields: dict[str, Any] = {
            "version": 3,
            "province": PROVINCE,
            "roots": [key_of("root").public],
            "threshold": 1,
            "registry": [key_of("registry").public],
            "hub": KeyStatement(key=key_of("hub").public, roles=frozenset({Role.HUB}), unit=PROVINCE, issuer=key_of("root").public.id),
            "ca_sha256": None,
            "authority": AUTHORITY,
            "issued": NOON_MS,
            "status": [key_of("status").public],
            "policy": policy_text(),
        }  # fmt: skip
        return sign_bundle(make_bundle(**(fields | changes)), roots)

    def bundle(self, **changes: Any) -> TrustBundle:
        return open_unpinned_bundle(self.envelope(**changes))

    # Keys

    def statement(self, name: str, *roles: Role, unit: str = HAI_CHAU, by: str = "registry", **changes: Any) -> KeyStatement:  # fmt: skip
        return KeyStatement(
            key=key_of(name).public,
            roles=frozenset(roles),
            unit=unit,
            officer=None if Role.DEVICE in roles else hex_of(name),
            issuer=key_of(by).public.id,
            **changes,
        )

    def stated(self, statement: KeyStatement, *, by: str = "registry", seq: int = 7, content: Content | None = None, **changes: Any) -> ExportedRecord:  # fmt: skip
        facts = statement.facts() | changes.pop("facts", {})
        return self.record(by, kind="key.stated", commune=changes.pop("commune", PROVINCE), log="province log", seq=seq,
                           facts=facts, content=content, dossier=None, **changes)  # fmt: skip

    def lan(self, **changes: Any) -> ExportedRecord:
        """Lan receives dossiers at Hải Châu; her name is in the body of her statement."""
        person = {"name": "Trần Minh Lan", "title": "Công chức tiếp nhận"}
        return self.stated(self.statement("Lan", Role.RECEPTIONIST, **changes), content=person)

    # Records

    def record(
        self,
        signer: str,
        *,
        kind: str = "dossier.received",
        commune: str = HAI_CHAU,
        log: str = "log of PC1",
        seq: int = 5,
        content: Content | None = None,
        facts: Content | None = None,
        **changes: Any,
    ) -> ExportedRecord:
        body = None if content is None else canonical.encode(dict(content))
        header: dict[str, Any] = {
            "anchor": None,
            "at": [NOON_MS + 1000 * seq, 0],
            "body": None if body is None else body_hash(SALT, body),
            "by": key_of(signer).public.id,
            "commune": commune,
            "dossier": hex_of("dossier"),
            "facts": dict(facts or {}),
            "kind": kind,
            "log": hex_of(log),
            "offset": [120, 60],
            "parents": [],
            "prev": None if seq == 0 else hex_of(f"{log} {seq - 1}", 64),
            "seq": seq,
            "v": 1,
        }
        data = canonical.encode(header | changes)
        return ExportedRecord(
            header=data,
            signature=key_of(signer).sign(Purpose.RECORD, data),
            salt=None if body is None else SALT,
            content=body,
        )

    # The log

    def put(self, record: ExportedRecord, index: int) -> ExportedRecord:
        """Give the record this leaf of the tree."""
        fields = canonical.decode(record.header, size_bytes_max=1 << 20)
        assert isinstance(fields, dict)
        link = link_of(record)
        leaf = Leaf(by=str(fields["by"]), kind=str(fields["kind"]), link=link, log=str(fields["log"]), seq=int(str(fields["seq"])))  # fmt: skip
        self.leaves[index] = leaf.encode()
        self.index[link] = index
        return record

    def root(self, size: int) -> bytes:
        return Edge(0, ()).append([leaf_hash(leaf) for leaf in self.leaves[:size]])[0].root

    def checkpoint(
        self,
        size: int = TREE,
        *,
        witnesses: Iterable[str] = WITNESSES[:2],
        origin: str = ORIGIN,
        key: str = "log",
        root: bytes | None = None,
        time_s: int | None = None,
    ) -> str:
        """The signed and cosigned note of the tree's first `size` leaves."""
        checkpoint = Checkpoint(origin, size, self.root(size) if root is None else root)
        seconds = NOON_MS // 1000 + 60 * size if time_s is None else time_s
        lines = [
            cosign(checkpoint, name, seconds + 7 * number, key_of(name))
            for number, name in enumerate(witnesses)
        ]
        return with_signatures(sign_checkpoint(checkpoint, key_of(key)), lines).encode().decode()

    def anchor(self, size: int) -> dict[str, Any]:
        return {"origin": ORIGIN, "root": self.root(size).hex(), "size": size}

    def inclusion(self, record: ExportedRecord, *, size: int = TREE, checkpoint: int = 0) -> Inclusion:
        index = self.index[link_of(record)]
        nodes: dict[Node, bytes] = dict(
            Edge(0, ()).append([leaf_hash(leaf) for leaf in self.leaves[:size]])[1]
        )
        hashes = inclusion_proof(index, size, lambda asked: [nodes[node] for node in asked])
        return Inclusion(checkpoint=checkpoint, index=index, hashes=tuple(hashes))

    # Proofs

    def snapshot(self, *events: Event, size: int = TREE, issued: int | None = NOON_MS, key: str = "status", province: str = PROVINCE) -> bytes:  # fmt: skip
        taken = Snapshot(province=province, status=Status.of(events, size=size), root=self.root(min(size, TREE)).hex(), issued=issued)  # fmt: skip
        return sign_snapshot(taken, key_of(key))

    def proof(
        self,
        *records: ExportedRecord,
        statements: Sequence[ExportedRecord] = (),
        checkpoints: Sequence[str] | None = None,
        sizes: Sequence[int] = (TREE,),
        status: bytes | None = None,
        attachments: Sequence[str] = (),
    ) -> ProofFile:
        """A proof of these records under checkpoints of these sizes, wherever the tree holds them."""
        notes = [self.checkpoint(size) for size in sizes] if checkpoints is None else checkpoints
        return ProofFile(
            records=tuple(self._proven(each, sizes if notes else ()) for each in records),
            statements=tuple(self._proven(each, sizes if notes else ()) for each in statements),
            checkpoints=tuple(notes),
            status=status,
            attachments=tuple(AttachmentDigest(record=0, sha256=digest) for digest in attachments),
        )

    def proof_of(self, record: ExportedRecord, *statements: ExportedRecord) -> ProofFile:
        """A proof without log evidence, for records that may have no place in any tree."""
        return ProofFile(
            records=(ProvenRecord(record=record),),
            statements=tuple(ProvenRecord(record=each) for each in statements),
        )

    def _proven(self, record: ExportedRecord, sizes: Sequence[int]) -> ProvenRecord:
        index = self.index.get(link_of(record))
        inclusions = [
            self.inclusion(record, size=size, checkpoint=number)
            for number, size in enumerate(sizes)
            if index is not None and index < size
        ]
        return ProvenRecord(record=record, inclusions=tuple(inclusions))


def link_of(record: ExportedRecord) -> str:
    return record_link(id_of(record), record.signature)


def policy_text(quorum: str = "quorum nhan-chung") -> str:
    """Two of three witnesses, by name of their key."""
    witnesses = [
        f"witness w{number} {VerifierKey(name, key_of(name).public, COSIGNATURE)}"
        for number, name in enumerate(WITNESSES)
    ]
    log = f"log {VerifierKey(ORIGIN, key_of('log').public)}"
    return "\n".join([log, *witnesses, "group nhan-chung 2 w0 w1 w2", quorum, ""])


def bare(record: ExportedRecord) -> ExportedRecord:
    """The record without its body."""
    return replace(record, salt=None, content=None)
