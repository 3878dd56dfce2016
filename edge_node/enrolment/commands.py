"""Commands `init` and `enrol`: make this PC's keys, and make it a node of its unit."""

from dataclasses import asdict
from pathlib import Path

import click

from edge_node.console import common, loaded, opened
from edge_node.enrolment.identity import take_new_identity
from edge_node.enrolment.service import Wish, enrol, enrol_from_file, initialise, request_file
from edge_node.instance import single_instance
from edge_node.sync.service import sync_now
from edge_node.sync.transport import HubLine
from signing.console import OK, Console


@click.command()
@common
def init(console: Console) -> None:
    """Make the data folder, its settings file and this PC's keys."""
    services = loaded(console)
    is_new = initialise(services)
    device = services.keyring.device.public.id
    console.say(
        f"{'Đã tạo' if is_new else 'Đã có sẵn'} khóa của máy trong {console.data} ({device}).",
        f"{'Made' if is_new else 'Found'} this PC's key in {console.data} ({device}).",
    )
    console.leave(OK, {"data": str(console.data), "device": device, "is_new": is_new})


@click.command("enrol")
@click.option("--hub", "hub_url", default="", help="Address of the province's hub.")
@click.option("--code", default="", help="Enrolment code given by the province (25 characters).")
@click.option("--device-name", default="", help="Name of this PC within the office.")
@click.option("--officer-name", default="", help="Name of the unit's first officer.")
@click.option("--officer-title", default="", help="The officer's title.")
@click.option("--pin", default=None, help="The officer's PIN; asked for when absent.")
@click.option(
    "--to-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Without a line: write the request to this file, for the province.",
)
@click.option(
    "--from-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=None,
    help="Without a line: take the province's answer from this file.",
)
@common
def enrol_command(
    console: Console,
    hub_url: str,
    code: str,
    device_name: str,
    officer_name: str,
    officer_title: str,
    pin: str | None,
    to_file: Path | None,
    from_file: Path | None,
) -> None:
    """Make this PC a node of the unit that the code is for; over the line, or by two files on a USB stick."""
    initialise(loaded(console))
    if from_file is not None:
        with opened(console) as (db, services):
            enrolled = enrol_from_file(db, services, from_file.read_bytes())
            console.say(
                f"Máy này đã thuộc {enrolled.unit_name} ({enrolled.unit}).",
                f"This PC now belongs to {enrolled.unit_name} ({enrolled.unit}).",
            )
            console.leave(OK, asdict(enrolled))
    typed = pin or click.prompt("PIN", hide_input=True, confirmation_prompt=True)
    wish = Wish(
        hub_url=hub_url,
        code=code,
        device_name=device_name,
        officer_name=officer_name,
        officer_title=officer_title,
        pin=typed,
    )
    with opened(console) as (db, services):
        if to_file is not None:
            to_file.write_bytes(request_file(db, services, wish))
            console.say(
                f"Đã ghi yêu cầu vào {to_file}; mang về tỉnh, nhận lại tệp trả lời.",
                f"Wrote the request to {to_file}; take it to the province and bring the answer back.",
            )
            console.leave(OK, {"file": str(to_file)})
        enrolled = enrol(db, services, wish, lambda url, ca: HubLine(url, ca=ca))
        result = sync_now(db, services)
        console.say(
            f"Máy này đã thuộc {enrolled.unit_name} ({enrolled.unit}).",
            f"This PC now belongs to {enrolled.unit_name} ({enrolled.unit}).",
        )
        outcome = result.problem.code if result.problem else "done"
        console.leave(OK, {**asdict(enrolled), "sync": outcome})


@click.command("new-identity")
@common
def new_identity_command(console: Console) -> None:
    """Give this PC keys of its own, after the province has confirmed that it runs from a copied disk; then enrol anew."""
    with single_instance(console.data), opened(console) as (db, services):
        aside = take_new_identity(db, services)
    console.say(
        f"Đã tạo khóa mới; khóa cũ ở {aside}. Hãy ghi danh bằng mã mà tỉnh đã cấp.",
        f"Made new keys; the old ones are in {aside}. Enrol with the code that the province has given.",
    )
    console.leave(OK, {"keys_set_aside": str(aside)})
