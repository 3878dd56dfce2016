"""Cases under a bundle in which the roots declare the algorithm of all keys broken: what the log held before stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from signing.bundles import Broken
from signing.cuts import Cause, Cut
from signing.exported import encode_export
from signing.proof_file import encode_proof
from signing.status import Revoked
from tests.support.corpus.cases import Corpus
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import ORIGIN, TREE, ProofWorld, bare, hex_of, key_of

NO_POE: Final = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
SIZE: Final = 50
TRUST: Final = "algorithm-broken"


def tell(corpus: Corpus) -> None:
    world = ProofWorld()
    early = world.put(world.record("Lan", content=CONTENT, facts=FACTS), 40)
    late = world.put(world.record("Lan", content=CONTENT, facts=FACTS, seq=6), 55)
    lan = world.put(world.lan(), 10)
    # Only now, so that the root is of the leaves as they are.
    broken = Broken(suite="ed25519", origin=ORIGIN, size=SIZE, root=world.root(SIZE).hex())
    corpus.trust[TRUST] = world.envelope(broken=broken, version=4)
    before = world.proof(early, statements=[lan], sizes=(SIZE,))
    unsigned = world.checkpoint(SIZE, key="stranger", witnesses=())
    forged = world.checkpoint(SIZE, root=bytes(range(32)))
    revoked = Revoked(
        index=60, record=hex_of("revocation", 64), by=key_of("registry").public.id, key=key_of("Lan").public.id,
        cause=Cause.LOST, cut=Cut.of(12),
    )  # fmt: skip

    def passed(name: str, data: bytes, **options: object) -> None:
        corpus.passed(f"{TRUST}-{name}", data, trust=TRUST, **options)

    def open_(name: str, data: bytes, *subs: str, **options: object) -> None:
        corpus.open(f"{TRUST}-{name}", data, *(subs or (NO_POE,)), trust=TRUST, **options)

    passed("logged-before", encode_proof(before), require_log=True)
    passed(
        "named-head-beside-another", encode_proof(world.proof(early, statements=[lan], sizes=(TREE, SIZE)))
    )
    passed("named-head-without-signatures", encode_proof(replace(before, checkpoints=(unsigned,))))
    open_("logged-after", encode_proof(world.proof(late, statements=[lan], sizes=(TREE,))))
    open_("logged-before-under-another-head", encode_proof(world.proof(early, statements=[lan])))
    open_("forged-head-of-that-size", encode_proof(replace(before, checkpoints=(forged,))))
    open_("not-logged", encode_proof(world.proof_of(early, lan)))
    open_("log-required", encode_proof(world.proof_of(early, lan)), "MC_NOT_LOGGED", NO_POE, require_log=True)
    open_(
        "statement-not-logged",
        encode_proof(replace(before, statements=world.proof_of(early, lan).statements)),
    )
    open_("exported-record", encode_export(early, [bare(lan)]))
    open_(
        "key-cut-off-before",
        encode_proof(replace(before, status=world.snapshot(revoked))),
        "REVOKED_NO_POE",
        in_force="yes",
    )
    altered = replace(late, signature=bytes(64))
    corpus.failed(
        f"{TRUST}-altered", encode_proof(world.proof_of(altered, lan)), "SIG_CRYPTO_FAILURE", trust=TRUST
    )
