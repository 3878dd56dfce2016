"""The OpenAPI 3.1 document of the hub's public interface. Tests hold real answers against it."""

from typing import Any, Final

from central_hub.nodes.states import NodeState
from central_hub.statistics.service import Group
from signing.readiness import READINESS_SCHEMA
from signing.report_schema import REPORT_SCHEMA
from signing.version import __version__

_COUNT: Final = {"type": "integer", "minimum": 0}
_DAY: Final = {"type": "string", "format": "date"}
_MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}


def openapi_document(server: str) -> dict[str, Any]:
    """The document, for a hub reached at `server`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Motcua hub",
            "version": __version__,
            "summary": "Figures of a province's one-stop desks, and the state of its nodes. No personal data.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "paths": {
            "/api/v1/statistics": {"get": _statistics()},
            "/api/v1/nodes": {"get": _nodes()},
            "/api/v1/verify": {"post": _verify()},
            "/api/v1/dossiers/{dossier}/proof": {"get": _proof()},
            "/api/v1/dossiers/{dossier}/proof/readiness": {"get": _proof_readiness()},
            "/api/report.schema.json": {"get": _report_schema()},
            "/api/openapi.json": {"get": _document()},
            "/health": {"get": _health()},
            "/metrics": {"get": _metrics()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
            "responses": {
                "Problem": {
                    "description": "Why not (RFC 9457)",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
        },
    }


def _statistics() -> dict[str, Any]:
    return {
        "operationId": "statistics",
        "summary": "Biểu II.06a of any period and grouping, with both on-time rates",
        "description": "Needs a token unless the province made its figures public (setting public_statistics).",
        "security": [{"token": []}, {}],
        "parameters": [
            _query("from", _DAY, "First day; the present quarter when neither day is given"),
            _query("to", _DAY, "Last day, included"),
            _query(
                "group", {"type": "string", "enum": [group.value for group in Group]}, "What the rows are"
            ),
            _query("commune", {"type": "string"}, "Only this unit"),
            _query("field", {"type": "string"}, "Only this field of administration"),
            _query("procedure", {"type": "string"}, "Only this procedure"),
        ],
        "responses": _answers("The report", _ref("Report"), "401", "422"),
    }


def _nodes() -> dict[str, Any]:
    return {
        "operationId": "nodes",
        "summary": "Every enrolled PC as of its last contact",
        "security": [{"token": []}],
        "responses": _answers("The fleet", _ref("Fleet"), "401"),
    }


def _verify() -> dict[str, Any]:
    text, binary = {"schema": {"type": "string"}}, {"schema": {"type": "string", "format": "binary"}}
    form = {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "string", "format": "binary"}, "text": {"type": "string"}},
        }
    }
    return {
        "operationId": "verify",
        "summary": "What can be said about a proof, an exported record or a code on paper",
        "description": "Open to everybody at 120 requests in a quarter of an hour for each address; an agency's key allows 6,000. "
        "Nothing that is sent is kept. A picture is searched for a code, a PDF for a proof inside; the report is about what was found, "
        "and `input` says the size and digest of that. A file that is none of the known ones gets a report too (exit_code 3). "
        "415: this hub lacks what reads pictures. 422 MC_TYPED_OVER: a program for typing Vietnamese changed the code.",
        "security": [{"token": []}, {}],
        "parameters": [
            _query(
                "require_log", {"type": "string", "enum": ["true"]}, "Demand that the log is shown to hold it"
            )
        ],
        "requestBody": {
            "required": True,
            "description": "The file, byte for byte (at most 3 MiB; a proof at most 1 MiB), or a form with the field file or text. "
            "What it is is seen from the bytes; the content type decides only whether it is a form.",
            "content": {
                "application/json": {"schema": {}},
                "application/octet-stream": binary,
                "application/pdf": binary,
                "image/*": binary,
                "text/plain": text,
                "multipart/form-data": form,
            },
        },
        "responses": _answers("The report", _ref("VerificationReport"), "401", "415", "422", "429"),
    }


def _proof() -> dict[str, Any]:
    dossier = {
        "name": "dossier",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "Code or id",
    }
    return {
        "operationId": "proof",
        "summary": "A proof file (signing/PROOF.md) of a dossier's records; bodies only of those named by disclose",
        "description": "With a token made for taking proofs; every export stands in the province's diary.",
        "security": [{"token": []}],
        "parameters": [
            dossier,
            _query("record", {"type": "string"}, "Only this record (id); may be repeated"),
            _query("disclose", {"type": "string"}, "With the body of this record (id); may be repeated"),
        ],
        "responses": _answers(
            "The proof", {"type": "object", "required": ["format", "records"]}, "401", "404"
        ),
    }


def _proof_readiness() -> dict[str, Any]:
    return _proof() | {
        "operationId": "proofReadiness",
        "summary": "What that proof would lack now, and so what a verifier without a line could not decide",
        "description": "With a token made for taking proofs. The proof itself comes with the same in the header Motcua-Proof-Lacks.",
        "responses": _answers("What it lacks", READINESS_SCHEMA, "401", "404"),
    }


def _report_schema() -> dict[str, Any]:
    return {
        "operationId": "reportSchema",
        "summary": "The JSON schema of a verification report",
        "responses": _answers("The schema", {"type": "object", "required": ["$schema", "properties"]}),
    }


def _document() -> dict[str, Any]:
    return {
        "operationId": "openapi",
        "summary": "This document",
        "responses": _answers("The document", {"type": "object", "required": ["openapi", "paths"]}),
    }


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "summary": "Whether the hub is up and its judge keeps pace",
        "responses": _answers("State", _ref("Health")),
    }


def _metrics() -> dict[str, Any]:
    return {
        "operationId": "metrics",
        "summary": "Prometheus metrics; from loopback, or with the token of the setting metrics_token",
        "security": [{"token": []}, {}],
        "responses": {
            "200": {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}},
            "401": {"$ref": "#/components/responses/Problem"},
        },
    }


def _schemas() -> dict[str, Any]:
    rate = _object(
        {
            "numerator": _COUNT,
            "denominator": _COUNT,
            "value": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        }
    )
    figures = {
        "received": _object({"total": _COUNT, "online": _COUNT, "other": _COUNT, "carried_over": _COUNT}),
        "solved": _object({"total": _COUNT, "early": _COUNT, "on_time": _COUNT, "late": _COUNT}),
        "processing": _object({"total": _COUNT, "in_term": _COUNT, "overdue": _COUNT}),
        "withdrawn": _COUNT,
        "refused": _COUNT,
        "rates": _object({"A": rate, "B": rate}),
    }
    text, perhaps_text = {"type": "string"}, {"type": ["string", "null"]}
    return {
        "VerificationReport": {key: value for key, value in REPORT_SCHEMA.items() if key != "$schema"},
        "Report": _object(
            {
                "period": _object({"from": _DAY, "to": _DAY, "as_of": _DAY}),
                "group": {"type": "string", "enum": [group.value for group in Group]},
                "filter": _object(
                    {"commune": perhaps_text, "field": perhaps_text, "procedure": perhaps_text}
                ),
                "definitions": text,
                "rows": {"type": "array", "items": _object({"key": text, "name": text, **figures})},
                "total": _object(figures),
            }
        ),
        "Fleet": _object({"at": _MOMENT, "nodes": {"type": "array", "items": _ref("Node")}}),
        "Node": _object(
            {
                "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                "unit": text,
                "unit_name": text,
                "name": text,
                "state": {"type": "string", "enum": [state.value for state in NodeState]},
                "enrolled": _MOMENT,
                "last_contact": _MOMENT,
                "last_synced": _MOMENT,
                "records": _object({"held": _COUNT, "acknowledged": _COUNT, "judged": _COUNT}),
                "unsent": _COUNT,
                "oldest_unsent_seconds": _COUNT,
                "version": perhaps_text,
                "clock_offset_ms": {"type": ["integer", "null"]},
                "disk_free_mb": {"type": ["integer", "null"]},
                "codes_left": {"type": ["integer", "null"]},
                "conflicts": {"type": ["integer", "null"]},
                "refused": {"type": ["integer", "null"]},
                "problem": perhaps_text,
                "fold": {"type": ["integer", "null"]},
                "epochs": _COUNT,
                "forks": _COUNT,
                "restored": _MOMENT,
            }
        ),
        "Health": _object(
            {
                "status": {"type": "string", "enum": ["ok", "judge_missing"]},
                "version": text,
                "unjudged": _COUNT,
                "is_judging": {"type": "boolean"},
                "refolding": _COUNT,
            }
        ),
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "code", "next"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": text,
                "status": {"type": "integer"},
                "code": text,
                "next": text,
                "detail": text,
            },
        },
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """An object that always has exactly these members."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _answers(description: str, schema: dict[str, Any], *problems: str) -> dict[str, Any]:
    answers: dict[str, Any] = {
        "200": {"description": description, "content": {"application/json": {"schema": schema}}}
    }
    return answers | {status: {"$ref": "#/components/responses/Problem"} for status in problems}
