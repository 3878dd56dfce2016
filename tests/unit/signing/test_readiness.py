"""What a proof lacks, told before somebody carries it away: a row for every lack, and for what is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signing.bundles import Broken
from signing.cuts import Cause, Cut
from signing.exported import ExportedRecord
from signing.proof_file import ProofFile, encode_proof
from signing.readiness import READINESS_SCHEMA, Lack, Writer, readiness_of
from signing.status import Revoked
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import ORIGIN, ProofWorld, bare, hex_of, key_of

WORLD = ProofWorld()
RECORD = WORLD.put(WORLD.record("Lan", content=CONTENT, facts=FACTS), 40)
LAN = WORLD.put(WORLD.lan(), 10)
SILENT = WORLD.snapshot()
CUT_OFF = WORLD.snapshot(
    Revoked(
        index=50, record=hex_of("revocation", 64), by=key_of("registry").public.id, key=key_of("Lan").public.id,
        cause=Cause.LOST, cut=Cut.of(30),
    )
)  # fmt: skip


def file_of(record: ExportedRecord = RECORD, **changes: Any) -> ProofFile:
    return WORLD.proof(record, statements=[LAN], **({"status": SILENT} | changes))


@pytest.mark.parametrize(
    ("proof", "lacks"),
    [
        pytest.param(file_of(), (), id="complete"),
        pytest.param(file_of(bare(RECORD)), (), id="a body left out on purpose"),
        pytest.param(replace(WORLD.proof_of(RECORD, LAN), status=SILENT), (Lack.PLACE,), id="no place"),
        pytest.param(
            file_of(checkpoints=[WORLD.checkpoint(witnesses=())]), (Lack.WITNESSES,), id="no witnesses"
        ),
        pytest.param(file_of(status=None), (Lack.STATUS,), id="no status"),
        pytest.param(
            file_of(status=WORLD.snapshot(size=40)), (Lack.STATUS,), id="a status that ends before it"
        ),
        pytest.param(file_of(status=WORLD.snapshot(size=41)), (), id="a status that just reaches it"),
        pytest.param(
            file_of(status=WORLD.snapshot(key="stranger")), (Lack.STATUS,), id="a stranger's status"
        ),
        pytest.param(file_of(status=CUT_OFF), (Lack.REVIEW,), id="after a cut"),
        pytest.param(WORLD.proof_of(RECORD, LAN), (Lack.PLACE, Lack.STATUS), id="neither place nor status"),
    ],
)
def test_what_a_file_lacks(proof: ProofFile, lacks: tuple[Lack, ...]) -> None:
    data, bundle = encode_proof(proof), WORLD.bundle()
    for writer, word in ((Writer.NODE, "Đồng bộ"), (Writer.HUB, "Đợi")):
        ready = readiness_of(data, bundle, writer)
        assert ready.lacks == lacks
        assert ready.is_complete is not bool(lacks)
        assert (word in ready.vi) is bool(lacks)
        assert ready.json().keys() == {*READINESS_SCHEMA["required"]}
        assert ready.vi != ready.en


def test_where_the_province_keeps_no_log_nothing_is_waited_for() -> None:
    bundle = WORLD.bundle(policy=None, status=[])
    assert readiness_of(encode_proof(WORLD.proof_of(RECORD, LAN)), bundle, Writer.NODE).is_complete


def test_nothing_is_complete_that_a_broken_algorithm_leaves_open() -> None:
    broken = Broken(suite="ed25519", origin=ORIGIN, size=30, root=WORLD.root(30).hex())
    ready = readiness_of(encode_proof(file_of()), WORLD.bundle(broken=broken), Writer.HUB)
    assert Lack.REVIEW in ready.lacks
