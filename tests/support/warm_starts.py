"""Starts of the product's commands that do not import everything again: 0.03 s of processor time instead of 1.0 to 1.6.

`warm_start` is handed to `demo.processes.Server` and `run` as the way to start. What it starts is a process of its own,
with its own memory, sockets, files, exit code and death; only its imports were done before, once for each test process and
program, by a helper (`warm_helper`) that ends with the test process, and templates that one compiled the next need not. Tests that are about the start itself, that measure
memory or time, or that start another version leave the way that a user's shell has (`start_anew`), which is also what
remains where there is no fork.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

from demo.processes import Process, Start, start_anew
from tests.support.warm_helper import IMPORTED, NUMBER_BYTES, Asked

PROGRAMS: Final = {program: (program,) for program in IMPORTED}
_ROOT: Final = Path(__file__).resolve().parents[2]
_ROOM: Final = " " * 4096
_HELPER: Final = "tests.support.warm_helper"


class WarmProcess:
    """A process that a helper forked; what `subprocess.Popen` offers of it."""

    def __init__(self, report: socket.socket, command: Sequence[str]) -> None:
        self._report, self._command = report, command
        self._looking = threading.Lock()
        self._code: int | None = None
        self.pid = self._number()

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code; raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._looking.acquire(timeout=-1 if timeout is None else timeout):
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        try:
            if self._code is None:
                self._report.settimeout(None if deadline is None else max(0, deadline - time.monotonic()))
                self._code = self._number()
                self._report.close()
            return self._code
        except (TimeoutError, BlockingIOError):
            raise subprocess.TimeoutExpired(self._command, timeout or 0) from None
        finally:
            self._looking.release()

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        # Until its code was read here it stays a zombie: the number is nobody else's.
        if self.poll() is None:
            os.kill(self.pid, number)

    def _number(self) -> int:
        said = self._report.recv(NUMBER_BYTES, socket.MSG_WAITALL)
        if len(said) < NUMBER_BYTES:
            self._report.close()
            raise ConnectionError("the helper that makes warm starts is gone, and what it started with it")
        return int.from_bytes(said, "big", signed=True)


class Helper:
    """The test's end of one helper process, which has imported `program`."""

    def __init__(self, program: str, environment: Mapping[str, str]) -> None:
        self._templates = TemporaryDirectory(prefix="motcua-templates-")
        self._control, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its_end:
            self.process = subprocess.Popen(
                [sys.executable, "-m", _HELPER, str(its_end.fileno()), program, self._templates.name, _ROOM],
                pass_fds=[its_end.fileno()],
                env=environment,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
            )

    def start(self, asked: Asked, stdout: IO[bytes], stderr: IO[bytes]) -> WarmProcess:
        """Have it fork; returns when the process is there."""
        report, its_end = socket.socketpair()
        with its_end:
            descriptors = [0, stdout.fileno(), stderr.fileno(), its_end.fileno()]
            socket.send_fds(self._control, [asked.encoded()], descriptors)
        return WarmProcess(report, [asked.module, *asked.arguments])

    def close(self) -> None:
        """End it, and with it whatever it started."""
        self._control.close()
        self.process.wait()
        self._templates.cleanup()


class WarmStarts:
    """Helpers, each begun when first needed: one for each program and setting of the interpreter itself.

    `modules`: what the helper of each program starts.
    """

    def __init__(self, modules: Mapping[str, Collection[str]] = PROGRAMS) -> None:
        self._program = {module: program for program, started in modules.items() for module in started}
        self._helpers: dict[tuple[str, tuple[tuple[str, str], ...]], Helper] = {}
        self._beginning = threading.Lock()

    def __call__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> Process:
        """As `start_anew`, which is asked for every other module, and where text is not UTF-8."""
        if module not in self._program or environment.get("PYTHONUTF8") != "1":
            return start_anew(module, arguments, environment=environment, stdout=stdout, stderr=stderr)
        asked = Asked(module, tuple(arguments), environment, str(Path.cwd()))
        return self._helper(self._program[module], environment).start(asked, stdout, stderr)

    def _helper(self, program: str, environment: Mapping[str, str]) -> Helper:
        settings = tuple(sorted(filter(_is_for_the_interpreter, environment.items())))
        with self._beginning:
            if (program, settings) not in self._helpers:
                self._helpers[program, settings] = Helper(program, environment)
            return self._helpers[program, settings]

    def close(self) -> None:
        """End all helpers."""
        with self._beginning:
            for helper in self._helpers.values():
                helper.close()
            self._helpers.clear()


def _is_for_the_interpreter(setting: tuple[str, str]) -> bool:
    """Whether an interpreter reads this when it starts, so that no fork can change it any more."""
    name, _ = setting
    return name in ("LANG", "LC_ALL", "LC_CTYPE") or (
        name.startswith("PYTHON") and name != "PYTHONUNBUFFERED"
    )


def _ways() -> Start:
    if sys.platform != "linux":
        return start_anew
    starts = WarmStarts()
    atexit.register(starts.close)
    return starts


warm_start: Final[Start] = _ways()
