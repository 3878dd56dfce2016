"""The look of both applications: style sheet, script, icons, the macros that make the parts of a screen, and how a "no" is told.

Words of a macro are in the catalogue of the application that shows it. No screen, no route of its own and no figure is
here: whatever only one application shows lives in its rooms, its frame in its `base.html`, its own rules in its `app.css`.
"""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Flask, Response
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.routing import Rule

from look import texts

NAME: Final = "look"
FILES: Final = frozenset({"static", f"{NAME}.static"})
"""The endpoints that serve files of the program, the same for everybody: open without logging in, and kept by browsers."""
MESSAGES_KEPT: Final = 5
"""Messages that wait in the cookie for a page to show them; a browser drops a cookie above 4 KiB, and the session with it."""


def attach(app: Flask) -> None:
    """Let the pages of `app` use the macros (`macros/….html`) and the files (`url_for('look.static', …)`).

    To be called after flask-babel was attached, whose `_()` is replaced by a faster one, and before the rooms are registered:
    their addresses are made in the way that is set here.
    """
    texts.attach(app)
    app.url_rule_class = _Address
    app.register_blueprint(
        Blueprint(
            NAME, __name__, static_folder="static", template_folder="templates", static_url_path="/look"
        )
    )
    app.session_interface = _Sessions()


class _Address(Rule):
    """Compiles the two functions that write an address when one is first asked for.

    Werkzeug compiles both for every route while the application is made, most of the time that takes; a page needs few.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled_now = super()._compile_builder

        def write(address: _Address, /, **values: object) -> tuple[str, str]:
            build = compiled_now(append_unknown).__get__(address, None)
            if append_unknown:
                address._build_unknown = build
            else:
                address._build = build
            written: tuple[str, str] = build(**values)
            return written

        return write


class _Sessions(SecureCookieSessionInterface):
    """Keeps the newest messages only: a button that is pressed again and again before a page is shown adds one each time."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified and len(waiting := session.get("_flashes", [])) > MESSAGES_KEPT:
            session["_flashes"] = waiting[-MESSAGES_KEPT:]
        super().save_session(app, session, response)
