"""Stock Firefox for tests, without a screen, spoken to in its own Marionette protocol: no driver is downloaded.

Messages are `<length>:<json>`; a command is [0, id, name, parameters], its answer [1, id, error, result].
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

PROGRAM: Final = shutil.which("firefox-esr") or shutil.which("firefox")
START_SECONDS_MAX: Final = 60.0

_PREFERENCES: Final = {
    "marionette.port": 0,  # any free one; it stands in the profile afterwards
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "app.update.auto": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


@dataclass
class Firefox:
    """One running browser."""

    line: socket.socket
    number: int = 0

    def go(self, url: str) -> None:
        self.ask("WebDriver:Navigate", {"url": url})

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """What an async JavaScript function of one value returns, in the page; everything travels as JSON."""
        script = (
            f"const done = arguments[arguments.length - 1];"
            f"Promise.resolve(({function})(JSON.parse(arguments[0])))"
            f".then((value) => done(JSON.stringify({{ value }})), (error) => done(JSON.stringify({{ error: String(error) }})));"
        )
        parameters = {"script": script, "args": [json.dumps(argument)], "sandbox": None}
        answer = json.loads(self.ask("WebDriver:ExecuteAsyncScript", parameters)["value"])
        assert "error" not in answer, answer
        return answer.get("value")

    def ask(self, name: str, parameters: dict[str, Any]) -> Any:
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.line.sendall(b"%d:%b" % (len(text), text))
        _, _, error, result = read_message(self.line)
        assert error is None, error
        return result


def read_message(line: socket.socket) -> Any:
    """The next message; Firefox greets with one."""
    head = b""
    while not head.endswith(b":"):
        head += line.recv(1)
    left, parts = int(head[:-1]), []
    while left:
        parts.append(line.recv(left))
        left -= len(parts[-1])
    return json.loads(b"".join(parts))


@contextmanager
def launch_firefox() -> Iterator[Firefox]:
    """Firefox with a fresh profile and no way out to a network."""
    assert PROGRAM is not None
    with TemporaryDirectory() as folder:
        profile = Path(folder)
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()
        ]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [PROGRAM, "--headless", "--marionette", "--no-remote", "--profile", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with socket.create_connection(("127.0.0.1", _port(profile)), timeout=120) as line:
                read_message(line)
                firefox = Firefox(line)
                firefox.ask("WebDriver:NewSession", {"strictFileInteractability": False})
                firefox.ask("WebDriver:SetTimeouts", {"script": 110_000})
                yield firefox
        finally:
            process.terminate()
            process.wait(timeout=30)


def _port(profile: Path) -> int:
    path, until = profile / "MarionetteActivePort", time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        if path.exists() and path.read_text(encoding="ascii").strip():
            return int(path.read_text(encoding="ascii"))
        time.sleep(0.1)
    raise TimeoutError("Firefox did not open its Marionette port")
