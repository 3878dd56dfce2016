"""Differences that a person must settle: computed from records, never stored as truth.

A conflict's id derives from its kind and the ids of the records on its sides, so every replica that holds the same
records names it alike, and a settlement can name it. Conflicts inside one dossier come from `merge`, those between
dossiers from `duplicates`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from dossiers.pairs import PAIRS as PAIRS
from dossiers.pairs import Outcome as Outcome
from dossiers.pairs import Step as Step
from dossiers.pairs import outcome_of as outcome_of
from signing.roles import Role
from sync_protocol.record import BodyState


class ConflictKind(StrEnum):
    """What two records disagree about."""

    FIELD = "field"
    STATUS = "status"
    DUPLICATE_PAYMENT = "duplicate_payment"
    DUPLICATE_DOSSIER = "duplicate_dossier"
    DUPLICATE_CODE = "duplicate_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One signed version: what it says, who said it, when and on which device's log."""

    record: str
    value: str | int | None
    state: BodyState
    by: str
    at_ms: int
    log: str
    dossier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two or more signed versions of one thing.

    Attributes:
        field: the field's code; `due` for two due dates; None for anything that is not a field.
        sides: by record id, so that every screen shows them in one order.
        provisional: the record whose version stands until a person decides.
        unit: the unit whose officers should settle it.
        is_review: the provisional version has legally happened: settling records what is done about the other one.
        settled_by: the record that settled it; None while it is open.
    """

    id: str
    kind: ConflictKind
    field: str | None
    sides: tuple[Side, ...]
    provisional: str | None
    unit: str | None
    since_ms: int
    is_review: bool = False
    settled_by: str | None = None

    @property
    def side_ids(self) -> tuple[str, ...]:
        return tuple(side.record for side in self.sides)


class Disagreement(Protocol):
    """What is known of a conflict wherever it is listed, also where its sides are not at hand."""

    @property
    def kind(self) -> ConflictKind: ...
    @property
    def field(self) -> str | None: ...
    @property
    def is_review(self) -> bool: ...
    @property
    def since_ms(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The same sentence in both languages."""

    vi: str
    en: str


_SENTENCES: Final = {
    ConflictKind.FIELD: Sentence(
        vi="Hai cán bộ sửa cùng một mục khi chưa thấy bản của nhau.",
        en="Two officers changed the same field without having seen each other's version.",
    ),
    ConflictKind.STATUS: Sentence(
        vi="Hai cán bộ chuyển bước xử lý khác nhau khi chưa thấy thao tác của nhau.",
        en="Two officers took different steps without having seen each other's.",
    ),
    ConflictKind.DUPLICATE_PAYMENT: Sentence(
        vi="Cùng một khoản phí được thu hai lần ở hai nơi khi chưa thấy biên lai của nhau.",
        en="The same fee was collected twice without either receipt having been seen.",
    ),
    ConflictKind.DUPLICATE_DOSSIER: Sentence(
        vi="Hai hồ sơ cùng người nộp, cùng thủ tục, cùng ngày tiếp nhận.",
        en="Two dossiers of the same person for the same procedure on the same day.",
    ),
    ConflictKind.DUPLICATE_CODE: Sentence(
        vi="Một mã hồ sơ được cấp cho hai hồ sơ khác nhau; mã trên cả hai giấy tiếp nhận vẫn tra cứu được.",
        en="One dossier code was given to two dossiers; the code on either slip still finds its dossier.",
    ),
}
_REVIEW: Final = Sentence(
    vi="Kết quả đã được ban hành hoặc trao cho công dân, trong khi một cán bộ khác đã quyết định ngược lại; "
    "kết quả giữ nguyên hiệu lực, cần xem lại quyết định còn lại.",
    en="The result was issued or handed over while another officer decided otherwise; "
    "the result stands and the other decision needs a review.",
)
_DUE: Final = Sentence(
    vi="Hai cán bộ đặt ngày hẹn trả khác nhau khi chưa thấy nhau; tạm giữ ngày sớm hơn, có lợi cho công dân.",
    en="Two officers set different due dates unseen; the earlier one, which favours the citizen, stands for now.",
)
SETTLE_WITHIN_MS: Final = 3 * 24 * 60 * 60 * 1000
_DECIDERS: Final = frozenset({Role.LEADER})
_DESK: Final = frozenset({Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER})
_SETTLERS: Final = {
    ConflictKind.FIELD: _DESK,
    ConflictKind.STATUS: _DECIDERS,
    ConflictKind.DUPLICATE_PAYMENT: frozenset({Role.RECEPTIONIST, Role.LEADER}),
    ConflictKind.DUPLICATE_DOSSIER: _DECIDERS,
    ConflictKind.DUPLICATE_CODE: _DECIDERS,
}


def conflict_id(kind: ConflictKind, field: str | None, records: Iterable[str]) -> str:
    """The id that every replica computes for the same difference."""
    text = "\n".join((kind.value, field or "", *sorted(records)))
    return hashlib.sha256(b"motcua.conflict\0" + text.encode("ascii")).hexdigest()


def as_questions(conflicts: Iterable[Conflict]) -> list[tuple[Conflict, ...]]:
    """What people are asked: differences in fields between the same records are one question, any other is its own."""
    groups: dict[object, list[Conflict]] = {}
    for conflict in conflicts:
        together = conflict.kind is ConflictKind.FIELD and conflict.field != "due"
        key = (conflict.side_ids, conflict.settled_by) if together else conflict.id
        groups.setdefault(key, []).append(conflict)
    return [tuple(group) for group in groups.values()]


def what_happened(conflict: Disagreement) -> Sentence:
    """One sentence for the person who has to decide."""
    if conflict.is_review:
        return _REVIEW
    return _DUE if conflict.field == "due" else _SENTENCES[conflict.kind]


def settlers(conflict: Disagreement) -> frozenset[Role]:
    """Roles of the owning unit that may settle it; a due date is a leader's decision like a step is."""
    return _DECIDERS if conflict.field == "due" else _SETTLERS[conflict.kind]


def settle_by_ms(conflict: Disagreement) -> int:
    """Until when it should be settled: a convention of this house, not a rule of law."""
    return conflict.since_ms + SETTLE_WITHIN_MS


def takes_third_value(conflict: Conflict) -> bool:
    """Whether the person may enter a value that stands on neither side."""
    return conflict.kind is ConflictKind.FIELD and conflict.field != "due"
