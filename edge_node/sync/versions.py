"""Which version of the protocol this PC speaks with its hub, and what that hub can do (PROTOCOL.md §13).

The hub's word comes with an answer or a refusal and is kept until it says something else. It decides how this PC asks, and
nothing else: records and their seals are the same in every version.
"""

from typing import Final

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store.local import read_local, write_local
from edge_node.sync.transport import LineFault
from signing.reasons import Reason
from sync_protocol import reasons
from sync_protocol.versions import BEFORE_RANGES, Versions, is_well_formed, pack_versions, unpack_versions

_HUBS: Final = "sync.versions"


def hubs_versions(db: Database) -> Versions | None:
    """What the hub said last that it speaks; None while it has said nothing."""
    return unpack_versions(bytes.fromhex(read_local(db, _HUBS) or ""))


def keep_hubs_versions(db: Database, versions: Versions | None) -> None:
    """Remember what the hub says that it speaks; nothing where it says nothing of it, or nothing that can be so."""
    if versions is not None and is_well_formed(versions) and versions != hubs_versions(db):
        write_local(db, _HUBS, pack_versions(versions).hex())


def version_for_hub(db: Database, services: Services, *, is_answered: bool = True) -> int:
    """The version in which to ask the hub; `is_answered` false: in a parcel, which it cannot refuse."""
    return services.versions.to_ask_in(hubs_versions(db), is_answered=is_answered)


def hub_can(db: Database, word: str) -> bool:
    """Whether the hub can do this; one that has said nothing is from before it was said, and can do what there was then."""
    return (hubs_versions(db) or BEFORE_RANGES).can(word)


def told_by(fault: LineFault, asked_in: int) -> Versions | None:
    """What a refusal says of the versions that are spoken there; None where it is about something else."""
    if fault.versions is not None:
        return fault.versions
    # Who says nothing is from before it was said; a message of a later version may look to it like no message at all.
    is_refused = fault.reason is reasons.ROUND_VERSION
    return BEFORE_RANGES if is_refused or (fault.reason is reasons.ROUND_FORMAT and asked_in > 1) else None


def common_after(fault: LineFault, services: Services, *, asked_in: int) -> int | None:
    """The version in which to ask a PC of the office network again that refused this one; None where that would not help."""
    told = told_by(fault, asked_in)
    common = None if told is None else services.versions.common(told)
    return None if common is None or common >= asked_in else common


def who_is_behind(ours: Versions, theirs: Versions) -> Reason:
    """Why there is no common version: the reason with the next step for whoever has to update."""
    return reasons.VERSION_NODE_OLD if theirs.lowest > ours.highest else reasons.VERSION_HUB_OLD
