"""The hub's web app.

`create_app` is the map: read it top-down. It has no side effects; processes, ports and schedules belong to `cli`.
Only what answers requests imports it: the judge is a process without pages, and a third smaller for it.
"""

import flask
from flask import Flask
from flask_babel import Babel

import central_hub.session as who
import look
from central_hub import database, problems, protection, shell, words
from central_hub.config import HubConfig
from central_hub.rooms import ROOMS
from central_hub.services import Services
from dossiers.presentation import jinja_filters
from look.problems import language

LANGUAGES = ("vi", "en")


def create_app(config: HubConfig, services: Services) -> Flask:
    """The hub's web app."""
    app = Flask(__package__)
    app.secret_key = services.keys.session_secret
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    database.attach(app, services)
    Babel(app, default_locale="vi", locale_selector=lambda: _language(config))
    app.jinja_env.filters.update(jinja_filters(language))
    app.jinja_env.add_extension("jinja2.ext.do")
    protection.attach(app, is_https=config.tls, session_seconds=config.session_hours * 3600)
    app.before_request(who.guard)
    look.attach(app)
    shell.attach(app)
    words.attach(app)
    problems.attach(app)
    for room in ROOMS:
        app.register_blueprint(room)
    return app


def _language(config: HubConfig) -> str:
    chosen = flask.session.get("language")
    return chosen if chosen in LANGUAGES else config.language
