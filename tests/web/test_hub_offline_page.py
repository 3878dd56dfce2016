"""The verifier as one file, handed out by the hub to anybody, with the province's trust inside."""

import base64
import hashlib

from central_hub.verify.offline_page import page_digest
from tests.support.hub import shared_province


def test_anybody_gets_the_page_with_the_trust_of_today() -> None:
    hub = shared_province()
    answer = hub.browser(None).get("/verify/verify.html")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="verify.html"'
    assert base64.b64encode(hub.services.keys.envelope) in answer.data
    assert b'id="trust-slot">null<' not in answer.data
    with hub.app.app_context():
        assert page_digest() == hashlib.sha256(answer.data).hexdigest()


def test_the_portal_and_its_guide_lead_to_the_page_and_name_its_digest() -> None:
    visitor = shared_province().browser(None)
    assert 'href="/verify/verify.html"' in visitor.page("/verify")
    guide = visitor.page("/verify/guide")
    sha256 = hashlib.sha256(visitor.get("/verify/verify.html").data).hexdigest()
    assert 'href="/verify/verify.html"' in guide
    assert sha256 in guide.replace(" ", "").replace("\n", "")
