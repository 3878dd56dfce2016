"""The document of the local API (OpenAPI 3.1), written by hand; tests hold the real answers against it."""

from typing import Any, Final

from edge_node.api.payloads import BODY_SIZE_BYTES_MAX
from signing.readiness import READINESS_SCHEMA
from signing.version import __version__

Schema = dict[str, Any]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Schema, optional: Schema | None = None, **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _maybe(schema: Schema) -> Schema:
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


_TEXT: Final[Schema] = {"type": "string"}
_WHOLE: Final[Schema] = {"type": "integer"}
_FLAG: Final[Schema] = {"type": "boolean"}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time", "description": "Vietnam's time, +07:00"}
_DAY: Final[Schema] = {"type": "string", "format": "date"}
_DOSSIER_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_RECORD_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_STATUS: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 10}
_KIND: Final[Schema] = {"type": "integer", "enum": [1, 2, 3], "description": "1 direct, 2 online, 3 postal"}

_SUMMARY: Final[Schema] = {
    "id": _DOSSIER_ID,
    "code": _maybe(_TEXT),
    "provisional_code": _maybe(_TEXT),
    "status": _maybe(_STATUS),
    "status_name": _maybe(_TEXT),
    "procedure": _maybe(_TEXT),
    "procedure_version": _maybe(_WHOLE),
    "applicant": _maybe(_TEXT),
    "id_number": _maybe({**_TEXT, "description": "masked"}),
    "received": _maybe(_MOMENT),
    "due": _maybe(_MOMENT),
    "finished": _maybe(_MOMENT),
    "ended_as": _maybe(_TEXT),
    "timeliness": _maybe({**_TEXT, "description": "early, on_time or late"}),
    "assigned": _maybe({**_TEXT, "description": "officer id"}),
    "conflicts": _WHOLE,
    "refused": _WHOLE,
    "trail": {**_TEXT, "enum": ["here", "arrived", "judged"]},
}
_RESULT: Final = {"number": _maybe(_TEXT), "date": {}, "signer": _maybe(_TEXT), "kind": _maybe(_TEXT)}
_TRANSITION_OFFERED: Final = {
    "action": _TEXT,
    "name": _TEXT,
    "to": _STATUS,
    "roles": _list(_TEXT),
    "needs": _list(_TEXT),
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": _object(
        {"type": _TEXT, "title": _TEXT, "status": _WHOLE, "code": _TEXT, "next": _TEXT},
        {
            "detail": _TEXT,
            "errors": _list(_object({"field": _TEXT, "message": _TEXT})),
            "heads": _list(_RECORD_ID),
            "dossiers": _list(_ref("DossierSummary")),
            "transitions": _list(_ref("TransitionOffered")),
        },
        description="RFC 9457; `code` is an entry of the catalogue of reasons.",
    ),
    "Status": _object(
        {
            "unit": _TEXT,
            "unit_name": _TEXT,
            "waiting": {**_WHOLE, "description": "records not yet at the province"},
            "oldest_seconds": {**_WHOLE, "description": "age of the oldest of them"},
            "unjudged": _WHOLE,
            "refused": _WHOLE,
            "undecided": _WHOLE,
            "last_full": _maybe(_MOMENT),
            "is_full": _FLAG,
            "is_writable": _FLAG,
            "codes_left": _WHOLE,
        }
    ),
    "Procedure": _object(
        {
            "code": _TEXT,
            "version": _WHOLE,
            "name": _TEXT,
            "field": _TEXT,
            "fee_due": _WHOLE,
            "papers": _list(_object({"code": _TEXT, "name": _TEXT, "count": _WHOLE, "is_required": _FLAG})),
            "questions": _list(
                _object(
                    {
                        "field": _TEXT,
                        "label": _TEXT,
                        "kind": _TEXT,
                        "is_required": _FLAG,
                        "options": _list(_TEXT),
                    }
                )
            ),
            "is_verified": _FLAG,
        }
    ),
    "DossierSummary": _object(_SUMMARY),
    "TransitionOffered": _object(_TRANSITION_OFFERED),
    "Dossier": _object(
        {
            **_SUMMARY,
            "heads": _list(_RECORD_ID),
            "competent": _maybe(_TEXT),
            "receiving": _maybe(_TEXT),
            "channel": _maybe(_KIND),
            "sets": _maybe(_WHOLE),
            "fee_due": _WHOLE,
            "paid": _WHOLE,
            "finance": _TEXT,
            "delivery": _TEXT,
            "original_due": _maybe(_MOMENT),
            "deadline": _maybe(_MOMENT),
            "is_paused": _FLAG,
            "fields": {
                "type": "object",
                "additionalProperties": _object({"value": {}, "state": _TEXT}),
            },
            "papers": _list(_object({"paper": _TEXT, "form": _KIND, "count": _WHOLE})),
            "result": _maybe(_object(_RESULT)),
            "handed_over": _maybe(
                _object({"at": _maybe(_MOMENT), "method": _maybe(_KIND), "name": _maybe(_TEXT)})
            ),
            "differences": _list(
                _object({"id": _RECORD_ID, "kind": _TEXT, "field": _maybe(_TEXT), "page": _TEXT})
            ),
            "history": _list(
                _object(
                    {
                        "record": _RECORD_ID,
                        "kind": _TEXT,
                        "action": _maybe(_TEXT),
                        "at": _maybe(_MOMENT),
                        "by": _TEXT,
                        "standing": _TEXT,
                        "to": _maybe(_STATUS),
                    }
                )
            ),
            "transitions": _list(_ref("TransitionOffered")),
        }
    ),
    "NewDossier": _object(
        {
            "procedure": _TEXT,
            "fields": {
                "type": "object",
                "additionalProperties": _TEXT,
                "description": "applicant.name, applicant.id_number, applicant.birth_date, applicant.address, "
                "applicant.phone, applicant.email, owner.name, owner.id_number, owner.address, summary, "
                "return_method (desk, post, online) and the procedure's own questions; dates as 2026-11-30",
            },
        },
        {
            "channel": _KIND,
            "accept": {**_FLAG, "description": "false: only registered, not accepted yet"},
            "competent": {**_TEXT, "description": "the unit that settles it; this unit when absent"},
            "sets": _WHOLE,
            "papers": _list(
                _object({"paper": _TEXT}, {"original": _WHOLE, "certified": _WHOLE, "plain": _WHOLE})
            ),
            "papers_complete": _FLAG,
            "papers_missing_ok": _FLAG,
            "fees": {
                "type": "object",
                "additionalProperties": _object({}, {"units": _WHOLE, "amount": _WHOLE}),
            },
            "paid": _object({}, {"method": _KIND, "receipt_number": _TEXT}),
            "verification": {**_FLAG, "description": "the longer limit of a conditional time rule applies"},
            "agreed": {**_DAY, "description": "a time agreed in writing, where the rule allows one"},
            "repeated": {**_FLAG, "description": "another dossier of the same person and procedure today"},
        },
    ),
    "Transition": _object(
        {"action": _TEXT},
        {
            "heads": {
                **_list(_RECORD_ID),
                "description": "heads as read; 409 when the dossier changed since",
            },
            "ground": _TEXT,
            "note": _TEXT,
            "items": _list(_TEXT),
            "result": _object({"signer": _TEXT, "date": _DAY}, {"number": _TEXT, "kind": _TEXT}),
            "received_by": _object({"name": _TEXT}, {"id_number": _TEXT}),
            "method": _KIND,
            "deadline": _DAY,
            "officer": _TEXT,
            "verification": _FLAG,
            "agreed": _DAY,
        },
    ),
}


