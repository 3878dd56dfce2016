"""Where a word typed in the search box may lead. No personal data: the province finds dossiers by code only."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from central_hub.services import Services
from central_hub.statistics.board import today_of
from central_hub.statistics.lists import find_by_code
from central_hub.statistics.pages import named
from central_hub.sync.fleet import DeviceState, list_devices
from dossiers.codes import scanned_text
from dossiers.local_time import local_date
from dossiers.procedures import Procedure
from dossiers.text import fold_text
from dossiers.units import Unit

_SHOWN = 20
_TEXT_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found; `only` is the one page that was certainly meant."""

    text: str
    dossiers: list[tuple[Any, str, str]]
    units: tuple[Unit, ...]
    procedures: tuple[Procedure, ...]
    devices: list[DeviceState]
    only: str | None

    @property
    def count(self) -> int:
        return len(self.dossiers) + len(self.units) + len(self.procedures) + len(self.devices)


def search(connection: Connection, services: Services, text: str) -> Found:
    """Everything that a text names."""
    text = scanned_text(text)[:_TEXT_MAX]
    folded = fold_text(text).strip()
    if not folded:
        return Found(text="", dossiers=[], units=(), procedures=(), devices=[], only=None)
    lines = find_by_code(connection, text, today=today_of(services), limit=_SHOWN)
    catalogue = services.catalogue.current(connection).at(local_date(services.clock()))
    exact = [line for line in lines if line.code == text.upper()]
    return Found(
        text=text,
        dossiers=named(lines, connection, services),
        units=services.units.search(text)[:_SHOWN],
        procedures=catalogue.search(text)[:_SHOWN],
        devices=[
            device
            for device in list_devices(
                connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms
            )
            if folded in fold_text(device.name) or device.id.startswith(folded)
        ][:_SHOWN],
        only=f"/statistics/dossiers/{exact[0].dossier}" if len(exact) == 1 else None,
    )
