"""A warm start is a start: what begins is a process of its own that says of itself what `python -m MODULE` says."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.processes import CommandFailed, Process, Start, run, start_anew
from tests.support.warm_starts import WarmStarts

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every start is an ordinary one"),
]
ROOT = Path(__file__).parents[2]
# Beside what the node imports, so that only the way of starting can differ.
PROBE = """
import edge_node.cli
import gc, json, locale, os, psutil, random, secrets, signal, sqlite3, sys, threading, time, uuid, warnings
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.signing import SigningKey

def stream(it):
    return it.fileno(), it.encoding, it.errors, it.line_buffering, it.write_through, type(it.buffer).__name__

main = sys.modules["__main__"]
print(json.dumps({
    "facts": {
        "argv": sys.argv, "orig_argv": sys.orig_argv, "path": sys.path, "folder": os.getcwd(), "umask": os.umask(0),
        "cmdline": [word for word in psutil.Process().cmdline() if word],
        "environment": dict(os.environ), "flags": str(sys.flags), "warnings": repr(warnings.filters),
        "main": [main.__name__, main.__file__, main.__package__, main.__spec__.name, vars(main) is globals()],
        "names": sorted(vars(main)), "streams": [stream(sys.stdin), stream(sys.stdout), stream(sys.stderr)],
        "originals": [sys.__stdin__ is sys.stdin, sys.__stdout__ is sys.stdout, sys.__stderr__ is sys.stderr],
        "signals": {str(number): repr(signal.getsignal(number)) for number in signal.valid_signals()},
        "mask": repr(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "gc": [gc.get_threshold(), gc.isenabled()],
        "threads": [thread.name for thread in threading.enumerate()], "group": os.getpgrp(), "nice": os.nice(0),
        "locale": locale.setlocale(locale.LC_CTYPE), "zone": time.tzname, "descriptors": os.listdir("/proc/self/fd"),
        "switch": sys.getswitchinterval(),
    },
    "modules": sorted(sys.modules),
    "chance": [
        random.random(), secrets.token_hex(), str(uuid.uuid4()), str(uuid.uuid1()), bytes(SigningKey.generate()).hex(),
        Ed25519PrivateKey.generate().private_bytes_raw().hex(),
        str(sqlite3.connect(":memory:").execute("SELECT random()").fetchone()),
    ],
}))
print("to the other stream", file=sys.stderr)
sys.exit(7)
"""


@pytest.fixture(scope="module")
def warm() -> Iterator[Start]:
    starts = WarmStarts({"edge_node": ("edge_node", "probe", "long", "broken", "silent", "no_such_module")})
    yield starts
    starts.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with modules to start in it."""
    modules = {
        "probe": PROBE,
        "broken": "import atexit\natexit.register(print, 'at the end')\nraise ValueError('it is broken')",
        "silent": "raise SystemExit('a last word')",
        "long": "import sys, time\nprint('is up', flush=True)\ntime.sleep(600)",
    }
    for name, source in modules.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(start: Start, module: str, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Exit code and both streams of a module that was started in this folder and has ended."""
    environment = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more}
    with Path("printed").open("wb") as printed, Path("complained").open("wb") as complained:
        code = start(module, arguments, environment=environment, stdout=printed, stderr=complained).wait(60)
    return code, Path("printed").read_text(encoding="utf-8"), Path("complained").read_text(encoding="utf-8")


def begun(start: Start) -> Process:
    """A process that would run for ten minutes."""
    with Path("long.log").open("wb") as log:
        process = start(
            "long", (), environment=dict(os.environ) | {"PYTHONUTF8": "1"}, stdout=log, stderr=log
        )
    awaited(lambda: Path("long.log").read_bytes() == b"is up\n")
    return process


def awaited(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    "settings",
    [
        {"ONLY_THE_FIRST": "1"},  # with which the helper begins
        {"TZ": "Asia/Ho_Chi_Minh"},
        {"PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"},
    ],
)
def test_it_says_of_itself_what_a_start_anew_says(
    warm: Start, folder: Path, settings: dict[str, str]
) -> None:
    words = ("--name", "Nguyễn Thị Lan", "")
    anew = told(start_anew, "probe", *words, **settings)
    forked = told(warm, "probe", *words, **settings)
    assert (forked[0], forked[2]) == (anew[0], anew[2]) == (7, "to the other stream\n")
    here, there = json.loads(forked[1]), json.loads(anew[1])
    assert here["facts"] == there["facts"]
    assert here["facts"]["folder"] == str(folder)
    more = set(here["modules"]) - set(there["modules"])
    assert not {name for name in more if name.startswith(("central_hub", "pytest", "_pytest"))}, more
    assert not set(there["modules"]) - set(here["modules"])


def test_no_two_starts_draw_the_same(warm: Start, folder: Path) -> None:
    first, second = (json.loads(told(warm, "probe")[1])["chance"] for _ in range(2))
    assert not set(first) & set(second)


@pytest.mark.parametrize("module", ["no_such_module", "broken", "silent"])
def test_what_goes_wrong_goes_wrong_the_same_way(warm: Start, folder: Path, module: str) -> None:
    anew, forked = told(start_anew, module), told(warm, module)
    assert forked[:2] == anew[:2] and anew[0] == 1
    assert forked[2].splitlines()[-1:] == anew[2].splitlines()[-1:] != []


def test_a_kill_hits_a_process_of_its_own(warm: Start, folder: Path) -> None:
    both = [begun(warm) for _ in range(2)]
    assert len({process.pid for process in both}) == 2 and [process.poll() for process in both] == [
        None,
        None,
    ]
    with pytest.raises(subprocess.TimeoutExpired):
        both[0].wait(0.05)
    both[0].kill()
    assert both[0].wait(60) == -signal.SIGKILL == both[0].poll()
    assert both[1].poll() is None
    both[1].terminate()
    assert both[1].wait(60) == -signal.SIGTERM


def test_its_number_is_nobody_elses_until_its_end_was_heard(warm: Start, folder: Path) -> None:
    process = begun(warm)
    os.kill(process.pid, signal.SIGKILL)
    awaited(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    time.sleep(0.1)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
    process.kill()
    assert process.wait() == -signal.SIGKILL
    awaited(lambda: not psutil.pid_exists(process.pid))


def test_nothing_is_left_when_the_test_process_is_killed(folder: Path) -> None:
    script = """
import os, signal, sys
from tests.support.warm_starts import WarmStarts
starts = WarmStarts({"json": ("long",)})
process = starts("long", (), environment=dict(os.environ), stdout=sys.stderr.buffer, stderr=sys.stderr.buffer)
print(process.pid, *(helper.process.pid for helper in starts._helpers.values()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2
    awaited(lambda: all(map(is_gone, pids)))


def test_what_a_helper_started_ends_with_it(folder: Path) -> None:
    starts = WarmStarts({"json": ("long",)})
    processes = [begun(starts) for _ in range(2)]
    starts.close()
    awaited(lambda: all(is_gone(process.pid) for process in processes))
    for process in processes:
        with pytest.raises(ConnectionError):
            process.wait(60)


def test_other_modules_and_other_texts_are_started_anew(warm: Start, folder: Path) -> None:
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "0"}
    with Path("printed").open("wb") as printed:
        for module, text in (("probe", "0"), ("json.tool", "1")):
            process: Any = warm(
                module,
                ("-h",),
                environment=environment | {"PYTHONUTF8": text},
                stdout=printed,
                stderr=printed,
            )
            assert isinstance(process, subprocess.Popen), module
            process.wait(60)


def test_commands_of_the_product_answer_the_same(warm: Start, tmp_path: Path) -> None:
    refused = ("edge_node", "doctor", "--data", str(tmp_path / "none"), "--json")
    said = []
    for start in (start_anew, warm):
        with pytest.raises(CommandFailed) as failed:
            run(*refused, start=start)
        said.append((failed.value.code, failed.value.output))
    assert said[0] == said[1]
    starts = WarmStarts()
    assert run("central_hub", "--help", start=starts) == run("central_hub", "--help")
    starts.close()
