"""The command `witnesses`: who cosigns the province's log, as lines for the roots' policy."""

from pathlib import Path
from typing import NoReturn

import click

from central_hub import reasons
from central_hub.console import common, opened
from central_hub.services import Services
from central_hub.store.engine import reading
from central_hub.tlog.asking import ask_witness
from central_hub.tlog.naming import nameable, policy_naming
from central_hub.tlog.tree import TreeUnusable
from signing.console import BAD_INPUT, FAILED, OK, Console
from signing.errors import LogInvalid


@click.command("witnesses")
@click.option("--commune", "communes", multiple=True, help="Only PCs of this unit (code); may be repeated.")
@click.option(
    "--outside", multiple=True, help='With --quorum: an outside witness, "NAME VKEY"; may be repeated.'
)
@click.option(
    "--quorum", type=click.IntRange(min=1), default=None, help="Write a policy that needs so many of them."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="With --quorum: the file."
)
@click.option(
    "--ask", default="", help="Address of a C2SP witness: have it cosign the newest checkpoint now."
)
@common
def witnesses_command(
    console: Console,
    communes: tuple[str, ...],
    outside: tuple[str, ...],
    quorum: int | None,
    out: Path | None,
    ask: str,
) -> None:
    """Print PCs as witnesses for a policy, or write the policy that `trust draft --policy` takes."""
    if ask and (communes or outside or quorum is not None or out is not None):
        console.refuse(reasons.INPUT, "--ask", code=BAD_INPUT)
    if (quorum is None) != (out is None) or (outside and quorum is None):
        console.refuse(reasons.INPUT, "--quorum --out", code=BAD_INPUT)
    services = opened(console)
    if ask:
        _ask(console, services, ask)
    policy = services.keys.bundle.policy
    if policy is None:
        console.refuse(reasons.INPUT, "this hub keeps no log", code=FAILED)
    with reading(services.engine) as connection:
        found = nameable(connection, services, communes)
    if quorum is not None and out is not None:
        try:
            text = policy_naming(policy, found, outside, quorum=quorum)
        except LogInvalid as error:
            console.refuse(reasons.INPUT, error.detail, code=BAD_INPUT)
        out.write_text(text, encoding="utf-8")
        count = len(found) + len(outside)
        console.say(
            f"Đã ghi {out}: cần {quorum} trong {count} bên chứng kiến. Bước tiếp: motcua-hub trust draft TỆP --policy {out}",
            f"Wrote {out}: {quorum} of {count} witnesses are needed. Next: motcua-hub trust draft FILE --policy {out}",
        )
        console.leave(OK, {"file": str(out), "quorum": quorum, "witnesses": count})
    for each in found:
        seen = "–" if each.seen is None else str(each.seen)
        console.say(
            f"# {each.unit}, {each.device}; đã chứng kiến đến {seen}{'; đang được tính' if each.is_named else ''}",
            f"# {each.unit}, {each.device}; cosigned up to {seen}{'; counted now' if each.is_named else ''}",
        )
        console.say(each.line, each.line)
    lines = [
        {"name": each.name, "unit": each.unit, "device": each.device, "line": each.line}
        | {"cosigned": each.seen, "is_named": each.is_named}
        for each in found
    ]
    console.leave(OK, {"witnesses": lines})


def _ask(console: Console, services: Services, address: str) -> NoReturn:
    try:
        kept = ask_witness(services, address)
    except (LogInvalid, TreeUnusable, OSError) as error:
        console.refuse(reasons.WITNESS, str(error), code=FAILED)
    console.say(f"Đã có chữ ký chứng kiến của {', '.join(kept)}.", f"Cosigned by {', '.join(kept)}.")
    console.leave(OK, {"cosigned": kept})
