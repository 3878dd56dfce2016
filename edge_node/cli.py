"""`motcua-node`: what the technician types, and what other programs call with `--json`.

Exit codes: 0 done, 1 failed, 2 undecided (nothing is wrong that we know of, but it is not finished), 3 wrong input.
Each command is a thin call to the function that the screens and the schedule also call.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click
from sqlite_utils import Database

from dossiers.erasures import GROUNDS
from edge_node import reasons
from edge_node.accounts.service import LoginRefused, current_actor, list_officers, log_in
from edge_node.backup import service as backups
from edge_node.casework.exporting import export_proof
from edge_node.config import ConfigInvalid, default_data, load_config
from edge_node.doctor import Health, examine
from edge_node.enrolment.service import Wish, enrol, enrol_from_file, initialise, request_file
from edge_node.erasure.service import Wish as ErasureWish
from edge_node.erasure.service import is_scrubbed, order_erasure
from edge_node.instance import AlreadyRunning, single_instance
from edge_node.journal import WriteRefused
from edge_node.keyring import Actor, KeysMissing
from edge_node.migrations import prepare
from edge_node.projection.lists import find_by_code
from edge_node.projection.service import ensure_current
from edge_node.projection.service import rebuild as rebuild_views
from edge_node.server import PortTaken, serve
from edge_node.services import Services, build_services
from edge_node.store import StorageFull, open_database
from edge_node.store.local import read_office
from edge_node.store.space import MIB
from edge_node.sync.drives import list_drives
from edge_node.sync.parcels import DONE, Carried, export_parcel
from edge_node.sync.service import list_refusals, sync_now, take_carried
from edge_node.sync.status import SyncStatus, read_status
from edge_node.sync.transport import HubLine, LineFault
from edge_node.witness.state import seen_note
from signing.errors import SigningError
from signing.reasons import Reason
from signing.version import __version__
from sync_protocol.errors import RemoteFault
from sync_protocol.reasons import PARCEL_NONE

OK: Final = 0
FAILED: Final = 1
UNDECIDED: Final = 2
BAD_INPUT: Final = 3
WAIT_POLL_S: Final = 1.0
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """How the caller wants to be answered."""

    is_json: bool
    language: str
    data: Path

    def say(self, vi: str, en: str) -> None:
        """A line for people; silent for machines."""
        if not self.is_json:
            click.echo(en if self.language == "en" else vi)

    def give(self, content: dict[str, Any]) -> None:
        """The result for machines."""
        if self.is_json:
            click.echo(json.dumps(content, ensure_ascii=False, sort_keys=True))

    def leave(self, code: int, content: dict[str, Any] | None = None) -> NoReturn:
        """End with an exit code, and the result for machines."""
        if content is not None:
            self.give({"ok": code == OK, **content})
        sys.exit(code)

    def refuse(self, reason: Reason, detail: str = "", *, code: int = FAILED) -> NoReturn:
        """End with a reason of the catalogue."""
        self.give({"ok": False, "code": reason.code, "detail": detail})
        if not self.is_json:
            is_english = self.language == "en"
            click.echo(f"{reason.en if is_english else reason.vi} [{reason.code}]", err=True)
            click.echo(reason.next_en if is_english else reason.next_vi, err=True)
            if detail:
                click.echo(f"({detail})", err=True)
        sys.exit(code)


def _common(command: Command) -> Command:
    """The options that every command has, gathered into a console."""

    @click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="Data folder of the node (else MOTCUA_NODE_DATA, else the system's place).",
    )
    @click.option("--json", "is_json", is_flag=True, help="Answer as JSON.")
    @click.option("--lang", type=click.Choice(["vi", "en"]), default=None, help="Language of the answer.")
    @wraps(command)
    def run(*values: Any, data: Path | None, is_json: bool, lang: str | None, **options: Any) -> Any:
        folder = data or default_data()
        console = Console(is_json=is_json, language=lang or "vi", data=folder)
        if lang is None:
            console = replace(console, language=_load(console).config.language)
        with _explained(console):
            return command(console, *values, **options)

    return run  # type: ignore[return-value]


@contextmanager
def _explained(console: Console) -> Iterator[None]:
    """Whatever can be refused ends with a reason, not with a traceback."""
    try:
        yield
    except (WriteRefused, RemoteFault, LineFault, SigningError) as error:
        is_input = error.reason.status in (400, 422)
        console.refuse(error.reason, error.detail, code=BAD_INPUT if is_input else FAILED)
    except AlreadyRunning as error:
        console.refuse(reasons.RUNNING, str(error))
    except PortTaken as error:
        console.refuse(reasons.PORT_TAKEN, str(error))
    except StorageFull as error:
        console.refuse(reasons.DISK_FULL, str(error))
    except KeysMissing as error:
        console.refuse(reasons.NOT_ENROLLED, str(error))
    except backups.BackupFailed as error:
        console.refuse(reasons.BACKUP, str(error))
    except PermissionError as error:
        console.refuse(reasons.INPUT, f"--data: {error}", code=BAD_INPUT)


def _load(console: Console) -> Services:
    try:
        return build_services(load_config(console.data))
    except ConfigInvalid as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)


@contextmanager
def _opened(console: Console) -> Iterator[tuple[Database, Services]]:
    """Database and services of an initialised node."""
    services = _load(console)
    if not services.keyring.files.is_complete:
        console.refuse(reasons.NOT_ENROLLED, str(console.data))
    db = open_database(services.config.database)
    try:
        prepare(db)
        ensure_current(db)
        yield db, services
    finally:
        db.conn.close()


@click.group()
@click.version_option(__version__, prog_name="motcua-node")
def cli() -> None:
    """The commune office's node: record, sign, sync."""


