"""A disk that can really be full: a small file system mounted on a folder, and somebody else's file that takes all its room."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_BLOCK: Final = bytes(64 * 1024)
_LEAST: Final = bytes(512)


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[Path]:
    """Mount a file system of so many MB on `folder`, which is made; skips the test where nothing can be mounted."""
    if sys.platform == "win32" or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder.mkdir(mode=0o700)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=700", "motcua-test", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts no small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, *, all_but_bytes: int = 0) -> Path:
    """Somebody's photos take all the room that is left, to the last block or all but so much; returns their file."""
    path = disk / "photos.bin"
    with path.open("ab", buffering=0) as file:
        for block in (_BLOCK, _LEAST):
            while _fits(file.fileno(), block):
                pass
        file.truncate(max(0, file.tell() - all_but_bytes))
    return path


def _fits(handle: int, block: bytes) -> bool:
    try:
        return os.write(handle, block) == len(block)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
