"""Form → PDF bytes, by a child process that ends with the paper, so that the node's own memory does not grow.

One paper at a time: the lock bounds what printing may take of a 4 GB office PC to one child.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path

from .documents import document
from .forms import Form

TYPESET_SECONDS_MAX = 120.0
_ONE_AT_A_TIME = threading.Lock()
_CHILD = (
    Path(__file__).resolve().with_name("typeset.py")
)  # by path: importing it would load typst into the node
# -P: the folder of the child is no place to import from (its forms.py is not a library); -X utf8: Windows code pages stay out.
_COMMAND = (sys.executable, "-P", "-X", "utf8", str(_CHILD))
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # no black console flashes on Windows


class PrintingFailed(Exception):
    """The typesetter could not set this paper; nothing was printed and nothing else has changed."""


def render_pdf(form: Form) -> bytes:
    """The PDF of a form. Raises FormTooLarge (too many rows, too long a text) or PrintingFailed."""
    paper = document(form)
    job = json.dumps({"template": paper.template, "values": paper.values, "tagged": paper.tagged}).encode(
        "ascii"
    )
    with _ONE_AT_A_TIME:
        return _run(job)


def _run(job: bytes) -> bytes:
    try:
        child = subprocess.run(  # noqa: S603 - a fixed command; the job goes through the pipe
            _COMMAND,
            input=job,
            capture_output=True,
            timeout=TYPESET_SECONDS_MAX,
            creationflags=_NO_WINDOW,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PrintingFailed(f"not finished within {TYPESET_SECONDS_MAX:.0f} s") from error
    except OSError as error:
        raise PrintingFailed(f"could not start the typesetter: {error}") from error
    if child.returncode != 0 or not child.stdout.startswith(b"%PDF-"):
        raise PrintingFailed(
            child.stderr.decode("utf-8", "replace").strip() or f"exit code {child.returncode}"
        )
    return child.stdout
