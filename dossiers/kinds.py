"""Every kind of record: what its facts and its body may hold, and whose roles may sign it.

The facts of a kind are a closed schema of codes, numbers, ids and instants, so that a header never says anything
about a person; what is personal is in the body (design §4). A kind that is not listed here is no error: its records
are stored and forwarded untouched by this version. Entitlement to a single move of the life cycle is finer than the
kind's roles: see `roles_for`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from dossiers import reasons
from dossiers.erasures import GROUNDS
from dossiers.erasures import RECORDS_MAX as ERASED_RECORDS_MAX
from dossiers.files import FILE_TYPES
from dossiers.genealogy import ALLOTTED, REORGANISED
from dossiers.legs import LEG_ROLES, LegStep
from dossiers.lifecycle import MOVES
from dossiers.schemas import (
    INSTANT_MS_MAX,
    Anything,
    Check,
    Choice,
    Code,
    Date,
    Either,
    Flag,
    Hex,
    ListOf,
    Members,
    Shape,
    Table,
    Text,
    Whole,
    compile_check,
    members,
)
from signing.cuts import LOGS_MAX, Cause
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol.erasure import ERASURE_KIND
from sync_protocol.limits import FILE_SIZE_BYTES_MAX

FIELDS_MAX: Final = 64
PAPERS_MAX: Final = 64
REVIEWED_MAX: Final = 128
CHANGES_MAX: Final = 64
"""Units that one re-organisation may concern, and PCs of each that may be named."""
ALLOTTED_MAX: Final = 128
"""Dossiers that one record may allot."""
FILES_MAX: Final = 16
"""Files that one record may add."""
LISTED_MAX: Final = 128
"""Records that one list of foreign records may name."""
FACT_FIELDS: Final = ("channel", "competent", "fee_due", "sets")
"""Fields whose values are not personal: they stand in the facts themselves (`dossier.amended`, `set`)."""
FORMS: Final = frozenset({"merge", "split", "move", "rename"})
"""The forms of a re-organisation, for people; what follows is in the changes alone."""
_RESERVED: Final = (*FACT_FIELDS, "due")

ID: Final = Hex(digits=64)
RANDOM_ID: Final = Hex(digits=32)
UNIT: Final = Code(pattern=r"[0-9]{2,5}")
FIELD: Final = Code(
    pattern=rf"(?!(?:{'|'.join(_RESERVED)})\Z)[a-z][a-z0-9_]{{0,39}}(?:\.[a-z0-9_]{{1,40}}){{0,2}}"
)
PROCEDURE: Final = Code(pattern=r"[0-9A-Z]{1,8}(?:\.[0-9A-Z]{1,8}){1,8}")
DOSSIER_CODE: Final = Code(pattern=r"[0-9A-Za-z](?:[0-9A-Za-z.-]{2,46})[0-9A-Za-z]", distinct=True)
PAPER_CODE: Final = Code(pattern=r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,38}[0-9A-Za-z])?")
WORD: Final = Code(pattern=r"[a-z](?:[a-z0-9_]{0,38}[a-z0-9])?")
REASON_CODE: Final = Code(pattern=r"[A-Z](?:[A-Z0-9_]{0,38}[A-Z0-9])?")
INSTANT: Final = Whole(least=0, most=INSTANT_MS_MAX)
COUNT: Final = Whole(least=0, most=2**53 - 1)
MONEY: Final = Whole(least=0, most=10**12)
STATUS: Final = Whole(least=1, most=10)
CHANNEL: Final = Whole(least=1, most=3)
SETS: Final = Whole(least=1, most=999)

_PAPER: Final = members(
    {
        "paper": PAPER_CODE,
        "form": Whole(least=1, most=3),
        "count": Whole(least=0, most=9_999),
        "digitised": Flag(),
        "reused": Flag(),
    }
)
_PAPERS: Final = ListOf(item=_PAPER, most=PAPERS_MAX)
_HANDED: Final = ListOf(
    item=members({"paper": PAPER_CODE, "form": Whole(least=1, most=3), "count": Whole(least=1, most=9_999)}),
    most=PAPERS_MAX,
)
# A file is named by its ciphertext: the id says nothing about the document, however easy that is to guess. Its name, its
# key and the digest of what is in it are in the body, so that erasing the body erases the file.
_FILE: Final = members(
    {
        "file": ID,
        "size": Whole(least=1, most=FILE_SIZE_BYTES_MAX),
        "type": Choice(words=FILE_TYPES),
        "pages": Whole(least=0, most=9_999),
        "paper": PAPER_CODE,
        "is_result": Flag(),
    },
    {"replaces": members({"record": ID, "file": ID})},
    nullable=("paper",),
)
_FILES: Final = ListOf(item=_FILE, least=1, most=FILES_MAX)
_FIELD_CODES: Final = ListOf(item=FIELD, most=FIELDS_MAX, ascending=True)
_FROZEN: Final = members(
    {"unit": Choice(words=frozenset({"minutes", "days"})), "amount": Whole(least=-(10**7), most=10**7)}
)
_SET: Final = members(perhaps={"channel": CHANNEL, "competent": UNIT, "fee_due": MONEY, "sets": SETS})
_CHANGES: Final = ListOf(
    item=members(
        {
            "from": UNIT,
            "to": UNIT,
            "devices": ListOf(item=members({"device": RANDOM_ID, "to": UNIT}), most=CHANGES_MAX),
        }
    ),
    least=1,
    most=CHANGES_MAX,
)
_POSITION: Final = members({"log": RANDOM_ID, "length": COUNT, "head": ID})

_LINE: Final = Text(most=500)
_WORDS: Final = Text(most=8_000)
_FIELD_VALUES: Final = Table(name=FIELD, value=Text(most=4_000), most=FIELDS_MAX)
_ASKED_PAPER: Final = members(
    {"name": _LINE},
    {
        "paper": PAPER_CODE,
        "form": Whole(least=1, most=3),
        "count": Whole(least=0, most=9_999),
        "reason": _WORDS,
    },
)
_RESULT: Final = members(
    perhaps={"number": _LINE, "date": Either(shapes=(Date(), _LINE)), "signer": _LINE, "kind": _LINE}
)

_FILE_KEYS: Final = Table(
    name=Code(pattern=r"[0-9a-f]{64}"),
    value=members({"name": Text(least=1, most=200), "key": ID, "sha256": ID}),
    most=FILES_MAX,
)

_DESK: Final = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})
_OFFICE: Final = _DESK | {Role.LEADER, Role.CLERK}
_PROVINCE: Final = frozenset({Role.HUB, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a kind of record may say, and whose roles may say it."""

    code: str
    vi: str
    en: str
    facts: Members
    body: Members | Anything | None
    body_needed: bool
    roles: frozenset[Role]
    facts_ok: Check
    body_ok: Check


