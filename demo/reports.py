"""The hub's figures as its public interface tells them: Biểu II.06a of a period, grouped, over HTTP."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import requests

_PATH = "/api/v1/statistics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a report."""

    received: int
    online: int
    other: int
    carried_over: int
    solved: int
    early: int
    on_time: int
    late: int
    processing: int
    in_term: int
    overdue: int

    @property
    def in_time(self) -> int:
        """Early or on time."""
        return self.early + self.on_time

    @property
    def adds_up(self) -> bool:
        return (
            self.online + self.other + self.carried_over == self.received
            and self.early + self.on_time + self.late == self.solved
            and self.in_term + self.overdue == self.processing
        )

    @property
    def rate(self) -> str:
        """The press's rate: early or on time of what was solved."""
        return self.exact_rate(2)

    def exact_rate(self, digits: int) -> str:
        """The same with so many digits after the comma."""
        return f"{100 * self.in_time / self.solved:.{digits}f} %".replace(".", ",") if self.solved else "–"

    def columns(self) -> dict[str, int]:
        """Every column by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    """One group's rows by key, and their total."""

    group: str
    rows: Mapping[str, Row]
    total: Row

    def counts(self, name: str) -> dict[str, int]:
        """A column by key, without its zeros."""
        return {key: getattr(row, name) for key, row in self.rows.items() if getattr(row, name)}


def read_report(hub: str, first: date, last: date, group: str, *, authority: Path | None = None) -> Report:
    """Ask a hub whose statistics are public."""
    asked = {"from": first.isoformat(), "to": last.isoformat(), "group": group}
    verify = str(authority) if authority else True
    answer = requests.get(hub + _PATH, params=asked, timeout=60, verify=verify)
    answer.raise_for_status()
    content = answer.json()
    rows = {str(row["key"]): _row(row) for row in content["rows"]}
    return Report(group, rows, _row(content["total"]))


def _row(told: Mapping[str, Any]) -> Row:
    parts = {
        name: count for part in ("received", "solved", "processing") for name, count in told[part].items()
    }
    del parts["total"]
    return Row(
        received=told["received"]["total"],
        solved=told["solved"]["total"],
        processing=told["processing"]["total"],
        **parts,
    )
