"""The replay, step by step: enrol, write, send, read the figures back, change one date, rebuild."""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from demo.claims import Ledger
from demo.line import Line
from demo.people import make_name
from demo.plan import SEED, SOLVED, Plan
from demo.quarter import province as hub
from demo.quarter.correction import correctable
from demo.quarter.figures import (
    GROUPS,
    check_published,
    check_reports,
    differences,
)
from demo.quarter.meters import Progress
from demo.quarter.offices import OfficeTask, Sent, correct, enrol_office, send, write_quarter
from demo.quarter.province import Province
from demo.reports import Report
from dossiers.units import load_default_units

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Cost:
    """What was measured on the way."""

    seconds: dict[str, float] = field(default_factory=dict)
    records: int = 0
    rounds: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


@dataclass(slots=True)
class Replay:
    """A replay under way. `tasks` are the offices, the largest first, so that no worker is left with it at the end."""

    ledger: Ledger
    pool: Executor
    province: Province
    line: Line
    plan: Plan
    tasks: list[OfficeTask] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)

    def everywhere(
        self, label: str, total: int, task: Callable[..., Answer],
        calls: Iterable[tuple[Any, ...]], amount: Callable[[Answer], int],
    ) -> list[Answer]:  # fmt: skip
        """Do one thing at every office, in all worker processes; its time is kept under `label`."""
        progress = Progress(label, total)
        answers = []
        for future in as_completed([self.pool.submit(task, *call) for call in calls]):
            answers.append(future.result())
            progress.add(amount(answers[-1]))
        self.cost.seconds[label] = progress.end()
        return answers


def work(replay: Replay) -> None:
    """The quarter itself: enrol, write, send."""
    _enrol(replay)
    _write(replay)
    _send(replay)


def examine(replay: Replay) -> None:
    """What the province makes of it."""
    reports = _read(replay)
    _change_one_date(replay, reports[0])
    _rebuild(replay)


def _enrol(replay: Replay) -> None:
    replay.ledger.chapter("Ghi danh", "enrolment: one PC and one officer in each commune of today")
    units = [unit for unit in load_default_units().communes if unit.code in replay.plan]
    codes = hub.issue_codes(replay.province, units)
    replay.tasks = [
        OfficeTask(
            folder=replay.province.folder / "nodes" / unit.code,
            unit=unit,
            hub_url=f"http://127.0.0.1:{replay.line.port}",
            code=codes[unit.code],
            officer_name=make_name(Random(f"{SEED} {unit.code} officer"), is_woman=True),
        )
        for unit in sorted(units, key=lambda unit: -len(replay.plan[unit.code]))
    ]
    calls = [(task,) for task in replay.tasks]
    enrolled = replay.everywhere("máy trạm (nodes)", len(calls), enrol_office, calls, lambda _: 1)
    replay.ledger.equal("Mỗi xã, phường, đặc khu một máy", "one PC each", len(set(enrolled)), len(units))


def _write(replay: Replay) -> None:
    dossiers = sum(map(len, replay.plan.values()))
    replay.ledger.chapter("Làm việc cả quý", f"the quarter's work: {dossiers:,} dossiers, offline")
    calls = [(task, replay.plan[task.unit.code]) for task in replay.tasks]
    written = replay.everywhere(
        "hồ sơ (dossiers)", dossiers, write_quarter, calls, lambda done: done.dossiers
    )
    replay.cost.records = sum(done.records for done in written)
    told = f"{replay.cost.records:,} bản ghi, {replay.cost.records / dossiers:.2f} mỗi hồ sơ (records, per dossier)"
    replay.ledger.say(f"  {told}")


def _send(replay: Replay) -> None:
    replay.ledger.chapter("Đồng bộ", "sync through a line that counts bytes")
    before = (replay.line.bytes_up, replay.line.bytes_down)
    sent = _sync_all(replay, "bản ghi (records)", replay.cost.records)
    replay.cost.bytes_up = replay.line.bytes_up - before[0]
    replay.cost.bytes_down = replay.line.bytes_down - before[1]
    replay.cost.rounds = sum(each.result.rounds for each in sent)
    replay.cost.seconds["chờ xét (judging after the last round)"] = hub.await_judge(replay.province)
    moved = sum(each.result.sent for each in sent)
    replay.ledger.equal("Mọi bản ghi đã về tỉnh", "every record has arrived", moved, replay.cost.records)
    _check_digests(replay)


