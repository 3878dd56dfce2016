"""The offline page `verify.html`, made ready for an agency: the trust bundle goes into its slot, and from the hub the newest status
where it fits.

The page is built by `tools/build_verify_page.py` and lies in `PAGE_FILE` beside this module; whoever serves it reads the file
and asks `with_trust` for the bytes to hand out. The slot is data, never a script, so the page's policy of hashes stays as it was
built. What the page says of its own digest is the program without trust (`program_of`), the same for every province and day; `digest` is of
the file as handed out, and with a status inside it is another one with every status.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Final, NamedTuple

PAGE_FILE: Final = "web/verify.html"
"""Where the built page lies, relative to this package."""
DOWNLOAD_NAME: Final = "verify.html"

PAGE_BYTES_MAX: Final = 2_500_000
"""What the file may weigh as handed out; a status that makes it heavier is left out, and fetched apart."""

_PROGRAM: Final = re.compile(
    rb'<script type="application/json" id="program">{"version":"([^"<]+)","sha256":"([0-9a-f]{64})"}</script>'
)
_SLOT: Final = b'<script type="application/json" id="trust-slot">null</script>'


def with_trust(page: bytes, bundle: bytes, status: bytes | None = None) -> bytes:
    """The page with an envelope of a trust bundle and of a status snapshot in it; ValueError if it has no empty slot."""
    if page.count(_SLOT) != 1:
        raise ValueError("this page has no empty slot for a trust bundle")
    trust = {"bundle": _base64(bundle), "status": None if status is None else _base64(status)}
    return page.replace(_SLOT, _SLOT.replace(b"null", json.dumps(trust).encode()))


def with_newest(page: bytes, bundle: bytes, status: bytes | None) -> bytes:
    """The same, but without the status where the page would weigh more than `PAGE_BYTES_MAX` with it."""
    made = with_trust(page, bundle, status)
    return made if len(made) <= PAGE_BYTES_MAX else with_trust(page, bundle)


class Program(NamedTuple):
    """What a page says of its own program."""

    version: str
    sha256: str


def program_of(page: bytes) -> Program:
    """The version and digest that the page shows under "what the finding rests on"; ValueError if it names none."""
    found = _PROGRAM.search(page)
    if found is None:
        raise ValueError("this page does not name its program")
    return Program(found[1].decode(), found[2].decode())


def digest(page: bytes) -> str:
    """SHA-256 (hex) of the page as handed out, to be compared with what the province's own page says."""
    return hashlib.sha256(page).hexdigest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
