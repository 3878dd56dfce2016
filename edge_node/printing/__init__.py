"""Paper forms of the commune office: frozen values in, PDF bytes out.

A form (forms.py) says what is on the paper; documents.py turns it into ready Vietnamese wording; render.py has a
short-lived child process (typeset.py) set it with typst, and attachment.py has another one (attach.py) put a file into a PDF. This room reads no database, no clock and no session:
whoever prints gives every value.
"""

from . import forms
from .attachment import with_attachment
from .child import PrintingFailed
from .render import render_pdf

__all__ = ["PrintingFailed", "forms", "render_pdf", "with_attachment"]
