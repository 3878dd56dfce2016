"""Verifying for others: with this hub's own, current knowledge of keys, and not more often than the hub can bear.

Nothing that was sent is stored or logged; counted is only how often an address asked.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from central_hub.registry.status import tree_size
from central_hub.registry.throttle import count_failure, is_throttled
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from signing.report import Report
from signing.snapshot import Snapshot
from signing.verification import VerifyPolicy, verify

VISITOR_ASKS_MAX: Final = 120
"""Of one address without a key, in this quarter of an hour and the one before."""
AGENCY_ASKS_MAX: Final = 6_000
"""Of one agency's key, in the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: an agency by the name of its key, else an address."""

    subject: str
    allowed: int

    @classmethod
    def visitor(cls, address: str) -> "Asker":
        return cls(subject=f"verify {address}", allowed=VISITOR_ASKS_MAX)

    @classmethod
    def agency(cls, label: str) -> "Asker":
        return cls(subject=f"verify key {label}", allowed=AGENCY_ASKS_MAX)


def may_ask(services: Services, asker: Asker) -> bool:
    """Count one question; False where there were too many."""
    now_ms = services.clock()
    with reading(services.engine) as connection:
        if is_throttled(connection, asker.subject, allowed=asker.allowed, now_ms=now_ms):
            return False
    with writing(services.engine) as connection:
        count_failure(connection, asker.subject, now_ms=now_ms)
    return True


def report_on(services: Services, connection: Connection, data: bytes, *, require_log: bool = False) -> Report:  # fmt: skip
    """What this hub finds about a file or the text of a code."""
    return verify(
        data,
        services.keys.bundle,
        services.clock(),
        status=live_status(services, connection),
        policy=VerifyPolicy(require_log=require_log),
    )


def live_status(services: Services, connection: Connection) -> Snapshot:
    """What this hub knows of keys at this moment."""
    status = services.status.current(connection)
    size = max(status.size, tree_size(connection))
    return Snapshot(
        province=services.province, status=replace(status, size=size), root=None, issued=services.clock()
    )
