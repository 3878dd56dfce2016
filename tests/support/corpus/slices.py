"""Cases about slices of a status: what one does not speak of is not silent, and the next snapshot counts there."""

from __future__ import annotations

import base64
from typing import Final

from signing import canonical
from signing.cuts import Cause, Cut
from signing.exported import ExportedRecord
from signing.proof_file import encode_proof
from signing.roles import Role
from signing.signatures import Purpose
from signing.snapshot import Snapshot, sign_snapshot
from signing.status import Event, Revoked, Status
from tests.support.corpus.cases import Corpus
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import HAI_CHAU, HOA_VANG, NOON_MS, PROVINCE, TREE, ProofWorld, hex_of, key_of

HERE: Final = (HAI_CHAU, PROVINCE)
ELSEWHERE: Final = (HOA_VANG, PROVINCE)
NO_POE: Final = "REVOKED_NO_POE"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _slice(units: tuple[str, ...], *events: Event, size: int = TREE) -> bytes:
    taken = Snapshot(
        province=PROVINCE,
        status=Status.of(events, size=size),
        root=None,
        issued=NOON_MS,
        units=frozenset(units),
    )
    return sign_snapshot(taken, key_of("status"))


def _signed(**changes: object) -> bytes:
    """A snapshot whose payload our own program would not write."""
    fields = {
        "format": "motcua-status/2", "province": PROVINCE, "size": TREE, "root": None, "issued": NOON_MS,
        "units": sorted(HERE), "revoked": [], "reviews": [], "forks": [], "documents": [],
    } | changes  # fmt: skip
    payload = canonical.encode({name: value for name, value in fields.items() if value is not ...})
    text = {"keyid": key_of("status").public.id, "sig": _text(key_of("status").sign(Purpose.STATUS, payload))}
    return canonical.encode({"payload": _text(payload), "payloadType": Purpose.STATUS, "signatures": [text]})


def tell(corpus: Corpus) -> None:
    world = ProofWorld()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS), 40)
    lan = world.put(world.lan(), 10)
    gone = Revoked(
        index=50, record=hex_of("revocation", 64), by=key_of("registry").public.id, key=key_of("Lan").public.id,
        cause=Cause.LOST, cut=Cut.of(30),
    )  # fmt: skip

    def data(status: bytes | None) -> bytes:
        return encode_proof(world.proof(record, statements=[lan], status=status))

    corpus.passed("slice-of-its-unit", data(_slice(HERE)), in_force="yes")
    corpus.passed("slice-of-more-units", data(_slice((*HERE, HOA_VANG))), in_force="yes")
    corpus.open("slice-that-cuts-its-key-off", data(_slice(HERE, gone)), NO_POE, in_force="yes")
    corpus.passed("slice-of-another-unit", data(_slice(ELSEWHERE, gone)))
    corpus.passed("slice-without-the-unit-above-its-key", data(_slice((HAI_CHAU,))))
    corpus.status["slice-cut-off-long-ago"] = world.snapshot(gone, size=60)
    corpus.status["slice-of-another-unit"] = _slice(ELSEWHERE)
    own = {"status": "slice-cut-off-long-ago", "in_force": "yes"}
    corpus.open(
        "slice-of-another-unit-beside-an-own-status", data(_slice(ELSEWHERE, size=TREE)), NO_POE, **own
    )
    corpus.passed("slice-further-than-an-own-status", data(_slice(HERE)), **own)
    corpus.passed("slice-of-another-unit-as-own-status", data(None), status="slice-of-another-unit")
    corpus.passed(
        "slice-beside-an-own-one-of-another-unit",
        data(_slice(HERE)),
        status="slice-of-another-unit",
        in_force="yes",
    )
    spoiled: dict[str, dict[str, object]] = {
        "without-units": {"units": []},
        "with-units-out-of-order": {"units": sorted(HERE, reverse=True)},
        "with-a-unit-twice": {"units": [HAI_CHAU, HAI_CHAU]},
        "with-a-unit-that-is-none": {"units": ["x"]},
        "of-too-many-units": {"units": [f"{number:05}" for number in range(129)]},
        "of-a-number": {"units": 48},
        "that-names-no-units": {"units": ...},
        "of-format-1-with-units": {"format": "motcua-status/1"},
        "of-format-3": {"format": "motcua-status/3"},
        "of-another-province": {"province": "79"},
    }
    for name, changes in spoiled.items():
        corpus.passed(f"slice-{name}", data(_signed(**changes)))
    _two_units(corpus, world)


def _two_units(corpus: Corpus, world: ProofWorld) -> None:
    """A dossier on which two communes worked, and a slice of one of them: each record under what speaks of it."""
    statement = world.put(world.stated(world.statement("Nam", Role.SPECIALIST, unit=HOA_VANG), seq=8), 12)
    theirs = world.put(
        world.record("Nam", kind="dossier.noted", commune=HOA_VANG, log="log of PC9", seq=1, content=CONTENT),
        44,
    )
    ours = world.put(world.record("Lan", content=CONTENT, facts=FACTS, seq=9), 45)
    lan = world.put(world.lan(), 10)
    gone = Revoked(
        index=50, record=hex_of("revocation", 64), by=key_of("registry").public.id, key=key_of("Nam").public.id,
        cause=Cause.LOST, cut=Cut.of(30),
    )  # fmt: skip
    corpus.status["cut-off-in-another-unit"] = world.snapshot(gone, size=60)

    def data(*records: ExportedRecord) -> bytes:
        return encode_proof(world.proof(*records, statements=[lan, statement], status=_slice(HERE)))

    corpus.passed("slice-of-one-of-two-units", data(ours, theirs))
    corpus.passed("slice-of-the-other-of-two-units", data(theirs, ours))
    corpus.open(
        "slice-of-one-of-two-units-beside-an-own-status",
        data(ours, theirs),
        NO_POE,
        in_force="yes",
        status="cut-off-in-another-unit",
        now=NOON_MS,
    )
