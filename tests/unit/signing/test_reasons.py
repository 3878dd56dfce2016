"""The catalogue: complete, in both languages, each code once."""

import re

import pytest

from signing import errors, reasons
from signing.errors import (
    KeyLocked,
    LogInvalid,
    NotCanonical,
    NotEntitled,
    SignatureInvalid,
    SigningError,
    TrustInvalid,
)
from signing.reasons import REASONS, Reason


def test_every_reason_is_in_the_catalogue_once() -> None:
    named = [value for value in vars(reasons).values() if isinstance(value, Reason)]
    assert sorted(REASONS, key=lambda reason: reason.code) == sorted(named, key=lambda reason: reason.code)
    assert len({reason.code for reason in REASONS}) == len(REASONS)


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_a_reason_says_what_happened_and_what_to_do(reason: Reason) -> None:
    assert re.fullmatch(r"MC_[A-Z]+(_[A-Z]+)*", reason.code)
    assert 400 <= reason.status < 500
    for sentence in (reason.vi, reason.en, reason.next_vi, reason.next_en):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    assert reason.vi != reason.en


@pytest.mark.parametrize(
    "kind", [NotCanonical, SignatureInvalid, KeyLocked, NotEntitled, TrustInvalid, LogInvalid]
)
def test_every_fault_carries_a_reason(kind: type[SigningError]) -> None:
    error = kind("the detail")
    assert isinstance(error, SigningError)
    assert error.reason in REASONS
    assert error.detail == "the detail"
    assert str(error) == f"{error.reason.code}: the detail"
    assert kind("x", reason=reasons.UNIT).reason is reasons.UNIT


def test_every_fault_has_the_one_base() -> None:
    raised = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert all(issubclass(kind, SigningError) for kind in raised)
