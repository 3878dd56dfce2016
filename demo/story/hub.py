"""What the hub says over HTTP: how much it holds, and its figures."""

import re
from datetime import date
from typing import Any

import requests

from demo.story.stage import Hub
from dossiers.local_time import to_yyyymmdd

_METRIC = re.compile(r"^motcua_hub_(\w+) ([\d.e+]+)$", re.MULTILINE)


def metrics(hub: Hub) -> dict[str, int]:
    """The hub's counters."""
    text = _get(hub, "/metrics").text
    return {name: int(float(value)) for name, value in _METRIC.findall(text)}


def dossiers_at_hub(hub: Hub) -> int:
    """How many dossiers the hub has judged and folded."""
    return metrics(hub)["dossiers"]


def report(hub: Hub, today: date, group: str) -> dict[str, Any]:
    """Biểu II.06a of this year so far."""
    options = {"from": str(today.year * 10_000 + 101), "to": str(to_yyyymmdd(today)), "group": group}
    content: dict[str, Any] = hub.command(
        "stats", *(text for pair in options.items() for text in (f"--{pair[0]}", pair[1]))
    )
    return content


def _get(hub: Hub, path: str) -> requests.Response:
    answer = requests.get(hub.url + path, timeout=30, verify=str(hub.authority))
    answer.raise_for_status()
    return answer
