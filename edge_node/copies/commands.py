"""`motcua-node copies`: list suspected copies of the unit's PCs, and say whose one is, as on the page /copies."""

import click

from edge_node import reasons
from edge_node.accounts.commands import officer_at_work
from edge_node.console import common, opened
from edge_node.copies.service import SuspectedCopy, list_copies, review_copy
from edge_node.journal import WriteRefused
from edge_node.shell import device_name
from signing.console import BAD_INPUT, OK, UNDECIDED, Console


@click.command()
@click.option("--confirm", default="", help="Id of a copy: this is our PC.")
@click.option("--refuse", default="", help="Id of a copy: not our PC.")
@click.option("--ground", default="", help="Why; stands in the signed record.")
@click.option("--officer", default="", help="Name of the unit administrator, as in the log-in list.")
@click.option("--pin", default="", help="That officer's PIN; asked for when left out.")
@common
def copies(console: Console, confirm: str, refuse: str, ground: str, officer: str, pin: str) -> None:
    """List suspected copies of the unit's PCs; confirm or refuse one. Exit code 2 while one waits for a word."""
    if confirm and refuse:
        console.refuse(reasons.INPUT, "--confirm --refuse", code=BAD_INPUT)
    with opened(console) as (db, services):
        life = confirm or refuse
        if life:
            pin = pin or click.prompt("PIN", hide_input=True, err=True)
            actor = officer_at_work(console, db, services, officer, pin)
            try:
                record = review_copy(db, services, actor, life, stands=bool(confirm), ground=ground.strip())
            except WriteRefused as error:
                console.refuse(error.reason, error.detail)
            console.say(
                f"Đã ký ({record.id[:16]}). Tỉnh biết ở lần đồng bộ tới.",
                f"Signed ({record.id[:16]}). The province hears of it with the next sync.",
            )
            console.leave(OK, {"record": record.id, "life": life})
        found = list_copies(db)
        names = {each.device: device_name(db, each.device) or each.device[:8] for each in found}
    for each in found:
        vi, en = _state(each)
        console.say(f"{each.life}  {names[each.device]}: {vi}", f"{each.life}  {names[each.device]}: {en}")
    lines = [{"life": each.life, "device": each.device, "state": _state(each)[1]} for each in found]
    console.leave(UNDECIDED if any(each.waits for each in found) else OK, {"copies": lines})


def _state(copy: SuspectedCopy) -> tuple[str, str]:
    if copy.word is None:
        return "chờ xác nhận", "waits"
    if copy.word.stands:
        return "đã xác nhận", "confirmed"
    return "đã từ chối", "refused"
