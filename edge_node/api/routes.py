"""The routes of /api/v1 and the document that describes them. Every refusal is a problem from the catalogue (RFC 9457)."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from dossiers.lifecycle import find_move
from dossiers.local_time import local_date
from dossiers.reasons import MOVE
from dossiers.states import Status
from edge_node import reasons
from edge_node.accounts import throttle
from edge_node.accounts.service import signer_names
from edge_node.api import answers, payloads
from edge_node.api.grants import GRANTS
from edge_node.api.openapi import document
from edge_node.api.tokens import Scope, Token, find_token, note_reading
from edge_node.casework import service as casework
from edge_node.casework.exporting import export_proof
from edge_node.casework.forms import parse_step
from edge_node.casework.papers import PaperName
from edge_node.casework.proof_pdf import NotCarried
from edge_node.casework.proof_pdf import proof_pdf as carried_proof
from edge_node.casework.reading import officer_choices
from edge_node.casework.situation import survey
from edge_node.database import get_db, get_services
from edge_node.entry import Rejected
from edge_node.journal import require_office
from edge_node.keyring import Actor
from edge_node.projection.lists import DossierFilter, dossier_row, find_by_code, find_dossiers
from edge_node.projection.service import view as view_of
from edge_node.receive.forms import check_agreed, parse_reception
from edge_node.receive.service import Repeated, receive
from edge_node.sync.status import read_status
from edge_node.tables import pdf_response
from edge_node.witness.state import seen_note
from look.problems import problem
from signing.readiness import LACKS_HEADER, Readiness, Writer, readiness_of
from sync_protocol.reasons import THROTTLED

blueprint = Blueprint("api", __name__, url_prefix="/api")
LIMIT_MAX: Final = 200
OFFSET_MAX: Final = 100_000
_STATUSES: Final = frozenset(str(int(status)) for status in Status)
_ID: Final = re.compile(r"[0-9a-f]{32}")
P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


@blueprint.errorhandler(Refused)
def _refused(error: Refused) -> Response:
    return error.response


@blueprint.before_request
def _bound() -> Response | None:
    """No body larger than a form can be, and only JSON."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    request.max_content_length = payloads.BODY_SIZE_BYTES_MAX
    if (request.content_length or 0) > payloads.BODY_SIZE_BYTES_MAX:
        return problem(reasons.INPUT, f"at most {payloads.BODY_SIZE_BYTES_MAX} bytes", status=413)
    if request.mimetype != "application/json":
        return problem(reasons.INPUT, "Content-Type: application/json", status=415)
    return None


def entitled(scope: Scope) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The view needs a token of this scope, for writing also an officer who lets the program sign now."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*values: P.args, **named: P.kwargs) -> R:
            g.api_token = _token()
            if scope is Scope.WRITE:
                g.api_actor = _signing_officer(g.api_token)
            require_office(get_db())
            return view(*values, **named)

        return guarded

    return decorate


@blueprint.get("/openapi.json")
def openapi() -> Response:
    answer = jsonify(document())
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/v1/status")
@entitled(Scope.READ)
def status() -> Response:
    db, services = get_db(), get_services()
    office, now = require_office(db), services.clock()
    return jsonify(
        answers.status(
            read_status(db, now=now),
            unit=office.unit,
            unit_name=office.unit_name,
            is_writable=services.space.is_writable,
            codes_left=services.references.codes_left(db, office, now_ms=now),
        )
    )


@blueprint.get("/v1/procedures")
@entitled(Scope.READ)
def procedures() -> Response:
    catalogue = get_services().references.catalogue(get_db()).at(local_date(get_services().clock()))
    wanted = request.args.get("q", "")[:100]
    found = catalogue.search(wanted) if wanted else catalogue.procedures
    return jsonify(procedures=[answers.procedure(each) for each in found])


