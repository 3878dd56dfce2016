"""Run all benchmarks, or those named on the command line or in ONLY: `make bench ONLY=wire,ingest`."""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.attachment import measure_attachment, measure_attachment_short
from benchmarks.desk import measure_desk, measure_save
from benchmarks.disk import measure_disk
from benchmarks.figure import Figure, table
from benchmarks.idle import measure_idle
from benchmarks.ingest import measure_ingest
from benchmarks.overview import measure_overview
from benchmarks.page import measure_page
from benchmarks.peers import measure_fetch, measure_push
from benchmarks.records import measure_records, measure_wire
from benchmarks.rough import measure_rough
from benchmarks.simulation import measure_simulation
from benchmarks.snapshot import measure_snapshot, measure_snapshot_short
from benchmarks.status import measure_status
from benchmarks.storm import measure_storm, measure_storm_short
from benchmarks.syncs import measure_syncs
from benchmarks.tlog import measure_tlog
from benchmarks.verify import measure_verify
from benchmarks.workspace import Workspace

RESULTS = Path(__file__).with_name("results.json")
BENCHMARKS: dict[str, Callable[[Workspace], list[Figure]]] = {
    "records": measure_records,
    "wire": measure_wire,
    "idle": measure_idle,
    "syncs": measure_syncs,
    "rough": measure_rough,
    "peers_push": measure_push,
    "peers_fetch": measure_fetch,
    "attachment": measure_attachment,
    "attachment_short": measure_attachment_short,
    "snapshot": measure_snapshot,
    "snapshot_short": measure_snapshot_short,
    "ingest": measure_ingest,
    "storm": measure_storm,
    "storm_short": measure_storm_short,
    "disk": measure_disk,
    "simulation": measure_simulation,
    "save": measure_save,
    "desk": measure_desk,
    "overview": measure_overview,
    "tlog": measure_tlog,
    "verify": measure_verify,
    "status": measure_status,
    "page": measure_page,
}


def main(arguments: Sequence[str]) -> int:
    """Measure; print and keep what is measured as soon as it is; 3 for a name that is none."""
    wanted = [name for text in (*arguments, os.environ.get("ONLY", "")) for name in text.split(",") if name]
    unknown = [name for name in wanted if name not in BENCHMARKS]
    if unknown:
        print(f"{', '.join(unknown)}: not one of {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 3
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as folder:
        workspace = Workspace(Path(folder))
        for name in wanted or BENCHMARKS:
            workspace.say(name)
            measured = BENCHMARKS[name](workspace)
            figures += measured
            print(table(measured), flush=True)
            RESULTS.write_text(_as_json(figures), encoding="utf-8")
        workspace.say("done")
    return 0


def _as_json(figures: Sequence[Figure]) -> str:
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    content = {"machine": machine, "figures": [figure.as_data() for figure in figures]}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
