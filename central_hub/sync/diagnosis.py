"""Read the diagnostic file of a PC: whose it is, whether its signature holds, and what in it wants a look."""

from dataclasses import dataclass
from typing import Any

from central_hub.services import Services
from central_hub.store.engine import reading
from sync_protocol.diagnosis import is_of, read_diagnosis

_TROUBLE = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """A file that was read. `is_signed`: by the device that it names, as this hub knows it."""

    said: dict[str, Any]
    device: str
    unit: str
    is_signed: bool

    @property
    def troubles(self) -> list[str]:
        """Codes of everything in it that is not as it should be."""
        said = self.said
        broken = [
            name
            for name, part in said.items()
            if isinstance(part, dict) and isinstance(part.get("error"), str)
        ]
        failed = [name for name, health in _table(said.get("checks")).items() if health == _TROUBLE]
        found = [*(f"unreadable:{name}" for name in broken), *(f"check:{name}" for name in failed)]
        return [*found, *(f"alert:{code}" for code in _table(said.get("alerts")))]


def read_file(services: Services, data: bytes) -> Diagnosis:
    """Read a diagnostic file; raises RemoteFault where it is none."""
    said, signature = read_diagnosis(data)
    device = str(said.get("device") or "")
    with reading(services.engine) as connection:
        statement = services.trust.current(connection).statement(device) if device else None
    is_signed = statement is not None and is_of(said, signature, statement.key)
    return Diagnosis(said=said, device=device, unit=str(said.get("unit") or ""), is_signed=is_signed)


def _table(part: object) -> dict[str, Any]:
    return part if isinstance(part, dict) and "error" not in part else {}
