"""Flask glue: the services of the app, and one read connection per request, opened when first asked for.

Pages read through `get_reader`: one consistent view of the database for the whole page, so figures and the lists behind
them agree. Whoever writes opens `store.engine.writing` and is done when its block ends.
"""

from typing import cast

from flask import Flask, current_app, g
from sqlalchemy import Connection

from central_hub.services import Services

_EXTENSION = "motcua"


def get_services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions[_EXTENSION])


def get_reader() -> Connection:
    """This request's view of the database."""
    if "reader" not in g:
        connection = get_services().engine.connect()
        connection.begin()
        g.reader = connection
    return cast(Connection, g.reader)


def renew_reader() -> None:
    """Let go of this request's view, so that the next read sees what was written meanwhile."""
    connection = g.pop("reader", None)
    if connection is not None:
        connection.close()


def attach(app: Flask, services: Services) -> None:
    """Give an app its services and the closing of connections."""
    app.extensions[_EXTENSION] = services
    app.teardown_appcontext(lambda _: renew_reader())
