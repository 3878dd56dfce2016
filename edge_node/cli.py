"""`motcua-node`: what the technician types, and what other programs call with `--json`.

Exit codes: 0 done, 1 failed, 2 undecided (nothing is wrong that we know of, but it is not finished), 3 wrong input.
Each command is a thin call to the function that the screens and the schedule also call.
"""

import sys
from dataclasses import asdict, replace
from pathlib import Path

import click
from sqlite_utils import Database

from edge_node import reasons
from edge_node.backup.commands import backup_command, restore_command
from edge_node.casework.exporting import export_proof
from edge_node.casework.proof_pdf import NotCarried, proof_pdf
from edge_node.console import common, loaded, opened
from edge_node.copies.commands import copies
from edge_node.diagnosis.commands import diagnose_command
from edge_node.doctor import Health, examine
from edge_node.enrolment.commands import enrol_command, init, new_identity_command
from edge_node.erasure.commands import erase
from edge_node.files.disk import settle
from edge_node.files.service import vault_of
from edge_node.keyring.commands import trust_command
from edge_node.lan.commands import lan_command
from edge_node.projection.lists import find_by_code
from edge_node.projection.service import rebuild as rebuild_views
from edge_node.relay.commands import relay_command
from edge_node.server import serve
from edge_node.services import Services, build_services
from edge_node.sync.commands import export_command, import_command, status_command, sync_command
from edge_node.witness.state import seen_note
from signing.console import BAD_INPUT, FAILED, OK, UNDECIDED, Console, run_commands
from signing.proof_file import decode_proof
from signing.readiness import Writer, readiness_of
from signing.version import __version__


@click.group("motcua-node")
@click.version_option(__version__, prog_name="motcua-node")
def cli() -> None:
    """The commune office's node: record, sign, sync."""


@cli.command("serve")
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Port to listen on.")
@common
def serve_command(console: Console, host: str | None, port: int | None) -> None:
    """Serve the screens and sync in the background until stopped."""
    config = loaded(console).config
    config = replace(config, host=host or config.host, port=port or config.port)

    def ready(address: str) -> None:
        console.say(
            f"Máy trạm đang chạy tại {address} (Ctrl-C để dừng).", f"The node is at {address} (Ctrl-C stops)."
        )
        console.give({"address": address, "ok": True})
        sys.stdout.flush()

    serve(build_services(config), ready=ready)
    console.leave(OK)


@cli.command("proof")
@click.argument("dossier")
@click.option("--record", "records", multiple=True, help="Only this record (id); may be repeated.")
@click.option(
    "--disclose", "disclosed", multiple=True, help="With the body of this record (id); may be repeated."
)
@click.option(
    "--into",
    "carrier",
    metavar="PDF",
    default=None,
    help="Attach it to this PDF: bien-nhan (the hand-over receipt), or the id of an attached result.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="File to write.")
@common
def proof_command(
    console: Console,
    dossier: str,
    records: tuple[str, ...],
    disclosed: tuple[str, ...],
    carrier: str | None,
    out: Path | None,
) -> None:
    """Write a proof of DOSSIER (code or id) that any agency verifies offline; bodies only as chosen."""
    with opened(console) as (db, services):
        found = [row.id for row in find_by_code(db, dossier)] or [dossier]
        checkpoint = seen_note(services.config.keys)
        bundle = services.trust.trust(db).bundle
        data = export_proof(
            db, found[0], bundle=bundle, checkpoint=checkpoint, records=records, disclosed=disclosed
        )
        if data is None:
            console.refuse(reasons.NOT_FOUND, dossier, code=BAD_INPUT)
        file = data if carrier is None else _inside(console, db, services, found[0], carrier, data)
        path = out or Path(
            f"{dossier}.motcua-proof.json" if carrier is None else f"{dossier}-kem-chung-minh.pdf"
        )
        path.write_bytes(file)
        console.say(f"Đã ghi {path}.", f"Wrote {path}.")
        bare = sum(not each.inclusions for each in decode_proof(data).records)
        ready = readiness_of(data, bundle, Writer.NODE)
        console.say(ready.vi, ready.en)
        console.leave(
            OK, {"file": str(path), "bytes": len(file), "without_place": bare, "readiness": ready.json()}
        )


def _inside(
    console: Console, db: Database, services: Services, dossier: str, carrier: str, proof: bytes
) -> bytes:
    """The PDF of this carrier with the proof attached."""
    try:
        return proof_pdf(db, services, dossier, carrier, proof)
    except NotCarried as error:
        console.refuse(error.reason, error.detail or carrier)


@cli.command()
@common
def doctor(console: Console) -> None:
    """Look the node over and say what is wrong."""
    with opened(console) as (db, services):
        findings = list(examine(db, services))
    for finding in findings:
        sign = {Health.OK: "✓", Health.FAILED: "✗", Health.UNDECIDED: "?"}[finding.health]
        console.say(f"{sign} {finding.check}: {finding.vi}", f"{sign} {finding.check}: {finding.en}")
    healths = {finding.health for finding in findings}
    code = FAILED if Health.FAILED in healths else UNDECIDED if Health.UNDECIDED in healths else OK
    console.leave(code, {"findings": [asdict(finding) for finding in findings]})


@cli.command()
@common
def rebuild(console: Console) -> None:
    """Make every view anew from the signed records, and the table of files from the disk."""
    with opened(console) as (db, services):
        count = rebuild_views(db)
        found = settle(db, vault_of(services), is_deep=True)
    wanted = len(found.missing) + len(found.damaged)
    console.say(
        f"Đã dựng lại {count} hồ sơ; {wanted} tệp sẽ được tải lại ở lần đồng bộ tới.",
        f"Rebuilt {count} dossiers; {wanted} files are fetched again with the next sync.",
    )
    console.leave(OK, {"dossiers": count, "files_wanted": wanted})


for _command in (
    init, enrol_command, sync_command, status_command, export_command, import_command, backup_command, restore_command, erase,
    trust_command, lan_command, relay_command, diagnose_command, new_identity_command, copies,
):  # fmt: skip
    cli.add_command(_command)


def main() -> None:
    """The console script."""
    run_commands(cli, "motcua-node")