def _kind(
    code: str,
    vi: str,
    en: str,
    *,
    facts: Members,
    roles: frozenset[Role],
    body: Members | Anything | None = None,
    body_needed: bool = False,
) -> Kind:
    body_ok: Check = compile_check(body) if body is not None else (lambda value: False)
    return Kind(
        code=code,
        vi=vi,
        en=en,
        facts=facts,
        body=body,
        body_needed=body_needed,
        roles=roles,
        facts_ok=compile_check(facts),
        body_ok=body_ok,
    )


_KEY_FACTS: Final = members(
    {
        "key": ID,
        "box": ID,
        "roles": ListOf(item=Choice(words=frozenset(Role)), least=1, most=len(Role), ascending=True),
        "unit": UNIT,
        "officer": RANDOM_ID,
        "device": RANDOM_ID,
        "delegated": Flag(),
        "from_size": COUNT,
        "until_size": COUNT,
    },
    nullable=("box", "officer", "device", "until_size"),
)
_KEY_BODY: Final = members({"name": Text(least=1, most=200)}, {"title": _LINE})
# A device's short statements for paper (`signing.compact`), in hex: not facts, for they name a unit in words.
_STATED_BODY: Final = members(
    {"name": Text(least=1, most=200)}, {"title": _LINE, "compact": Text(most=4_000)}
)

