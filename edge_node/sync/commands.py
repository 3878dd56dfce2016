"""Commands about the way to the province: `sync`, `status`, and `export` and `import` for a USB stick."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from sqlite_utils import Database

from edge_node import reasons
from edge_node.console import common, opened
from edge_node.relay.commands import plain, say_helped
from edge_node.services import Services
from edge_node.store.local import read_office
from edge_node.store.space import MIB
from edge_node.sync.drives import list_drives
from edge_node.sync.parcels import DONE, Carried, export_parcel, export_snapshot
from edge_node.sync.service import list_refusals, sync_now, take_stick
from edge_node.sync.status import Said, SyncStatus, read_status
from signing.console import BAD_INPUT, FAILED, OK, UNDECIDED, Console
from sync_protocol.reasons import PARCEL_NONE

_WAIT_POLL_S: Final = 1.0


@click.command("sync")
@click.option(
    "--wait", "wait_s", type=click.IntRange(0, 3_600), default=0, help="Seconds to wait until all is judged."
)
@common
def sync_command(console: Console, wait_s: int) -> None:
    """Exchange records with the province now."""
    with opened(console) as (db, services):
        result = sync_now(db, services)
        deadline = services.monotonic() + wait_s
        while (
            result.is_done
            and services.monotonic() < deadline
            and read_status(db, now=services.clock()).unjudged
        ):
            services.pause(_WAIT_POLL_S)
            result = sync_now(db, services)
        status = read_status(db, now=services.clock())
        content = {
            **_counts(status),
            "rounds": result.rounds,
            "sent": result.sent,
            "received": result.received,
        }
        if result.problem:
            console.say(*sentence(status))
            console.refuse(result.problem, result.detail)
        console.say(*sentence(status))
        console.leave(OK if not status.waiting and not status.unjudged else UNDECIDED, content)


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--part-mb",
    type=click.IntRange(1, 2_047),
    default=16,
    help="Largest file to write, in MiB; another PC carries files up to 64.",
)
@click.option(
    "--files-mb",
    type=click.IntRange(0),
    default=512,
    help="How much of scans may go along, in MiB; 0 for none.",
)
@click.option(
    "--snapshot",
    "new_pc",
    default=None,
    metavar="DEVICE",
    help="Write what a new PC of this unit begins with.",
)
@common
def export_command(
    console: Console, folder: Path | None, part_mb: int, files_mb: int, new_pc: str | None
) -> None:
    """Write what the province lacks to FOLDER, or to the one USB stick of this PC, enclosed for the province."""
    with opened(console) as (db, services):
        chosen = folder or _only_drive(console)
        if new_pc is not None:
            _leave_snapshot(console, db, services, chosen, new_pc, part_mb * MIB)
        written = export_parcel(
            db,
            services,
            chosen,
            part_bytes_max=part_mb * MIB,
            files_bytes_max=files_mb * MIB,
            progress=console.bar("bản ghi", "records"),
        )
        console.say(
            f"Đã ghi {written.records} bản ghi ({written.parts} tệp) vào {written.folder}. Rút USB an toàn rồi mang về tỉnh.",
            f"Wrote {written.records} records ({written.parts} files) to {written.folder}. Eject the stick and take it to "
            "the province.",
        )
        if written.files_total:
            console.say(
                f"{written.files} trong {written.files_total} tệp đi cùng.",
                f"{written.files} of {written.files_total} files go along.",
            )
        console.leave(OK, asdict(written))


def _leave_snapshot(
    console: Console, db: Database, services: Services, chosen: Path, device: str, part_bytes_max: int
) -> NoReturn:
    written = export_snapshot(
        db,
        services,
        chosen,
        device,
        part_bytes_max=part_bytes_max,
        progress=console.bar("bản ghi", "records"),
    )
    console.say(
        f"Đã ghi bản khởi tạo cho máy {device[:8]}: {written.dossiers} hồ sơ đang mở, {written.records} bản ghi. "
        "Chỉ máy đó mở được.",
        f"Wrote the snapshot for PC {device[:8]}: {written.dossiers} open dossiers, {written.records} records. "
        "Only that PC can open it.",
    )
    console.leave(
        OK,
        {
            "device": device,
            "parcel": written.label.parcel,
            "dossiers": written.dossiers,
            "records": written.records,
            "parts": written.parts,
            "size_bytes": written.size_bytes,
        },
    )


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@common
def import_command(console: Console, folder: Path | None) -> None:
    """Take the province's answers from FOLDER, or from the one USB stick of this PC; carry what others wrote there."""
    with opened(console) as (db, services):
        chosen = folder or _only_drive(console)
        taken = take_stick(db, services, chosen, progress=console.bar("byte", "bytes"))
        status, carried = read_status(db, now=services.clock()), taken.parcels
        say_helped(console, taken.helped)
        for each in carried:
            _say_carried(console, each)
        console.say(*sentence(status))
        content = {
            "parcels": [asdict(each) for each in carried],
            "others": plain(taken.helped),
            **_counts(status),
        }
        outcomes = {each.outcome for each in carried}
        is_good = DONE in outcomes or not (carried or taken.helped.is_nothing)
        console.leave(OK if is_good else FAILED, content)


