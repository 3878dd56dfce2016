"""What may be kept as a draft: the name of a form of ours, and its fields as typed."""

import re
from collections.abc import Iterable
from typing import Final

FIELDS_MAX: Final = 400
_FORM: Final = re.compile(r"[a-z][a-z0-9_-]{0,20}(?:\.[0-9A-Za-z_-]{1,40}){0,6}")
_NOT_TYPED: Final = frozenset({"csrf_token", "then"})


def is_form_name(name: str) -> bool:
    return _FORM.fullmatch(name) is not None


def parse_draft(fields: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """The typed fields without what only travels with them; None where it is more than a form holds."""
    content = {name: text for name, text in fields if name not in _NOT_TYPED}
    return None if len(content) > FIELDS_MAX else content
