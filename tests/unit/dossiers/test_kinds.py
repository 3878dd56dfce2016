"""Facts are closed: codes, numbers, ids and instants only; and the check never raises, whatever arrives."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossiers import reasons
from dossiers.kinds import AUTHORITY, FACT_FIELDS, KINDS, check_body, check_facts, roles_for, shapes_of_facts
from dossiers.lifecycle import MOVES
from dossiers.schemas import Code, Either, ListOf, Members, Shape, Table, compile_check, is_closed
from signing.roles import Role

NO_CODES = ("Nguyễn Thị Lan", "Nguyen Thi Lan", "số 5 Trần Phú", "a@b.vn", "x\n", "", "a b", "0905 123 456")


def _codes(shape: Shape) -> set[str]:
    match shape:
        case Code(pattern=pattern):
            return {pattern}
        case ListOf(item=item):
            return _codes(item)
        case Table(name=name, value=value):
            return _codes(name) | _codes(value)
        case Either(shapes=shapes):
            return set().union(*map(_codes, shapes))
        case Members(always=always, perhaps=perhaps):
            return set().union(*map(_codes, (*always.values(), *perhaps.values())))
        case _:
            return set()


PATTERNS = sorted(set[str]().union(*(_codes(shape) for shape in shapes_of_facts().values())))

RECEIVED: dict[str, Any] = {
    "procedure": "2.000635",
    "procedure_version": 1,
    "channel": 1,
    "code": "H17.20242-261120-0001",
    "provisional": None,
    "receiving": "20242",
    "competent": "20242",
    "received": 1_795_000_000_000,
    "due": 1_795_010_000_000,
    "rule": "same_day",
    "status": 2,
    "sets": 1,
    "fee_due": 8_000,
    "fields": ["applicant.id_number", "applicant.name", "form.copies", "summary"],
    "papers": [{"paper": "giay_to_1", "form": 1, "count": 1, "digitised": False, "reused": False}],
}
RECEIVED_BODY = {
    "fields": {
        "applicant.id_number": "048190001234",
        "applicant.name": "Trần Văn Bình",
        "form.copies": "2",
        "summary": "Bản sao trích lục khai sinh",
    }
}
FILES = [
    {
        "file": "b" * 64, "size": 300_016, "type": "jpeg", "pages": 1, "paper": None, "is_result": False,
        "replaces": {"record": "a" * 64, "file": "c" * 64},
    }
]  # fmt: skip
FILE_KEYS = {"b" * 64: {"name": "can-cuoc.jpg", "key": "d" * 64, "sha256": "e" * 64}}
EXAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("dossier.received", RECEIVED),
    ("dossier.amended", {"fields": ["applicant.phone"], "set": {"channel": 2, "competent": "20200"}}),
    ("dossier.moved", {"from": 2, "to": 4, "action": "start"}),
    (
        "dossier.moved",
        {"from": 4, "to": 5, "action": "ask_supplement", "frozen": {"unit": "minutes", "amount": 90}, "deadline": 5},
    ),
    ("dossier.moved", {"from": 5, "to": 4, "action": "resume", "due": None}),
    ("dossier.assigned", {"officer": "0" * 32, "unit": "20242"}),
    ("dossier.extended", {"due": 2, "previous": 1, "ordinal": 1}),
    ("dossier.paid", {"amount": 8_000, "method": 1, "fee": "le_phi"}),
    ("dossier.paper_added", {"papers": RECEIVED["papers"]}),
    ("dossier.paper_removed", {"record": "a" * 64, "paper": "giay_to_1"}),
    ("dossier.file_added", {"files": FILES}),
    ("dossier.file_removed", {"record": "a" * 64, "file": "b" * 64}),
    ("dossier.noted", {}),
    ("dossier.numbered", {"code": "H17.20242-261120-0002", "provisional": "T-20242-1f"}),
    ("dossier.settled", {"conflict": "a" * 64, "choose": None}),
    ("dossier.referred", {"to": "20257", "deadline": 5}),
    ("dossier.routed", {"leg": "a" * 64, "step": "accepted"}),
    ("dossier.papers_given", {"slip": "3" * 32, "to": "20257", "papers": [{"paper": "giay_to_1", "form": 1, "count": 2}]}),
    ("dossier.papers_taken", {"given": "a" * 64, "missing": [{"paper": "giay_to_1", "form": 1, "count": 1}]}),
    ("foreign.listed", {"unit": "20257", "dossier": "0" * 32, "records": ["a" * 64], "closed": True}),
    ("log.opened", {"device": "1" * 32, "epoch": "2" * 32, "reason": "new", "predecessors": []}),
    (
        "key.stated",
        {
            "key": "a" * 64, "box": None, "roles": ["leader", "specialist"], "unit": "20242", "officer": "0" * 32,
            "device": "1" * 32, "delegated": False, "from_size": 0, "until_size": None,
        },
    ),
    ("erasure.ordered", {"dossier": "0" * 32, "records": ["a" * 64], "ground": "subject_request"}),
    (
        "verdict.given",
        {
            "record": "a" * 64, "log": "1" * 32, "seq": 3, "outcome": "quarantined", "code": "MC_ROLE",
            "retryable": False, "unit": "20242",
        },
    ),
    ("lease.granted", {"unit": "20242", "first": 1, "last": 999, "from": 20261120, "log": "1" * 32}),
    ("catalogue.published", {"version": 1, "effective": 20260101}),
    ("calendar.published", {"version": 1, "first": 20250101, "last": 20271231}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "facts"), EXAMPLES)
def test_well_formed_facts_pass(kind: str, facts: dict[str, Any]) -> None:
    assert check_facts(kind, facts) is None


@pytest.mark.parametrize(("kind", "facts"), EXAMPLES)
def test_every_member_is_needed_and_no_other_is_allowed(kind: str, facts: dict[str, Any]) -> None:
    assert check_facts(kind, {**facts, "stranger": 1}) is reasons.FACTS
    for name in KINDS[kind].facts.always:
        assert check_facts(kind, {key: value for key, value in facts.items() if key != name}) is reasons.FACTS


@pytest.mark.parametrize(("kind", "facts"), EXAMPLES)
@pytest.mark.parametrize("stranger", ["Nguyễn Thị Lan", -1, 10**17, 1.5, [], {}, ["a", 1], [{}], [[]]])
def test_no_member_takes_free_text_or_a_wild_number(
    kind: str, facts: dict[str, Any], stranger: object
) -> None:
    for name in facts:
        if stranger == [] and check_facts(kind, {**facts, name: stranger}) is None:
            assert facts[name] == [] or isinstance(facts[name], list)
        elif stranger == {} and name == "set":
            assert check_facts(kind, {**facts, name: stranger}) is None
        else:
            assert check_facts(kind, {**facts, name: stranger}) is reasons.FACTS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_schema_of_facts_has_no_place_for_free_text(kind: str) -> None:
    assert is_closed(shapes_of_facts()[kind])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_code_is_plain_and_bounded(pattern: str) -> None:
    check = compile_check(Code(pattern=pattern))
    assert not any(map(check, NO_CODES))
    assert not any(check(character * 500) for character in "aA1.-")


@pytest.mark.parametrize("field", FACT_FIELDS)
def test_a_field_kept_in_facts_is_not_also_one_of_the_body(field: str) -> None:
    assert check_facts("dossier.amended", {"fields": [field], "set": {}}) is reasons.FACTS


@pytest.mark.parametrize(
    "fields", [["summary", "applicant.name"], ["summary", "summary"], ["summary", 1], "summary"]
)
def test_the_fields_set_are_listed_once_and_in_order(fields: object) -> None:
    assert check_facts("dossier.amended", {"fields": fields, "set": {}}) is reasons.FACTS


def test_an_unknown_kind_is_no_error() -> None:
    assert check_facts("dossier.invented_later", {"x": "y"}) is None
    assert check_body("dossier.invented_later", {}, {"x": "y"}) is None
    assert roles_for("dossier.invented_later", {}) == frozenset()


_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=4)
)
_ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.sampled_from(EXAMPLES), st.data())
def test_checking_never_raises(example: tuple[str, dict[str, Any]], data: st.DataObject) -> None:
    kind, facts = example
    broken = {**facts, **{name: data.draw(_ANYTHING) for name in facts if data.draw(st.booleans())}}
    assert check_facts(kind, broken) in (None, reasons.FACTS)
    assert check_facts(kind, data.draw(_ANYTHING)) in (None, reasons.FACTS)
    assert check_body(kind, facts, data.draw(_ANYTHING)) in (None, reasons.BODY)


def test_a_body_carries_exactly_the_fields_that_the_facts_name() -> None:
    assert check_body("dossier.received", RECEIVED, RECEIVED_BODY) is None
    fields = RECEIVED_BODY["fields"]
    assert check_body("dossier.received", RECEIVED, {"fields": {**fields, "owner.name": "X"}}) is reasons.BODY
    assert check_body("dossier.received", RECEIVED, {"fields": {"summary": "x"}}) is reasons.BODY
    assert check_body("dossier.received", RECEIVED, None) is reasons.BODY
    assert check_body("dossier.amended", {"fields": [], "set": {"sets": 2}}, None) is None
    assert check_body("dossier.amended", {"fields": ["summary"], "set": {}}, None) is reasons.BODY


@pytest.mark.parametrize(
    "text", ["Tra\u0302\u0300n", "a\x00b", "a\rb", "x" * 4_001], ids=["not NFC", "control", "return", "long"]
)
def test_words_are_nfc_bounded_and_free_of_control_characters(text: str) -> None:
    facts = {"fields": ["summary"], "set": {}}
    assert check_body("dossier.amended", facts, {"fields": {"summary": "dòng một\ndòng hai"}}) is None
    assert check_body("dossier.amended", facts, {"fields": {"summary": text}}) is reasons.BODY


def test_a_note_needs_words_and_a_settlement_a_ground() -> None:
    assert check_body("dossier.noted", {}, {"note": "Đã gọi điện"}) is None
    assert check_body("dossier.noted", {}, {"note": ""}) is reasons.BODY
    settled = {"conflict": "a" * 64, "choose": None}
    assert check_body("dossier.settled", settled, {"ground": "Theo CCCD", "fields": {"summary": "x"}}) is None
    assert check_body("dossier.settled", settled, {"fields": {"summary": "x"}}) is reasons.BODY


def test_a_supplement_request_lists_papers_or_plain_lines() -> None:
    facts = {"from": 4, "to": 5, "action": "request_supplement"}
    items = ["Bản chính CCCD", {"name": "Giấy chứng sinh", "form": 1, "count": 1, "reason": "Thiếu dấu"}]
    assert check_body("dossier.moved", facts, {"ground": "Thiếu giấy tờ", "items": items}) is None
    assert check_body("dossier.moved", facts, {"items": [{"form": 1}]}) is reasons.BODY


def test_a_move_may_be_signed_by_the_roles_its_own_row_names() -> None:
    for move in MOVES:
        facts = {"from": int(move.source), "to": int(move.target), "action": move.action}
        assert check_facts("dossier.moved", facts) is None
        assert roles_for("dossier.moved", facts) == move.roles
        assert move.roles <= AUTHORITY["dossier.moved"]
    assert roles_for("dossier.moved", {"from": 10, "to": 1, "action": "invented"}) == frozenset()


def test_a_device_key_takes_no_decision() -> None:
    assert {kind for kind, roles in AUTHORITY.items() if Role.DEVICE in roles} == {
        "log.opened",
        "dossier.numbered",
    }


def test_every_kind_can_be_signed_by_somebody_and_has_names() -> None:
    for kind in KINDS.values():
        assert kind.roles
        assert kind.vi
        assert kind.en


@pytest.mark.parametrize("member", ["sha256", "digest", "content", "key", "name"])
def test_the_facts_of_a_file_have_no_place_for_a_digest_of_its_content(member: str) -> None:
    """Whoever holds the same paper could tell it by its digest; the id is the ciphertext's, under a random key."""
    assert check_facts("dossier.file_added", {"files": FILES}) is None
    for facts in (
        {"files": [{**FILES[0], member: "e" * 64}]},
        {"files": FILES, member: "e" * 64},
    ):
        assert check_facts("dossier.file_added", facts) is reasons.FACTS


def test_the_body_holds_the_key_of_exactly_the_files_stated() -> None:
    facts = {"files": FILES}
    other = {"f" * 64: FILE_KEYS["b" * 64]}
    assert check_body("dossier.file_added", facts, {"files": FILE_KEYS}) is None
    for files in ({}, other, {**FILE_KEYS, **other}):
        assert check_body("dossier.file_added", facts, {"files": files}) is reasons.BODY
    assert check_body("dossier.file_added", facts, None) is reasons.BODY
