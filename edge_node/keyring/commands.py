"""The command `trust`: take newer versions of the trust bundle from files, for a PC that no sync reaches."""

from pathlib import Path

import click

from edge_node import reasons
from edge_node.console import common, opened
from edge_node.keyring.trust import TrustMissing, keep_bundle
from edge_node.store import alerts, write_transaction
from signing.bundles import BUNDLE_BYTES_MAX, open_unpinned_bundle
from signing.console import BAD_INPUT, OK, Console


@click.command("trust")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@common
def trust_command(console: Console, files: tuple[Path, ...]) -> None:
    """Take the trust bundle from FILES (trust.json of the province, several versions in any order); an older one, or one that
    does not follow from the one held, is refused."""
    envelopes = [_read(console, file) for file in files]
    with opened(console) as (db, services):
        try:
            held = services.trust.trust(db).bundle
        except TrustMissing:
            console.refuse(reasons.NOT_ENROLLED, str(console.data))
        before = held.version
        for envelope in sorted(envelopes, key=lambda each: open_unpinned_bundle(each).version):
            with write_transaction(db):
                held = keep_bundle(db, envelope, pin=held)
        alerts.clear_alert(db, alerts.BUNDLE_REFUSED)
    console.say(
        f"Gói tin cậy phiên bản {held.version}. Dấu vân tay khóa gốc: {held.fingerprint}",
        f"Trust bundle version {held.version}. Root fingerprint: {held.fingerprint}",
    )
    content = {"version": held.version, "before": before, "fingerprint": held.fingerprint}
    console.leave(OK, content)


def _read(console: Console, file: Path) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(BUNDLE_BYTES_MAX + 1)
    if len(data) > BUNDLE_BYTES_MAX:
        console.refuse(reasons.INPUT, f"{file}: too large", code=BAD_INPUT)
    return data
