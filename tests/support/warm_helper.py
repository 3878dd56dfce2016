"""The process that makes warm starts: it has imported a program, runs nothing of it, and forks for each start that is asked.

    python -m tests.support.warm_helper DESCRIPTOR MODULE FOLDER ROOM

listens on the socket DESCRIPTOR for what `warm_starts` asks, and ends when the other end of it is closed. A fork leaves
this module's loop at once and goes on as `python -m MODULE` does, until the interpreter ends: descriptors, environment,
folder, arguments, signals, the standard streams and what `ps` shows are those of a start of its own. What all forks share are
imported modules, the seed of hashes and, in FOLDER, compiled templates: each process would compile the same ones again for
its first pages. A fork of the hub forks its judge, too, where a real hub starts an interpreter.

Linux only: it needs `pidfd_open`, `prctl` and the memory that arguments stand in. ROOM is that memory: blanks.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import json
import locale
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

IMPORTED: Final = {
    "edge_node": ("edge_node.cli",),
    "central_hub": ("central_hub.cli", "central_hub.judge.process"),
}
"""What the helper for a program has imported, where it is not the program's module: what its own start imports first of all."""
MESSAGE_BYTES_MAX: Final = 1 << 17
NUMBER_BYTES: Final = 8
_PR_SET_PDEATHSIG: Final = 1
_AT_START: Final = {signal.SIGINT: signal.default_int_handler}
"""What an interpreter does with a signal that nobody told it to ignore, where that is not the system's way."""
_JUDGE: Final = "central_hub.judge"


@dataclass(frozen=True, slots=True)
class Asked:
    """One start, as it is asked of the helper."""

    module: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str

    def encoded(self) -> bytes:
        return json.dumps([self.module, self.arguments, dict(self.environment), self.folder]).encode("ascii")

    @classmethod
    def decoded(cls, message: bytes) -> "Asked":
        module, arguments, environment, folder = json.loads(message)
        return cls(module, tuple(arguments), environment, folder)


@dataclass(slots=True)
class _Child:
    """A process that was started: `ended` becomes readable when it ends, `report` tells whoever asked for it."""

    pid: int
    ended: int
    report: socket.socket


def _as_number(value: int) -> bytes:
    return value.to_bytes(NUMBER_BYTES, "big", signed=True)


def await_starts(control: socket.socket) -> Asked | None:
    """Fork for each start. Returns in the fork what was asked, and here None when nobody is left who could ask."""
    helper = os.getpid()
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                child: _Child | None = key.data
                if child is None:
                    message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES_MAX, 4)
                    if not message:
                        return None
                    started = _fork(selector, helper, descriptors)
                    if started is None:
                        control.close()
                        return Asked.decoded(message)
                elif key.fd == child.ended:
                    _tell_end(selector, child)
                else:
                    _reap(selector, child)


def _fork(selector: selectors.BaseSelector, helper: int, descriptors: Sequence[int]) -> _Child | None:
    """A new child; None in the child itself, which has standard streams and no other descriptor of the helper's."""
    *streams, report = descriptors
    pid = os.fork()
    if pid == 0:
        _end_with(helper)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        for key in list(selector.get_map().values()):
            if isinstance(key.data, _Child) and key.fd != key.data.ended:
                key.data.report.close()
        return None
    for stream in streams:
        os.close(stream)
    child = _Child(pid, os.pidfd_open(pid), socket.socket(fileno=report))
    selector.register(child.ended, selectors.EVENT_READ, child)
    with contextlib.suppress(OSError):
        child.report.sendall(_as_number(pid))
    return child


def _end_with(helper: int) -> None:
    """The kernel kills this process when the helper ends, however that ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != helper:
        os._exit(1)


def _tell_end(selector: selectors.BaseSelector, child: _Child) -> None:
    """Say how it ended; it stays a zombie until that was read, so that its number names nobody else meanwhile."""
    found = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    if found is None:
        return
    code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
    selector.unregister(child.ended)
    os.close(child.ended)
    selector.register(child.report, selectors.EVENT_READ, child)
    with contextlib.suppress(OSError):
        child.report.sendall(_as_number(code))


def _reap(selector: selectors.BaseSelector, child: _Child) -> None:
    selector.unregister(child.report)
    child.report.close()
    os.waitpid(child.pid, 0)


class Arguments:
    """The memory in which the kernel finds what `ps` and psutil show as this process's command line."""

    def __init__(self) -> None:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        self._first, self._stop = int(fields[45]), int(fields[46])

    def show(self, command: Sequence[str]) -> None:
        """Show this command instead, cut where there is no room."""
        room = self._stop - self._first
        shown = b"\0".join(os.fsencode(word) for word in command)[: room - 1]
        ctypes.memmove(self._first, shown.ljust(room, b"\0"), room)


