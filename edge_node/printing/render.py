"""Form → PDF bytes, by a child process that ends with the paper, so that the node's own memory does not grow."""

import json

from .child import command_of, pdf_of
from .documents import document
from .forms import Form

TYPESET_SECONDS_MAX = 120.0
_COMMAND = command_of("typeset.py")


def render_pdf(form: Form) -> bytes:
    """The PDF of a form. Raises FormTooLarge (too many rows, too long a text) or PrintingFailed."""
    paper = document(form)
    job = json.dumps({"template": paper.template, "values": paper.values, "tagged": paper.tagged}).encode(
        "ascii"
    )
    return pdf_of(_COMMAND, job, seconds_max=TYPESET_SECONDS_MAX)
