"""The command `erase`: order that a dossier's content goes."""

import click

from central_hub import reasons
from central_hub.console import common, opened
from central_hub.erasure.service import ErasureRefused, Wish, dossiers_named, order_erasure
from central_hub.store.engine import writing
from central_hub.store.erasures import scrub
from dossiers.erasures import GROUNDS
from signing.console import BAD_INPUT, OK, Console


@click.command()
@click.argument("dossier")
@click.option("--ground", type=click.Choice(sorted(GROUNDS)), required=True, help="Legal ground.")
@click.option("--number", required=True, help="Number of the written decision.")
@click.option("--date", "day", type=int, required=True, help="Its date, yyyymmdd.")
@click.option("--signer", default="", help="Who signed the decision.")
@common
def erase(console: Console, dossier: str, ground: str, number: str, day: int, signer: str) -> None:
    """Order that the content of DOSSIER (its id or its official code) goes, at the province and on every node."""
    services = opened(console)
    with writing(services.engine) as connection:
        found = dossiers_named(connection, dossier)
        if len(found) != 1:
            console.refuse(reasons.NOT_FOUND, dossier, code=BAD_INPUT)
        wish = Wish(dossier=found[0], ground=ground, number=number, date=day, signer=signer)
        try:
            record = order_erasure(connection, services, wish, actor="cli")
        except ErasureRefused as error:
            console.refuse(error.reason, str(error), code=BAD_INPUT)
    is_clean = scrub(services.engine)
    console.say(
        f"Đã ký và thực hiện quyết định xóa ({record.id[:16]}). Các máy của đơn vị xóa khi đồng bộ.",
        f"Signed and carried out ({record.id[:16]}). The unit's PCs erase when they sync.",
    )
    console.leave(OK, {"order": record.id, "dossier": found[0], "is_clean": is_clean})
