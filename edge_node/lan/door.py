"""The door to the office network: a listener of its own that knows four paths and nothing else of this PC.

It is open only while the unit administrator has switched it on. No page, no API, no cookie and no file can be reached
through it; what comes in is bounded before it is read, counted per address, and answered by `serving`.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

import orjson
from waitress.server import create_server

from edge_node.journal import NotEnrolled
from edge_node.lan.serving import Serving
from edge_node.lan.throttle import Throttle
from edge_node.services import Services
from edge_node.store import open_database
from edge_node.sync.transport import LAN_FILES_PATH, LAN_HELLO_PATH, LAN_RELAY_PATH, LAN_ROUND_PATH
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError, RemoteFault
from sync_protocol.limits import LAN_MESSAGE_BYTES_MAX
from sync_protocol.versions import Versions, as_members

_LOG: Final = logging.getLogger(__name__)
THREADS: Final = 2
CONNECTIONS_MAX: Final = 32
SILENT_S: Final = 30
_OCTETS: Final = "application/octet-stream"
_STATUS: Final = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 413: "Too Large",
                  422: "Unprocessable", 429: "Too Many Requests", 500: "Internal Error", 503: "Unavailable", 507: "No Room"}  # fmt: skip

Respond = Callable[[str, list[tuple[str, str]]], object]


class Application:
    """The WSGI application behind the door."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._serving = Serving(services, services.random_bytes(32))
        self._throttle = Throttle(services.monotonic)

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        address = str(environ.get("REMOTE_ADDR", ""))
        if not self._throttle.allows(address):
            return _refuse(respond, reasons.THROTTLED)
        try:
            content = self._answer(environ)
        except ProtocolError as fault:
            reason = fault.reason if isinstance(fault, RemoteFault) else reasons.HUB_BUSY
            self._throttle.count_refusal(address)
            _LOG.info("refused a PC of the office network at %s: %s", address, fault)
            versions = self._services.versions if reason is reasons.ROUND_VERSION else None
            return _refuse(respond, reason, versions)
        except Exception:  # noqa: BLE001 — whatever it was, the door stays open for others
            _LOG.exception("fault while answering %s", address)
            return _refuse(respond, reasons.HUB_BUSY)
        if content is None:
            self._throttle.count_refusal(address)
            respond("404 Not Found", [("Content-Length", "0")])
            return []
        respond("200 OK", [("Content-Type", _OCTETS), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, environ: dict[str, Any]) -> bytes | None:
        serving = self._serving
        posts = {
            LAN_ROUND_PATH: serving.answer,
            LAN_FILES_PATH: serving.files,
            LAN_RELAY_PATH: serving.relay,
        }
        asked = environ.get("REQUEST_METHOD"), str(environ.get("PATH_INFO"))
        if asked != ("GET", LAN_HELLO_PATH) and (asked[0] != "POST" or asked[1] not in posts):
            return None
        payload = b""
        if asked[0] == "POST":
            length = str(environ.get("CONTENT_LENGTH") or "")
            if not length.isdigit() or int(length) > LAN_MESSAGE_BYTES_MAX:
                raise RemoteFault(reasons.ROUND_SIZE, length)
            payload = environ["wsgi.input"].read(int(length))
        db = open_database(self._services.config.database)
        try:
            return serving.hello(db) if asked[0] == "GET" else posts[asked[1]](db, payload)
        except NotEnrolled:
            return None
        finally:
            db.conn.close()


class Door:
    """The listener, opened and closed while the node runs."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._application = Application(services)
        self._server: Any = None
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def unlock(self) -> None:
        """Listen; raises OSError where the port is taken."""
        if self._server is not None:
            return
        config = self._services.config
        self._server = create_server(
            self._application,
            map={},
            host=config.lan_host,
            port=config.lan_port,
            threads=THREADS,
            connection_limit=CONNECTIONS_MAX,
            channel_timeout=SILENT_S,
            max_request_body_size=LAN_MESSAGE_BYTES_MAX,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self._thread = threading.Thread(target=self._run, args=(self._server,), name="lan-door", daemon=True)
        self._thread.start()
        _LOG.info("listening for the office's other PCs on %s:%s", config.lan_host, config.lan_port)

    def close(self) -> None:
        """Stop listening; who is being answered is answered."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            if self._thread is not None:
                self._thread.join(timeout=5)

    def _run(self, server: Any) -> None:
        try:
            server.run()
        except OSError:
            if self._server is server:
                _LOG.exception("the door to the office network fell shut")
                self._server = None


def _refuse(respond: Respond, reason: Reason, versions: Versions | None = None) -> list[bytes]:
    said = {"status": reason.status, "code": reason.code, "title": reason.en}
    content = orjson.dumps(said if versions is None else {**said, **as_members(versions)})
    respond(
        f"{reason.status} {_STATUS.get(reason.status, 'Refused')}",
        [("Content-Type", "application/problem+json"), ("Content-Length", str(len(content)))],
    )
    return [content]
