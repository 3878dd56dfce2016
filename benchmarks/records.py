"""What one record costs in memory: checking its facts, folding, framing; and its verification, which is the yardstick."""

import hashlib

from benchmarks.figure import Figure, at_most
from benchmarks.pc import Pc
from benchmarks.timing import microseconds_each
from benchmarks.workload import Author, plan
from benchmarks.workspace import Workspace
from dossiers.kinds import check_facts
from dossiers.merge import fold
from dossiers.units import load_default_units
from edge_node.sync import pace
from signing.signatures import pae, verify_batch
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.frontier import FrontierEntry
from sync_protocol.record import RECORD_PURPOSE, Record

DOSSIERS = 1_500
WIRE_RECORDS = 1_000
FRAME_RECORDS = 1_024


def measure_records(workspace: Workspace) -> list[Figure]:
    """Times in one process and one thread."""
    author = _author()
    records = author.records[1:]
    dossiers = _by_dossier(records)
    run = author.run(1, 1 + FRAME_RECORDS)
    frame = encode_run(run)
    items = [(author.signer.public.raw, pae(RECORD_PURPOSE, r.header_bytes), r.signature) for r in records]

    def per_record(title: str, name: str, took: float, **detail: float) -> Figure:
        return Figure(name=name, title=title, value=took, unit="µs/record", detail=dict(detail))

    return [
        per_record(
            "one Ed25519 verification (libsodium)",
            "verify",
            microseconds_each(lambda: verify_batch(items), len(items)),
        ),
        per_record(
            "check a record's facts against its kind",
            "check_facts",
            microseconds_each(
                lambda: [check_facts(r.header.kind, r.header.facts) for r in records], len(records)
            ),
        ),
        per_record(
            "fold dossiers",
            "fold",
            microseconds_each(lambda: [fold(each) for each in dossiers], len(records)),
            records_per_dossier=len(records) / len(dossiers),
        ),
        per_record(
            f"encode a frame of {FRAME_RECORDS:,} records, and prove that it rebuilds them",
            "encode",
            microseconds_each(lambda: encode_run(run), FRAME_RECORDS),
            bytes_per_record=len(frame) / FRAME_RECORDS,
        ),
        per_record(
            f"decode a frame of {FRAME_RECORDS:,} records",
            "decode",
            microseconds_each(lambda: decode_run(frame), FRAME_RECORDS),
        ),
    ]


def measure_wire(workspace: Workspace) -> list[Figure]:
    """1,000 consecutive records from the middle of a quarter: the whole requests that a node sends for them."""
    author = _author()
    first = len(author.records) // 2
    frame = len(encode_run(author.run(first, first + WIRE_RECORDS)))
    del author.records[first + WIRE_RECORDS :]
    pc = Pc(author, held={log: _position(log) for log in ("province", "commune", "PC 2", "PC 3", "PC 4")})
    payloads = [len(payload) for payload in pc.payloads(first, bytes_max=pace.START)]
    return [
        Figure(
            name="wire",
            title=f"{WIRE_RECORDS:,} consecutive records of one commune on the wire",
            value=sum(payloads),
            unit="bytes",
            target=at_most(150_000),
            detail={
                f"requests of {pace.START // 1024} KiB at most": len(payloads),
                "as one frame": frame,
                "bytes of it each": frame / WIRE_RECORDS,
            },
        )
    ]


def _position(name: str) -> FrontierEntry:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return FrontierEntry(log=digest[:32], length=1_000, head=digest)


def _author() -> Author:
    unit = load_default_units().communes[0]
    author = Author("wire", unit)
    dossiers = plan([unit], DOSSIERS, seed=6)[unit.code]
    author.open_log(dossiers[0].came - 60_000)
    author.live(dossiers)
    return author


def _by_dossier(records: list[Record]) -> list[list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.header.dossier or "", []).append(record)
    return list(found.values())