_DOSSIER_KINDS: Final = (
    _kind(
        "dossier.received",
        "Tiếp nhận hồ sơ",
        "Dossier received",
        facts=members(
            {
                "procedure": PROCEDURE,
                "procedure_version": Whole(least=1, most=10**9),
                "channel": CHANNEL,
                "code": DOSSIER_CODE,
                "provisional": DOSSIER_CODE,
                "receiving": UNIT,
                "competent": UNIT,
                "received": INSTANT,
                "due": INSTANT,
                "rule": WORD,
                "status": Whole(least=1, most=2),
                "sets": SETS,
                "fee_due": MONEY,
                "fields": _FIELD_CODES,
                "papers": _PAPERS,
            },
            nullable=("code", "provisional", "due"),
        ),
        body=members({"fields": _FIELD_VALUES}),
        body_needed=True,
        roles=_DESK,
    ),
    _kind(
        "dossier.amended",
        "Sửa, bổ sung thông tin",
        "Dossier amended",
        facts=members({"fields": _FIELD_CODES, "set": _SET}),
        body=members({"fields": _FIELD_VALUES}, {"ground": _WORDS}),
        roles=_DESK | {Role.LEADER},
    ),
    _kind(
        "dossier.moved",
        "Chuyển bước xử lý",
        "Dossier moved",
        facts=members(
            {"from": STATUS, "to": STATUS, "action": WORD},
            {
                "due": INSTANT,
                "frozen": _FROZEN,
                "deadline": INSTANT,
                "officer": RANDOM_ID,
                "unit": UNIT,
                "method": Whole(least=1, most=3),
                "result": Flag(),
            },
            nullable=("due",),
        ),
        body=members(
            perhaps={
                "ground": _WORDS,
                "note": _WORDS,
                "items": ListOf(item=Either(shapes=(_LINE, _ASKED_PAPER)), most=PAPERS_MAX),
                "result": _RESULT,
                "received_by": members(perhaps={"name": _LINE, "id_number": _LINE}),
            }
        ),
        roles=frozenset[Role]().union(*(move.roles for move in MOVES)),
    ),
    _kind(
        "dossier.assigned",
        "Phân công xử lý",
        "Dossier assigned",
        facts=members({"officer": RANDOM_ID, "unit": UNIT}),
        body=members(perhaps={"note": _WORDS}),
        roles=_DESK | {Role.LEADER},
    ),
    _kind(
        "dossier.extended",
        "Xin lỗi và gia hạn",
        "Apology and extension",
        facts=members({"due": INSTANT, "previous": INSTANT, "ordinal": Whole(least=1, most=99)}),
        body=members({"ground": Text(least=1, most=8_000)}, {"note": _WORDS}),
        body_needed=True,
        roles=frozenset({Role.LEADER}),
    ),
    _kind(
        "dossier.paid",
        "Thu phí, lệ phí",
        "Fee paid",
        facts=members({"amount": MONEY, "method": Whole(least=1, most=3), "fee": PAPER_CODE}),
        body=members(perhaps={"receipt_number": _LINE, "payer": _LINE}),
        roles=frozenset({Role.RECEPTIONIST, Role.CLERK}),
    ),
    _kind(
        "dossier.paper_added",
        "Thêm giấy tờ",
        "Papers added",
        facts=members({"papers": ListOf(item=_PAPER, least=1, most=PAPERS_MAX)}),
        body=members(perhaps={"note": _WORDS}),
        roles=_DESK | {Role.CLERK},
    ),
    _kind(
        "dossier.paper_removed",
        "Bỏ giấy tờ",
        "Paper removed",
        facts=members({"record": ID, "paper": PAPER_CODE}),
        body=members(perhaps={"ground": _WORDS}),
        roles=_DESK | {Role.CLERK},
    ),
    _kind(
        "dossier.file_added",
        "Đính kèm tệp",
        "Files attached",
        facts=members({"files": _FILES}),
        body=members({"files": _FILE_KEYS}, {"note": _WORDS}),
        body_needed=True,
        roles=_OFFICE,
    ),
    _kind(
        "dossier.file_removed",
        "Bỏ tệp đính kèm",
        "File removed",
        facts=members({"record": ID, "file": ID}),
        body=members(perhaps={"ground": _WORDS}),
        roles=_OFFICE,
    ),
    _kind(
        "dossier.noted",
        "Ghi chú",
        "Note",
        facts=members(),
        body=members({"note": Text(least=1, most=8_000)}),
        body_needed=True,
        roles=_OFFICE | {Role.UNIT_ADMINISTRATOR},
    ),
    _kind(
        "dossier.numbered",
        "Cấp mã chính thức",
        "Official code given",
        facts=members({"code": DOSSIER_CODE, "provisional": DOSSIER_CODE}, nullable=("provisional",)),
        # Binding the official number to a provisional one decides nothing: the device may do it by itself.
        roles=frozenset({Role.RECEPTIONIST, Role.DEVICE}),
    ),
    _kind(
        "dossier.settled",
        "Thống nhất khác biệt",
        "Difference settled",
        facts=members({"conflict": ID, "choose": ID}, {"set": _SET}, nullable=("choose",)),
        body=members({"ground": Text(least=1, most=8_000)}, {"fields": _FIELD_VALUES}),
        body_needed=True,
        roles=_DESK | {Role.LEADER},
    ),
    # The member is `to`, not `unit`: what is said of another unit is meant for both of them (`audience_of`).
    _kind(
        "dossier.referred",
        "Chuyển lấy ý kiến, phối hợp",
        "Dossier referred",
        facts=members({"to": UNIT}, {"deadline": INSTANT}),
        body=members({"ground": Text(least=1, most=8_000)}),
        body_needed=True,
        roles=_DESK | {Role.LEADER},
    ),
    _kind(
        "dossier.routed",
        "Bước của hồ sơ chuyển đơn vị khác",
        "Step of a routed dossier",
        facts=members({"leg": ID, "step": Choice(words=frozenset(LegStep))}),
        body=members(perhaps={"note": _WORDS}),
        roles=frozenset[Role]().union(*LEG_ROLES.values()),
    ),
    _kind(
        "dossier.papers_given",
        "Giao hồ sơ giấy",
        "Papers handed over",
        facts=members({"slip": RANDOM_ID, "to": UNIT, "papers": _HANDED}),
        body=members(perhaps={"note": _WORDS}),
        roles=_OFFICE,
    ),
    _kind(
        "dossier.papers_taken",
        "Nhận hồ sơ giấy",
        "Papers taken over",
        facts=members({"given": ID, "missing": _HANDED}),
        body=members(perhaps={"note": _WORDS}),
        roles=_OFFICE,
    ),
)

