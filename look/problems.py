"""How either application says "no": problem details (RFC 9457) for programs, a page with a next step for people.

Both come from the one catalogue of reasons; nothing technical reaches the page but the code. Which faults there are, and
which requests come from programs, is the application's to know (its own `problems.py`).
"""

from typing import Any, Final

from flask import Response, jsonify, make_response, render_template, request
from flask_babel import get_locale

from signing.reasons import Reason

PROBLEM_TYPE: Final = "https://motcua.invalid/problems/"
_JSON: Final = ("application/json", "application/problem+json")


def language() -> str:
    """`vi` or `en`, for this request."""
    return str(get_locale() or "vi")[:2]


def prefers_json() -> bool:
    """Whether the request says that its sender would rather read JSON than a page."""
    return request.accept_mimetypes.best_match(["text/html", *_JSON]) in _JSON


def say(
    reason: Reason, detail: str, *, is_program: bool, status: int | None, members: dict[str, Any]
) -> Response:
    """The answer for a reason, in the form that whoever asked reads; `status`: instead of the reason's own."""
    if is_program:
        return problem(reason, detail, status=status, **members)
    is_english = language() == "en"
    page = render_template(
        "errors/error.html",
        status=status or reason.status,
        title=reason.en if is_english else reason.vi,
        text=members.get("text", ""),
        next_step=reason.next_en if is_english else reason.next_vi,
        code=reason.code,
    )
    return make_response(page, status or reason.status)


def problem(reason: Reason, detail: str = "", *, status: int | None = None, **members: Any) -> Response:
    """Problem details as JSON."""
    is_english = language() == "en"
    content = {
        "type": PROBLEM_TYPE + reason.code,
        "title": reason.en if is_english else reason.vi,
        "status": status or reason.status,
        "code": reason.code,
        "next": reason.next_en if is_english else reason.next_vi,
        **({"detail": detail} if detail else {}),
        **members,
    }
    response = jsonify(content)
    response.status_code = status or reason.status
    response.content_type = "application/problem+json"
    return response
