"""The way from a PC to a hub's own HTTP application: answers and refusals are those that the application makes."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from central_hub.app import create_app
from central_hub.judge.service import judge_pending
from edge_node.sync.transport import _refusal
from tests.support.pair import BreakingLine

ROUND, FILES, RELAY, BEACON = (f"/sync/v1/{name}" for name in ("round", "files", "relay", "beacon"))


class HttpLine(BreakingLine):
    """A line that never breaks; the hub judges after each request."""

    @property
    def browser(self) -> FlaskClient:
        """The hub as it is now: its program may have been changed since the last request."""
        app = create_app(self.hub.config, self.hub)
        app.testing = True
        return app.test_client()

    def post_round(self, payload: bytes) -> bytes:
        return self._post(ROUND, payload)

    def post_files(self, payload: bytes) -> bytes:
        return self._post(FILES, payload)

    def post_relay(self, payload: bytes) -> bytes:
        return self._post(RELAY, payload)

    def post_beacon(self, payload: bytes) -> bytes:
        return self._post(BEACON, payload)

    def _post(self, path: str, payload: bytes) -> bytes:
        response: Any = ask(self.browser, path, payload)
        self._note(path, payload, response)
        judge_pending(self.hub)
        if response.status_code != 200:
            raise _refusal(response, response.data)
        return bytes(response.data)

    def _note(self, path: str, payload: bytes, response: TestResponse) -> None:
        """Whoever listens does so here."""


def ask(browser: FlaskClient, path: str, payload: bytes) -> TestResponse:
    """One request to a hub, as a PC makes it."""
    if path.endswith("/hello"):
        return browser.get(path)
    kind = "application/json" if path.startswith("/enrol/") else "application/octet-stream"
    return browser.post(path, data=payload, content_type=kind)
