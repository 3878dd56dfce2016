"""`motcua-hub copies`: list suspected copies of PCs' disks, confirm or refuse one with the registry's signature."""

from dataclasses import asdict

import click

from central_hub import reasons
from central_hub.console import common, opened
from central_hub.copies.service import CopyLine, list_copies, review_copy
from central_hub.registry.revocation import Act, RevocationInvalid
from central_hub.store.engine import reading, writing
from signing.console import BAD_INPUT, OK, UNDECIDED, Console


@click.command()
@click.option(
    "--confirm", default="", help="Id of a copy: this is our PC; prints a code for its own identity."
)
@click.option(
    "--refuse", default="", help="Id of a copy: not our PC; cuts the key off, prints a code for the first PC."
)
@click.option("--ground", default="", help="Why; stands in the signed record.")
@common
def copies(console: Console, confirm: str, refuse: str, ground: str) -> None:
    """List suspected copies of PCs' disks; confirm or refuse one. Exit code 2 while one waits for the province."""
    services = opened(console)
    if confirm and refuse:
        console.refuse(reasons.INPUT, "--confirm --refuse", code=BAD_INPUT)
    if confirm or refuse:
        act = Act(actor="cli", ground=ground)
        try:
            with writing(services.engine) as connection:
                code = review_copy(connection, services, confirm or refuse, stands=bool(confirm), act=act)
        except RevocationInvalid as error:
            console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)
        console.say(
            f"Đã ký. Mã ghi danh cho {code.unit_name}, máy «{code.device_name}»: {code.code}",
            f"Signed. Enrolment code for {code.unit_name}, PC “{code.device_name}”: {code.code}",
        )
        console.leave(OK, {"code": code.code, "unit": code.unit, "device_name": code.device_name})
    with reading(services.engine) as connection:
        lines = list_copies(connection, services)
    for line in lines:
        vi, en = _state(line)
        console.say(
            f"{line.life}  {line.unit_name}, {line.device_name}: {vi}",
            f"{line.life}  {line.unit_name}, {line.device_name}: {en}",
        )
    is_waiting = any(line.is_open for line in lines)
    console.leave(UNDECIDED if is_waiting else OK, {"copies": [asdict(line) for line in lines]})


def _state(line: CopyLine) -> tuple[str, str]:
    if line.reviewed_ms is None:
        return "chờ xác nhận", "waits"
    vi, en = ("đã xác nhận", "confirmed") if line.is_confirmed else ("đã từ chối", "refused")
    if line.by_unit:
        return (
            f"{line.by_unit} ở đơn vị {vi}, chờ tỉnh",
            f"{en} by {line.by_unit} of the unit, waits for the province",
        )
    return vi, en
