"""Changing one finish date, as the law allows it: a leader re-opens the dossier and the result is issued again, later.

The due date stays what it was, so a dossier that was in time becomes late, and the rate of the whole province changes in
the second decimal of a per cent that nobody could have typed in.
"""

from datetime import date, timedelta

from demo.lives import Desk, Step, steps_of
from demo.plan import LAST_DAY, Plan, PlannedDossier
from dossiers.deadlines import Timeliness
from dossiers.local_time import instant, local_date, to_yyyymmdd
from dossiers.states import Status

_REOPENED_AT = 15 * 60 + 40
_ISSUED_AT = 16 * 60 + 30


def correctable(plan: Plan) -> PlannedDossier:
    """A dossier that was in time, and whose due date lies well before the end of the quarter."""
    limit = LAST_DAY - timedelta(days=14)
    found = (d for each in plan.values() for d in each if _was_in_time_before(d, limit))
    return next(found)


def correction_steps(desk: Desk, dossier: PlannedDossier) -> list[Step]:
    """Re-open on the last day of the quarter, and issue the result again an hour later."""
    subject = steps_of(desk, dossier)[0].dossier
    source = Status.RETURNED if dossier.handed else Status.SOLVED
    reopened, issued = instant(LAST_DAY, _REOPENED_AT), instant(LAST_DAY, _ISSUED_AT)
    result = {"number": "01/ĐC-UBND", "date": to_yyyymmdd(LAST_DAY), "signer": desk.officer_name}
    return [
        Step(
            dossier=subject,
            at_ms=reopened,
            kind="dossier.moved",
            facts={"from": int(source), "to": int(Status.PROCESSING), "action": "correct"},
            content={"ground": "Kết quả ghi sai số tờ, ban hành lại"},
        ),
        Step(
            dossier=subject,
            at_ms=issued,
            kind="dossier.moved",
            facts={"from": int(Status.PROCESSING), "to": int(Status.SOLVED), "action": "finish"},
            content={"result": result},
        ),
    ]


def _was_in_time_before(dossier: PlannedDossier, limit: date) -> bool:
    due = dossier.due_at_end
    return due is not None and dossier.timeliness is not Timeliness.LATE and local_date(due) < limit
