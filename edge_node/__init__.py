"""The commune office: one Flask app over one SQLite file, signing every record, syncing when there is a line.

`create_app` is the map: read it top-down. It has no side effects; threads, ports and schedules belong to `cli`.
"""

from flask import Flask
from flask import session as cookie
from flask_babel import Babel

import look
from dossiers.presentation import jinja_filters
from edge_node import database, problems, protection, shell
from edge_node import session as who
from edge_node.config import EdgeConfig
from edge_node.keyring import KeysMissing
from edge_node.rooms import ROOMS
from edge_node.services import Services
from look.problems import language

LANGUAGES = ("vi", "en")


def create_app(config: EdgeConfig, services: Services) -> Flask:
    """The node's web app."""
    app = Flask(__name__)
    app.secret_key = _session_secret(services)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = False
    database.attach(app, services)
    Babel(app, default_locale="vi", locale_selector=lambda: _language(config))
    app.jinja_env.filters.update(jinja_filters(language))
    app.jinja_env.add_extension("jinja2.ext.do")
    protection.attach(app, is_https=config.https)
    app.before_request(who.guard)
    look.attach(app)
    shell.attach(app)
    problems.attach(app)
    for room in ROOMS:
        app.register_blueprint(room)
    return app


def _language(config: EdgeConfig) -> str:
    chosen = cookie.get("language")
    return chosen if chosen in LANGUAGES else config.language


def _session_secret(services: Services) -> bytes:
    try:
        return services.keyring.files.session_secret()
    except KeysMissing:
        return services.random_bytes(32)  # before `init`: sessions of the set-up page end with this process
