"""What each planned dossier's records say, and when: the steps of its life as the desk and the specialist write them.

About six records a dossier: received, paid where a fee is due, assigned where it takes days, forwarded, submitted,
finished with its result, handed over; now and then papers are asked for, a note is left, or it came in online first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any, Final

from demo.cases import Case, make_case
from demo.plan import PlannedDossier
from dossiers.axes import Channel, DeliveryMethod, PaymentMethod
from dossiers.calendar import WorkingCalendar
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.procedures import Catalogue, Procedure
from dossiers.states import Status
from dossiers.time_rules import RuleType
from dossiers.units import Unit

_NOTE_SHARE: Final = 0.06
_NOTES: Final = (
    "Đã gọi điện hẹn người nộp đến nhận kết quả.",
    "Người nộp đề nghị nhận kết quả qua người thân.",
    "Đã đối chiếu với bản chính, khớp.",
    "Thông tin khớp với cơ sở dữ liệu quốc gia về dân cư.",
    "Chờ đối chiếu sổ lưu năm cũ tại kho lưu trữ.",
)
_MISSING: Final = (
    ("Thiếu giấy tờ chứng minh nơi cư trú", "Giấy xác nhận thông tin về cư trú"),
    ("Tờ khai chưa có chữ ký của người yêu cầu", "Tờ khai theo mẫu, ký và ghi rõ họ tên"),
    ("Văn bản ủy quyền chưa được chứng thực", "Văn bản ủy quyền có chứng thực"),
)
_SUPPLEMENT_DAYS: Final = 10
_RESULT_KINDS: Final = {
    "certification": "CT", "civil_status": "HT", "linked": "HT", "business": "HKD", "social_protection": "LĐTBXH",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One record to be written: who it is about, when, what it says."""

    dossier: str
    at_ms: int
    kind: str
    facts: dict[str, Any]
    content: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The office that writes: one officer there holds every role of the desk."""

    unit: Unit
    officer: str
    officer_name: str
    catalogue: Catalogue
    calendar: WorkingCalendar


def steps_of_unit(desk: Desk, dossiers: Iterable[PlannedDossier]) -> list[Step]:
    """Every step of these dossiers in the order in which they happen."""
    steps = [step for dossier in dossiers for step in steps_of(desk, dossier)]
    return sorted(steps, key=lambda step: step.at_ms)


def steps_of(desk: Desk, dossier: PlannedDossier) -> list[Step]:
    """The steps of one dossier; no two at the same instant."""
    procedure = desk.catalogue.find(dossier.procedure, dossier.version)
    if procedure is None:
        raise ValueError(f"no version {dossier.version} of {dossier.procedure}")
    rng = Random(f"{dossier.key} case")
    case = make_case(rng, procedure, desk.unit, today=local_date(dossier.came))
    return list(_Life(desk, dossier, procedure, case, rng).steps())


class _Life:
    """Writes the steps of one dossier one after the other."""

    def __init__(
        self, desk: Desk, dossier: PlannedDossier, procedure: Procedure, case: Case, rng: Random
    ) -> None:
        self._desk, self._dossier, self._procedure = desk, dossier, procedure
        self._case, self._rng = case, rng
        self._id = Random(f"{dossier.key} id").randbytes(16).hex()
        self._last = dossier.accepted

    def steps(self) -> Iterator[Step]:
        dossier = self._dossier
        yield from self._reception()
        if self._case.fee_due:
            yield self._step(self._after(0.02), "dossier.paid", *self._payment())
        if not self._is_short:
            facts = {"officer": self._desk.officer, "unit": dossier.unit}
            yield self._step(self._after(0.03), "dossier.assigned", facts)
        yield self._move(self._after(0.05), Status.RECEIVED, Status.PROCESSING, "forward")
        if dossier.supplement:
            yield from self._supplement()
        if self._rng.random() < _NOTE_SHARE:
            note = {"note": self._rng.choice(_NOTES)}
            yield self._step(self._after(0.3), "dossier.noted", {}, note)
        yield self._move(self._after(0.6), Status.PROCESSING, Status.PROCESSING, "submit")
        result = {"result": self._result(local_date(dossier.finished))}
        yield self._move(dossier.finished, Status.PROCESSING, Status.SOLVED, "finish", content=result)
        if dossier.handed is not None:
            yield self._hand_over(dossier.handed)

    @property
    def _is_short(self) -> bool:
        rule = self._procedure.rule.applied(verification=self._dossier.longer)
        return rule.type is RuleType.SAME_DAY_CUTOFF

    def _reception(self) -> Iterator[Step]:
        dossier, case = self._dossier, self._case
        is_online = dossier.channel is Channel.ONLINE
        code = self._desk.catalogue.code_pattern.format(
            dossier.unit, local_date(dossier.accepted), dossier.ordinal
        )
        fields = case.fields | {"return_method": "online" if is_online else "desk"}
        facts = {
            "procedure": dossier.procedure,
            "procedure_version": dossier.version,
            "channel": int(dossier.channel),
            "code": None if is_online else code,
            "provisional": None,
            "receiving": dossier.unit,
            "competent": dossier.unit,
            "received": dossier.came,
            "due": None if is_online else dossier.due,
            "rule": self._procedure.rule.applied(verification=dossier.longer).type.value,
            "status": int(Status.NEW if is_online else Status.RECEIVED),
            "sets": self._procedure.sets,
            "fee_due": case.fee_due,
            "fields": sorted(fields),
            "papers": list(case.papers),
        }
        yield self._step(dossier.came, "dossier.received", facts, {"fields": fields})
        if is_online:
            numbered = {"code": code, "provisional": None}
            # One millisecond before the acceptance: both are one action of the officer.
            yield self._step(dossier.accepted - 1, "dossier.numbered", numbered)
            yield self._move(dossier.accepted, Status.NEW, Status.RECEIVED, "receive", due=dossier.due)

    def _payment(self) -> tuple[dict[str, Any], dict[str, Any]]:
        online = self._dossier.channel is Channel.ONLINE
        method = PaymentMethod.ONLINE if online else PaymentMethod.CASH
        if not online and self._rng.random() < 0.35:
            method = PaymentMethod.TRANSFER
        facts = {"amount": self._case.fee_due, "method": int(method), "fee": self._case.fee_code}
        number = f"{self._rng.randrange(1, 10**6):07d}"
        return facts, {"receipt_number": number, "payer": self._case.applicant.name}

    def _supplement(self) -> Iterator[Step]:
        supplement = self._dossier.supplement
        if supplement is None:
            return
        ground, item = self._rng.choice(_MISSING)
        until = self._desk.calendar.add_working_days(supplement.asked, _SUPPLEMENT_DAYS)
        yield self._move(
            supplement.asked, Status.PROCESSING, Status.SUPPLEMENT, "request_supplement",
            content={"ground": ground, "items": [item]},
            frozen=supplement.frozen.to_facts(), deadline=until,
        )  # fmt: skip
        brought, due = supplement.brought, supplement.due
        yield self._move(brought, Status.SUPPLEMENT, Status.PROCESSING, "complete_supplement", due=due)

    def _result(self, day: date) -> dict[str, Any]:
        kind = _RESULT_KINDS.get(self._procedure.field, "VP")
        number = f"{self._rng.randrange(1, 3000)}/UBND-{kind}"
        return {"number": number, "date": to_yyyymmdd(day), "signer": self._desk.officer_name}

    def _hand_over(self, at_ms: int) -> Step:
        if self._dossier.channel is Channel.ONLINE:
            method = int(DeliveryMethod.ONLINE)
            return self._move(at_ms, Status.SOLVED, Status.RETURNED, "return_result", method=method)
        who = {"name": self._case.applicant.name, "id_number": self._case.applicant.id_number}
        return self._move(
            at_ms, Status.SOLVED, Status.RETURNED, "return_result",
            content={"received_by": who}, method=int(DeliveryMethod.DIRECT),
        )  # fmt: skip

    def _move(
        self, at_ms: int, source: Status, target: Status, action: str,
        *, content: dict[str, Any] | None = None, **more: Any,
    ) -> Step:  # fmt: skip
        facts = {"from": int(source), "to": int(target), "action": action, **more}
        return self._step(at_ms, "dossier.moved", facts, content)

    def _step(
        self, at_ms: int, kind: str, facts: dict[str, Any], content: dict[str, Any] | None = None
    ) -> Step:
        self._last = at_ms
        return Step(dossier=self._id, at_ms=at_ms, kind=kind, facts=facts, content=content)

    def _after(self, share: float) -> int:
        """Some working minutes after the last step: that share of the way to the end, which is not reached."""
        calendar, end = self._desk.calendar, self._dossier.finished
        if self._dossier.supplement and self._last < self._dossier.supplement.asked:
            end = self._dossier.supplement.asked
        minutes = int(calendar.minutes_between(self._last, end) * share)
        # At least one second: the steps of a minute keep their order.
        moment = max(calendar.add_minutes(self._last, minutes), self._last + 1000)
        if not calendar.is_working_time(moment):
            moment = calendar.start_of_work(moment) + 1000
        return min(moment, end - 1000)
