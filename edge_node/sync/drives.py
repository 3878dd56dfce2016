"""Which removable drives this PC has right now: offered on the page and by the commands; any other folder can be typed.

Windows names drives by letter and tells their kind; on Linux a removable drive is what is mounted where desktops mount
sticks. A wrong guess costs nothing: a person chooses, and what is written is enclosed for the province.
"""

import ctypes
import os
import shutil
import string
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DRIVE_REMOVABLE: Final = 2
_MOUNTS: Final = Path("/proc/self/mounts")
_PLACES: Final = ("/media/", "/run/media/", "/mnt/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A place to write to. `free_bytes` is None where the system does not say."""

    path: Path
    free_bytes: int | None


def list_drives() -> list[Drive]:
    """Removable drives that can be looked into, in order of name."""
    paths = _windows_drives() if sys.platform == "win32" else mounted_sticks(_read_mounts())
    return [Drive(path=path, free_bytes=_free(path)) for path in paths if path.is_dir()]


def mounted_sticks(mounts: str) -> list[Path]:
    """The mount points in the text of /proc/self/mounts at which desktops mount sticks."""
    points = (line.split(" ")[1] for line in mounts.splitlines() if line.count(" ") >= 2)
    plain = {_unescaped(point) for point in points}
    return sorted(Path(point) for point in plain if point.startswith(_PLACES))


def _unescaped(point: str) -> str:
    """Mounts write space, tab, newline and backslash as octal numbers."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point


def _read_mounts() -> str:
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _windows_drives() -> list[Path]:
    if sys.platform != "win32":
        return []
    kernel = ctypes.windll.kernel32
    present = kernel.GetLogicalDrives()
    roots = [f"{letter}:\\" for number, letter in enumerate(string.ascii_uppercase) if present >> number & 1]
    return [Path(root) for root in roots if kernel.GetDriveTypeW(root) == _DRIVE_REMOVABLE]


def _free(path: Path) -> int | None:
    try:
        return shutil.disk_usage(os.fspath(path)).free
    except OSError:
        return None
