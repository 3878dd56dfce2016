"""`/verify/verify.html`: the verifier as one file to keep, with the province's trust bundle and newest status of today inside.

Open to everybody, as the trust bundle itself is. The file is handed out for saving, never shown here: it works from a disk. Whoever carries it to
others asks for `?status=none`: that file stays the same as long as program and trust bundle do, so its digest can be printed.
"""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request

import signing
from central_hub.database import get_reader, get_services
from central_hub.registry.snapshot import newest_of_all
from central_hub.session import public
from signing.errors import TrustInvalid
from signing.snapshot import open_snapshot
from signing.verify_page import (
    DOWNLOAD_NAME,
    PAGE_BYTES_MAX,
    PAGE_FILE,
    Program,
    digest,
    program_of,
    with_newest,
    with_trust,
)

blueprint = Blueprint("offline_page", __name__, url_prefix="/verify")


@blueprint.get(f"/{DOWNLOAD_NAME}")
@public
def download() -> Response:
    page = page_to_carry() if request.args.get("status") == "none" else page_of_today()
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{DOWNLOAD_NAME}"'
    return answer


def page_of_today() -> bytes:
    """The file as it is handed out now."""
    return with_newest(built_page(), get_services().keys.envelope, _newest_status())


def page_to_carry() -> bytes:
    """The file without a status."""
    return with_trust(built_page(), get_services().keys.envelope)


def page_digest() -> str:
    """SHA-256 of the file without a status, for whoever got it from somebody else."""
    return digest(page_to_carry())


def page_program() -> Program:
    """What the page will say of its own program."""
    return program_of(built_page())


def _newest_status() -> bytes | None:
    """The status of this hub, where the bundle that goes along vouches for it: a page never begins with one it has to refuse."""
    services = get_services()
    taken = newest_of_all(get_reader(), services)
    if taken is None or len(taken.data) > PAGE_BYTES_MAX:  # far too much for the page: not even looked at
        return None
    try:
        open_snapshot(taken.data, services.keys.bundle)
    except TrustInvalid:
        return None
    return taken.data


@cache
def built_page() -> bytes:
    """The page without trust; it does not change while the hub runs."""
    return (Path(signing.__file__).resolve().parent / PAGE_FILE).read_bytes()
