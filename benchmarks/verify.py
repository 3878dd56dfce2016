"""What it costs to verify: one proof file after the import, and many record signatures beside libsodium called bare."""

import statistics
import time
from dataclasses import replace

from nacl import _sodium  # the library without its Python wrapping: the yardstick

from benchmarks.figure import Figure, at_most
from benchmarks.timing import timed
from benchmarks.workspace import Workspace
from signing.proof_file import encode_proof
from signing.report import Indication
from signing.signatures import Purpose, pae, verify_batch
from signing.verification import verify
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import ProofWorld, key_of

SIGNATURES = 10_000
PROOFS = 400
ROUNDS = 7


def measure_verify(workspace: Workspace) -> list[Figure]:
    """In one process and one thread."""
    return [_one_proof(), _many_signatures()]


def _one_proof() -> Figure:
    """A record bracketed by two checkpoints, its statement, its body and a status in the file."""
    world = ProofWorld()
    bundle = world.bundle()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS, anchor=world.anchor(32)), 40)
    proof = world.proof(record, statements=[world.put(world.lan(), 10)], status=world.snapshot())
    data = encode_proof(replace(proof, checkpoints=(*proof.checkpoints, world.checkpoint(32))))
    assert verify(data, bundle).indication is Indication.PASSED
    times = timed([lambda: verify(data, bundle)] * PROOFS)
    return Figure(
        name="verify_proof",
        title="verify one proof file, after the import",
        value=times.cpu_ms,
        unit="ms",
        target=at_most(5.0),
        detail={"wall median ms": times.median_ms, "wall 95 % ms": times.p95_ms, "bytes": len(data)},
    )


def _many_signatures() -> Figure:
    """Headers and signatures as stored, against the bare library on the very bytes; both in turns, medians compared."""
    signer = key_of("Lan")
    headers = [b'{"seq":%d,' % number + b"x" * 500 + b"}" for number in range(SIGNATURES)]
    signed = [(header, signer.sign(Purpose.RECORD, header)) for header in headers]
    key = signer.public.raw
    plain = [signature + pae(Purpose.RECORD, header) for header, signature in signed]
    room, length = _sodium.ffi.new("unsigned char[]", 2_000), _sodium.ffi.new("unsigned long long *")
    ours, bare = [], []
    for _ in range(ROUNDS):
        began = time.process_time()
        for message in plain:
            assert _sodium.lib.crypto_sign_open(room, length, message, len(message), key) == 0
        bare.append(time.process_time() - began)
        began = time.process_time()
        answers = verify_batch((key, pae(Purpose.RECORD, header), signature) for header, signature in signed)
        ours.append(time.process_time() - began)
        assert all(answers)
    each_us = statistics.median(ours) * 1e6 / SIGNATURES
    return Figure(
        name="verify_batch",
        title=f"verify {SIGNATURES:,} record signatures, beside libsodium called bare",
        value=statistics.median(ours) / statistics.median(bare),
        unit="×",
        target=at_most(1.25),
        detail={
            "µs each": each_us,
            "bare µs each": statistics.median(bare) * 1e6 / SIGNATURES,
        },
    )
