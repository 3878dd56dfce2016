"""Start the real commands as real processes on loopback, wait until they answer, and stop them again.

Used by the demo, the replay of a quarter, the benchmarks and the process tests. It never touches a process that it did
not start. How a command becomes a process is a value (`Start`): everybody has the one that a user's shell has, but for
tests, most of which hand over a faster one (`tests.support.warm_starts`).
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

import requests

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
RUN_TIMEOUT_S = 600.0


class CommandFailed(Exception):
    """A command of the product ended with another exit code than expected; carries what it printed."""

    def __init__(self, arguments: Sequence[str], code: int, output: str) -> None:
        super().__init__(f"{' '.join(arguments)} ended with {code}:\n{output}")
        self.code = code
        self.output = output


class Process(Protocol):
    """What is asked of a process that was started: a part of what `subprocess.Popen` offers."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Start(Protocol):
    """Makes `python -m MODULE ARGUMENTS…` a process; `environment` is all of its environment."""

    def __call__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> Process: ...


def start_anew(
    module: str,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdout: IO[bytes],
    stderr: IO[bytes],
) -> Process:
    """As a user's shell does it: an interpreter that imports everything itself."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(
        command, stdout=stdout, stderr=stderr, env=environment
    )  # the command line is our own


class Server:
    """One server process with its log file. `authority`: the certificate to trust, where it speaks https."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        url: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
        authority: Path | None = None,
        start: Start = start_anew,
    ) -> None:
        self.url = url
        self.log = log
        self._authority = authority
        self._module, self._arguments, self._start = module, arguments, start
        self._environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **(environment or {})}
        self.process: Process | None = None

    def start(self, *, ready_path: str = "/health") -> "Server":
        """Start the process and wait until `ready_path` answers below 500."""
        with self.log.open("ab") as output:
            self.process = self._start(
                self._module, self._arguments, environment=self._environment, stdout=output, stderr=output
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(requests.RequestException):
                if self._answers(self.url + ready_path):
                    return self
            time.sleep(0.03)
        self.stop()
        raise CommandFailed([self._module, *self._arguments], -1, self.tail())

    def _answers(self, url: str) -> bool:
        verify = str(self._authority) if self._authority else True
        return requests.get(url, timeout=2, verify=verify).status_code < 500

    def stop(self) -> None:
        """Ask the process to end, then insist."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """End the process as a power cut would: no warning, no clean-up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def pid(self) -> int:
        """The process id; the process must have been started."""
        if self.process is None:
            raise RuntimeError("not started")
        return self.process.pid

    def tail(self, lines: int = 40) -> str:
        """The end of the log file."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def run(
    module: str,
    *arguments: str,
    expect: int | Collection[int] = 0,
    environment: Mapping[str, str] | None = None,
    start: Start = start_anew,
) -> str:
    """Run one command to its end and return what it printed; raises CommandFailed on another exit code."""
    with TemporaryFile() as printed, TemporaryFile() as complained:
        process = start(
            module,
            arguments,
            environment={**os.environ, "PYTHONUTF8": "1", **(environment or {})},
            stdout=printed,
            stderr=complained,
        )
        try:
            code = process.wait(RUN_TIMEOUT_S)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return _expected([module, *arguments], code, expect, _read(printed), _read(complained))


def run_json(
    module: str,
    *arguments: str,
    expect: int | Collection[int] = 0,
    environment: Mapping[str, str] | None = None,
    start: Start = start_anew,
) -> Any:
    """Run one command with --json and parse what it printed; a refusal is JSON too."""
    return json.loads(run(module, *arguments, "--json", expect=expect, environment=environment, start=start))


def run_installed(program: str, *arguments: str, expect: int | Collection[int] = 0) -> str:
    """Run a command that installing the product puts beside the interpreter."""
    found = shutil.which(program, path=str(Path(sys.executable).parent))
    if found is None:
        raise FileNotFoundError(f"{program} is not installed beside {sys.executable}")
    done = subprocess.run(  # the command line is our own
        [found, *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    return _expected([program, *arguments], done.returncode, expect, done.stdout, done.stderr)


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _expected(
    command: Sequence[str], code: int, expect: int | Collection[int], printed: bytes, complained: bytes
) -> str:
    output = printed.decode("utf-8", "replace")
    if code not in ((expect,) if isinstance(expect, int) else expect):
        raise CommandFailed(command, code, output + complained.decode("utf-8", "replace"))
    return output


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
