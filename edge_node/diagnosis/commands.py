"""`motcua-node diagnose`: write the diagnostic file, also where the database does not open."""

from pathlib import Path

import click

from edge_node.console import common, loaded
from edge_node.diagnosis.service import write_diagnosis
from edge_node.sync.drives import list_drives
from signing.console import OK, Console


@click.command("diagnose")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@common
def diagnose_command(console: Console, folder: Path | None) -> None:
    """Write how this PC is (numbers and codes, nothing personal) to FOLDER, or to the one USB stick, or here."""
    drives = list_drives()
    chosen = folder or (drives[0].path if len(drives) == 1 else Path())
    path = write_diagnosis(loaded(console), chosen)
    console.say(
        f"Đã ghi {path}. Tệp không có thông tin cá nhân, không có khóa; gửi cho kỹ thuật hoặc mang về tỉnh.",
        f"Wrote {path}. It holds nothing personal and no key; give it to the technician or take it to the province.",
    )
    console.leave(OK, {"file": str(path), "bytes": path.stat().st_size})
