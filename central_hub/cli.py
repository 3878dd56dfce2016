"""`motcua-hub`: what the province's operator types, and what other programs call with `--json`.

Exit codes: 0 done, 1 failed, 2 undecided (nothing is wrong that we know of, but it is not finished), 3 wrong input.
Each command is a thin call to the function that the screens and the schedule also call.
"""

import ipaddress
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from central_hub import reasons
from central_hub.backup.commands import backup, restore
from central_hub.console import common, loaded_config, opened
from central_hub.copies.commands import copies
from central_hub.doctor import Health, examine
from central_hub.erasure.commands import erase
from central_hub.files.sweep import drop_damaged
from central_hub.founding import RootCeremony, found_hub
from central_hub.keys import SECRET_FILE
from central_hub.locks import held_lock
from central_hub.projection.rebuild import rebuild
from central_hub.publishing.commands import publish
from central_hub.registry.ceremony_commands import trust
from central_hub.registry.key_commands import enrol, review, revoke
from central_hub.registry.root_passphrase import passphrase_for_new
from central_hub.reorganisation.commands import publish_allotment, publish_units
from central_hub.server import HubServer
from central_hub.services import system_clock_ms
from central_hub.statistics.commands import stats
from central_hub.sync.commands import diagnosis_command, export_command, import_command
from central_hub.tlog.commands import witnesses_command
from central_hub.verify.commands import proof_command
from signing.console import BAD_INPUT, FAILED, OK, UNDECIDED, Console, run_commands
from signing.version import __version__

_PATIENCE_S: Final = 4.0


@click.group("motcua-hub")
@click.version_option(__version__, prog_name="motcua-hub")
def cli() -> None:
    """The province's hub: take in, judge, count."""


@cli.command()
@click.option(
    "--root-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder for the root key files; take it offline afterwards (else DATA/../root).",
)
@click.option("--roots", type=click.IntRange(1, 16), default=1, help="How many root keys.")
@click.option(
    "--root-file", "root_files", multiple=True, type=click.Path(path_type=Path, dir_okay=False),
    help="Where one root key is written (a medium of its own); once for each root, instead of --root-dir and --roots.",
)  # fmt: skip
@click.option("--threshold", type=click.IntRange(1, 16), default=1, help="How many of them must sign.")
@click.option(
    "--root-passphrase", default=None, help="Passphrase of the root key files; asked for when absent."
)
@click.option(
    "--no-root-passphrase",
    is_flag=True,
    help="Root key files that open without one: for a demonstration only.",
)
@click.option("--administrator", default="quantri", help="Log-in of the first administrator.")
@click.option("--administrator-name", default="Quản trị tỉnh", help="Name of the first administrator.")
@click.option("--password", default=None, help="The administrator's password; made and shown when absent.")
@common
def init(
    console: Console,
    root_dir: Path | None,
    roots: int,
    root_files: tuple[Path, ...],
    threshold: int,
    root_passphrase: str | None,
    no_root_passphrase: bool,
    administrator: str,
    administrator_name: str,
    password: str | None,
) -> None:
    """Found the hub: roots, keys, certificate authority, database, first administrator."""
    if threshold > (len(root_files) or roots) or len(set(root_files)) < len(root_files):
        console.refuse(reasons.INPUT, "--threshold", code=BAD_INPUT)
    config = loaded_config(console)
    # Where the keys are made already nobody is asked for a passphrase before hearing that.
    is_made = (config.keys / SECRET_FILE).exists()
    ceremony = RootCeremony(
        folder=root_dir or console.data.resolve().parent / "root",
        count=roots,
        threshold=threshold,
        passphrase=""
        if is_made
        else passphrase_for_new(console, root_passphrase, is_without=no_root_passphrase),
        paths=root_files,
    )
    founded = found_hub(
        config,
        ceremony,
        administrator=administrator,
        administrator_name=administrator_name,
        password=password,
    )
    files = [str(path) for path in founded.root_files]
    console.say(
        f"Đã lập trung tâm {founded.services.units.province.name} trong {console.data}.",
        f"Founded the hub of {founded.services.units.province.name} in {console.data}.",
    )
    console.say(
        f"Khóa gốc (cất ngoại tuyến): {', '.join(files)}", f"Root keys (keep offline): {', '.join(files)}"
    )
    console.say(f"Dấu vân tay khóa gốc: {founded.fingerprint}", f"Root fingerprint: {founded.fingerprint}")
    console.say(
        f"Đăng nhập: {founded.login} / {founded.password}", f"Log-in: {founded.login} / {founded.password}"
    )
    content = {
        "data": str(console.data),
        "root_files": files,
        "fingerprint": founded.fingerprint,
        "login": founded.login,
        "password": founded.password,
    }
    console.leave(OK, content)


