"""The offline page `verify.html`, made ready for an agency: the trust bundle and the newest status go into its slot.

The page is built by `tools/build_verify_page.py` and lies in `PAGE_FILE` beside this module; whoever serves it reads the file
and asks `with_trust` for the bytes to hand out. The slot is data, never a script, so the page's policy of hashes stays as it was
built. What the page says of its own digest is the program without trust; `digest` is of the file as handed out.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

PAGE_FILE: Final = "web/verify.html"
"""Where the built page lies, relative to this package."""
DOWNLOAD_NAME: Final = "verify.html"

_SLOT: Final = b'<script type="application/json" id="trust-slot">null</script>'


def with_trust(page: bytes, bundle: bytes, status: bytes | None = None) -> bytes:
    """The page with an envelope of a trust bundle and of a status snapshot in it; ValueError if it has no empty slot."""
    if page.count(_SLOT) != 1:
        raise ValueError("this page has no empty slot for a trust bundle")
    trust = {"bundle": _base64(bundle), "status": None if status is None else _base64(status)}
    return page.replace(_SLOT, _SLOT.replace(b"null", json.dumps(trust).encode()))


def digest(page: bytes) -> str:
    """SHA-256 (hex) of the page as handed out, to be compared with what the province's own page says."""
    return hashlib.sha256(page).hexdigest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
