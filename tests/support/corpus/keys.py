"""Cases about who signed: chains of key statements, roles, units, delegation, and the stretch in which a key counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from signing.exported import ExportedRecord
from signing.proof_file import encode_proof
from signing.roles import OFFICE_ROLES, Role
from tests.support.corpus.cases import Corpus
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import AUTHORITY, HAI_CHAU, HOA_VANG, PROVINCE, ProofWorld, key_of

CHAIN: Final = "NO_CERTIFICATE_CHAIN_FOUND"
NO_KEY: Final = "NO_SIGNING_CERTIFICATE_FOUND"


def tell(corpus: Corpus) -> None:
    _roles(corpus, ProofWorld())
    _units(corpus, ProofWorld())
    _chains(corpus, ProofWorld())
    _delegation(corpus, ProofWorld())
    _intervals(corpus, ProofWorld())
    _roots(corpus, ProofWorld())


def _roles(corpus: Corpus, world: ProofWorld) -> None:
    """Every role tries every kind of a dossier's records: exactly the table of the bundle decides."""
    for role in (*sorted(OFFICE_ROLES), Role.DEVICE):
        stated = world.stated(world.statement(f"the {role}", role))
        for kind in (
            "dossier.received",
            "dossier.extended",
            "dossier.noted",
            "dossier.numbered",
            "verdict.given",
        ):
            data = encode_proof(
                world.proof(world.record(f"the {role}", kind=kind, facts=FACTS), statements=[stated])
            )
            name = f"role-{role}-signs-{kind}".replace(".", "-").replace("_", "-")
            if role in AUTHORITY[kind]:
                corpus.passed(name, data)
            else:
                corpus.failed(name, data, "MC_ROLE")
    for signer in ("registry", "hub"):
        data = encode_proof(world.proof(world.record(signer, facts=FACTS)))
        corpus.failed(f"role-{signer}-signs-dossier-received", data, "MC_ROLE")
    unknown = encode_proof(
        world.proof(world.record("Lan", kind="dossier.unheard_of"), statements=[world.lan()])
    )
    corpus.open("kind-of-a-later-bundle", unknown, "MC_ROLE")


def _units(corpus: Corpus, world: ProofWorld) -> None:
    lan = world.lan()
    for name, unit in {"another-commune": HOA_VANG, "the-province": PROVINCE, "no-unit": "99999"}.items():
        data = encode_proof(world.proof(world.record("Lan", commune=unit, facts=FACTS), statements=[lan]))
        corpus.failed(f"unit-{name}", data, "MC_UNIT")
    hub = encode_proof(world.proof(world.record("hub", kind="verdict.given", commune=HOA_VANG)))
    corpus.passed("unit-the-hub-speaks-for-every-commune", hub)


def _chains(corpus: Corpus, world: ProofWorld) -> None:
    record = world.record("Lan", content=CONTENT, facts=FACTS)
    lan = world.lan()
    statement = world.statement("Lan", Role.RECEPTIONIST)
    corpus.open("chain-no-statement", encode_proof(world.proof(record)), NO_KEY)
    corpus.open("chain-of-somebody-else", encode_proof(world.proof(record, statements=[world.stated(world.statement("Hùng", Role.CLERK))])), NO_KEY)  # fmt: skip
    for name, broken in {
        "signature-wrong": replace(lan, signature=bytes(64)),
        "header-altered": replace(lan, header=lan.header.replace(b"receptionist", b"receptionisT")),
        "later-version": world.stated(statement, v=2),
        "another-kind": world.record(
            "registry", kind="dossier.noted", commune=PROVINCE, facts=statement.facts()
        ),
        "facts-more": world.stated(statement, facts={"note": 1}),
        "role-unknown": world.stated(statement, facts={"roles": ["mayor"]}),
        "no-role": world.stated(statement, facts={"roles": []}),
        "key-of-small-order": world.stated(statement, facts={"key": "00" * 32}),
        "office-role-without-officer": world.stated(statement, facts={"officer": None}),
        "registry-says-delegated": world.stated(statement, facts={"delegated": True}),
        "by-a-stranger": world.stated(
            world.statement("Lan", Role.RECEPTIONIST, by="stranger"), by="stranger"
        ),
        "by-herself": world.stated(world.statement("Lan", Role.RECEPTIONIST, by="Lan"), by="Lan"),
        "by-the-hub": world.stated(world.statement("Lan", Role.RECEPTIONIST, by="hub"), by="hub"),
        "by-the-root": world.stated(world.statement("Lan", Role.RECEPTIONIST, by="root"), by="root"),
        "not-canonical": replace(lan, header=lan.header + b" "),
    }.items():
        corpus.open(f"chain-{name}", encode_proof(world.proof(record, statements=[broken])), CHAIN)
    corpus.passed("chain-with-a-broken-statement-nobody-needs", encode_proof(world.proof(record, statements=[lan, replace(lan, signature=bytes(64))])))  # fmt: skip
    corpus.passed("chain-name-beside-the-statement-is-not-believed", encode_proof(world.proof(record, statements=[replace(lan, content=b'{"name":"x"}')])))  # fmt: skip
    forged = replace(record, signature=bytes(64))
    corpus.open("chain-missing-and-signature-wrong", encode_proof(world.proof(forged)), NO_KEY)