def _check_digests(replay: Replay) -> None:
    """Once everything is judged, each node compares its dossiers with the hub's in one more round."""
    compared = _sync_all(replay, "so sánh (comparing)", 0)
    alerts = sorted({alert for each in compared for alert in each.alerts})
    equal = hub.nodes_compared_equal(replay.province)
    replay.ledger.check(
        "Máy trạm và trung tâm tính ra cùng một trạng thái",
        "derived state is equal on both sides",
        not alerts and equal == len(compared),
        f"{equal}/{len(compared)} máy (nodes) {' '.join(alerts)}",
    )


def _sync_all(replay: Replay, label: str, total: int) -> list[Sent]:
    calls = [(task,) for task in replay.tasks]
    by_node = total == 0
    sent = replay.everywhere(
        label, len(calls) if by_node else total, send, calls, lambda s: 1 if by_node else s.result.sent
    )
    stopped = [f"{each.unit}: {each.result.problem.code}" for each in sent if each.result.problem]
    replay.ledger.check(
        "Mọi máy trạm trao đổi xong", "every node had nothing left to exchange", not stopped,
        ", ".join(stopped) or f"{len(sent)} máy (nodes)",
    )  # fmt: skip
    return sent


def _read(replay: Replay) -> list[Report]:
    replay.ledger.chapter("Số liệu của tỉnh", "the hub's figures, over HTTP")
    reports = [hub.read_quarter(replay.province, group) for group in GROUPS]
    if sum(map(len, replay.plan.values())) == SOLVED and len(replay.plan) == len(
        load_default_units().communes
    ):
        check_published(replay.ledger, reports[0])
    check_reports(replay.ledger, reports, replay.plan)
    return reports


def _change_one_date(replay: Replay, before: Report) -> None:
    replay.ledger.chapter("Sửa một ngày kết thúc", "one finish date changes, by a signed correction")
    dossier = correctable(replay.plan)
    task = next(task for task in replay.tasks if task.unit.code == dossier.unit)
    replay.pool.submit(correct, task, dossier).result()
    sent = replay.pool.submit(send, task).result()
    hub.await_judge(replay.province)
    after = hub.read_quarter(replay.province, before.group)
    changed = differences(before, after)
    moved = {dossier.timeliness.value: -1, "late": 1}
    replay.ledger.equal(
        "Chỉ một hồ sơ đổi cột", "one dossier changes its column, nothing else", changed, moved
    )
    old, new = before.total, after.total
    replay.ledger.check(
        "Tỷ lệ đổi theo",
        "and the rate with it",
        new.in_time == old.in_time - 1 and new.solved == old.solved,
        f"{old.in_time:,}/{old.solved:,} = {old.exact_rate(4)} → {new.in_time:,}/{new.solved:,} = {new.exact_rate(4)}; "
        f"{sent.result.sent} bản ghi (records)",
    )


def _rebuild(replay: Replay) -> None:
    replay.ledger.chapter("Dựng lại", "motcua-hub rebuild makes the same tables")
    before = {group: hub.read_quarter(replay.province, group) for group in GROUPS}
    records, seconds = hub.rebuild(replay.province)
    replay.cost.seconds["dựng lại (rebuild)"] = seconds
    after = {group: hub.read_quarter(replay.province, group) for group in GROUPS}
    same = [group for group in GROUPS if before[group] == after[group]]
    replay.ledger.equal("Số liệu dựng lại giống hệt", "the rebuilt figures are the same", same, list(GROUPS))
    replay.ledger.check("Dựng lại từ mọi bản ghi", "rebuilt from every record", records > replay.cost.records,
                        f"{records:,} bản ghi (records) / {seconds:.1f} s")  # fmt: skip
