"""The verifier as one file, handed out by the hub to anybody, with the province's trust and newest status inside."""

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from central_hub.verify import offline_page
from central_hub.verify.offline_page import built_page, page_digest
from signing.snapshot import open_snapshot
from signing.verify_page import PAGE_BYTES_MAX, program_of
from tests.support.hub import shared_province


def slot(page: bytes) -> dict[str, Any]:
    found = re.search(rb'id="trust-slot">(.*?)</script>', page)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_anybody_gets_the_page_with_the_trust_and_status_of_today() -> None:
    hub = shared_province()
    answer = hub.browser(None).get("/verify/verify.html")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="verify.html"'
    assert len(answer.data) <= PAGE_BYTES_MAX
    inside = slot(answer.data)
    assert base64.b64decode(inside["bundle"]) == hub.services.keys.envelope
    status = base64.b64decode(inside["status"])
    assert open_snapshot(status, hub.services.keys.bundle).issued is not None
    assert status == hub.browser(None).get("/verify/status.json").data


def test_the_page_to_carry_has_no_status_and_the_digest_that_the_hub_names() -> None:
    hub = shared_province()
    answer = hub.browser(None).get("/verify/verify.html?status=none")
    assert slot(answer.data) == {
        "bundle": base64.b64encode(hub.services.keys.envelope).decode(),
        "status": None,
    }
    with hub.app.app_context():
        assert page_digest() == hashlib.sha256(answer.data).hexdigest()


def test_a_status_that_would_make_the_page_too_heavy_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = shared_province()
    monkeypatch.setattr(offline_page, "_newest_status", lambda: bytes(PAGE_BYTES_MAX))
    page = hub.browser(None).get("/verify/verify.html").data
    assert slot(page)["status"] is None


def test_the_portal_and_its_guide_lead_to_the_page_and_name_its_digest_and_its_program() -> None:
    visitor = shared_province().browser(None)
    assert 'href="/verify/verify.html"' in visitor.page("/verify")
    guide = visitor.page("/verify/guide")
    assert 'href="/verify/verify.html"' in guide
    plain = guide.replace(" ", "").replace("\n", "")
    carried = visitor.get("/verify/verify.html?status=none").data
    assert hashlib.sha256(carried).hexdigest() in plain
    program = program_of(built_page())
    assert f"motcua-verify {program.version}" in guide
    assert program.sha256 in plain
    for page in (carried, visitor.get("/verify/verify.html").data):
        assert program_of(page) == program
