"""Commands for USB sticks: take what nodes wrote, and write their answers."""

from pathlib import Path
from typing import Any, Final, NoReturn

import click

from central_hub.console import common, opened
from central_hub.services import Services
from central_hub.sync.carried_files import AskedFiles, take_files
from central_hub.sync.diagnosis import read_file
from central_hub.sync.parcels import Asked, TakenParcel, asked_by_nobody, judge_now, take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked, snapshot_on
from signing.console import FAILED, OK, UNDECIDED, Console
from sync_protocol.diagnosis import FILE_BYTES_MAX

MIB: Final = 1024 * 1024


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--no-answer", "is_silent", is_flag=True, help="Only take; write no answers.")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3_600), default=60, help="Seconds to wait until all is judged."
)
@common
def import_command(console: Console, folder: Path, is_silent: bool, wait_s: int) -> None:
    """Take what nodes wrote to a USB stick (FOLDER), and write their answers beside it."""
    services = opened(console)
    taken = take_parcels(services, files_on(folder), by="motcua-hub", progress=console.bar("byte", "byte"))
    for parcel in taken:
        _say_taken(console, services, parcel)
    answered: list[dict[str, Any]] = []
    is_judged = judge_now(services, {p.unit for p in taken if p.asked}, within_s=wait_s)
    files = dict[str, AskedFiles]()
    if any(parcel.has_files for parcel in taken):
        bar = console.bar("byte (tệp quét)", "bytes (scans)")
        files = take_files(services, files_on(folder), progress=bar)
    if not is_silent:
        answered = [
            _answered(console, services, folder, asked, files.get(asked.device))
            for asked in newest_asked(taken)
        ]
    content = {"parcels": [_plain(parcel) for parcel in taken], "answers": answered, "is_judged": is_judged}
    is_good = any(parcel.problem is None for parcel in taken)
    console.leave(FAILED if not is_good else OK if is_judged else UNDECIDED, content)


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--device", default=None, help="Key id of a PC: write everything that it may have.")
@click.option("--snapshot", "is_snapshot", is_flag=True, help="With --device: what a new PC begins with.")
@click.option(
    "--part-mb", type=click.IntRange(1, 2_047), default=1_024, help="Largest file to write, in MiB (FAT32)."
)
@common
def export_command(
    console: Console, folder: Path, device: str | None, is_snapshot: bool, part_mb: int
) -> None:
    """Write answers to the requests on a USB stick (FOLDER) again, or everything or a snapshot for one PC."""
    services = opened(console)
    if is_snapshot:
        if not device:
            raise click.UsageError("--snapshot needs --device")
        _leave_snapshot(console, services, folder, device, part_mb * MIB)
    if device:
        wanted = [asked_by_nobody(services, device)]
    else:
        wanted = newest_asked(take_parcels(services, files_on(folder), stores=False))
    answered = [_answered(console, services, folder, asked) for asked in wanted]
    console.leave(OK if answered else FAILED, {"answers": answered})


@click.command("diagnosis")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@common
def diagnosis_command(console: Console, file: Path) -> None:
    """Show the diagnostic FILE that a PC wrote, and whether that PC signed it."""
    services = opened(console)
    with file.open("rb") as source:
        found = read_file(services, source.read(FILE_BYTES_MAX + 1))
    where = services.units.name(found.unit) if found.unit else "?"
    sign = "✓" if found.is_signed else "?"
    console.say(
        f"{sign} {where}, máy {found.device[:8] or '?'}, phiên bản {found.said.get('version')}."
        + ("" if found.is_signed else " Không kiểm tra được chữ ký của máy."),
        f"{sign} {where}, PC {found.device[:8] or '?'}, version {found.said.get('version')}."
        + ("" if found.is_signed else " The PC's signature could not be checked."),
    )
    for trouble in found.troubles:
        console.say(f"✗ {trouble}", f"✗ {trouble}")
    status = found.said.get("status")
    if isinstance(status, dict):
        text = ", ".join(f"{name}={value}" for name, value in status.items())
        console.say(text, text)
    content = {"said": found.said, "is_signed": found.is_signed, "troubles": found.troubles}
    console.leave(OK if found.is_signed and not found.troubles else UNDECIDED, content)


def _leave_snapshot(
    console: Console, services: Services, folder: Path, device: str, part_bytes_max: int
) -> NoReturn:
    progress = console.bar("bản ghi", "records")
    written = snapshot_on(services, folder, device, part_bytes_max=part_bytes_max, progress=progress)
    console.say(
        f"Đã ghi bản khởi tạo cho máy {device[:8]}: {written.dossiers} hồ sơ đang mở, {written.records} bản ghi; "
        f"{written.later} bản ghi cũ về sau.",
        f"Wrote the snapshot for PC {device[:8]}: {written.dossiers} open dossiers, {written.records} records; "
        f"{written.later} older records come later.",
    )
    content = {
        "device": device,
        "parcel": written.label.parcel,
        "dossiers": written.dossiers,
        "records": written.records,
        "later": written.later,
        "parts": written.parts,
        "size_bytes": written.size_bytes,
    }
    console.leave(OK, content)


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


def _answered(
    console: Console, services: Services, folder: Path, asked: Asked, files: AskedFiles | None = None
) -> dict[str, Any]:
    written = answer_on(services, folder, asked, files=files)
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