def _delegation(corpus: Corpus, world: ProofWorld) -> None:
    record = world.record("Mai", content=CONTENT, facts=FACTS)
    administrator = world.stated(world.statement("Hoa", Role.UNIT_ADMINISTRATOR))
    elsewhere = world.stated(world.statement("Hoa", Role.UNIT_ADMINISTRATOR, unit=HOA_VANG))
    stated = world.statement("Mai", Role.RECEPTIONIST, by="Hoa", delegated=True)
    mai = world.stated(stated, by="Hoa", commune=HAI_CHAU)
    corpus.passed("delegated", encode_proof(world.proof(record, statements=[administrator, mai])))
    corpus.passed("delegated-statements-in-any-order", encode_proof(world.proof(record, statements=[mai, administrator])))  # fmt: skip
    corpus.open("delegated-without-the-administrator", encode_proof(world.proof(record, statements=[mai])), CHAIN)  # fmt: skip
    corpus.open("delegated-by-another-unit", encode_proof(world.proof(record, statements=[elsewhere, mai])), CHAIN)  # fmt: skip
    for name, role in {
        "leader": Role.LEADER,
        "administrator": Role.UNIT_ADMINISTRATOR,
        "device": Role.DEVICE,
    }.items():
        given = world.stated(
            world.statement("Mai", role, by="Hoa", delegated=True), by="Hoa", commune=HAI_CHAU
        )
        corpus.open(f"delegated-role-{name}", encode_proof(world.proof(record, statements=[administrator, given])), CHAIN)  # fmt: skip
    silent = world.stated(replace(stated, delegated=False), by="Hoa", commune=HAI_CHAU)
    corpus.open("delegated-and-not-said-so", encode_proof(world.proof(record, statements=[administrator, silent])), CHAIN)  # fmt: skip
    own = world.stated(world.statement("Mai", Role.RECEPTIONIST))
    corpus.passed("delegated-then-stated-by-the-province", encode_proof(world.proof(record, statements=[administrator, mai, own])))  # fmt: skip


def _intervals(corpus: Corpus, world: ProofWorld) -> None:
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS), 40)
    fresh = world.record("Lan", content=CONTENT, facts=FACTS, seq=6)
    anchored = world.record("Lan", content=CONTENT, facts=FACTS, seq=6, anchor=world.anchor(48))

    def told(signed: ExportedRecord, **interval: Any) -> bytes:
        lan = world.stated(world.statement("Lan", Role.RECEPTIONIST, **interval))
        return encode_proof(world.proof(signed, statements=[lan], sizes=(64, 48)))

    corpus.passed("interval-inside", told(record, from_size=40, until_size=41))
    corpus.failed("interval-not-yet", told(record, from_size=41), "NOT_YET_VALID")
    corpus.open("interval-logged-after-its-end", told(record, until_size=40), "NO_POE")
    corpus.open("interval-with-an-end-unlogged", told(fresh, until_size=60), "NO_POE")
    corpus.open("interval-with-a-beginning-unlogged", told(fresh, from_size=20), "NO_POE")
    corpus.passed("interval-begun-before-the-anchor", told(anchored, from_size=48))
    corpus.open("interval-begun-after-the-anchor", told(anchored, from_size=49), "NO_POE")
    corpus.failed("interval-ended-before-the-anchor", told(anchored, until_size=48), "REVOKED")
    corpus.open("interval-of-no-length", told(record, from_size=9, until_size=8), CHAIN)


def _roots(corpus: Corpus, world: ProofWorld) -> None:
    record, lan = world.record("Lan", content=CONTENT, facts=FACTS), world.lan()
    whole = encode_proof(world.proof(record, statements=[lan]))
    corpus.open("root-of-another-province", whole, CHAIN, trust="other-root")
    corpus.trust["other-registry"] = world.envelope(version=4, registry=[key_of("new registry").public])
    corpus.open("root-names-another-registry", whole, CHAIN, trust="other-registry")
    corpus.trust["no-authority"] = world.envelope(authority={})
    corpus.open("root-gives-nobody-authority", whole, "MC_ROLE", trust="no-authority")
