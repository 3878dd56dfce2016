"""/help: the guide with its contents, its pictures, the version for whoever asks, and the verifier as one file to hand on."""

from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, render_template, send_from_directory

import signing
from edge_node.database import get_db
from edge_node.help.guide import folder, load_guide
from edge_node.keyring.trust import newest_envelope
from signing.verify_page import DOWNLOAD_NAME, PAGE_FILE, with_trust
from signing.version import __version__

blueprint = Blueprint("help", __name__, url_prefix="/help")


@blueprint.get("")
def show() -> str:
    return render_template("help/guide.html", guide=load_guide(), version=__version__)


@blueprint.get("/images/<name>")
def picture(name: str) -> Response:
    return send_from_directory(folder() / "images", name, mimetype="image/png", max_age=86_400)


@blueprint.get(f"/{DOWNLOAD_NAME}")
def verifier() -> Response:
    """The offline verifier with the trust bundle that this PC holds, to be saved on a stick for another office."""
    envelope = newest_envelope(get_db())
    if envelope is None:
        abort(404)
    answer = Response(with_trust(built_page(), envelope), content_type="text/html; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{DOWNLOAD_NAME}"'
    return answer


@cache
def built_page() -> bytes:
    """The page without trust; it does not change while the node runs."""
    return (Path(signing.__file__).resolve().parent / PAGE_FILE).read_bytes()
