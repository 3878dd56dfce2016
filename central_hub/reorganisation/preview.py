"""What a plan will touch, before anybody signs: per old and new unit, and what somebody should look at first.

Dossiers are counted by who keeps them now; after the signature the judge puts each where this says, because both read the
same rule: the successor of the PC that received it, else the unit's, unless it is listed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Connection, func, or_, select

from central_hub.reorganisation.checks import bundle_names_signers, check_plan, today_of
from central_hub.reorganisation.plan import ReorganisationPlan, targets
from central_hub.services import Services
from central_hub.store.bulk import chunks
from central_hub.store.record_log import HubLogStore, prefix
from central_hub.store.tables import COPY, DEVICE, DOSSIER, ENROLMENT, KEY, LEG, LOG, PLACE, STANDING
from central_hub.sync.fleet import DeviceState, list_devices
from dossiers.genealogy import Reorganisation
from dossiers.text import fold_text
from signing.roles import Role


class Look(StrEnum):
    """What somebody should look at before the signature; words are in `words`."""

    CEREMONY = "ceremony"
    NO_PC = "no_pc"
    NAME_TAKEN = "name_taken"
    CODE_USED = "code_used"
    PENDING = "pending"
    PAST = "past"
    SILENT = "silent"
    UNSENT = "unsent"
    COPIES = "copies"
    WAITING = "waiting"
    LEGS = "legs"
    CODES = "codes"


STOPS = (Look.CEREMONY,)
"""What makes signing useless."""
WARNS = (Look.NO_PC, Look.NAME_TAKEN, Look.CODE_USED, Look.PENDING, Look.PAST, Look.COPIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing to look at; `units` are codes, `count` what there is of it."""

    look: Look
    count: int = 0
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What of one old unit goes to one unit. PCs and officers of a unit that stays itself stay, too."""

    old: str
    old_name: str
    new: str
    new_name: str
    open_dossiers: int
    ended_dossiers: int
    devices: tuple[str, ...]
    officers: int

    @property
    def dossiers(self) -> int:
        return self.open_dossiers + self.ended_dossiers


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a plan will touch."""

    plan: ReorganisationPlan
    shares: tuple[Share, ...]
    remarks: tuple[Remark, ...]

    @property
    def allotted(self) -> int:
        """Dossiers that are listed by themselves."""
        return sum(len(each.dossiers) for each in self.plan.allotted)

    @property
    def open_dossiers(self) -> int:
        return sum(share.open_dossiers for share in self.shares)

    @property
    def ended_dossiers(self) -> int:
        return sum(share.ended_dossiers for share in self.shares)

    @property
    def devices(self) -> int:
        return sum(len(share.devices) for share in self.shares)

    @property
    def officers(self) -> int:
        return sum(share.officers for share in self.shares)

    @property
    def can_be_signed(self) -> bool:
        return all(remark.look not in STOPS for remark in self.remarks)


@dataclass(slots=True)
class _Counted:
    open_dossiers: int = 0
    ended_dossiers: int = 0
    devices: list[str] = field(default_factory=list)
    officers: int = 0


def preview(connection: Connection, services: Services, plan: ReorganisationPlan) -> Preview:
    """What the plan will touch; raises ReorganisationRefused."""
    check_plan(connection, services, plan)
    shares = [share for change in plan.changes for share in _shares(connection, services, plan, change)]
    return Preview(
        plan=plan, shares=tuple(shares), remarks=tuple(_remarks(connection, services, plan, shares))
    )


def _shares(
    connection: Connection, services: Services, plan: ReorganisationPlan, change: Mapping[str, Any]
) -> Iterable[Share]:
    old, general = change["from"], change["to"]
    found: dict[str, _Counted] = {unit: _Counted() for unit in targets(change)}
    listed = {d: each.new for each in plan.allotted if each.old == old for d in each.dossiers}
    of_device = {each["device"]: each["to"] for each in change["devices"]}
    rows = connection.execute(select(DOSSIER.c.id, DOSSIER.c.finished_day).where(DOSSIER.c.keeper == old))
    is_open = {row.id.hex(): row.finished_day is None for row in rows}
    received = receiving_devices(connection, services, is_open) if of_device else {}
    for dossier, open_now in is_open.items():
        unit = listed.get(dossier) or of_device.get(received.get(dossier, ""), general)
        counted = found.setdefault(unit, _Counted())
        counted.open_dossiers += open_now
        counted.ended_dossiers += not open_now
    for row in connection.execute(
        select(DEVICE.c.id, DEVICE.c.name).where(DEVICE.c.unit == old).order_by(DEVICE.c.name)
    ):
        found[of_device.get(row.id, general)].devices.append(row.name)
    for device, officers in _officers(connection, old).items():
        found[of_device.get(device, general)].officers += officers
    for unit, counted in found.items():
        yield Share(
            old=old,
            old_name=services.units.name(old),
            new=unit,
            new_name=plan.names.get(unit) or services.units.name(unit),
            open_dossiers=counted.open_dossiers,
            ended_dossiers=counted.ended_dossiers,
            devices=tuple(counted.devices),
            officers=counted.officers,
        )


