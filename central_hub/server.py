"""`serve`: gunicorn's workers answer, and one judge process decides beside them.

The serving process starts the judge again when it ends, and ends it when it ends itself; should it be killed, workers
and judge notice that their parent is gone. Nothing has to be cleaned up before the next start.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from central_hub.app import create_app
from central_hub.config import HubConfig
from central_hub.memory import collect_seldom, share_one_heap
from central_hub.services import open_services
from central_hub.store.engine import WORKER_CACHE_KIB
from central_hub.store.opened_runs import WORKER_OPENED_RECORDS
from central_hub.tls import ensure_server_certificate

_LOOK_EVERY_S = 0.5
_JUDGE_ENDS_S = 10.0
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 — no name to put into a certificate


class JudgeKeeper:
    """Keeps one judge process running."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and a thread that starts it again."""
        self._process = self._begin()
        threading.Thread(target=self._watch, name="judge-keeper", daemon=True).start()

    def stop(self) -> None:
        """End it, and wait until it has: it writes files of its own."""
        self._stopped.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_JUDGE_ENDS_S)

    def _begin(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command)  # noqa: S603 — our own interpreter and module

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            if self._process is not None and self._process.poll() is not None and not self._stopped.is_set():
                self._process = self._begin()


class HubServer(BaseApplication):
    """Gunicorn with the hub's own settings; configuration files and environment of gunicorn are not read."""

    def __init__(self, config: HubConfig, *, now_ms: int) -> None:
        self._config = config
        self._now_ms = now_ms
        self._judge = JudgeKeeper(
            [sys.executable, "-m", "central_hub.judge", str(config.data), str(os.getpid())]
        )
        super().__init__()

    def load_config(self) -> None:
        """Hand our settings over."""
        config = self._config
        settings: dict[str, Any] = {
            "bind": f"{config.host}:{config.port}",
            "workers": config.workers,
            "threads": config.threads,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 10,
            "keepalive": 30,
            "max_requests": 0,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "limit_request_line": 8190,
            "proc_name": "motcua-hub",
            "control_socket_disable": True,
            "when_ready": lambda _server: self._before_workers(),
            "on_exit": lambda _server: self._judge.stop(),
        }
        if config.tls:
            hosts = {config.host, *(name.strip() for name in config.names.split(",") if name.strip())}
            certificate, key = ensure_server_certificate(
                config.keys,
                hosts=hosts - _ANYWHERE,
                now_ms=self._now_ms,
            )
            settings |= {"certfile": str(certificate), "keyfile": str(key)}
        for name, value in settings.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def _before_workers(self) -> None:
        # What is loaded by now stays shared with the workers as long as nobody's collector walks over it.
        collect_seldom()
        self._judge.start()

    def load(self) -> Flask:
        """The app, made in each worker: an engine must not be shared over a fork."""
        share_one_heap()
        services = open_services(
            self._config, cache_kib=WORKER_CACHE_KIB, opened_records=WORKER_OPENED_RECORDS
        )
        app = create_app(self._config, services)
        collect_seldom()
        return app
