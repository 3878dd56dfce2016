"""`python -m demo.quarter`: see the package. Exit code 0 when every claim held, 1 naming those that did not."""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from demo.catalogue import replay_catalogue
from demo.claims import Ledger
from demo.line import Line
from demo.plan import LATE, SOLVED, Plan, plan_quarter
from demo.quarter.meters import PeakMemory, children_but, mebibytes, process_tree
from demo.quarter.province import Province, found
from demo.quarter.replay import Replay, examine, work
from dossiers.calendar import load_default_calendar
from dossiers.procedures import load_default_catalogue
from dossiers.units import load_default_units

_ORIGIN = (
    "  Đã công bố (published): quý I/2025, cấp xã của tỉnh Quảng Nam cũ: 32.548 hồ sơ, 97,54 % trước và đúng hạn.\n"
    "  Chia cho 94 xã, phường, đặc khu của Đà Nẵng hiện nay; thủ tục, giờ giấc, tên người là giả định theo một hạt giống\n"
    "  (spread over today's 94 communes; procedures, times and people are invented from a fixed seed)."
)


def main() -> int:
    """Replay the quarter; with `--solved` and `--communes` a smaller one of the same kind."""
    options = _options()
    ledger = Ledger()
    with _folder(options.keep) as folder:
        began = time.monotonic()
        ledger.chapter("Chuẩn bị", "preparation")
        ledger.say(f"  Dữ liệu (data): {folder}")
        ledger.say(_ORIGIN)
        catalogue = replay_catalogue(load_default_catalogue())
        late = LATE * options.solved // SOLVED
        communes = load_default_units().communes[: options.communes]
        plan = plan_quarter(communes, catalogue, load_default_calendar(), solved=options.solved, late=late)
        province = found(folder, catalogue)
        try:
            _replay(ledger, province, plan, options.workers, began)
        finally:
            province.server.stop()
        return ledger.verdict()


def _replay(ledger: Ledger, province: Province, plan: Plan, workers: int, began: float) -> None:
    spawn = multiprocessing.get_context("spawn")
    with Line(province.port) as line, ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        replay = Replay(ledger=ledger, pool=pool, province=province, line=line, plan=plan)
        hub_memory = PeakMemory(partial(process_tree, province.server.pid))
        node_memory = PeakMemory(partial(children_but, province.server.pid))
        with hub_memory.measured(), node_memory.measured():
            work(replay)
        examine(replay)
        _tell_cost(replay, hub_memory, node_memory, time.monotonic() - began)


def _tell_cost(replay: Replay, hub: PeakMemory, node: PeakMemory, seconds: float) -> None:
    cost, say = replay.cost, replay.ledger.say
    replay.ledger.chapter("Đo được", "measured")
    for label, taken in cost.seconds.items():
        say(f"  {label}: {taken:.1f} s")
    written, sent = cost.seconds["hồ sơ (dossiers)"], cost.seconds["bản ghi (records)"]
    say(f"  ghi, ký, chiếu (written, signed, projected): {cost.records / written:,.0f} bản ghi/s (records/s)")
    say(
        f"  đồng bộ (synced over HTTP): {cost.records / sent:,.0f} bản ghi/s (records/s), {cost.rounds} rounds"
    )
    say(
        f"  trên đường truyền (on the wire): {cost.bytes_up:,} B lên (up) = {cost.bytes_up / cost.records:.0f} B mỗi "
        f"bản ghi (per record), {cost.bytes_down:,} B xuống (down)"
    )
    say(
        f"  bộ nhớ đỉnh (peak RSS): trung tâm (hub) {mebibytes(hub.largest)} một tiến trình (one process), "
        f"{mebibytes(hub.together)} cả nhóm (all its processes); "
        f"máy trạm (a node's worker process) {mebibytes(node.largest)}"
    )
    say(f"  tất cả (in all): {seconds:.0f} s, {os.cpu_count()} CPU")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.quarter", description=__doc__)
    parser.add_argument(
        "--solved", type=int, default=SOLVED, help="how many dossiers (default: as published)"
    )
    parser.add_argument("--communes", type=int, help="in how many communes (default: all)")
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="worker processes")
    parser.add_argument("--keep", default=os.environ.get("KEEP", ""), help="keep the data in this new folder")
    return parser.parse_args()


@contextmanager
def _folder(keep: str) -> Iterator[Path]:
    if keep:
        folder = Path(keep).resolve()
        folder.mkdir(parents=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="motcua-quarter-") as name:
            yield Path(name)


if __name__ == "__main__":
    sys.exit(main())
