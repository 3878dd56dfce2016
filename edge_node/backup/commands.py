"""Commands `backup` and `restore`."""

from pathlib import Path

import click

from edge_node.backup import service as backups
from edge_node.console import common, loaded, opened
from edge_node.enrolment.service import initialise
from edge_node.instance import single_instance
from signing.console import OK, UNDECIDED, Console


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), required=False)
@common
def backup_command(console: Console, target: Path | None) -> None:
    """Copy the database, and files that only this PC holds, to TARGET or into the backup folder. No private key is in a backup."""
    with opened(console) as (_, services):
        made = backups.make_backup(services, target)
    path, files, left_out = made.backup.path, made.files, made.files_left_out
    console.say(
        f"Đã sao lưu vào {path}, kèm {files} tệp chưa về tỉnh.",
        f"Backed up to {path}, with {files} files that the province does not hold yet.",
    )
    if left_out:
        console.say(
            f"{left_out} tệp chưa về tỉnh KHÔNG có trong bản sao vì hết chỗ: đồng bộ, hoặc tăng backup_files_mb.",
            f"{left_out} files that the province does not hold are NOT in it for want of room: sync, or raise backup_files_mb.",
        )
    content = {
        "path": str(path),
        "size_bytes": made.backup.size_bytes,
        "files": files,
        "files_left_out": left_out,
    }
    console.leave(OK, content)


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@common
def restore_command(console: Console, source: Path | None) -> None:
    """Put a backup, SOURCE or the newest, in the place of the database; the present one is set aside, and what it knows
    beyond the backup is taken over."""
    services = loaded(console)
    initialise(services)
    source = source or backups.newest(services)
    with single_instance(console.data):
        restored = backups.restore(services, source)
    if restored.office:
        console.say(
            f"Đã phục hồi {restored.dossiers} hồ sơ, lấy lại {restored.salvaged} bản ghi từ tệp cũ; "
            "máy ghi tiếp trong kỳ mới.",
            f"Restored {restored.dossiers} dossiers, took over {restored.salvaged} records of the old file; "
            "the PC goes on in a new epoch.",
        )
    else:
        console.say(
            f"Đã nhận {restored.dossiers} hồ sơ (chỉ đọc); hãy ghi danh lại máy này.",
            f"Adopted {restored.dossiers} dossiers (read-only); enrol this PC anew.",
        )
    if restored.files_wanted:
        console.say(
            f"{restored.files_wanted} tệp không có trên máy này: tải về từ tỉnh ở lần đồng bộ tới.",
            f"{restored.files_wanted} files are not on this PC: they are fetched from the province with the next sync.",
        )
    content = {
        "dossiers": restored.dossiers,
        "files_wanted": restored.files_wanted,
        "salvaged": restored.salvaged,
        "needs_enrolment": restored.office is None,
        "set_aside": str(restored.set_aside) if restored.set_aside else None,
    }
    console.leave(OK if restored.office else UNDECIDED, content)
