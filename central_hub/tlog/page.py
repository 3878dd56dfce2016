"""What the page «Nhật ký minh bạch» shows: size, last checkpoint, who witnesses it, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from central_hub.services import Services
from central_hub.settings import TREE_PROBLEM, get_setting
from central_hub.store.tables import CHECKPOINT, DEVICE
from central_hub.tlog.places import matched_size
from central_hub.tlog.tree import TreeUnusable
from central_hub.tlog.witnesses import newest_cosigned, newest_witnessed
from signing.tlog.checkpoint import Checkpoint
from sync_protocol.witness import device_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessLine:
    """One witness: the newest checkpoint that it cosigned (its own clock), and whether the roots' policy counts it."""

    name: str
    unit: str
    size: int | None
    seen_ms: int | None
    is_counted: bool


def tree_page(connection: Connection, services: Services) -> dict[str, Any]:
    """Everything that the template needs; `head` is None at a hub that keeps no log."""
    tree, policy = services.tree, services.keys.bundle.policy
    problem = get_setting(connection, TREE_PROBLEM) or ""
    try:
        head = tree.head() if tree is not None and tree.exists() else None
    except TreeUnusable as error:
        head, problem = None, str(error)
    matched = matched_size(connection)
    signed_ms = connection.scalar(select(CHECKPOINT.c.signed_ms).order_by(CHECKPOINT.c.size.desc()).limit(1))
    quorum = newest_witnessed(connection, policy) if policy is not None else None
    return {
        "head": head,
        "root": head.root.hex() if head else "",
        "signed_ms": signed_ms,
        "problem": problem,
        "missing": max(0, head.size - matched) if head else 0,
        "witnesses": _witnesses(connection, services),
        "asks_witnesses": policy is not None and policy.quorum != "none",
        "quorum_size": Checkpoint.parse(quorum.text).size if quorum else None,
        "now": services.clock(),
    }


def _witnesses(connection: Connection, services: Services) -> list[WitnessLine]:
    """Named witnesses first, then the PCs that cosigned lately, newest first."""
    policy = services.keys.bundle.policy
    named = {key.name: label for label, key in policy.witnesses.items()} if policy else {}
    latest = newest_cosigned(connection)
    found = [
        WitnessLine(
            name=label,
            unit="",
            size=latest[name].size if name in latest else None,
            seen_ms=latest[name].at_ms if name in latest else None,
            is_counted=True,
        )
        for name, label in named.items()
    ]
    devices = {row.id: row for row in connection.execute(select(DEVICE.c.id, DEVICE.c.unit, DEVICE.c.name))}
    for name, (size, seen_ms) in latest.items():
        device = devices.get(device_of(name))
        if name not in named and device is not None:
            unit = services.units.name(device.unit)
            found.append(
                WitnessLine(name=device.name, unit=unit, size=size, seen_ms=seen_ms, is_counted=False)
            )
    return found
