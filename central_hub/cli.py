"""`motcua-hub`: what the province's operator types, and what other programs call with `--json`.

Exit codes: 0 done, 1 failed, 2 undecided (nothing is wrong that we know of, but it is not finished), 3 wrong input.
Each command is a thin call to the function that the screens and the schedule also call.
"""

import ipaddress
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click
import msgspec
from sqlalchemy import Connection

from central_hub import reasons
from central_hub.accounts.service import AccountInvalid
from central_hub.backup.service import BackupInvalid, restore_backup, take_backup
from central_hub.config import ConfigInvalid, HubConfig, default_data_folder
from central_hub.doctor import Health, examine
from central_hub.erasure.service import ErasureRefused, Wish, dossiers_named, order_erasure
from central_hub.founding import AlreadyFounded, RootCeremony, found_hub
from central_hub.judge.process import run_judge
from central_hub.judge.standings import standings_after_cuts
from central_hub.keys import load_root, save_root
from central_hub.locks import Locked, held_lock
from central_hub.projection.rebuild import rebuild
from central_hub.publishing.service import PublicationRefused, publish_calendar, publish_catalogue
from central_hub.registry.ceremony import adopt, propose, read_draft
from central_hub.registry.enrolment import FIRST_OFFICER_ROLES, EnrolmentInvalid, enrol_by_file, issue_code
from central_hub.registry.holders import list_holders
from central_hub.registry.revocation import (
    Act,
    RevocationInvalid,
    reinstate_keys,
    replace_device,
    review_records,
    revoke_device,
    revoke_keys,
)
from central_hub.server import HubServer
from central_hub.services import Services, open_services, system_clock_ms
from central_hub.settings import EPOCH, get_setting
from central_hub.statistics.periods import Period, PeriodInvalid
from central_hub.statistics.service import Filter, Group, Report, Statistics
from central_hub.store.engine import reading, writing
from central_hub.store.erasures import scrub
from central_hub.store.schema import upgrade
from central_hub.sync.fleet import list_devices
from central_hub.sync.parcels import Asked, TakenParcel, asked_by_nobody, judge_now, take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked
from central_hub.verify.export import NoSuchDossier, export_proof, find_dossier
from dossiers.erasures import GROUNDS
from dossiers.local_time import instant, local_date, to_yyyymmdd
from dossiers.presentation import fmt_percent
from dossiers.statistics import ReportRow, rate_a, rate_b
from signing.cuts import Cause
from signing.errors import SigningError
from signing.keys import new_signing_key
from signing.reasons import Reason
from signing.signatures import PublicKey
from signing.version import __version__
from sync_protocol.errors import RemoteFault
from sync_protocol.record import Record

OK: Final = 0
FAILED: Final = 1
UNDECIDED: Final = 2
BAD_INPUT: Final = 3
_PATIENCE_S: Final = 4.0
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
        help="Data folder of the hub (else MOTCUA_HUB_DATA, else the system's place).",
    )
    @click.option("--json", "is_json", is_flag=True, help="Answer as JSON.")
    @click.option("--lang", type=click.Choice(["vi", "en"]), default=None, help="Language of the answer.")
    @wraps(command)
    def run(*values: Any, data: Path | None, is_json: bool, lang: str | None, **options: Any) -> Any:
        console = Console(is_json=is_json, language=lang or "vi", data=data or default_data_folder())
        if lang is None:
            console = Console(is_json=is_json, language=_config(console).language, data=console.data)
        with _explained(console):
            return command(console, *values, **options)

    return run  # type: ignore[return-value]


