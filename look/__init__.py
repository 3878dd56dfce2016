"""The look of both applications: style sheet, script, icons, the macros that make the parts of a screen, and how a "no" is told.

Words of a macro are in the catalogue of the application that shows it. No screen, no route of its own and no figure is
here: whatever only one application shows lives in its rooms, its frame in its `base.html`, its own rules in its `app.css`.
"""

from typing import Final

from flask import Blueprint, Flask, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin

NAME: Final = "look"
FILES: Final = frozenset({"static", f"{NAME}.static"})
"""The endpoints that serve files of the program, the same for everybody: open without logging in, and kept by browsers."""
MESSAGES_KEPT: Final = 5
"""Messages that wait in the cookie for a page to show them; a browser drops a cookie above 4 KiB, and the session with it."""


def attach(app: Flask) -> None:
    """Let the pages of `app` use the macros (`macros/….html`) and the files (`url_for('look.static', …)`)."""
    app.register_blueprint(
        Blueprint(
            NAME, __name__, static_folder="static", template_folder="templates", static_url_path="/look"
        )
    )
    app.session_interface = _Sessions()


class _Sessions(SecureCookieSessionInterface):
    """Keeps the newest messages only: a button that is pressed again and again before a page is shown adds one each time."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified and len(waiting := session.get("_flashes", [])) > MESSAGES_KEPT:
            session["_flashes"] = waiting[-MESSAGES_KEPT:]
        super().save_session(app, session, response)