_PROTOCOL_KINDS: Final = (
    _kind(
        "log.opened",
        "Mở nhật ký",
        "Log opened",
        facts=members(
            {
                "device": RANDOM_ID,
                "epoch": RANDOM_ID,
                "reason": WORD,
                "predecessors": ListOf(item=_POSITION, most=64),
            }
        ),
        roles=frozenset({Role.DEVICE, Role.HUB}),
    ),
    _kind(
        "key.stated",
        "Công bố khóa",
        "Key stated",
        facts=_KEY_FACTS,
        body=_STATED_BODY,
        roles=frozenset({Role.REGISTRY, Role.KEY_AUTHORITY, Role.UNIT_ADMINISTRATOR}),
    ),
    _kind(
        "key.requested",
        "Đề nghị cấp khóa",
        "Key requested",
        facts=_KEY_FACTS,
        body=_KEY_BODY,
        roles=frozenset({Role.UNIT_ADMINISTRATOR}),
    ),
    _kind(
        "key.revoked",
        "Thu hồi khóa",
        "Key revoked",
        facts=members(
            {
                "key": RANDOM_ID,
                "unit": UNIT,
                "reason": Choice(words=frozenset(Cause)),
                "size": COUNT,
                "cut": ListOf(item=_POSITION, most=LOGS_MAX),
            }
        ),
        body=members(perhaps={"ground": _WORDS}),
        roles=frozenset({Role.REGISTRY, Role.KEY_AUTHORITY, Role.UNIT_ADMINISTRATOR}),
    ),
    _kind(
        ERASURE_KIND,
        "Quyết định xóa nội dung",
        "Erasure ordered",
        facts=members(
            {
                "dossier": RANDOM_ID,
                "records": ListOf(item=ID, most=ERASED_RECORDS_MAX, ascending=True),
                "ground": Choice(words=frozenset(GROUNDS)),
            }
        ),
        body=members({"number": Text(least=1, most=200), "date": Date()}, {"signer": _LINE, "note": _WORDS}),
        body_needed=True,
        # A decision of the head of the unit, or of the province; never of a device.
        roles=frozenset({Role.LEADER}) | _PROVINCE,
    ),
    _kind(
        "key.reinstated",
        "Mở lại khóa tạm khóa",
        "Suspended key reinstated",
        facts=members({"key": RANDOM_ID, "unit": UNIT}),
        body=members(perhaps={"ground": _WORDS}),
        roles=frozenset({Role.REGISTRY, Role.KEY_AUTHORITY}),
    ),
    _kind(
        "copy.reviewed",
        "Xác nhận bản sao ổ đĩa của một máy",
        "Suspected copy of a PC's disk confirmed or refused",
        facts=members({"device": RANDOM_ID, "life": RANDOM_ID, "stands": Flag(), "unit": UNIT}),
        body=members(perhaps={"ground": _WORDS}),
        roles=frozenset({Role.REGISTRY, Role.KEY_AUTHORITY, Role.ADMINISTRATOR, Role.UNIT_ADMINISTRATOR}),
    ),
    _kind(
        "copy.suspected",
        "Máy bị nghi chạy từ bản sao ổ đĩa",
        "Copy of a PC's disk suspected",
        facts=members(
            {
                "device": RANDOM_ID,
                "life": RANDOM_ID,
                "cause": Choice(words=frozenset({"fork", "two_lives"})),
                "unit": UNIT,
            }
        ),
        roles=frozenset({Role.HUB}),
    ),
    _kind(
        "review.given",
        "Xét duyệt bản ghi sau mốc thu hồi",
        "Review of records after a cut",
        facts=members(
            {"records": ListOf(item=ID, least=1, most=REVIEWED_MAX), "stands": Flag(), "unit": UNIT}
        ),
        body=members(perhaps={"ground": _WORDS}),
        roles=frozenset({Role.REGISTRY, Role.KEY_AUTHORITY}),
    ),
    _kind(
        "log.forked",
        "Nhật ký bị tách nhánh",
        "Log forked",
        facts=members(
            {"log": RANDOM_ID, "first": COUNT, "stop": COUNT, "held": ID, "other": ID, "unit": UNIT}
        ),
        roles=frozenset({Role.HUB}),
    ),
    _kind(
        "verdict.given",
        "Kết luận của tỉnh",
        "Verdict given",
        facts=members(
            {
                "record": ID,
                "log": RANDOM_ID,
                "seq": COUNT,
                "outcome": Choice(words=frozenset({"pending", "applied", "quarantined"})),
                "code": REASON_CODE,
                "retryable": Flag(),
                "unit": UNIT,
            },
            nullable=("code",),
        ),
        roles=frozenset({Role.HUB}),
    ),
    _kind(
        "lease.granted",
        "Cấp dải số hồ sơ",
        "Number lease granted",
        facts=members(
            {
                "unit": UNIT,
                "first": Whole(least=1, most=9_999),
                "last": Whole(least=1, most=9_999),
                "from": Date(),
                "log": RANDOM_ID,
            }
        ),
        roles=_PROVINCE,
    ),
    _kind(
        "foreign.listed",
        "Hồ sơ liên quan từ đơn vị khác",
        "Foreign records listed",
        facts=members(
            perhaps={
                "unit": UNIT,
                "dossier": RANDOM_ID,
                "record": ID,
                "log": RANDOM_ID,
                "seq": COUNT,
                "records": ListOf(item=ID, most=LISTED_MAX),
                "closed": Flag(),
            }
        ),
        roles=frozenset({Role.HUB}),
    ),
    _kind(
        "catalogue.published",
        "Công bố danh mục thủ tục",
        "Catalogue published",
        facts=members({"version": Whole(least=1, most=10**9), "effective": Date()}),
        body=Anything(),
        body_needed=True,
        roles=_PROVINCE,
    ),
    _kind(
        "calendar.published",
        "Công bố lịch làm việc",
        "Calendar published",
        facts=members({"version": Whole(least=1, most=10**9), "first": Date(), "last": Date()}),
        body=Anything(),
        body_needed=True,
        roles=_PROVINCE,
    ),
    _kind(
        REORGANISED,
        "Sắp xếp đơn vị hành chính",
        "Units re-organised",
        facts=members({"form": Choice(words=FORMS), "effective": Date(), "changes": _CHANGES}),
        body=members(
            {
                "number": Text(least=1, most=200),
                "date": Date(),
                "units": Table(name=UNIT, value=Text(least=1, most=200), most=CHANGES_MAX),
            },
            {"signer": _LINE, "note": _WORDS},
        ),
        body_needed=True,
        # A person answers for it with their own key; never the hub by itself.
        roles=frozenset({Role.ADMINISTRATOR}),
    ),
    _kind(
        ALLOTTED,
        "Giao hồ sơ cho đơn vị kế thừa",
        "Dossiers allotted to a successor",
        facts=members(
            {
                "from": UNIT,
                "to": UNIT,
                "effective": Date(),
                "dossiers": ListOf(item=RANDOM_ID, least=1, most=ALLOTTED_MAX, ascending=True),
            }
        ),
        body=members(perhaps={"ground": _WORDS}),
        roles=frozenset({Role.ADMINISTRATOR}),
    ),
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {kind.code: kind for kind in (*_DOSSIER_KINDS, *_PROTOCOL_KINDS)}
)
AUTHORITY: Final[Mapping[str, frozenset[Role]]] = MappingProxyType(
    {kind.code: kind.roles for kind in KINDS.values()}
)