@contextmanager
def _explained(console: Console) -> Iterator[None]:
    """Whatever can be refused ends with a reason, not with a traceback."""
    try:
        yield
    except (RemoteFault, SigningError) as error:
        is_input = error.reason.status in (400, 422)
        console.refuse(error.reason, error.detail, code=BAD_INPUT if is_input else FAILED)
    except AlreadyFounded as error:
        console.refuse(reasons.ALREADY_FOUNDED, str(error))
    except Locked as error:
        console.refuse(reasons.RUNNING, str(error))
    except BackupInvalid as error:
        console.refuse(reasons.BACKUP, str(error))
    except PublicationRefused as error:
        console.refuse(reasons.PUBLICATION, str(error), code=BAD_INPUT)
    except AccountInvalid as error:
        console.refuse(reasons.ACCOUNT, str(error), code=BAD_INPUT)
    except (EnrolmentInvalid, PeriodInvalid, RevocationInvalid) as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)
    except PermissionError as error:
        console.refuse(reasons.INPUT, f"--data: {error}", code=BAD_INPUT)


def _config(console: Console, **overrides: Any) -> HubConfig:
    try:
        return HubConfig.load(console.data, **overrides)
    except ConfigInvalid as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)


def _opened(console: Console, **overrides: Any) -> Services:
    """The services of a founded hub, its database in the present shape."""
    config = _config(console, **overrides)
    try:
        services = open_services(config)
    except FileNotFoundError:
        console.refuse(reasons.NOT_FOUNDED, str(console.data))
    if not config.database and not (config.data / "hub.db").exists():
        console.refuse(reasons.NOT_FOUNDED, str(console.data))
    upgrade(services.engine)
    with reading(services.engine) as connection:
        if get_setting(connection, EPOCH) is None:
            console.refuse(reasons.NOT_FOUNDED, str(console.data))
    return services


