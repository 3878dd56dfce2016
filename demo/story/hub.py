"""What the hub says over HTTP: how much it holds, its figures, its PCs."""

import re
import time
from typing import Final

import requests

from demo.reports import Report, read_report
from demo.story.stage import Hub
from dossiers.local_time import local_date

_METRIC: Final = re.compile(r"^motcua_hub_(\w+) ([\d.e+]+)$", re.MULTILINE)


def metrics(hub: Hub) -> dict[str, int]:
    """The hub's counters."""
    answer = requests.get(f"{hub.url}/metrics", timeout=30, verify=str(hub.authority))
    answer.raise_for_status()
    return {name: int(float(value)) for name, value in _METRIC.findall(answer.text)}


def dossiers_at_hub(hub: Hub) -> int:
    """How many dossiers the hub has judged and folded."""
    return metrics(hub)["dossiers"]


def report(hub: Hub, group: str) -> Report:
    """Biểu II.06a of this year so far."""
    today = local_date(time.time_ns() // 1_000_000)
    return read_report(hub.url, today.replace(month=1, day=1), today, group, authority=hub.authority)
