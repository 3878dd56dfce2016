"""Services: what the rooms of the hub need and must not make themselves, wired once per process.

Time and randomness come from here, so tests and the simulation replay exactly.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Engine

from central_hub.config import HubConfig
from central_hub.keys import HubKeys, load_keys
from central_hub.publishing.keeper import CatalogueKeeper
from central_hub.registry.snapshot_keeper import SnapshotKeeper
from central_hub.registry.status import StatusKeeper
from central_hub.registry.trust import TrustKeeper
from central_hub.registry.units import GenealogyKeeper
from central_hub.store.engine import CACHE_KIB, open_engine
from central_hub.store.opened_runs import OPENED_RECORDS, OpenedRuns
from central_hub.tlog.tree import Tree
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.units import Units
from signing.keys import LockCost
from sync_protocol.versions import SPOKEN, Versions


def system_clock_ms() -> int:
    """The wall clock, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class Services:
    """One hub process: settings, database, keys, clock and randomness."""

    config: HubConfig
    engine: Engine
    keys: HubKeys
    clock: Callable[[], int] = system_clock_ms
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    opened: OpenedRuns = field(default_factory=OpenedRuns)
    lock_cost: LockCost = LockCost.OFFICE
    versions: Versions = SPOKEN
    """Of the protocol, that this hub speaks."""

    @cached_property
    def genealogy(self) -> GenealogyKeeper:
        return GenealogyKeeper()

    @property
    def units(self) -> Units:
        """The province's units, with the names that they bear today."""
        return self.genealogy.units(to_yyyymmdd(local_date(self.clock())))

    @cached_property
    def catalogue(self) -> CatalogueKeeper:
        return CatalogueKeeper()

    @cached_property
    def trust(self) -> TrustKeeper:
        return TrustKeeper(self.keys.bundle, self.genealogy)

    @cached_property
    def status(self) -> StatusKeeper:
        return StatusKeeper(self.keys.bundle)

    @cached_property
    def snapshots(self) -> SnapshotKeeper:
        return SnapshotKeeper()

    @cached_property
    def tree(self) -> Tree | None:
        """The province's log; None at a hub whose roots have not named one."""
        policy, key = self.keys.bundle.policy, self.keys.log
        if policy is None or key is None:
            return None
        named = next((log for log in policy.logs if log.key == key.public), None)
        return None if named is None else Tree(self.config.tree, named)

    @property
    def province(self) -> str:
        return self.keys.bundle.province


def open_services(
    config: HubConfig,
    *,
    lock_cost: LockCost = LockCost.OFFICE,
    cache_kib: int = CACHE_KIB,
    opened_records: int = OPENED_RECORDS,
) -> Services:
    """The services of an initialised data folder; FileNotFoundError where there is none.

    Args:
        cache_kib: pages that each connection to the database keeps.
        opened_records: how many records are kept opened, for whoever asks for them again.
    """
    keys = load_keys(config.keys)
    engine = open_engine(config.database_url, cache_kib=cache_kib)
    opened = OpenedRuns(records_max=opened_records)
    return Services(config=config, engine=engine, keys=keys, lock_cost=lock_cost, opened=opened)