def become(asked: Asked, arguments: Arguments) -> None:
    """Make this fork what an interpreter is that was started with `-m`, before it looks for the module."""
    command = [sys.executable, "-m", asked.module, *asked.arguments]
    arguments.show(command)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, _AT_START.get(number, signal.SIG_DFL))
    coerced = {
        name: value for name, value in os.environ.items() if name == "LC_CTYPE"
    }  # by the interpreter (PEP 538)
    os.environ.clear()
    os.environ.update(coerced | dict(asked.environment))
    time.tzset()
    locale.setlocale(locale.LC_CTYPE, "")
    os.chdir(asked.folder)
    sys.path[0] = asked.folder
    sys.orig_argv = command
    sys.argv = ["-m", *asked.arguments]
    sys.modules["__main__"] = ModuleType("__main__")
    vars(sys.modules["__main__"]).update(__builtins__=sys.modules["builtins"], __annotations__={})
    _open_streams(is_unbuffered=bool(asked.environment.get("PYTHONUNBUFFERED")))


def _open_streams(*, is_unbuffered: bool) -> None:
    """Standard streams as an interpreter in UTF-8 mode has them (PYTHONUTF8=1)."""
    streams = {
        "stdin": io.TextIOWrapper(
            io.BufferedReader(io.FileIO(0, closefd=False)),
            encoding="utf-8",
            errors="surrogateescape",
            write_through=is_unbuffered,
        ),
        "stdout": _output(1, "surrogateescape", is_unbuffered=is_unbuffered),
        "stderr": _output(2, "backslashreplace", is_unbuffered=is_unbuffered),
    }
    for name, stream in streams.items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _output(descriptor: int, errors: str, *, is_unbuffered: bool) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        raw if is_unbuffered else io.BufferedWriter(raw),
        encoding="utf-8",
        errors=errors,
        line_buffering=descriptor == 2 and not is_unbuffered,
        write_through=is_unbuffered,
    )


def run_as_main(module: str) -> None:
    """What the interpreter itself calls for `-m`, so that `__main__`, sys.argv and a missing module are as there."""
    runpy._run_module_as_main(module)  # type: ignore[attr-defined]


class ForkedJudge:
    """A judge that the hub forked from itself; what `JudgeKeeper` asks of a `subprocess.Popen`."""

    def __init__(self, command: Sequence[str], arguments: Arguments) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        self._code: int | None = None
        if self.pid == 0:
            _judge(Asked(_JUDGE, tuple(command[3:]), dict(os.environ), str(Path.cwd())), arguments)

    def poll(self) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # gunicorn, which waits for whatever ended, was faster
                self._code = 0
            else:
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(_JUDGE, timeout)
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def _judge(asked: Asked, arguments: Arguments) -> NoReturn:
    """Run the judge in this fork, which must not return into what the hub was doing, and end as an interpreter ends."""
    code: Any = 0
    try:
        become(asked, arguments)
        run_as_main(asked.module)
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 — the last thing this process says
        traceback.print_exc()
        code = 1
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _keep_compiled_templates(folder: str) -> None:
    """In files that a process writes under another name first, so that a kill leaves no half of one."""
    flask, jinja = importlib.import_module("flask"), importlib.import_module("jinja2")
    flask.Flask.jinja_options = {"bytecode_cache": jinja.FileSystemBytecodeCache(folder)}


def _fork_judges(arguments: Arguments) -> None:
    """Let a hub that is started here fork its judge instead of starting an interpreter for it."""
    server = importlib.import_module("central_hub.server")
    server.JudgeKeeper._begin = lambda keeper: ForkedJudge(keeper._command, arguments)


def main() -> None:
    descriptor, module, folder, _room = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    arguments = Arguments()
    arguments.show([sys.executable, "-m", __spec__.name, descriptor, module, folder])
    # Ctrl-C: whoever asks for starts tidies up, and closes the socket.
    at_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    for each in IMPORTED.get(module, (module,)):
        importlib.import_module(each)
    if module in IMPORTED:
        _keep_compiled_templates(folder)
    if threading.active_count() != 1:
        raise RuntimeError(f"importing {module} starts threads, which no fork would have")
    gc.collect()
    gc.freeze()
    asked = await_starts(control)
    if asked is None:
        os._exit(0)
    signal.signal(signal.SIGINT, at_interrupt)
    become(asked, arguments)
    if module == "central_hub":
        _fork_judges(arguments)
    run_as_main(asked.module)


if __name__ == "__main__":
    main()