@click.group()
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
@click.option("--root-passphrase", default="", help="Passphrase of the root key files.")
@click.option("--administrator", default="quantri", help="Log-in of the first administrator.")
@click.option("--administrator-name", default="Quản trị tỉnh", help="Name of the first administrator.")
@click.option("--password", default=None, help="The administrator's password; made and shown when absent.")
@_common
def init(
    console: Console,
    root_dir: Path | None,
    roots: int,
    root_files: tuple[Path, ...],
    threshold: int,
    root_passphrase: str,
    administrator: str,
    administrator_name: str,
    password: str | None,
) -> None:
    """Found the hub: roots, keys, certificate authority, database, first administrator."""
    if threshold > (len(root_files) or roots) or len(set(root_files)) < len(root_files):
        console.refuse(reasons.INPUT, "--threshold", code=BAD_INPUT)
    ceremony = RootCeremony(
        folder=root_dir or console.data.resolve().parent / "root",
        count=roots,
        threshold=threshold,
        passphrase=root_passphrase,
        paths=root_files,
    )
    founded = found_hub(
        _config(console),
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
@_common
def serve(console: Console, host: str | None, port: int | None, is_plain: bool) -> None:
    """Serve nodes and browsers, with the judge beside, until stopped."""
    overrides = {"host": host, "port": port, "tls": False if is_plain else None}
    config = _opened(console, **overrides).config
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


@cli.command(hidden=True)
@click.option("--parent", type=int, required=True, help="Process with which the judge ends.")
@_common
def judge(console: Console, parent: int) -> None:
    """The judge process; started by `serve`."""
    run_judge(_opened(console), parent=parent)


@cli.command()
@click.option("--commune", default="", help="Code or name of the commune.")
@click.option("--device-name", default="", help="Name of the PC within the office.")
@click.option("--role", "roles", multiple=True, help="Role of the first officer; may be given several times.")
@click.option(
    "--from-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=None,
    help="Instead: take a PC in whose request came as a file.",
)
@click.option(
    "--to-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Where the answer to such a request is written.",
)
@_common
def enrol(
    console: Console,
    commune: str,
    device_name: str,
    roles: tuple[str, ...],
    from_file: Path | None,
    to_file: Path | None,
) -> None:
    """Print a code with which one PC of a commune enrols; or answer a request file with a file."""
    services = _opened(console)
    if from_file is not None:
        target = to_file or from_file.with_name(from_file.stem + "-answer.json")
        with writing(services.engine) as connection:
            target.write_bytes(enrol_by_file(connection, services, from_file.read_bytes(), address="file"))
        console.say(f"Đã ghi tệp trả lời: {target}", f"Wrote the answer: {target}")
        console.leave(OK, {"file": str(target)})
    found = services.units.find(commune)
    matches = (found,) if found else services.units.search(commune)
    if len(matches) != 1:
        names = ", ".join(f"{unit.code} {unit.name}" for unit in matches[:8])
        console.refuse(reasons.INPUT, f"--commune {commune}: {names or '?'}", code=BAD_INPUT)
    with writing(services.engine) as connection:
        issued = issue_code(
            connection,
            services,
            unit=matches[0].code,
            device_name=device_name,
            roles=roles or FIRST_OFFICER_ROLES,
            issued_by="cli",
        )
    console.say(
        f"Mã ghi danh cho {issued.unit_name} ({issued.unit}), máy «{issued.device_name}»: {issued.code}",
        f"Enrolment code for {issued.unit_name} ({issued.unit}), PC «{issued.device_name}»: {issued.code}",
    )
    console.leave(OK, asdict(issued))


@cli.group()
def trust() -> None:
    """The root ceremony: draft the next version of the trust bundle, sign it, adopt it."""


@trust.command("draft")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--root", "roots", multiple=True, help="Public root key (hex); all of the new version, if given."
)
@click.option("--threshold", type=click.IntRange(1, 16), default=None, help="How many of them must sign.")
@click.option(
    "--new-registry", type=click.Choice([Cause.RETIRED.value, Cause.COMPROMISED.value]), default=None,
    help="Make a new registry key, and cut the present one off for this cause.",
)  # fmt: skip
@click.option("--since", default=None, help="Local time yyyy-mm-ddThh:mm since when it is not trusted.")
@click.option(
    "--policy", type=click.Path(path_type=Path, dir_okay=False, exists=True), default=None,
    help="File with the policy of logs and witnesses (C2SP tlog-policy).",
)  # fmt: skip
@_common
def draft_bundle(
    console: Console,
    file: Path,
    roots: tuple[str, ...],
    threshold: int | None,
    new_registry: str | None,
    since: str | None,
    policy: Path | None,
) -> None:
    """Write the draft of the next version to FILE, for the holders of the root keys to sign."""
    services = _opened(console)
    with writing(services.engine) as connection:
        draft = propose(
            connection,
            services,
            roots=[PublicKey.from_hex(root) for root in roots] or None,
            threshold=threshold,
            registry_cause=Cause(new_registry) if new_registry else None,
            since_ms=_local_ms(console, since),
            policy=None if policy is None else policy.read_text(encoding="utf-8"),
        )
    file.write_bytes(draft.encode())
    console.say(
        f"Đã ghi bản thảo phiên bản {draft.bundle.version} vào {file}; đưa từng người giữ khóa gốc ký.",
        f"Wrote the draft of version {draft.bundle.version} to {file}; have the holders of the root keys sign it.",
    )
    console.leave(OK, {"file": str(file), "version": draft.bundle.version})


@trust.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--root-passphrase", default="", help="Passphrase of the root key file.")
@_common
def make_root(console: Console, file: Path, root_passphrase: str) -> None:
    """Make a root key in FILE (on a medium of its own) and print its public part. Needs no hub."""
    if file.exists():
        console.refuse(reasons.INPUT, f"{file} exists", code=BAD_INPUT)
    root = new_signing_key()
    save_root(file, root, passphrase=root_passphrase)
    console.say(f"Khóa gốc công khai: {root.public.hex}", f"Public root key: {root.public.hex}")
    console.leave(OK, {"file": str(file), "public": root.public.hex})


