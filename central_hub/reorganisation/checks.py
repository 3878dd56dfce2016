"""Whether a plan, or a later allotment, can be signed as it is; and who may sign it.

Only an administrator of the province may, by the trust bundle in force (`dossiers.kinds`): neither the hub by itself nor
a key authority, a statistician or an auditor.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from central_hub import reasons
from central_hub.reorganisation.plan import (
    Allotted,
    Cause,
    ReorganisationPlan,
    ReorganisationRefused,
    targets,
)
from central_hub.services import Services
from central_hub.store.bulk import chunks
from central_hub.store.tables import DEVICE, DOSSIER
from dossiers.genealogy import ALLOTTED, REORGANISED, Genealogy
from dossiers.kinds import check_body, check_facts
from dossiers.local_time import local_date, to_yyyymmdd
from signing.errors import NotEntitled
from signing.roles import Role
from signing.signatures import Signer


def check_plan(connection: Connection, services: Services, plan: ReorganisationPlan) -> None:
    """Raise ReorganisationRefused unless the plan can be signed as it is."""
    if check_facts(REORGANISED, plan.facts) or check_body(REORGANISED, plan.facts, plan.content):
        raise ReorganisationRefused(Cause.FORM)
    genealogy = services.genealogy.current(connection)
    day = max(plan.effective, today_of(services))
    ended, units = genealogy.ended_at(day), services.units
    if len(set(plan.old_units)) != len(plan.old_units):
        raise ReorganisationRefused(Cause.TWICE)
    for code in plan.old_units:
        if code == services.province or units.find(code) is None or code in ended:
            raise ReorganisationRefused(Cause.NO_UNIT, code)
    for code in plan.successors:
        is_known = units.find(code) is not None and (code not in ended or code in plan.old_units)
        if code == services.province or not (is_known or code in plan.names):
            raise ReorganisationRefused(Cause.NAME_NEEDED, code)
    _check_devices(connection, plan)
    for each in plan.allotted:
        _check_allotted(connection, plan, each)
    if not plan.allotted and not any(_moves(change) or plan.names for change in plan.changes):
        raise ReorganisationRefused(Cause.NOTHING)


def check_allotment(connection: Connection, services: Services, found: Allotted) -> None:
    """Raise ReorganisationRefused unless these dossiers, which their unit keeps now, can go to the other unit."""
    genealogy = services.genealogy.current(connection)
    if found.old == found.new or not are_kin(genealogy, found.old, found.new):
        raise ReorganisationRefused(Cause.NOT_KIN, f"{found.old}, {found.new}")
    if found.new in genealogy.ended_at(today_of(services)):
        raise ReorganisationRefused(Cause.NO_UNIT, found.new)
    if not found.dossiers:
        raise ReorganisationRefused(Cause.NOTHING)
    _check_kept(connection, found)


def check_entitled(connection: Connection, services: Services, signer: Signer) -> None:
    """Raise ReorganisationRefused unless this key may sign both kinds of records for the province."""
    trust = services.trust.current(connection)
    try:
        for kind in (REORGANISED, ALLOTTED):
            trust.require(signer.public.id, kind=kind, unit=services.province)
    except NotEntitled as error:
        # Either no administrator signs, or the trust bundle in force is older than these kinds: the roots say who may.
        raise ReorganisationRefused(Cause.NOT_ENTITLED, error.detail, reasons.ROLE) from error


def bundle_names_signers(services: Services) -> bool:
    """Whether the trust bundle in force lets administrators sign these kinds; an older one needs a root ceremony."""
    authority = services.keys.bundle.authority
    return all(Role.ADMINISTRATOR in authority.get(kind, frozenset()) for kind in (REORGANISED, ALLOTTED))


def are_kin(genealogy: Genealogy, one: str, other: str) -> bool:
    """Whether two units took over from a common one, or one from the other."""
    return bool(genealogy.scope(one) & genealogy.scope(other)) or genealogy.is_of_one_line(one, other)


def today_of(services: Services) -> int:
    """Today (yyyymmdd), by the hub's clock."""
    return to_yyyymmdd(local_date(services.clock()))


def _moves(change: Mapping[str, Any]) -> bool:
    return any(unit != change["from"] for unit in targets(change))


def _check_devices(connection: Connection, plan: ReorganisationPlan) -> None:
    units = {row.id: row.unit for row in connection.execute(select(DEVICE.c.id, DEVICE.c.unit))}
    for change in plan.changes:
        for each in change["devices"]:
            if units.get(each["device"]) != change["from"]:
                raise ReorganisationRefused(Cause.NO_PC, each["device"])


def _check_allotted(connection: Connection, plan: ReorganisationPlan, each: Allotted) -> None:
    if each.old not in plan.old_units or each.new == each.old:
        raise ReorganisationRefused(Cause.NOT_IN_PLAN, each.old)
    _check_kept(connection, each)


def _check_kept(connection: Connection, each: Allotted) -> None:
    keepers = _keepers(connection, each.dossiers)
    wrong = next((dossier for dossier in each.dossiers if keepers.get(dossier) != each.old), None)
    if wrong is not None:
        raise ReorganisationRefused(Cause.NOT_KEPT, f"{wrong}: {each.old}")


def _keepers(connection: Connection, dossiers: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in chunks(bytes.fromhex(dossier) for dossier in dossiers):
        query = select(DOSSIER.c.id, DOSSIER.c.keeper).where(DOSSIER.c.id.in_(part))
        found |= {row.id.hex(): row.keeper for row in connection.execute(query)}
    return found
