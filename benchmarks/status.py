"""The status of keys and documents at the size of a province: what goes to a PC and into a proof, and what an agency fetches.

94 communes, five years: 50,000 results that were corrected or replaced, 3,000 keys cut off (officers who left, PCs replaced). The rows
lie in the hub's own tables, each event and change with a leaf in the tree; then slices are made, signed, opened and packed as a round
packs them, and the whole as an agency gets it.
"""

import hashlib
import os
from functools import partial

import orjson
import zstandard

from benchmarks.figure import Figure, at_most
from benchmarks.province import found_province
from benchmarks.timing import timed
from benchmarks.workspace import Workspace
from central_hub.registry.snapshot import take_snapshot
from central_hub.registry.status import REVOKED
from central_hub.services import Services
from central_hub.store.bulk import Row, insert_rows
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import prefix
from central_hub.store.tables import DOCUMENT, KEY, KEY_EVENT, LEAF, LOG, PLACE
from dossiers.units import load_default_units
from signing.snapshot import open_snapshot
from signing.tlog.leaf import Leaf

DOCUMENTS = 50_000
KEYS = 3_000
SLICES = 40


def measure_status(workspace: Workspace) -> list[Figure]:
    """In one process and one thread, processor time."""
    hub = found_province(workspace.make("status"))
    units = sorted(unit.code for unit in load_default_units().communes)
    workspace.say(f"loading {DOCUMENTS:,} documents and {KEYS:,} keys of {len(units)} communes")
    _load(hub, units)
    workspace.say(f"making {SLICES} slices")
    slices: list[bytes] = []
    times = timed([partial(_taken_into, slices, hub, (unit, "48")) for unit in units[:SLICES]])
    sizes = sorted(map(len, slices))
    packed = sorted(len(zstandard.compress(each)) for each in slices)
    opened = timed([partial(open_snapshot, each, hub.keys.bundle) for each in slices])
    workspace.say("making the whole")
    whole: list[bytes] = []
    of_all = timed([partial(_taken_into, whole, hub, None)])
    opened_whole = timed([partial(open_snapshot, whole[0], hub.keys.bundle)])
    return [
        Figure(
            name="status_slice",
            title="status of a commune, of 94 with 53,000 entries: made and signed",
            value=times.cpu_ms,
            unit="ms",
            target=at_most(100.0),
            detail={"wall median ms": times.median_ms, "opened ms": opened.cpu_ms},
        ),
        Figure(
            name="status_slice_bytes",
            title="what of it goes to a PC, packed, once for a change or a day",
            value=packed[len(packed) // 2] / 1000,
            unit="kB",
            target=at_most(100.0),
            detail={"in a proof bytes": sizes[len(sizes) // 2] * 4 // 3, "largest bytes": sizes[-1]},
        ),
        Figure(
            name="status_whole",
            title="the whole ÷ its slice: bytes",
            value=len(whole[0]) / sizes[len(sizes) // 2],
            unit="×",
            detail={
                "bytes": len(whole[0]),
                "packed bytes": len(zstandard.compress(whole[0])),
                "made ms": of_all.cpu_ms,
                "opened ms": opened_whole.cpu_ms,
            },
        ),
    ]


def _taken_into(found: list[bytes], hub: Services, units: tuple[str, ...] | None) -> None:
    with reading(hub.engine) as connection:
        data = take_snapshot(connection, hub, units)
    assert data is not None
    found.append(data)


def _load(hub: Services, units: list[str]) -> None:
    """One log for each commune, in which every change and event has its place and its leaf."""
    share = (DOCUMENTS + KEYS) // len(units) + 1
    logs: list[Row] = []
    leaves: list[Row] = []
    places: list[Row] = []
    keys: list[Row] = []
    events: list[Row] = []
    documents: list[Row] = []
    with writing(hub.engine) as connection:
        base = _planted(hub, share * len(units))
        for number, unit in enumerate(units, start=1_000):
            log = _hex(f"log {unit}", 32)
            logs.append(
                (number, log, unit, _hex(f"pc {unit}", 32), share, _hex(unit), share, _hex(unit), share, 0, 0)
            )
            leaves.append((base, log, 0, share))
            for seq in range(share):
                record = _hex(f"{unit} {seq}")
                places.append((number, seq, prefix(record), None))
                if seq % 18 == 0:
                    key = _hex(f"key {unit} {seq}", 32)
                    at = len(keys) + 1_000
                    facts = {"key": key, "reason": "retired", "unit": unit, "size": base + seq}
                    facts["cut"] = [{"log": log, "length": seq, "head": _hex(f"head {unit} {seq}")}]
                    keys.append((at, key, "{}", "", unit, "receptionist", "", "", record, 0))
                    said = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()
                    events.append((at, record, REVOKED, key, _hex("by", 32), said, "", base + seq, 0))
                else:
                    made = bytes.fromhex(_hex(f"document {unit} {seq}"))
                    documents.append(
                        (made, bytes.fromhex(record), os.urandom(16), "superseded", log, seq, unit)
                    )
            base += share
        for table, columns, rows in (
            (LOG, ("no", "id", "commune", "device", "length", "head", "acknowledged", "acknowledged_head", "judged", "opened_ms", "base"), logs),
            (LEAF, ("position", "log", "first", "count"), leaves),
            (PLACE, ("log_no", "seq", "record_prefix", "dossier_prefix"), places),
            (KEY, ("no", "id", "facts", "issuer", "unit", "roles", "name", "title", "record", "stated_ms"), keys),
            (KEY_EVENT, ("no", "record", "kind", "subject", "by", "facts", "ground", "leaf", "at_ms"), events),
            (DOCUMENT, ("document", "changed_by", "dossier", "state", "log", "seq", "unit"), documents),
        ):  # fmt: skip
            insert_rows(connection, table, columns, rows)


def _planted(hub: Services, count: int) -> int:
    """So many more leaves in the tree's files; how many there were."""
    tree, key = hub.tree, hub.keys.log
    assert tree is not None and key is not None
    size = tree.head().size
    leaf = Leaf(by=_hex("by", 32), kind="dossier.noted", link=_hex("link"), log=_hex("log", 32), seq=0)
    tree.publish([leaf.encode()] * count, key)
    return size


def _hex(text: str, digits: int = 64) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
