"""The command `proof`: a dossier as a file that any agency verifies offline."""

from pathlib import Path

import click

from central_hub import reasons
from central_hub.console import common, opened
from central_hub.store.engine import reading
from central_hub.verify.export import NoSuchDossier, export_proof, find_dossier
from signing.console import BAD_INPUT, OK, Console
from signing.readiness import Writer, readiness_of


@click.command("proof")
@click.argument("dossier")
@click.option("--record", "records", multiple=True, help="Only this record (id); may be repeated.")
@click.option(
    "--disclose", "disclosed", multiple=True, help="With the body of this record (id); may be repeated."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="File to write.")
@common
def proof_command(
    console: Console, dossier: str, records: tuple[str, ...], disclosed: tuple[str, ...], out: Path | None
) -> None:
    """Write a proof of DOSSIER (code or id) that any agency verifies offline; bodies only as chosen."""
    services = opened(console)
    try:
        with reading(services.engine) as connection:
            found = find_dossier(connection, dossier)
            data = export_proof(services, connection, found, records=records, disclosed=disclosed)
    except NoSuchDossier as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)
    path = out or Path(f"{dossier}.motcua-proof.json")
    path.write_bytes(data)
    console.say(f"Đã ghi {path}.", f"Wrote {path}.")
    ready = readiness_of(data, services.keys.bundle, Writer.HUB)
    console.say(ready.vi, ready.en)
    console.leave(OK, {"file": str(path), "bytes": len(data), "readiness": ready.json()})
