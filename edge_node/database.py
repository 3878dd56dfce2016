"""Flask glue: one database handle per request, opened when first asked for, closed with it."""

from typing import cast

from flask import Flask, current_app, g
from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import open_database

_EXTENSION = "motcua"


def get_services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions[_EXTENSION])


def get_db() -> Database:
    """This request's handle."""
    if "db" not in g:
        g.db = open_database(get_services().config.database)
    return cast(Database, g.db)


def attach(app: Flask, services: Services) -> None:
    """Give an app its services and the closing of handles."""
    app.extensions[_EXTENSION] = services
    app.teardown_appcontext(_close)


def _close(_: BaseException | None) -> None:
    db = g.pop("db", None)
    if db is not None:
        db.conn.close()
