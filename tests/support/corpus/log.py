"""Cases about the province's log: inclusions, checkpoints, quorum, brackets, and what a lack of them means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from signing.bundles import Continued
from signing.proof_file import Inclusion, ProofFile, encode_proof
from signing.tlog.note import VerifierKey
from tests.support.corpus.cases import Corpus
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import ORIGIN, TREE, WITNESSES, ProofWorld, key_of, policy_text

Change = Callable[[ProofFile], ProofFile]
NOT_LOGGED: Final = "MC_NOT_LOGGED"
QUORUM: Final = "MC_QUORUM"


def tell(corpus: Corpus) -> None:
    world = ProofWorld()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS, anchor=world.anchor(32)), 40)
    lan = world.put(world.lan(), 10)
    good = world.proof(record, statements=[lan])
    _evidence_that_does_not_hold(corpus, world, good)
    _good(corpus, world, good)
    bracketed = replace(good, checkpoints=(*good.checkpoints, world.checkpoint(32)))
    corpus.passed("log-bracketed-on-both-sides", encode_proof(bracketed), require_log=True)
    _forks(corpus, world)
    _ended(corpus, world, good)


def _ended(corpus: Corpus, world: ProofWorld, good: ProofFile) -> None:
    """Under bundles in which the log of the proof ended and another one continues it."""
    successor = VerifierKey(f"{ORIGIN}/2", key_of("another log").public)
    for name, size in {"at-its-end": TREE, "before": TREE - 1}.items():
        ended = Continued(origin=ORIGIN, size=size, root="5a" * 32, by=successor.name, kept=size - 8)
        corpus.trust[f"log-ended-{name}"] = world.envelope(
            policy=f"log {successor}\n{policy_text()}", continued=[ended]
        )
    data = encode_proof(good)
    corpus.passed("log-that-ended-later", data, require_log=True, trust="log-ended-at-its-end")
    corpus.open("log-checkpoint-beyond-its-end", data, NOT_LOGGED, require_log=True, trust="log-ended-before")
    named = Continued(
        origin=ORIGIN, size=TREE, root=world.root(TREE).hex(), by=successor.name, kept=TREE, is_stolen=True
    )
    for name, quorum in {"stolen": "quorum none", "stolen-witnessed": "quorum nhan-chung"}.items():
        corpus.trust[f"log-{name}"] = world.envelope(
            policy=f"log {successor}\n{policy_text(quorum)}", continued=[named]
        )
    record, statement = good.records[0].record, good.statements[0].record
    small = encode_proof(world.proof(record, statements=[statement], sizes=(TREE - 1,)))
    corpus.passed("log-stolen-at-the-head-that-the-roots-name", data, require_log=True, trust="log-stolen")
    corpus.open("log-stolen-at-another-head", small, NOT_LOGGED, require_log=True, trust="log-stolen")
    corpus.passed("log-stolen-and-witnessed-before", small, require_log=True, trust="log-stolen-witnessed")
    note = world.checkpoint(key="another log", origin=successor.name)
    after = encode_proof(replace(good, checkpoints=(note,)))
    corpus.passed("log-that-continues", after, require_log=True, trust="log-ended-before")


def _good(corpus: Corpus, world: ProofWorld, good: ProofFile) -> None:
    corpus.passed("log-required", encode_proof(good), require_log=True)
    record, statement = good.records[0].record, good.statements[0].record
    two = world.proof(record, statements=[statement], sizes=(TREE, 48))
    corpus.passed("log-earliest-checkpoint-counts", encode_proof(two), require_log=True)
    for name, witnesses in {
        "three-witnesses": WITNESSES,
        "a-stranger-beside-the-quorum": (*WITNESSES[:2], "stranger.example"),
        "witnesses-in-another-order": (WITNESSES[2], WITNESSES[0]),
    }.items():
        data = encode_proof(replace(good, checkpoints=(world.checkpoint(witnesses=witnesses),)))
        corpus.passed(f"log-{name}", data, require_log=True)
    for size in (41, 42, 63):
        small = world.proof(record, statements=[statement], sizes=(size,))
        corpus.passed(f"log-tree-of-{size}", encode_proof(small), require_log=True)


def _evidence_that_does_not_hold(corpus: Corpus, world: ProofWorld, good: ProofFile) -> None:
    """Left aside: passed as unlogged while nothing is recorded against the key, undecided where the log is required."""
    inclusion = good.records[0].inclusions[0]
    for name, change in {
        "absent": _inclusions(),
        "index-below": _inclusions(replace(inclusion, index=39)),
        "index-above": _inclusions(replace(inclusion, index=41)),
        "index-outside": _inclusions(replace(inclusion, index=TREE)),
        "index-far": _inclusions(replace(inclusion, index=2**53 - 1)),
        "hash-flipped": _inclusions(replace(inclusion, hashes=(bytes(32), *inclusion.hashes[1:]))),
        "hash-lacking": _inclusions(replace(inclusion, hashes=inclusion.hashes[:-1])),
        "hash-more": _inclusions(replace(inclusion, hashes=(*inclusion.hashes, bytes(32)))),
        "hashes-reversed": _inclusions(replace(inclusion, hashes=inclusion.hashes[::-1])),
        "hashes-none": _inclusions(replace(inclusion, hashes=())),
        "of-the-statement": _inclusions(good.statements[0].inclusions[0]),
    }.items():
        _both(corpus, f"inclusion-{name}", change(good), NOT_LOGGED)
    for name, note in _notes(world).items():
        _both(corpus, f"checkpoint-{name}", replace(good, checkpoints=(note,)), NOT_LOGGED)
    for name, witnesses in {
        "none": (),
        "one": WITNESSES[:1],
        "one-twice": (WITNESSES[0], WITNESSES[0]),
        "strangers": ("stranger.example", "other.example"),
    }.items():
        _both(corpus, f"quorum-{name}", replace(good, checkpoints=(world.checkpoint(witnesses=witnesses),)), QUORUM)  # fmt: skip
    unlogged = world.proof(world.record("Lan", seq=6, content=CONTENT, facts=FACTS), statements=[good.statements[0].record])  # fmt: skip
    _both(corpus, "inclusion-of-nothing", unlogged, NOT_LOGGED)
    corpus.open("log-required-under-a-bundle-without-one", encode_proof(good), NOT_LOGGED, trust="no-log", require_log=True)  # fmt: skip


def _notes(world: ProofWorld) -> dict[str, str]:
    good = world.checkpoint()
    head, signatures = good.split("\n\n")
    lines = signatures.splitlines(keepends=True)
    return {
        "by-another-log": world.checkpoint(key="another log"),
        "of-another-origin": world.checkpoint(origin="log.motcua.example/49"),
        "of-another-root": world.checkpoint(root=bytes(32)),
        "root-altered": good.replace(head.split("\n")[2], "A" * 43 + "=", 1),
        "size-altered": good.replace(f"{ORIGIN}\n{TREE}\n", f"{ORIGIN}\n{TREE + 1}\n"),
        "extended": good.replace("\n\n", "\nextension\n\n", 1),
        "without-signatures": head + "\n\n",
        "without-the-log": head + "\n\n" + "".join(lines[1:]),
        "cosignature-altered": head + "\n\n" + lines[0] + lines[1] + lines[2].replace("AAAA", "AAAB", 1),
        "cosignature-of-another-size": head
        + "\n\n"
        + lines[0]
        + lines[1]
        + world.checkpoint(48).splitlines(keepends=True)[-1],
        "carriage-returns": good.replace("\n", "\r\n"),
        "cut": good[:-9],
        "empty": "",
        "a-line": "\n",
    }


def _forks(corpus: Corpus, world: ProofWorld) -> None:
    lan = world.lan()
    one = world.record("Lan", seq=20, content=CONTENT, facts=FACTS)
    other = world.record("Lan", seq=20, content=CONTENT, facts=FACTS | {"sets": 2})
    next_ = world.record("Lan", seq=21, content=CONTENT, facts=FACTS)
    corpus.open("fork-two-records-at-one-place", encode_proof(world.proof(one, other, statements=[lan])), "MC_CHAIN_FORKED")  # fmt: skip
    corpus.open("fork-the-next-follows-another", encode_proof(world.proof(one, next_, statements=[lan])), "MC_CHAIN_FORKED")  # fmt: skip
    corpus.passed("fork-none-in-another-log", encode_proof(world.proof(one, world.record("Lan", seq=20, log="log of PC2", content=CONTENT, facts=FACTS), statements=[lan])))  # fmt: skip
    corpus.passed("the-same-record-twice", encode_proof(world.proof(one, one, statements=[lan])))
    forged = replace(other, signature=bytes(64))
    corpus.failed("fork-with-a-forged-record", encode_proof(world.proof(one, forged, statements=[lan])), "SIG_CRYPTO_FAILURE")  # fmt: skip


def _inclusions(*inclusions: Inclusion) -> Change:
    """The proof with these inclusions of its first record."""

    def change(proof: ProofFile) -> ProofFile:
        return replace(proof, records=(replace(proof.records[0], inclusions=inclusions), *proof.records[1:]))

    return change


def _both(corpus: Corpus, name: str, proof: ProofFile, sub_indication: str) -> None:
    data = encode_proof(proof)
    corpus.passed(name, data)
    corpus.open(f"{name}-log-required", data, sub_indication, require_log=True)