@click.command("status")
@common
def status_command(console: Console) -> None:
    """Say how far this PC's records have travelled."""
    with opened(console) as (db, services):
        status, office = read_status(db, now=services.clock()), read_office(db)
        if office is None:
            console.refuse(reasons.NOT_ENROLLED, code=UNDECIDED)
        console.say(f"{office.unit_name} ({office.unit})", f"{office.unit_name} ({office.unit})")
        console.say(*sentence(status))
        for refusal in list_refusals(db, limit=20):
            if refusal.reason:
                console.say(
                    f"- {refusal.reason.vi} {refusal.reason.next_vi}",
                    f"- {refusal.reason.en} {refusal.reason.next_en}",
                )
        content = {**_counts(status), "unit": office.unit, "unit_name": office.unit_name, "log": office.log}
        content["is_writable"] = services.space.is_writable
        console.leave(OK if status.is_full else UNDECIDED, content)


def _only_drive(console: Console) -> Path:
    drives = list_drives()
    if len(drives) != 1:
        names = ", ".join(str(drive.path) for drive in drives)
        console.refuse(PARCEL_NONE, names, code=BAD_INPUT)
    return drives[0].path


def _say_carried(console: Console, each: Carried) -> None:
    if each.reason is None:
        console.say(f"✓ {each.records} bản ghi từ tỉnh.", f"✓ {each.records} records from the province.")
    else:
        console.say(f"✗ {each.reason.vi} {each.reason.next_vi}", f"✗ {each.reason.en} {each.reason.next_en}")


def sentence(status: SyncStatus) -> tuple[str, str]:
    """The status in words, Vietnamese and English: part by part what it says."""
    words = {
        Said.WAITING: (
            f"{status.waiting} bản ghi chưa về tỉnh, cũ nhất {status.oldest_days} ngày.",
            f"{status.waiting} not yet at the province, the oldest {status.oldest_days} days.",
        ),
        Said.NEVER: (
            "0 bản ghi chưa về tỉnh; chưa đồng bộ lần nào.",
            "0 not yet at the province; never synced.",
        ),
        Said.UNJUDGED: (
            f"0 bản ghi chưa về tỉnh. {status.unjudged} bản ghi đã về, chờ kết luận.",
            f"0 not yet at the province. {status.unjudged} are there and not yet judged.",
        ),
        Said.ALL_THERE: ("0 bản ghi chưa về tỉnh. Đã về đủ.", "0 not yet at the province. All is there."),
        Said.RECORDS_THERE: ("0 bản ghi chưa về tỉnh.", "0 not yet at the province."),
        Said.REFUSED: (f"{status.refused} bản ghi bị từ chối.", f"{status.refused} were refused."),
        Said.UNDECIDED: (
            f"{status.undecided} bản ghi tỉnh chưa quyết.",
            f"{status.undecided} are not decided.",
        ),
        Said.FILES: (
            f"{status.files} tệp chưa về tỉnh.",
            f"{status.files} files are not yet at the province.",
        ),
        Said.SNAPSHOT_CUT: (
            "Bản khởi tạo chưa nhập xong: cắm lại USB rồi nhập tiếp.",
            "The snapshot has not come in whole: take the stick again.",
        ),
        Said.HISTORY: (
            f"Còn {status.history} bản ghi cũ chưa về máy này.",
            f"{status.history} older records have not arrived here yet.",
        ),
    }
    parts = [words[part] for part in status.said]
    return " ".join(vi for vi, _ in parts), " ".join(en for _, en in parts)


def _counts(status: SyncStatus) -> dict[str, Any]:
    return {
        "waiting": status.waiting,
        "oldest_days": status.oldest_days,
        "unjudged": status.unjudged,
        "refused": status.refused,
        "undecided": status.undecided,
        "files": status.files,
        "history_missing": status.history,
        "is_seeded_whole": status.is_seeded_whole,
        "last_full_sync_ms": status.last,
    }
