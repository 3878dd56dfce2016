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
    """Copy the database to TARGET, or into the backup folder. No private key is in a backup."""
    with opened(console) as (_, services):
        made = backups.make_backup(services, target)
    console.say(f"Đã sao lưu vào {made.path}.", f"Backed up to {made.path}.")
    console.leave(OK, {"path": str(made.path), "size_bytes": made.size_bytes})


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
    content = {
        "dossiers": restored.dossiers,
        "salvaged": restored.salvaged,
        "needs_enrolment": restored.office is None,
        "set_aside": str(restored.set_aside) if restored.set_aside else None,
    }
    console.leave(OK if restored.office else UNDECIDED, content)
