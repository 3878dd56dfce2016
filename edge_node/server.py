"""Serve the office: prepare the data folder, hold it alone, start the schedule and answer requests until told to stop.

Order at start: settings and keys, the instance lock, the database (shape, guards, views), the epoch (a database that was
put back gets a new one before anybody writes), the port, the schedule. Stopping is not special: everything that was
shown as done is on the disk already.
"""

import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database
from waitress.server import create_server

from edge_node import create_app
from edge_node.config import EdgeConfig
from edge_node.enrolment.epochs import open_log, was_put_back
from edge_node.enrolment.service import initialise
from edge_node.enrolment.successor import follow
from edge_node.files.disk import settle
from edge_node.files.service import vault_of
from edge_node.instance import single_instance
from edge_node.journal import JournalReadOnly
from edge_node.migrations import prepare
from edge_node.projection.service import ensure_current
from edge_node.scheduler import Schedule
from edge_node.services import Services
from edge_node.store import open_database
from sync_protocol.log import OpeningReason

_LOG: Final = logging.getLogger(__name__)
LOG_BYTES_MAX: Final = 2 * 1024 * 1024
CONNECTIONS_MAX: Final = 200
_EVERY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 — compared, not bound


class PortTaken(Exception):
    """Another program answers on the port."""


def serve(services: Services, *, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; raises AlreadyRunning, PortTaken. `ready` is told the address once it is open."""
    config = services.config
    initialise(services)
    with single_instance(config.data):
        write_log_to(config.data)
        make_ready(services)
        server = _open_port(config, create_app(config, services))
        schedule = Schedule(services)
        schedule.start()
        signal.signal(signal.SIGTERM, _leave)
        ready(f"{'https' if config.https else 'http'}://{_shown(config.host)}:{config.port}/")
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            _LOG.info("stopping")
        finally:
            schedule.stop()
            server.close()


def make_ready(services: Services) -> None:
    """Bring the database up to date and, where it was put back, into a new epoch."""
    db = open_database(services.config.database)
    try:
        prepare(db)
        ensure_current(db)
        if was_put_back(db, services):
            _LOG.warning("the database is older than its watermark: a new epoch is opened")
            _open_epoch(db, services)
            settle(db, vault_of(services), put_back_ms=services.clock())
        with suppress(JournalReadOnly):  # the schedule follows as soon as there is room
            follow(db, services)
    finally:
        db.conn.close()


def _open_epoch(db: Database, services: Services) -> None:
    try:
        open_log(db, services, reason=OpeningReason.RESTORE)
    except JournalReadOnly:
        # People can read and search meanwhile; the schedule opens it as soon as there is room.
        _LOG.error("the disk is full: the new epoch waits, and nothing can be recorded before it")


def write_log_to(data: Path) -> None:
    """The program's own log: a few files that never grow beyond their size."""
    handler = RotatingFileHandler(data / "node.log", maxBytes=LOG_BYTES_MAX, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def _open_port(config: EdgeConfig, app: Any) -> Any:
    # Windows lets two programs bind one port when both ask nicely, so somebody who answers counts as taken.
    if _is_answered(config):
        raise PortTaken(str(config.port))
    try:
        return create_server(
            app,
            host=config.host,
            port=config.port,
            threads=config.threads,
            connection_limit=CONNECTIONS_MAX,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        raise PortTaken(f"{config.port}: {error}") from error


def _is_answered(config: EdgeConfig) -> bool:
    host = "127.0.0.1" if config.host in _EVERY_ADDRESS else config.host
    try:
        with socket.create_connection((host, config.port), timeout=0.3):
            return True
    except OSError:
        return False


def _shown(host: str) -> str:
    return "127.0.0.1" if host in _EVERY_ADDRESS else host


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)
