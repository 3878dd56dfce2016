"""The province's side of the replay: the hub as a real process, founded, fed and asked by its own commands and HTTP."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from central_hub.config import HubConfig
from central_hub.registry.enrolment import issue_code
from central_hub.services import open_services
from central_hub.store.engine import reading, writing
from central_hub.sync.fleet import list_devices
from demo.catalogue import catalogue_file
from demo.plan import FIRST_DAY, LAST_DAY
from demo.processes import Server, free_port, run_json
from demo.reports import Report, read_report
from dossiers.procedures import Catalogue
from dossiers.units import Unit
from sync_protocol.wire import DigestState

ROLES: Final = ("receptionist", "specialist", "leader", "clerk")
PASSWORD: Final = "quy-1-nam-2025"
JUDGE_WAIT_S: Final = 900.0
_MODULE: Final = "central_hub"


@dataclass(slots=True)
class Province:
    """A hub in a folder of its own, served on loopback."""

    folder: Path
    port: int
    server: Server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def data(self) -> Path:
        return self.folder / "hub"


def found(folder: Path, catalogue: Catalogue) -> Province:
    """Found a hub, publish the catalogue of then, and serve."""
    data, port = folder / "hub", free_port()
    run_json(_MODULE, "init", "--data", str(data), "--password", PASSWORD, "--no-root-passphrase")
    file = folder / "catalogue.json"
    file.write_text(json.dumps(catalogue_file(catalogue), ensure_ascii=False), encoding="utf-8")
    run_json(_MODULE, "publish", "catalogue", str(file), "--data", str(data))
    server = Server(
        _MODULE,
        ["serve", "--data", str(data), "--port", str(port), "--http"],
        url=f"http://127.0.0.1:{port}",
        log=folder / "hub.log",
        environment={"MOTCUA_HUB_PUBLIC_STATISTICS": "1"},
    )
    return Province(folder=folder, port=port, server=server.start())


def issue_codes(province: Province, communes: Iterable[Unit]) -> dict[str, str]:
    """An enrolment code for one PC of every commune (what `motcua-hub enrol` prints, without 94 starts of it)."""
    services = open_services(HubConfig.load(province.data))
    codes = {}
    for unit in communes:
        with writing(services.engine) as connection:
            issued = issue_code(
                connection, services, unit=unit.code, device_name="Máy một cửa", roles=ROLES, issued_by="demo"
            )
        codes[unit.code] = issued.code
    services.engine.dispose()
    return codes


def unjudged(province: Province) -> int:
    """How many records the hub holds and has not judged yet."""
    health: dict[str, Any] = requests.get(f"{province.url}/health", timeout=30).json()
    return int(health["unjudged"])


def await_judge(province: Province) -> float:
    """Wait until everything is judged; returns the seconds it took."""
    began = time.monotonic()
    while unjudged(province):
        if time.monotonic() - began > JUDGE_WAIT_S:
            raise TimeoutError(f"{unjudged(province)} records are still not judged")
        time.sleep(0.2)
    return time.monotonic() - began


def nodes_compared_equal(province: Province) -> int:
    """How many PCs derived the same state as the hub when both last compared."""
    services = open_services(HubConfig.load(province.data))
    with reading(services.engine) as connection:
        silent_ms = services.config.silent_after_ms
        devices = list_devices(connection, now_ms=services.clock(), silent_ms=silent_ms)
    services.engine.dispose()
    return sum(device.digest_state == DigestState.EQUAL for device in devices)


def read_quarter(province: Province, group: str) -> Report:
    """Biểu II.06a of the quarter, over HTTP."""
    return read_report(province.url, FIRST_DAY, LAST_DAY, group)


def rebuild(province: Province) -> tuple[int, float]:
    """Stop the hub, make every figure anew from the records, serve again; returns the records read and the seconds."""
    province.server.stop()
    began = time.monotonic()
    done = run_json(_MODULE, "rebuild", "--data", str(province.data))
    seconds = time.monotonic() - began
    province.server.start()
    return int(done["records"]), seconds