@trust.command("sign")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--root-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=True)
@click.option("--root-passphrase", default="", help="Passphrase of the root key file.")
@_common
def sign_draft(console: Console, file: Path, root_file: Path, root_passphrase: str) -> None:
    """Sign the draft FILE with a root key. Needs no hub: do it where the key is, offline."""
    draft = read_draft(file).sign(load_root(root_file, passphrase=root_passphrase))
    file.write_bytes(draft.encode())
    version, fingerprint = draft.bundle.version, draft.bundle.fingerprint
    console.say(
        f"Đã ký phiên bản {version}; dấu vân tay khóa gốc của phiên bản này: {fingerprint}",
        f"Signed version {version}; root fingerprint of this version: {fingerprint}",
    )
    console.leave(OK, {"version": version, "fingerprint": fingerprint})


@trust.command("adopt")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_common
def adopt_draft(console: Console, file: Path) -> None:
    """Make the signed draft FILE the trust bundle in use; the hub must be stopped. Nodes get it with their next sync."""
    services = _opened(console)
    with held_lock(services.config.data / "serve.lock"):
        bundle = adopt(services, read_draft(file))
    console.say(
        f"Phiên bản {bundle.version} có hiệu lực. Dấu vân tay khóa gốc: {bundle.fingerprint}",
        f"Version {bundle.version} is in use. Root fingerprint: {bundle.fingerprint}",
    )
    console.leave(OK, {"version": bundle.version, "fingerprint": bundle.fingerprint})


@cli.command()
@click.argument("key")
@click.option("--cause", type=click.Choice([cause.value for cause in Cause]), default=Cause.LOST.value)
@click.option("--reinstate", is_flag=True, help="Lift a suspension instead.")
@click.option(
    "--replace", "is_replaced", is_flag=True, help="A PC: cut it off and print a code for the next one."
)
@click.option(
    "--since", default=None, help="Local time yyyy-mm-ddThh:mm from which a compromise is suspected."
)
@click.option("--ground", required=True, help="Who reported what, and when; it stands in the signed record.")
@_common
def revoke(
    console: Console,
    key: str,
    cause: str,
    reinstate: bool,
    is_replaced: bool,
    since: str | None,
    ground: str,
) -> None:
    """Cut off KEY (of an officer, or of a PC with all its officers), signed with the registry's key."""
    services = _opened(console)
    act = Act(actor="cli", ground=ground)
    with writing(services.engine) as connection:
        is_device = any(each.id == key for each in list_devices(connection, now_ms=services.clock()))
        if is_replaced:
            issued = replace_device(connection, services, key, act=act)
        elif reinstate:
            here = [h.key for h in list_holders(connection) if h.device == key] if is_device else []
            status = services.status.current(connection)
            records = reinstate_keys(
                connection, services, [k for k in (key, *here) if not status.is_silent(k)] or [key], act=act
            )
        else:
            acts = revoke_device if is_device else _revoke_one
            records = acts(
                connection, services, key, cause=Cause(cause), act=act, since_ms=_local_ms(console, since)
            )
    if is_replaced:
        console.say(
            f"Đã thu hồi máy cũ. Mã ghi danh cho máy mới của {issued.unit_name}: {issued.code}",
            f"The old PC is cut off. Enrolment code for the new one of {issued.unit_name}: {issued.code}",
        )
        console.leave(OK, asdict(issued))
    console.say(f"Đã ký {len(records)} bản ghi.", f"Signed {len(records)} records.")
    console.leave(OK, {"records": [record.id for record in records]})


@cli.command()
@click.argument("records", nargs=-1)
@click.option("--stands/--refused", "stands", default=None, help="Let the records stand, or refuse them.")
@click.option("--ground", default="", help="Who was asked and what was compared; needed to decide.")
@_common
def review(console: Console, records: tuple[str, ...], stands: bool | None, ground: str) -> None:
    """List the records that wait for a review; or decide about RECORDS, signed with the registry's key."""
    services = _opened(console)
    if not records:
        with reading(services.engine) as connection:
            waiting = standings_after_cuts(connection)
        for each in waiting:
            console.say(
                f"{each.record}  {each.commune}  {each.kind}", f"{each.record}  {each.commune}  {each.kind}"
            )
        found = [
            {"record": each.record, "unit": each.commune, "kind": each.kind, "key": each.by}
            for each in waiting
        ]
        console.leave(UNDECIDED if waiting else OK, {"waiting": found})
    if stands is None or not ground:
        console.refuse(reasons.INPUT, "--stands or --refused, and --ground", code=BAD_INPUT)
    with writing(services.engine) as connection:
        act = Act(actor="cli", ground=ground)
        signed = review_records(connection, services, records, stands=stands, act=act)
    console.say(f"Đã ký xét duyệt {len(records)} bản ghi.", f"Reviewed {len(records)} records.")
    console.leave(OK, {"records": [record.id for record in signed]})


