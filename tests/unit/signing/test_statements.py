"""Key statements: facts there and back, strictly; contradictions refused."""

from typing import Any

import pytest

from signing import reasons
from signing.errors import TrustInvalid
from signing.keys import SigningKey
from signing.statements import KeyStatement
from signing.trust import Role

KEY = SigningKey.from_seed(bytes(32)).public
ISSUER = "aa" * 16
FACTS: dict[str, Any] = {
    "key": KEY.hex,
    "box": "01" * 32,
    "roles": ["leader", "specialist"],
    "unit": "20242",
    "officer": "02" * 16,
    "device": "03" * 16,
    "delegated": False,
    "from_size": 0,
    "until_size": None,
}


def test_facts_there_and_back() -> None:
    statement = KeyStatement.from_facts(FACTS, issuer=ISSUER)
    assert statement.facts() == FACTS
    assert statement == KeyStatement(
        key=KEY,
        box="01" * 32,
        roles=frozenset({Role.LEADER, Role.SPECIALIST}),
        unit="20242",
        officer="02" * 16,
        device="03" * 16,
        issuer=ISSUER,
    )
    bounded = FACTS | {"from_size": 3, "until_size": 9, "delegated": True, "box": None}
    assert KeyStatement.from_facts(bounded, issuer=ISSUER).facts() == bounded


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"key": KEY.hex.upper()},
        {"key": 1},
        {"box": "01" * 31},
        {"box": 1},
        {"roles": "leader"},
        {"roles": ["specialist", "leader"]},
        {"roles": ["leader", "leader"]},
        {"roles": ["mayor"]},
        {"roles": [1]},
        {"roles": [["leader"]]},
        {"unit": "2"},
        {"unit": "202421"},
        {"unit": "20242\n"},
        {"unit": None},
        {"officer": "02" * 15},
        {"device": "AA" * 16},
        {"delegated": 0},
        {"from_size": -1},
        {"from_size": True},
        {"from_size": None},
        {"until_size": "9"},
    ],
)
def test_other_facts_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TrustInvalid) as caught:
        KeyStatement.from_facts(FACTS | change, issuer=ISSUER)
    assert caught.value.reason is reasons.TRUST_STATEMENT


def test_a_missing_fact_is_refused() -> None:
    for name in FACTS:
        with pytest.raises(TrustInvalid):
            KeyStatement.from_facts(
                {key: value for key, value in FACTS.items() if key != name}, issuer=ISSUER
            )


def test_a_key_outside_the_acceptance_rule_is_refused() -> None:
    with pytest.raises(TrustInvalid) as caught:
        KeyStatement.from_facts(FACTS | {"key": "00" * 32}, issuer=ISSUER)
    assert caught.value.reason is reasons.KEY_FORM


@pytest.mark.parametrize(
    "change",
    [
        {"roles": []},
        {"roles": ["device"]},
        {"roles": ["device"], "officer": None},
        {"roles": ["device", "leader"], "device": None},
        {"officer": None},
        {"roles": ["administrator"]},
        {"roles": ["hub"]},
        {"from_size": 9, "until_size": 8},
    ],
)
def test_a_contradiction_is_refused(change: dict[str, Any]) -> None:
    statement = KeyStatement.from_facts(FACTS | change, issuer=ISSUER)
    with pytest.raises(TrustInvalid) as caught:
        statement.check(province="48")
    assert caught.value.reason is reasons.TRUST_STATEMENT


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"roles": ["device"], "officer": None, "device": None},
        {"roles": ["administrator", "auditor"], "unit": "48"},
        {"roles": ["verifier"], "officer": None},
        {"until_size": 0},
    ],
)
def test_what_makes_sense_is_let_through(change: dict[str, Any]) -> None:
    KeyStatement.from_facts(FACTS | change, issuer=ISSUER).check(province="48")
