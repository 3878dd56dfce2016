"""A form that arrived while the screen was locked: nothing typed is lost, and nothing is signed behind anybody's back.

The answer asks for the PIN and carries what was typed along; after the PIN the officer sees once more what is about to be
sent and sends it. It knows nothing of sessions, so that the guard before every request can use it.
"""

from typing import Final

from flask import render_template, request

from edge_node.accounts.service import Officer

_PREFIX: Final = "kept."
_NEVER: Final = frozenset({"csrf_token", "pin", "again", "old", "officer", "next", "other", "kept_path"})
FIELDS_MAX: Final = 400

Fields = list[tuple[str, str]]


def posted_fields() -> Fields:
    """What the present form holds, without secrets and what belongs to the log-in itself."""
    found = request.form.items(multi=True)
    return [(name, value) for name, value in found if name not in _NEVER][:FIELDS_MAX]


def carried_fields() -> Fields:
    """What an earlier form held, as this log-in carries it along."""
    found = request.form.items(multi=True)
    return [(name.removeprefix(_PREFIX), value) for name, value in found if name.startswith(_PREFIX)]


def locked_page(officer: Officer, path: str, fields: Fields, error: str = "") -> str:
    """Ask for the PIN, keeping the form."""
    return render_template(
        "accounts/resume.html", officer=officer, path=path, fields=fields, prefix=_PREFIX, error=error
    )


def send_again_page(path: str, fields: Fields) -> str:
    """The form once more, ready to be sent."""
    return render_template("accounts/send_again.html", path=path, fields=fields)
