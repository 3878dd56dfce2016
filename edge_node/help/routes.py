"""/help: the guide with its contents, its pictures, and the version for whoever asks."""

from flask import Blueprint, Response, render_template, send_from_directory

from edge_node.help.guide import folder, load_guide
from signing.version import __version__

blueprint = Blueprint("help", __name__, url_prefix="/help")


@blueprint.get("")
def show() -> str:
    return render_template("help/guide.html", guide=load_guide(), version=__version__)


@blueprint.get("/images/<name>")
def picture(name: str) -> Response:
    return send_from_directory(folder() / "images", name, mimetype="image/png", max_age=86_400)