def receiving_devices(connection: Connection, services: Services, dossiers: Iterable[str]) -> dict[str, str]:
    """The PC that received each dossier. Read from records only where several logs tell of it."""
    device_of = {row.no: row.device for row in connection.execute(select(LOG.c.no, LOG.c.device))}
    by_prefix = {prefix(dossier): dossier for dossier in dossiers}
    found: dict[str, str] = {}
    unclear: list[str] = []
    for part in chunks(by_prefix):
        logs = select(PLACE.c.dossier_prefix, func.min(PLACE.c.log_no), func.max(PLACE.c.log_no))
        query = logs.where(PLACE.c.dossier_prefix.in_(part)).group_by(PLACE.c.dossier_prefix)
        for key, first, last in connection.execute(query):
            if first == last:
                found[by_prefix[key]] = device_of[first]
            else:
                unclear.append(by_prefix[key])
    store = HubLogStore(connection, services.opened)
    device_by_log = {row.id: row.device for row in connection.execute(select(LOG.c.id, LOG.c.device))}
    for dossier, records in store.records_of_dossiers(unclear).items():
        of = next((r.header.log for r in records if r.header.kind == "dossier.received"), None)
        if of is not None:
            found[dossier] = device_by_log.get(of, "")
    return found


def _officers(connection: Connection, unit: str) -> Counter[str]:
    """Officers of a unit by the PC at which they work; one who works at several counts at each."""
    rows = connection.execute(select(KEY.c.facts, KEY.c.roles).where(KEY.c.unit == unit))
    seats = set()
    for row in rows:
        facts = _facts(row.facts)
        if facts["officer"] and Role.DEVICE.value not in row.roles.split():
            seats.add((facts["device"] or "", facts["officer"]))
    return Counter(device for device, _officer in seats)


def _remarks(
    connection: Connection, services: Services, plan: ReorganisationPlan, shares: list[Share]
) -> Iterable[Remark]:
    old, now_ms = plan.old_units, services.clock()
    fleet = list_devices(connection, now_ms=now_ms, silent_ms=services.config.silent_after_ms)
    touched = [device for device in fleet if device.unit in old]
    without = tuple(_without_pc(plan, shares, fleet))
    silent = [device for device in touched if device.is_silent]
    genealogy, today = services.genealogy.current(connection), today_of(services)
    coming = {
        unit for event in genealogy.reorganisations if event.effective > today for unit in _named(event)
    }
    known = {fold_text(unit.name): unit.code for unit in services.units.offices}
    taken = tuple(c for c, name in plan.names.items() if known.get(fold_text(name), c) not in (c, *old))
    ended = genealogy.ended_at(max(plan.effective, today))
    counts = {
        Look.CEREMONY: int(not bundle_names_signers(services)),
        Look.NO_PC: len(without),
        Look.NAME_TAKEN: len(taken),
        Look.CODE_USED: sum(unit in ended and unit not in old for unit in plan.successors),
        Look.PENDING: len(coming & {*old, *plan.successors}),
        Look.PAST: int(plan.effective <= today),
        Look.SILENT: len(silent),
        Look.UNSENT: sum(device.unsent for device in touched),
        Look.COPIES: _count(connection, COPY.c.life, COPY.c.commune.in_(old), COPY.c.reviewed_by.is_(None)),
        Look.WAITING: _count(connection, STANDING.c.seq, STANDING.c.commune.in_(old)),
        Look.LEGS: _count(
            connection, LEG.c.record, LEG.c.is_open == 1, or_(LEG.c.unit.in_(old), LEG.c.sender.in_(old))
        ),
        Look.CODES: _count(
            connection,
            ENROLMENT.c.no,
            ENROLMENT.c.unit.in_(old),
            ENROLMENT.c.used_ms.is_(None),
            ENROLMENT.c.expires_ms > now_ms,
        ),
    }
    units = {
        Look.NO_PC: without,
        Look.NAME_TAKEN: taken,
        Look.PENDING: tuple(sorted(coming & {*old, *plan.successors})),
    }
    return [
        Remark(look=look, count=count, units=units.get(look, ())) for look, count in counts.items() if count
    ]


def _without_pc(plan: ReorganisationPlan, shares: list[Share], fleet: Iterable[DeviceState]) -> Iterable[str]:
    """Units that take dossiers over and will have no PC to show them on."""
    has_pc = {share.new for share in shares if share.devices}
    has_pc |= {device.unit for device in fleet if device.unit not in plan.old_units}
    takes = dict.fromkeys(share.new for share in shares if share.dossiers)
    return (unit for unit in takes if unit not in has_pc)


def _named(event: Reorganisation) -> set[str]:
    return {unit for change in event.changes for unit in (change.old, *change.successors)} | set(event.names)


def _count(connection: Connection, column: Any, *conditions: Any) -> int:
    return int(connection.scalar(select(func.count(column)).where(*conditions)) or 0)


def _facts(text: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(text)
    return found
