"""`motcua-node relay`: what the page /relay does, for technicians and scripts."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from edge_node import reasons
from edge_node.console import common, opened
from edge_node.relay.queue import Load, carrying, drop, expecting, list_loads
from edge_node.relay.service import send_now
from edge_node.relay.stick import Helped, help_others
from signing.console import BAD_INPUT, FAILED, OK, UNDECIDED, Console

_WAIT_POLL_S: Final = 2.0


@click.group("relay")
def relay_command() -> None:
    """Carry enclosed parcels of other units between their USB sticks and the province, without reading them."""


@relay_command.command("list")
@common
def list_command(console: Console) -> None:
    """Say what of other units lies here, and what became of it."""
    with opened(console) as (db, _):
        held = carrying(db)
        console.say(
            f"{held.loads} gói của {held.units} đơn vị khác ({held.size_bytes} byte).",
            f"{held.loads} parcels of {held.units} other units ({held.size_bytes} bytes).",
        )
        loads = list_loads(db)
        for load in loads:
            console.say(*_line(load))
        console.leave(OK, {**asdict(held), "list": [asdict(load) for load in loads]})


@relay_command.command("take")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--give-all", is_flag=True, help="Write every answer that lies here, whosesoever stick it is.")
@common
def take_command(console: Console, folder: Path, give_all: bool) -> None:
    """Take along what other PCs wrote for the province to FOLDER, and write the answers that came for them."""
    with opened(console) as (db, services):
        helped = help_others(db, services, folder, gives_all=give_all)
        say_helped(console, helped)
        is_bad = helped.fault is not None or (helped.refused and not helped.taken and not helped.given)
        console.leave(FAILED if is_bad else OK, plain(helped))


@relay_command.command("send")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3_600), default=0, help="Seconds to wait for the answers."
)
@common
def send_command(console: Console, wait_s: int) -> None:
    """Hand over to the province what is carried, and fetch the answers."""
    with opened(console) as (db, services):
        result = send_now(db, services)
        delivered, fetched = result.delivered, result.fetched
        deadline = services.monotonic() + wait_s
        while (
            not result.problem and expecting(db, now_ms=services.clock()) and services.monotonic() < deadline
        ):
            services.pause(_WAIT_POLL_S)
            result = send_now(db, services)
            delivered, fetched = delivered + result.delivered, fetched + result.fetched
        console.say(
            f"Đã gửi tỉnh {delivered} gói, nhận {fetched} trả lời.",
            f"Delivered {delivered} parcels, fetched {fetched} answers.",
        )
        if result.problem:
            console.refuse(result.problem)
        waits = result.must_yield or bool(expecting(db, now_ms=services.clock())) or bool(result.refused)
        content = {"delivered": delivered, "fetched": fetched, "refused": result.refused}
        console.leave(UNDECIDED if waits else OK, content)


@relay_command.command("drop")
@click.argument("load")
@common
def drop_command(console: Console, load: str) -> None:
    """Forget one LOAD (as `list` names it): its sender still has what is in it."""
    with opened(console) as (db, services):
        found = [each.load for each in list_loads(db, limit=10_000) if each.load.startswith(load)]
        if len(found) != 1:
            console.refuse(reasons.NOT_FOUND, load, code=BAD_INPUT)
        drop(db, services, found[0])
        console.leave(OK, {"load": found[0]})


def say_helped(console: Console, helped: Helped) -> None:
    """What came of another office's stick."""
    if helped.taken:
        console.say(
            f"Nhận chuyển giúp {len(helped.taken)} gói của đơn vị khác; máy gửi về tỉnh khi có mạng.",
            f"Took {len(helped.taken)} parcels of other units along; they go to the province with the line.",
        )
    if helped.given:
        console.say(
            f"Đã ghi {len(helped.given)} trả lời của tỉnh cho đơn vị khác.",
            f"Wrote {len(helped.given)} answers of the province for other units.",
        )
    for name, fault in helped.refused:
        reason = fault.reason
        console.say(f"✗ {name}: {reason.vi} {reason.next_vi}", f"✗ {name}: {reason.en} {reason.next_en}")


def plain(helped: Helped) -> dict[str, object]:
    """The same for programs."""
    return {
        "taken": [asdict(load) for load in helped.taken],
        "known": helped.known,
        "given": [asdict(load) for load in helped.given],
        "refused": [{"file": name, "code": fault.reason.code} for name, fault in helped.refused],
        "fault": helped.fault.reason.code if helped.fault else "",
    }


def _line(load: Load) -> tuple[str, str]:
    where_vi, where_en = ("về tỉnh", "to the province") if load.direction == "up" else ("trả lời", "answer")
    state_vi = load.outcome or "đang chờ"
    state_en = load.outcome or "waiting"
    begin = f"{load.load[:12]} {load.unit}"
    return (
        f"- {begin} {where_vi}, {load.size} byte, {state_vi}",
        f"- {begin} {where_en}, {load.size} bytes, {state_en}",
    )