@blueprint.get("/v1/dossiers")
@entitled(Scope.READ)
def search() -> Response:
    limit, offset = _number("limit", 50, LIMIT_MAX), _number("offset", 0, OFFSET_MAX)
    statuses = request.args.getlist("status")
    if not all(each in _STATUSES for each in statuses):
        raise Refused(_invalid({"status": "1 … 10"}))
    opened = {"true": True, "false": False, "": None}.get(request.args.get("open", ""), "?")
    if opened == "?":
        raise Refused(_invalid({"open": "true | false"}))
    wanted = DossierFilter(
        text=request.args.get("q", "")[:200],
        statuses=tuple(map(int, statuses)),
        procedures=tuple(request.args.getlist("procedure"))[:50],
        is_open=opened,  # type: ignore[arg-type]
    )
    db = get_db()
    code = get_services().references.parse_code(db, wanted.text) if wanted.text else None
    rows = find_by_code(db, code.code) if code else []
    rows = rows or find_dossiers(db, wanted, limit=limit + 1, offset=offset)
    return jsonify(
        dossiers=[answers.summary(row) for row in rows[:limit]],
        limit=limit,
        offset=offset,
        has_more=len(rows) > limit,
    )


@blueprint.get("/v1/dossiers/<dossier>")
@entitled(Scope.READ)
def read(dossier: str) -> Response:
    content = _dossier(dossier)
    note_reading(get_db(), g.api_token, dossier, now=get_services().clock())
    return jsonify(content)


@blueprint.get("/v1/dossiers/<dossier>/proof")
@entitled(Scope.READ)
def proof(dossier: str) -> Response:
    """A proof of the records named by `record` (none: all), with the bodies of those named by `disclose`."""
    data, ready = _proof_asked_for(dossier)
    note_reading(get_db(), g.api_token, dossier, now=get_services().clock())
    response = Response(data, content_type="application/json")
    response.headers[LACKS_HEADER] = ", ".join(ready.lacks)
    return response


@blueprint.get("/v1/dossiers/<dossier>/proof/pdf")
@entitled(Scope.READ)
def proof_pdf(dossier: str) -> Response:
    """That proof inside a result PDF: the hand-over receipt, or the attached result that `carrier` names."""
    data, ready = _proof_asked_for(dossier)
    db, services = get_db(), get_services()
    carrier = request.args.get("carrier", PaperName.HAND_OVER.value)
    try:
        made = carried_proof(db, services, dossier, carrier, data)
    except NotCarried as error:
        raise Refused(problem(error.reason, error.detail)) from error
    note_reading(db, g.api_token, dossier, now=services.clock())
    response = pdf_response(f"{dossier[:16]}-kem-chung-minh", made)
    response.headers[LACKS_HEADER] = ", ".join(ready.lacks)
    return response


@blueprint.get("/v1/dossiers/<dossier>/proof/readiness")
@entitled(Scope.READ)
def proof_readiness(dossier: str) -> Response:
    """What that proof would lack now; what it lacks is asked for with the next sync."""
    return jsonify(_proof_asked_for(dossier)[1].json())


def _proof_asked_for(dossier: str) -> tuple[bytes, Readiness]:
    _dossier(dossier)
    bundle = get_services().trust.trust(get_db()).bundle
    data = export_proof(
        get_db(),
        dossier,
        bundle=bundle,
        checkpoint=seen_note(get_services().config.keys),
        records=request.args.getlist("record"),
        disclosed=request.args.getlist("disclose"),
    )
    if data is None:
        raise Refused(problem(reasons.NOT_FOUND))
    return data, readiness_of(data, bundle, Writer.NODE)


