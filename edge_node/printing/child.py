"""The child processes of this room: a job on standard input, a PDF on standard output; each ends with its one paper.

One at a time: the lock bounds what printing may take of a 4 GB office PC to one child, and a child that hangs is ended.
"""

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

_ONE_AT_A_TIME = threading.Lock()
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # no black console flashes on Windows


class PrintingFailed(Exception):
    """The child could not make this paper; nothing was printed and nothing else has changed."""


def command_of(module: str) -> tuple[str, ...]:
    """How a module of this folder is run: by path, since importing it would load its library into the node."""
    # -P: the folder of the child is no place to import from (its forms.py is not a library); -X utf8: Windows code pages stay out.
    return sys.executable, "-P", "-X", "utf8", str(Path(__file__).resolve().with_name(module))


def pdf_of(command: Sequence[str], job: bytes, *, seconds_max: float) -> bytes:
    """What the child prints for this job. Raises PrintingFailed with what it said."""
    with _ONE_AT_A_TIME:
        try:
            child = subprocess.run(  # noqa: S603 - a fixed command; the job goes through the pipe
                command, input=job, capture_output=True, timeout=seconds_max, creationflags=_NO_WINDOW, check=False
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise PrintingFailed(f"not finished within {seconds_max:.0f} s") from error
        except OSError as error:
            raise PrintingFailed(f"could not start the child process: {error}") from error
    if child.returncode != 0 or not child.stdout.startswith(b"%PDF-"):
        raise PrintingFailed(
            child.stderr.decode("utf-8", "replace").strip() or f"exit code {child.returncode}"
        )
    return child.stdout
