"""The look of both applications: style sheet, script, icons, the macros that make the parts of a screen, and how a "no" is told.

Words of a macro are in the catalogue of the application that shows it. No screen, no route of its own and no figure is
here: whatever only one application shows lives in its rooms, its frame in its `base.html`, its own rules in its `app.css`.
"""

from typing import Final

from flask import Blueprint, Flask

NAME: Final = "look"
FILES: Final = frozenset({"static", f"{NAME}.static"})
"""The endpoints that serve files of the program, the same for everybody: open without logging in, and kept by browsers."""


def attach(app: Flask) -> None:
    """Let the pages of `app` use the macros (`macros/….html`) and the files (`url_for('look.static', …)`)."""
    app.register_blueprint(
        Blueprint(
            NAME, __name__, static_folder="static", template_folder="templates", static_url_path="/look"
        )
    )