def _answer(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problems(*statuses: int) -> Schema:
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    return {
        str(status): {"description": _STATUS_WORDS[status], "content": problem} for status in (*statuses, 500)
    }


_STATUS_WORDS: Final = {
    401: "no token, or not a token in force",
    403: "the token or the officer may not do this",
    404: "no such dossier here",
    409: "the present state does not allow it",
    413: f"more than {BODY_SIZE_BYTES_MAX} bytes",
    415: "not application/json",
    422: "something in it is not right; `errors` names the fields",
    423: "no officer lets the program sign now",
    429: "too many wrong tokens; Retry-After says how long to wait",
    500: "a fault of the node",
    507: "the disk is full",
}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_PATH_ID: Final = {"name": "id", "in": "path", "required": True, "schema": _DOSSIER_ID}
_READING: Final = (401, 409, 429)
_WRITING: Final = (401, 403, 404, 409, 413, 415, 422, 423, 429, 507)


def _body(name: str) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": _ref(name)}}}


def _paths() -> Schema:
    return {
        "/api/v1/status": {
            "get": {
                "operationId": "status",
                "summary": "How far this PC's records have travelled",
                "responses": {"200": _answer("the facts", _ref("Status"))} | _problems(*_READING),
            }
        },
        "/api/v1/procedures": {
            "get": {
                "operationId": "procedures",
                "summary": "What can be received today, with papers and questions",
                "parameters": [_query("q", _TEXT, "name or code, without diacritics")],
                "responses": {"200": _answer("procedures", _object({"procedures": _list(_ref("Procedure"))}))}
                | _problems(*_READING),
            }
        },
        "/api/v1/dossiers": {
            "get": {
                "operationId": "search",
                "summary": "Find dossiers; a whole code finds one",
                "parameters": [
                    _query("q", _TEXT, "code, name, id number; without diacritics, the last word unfinished"),
                    _query("status", _list(_STATUS), "one of these states"),
                    _query("procedure", _list(_TEXT), "one of these procedures"),
                    _query("open", _FLAG, "processing has not ended"),
                    _query("limit", {**_WHOLE, "minimum": 0, "maximum": 200}, "50 when absent"),
                    _query("offset", {**_WHOLE, "minimum": 0, "maximum": 100_000}, "0 when absent"),
                ],
                "responses": {
                    "200": _answer(
                        "a page of dossiers, the newest first",
                        _object(
                            {
                                "dossiers": _list(_ref("DossierSummary")),
                                "limit": _WHOLE,
                                "offset": _WHOLE,
                                "has_more": _FLAG,
                            }
                        ),
                    )
                }
                | _problems(*_READING, 422),
            },
            "post": {
                "operationId": "create",
                "summary": "Receive a dossier in the name of the officer who lets this program sign",
                "requestBody": _body("NewDossier"),
                "responses": {
                    "201": {
                        **_answer("received and signed", _ref("Dossier")),
                        "headers": {"Location": {"schema": _TEXT}},
                    }
                }
                | _problems(*_WRITING),
            },
        },
        "/api/v1/dossiers/{id}": {
            "get": {
                "operationId": "read",
                "summary": "One dossier whole; the access log notes it",
                "parameters": [_PATH_ID],
                "responses": {"200": _answer("the dossier", _ref("Dossier"))} | _problems(*_READING, 404),
            }
        },
        "/api/v1/dossiers/{id}/proof": {
            "get": {
                "operationId": "proof",
                "summary": "A proof file (signing/PROOF.md) of the dossier's records; bodies only of those named by disclose",
                "parameters": [
                    _PATH_ID,
                    *(
                        {"name": name, "in": "query", "schema": {"type": "array", "items": _TEXT}}
                        for name in ("record", "disclose")
                    ),
                ],
                "responses": {
                    "200": _answer("the proof", {"type": "object", "required": ["format", "records"]})
                }
                | _problems(*_READING, 404),
            }
        },
        "/api/v1/dossiers/{id}/proof/pdf": {
            "get": {
                "operationId": "proofPdf",
                "summary": "The same proof inside a result PDF, which motcua-verify and verify.html read",
                "description": "The PDF stays as it was, byte for byte, and grows by the attachment. One with a digital signature is left "
                "alone (409): the proof goes along as a file of its own.",
                "parameters": [
                    _PATH_ID,
                    {
                        "name": "carrier",
                        "in": "query",
                        "schema": _TEXT,
                        "description": "bien-nhan (the hand-over receipt, the default), or the id of a PDF attached as the result",
                    },
                    *(
                        {"name": name, "in": "query", "schema": {"type": "array", "items": _TEXT}}
                        for name in ("record", "disclose")
                    ),
                ],
                "responses": {
                    "200": {
                        "description": "the PDF",
                        "content": {"application/pdf": {}},
                    }
                }
                | _problems(*_READING, 404, 409, 422, 500),
            }
        },
        "/api/v1/dossiers/{id}/proof/readiness": {
            "get": {
                "operationId": "proofReadiness",
                "summary": "What that proof would lack now, and so what a verifier without a line could not decide",
                "description": "What is lacking is asked for with the next sync. The proof itself comes with the same in the header "
                "Motcua-Proof-Lacks.",
                "parameters": [
                    _PATH_ID,
                    *(
                        {"name": name, "in": "query", "schema": {"type": "array", "items": _TEXT}}
                        for name in ("record", "disclose")
                    ),
                ],
                "responses": {"200": _answer("what it lacks", READINESS_SCHEMA)} | _problems(*_READING, 404),
            }
        },
        "/api/v1/dossiers/{id}/transitions": {
            "post": {
                "operationId": "transition",
                "summary": "Take a step of the life cycle in the name of the officer who lets this program sign",
                "parameters": [_PATH_ID],
                "requestBody": _body("Transition"),
                "responses": {"200": _answer("the dossier after it", _ref("Dossier"))} | _problems(*_WRITING),
            }
        },
    }


def document() -> Schema:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Motcua node: local API",
            "version": __version__,
            "description": "For programs on this PC or in the office. Reading needs a token; writing needs besides an "
            "officer who is logged in on this node and lets the program sign.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }
