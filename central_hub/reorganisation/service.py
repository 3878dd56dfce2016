"""Say how communes are re-organised: read and check a plan, show what it will touch, and sign it.

One plan becomes one `unit.reorganised` record and, where single dossiers go to another successor, `unit.allotted` records
beside it, all in one transaction and by the key of the officer who answers for it. Nothing else has to be done here: the
judge re-homes the dossiers, nodes follow by themselves, and late work under an old unit is taken as it comes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from central_hub import reasons
from central_hub.accounts.service import Account
from central_hub.accounts.signer import ensure_stated
from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.registry.holders import list_holders
from central_hub.services import Services
from central_hub.store.tables import DEVICE, DOSSIER
from dossiers.genealogy import ALLOTTED, REORGANISED, Genealogy
from dossiers.kinds import ALLOTTED_MAX, check_body, check_facts
from dossiers.local_time import local_date, to_yyyymmdd
from signing.errors import NotEntitled
from signing.reasons import Reason
from signing.signatures import Signer
from sync_protocol.record import Record

ACTION: Final = "units.reorganised"


class ReorganisationRefused(ValueError):
    """A plan that cannot be signed; the message says what is wrong with it."""

    def __init__(self, detail: str, reason: Reason = reasons.PUBLICATION) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """Dossiers (ids) of a unit that go to another one than the rule says."""

    old: str
    new: str
    dossiers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationPlan:
    """What is to be signed. `names`: by code, of every unit that is new or gets another name; days are yyyymmdd."""

    form: str
    effective: int
    number: str
    date: int
    changes: tuple[Mapping[str, Any], ...]
    names: Mapping[str, str]
    allotted: tuple[Allotted, ...] = ()
    signer: str = ""
    note: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the `unit.reorganised` record."""
        return {"form": self.form, "effective": self.effective, "changes": [dict(c) for c in self.changes]}

    @property
    def content(self) -> dict[str, Any]:
        """Its body."""
        texts = {"signer": self.signer, "note": self.note}
        return {
            "number": self.number,
            "date": self.date,
            "units": dict(self.names),
            **{name: text for name, text in texts.items() if text},
        }

    @property
    def old_units(self) -> tuple[str, ...]:
        """The units that the plan is about."""
        return tuple(change["from"] for change in self.changes)

    @property
    def successors(self) -> tuple[str, ...]:
        """The units that take over."""
        found = [unit for change in self.changes for unit in _targets(change)]
        return tuple(dict.fromkeys((*found, *(each.new for each in self.allotted))))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTouched:
    """What a plan touches in one unit."""

    code: str
    name: str
    successors: tuple[str, ...]
    open_dossiers: int
    ended_dossiers: int
    devices: tuple[str, ...]
    officers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a plan will touch, before anybody signs."""

    plan: ReorganisationPlan
    units: tuple[UnitTouched, ...]
    allotted: int

    @property
    def open_dossiers(self) -> int:
        """Open dossiers of all units that it is about."""
        return sum(unit.open_dossiers for unit in self.units)


def read_plan(connection: Connection, content: Mapping[str, Any]) -> ReorganisationPlan:
    """A plan from its file or form; dossiers may be named by id or by code. Raises ReorganisationRefused."""
    try:
        changes = tuple(
            {"from": str(each["from"]), "to": str(each["to"]), "devices": list(each.get("devices", []))}
            for each in content["changes"]
        )
        plan = ReorganisationPlan(
            form=str(content["form"]),
            effective=int(content["effective"]),
            number=str(content["number"]),
            date=int(content["date"]),
            changes=changes,
            names={str(code): str(name) for code, name in dict(content.get("units", {})).items()},
            allotted=tuple(_allotted(connection, content.get("dossiers", []))),
            signer=str(content.get("signer", "")),
            note=str(content.get("note", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ReorganisationRefused):
            raise
        raise ReorganisationRefused(f"{type(error).__name__}: {error}") from error
    return plan


def check_plan(connection: Connection, services: Services, plan: ReorganisationPlan) -> None:
    """Raise ReorganisationRefused unless the plan can be signed as it is."""
    if check_facts(REORGANISED, plan.facts) or check_body(REORGANISED, plan.facts, plan.content):
        raise ReorganisationRefused("the plan does not follow the form of the record")
    genealogy = services.genealogy.current(connection)
    day = max(plan.effective, to_yyyymmdd(local_date(services.clock())))
    ended, units = genealogy.ended_at(day), services.units
    if len(set(plan.old_units)) != len(plan.old_units):
        raise ReorganisationRefused("a unit is named twice")
    for code in plan.old_units:
        if code == services.province or units.find(code) is None or code in ended:
            raise ReorganisationRefused(f"{code} is no unit of the province now")
    for code in plan.successors:
        is_known = units.find(code) is not None and (code not in ended or code in plan.old_units)
        if code == services.province or not (is_known or code in plan.names):
            raise ReorganisationRefused(f"{code} is new: its name is needed")
    _check_devices(connection, plan)
    for each in plan.allotted:
        _check_allotted(connection, plan, each)
    if not plan.allotted and not any(_moves(change) or plan.names for change in plan.changes):
        raise ReorganisationRefused("nothing would change")


def preview(connection: Connection, services: Services, plan: ReorganisationPlan) -> Preview:
    """What the plan will touch; raises ReorganisationRefused."""
    check_plan(connection, services, plan)
    return Preview(
        plan=plan,
        units=tuple(_touched(connection, services, change) for change in plan.changes),
        allotted=sum(len(each.dossiers) for each in plan.allotted),
    )


def publish_reorganisation(
    connection: Connection,
    services: Services,
    plan: ReorganisationPlan,
    *,
    account: Account,
    signer: Signer,
) -> Record:
    """Sign and publish; raises ReorganisationRefused, and nothing is signed then."""
    check_plan(connection, services, plan)
    ensure_stated(connection, services, account, signer)
    _check_entitled(connection, services, signer)
    drafts = [Draft(kind=REORGANISED, facts=plan.facts, content=plan.content, signer=signer)]
    for each in plan.allotted:
        drafts += [
            Draft(kind=ALLOTTED, facts=_allotment_facts(plan, each, part), signer=signer)
            for part in _parts(each.dossiers)
        ]
    records = write(connection, services, commune=services.province, drafts=drafts)
    said = next(record for record in records if record.header.kind == REORGANISED)
    subject = f"{'+'.join(plan.old_units)} → {'+'.join(plan.successors)} {plan.effective}"
    note_event(connection, at_ms=services.clock(), actor=account.login, action=ACTION, subject=subject[:200])
    return said


def allot(
    connection: Connection,
    services: Services,
    *,
    old: str,
    new: str,
    dossiers: Iterable[str],
    account: Account,
    signer: Signer,
) -> int:
    """Give single dossiers that `old` keeps to `new`, from today on; returns how many. Raises ReorganisationRefused."""
    genealogy = services.genealogy.current(connection)
    if not _are_kin(genealogy, old, new):
        raise ReorganisationRefused(f"{old} and {new} were never re-organised together")
    found = Allotted(old=old, new=new, dossiers=tuple(sorted(set(dossiers))))
    keepers = _keepers(connection, found.dossiers)
    wrong = [dossier for dossier in found.dossiers if keepers.get(dossier) != old]
    if wrong or not found.dossiers:
        raise ReorganisationRefused(f"{old} does not keep {', '.join(wrong[:3]) or 'anything named'}")
    ensure_stated(connection, services, account, signer)
    _check_entitled(connection, services, signer)
    today = to_yyyymmdd(local_date(services.clock()))
    facts = [
        {"from": old, "to": new, "effective": today, "dossiers": list(part)}
        for part in _parts(found.dossiers)
    ]
    drafts = [Draft(kind=ALLOTTED, facts=each, signer=signer) for each in facts]
    write(connection, services, commune=services.province, drafts=drafts)
    note_event(
        connection,
        at_ms=services.clock(),
        actor=account.login,
        action=ACTION,
        subject=f"{old} → {new} {len(found.dossiers)}",
    )
    return len(found.dossiers)


def _are_kin(genealogy: Genealogy, one: str, other: str) -> bool:
    """Whether two units took over from a common one, or one from the other."""
    return bool(genealogy.scope(one) & genealogy.scope(other)) or genealogy.is_of_one_line(one, other)


def _targets(change: Mapping[str, Any]) -> list[str]:
    return [change["to"], *(each["to"] for each in change["devices"])]


def _moves(change: Mapping[str, Any]) -> bool:
    return any(unit != change["from"] for unit in _targets(change))


def _allotment_facts(plan: ReorganisationPlan, each: Allotted, part: list[str]) -> dict[str, Any]:
    return {"from": each.old, "to": each.new, "effective": plan.effective, "dossiers": part}


def _parts(dossiers: Iterable[str]) -> list[list[str]]:
    listed = sorted(set(dossiers))
    return [listed[start : start + ALLOTTED_MAX] for start in range(0, len(listed), ALLOTTED_MAX)]


def _allotted(connection: Connection, content: Iterable[Mapping[str, Any]]) -> Iterable[Allotted]:
    for each in content:
        ids = tuple(sorted({_dossier_id(connection, str(name)) for name in each["dossiers"]}))
        if ids:
            yield Allotted(old=str(each["from"]), new=str(each["to"]), dossiers=ids)


def _dossier_id(connection: Connection, name: str) -> str:
    is_id = len(name) == 32 and set(name) <= set("0123456789abcdef")
    asked = DOSSIER.c.id == bytes.fromhex(name) if is_id else DOSSIER.c.code == name
    found = connection.scalars(select(DOSSIER.c.id).where(asked)).all()
    if len(found) != 1:
        raise ReorganisationRefused(f"no one dossier {name}")
    return bytes(found[0]).hex()


def _check_devices(connection: Connection, plan: ReorganisationPlan) -> None:
    for change in plan.changes:
        units = {row.id: row.unit for row in connection.execute(select(DEVICE.c.id, DEVICE.c.unit))}
        for each in change["devices"]:
            if units.get(each["device"]) != change["from"]:
                raise ReorganisationRefused(f"{each['device']} is no PC of {change['from']}")


def _check_allotted(connection: Connection, plan: ReorganisationPlan, each: Allotted) -> None:
    if each.old not in plan.old_units or each.new == each.old:
        raise ReorganisationRefused(f"{each.old} is not in the plan, or keeps its own")
    keepers = _keepers(connection, each.dossiers)
    wrong = [dossier for dossier in each.dossiers if keepers.get(dossier) != each.old]
    if wrong:
        raise ReorganisationRefused(f"{each.old} does not keep {', '.join(wrong[:3])}")


def _keepers(connection: Connection, dossiers: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in _parts(dossiers):
        ids = [bytes.fromhex(dossier) for dossier in part]
        query = select(DOSSIER.c.id, DOSSIER.c.keeper).where(DOSSIER.c.id.in_(ids))
        found |= {row.id.hex(): row.keeper for row in connection.execute(query)}
    return found


def _check_entitled(connection: Connection, services: Services, signer: Signer) -> None:
    trust = services.trust.current(connection)
    try:
        for kind in (REORGANISED, ALLOTTED):
            trust.require(signer.public.id, kind=kind, unit=services.province)
    except NotEntitled as error:
        # Either no administrator signs, or the trust bundle in force is older than these kinds: the roots say who may.
        raise ReorganisationRefused(error.detail, reasons.ROLE) from error


def _touched(connection: Connection, services: Services, change: Mapping[str, Any]) -> UnitTouched:
    code = change["from"]
    is_open = DOSSIER.c.finished_day.is_(None)
    counted = select(is_open, func.count()).where(DOSSIER.c.keeper == code).group_by(is_open)
    numbers = {bool(row[0]): row[1] for row in connection.execute(counted)}
    devices = connection.scalars(select(DEVICE.c.name).where(DEVICE.c.unit == code).order_by(DEVICE.c.name))
    holders = list_holders(connection, unit=code)
    return UnitTouched(
        code=code,
        name=services.units.name(code),
        successors=tuple(dict.fromkeys(_targets(change))),
        open_dossiers=numbers.get(True, 0),
        ended_dossiers=numbers.get(False, 0),
        devices=tuple(devices),
        officers=len({holder.officer for holder in holders if holder.officer}),
    )
