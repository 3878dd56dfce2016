"""`/verify/verify.html`: the verifier as one file to keep, with the province's trust bundle of today inside.

Open to everybody, as the trust bundle itself is. The file is handed out for saving, never shown here: it works from a disk.
"""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response

import signing
from central_hub.database import get_services
from central_hub.session import public
from signing.verify_page import DOWNLOAD_NAME, PAGE_FILE, digest, with_trust

blueprint = Blueprint("offline_page", __name__, url_prefix="/verify")


@blueprint.get(f"/{DOWNLOAD_NAME}")
@public
def download() -> Response:
    answer = Response(page_of_today(), content_type="text/html; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{DOWNLOAD_NAME}"'
    return answer


def page_of_today() -> bytes:
    """The file as it is handed out now."""
    return with_trust(built_page(), get_services().keys.envelope)


def page_digest() -> str:
    """SHA-256 of that file, for whoever got it from somebody else."""
    return digest(page_of_today())


@cache
def built_page() -> bytes:
    """The page without trust; it does not change while the hub runs."""
    return (Path(signing.__file__).resolve().parent / PAGE_FILE).read_bytes()
