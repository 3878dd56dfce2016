"""Base45: RFC 9285's own examples, and every text that no writer writes."""

from __future__ import annotations

import pytest

from signing import base45
from signing.errors import NotCanonical

EXAMPLES = {b"AB": "BB8", b"Hello!!": "%69 VD92EX0", b"base-45": "UJCLQE7W581", b"ietf!": "QED8WEX0", b"": ""}


@pytest.mark.parametrize("raw", EXAMPLES)
def test_examples_of_the_rfc(raw: bytes) -> None:
    assert base45.encode(raw) == EXAMPLES[raw]
    assert base45.decode(EXAMPLES[raw]) == raw


@pytest.mark.parametrize(
    "text", ["A", "BB8A", "bb8", "B_8", "GGW", ":::", "::", "66", "ẾB8", "BB8\n"], ids=repr
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(NotCanonical):
        base45.decode(text)


def test_largest_groups_are_read() -> None:
    assert base45.decode(base45.encode(b"\xff\xff\xff")) == b"\xff\xff\xff"