@blueprint.post("/v1/dossiers")
@entitled(Scope.WRITE)
def create() -> ResponseReturnValue:
    db, services = get_db(), get_services()
    given = _body(payloads.NewDossier)
    situation = survey(db, services)
    procedure = situation.catalogue.current(given.procedure, local_date(situation.now))
    if procedure is None:
        return _invalid({"procedure": "?"})
    form = payloads.reception_form(given, procedure)
    if isinstance(form, Rejected):
        return _invalid(form.errors)
    then = "receive" if given.accept else "register"
    parsed = parse_reception(form, procedure, unit=situation.office.unit, units=situation.units, then=then)
    if not isinstance(parsed, Rejected):
        parsed = check_agreed(parsed, situation.calendar, situation.now) or parsed
    if isinstance(parsed, Rejected):
        return _invalid(parsed.errors)
    received = receive(db, services, _actor(), parsed)
    if isinstance(received, Repeated):
        return problem(reasons.REPEATED, dossiers=[answers.summary(row) for row in received.rows])
    location = f"/api/v1/dossiers/{received.dossier}"
    return jsonify(_dossier(received.dossier)), 201, {"Location": location}


@blueprint.post("/v1/dossiers/<dossier>/transitions")
@entitled(Scope.WRITE)
def transition(dossier: str) -> ResponseReturnValue:
    db, services = get_db(), get_services()
    given = _body(payloads.Transition)
    view = view_of(db, dossier) if _ID.fullmatch(dossier) else None
    if view is None or view.status is None:
        return problem(reasons.NOT_FOUND)
    move = find_move(view.status, given.action)
    if move is None:
        return problem(MOVE, transitions=answers.transitions(view.status))
    if not move.roles & _actor().roles:
        return problem(reasons.ROLE)
    situation = survey(db, services)
    parsed = parse_step(
        payloads.step_form(given),
        move,
        procedure=situation.procedure_of(view),
        calendar=situation.calendar,
        now=situation.now,
        officers=[officer for officer, _name in officer_choices(db, services)],
    )
    if isinstance(parsed, Rejected):
        return _invalid(parsed.errors)
    seen = view.heads if given.heads is None else tuple(sorted(given.heads))
    try:
        casework.move(db, services, _actor(), casework.Target(dossier=dossier, seen=seen), parsed)
    except casework.DossierChanged as error:
        return problem(reasons.CHANGED, heads=list(error.view.heads))
    return jsonify(_dossier(dossier))


def _token() -> Token:
    """The token of the request; guessing is slowed down per address."""
    db, services = get_db(), get_services()
    now, subjects = services.clock(), (f"address {request.remote_addr}",)
    wait_s = throttle.wait_s(db, subjects, now=now)
    if wait_s:
        refusal = problem(THROTTLED)
        refusal.headers["Retry-After"] = str(wait_s)
        raise Refused(refusal)
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    found = find_token(db, text.strip(), now=now) if kind.lower() == "bearer" else None
    if found is None:
        if text:
            throttle.count_failure(db, subjects, now=now)
        refusal = problem(reasons.API_TOKEN)
        refusal.headers["WWW-Authenticate"] = 'Bearer realm="motcua"'
        raise Refused(refusal)
    return found


def _signing_officer(token: Token) -> Actor:
    if token.scope is not Scope.WRITE:
        raise Refused(problem(reasons.API_SCOPE))
    actor = GRANTS.actor(get_db(), get_services(), token.id)
    if actor is None:
        raise Refused(problem(reasons.API_LOCKED))
    return actor


def _actor() -> Actor:
    actor: Actor = g.api_actor
    return actor


def _body(kind: type[payloads.Payload]) -> payloads.Payload:
    try:
        return payloads.decode(request.get_data(), kind)
    except payloads.PayloadInvalid as error:
        raise Refused(problem(reasons.INPUT, str(error)[:500])) from error


def _dossier(dossier: str) -> dict[str, Any]:
    db = get_db()
    row = dossier_row(db, dossier) if _ID.fullmatch(dossier) else None
    view = view_of(db, dossier) if row else None
    if row is None or view is None:
        raise Refused(problem(reasons.NOT_FOUND))
    return answers.dossier(row, view, signer_names(db))


def _number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= most):
        raise Refused(_invalid({name: f"0 … {most}"}))
    return int(text)


def _invalid(errors: dict[str, str]) -> Response:
    members = [{"field": name, "message": message} for name, message in errors.items()]
    return problem(reasons.INPUT, errors=members)
