"""Commands `backup` and `restore`."""

from pathlib import Path

import click

from central_hub import reasons
from central_hub.backup.restoring import restore_backup
from central_hub.backup.service import take_backup
from central_hub.console import common, loaded_config, opened
from central_hub.locks import held_lock
from central_hub.services import open_services
from signing.console import OK, Console


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@common
def backup(console: Console, folder: Path | None) -> None:
    """Copy the database into FOLDER, or into the backup folder. No private key is in a backup."""
    made = take_backup(opened(console), folder)
    console.say(f"Đã sao lưu vào {made.path}.", f"Backed up to {made.path}.")
    console.leave(OK, {"path": str(made.path), "size_bytes": made.size_bytes})


@click.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@common
def restore(console: Console, source: Path) -> None:
    """Put the backup SOURCE in the place of the database; the present one is set aside."""
    try:
        services = open_services(loaded_config(console))
    except FileNotFoundError:
        console.refuse(reasons.NOT_FOUNDED, str(console.data))
    with held_lock(services.config.data / "serve.lock"):
        kept = restore_backup(services, source)
    console.say(
        "Đã phục hồi; trung tâm mở kỳ mới và các máy trạm tự gửi lại phần còn thiếu.",
        "Restored; the hub goes on in a new epoch, and nodes send what is missing by themselves.",
    )
    console.leave(OK, {"set_aside": str(kept) if kept else None})
