"""`motcua-node lan`: what the page /lan does, for technicians and scripts."""

from typing import Any

import click

from edge_node import reasons
from edge_node.console import common, opened
from edge_node.journal import require_office
from edge_node.lan.found import candidates
from edge_node.lan.peers import TooManyPeers, add_peer, is_on, list_peers, parse_address, remove_peer, switch
from edge_node.lan.service import meet_all
from signing.console import BAD_INPUT, OK, UNDECIDED, Console


@click.command("lan")
@click.option("--on/--off", "on", default=None, help="Answer the office's other PCs, or not.")
@click.option(
    "--add", "added", multiple=True, metavar="ADDRESS", help="Where another PC answers: host or host:port."
)
@click.option("--remove", "removed", multiple=True, metavar="ADDRESS", help="Forget an address.")
@click.option("--meet", "is_meeting", is_flag=True, help="Exchange with every PC now.")
@common
def lan_command(
    console: Console, on: bool | None, added: tuple[str, ...], removed: tuple[str, ...], is_meeting: bool
) -> None:
    """The office's PCs among themselves: switch it, say where they are, exchange now; then tell how it stands.

    An address may be that of a PC of another commune on the same network: without a line, this PC hands it enclosed parcels.
    """
    with opened(console) as (db, services):
        require_office(db)
        if on is not None:
            switch(db, on=on)
        for typed in removed:
            remove_peer(db, parse_address(typed, port=services.config.lan_port) or typed)
        for typed in added:
            address = parse_address(typed, port=services.config.lan_port)
            if address is None:
                console.refuse(reasons.INPUT, typed, code=BAD_INPUT)
            try:
                add_peer(db, address)
            except TooManyPeers:
                console.refuse(reasons.INPUT, "too many addresses", code=BAD_INPUT)
        meetings = meet_all(db, services) if is_meeting else []
        peers: list[dict[str, Any]] = [
            {
                "address": peer.address,
                "device": peer.device,
                "outcome": peer.outcome,
                "met": peer.met,
                "found": peer.is_found,
            }
            for peer in list_peers(db)
        ]
        found = [{"address": each.address, "says": each.short} for each in candidates(db)]
        for peer in peers:
            console.say(
                f"{peer['address']}: {peer['outcome'] or 'chưa thử'}",
                f"{peer['address']}: {peer['outcome'] or 'not tried'}",
            )
        for each in found:
            console.say(
                f"{each['address']}: máy lạ tự xưng {each['says']}, chưa thêm",
                f"{each['address']}: announces itself as {each['says']}, not added",
            )
        console.leave(
            OK if all(met.problem is None for met in meetings) else UNDECIDED,
            {
                "on": is_on(db),
                "peers": peers,
                "found": found,
                "sent": sum(met.sent for met in meetings),
                "received": sum(met.received for met in meetings),
                "files": sum(met.files for met in meetings),
                "handed": sum(met.handed for met in meetings),
                "fetched": sum(met.fetched for met in meetings),
            },
        )
