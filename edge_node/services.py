"""Everything that comes from outside a decision: clock, randomness, keys, the disk, the line. Made once at start.

Tests replace single members; nothing in the node reads the clock or draws randomness in any other way.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_node.catalogue import References
from edge_node.config import EdgeConfig
from edge_node.keyring import KeyFiles, Keyring, TrustBook
from edge_node.keyring.status import StatusBook
from edge_node.store.space import MIB, Space
from signing.keys import LockCost
from sync_protocol.versions import SPOKEN, Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the node's rooms are given.

    Attributes:
        clock: milliseconds since 1970, as this PC has it.
        monotonic: seconds that never jump, for durations; `pause` waits that long.
        versions: of the protocol, that this PC speaks.
    """

    config: EdgeConfig
    clock: Callable[[], int]
    monotonic: Callable[[], float]
    pause: Callable[[float], None]
    random_bytes: Callable[[int], bytes]
    keyring: Keyring
    trust: TrustBook
    status: StatusBook
    references: References
    space: Space
    versions: Versions = SPOKEN


def build_services(
    config: EdgeConfig,
    *,
    clock: Callable[[], int] | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    lock_cost: LockCost | None = None,
) -> Services:
    """Wire the services of a node; opens nothing and writes nothing."""
    now = clock or wall_clock_ms
    cost = lock_cost or LockCost(
        memory_bytes=config.pin_memory_mb * MIB, operations=LockCost.OFFICE.operations
    )
    keyring = Keyring(
        KeyFiles(config.keys, cost),
        clock=now,
        random_bytes=random_bytes,
        idle_ms=config.idle_lock_minutes * 60_000,
    )
    trust = TrustBook()
    return Services(
        config=config,
        clock=now,
        monotonic=time.monotonic,
        pause=time.sleep,
        random_bytes=random_bytes,
        keyring=keyring,
        trust=trust,
        status=StatusBook(trust),
        references=References(),
        space=Space(config.reserve, size_bytes=config.reserve_mb * MIB),
    )


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000