@cli.command()
@_common
def init(console: Console) -> None:
    """Make the data folder, its settings file and this PC's keys."""
    services = _load(console)
    is_new = initialise(services)
    device = services.keyring.device.public.id
    console.say(
        f"{'Đã tạo' if is_new else 'Đã có sẵn'} khóa của máy trong {console.data} ({device}).",
        f"{'Made' if is_new else 'Found'} this PC's key in {console.data} ({device}).",
    )
    console.leave(OK, {"data": str(console.data), "device": device, "is_new": is_new})


@cli.command("enrol")
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
@_common
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
    initialise(_load(console))
    if from_file is not None:
        with _opened(console) as (db, services):
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
    with _opened(console) as (db, services):
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


@cli.command("serve")
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Port to listen on.")
@_common
def serve_command(console: Console, host: str | None, port: int | None) -> None:
    """Serve the screens and sync in the background until stopped."""
    config = _load(console).config
    config = replace(config, host=host or config.host, port=port or config.port)

    def ready(address: str) -> None:
        console.say(
            f"Máy trạm đang chạy tại {address} (Ctrl-C để dừng).", f"The node is at {address} (Ctrl-C stops)."
        )
        console.give({"address": address, "ok": True})
        sys.stdout.flush()

    serve(build_services(config), ready=ready)
    console.leave(OK)


@cli.command("sync")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3_600), default=0, help="Seconds to wait until all is judged."
)
@_common
def sync_command(console: Console, wait_s: int) -> None:
    """Exchange records with the province now."""
    with _opened(console) as (db, services):
        result = sync_now(db, services)
        deadline = services.monotonic() + wait_s
        while (
            result.is_done
            and services.monotonic() < deadline
            and read_status(db, now=services.clock()).unjudged
        ):
            services.pause(WAIT_POLL_S)
            result = sync_now(db, services)
        status = read_status(db, now=services.clock())
        content = {
            **_counts(status),
            "rounds": result.rounds,
            "sent": result.sent,
            "received": result.received,
        }
        if result.problem:
            console.say(*_sentence(status))
            console.refuse(result.problem, result.detail)
        console.say(*_sentence(status))
        console.leave(OK if not status.waiting and not status.unjudged else UNDECIDED, content)


@cli.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--part-mb", type=click.IntRange(1, 2_047), default=1_024, help="Largest file to write, in MiB (FAT32)."
)
@_common
def export_command(console: Console, folder: Path | None, part_mb: int) -> None:
    """Write what the province lacks to FOLDER, or to the one USB stick of this PC, enclosed for the province."""
    with _opened(console) as (db, services):
        chosen = folder or _only_drive(console)
        written = export_parcel(
            db, services, chosen, part_bytes_max=part_mb * MIB, progress=_bar(console, "bản ghi", "records")
        )
        console.say(
            f"Đã ghi {written.records} bản ghi ({written.parts} tệp) vào {written.folder}. Rút USB an toàn rồi mang về tỉnh.",
            f"Wrote {written.records} records ({written.parts} files) to {written.folder}. Eject the stick and take it to "
            "the province.",
        )
        console.leave(OK, asdict(written))


