"""Two continuations of one device's log: which part differs, what it is called, and how the branches hang together.

Reads only; `service` stores. A log and its branches are a family: the same signed records up to a point, then others.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from central_hub.store.record_log import HeldLog, HubLogStore
from sync_protocol.log import Run, branch_id


@dataclass(frozen=True, slots=True)
class Fork:
    """Records of `log` from `first` on were delivered otherwise, too; that continuation is kept as `branch`."""

    log: str
    first: int
    branch: str


def differing_part(run: Run, seq: int) -> Run:
    """The run from position `seq` on; all of it where it differs from further back."""
    skip = max(0, seq - run.first)
    return replace(run, first=run.first + skip, records=run.records[skip:])


def followed_log(store: HubLogStore, run: Run) -> HeldLog | None:
    """The log or branch that holds the record which the first of `run` follows; None where it is not here."""
    prev = run.records[0].header.prev
    if prev is None:
        return None
    return next((log for log in _family(store, run.origin) if store.link_at(log.id, run.first) == prev), None)


def as_branch(store: HubLogStore, run: Run, followed: HeldLog) -> Run:
    """The run under the id by which it is kept: the branch that it goes on with, or a new one that it begins."""
    if followed.length == run.first and followed.origin is not None:
        return _renamed(run, followed.id)
    name = branch_id(run.origin, run.records[0].link)
    for log in _family(store, run.origin):
        if log.length > run.first and store.link_at(log.id, run.first + 1) == run.records[0].link:
            name = log.id
    return _renamed(run, name)


def lineage(store: HubLogStore, branch: str) -> list[Fork]:
    """How a branch came off its log, from the log downwards."""
    found: list[Fork] = []
    held = store.held(branch)
    while held is not None and held.origin is not None:
        parent = _parent(store, held)
        if parent is None:
            break
        found.insert(0, Fork(parent.id, held.base, held.id))
        held = parent
    return found


def _parent(store: HubLogStore, branch: HeldLog) -> HeldLog | None:
    prev = store.link_at(branch.id, branch.base)
    older = [log for log in _family(store, branch.origin or "") if log.base < branch.base]
    return next((log for log in older if store.link_at(log.id, branch.base) == prev), None)


def _family(store: HubLogStore, origin: str) -> list[HeldLog]:
    log = store.held(origin)
    return [log, *store.branches_of(origin)] if log else []


def _renamed(run: Run, log: str) -> Run:
    return replace(run, log=log, seal=replace(run.seal, log=log) if run.seal else None)
