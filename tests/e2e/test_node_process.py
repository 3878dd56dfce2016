"""The node as a real process: start, a second one, a taken port, a kill, commands beside it, exit codes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(data: Path, *words: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-m", "edge_node", *words, "--data", str(data), "--json", "--lang", "en"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}, done.stderr


@contextmanager
def serving(data: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    with (data / "out.txt").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge_node", "serve", "--data", str(data), "--port", str(port), "--json"],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            encoding="utf-8",
        )
    try:
        wait_until_up(port, process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


def wait_until_up(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(200):
        assert process.poll() is None
        try:
            assert health(port)["status"] == "ok"
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the node did not come up")


def health(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_a_node_from_first_start_to_kill_and_back(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as process:
        assert health(port) == {
            "status": "ok",
            "version": health(port)["version"],
            "unit": None,
            "is_writable": True,
        }
        code, answer, _ = command(tmp_path, "serve", "--port", str(free_port()))
        assert (code, answer["code"]) == (1, "NODE_RUNNING")
        code, answer, _ = command(tmp_path / "other", "serve", "--port", str(port))
        assert (code, answer["code"]) == (1, "NODE_PORT_TAKEN")
        code, answer, _ = command(tmp_path, "doctor")
        assert code == 2 and {f["check"] for f in answer["findings"] if f["health"] == "failed"} == set()
        code, answer, _ = command(tmp_path, "backup")
        assert code == 0 and Path(answer["path"]).exists()
        code, answer, _ = command(tmp_path, "restore", answer["path"])
        assert (code, answer["code"]) == (1, "NODE_RUNNING")
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        process.wait(timeout=30)
    with serving(tmp_path, port) as process:
        process.terminate()
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_exit_codes(tmp_path: Path) -> None:
    assert command(tmp_path, "status")[:2] == (
        1,
        {"ok": False, "code": "NODE_NOT_ENROLLED", "detail": str(tmp_path)},
    )
    code, answer, _ = command(tmp_path, "init")
    assert code == 0 and answer["is_new"] is True
    assert command(tmp_path, "init")[1]["is_new"] is False
    assert command(tmp_path, "status")[0] == 2
    assert command(tmp_path, "rebuild")[:2] == (0, {"dossiers": 0, "files_wanted": 0, "ok": True})
    assert command(tmp_path, "sync")[1]["code"] == "NODE_NOT_ENROLLED"
    assert command(tmp_path, "serve", "--port", "0")[0] == 3
    assert command(tmp_path, "fly")[0] == 3
    assert command(tmp_path, "restore", str(tmp_path / "absent"))[0] == 3
    code, answer, _ = command(tmp_path, "status", MOTCUA_NODE_PORT="zero")
    assert (code, answer["code"]) == (3, "NODE_INPUT")
    words = (
        "--hub",
        "http://127.0.0.1:9",
        "--code",
        "x",
        "--device-name",
        "a",
        "--officer-name",
        "b",
        "--pin",
        "246810",
    )
    assert command(tmp_path, "enrol", *words)[:2][0] == 3


def test_commands_in_vietnamese_without_json(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "edge_node", "doctor", "--data", str(tmp_path)]
    command(tmp_path, "init")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 2
    assert "Máy chưa ghi danh." in done.stdout