@cli.command("proof")
@click.argument("dossier")
@click.option("--record", "records", multiple=True, help="Only this record (id); may be repeated.")
@click.option(
    "--disclose", "disclosed", multiple=True, help="With the body of this record (id); may be repeated."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None, help="File to write.")
@_common
def proof_command(
    console: Console, dossier: str, records: tuple[str, ...], disclosed: tuple[str, ...], out: Path | None
) -> None:
    """Write a proof of DOSSIER (code or id) that any agency verifies offline; bodies only as chosen."""
    with _opened(console) as (db, services):
        found = [row.id for row in find_by_code(db, dossier)] or [dossier]
        checkpoint = seen_note(services.config.keys)
        data = export_proof(db, found[0], checkpoint=checkpoint, records=records, disclosed=disclosed)
        if data is None:
            console.refuse(reasons.NOT_FOUND, dossier, code=BAD_INPUT)
        path = out or Path(f"{dossier}.motcua-proof.json")
        path.write_bytes(data)
        console.say(f"Đã ghi {path}.", f"Wrote {path}.")
        console.leave(OK, {"file": str(path), "bytes": len(data)})


@cli.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@_common
def import_command(console: Console, folder: Path | None) -> None:
    """Take the province's answers from FOLDER, or from the one USB stick of this PC."""
    with _opened(console) as (db, services):
        chosen = folder or _only_drive(console)
        carried = take_carried(db, services, chosen, progress=_bar(console, "byte", "bytes"))
        status = read_status(db, now=services.clock())
        for each in carried:
            _say_carried(console, each)
        console.say(*_sentence(status))
        content = {"parcels": [asdict(each) for each in carried], **_counts(status)}
        outcomes = {each.outcome for each in carried}
        console.leave(OK if DONE in outcomes else FAILED, content)


def _only_drive(console: Console) -> Path:
    drives = list_drives()
    if len(drives) != 1:
        names = ", ".join(str(drive.path) for drive in drives)
        console.refuse(PARCEL_NONE, names, code=BAD_INPUT)
    return drives[0].path


def _bar(console: Console, vi: str, en: str) -> Callable[[int, int], None] | None:
    """A line on the terminal that says how far it is; nothing for machines."""
    if console.is_json or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        click.echo(f"\r{done}/{total} {en if console.language == 'en' else vi} ", err=True, nl=done >= total)

    return show


def _say_carried(console: Console, each: Carried) -> None:
    if each.reason is None:
        console.say(f"✓ {each.records} bản ghi từ tỉnh.", f"✓ {each.records} records from the province.")
    else:
        console.say(f"✗ {each.reason.vi} {each.reason.next_vi}", f"✗ {each.reason.en} {each.reason.next_en}")


@cli.command("status")
@_common
def status_command(console: Console) -> None:
    """Say how far this PC's records have travelled."""
    with _opened(console) as (db, services):
        status, office = read_status(db, now=services.clock()), read_office(db)
        if office is None:
            console.refuse(reasons.NOT_ENROLLED, code=UNDECIDED)
        console.say(f"{office.unit_name} ({office.unit})", f"{office.unit_name} ({office.unit})")
        console.say(*_sentence(status))
        for refusal in list_refusals(db, limit=20):
            if refusal.reason:
                console.say(
                    f"- {refusal.reason.vi} {refusal.reason.next_vi}",
                    f"- {refusal.reason.en} {refusal.reason.next_en}",
                )
        content = {**_counts(status), "unit": office.unit, "unit_name": office.unit_name, "log": office.log}
        content["is_writable"] = services.space.is_writable
        console.leave(OK if status.is_full else UNDECIDED, content)