def _revoke_one(
    connection: Connection, services: Services, key: str, *, cause: Cause, act: Act, since_ms: int | None
) -> list[Record]:
    return revoke_keys(connection, services, [key], cause=cause, act=act, since_ms=since_ms)


def _local_ms(console: Console, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M")  # noqa: DTZ007 — local time of the province
    except ValueError:
        console.refuse(reasons.INPUT, f"--since {text}", code=BAD_INPUT)
    return instant(at.date(), at.hour * 60 + at.minute)


@cli.command()
@click.option("--from", "first", type=int, default=None, help="First day, yyyymmdd (else 1 January).")
@click.option("--to", "last", type=int, default=None, help="Last day, yyyymmdd (else today).")
@click.option("--group", type=click.Choice([group.value for group in Group]), default=Group.COMMUNE.value)
@click.option("--commune", default=None, help="Only this commune.")
@click.option("--field", default=None, help="Only this field.")
@click.option("--procedure", default=None, help="Only this procedure.")
@_common
def stats(
    console: Console,
    first: int | None,
    last: int | None,
    group: str,
    commune: str | None,
    field: str | None,
    procedure: str | None,
) -> None:
    """Print Biểu II.06a of a period."""
    services = _opened(console)
    today = to_yyyymmdd(local_date(services.clock()))
    period = Period(first=first or today // 10000 * 10000 + 101, last=last or today)
    with reading(services.engine) as connection:
        figures = Statistics(
            connection,
            catalogue=services.catalogue,
            units=services.units,
            today=today,
            language=console.language,
        )
        chosen = Filter(commune=commune, field=field, procedure=procedure)
        report = figures.report(period, Group(group), chosen)
    for row in report.rows:
        console.say(_line(row.name, row.row), _line(row.name, row.row))
    console.say(_line("Tổng số", report.total), _line("Total", report.total))
    console.leave(OK, _report_content(report))


@cli.group()
def publish() -> None:
    """Publish a catalogue or a calendar to every node."""


def _publish_command(name: str, publish_it: Callable[..., Any], help_text: str) -> None:
    @publish.command(name, help=help_text)
    @click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
    @_common
    def command(console: Console, file: Path) -> None:
        services = _opened(console)
        try:
            content = msgspec.json.decode(file.read_bytes())
        except msgspec.DecodeError as error:
            console.refuse(reasons.INPUT, f"{file}: {error}", code=BAD_INPUT)
        if not isinstance(content, dict):
            console.refuse(reasons.INPUT, f"{file}: object expected", code=BAD_INPUT)
        with writing(services.engine) as connection:
            record = publish_it(connection, services, content, actor="cli")
        version = record.header.facts["version"]
        console.say(f"Đã ban hành phiên bản {version}.", f"Published version {version}.")
        console.leave(OK, {"version": version, "record": record.id})


_publish_command("catalogue", publish_catalogue, "Publish the catalogue of procedures in FILE.")
_publish_command("calendar", publish_calendar, "Publish the working calendar in FILE.")


@cli.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--no-answer", "is_silent", is_flag=True, help="Only take; write no answers.")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3_600), default=60, help="Seconds to wait until all is judged."
)
@_common
def import_command(console: Console, folder: Path, is_silent: bool, wait_s: int) -> None:
    """Take what nodes wrote to a USB stick (FOLDER), and write their answers beside it."""
    services = _opened(console)
    taken = take_parcels(services, files_on(folder), by="motcua-hub", progress=_bar(console))
    for parcel in taken:
        _say_taken(console, services, parcel)
    answered: list[dict[str, Any]] = []
    is_judged = judge_now(services, {p.unit for p in taken if p.asked}, within_s=wait_s)
    if not is_silent:
        answered = [_answered(console, services, folder, asked) for asked in newest_asked(taken)]
    content = {"parcels": [_plain(parcel) for parcel in taken], "answers": answered, "is_judged": is_judged}
    is_good = any(parcel.problem is None for parcel in taken)
    console.leave(FAILED if not is_good else OK if is_judged else UNDECIDED, content)


@cli.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--device", default=None, help="Key id of a PC: write everything that it may have.")
@_common
def export_command(console: Console, folder: Path, device: str | None) -> None:
    """Write answers to the requests on a USB stick (FOLDER) again, or everything for one PC."""
    services = _opened(console)
    if device:
        wanted = [asked_by_nobody(services, device)]
    else:
        wanted = newest_asked(take_parcels(services, files_on(folder), stores=False))
    answered = [_answered(console, services, folder, asked) for asked in wanted]
    console.leave(OK if answered else FAILED, {"answers": answered})


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
    services = _opened(console)
    try:
        with reading(services.engine) as connection:
            found = find_dossier(connection, dossier)
            data = export_proof(services, connection, found, records=records, disclosed=disclosed)
    except NoSuchDossier as error:
        console.refuse(reasons.INPUT, str(error), code=BAD_INPUT)
    path = out or Path(f"{dossier}.motcua-proof.json")
    path.write_bytes(data)
    console.say(f"Đã ghi {path}.", f"Wrote {path}.")
    console.leave(OK, {"file": str(path), "bytes": len(data)})


def _bar(console: Console) -> Callable[[int, int], None] | None:
    """A line on the terminal that says how far it is; nothing for machines."""
    if console.is_json or not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        click.echo(f"\r{done}/{total} byte ", err=True, nl=done >= total)

    return show


def _say_taken(console: Console, services: Services, parcel: TakenParcel) -> None:
    where = services.units.name(parcel.unit) if parcel.unit else ", ".join(parcel.names)
    if parcel.problem is None:
        console.say(f"✓ {where}: {parcel.records} bản ghi mới.", f"✓ {where}: {parcel.records} new records.")
    else:
        reason = parcel.problem.reason
        console.say(
            f"✗ {where}: {parcel.records} bản ghi mới. {reason.vi} {reason.next_vi}",
            f"✗ {where}: {parcel.records} new records. {reason.en} {reason.next_en}",
        )


def _answered(console: Console, services: Services, folder: Path, asked: Asked) -> dict[str, Any]:
    written = answer_on(services, folder, asked)
    console.say(
        f"Đã ghi trả lời cho máy {asked.device[:8]}: {written.label.records} bản ghi.",
        f"Wrote the answer for PC {asked.device[:8]}: {written.label.records} records.",
    )
    return {
        "device": asked.device,
        "parcel": written.label.parcel,
        "records": written.label.records,
        "parts": written.parts,
        "size_bytes": written.size_bytes,
    }


def _plain(parcel: TakenParcel) -> dict[str, Any]:
    return {
        "parcel": parcel.parcel,
        "sender": parcel.sender,
        "unit": parcel.unit,
        "parts": parcel.parts,
        "told": parcel.told,
        "records": parcel.records,
        "outcome": parcel.problem.reason.code if parcel.problem else "done",
        "detail": parcel.problem.detail if parcel.problem else "",
    }


@cli.command()
@click.option("--deep", "is_deep", is_flag=True, help="Also read every record and compare every figure.")
@_common
def doctor(console: Console, is_deep: bool) -> None:
    """Look the hub over and say what is wrong."""
    findings = list(examine(_opened(console), is_deep=is_deep))
    for finding in findings:
        sign = {Health.OK: "✓", Health.FAILED: "✗", Health.UNDECIDED: "?"}[finding.health]
        console.say(f"{sign} {finding.check}: {finding.vi}", f"{sign} {finding.check}: {finding.en}")
    healths = {finding.health for finding in findings}
    code = FAILED if Health.FAILED in healths else UNDECIDED if Health.UNDECIDED in healths else OK
    console.leave(code, {"findings": [asdict(finding) for finding in findings]})


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@_common
def backup(console: Console, folder: Path | None) -> None:
    """Copy the database into FOLDER, or into the backup folder. No private key is in a backup."""
    made = take_backup(_opened(console), folder)
    console.say(f"Đã sao lưu vào {made.path}.", f"Backed up to {made.path}.")
    console.leave(OK, {"path": str(made.path), "size_bytes": made.size_bytes})


@cli.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_common
def restore(console: Console, source: Path) -> None:
    """Put the backup SOURCE in the place of the database; the present one is set aside."""
    try:
        services = open_services(_config(console))
    except FileNotFoundError:
        console.refuse(reasons.NOT_FOUNDED, str(console.data))
    with held_lock(services.config.data / "serve.lock"):
        kept = restore_backup(services, source)
    console.say(
        "Đã phục hồi; trung tâm mở kỳ mới và các máy trạm tự gửi lại phần còn thiếu.",
        "Restored; the hub goes on in a new epoch, and nodes send what is missing by themselves.",
    )
    console.leave(OK, {"set_aside": str(kept) if kept else None})


@cli.command()
@click.argument("dossier")
@click.option("--ground", type=click.Choice(sorted(GROUNDS)), required=True, help="Legal ground.")
@click.option("--number", required=True, help="Number of the written decision.")
@click.option("--date", "day", type=int, required=True, help="Its date, yyyymmdd.")
@click.option("--signer", default="", help="Who signed the decision.")
@_common
def erase(console: Console, dossier: str, ground: str, number: str, day: int, signer: str) -> None:
    """Order that the content of DOSSIER (its id or its official code) goes, at the province and on every node."""
    services = _opened(console)
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


@cli.command("rebuild")
@_common
def rebuild_command(console: Console) -> None:
    """Make every list, counter and figure anew from the signed records."""
    services = _opened(console)
    with held_lock(services.config.data / "serve.lock"):
        read = rebuild(services)
    console.say(f"Đã dựng lại từ {read} bản ghi.", f"Rebuilt from {read} records.")
    console.leave(OK, {"records": read})


def _line(name: str, row: ReportRow) -> str:
    return (
        f"{name}: {row.received} = {row.online} + {row.other} + {row.carried_over} | "
        f"{row.solved} ({row.early}/{row.on_time}/{row.late}) | {row.processing} ({row.in_term}/{row.overdue}) | "
        f"A {fmt_percent(rate_a(row).value)} | B {fmt_percent(rate_b(row).value)}"
    )


def _report_content(report: Report) -> dict[str, Any]:
    return {
        "from": report.period.first,
        "to": report.period.last,
        "as_of": report.as_of,
        "group": report.group.value,
        "definitions": report.definitions,
        "rows": [{"key": row.key, "name": row.name, **row_content(row.row)} for row in report.rows],
        "total": row_content(report.total),
    }


def row_content(row: ReportRow) -> dict[str, Any]:
    """A report's row for machines: columns, sums, and both rates as numerator and denominator."""
    a, b = rate_a(row), rate_b(row)
    return {
        **{name: getattr(row, name) for name in ReportRow.__struct_fields__},
        "received": row.received,
        "solved": row.solved,
        "processing": row.processing,
        "rate_a": {"numerator": a.numerator, "denominator": a.denominator},
        "rate_b": {"numerator": b.numerator, "denominator": b.denominator},
    }


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


def main() -> None:
    """The console script: click's own complaints become exit code 3."""
    try:
        cli.main(prog_name="motcua-hub", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(FAILED)
