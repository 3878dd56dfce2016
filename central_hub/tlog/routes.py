"""`/tlog`: the province's log as plain files that any cache or USB stick can carry, proofs of single leaves, and a door for outside
witnesses.

Public: nothing in it is personal. Tiles and bundles never change; the checkpoint does, every few seconds at most. A witness
that the roots' policy names reads both, checks that the log only grew, and posts the checkpoint with its cosignature.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from central_hub import reasons
from central_hub.database import get_reader, get_services
from central_hub.problems import Refused
from central_hub.session import public
from central_hub.store.engine import writing
from central_hub.tlog.page import tree_page
from central_hub.tlog.tree import Tree, TreeUnusable
from central_hub.tlog.witnesses import (
    keep_shown,
    lines_of_named,
    newest_believed,
    served_note,
    take_lines,
)
from signing.errors import LogInvalid
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.note import Note
from signing.tlog.proof import TlogProof

blueprint = Blueprint("tlog", __name__, url_prefix="/tlog")
page_blueprint = Blueprint("transparency", __name__, url_prefix="/transparency")

_NOTE_BYTES_MAX = 64 * 1024


@page_blueprint.get("")
def show_tree() -> str:
    return render_template("tlog/tree.html", **tree_page(get_reader(), get_services()))


@blueprint.get("/checkpoint")
@public
def show_checkpoint() -> Response:
    try:
        answer = Response(served_note(get_reader(), _tree()).encode())
    except TreeUnusable as error:
        raise Refused(reasons.NOT_FOUND) from error
    answer.content_type = "text/plain; charset=utf-8"
    answer.headers["Cache-Control"] = "public, max-age=5"
    return answer


@blueprint.get("/tile/<path:path>")
@public
def show_tile(path: str) -> Response:
    try:
        data = _tree().file(f"tile/{path}")
    except LogInvalid as error:
        raise Refused(reasons.NOT_FOUND) from error
    if data is None:
        raise Refused(reasons.NOT_FOUND)
    answer = Response(data, content_type="application/octet-stream")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


@blueprint.get("/proof/<int:index>")
@public
def show_proof(index: int) -> Response:
    """C2SP tlog-proof of leaf `index` under the newest checkpoint, with the quorum where the roots' policy demands one; 404 while
    no such checkpoint holds it."""
    tree, policy, reader = _tree(), get_services().keys.bundle.policy, get_reader()
    try:
        note = newest_believed(reader, tree, policy)
        size = 0 if note is None else Checkpoint.parse(note.text).size
        if note is None or index >= size:
            raise Refused(reasons.NOT_FOUND)
        proof = TlogProof(index, tuple(tree.inclusion(index, size)), note)
    except (LogInvalid, TreeUnusable) as error:
        raise Refused(reasons.NOT_FOUND) from error
    answer = Response(proof.encode(), content_type="text/plain; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@blueprint.post("/checkpoint")
@public
def take_cosignatures() -> Response:
    """204 when something was new or known already; 422 for a cosignature that does not hold or of nobody named."""
    tree, policy = _tree(), get_services().keys.bundle.policy
    if request.content_length is None or request.content_length > _NOTE_BYTES_MAX or policy is None:
        raise Refused(reasons.INPUT)
    try:
        note = Note.parse(request.get_data(cache=False))
        checkpoint = policy.open_unwitnessed(note)
        named = lines_of_named(policy, note.signatures)
        if not named or checkpoint.origin != tree.origin:
            raise Refused(reasons.INPUT)
        with writing(get_services().engine) as connection:
            keep_shown(connection, tree, checkpoint.size, now_ms=get_services().clock())
            take_lines(connection, policy, checkpoint.size, named)
    except (LogInvalid, TreeUnusable) as error:
        raise Refused(reasons.INPUT) from error
    return Response(status=204)


def _tree() -> Tree:
    tree = get_services().tree
    if tree is None or not tree.exists():
        raise Refused(reasons.NOT_FOUND)
    return tree
