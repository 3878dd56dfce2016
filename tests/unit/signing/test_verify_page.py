"""The offline page gets its trust as data, once."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest

from signing.verify_page import PAGE_BYTES_MAX, Program, digest, program_of, with_newest, with_trust

PAGE = b'<p>a</p><script type="application/json" id="trust-slot">null</script><script>b()</script>'


def slot(page: bytes) -> dict[str, str | None]:
    found = re.search(rb'id="trust-slot">(.*?)</script>', page)
    assert found is not None
    read: dict[str, str | None] = json.loads(found[1])
    return read


def test_bundle_and_status_stand_in_the_slot() -> None:
    made = with_trust(PAGE, b"</script>bundle", b"status")
    assert slot(made) == {
        "bundle": base64.b64encode(b"</script>bundle").decode(),
        "status": base64.b64encode(b"status").decode(),
    }
    assert made.count(b"</script>") == 2
    assert slot(with_trust(PAGE, b"bundle"))["status"] is None


@pytest.mark.parametrize("page", [b"", with_trust(PAGE, b"bundle"), PAGE + PAGE], ids=["none", "full", "two"])
def test_a_page_without_exactly_one_empty_slot_is_refused(page: bytes) -> None:
    with pytest.raises(ValueError, match="slot"):
        with_trust(page, b"bundle")


def test_the_digest_is_of_the_file() -> None:
    assert digest(PAGE) == hashlib.sha256(PAGE).hexdigest()


def test_a_status_that_makes_the_page_too_heavy_is_left_out() -> None:
    room = PAGE_BYTES_MAX - len(with_trust(PAGE, b"bundle", b""))
    fits = bytes(room // 4 * 3)
    assert len(with_newest(PAGE, b"bundle", fits)) <= PAGE_BYTES_MAX
    assert slot(with_newest(PAGE, b"bundle", fits))["status"] is not None
    assert with_newest(PAGE, b"bundle", bytes(len(fits) + 3)) == with_trust(PAGE, b"bundle")
    assert with_newest(PAGE, b"bundle", None) == with_trust(PAGE, b"bundle")


def test_the_program_of_a_page_is_what_the_page_names() -> None:
    named = (
        PAGE
        + b'<script type="application/json" id="program">{"version":"1.2","sha256":"%s"}</script>'
        % (b"ab" * 32)
    )
    assert program_of(named) == Program("1.2", "ab" * 32)
    with pytest.raises(ValueError, match="program"):
        program_of(PAGE)