@cli.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Port to listen on.")
@click.option("--http", "is_plain", is_flag=True, help="Plain http, on loopback only.")
@common
def serve(console: Console, host: str | None, port: int | None, is_plain: bool) -> None:
    """Serve nodes and browsers, with the judge beside, until stopped."""
    overrides = {"host": host, "port": port, "tls": False if is_plain else None}
    config = opened(console, **overrides).config
    if not config.tls and not _is_loopback(config.host):
        console.refuse(reasons.PLAIN_HTTP, config.host, code=BAD_INPUT)
    # After a kill the old workers need a moment to notice that their parent is gone.
    with held_lock(config.data / "serve.lock", patience_s=_PATIENCE_S):
        if not _becomes_free(config.host, config.port):
            console.refuse(reasons.PORT_TAKEN, f"{config.host}:{config.port}")
        address = f"{'https' if config.tls else 'http'}://{config.host}:{config.port}"
        console.say(
            f"Trung tâm đang chạy tại {address} (Ctrl-C để dừng).", f"The hub is at {address} (Ctrl-C stops)."
        )
        console.give({"ok": True, "address": address})
        sys.stdout.flush()
        HubServer(config, now_ms=system_clock_ms()).run()


@cli.command()
@click.option("--deep", "is_deep", is_flag=True, help="Also read every record and compare every figure.")
@common
def doctor(console: Console, is_deep: bool) -> None:
    """Look the hub over and say what is wrong."""
    findings = list(examine(opened(console), is_deep=is_deep))
    for finding in findings:
        sign = {Health.OK: "✓", Health.FAILED: "✗", Health.UNDECIDED: "?"}[finding.health]
        console.say(f"{sign} {finding.check}: {finding.vi}", f"{sign} {finding.check}: {finding.en}")
    healths = {finding.health for finding in findings}
    code = FAILED if Health.FAILED in healths else UNDECIDED if Health.UNDECIDED in healths else OK
    console.leave(code, {"findings": [asdict(finding) for finding in findings]})


@cli.command("rebuild")
@common
def rebuild_command(console: Console) -> None:
    """Make every list, counter and figure anew from the signed records, and take damaged files away."""
    services = opened(console)
    data = services.config.data
    # A judge whose `serve` was killed needs a moment to notice; two processes never make these tables at once.
    with held_lock(data / "serve.lock"), held_lock(data / "judge.lock", patience_s=_PATIENCE_S):
        read = rebuild(services)
        dropped = drop_damaged(services)
    console.say(f"Đã dựng lại từ {read} bản ghi.", f"Rebuilt from {read} records.")
    if dropped:
        console.say(
            f"{dropped} tệp hỏng đã bỏ; máy trạm đang giữ sẽ gửi lại.",
            f"{dropped} damaged files were taken away; the PCs that hold them send them again.",
        )
    console.leave(OK, {"records": read, "files_dropped": dropped})


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _becomes_free(host: str, port: int) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while not _is_free(host, port):
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)
    return True


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


publish.add_command(publish_units)
publish.add_command(publish_allotment)
for _command in (
    enrol, trust, revoke, review, copies, stats, publish, import_command, export_command, diagnosis_command, proof_command, witnesses_command, backup, restore, erase,
):  # fmt: skip
    cli.add_command(_command)


def main() -> None:
    """The console script."""
    run_commands(cli, "motcua-hub")
