"""A PostgreSQL server of the tests' own: a real one, on loopback, in a folder that goes with it.

`serve_postgres` starts it where the programs are installed. It refuses to run as root, so root starts it as another user.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from demo.processes import free_port

_USER = "motcua"
_PATIENCE_S = 60.0


def program(name: str) -> str | None:
    """The path of one of the server's programs; Debian keeps them out of the search path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


class PostgresServer:
    """A running server; every database it gives is new and empty."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = count(1)

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"hub{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    def is_ready(self) -> bool:
        """Whether it answers."""
        with suppress(psycopg.OperationalError), psycopg.connect(self._address("postgres")):
            return True
        return False

    def _address(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{database}"


@contextmanager
def serve_postgres(initdb: str, postgres: str) -> Iterator[PostgresServer]:
    """Start a server with these two programs, and end it."""
    user = "nobody" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="motcua-pg-", dir=_place_for(user)) as name:
        folder = Path(name)
        if user is not None:
            entry = pwd.getpwnam(user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        data, port = folder / "data", free_port()
        own: dict[str, Any] = {"user": user, "extra_groups": [] if user else None, "cwd": folder}
        subprocess.run(
            [initdb, "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            **own,
        )
        settings = [f"-p{port}", "-h", "127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen([postgres, "-D", str(data), *settings], stderr=log, stdout=log, **own)
            try:
                server = PostgresServer(port)
                _await(server, process)
                yield server
            finally:
                process.terminate()  # connections that tests left open are cut by the second signal
                with suppress(subprocess.TimeoutExpired):
                    process.wait(2)
                process.send_signal(signal.SIGINT)
                process.wait(_PATIENCE_S)


def _place_for(user: str | None) -> str | None:
    """A folder of folders that another user may enter, which the tests' own scratch folder is not."""
    if user is None:
        return None
    return next(place for place in ("/dev/shm", "/tmp") if os.access(place, os.W_OK))


def _await(server: PostgresServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the database server did not start")
        time.sleep(0.1)