@cli.command()
@_common
def doctor(console: Console) -> None:
    """Look the node over and say what is wrong."""
    with _opened(console) as (db, services):
        findings = list(examine(db, services))
    for finding in findings:
        sign = {Health.OK: "✓", Health.FAILED: "✗", Health.UNDECIDED: "?"}[finding.health]
        console.say(f"{sign} {finding.check}: {finding.vi}", f"{sign} {finding.check}: {finding.en}")
    healths = {finding.health for finding in findings}
    code = FAILED if Health.FAILED in healths else UNDECIDED if Health.UNDECIDED in healths else OK
    console.leave(code, {"findings": [asdict(finding) for finding in findings]})


@cli.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), required=False)
@_common
def backup_command(console: Console, target: Path | None) -> None:
    """Copy the database to TARGET, or into the backup folder. No private key is in a backup."""
    with _opened(console) as (_, services):
        made = backups.make_backup(services, target)
    console.say(f"Đã sao lưu vào {made.path}.", f"Backed up to {made.path}.")
    console.leave(OK, {"path": str(made.path), "size_bytes": made.size_bytes})


@cli.command("restore")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_common
def restore_command(console: Console, source: Path) -> None:
    """Put the backup SOURCE in the place of the database; the present one is set aside."""
    services = _load(console)
    initialise(services)
    with single_instance(console.data):
        restored = backups.restore(services, source)
    if restored.office:
        console.say(
            f"Đã phục hồi {restored.dossiers} hồ sơ; máy ghi tiếp trong kỳ mới.",
            f"Restored {restored.dossiers} dossiers; the PC goes on in a new epoch.",
        )
    else:
        console.say(
            f"Đã nhận {restored.dossiers} hồ sơ (chỉ đọc); hãy ghi danh lại máy này.",
            f"Adopted {restored.dossiers} dossiers (read-only); enrol this PC anew.",
        )
    content = {
        "dossiers": restored.dossiers,
        "needs_enrolment": restored.office is None,
        "set_aside": str(restored.set_aside) if restored.set_aside else None,
    }
    console.leave(OK if restored.office else UNDECIDED, content)


@cli.command()
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
@_common
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
    with _opened(console) as (db, services):
        found = [row.id for row in find_by_code(db, dossier)] or [dossier.lower()]
        if len(found) != 1 or not re.fullmatch("[0-9a-f]{32}", found[0]):
            console.refuse(reasons.NOT_FOUND, dossier, code=BAD_INPUT)
        actor = _actor(console, db, services, officer, pin)
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


def _actor(console: Console, db: Database, services: Services, name: str, pin: str) -> Actor:
    """The officer of this PC with this name, at work."""
    chosen = [officer.officer for officer in list_officers(db, services) if officer.name == name]
    if len(chosen) != 1:
        console.refuse(reasons.OFFICER_UNKNOWN, name, code=BAD_INPUT)
    try:
        actor = current_actor(db, services, log_in(db, services, officer=chosen[0], pin=pin, address="cli"))
    except LoginRefused as refused:
        console.refuse(refused.reason)
    if actor is None:
        console.refuse(reasons.OFFICER_UNKNOWN, name)
    return actor


@cli.command()
@_common
def rebuild(console: Console) -> None:
    """Make every view anew from the signed records."""
    with _opened(console) as (db, _):
        count = rebuild_views(db)
    console.say(f"Đã dựng lại {count} hồ sơ.", f"Rebuilt {count} dossiers.")
    console.leave(OK, {"dossiers": count})


def _sentence(status: SyncStatus) -> tuple[str, str]:
    vi = f"{status.waiting} bản ghi chưa về tỉnh, cũ nhất {status.oldest_days} ngày."
    en = f"{status.waiting} not yet at the province, the oldest {status.oldest_days} days."
    if status.unjudged:
        vi += f" {status.unjudged} bản ghi đã về, chờ kết luận."
        en += f" {status.unjudged} are there and not yet judged."
    if status.refused:
        vi += f" {status.refused} bản ghi bị từ chối."
        en += f" {status.refused} were refused."
    return vi, en


def _counts(status: SyncStatus) -> dict[str, Any]:
    return {
        "waiting": status.waiting,
        "oldest_days": status.oldest_days,
        "unjudged": status.unjudged,
        "refused": status.refused,
        "undecided": status.undecided,
        "last_full_sync_ms": status.last,
    }


def main() -> None:
    """The console script: click's own complaints become exit code 3."""
    try:
        cli.main(prog_name="motcua-node", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(FAILED)
