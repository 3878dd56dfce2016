"""Say how communes are re-organised: sign a checked plan, or give single dossiers to another unit later.

One plan becomes one `unit.reorganised` record and, where single dossiers go to another successor, `unit.allotted` records
beside it, all in one transaction and by the key of the officer who answers for it. Nothing else has to be done here: the
judge re-homes the dossiers, nodes follow by themselves, and late work under an old unit is taken as it comes.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection

from central_hub.accounts.service import Account
from central_hub.accounts.signer import ensure_stated
from central_hub.events import note_event
from central_hub.journal.service import Draft, write
from central_hub.reorganisation.checks import check_allotment, check_entitled, check_plan, today_of
from central_hub.reorganisation.plan import Allotted, ReorganisationPlan
from central_hub.services import Services
from dossiers.genealogy import ALLOTTED, REORGANISED
from dossiers.kinds import ALLOTTED_MAX
from signing.signatures import Signer
from sync_protocol.record import Record

ACTION: Final = "units.reorganised"
ALLOTTED_ACTION: Final = "units.allotted"


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
    check_entitled(connection, services, signer)
    drafts = [Draft(kind=REORGANISED, facts=plan.facts, content=plan.content, signer=signer)]
    for each in plan.allotted:
        drafts += _allotments(each, plan.effective, signer)
    records = write(connection, services, commune=services.province, drafts=drafts)
    said = next(record for record in records if record.header.kind == REORGANISED)
    subject = f"{'+'.join(plan.old_units)} → {'+'.join(plan.successors)} {plan.effective}"
    note_event(connection, at_ms=services.clock(), actor=account.login, action=ACTION, subject=subject[:200])
    return said


def allot(
    connection: Connection,
    services: Services,
    found: Allotted,
    *,
    account: Account,
    signer: Signer,
    ground: str = "",
) -> tuple[Record, ...]:
    """Give single dossiers that a unit keeps to another of its line, from today on. Raises ReorganisationRefused, and
    nothing is signed then.

    Args:
        ground: why, in words; it stands in the signed records' bodies.
    """
    check_allotment(connection, services, found)
    ensure_stated(connection, services, account, signer)
    check_entitled(connection, services, signer)
    drafts = _allotments(found, today_of(services), signer, {"ground": ground} if ground else None)
    records = write(connection, services, commune=services.province, drafts=drafts)
    note_event(
        connection,
        at_ms=services.clock(),
        actor=account.login,
        action=ALLOTTED_ACTION,
        subject=f"{found.old} → {found.new} {len(found.dossiers)}",
    )
    return tuple(record for record in records if record.header.kind == ALLOTTED)


def _allotments(
    each: Allotted, effective: int, signer: Signer, content: dict[str, Any] | None = None
) -> list[Draft]:
    return [
        Draft(
            kind=ALLOTTED,
            facts={"from": each.old, "to": each.new, "effective": effective, "dossiers": part},
            content=content,
            signer=signer,
        )
        for part in _parts(each.dossiers)
    ]


def _parts(dossiers: Iterable[str]) -> list[list[str]]:
    listed = sorted(set(dossiers))
    return [listed[start : start + ALLOTTED_MAX] for start in range(0, len(listed), ALLOTTED_MAX)]