_FACTS_CHECKS: Final = {kind.code: kind.facts_ok for kind in KINDS.values()}
_MOVE_ROLES: Final[Mapping[tuple[Any, Any, Any], frozenset[Role]]] = {
    (move.source, move.target, move.action): move.roles for move in MOVES
}
_LEG_ROLES: Final[Mapping[Any, frozenset[Role]]] = {step.value: roles for step, roles in LEG_ROLES.items()}
_NOBODY: Final = frozenset[Role]()


def check_facts(kind: str, facts: object) -> Reason | None:
    """Why these facts cannot stand in a record of this kind; None when they can, or when the kind is unknown."""
    check = _FACTS_CHECKS.get(kind)
    return None if check is None or check(facts) else reasons.FACTS


def check_body(kind: str, facts: Mapping[str, Any], content: object) -> Reason | None:
    """Why this body (None: the record has none) cannot belong to these, already checked, facts."""
    known = KINDS.get(kind)
    if known is None:
        return None
    if content is None:
        is_needed = known.body_needed or facts.get("fields") or facts.get("step") == LegStep.RETURN
        return reasons.BODY if is_needed else None
    if not known.body_ok(content):
        return reasons.BODY
    if "fields" in facts and not _names_its_fields(facts, content):
        return reasons.BODY
    if "files" in facts and not _has_the_keys(facts, content):
        return reasons.BODY
    return None


def roles_for(kind: str, facts: Mapping[str, Any]) -> frozenset[Role]:
    """Whose roles may sign this very record: for a move of the life cycle, those the table gives that move."""
    if kind == "dossier.moved":
        return _MOVE_ROLES.get((facts.get("from"), facts.get("to"), facts.get("action")), _NOBODY)
    if kind == "dossier.routed":
        return _LEG_ROLES.get(facts.get("step"), _NOBODY)
    return AUTHORITY.get(kind, _NOBODY)


def _names_its_fields(facts: Mapping[str, Any], content: object) -> bool:
    values = content.get("fields", {}) if isinstance(content, dict) else None
    return isinstance(values, dict) and sorted(values) == facts["fields"]


def _has_the_keys(facts: Mapping[str, Any], content: object) -> bool:
    keys = content.get("files", {}) if isinstance(content, dict) else None
    return isinstance(keys, dict) and {each["file"] for each in facts["files"]} == set(keys)


def shapes_of_facts() -> Mapping[str, Shape]:
    """The facts' shape of every kind, for the test that walks them and for the documentation."""
    return {kind.code: kind.facts for kind in KINDS.values()}
