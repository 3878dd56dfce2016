"""The command `erase`: the head of the unit orders that a dossier's content goes."""

import re

import click

from dossiers.erasures import GROUNDS
from edge_node import reasons
from edge_node.accounts.commands import officer_at_work
from edge_node.console import common, opened
from edge_node.erasure.service import Wish as ErasureWish
from edge_node.erasure.service import is_scrubbed, order_erasure
from edge_node.journal import WriteRefused
from edge_node.projection.lists import find_by_code
from signing.console import BAD_INPUT, OK, Console


@click.command()
@click.argument("dossier")
@click.option("--ground", type=click.Choice(sorted(GROUNDS)), required=True, help="Legal ground.")
@click.option("--number", required=True, help="Number of the written decision.")
@click.option("--date", "day", type=int, required=True, help="Its date, yyyymmdd.")
@click.option("--signer", default="", help="Who signed the decision.")
@click.option(
    "--record", "records", multiple=True, help="Only this record (its id); may be given several times."
)
@click.option("--officer", required=True, help="Name of the head of the unit, as in the log-in list.")
@click.option("--pin", prompt=True, hide_input=True, help="That officer's PIN; asked for when left out.")
@common
def erase(
    console: Console,
    dossier: str,
    ground: str,
    number: str,
    day: int,
    signer: str,
    records: tuple[str, ...],
    officer: str,
    pin: str,
) -> None:
    """Order that the content of DOSSIER (its id or its code) goes, here and wherever it was copied to."""
    with opened(console) as (db, services):
        found = [row.id for row in find_by_code(db, dossier)] or [dossier.lower()]
        if len(found) != 1 or not re.fullmatch("[0-9a-f]{32}", found[0]):
            console.refuse(reasons.NOT_FOUND, dossier, code=BAD_INPUT)
        actor = officer_at_work(console, db, services, officer, pin)
        wish = ErasureWish(
            dossier=found[0], records=records, ground=ground, number=number, date=day, signer=signer
        )
        try:
            record = order_erasure(db, services, actor, wish)
        except WriteRefused as error:
            console.refuse(error.reason, error.detail)
        console.say(
            f"Đã ký và thực hiện quyết định xóa ({record.id[:16]}). Máy khác và tỉnh xóa khi đồng bộ.",
            f"Signed and carried out ({record.id[:16]}). Other PCs and the province erase at the next sync.",
        )
        console.leave(OK, {"order": record.id, "dossier": found[0], "is_clean": is_scrubbed(db)})
