"""The JSON schema (draft 2020-12) of a verification report: what programs may rely on, in the same words as `report`.

Tests hold every report of the golden corpus against it. It is served by the hub, printed by `motcua-verify --schema`, and used
by the OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Final

from signing.report import Indication, InForce, Result, StatusSource, SubIndication

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_INTEGER_OR_NULL: Final[Schema] = {"type": ["integer", "null"]}
_HEX64: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_KEY_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_OBJECT_OR_NULL: Final[Schema] = {"type": ["object", "null"]}


def _words(names: object) -> Schema:
    return {"type": "string", "enum": [str(name) for name in names]}  # type: ignore[attr-defined]


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_BOUND: Final = _or_null(_object({"size": _COUNT, "time": _INTEGER_OR_NULL, "witnesses": _list(_TEXT)}))
_SIGNER: Final = _object(
    {
        "key": _KEY_ID,
        "roles": _list(_TEXT),
        "unit": _TEXT,
        "officer": _TEXT_OR_NULL,
        "name": _TEXT_OR_NULL,
        "title": _TEXT_OR_NULL,
        "delegated": {"type": "boolean"},
        "suite": _TEXT,
        "legal_class": _TEXT,
    }
)
_DOCUMENT: Final = _object(
    {
        "id": _HEX64,
        "kind": _TEXT,
        "unit": _TEXT,
        "dossier": _TEXT_OR_NULL,
        "facts": _OBJECT_OR_NULL,
        "content": _OBJECT_OR_NULL,
        "in_force": _words(InForce),
        "files": _list(_HEX64),
    }
)
_FINDING: Final[dict[str, Schema]] = {
    "indication": _words(Indication),
    "sub_indications": _list(_words(SubIndication)),
    "document": _or_null(_DOCUMENT),
    "signers": _list(_SIGNER),
    "time": _object(
        {"claimed": _INTEGER_OR_NULL, "not_before": _BOUND, "not_after": _BOUND, "tsa": _list({})}
    ),
    "log": _or_null(
        _object(
            {
                "origin": _TEXT,
                "index": _COUNT,
                "size": _COUNT,
                "witnesses": _list(_TEXT),
                "quorum": _TEXT,
            }
        )
    ),
}
_CHECK: Final = _object(
    {
        "id": _TEXT,
        "record": _INTEGER_OR_NULL,
        "result": _words(Result),
        "sub_indication": _or_null(_words(SubIndication)),
        "why_vi": _TEXT,
        "why_en": _TEXT,
        "evidence": _TEXT_OR_NULL,
    }
)

REPORT_SCHEMA: Final[Schema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Motcua verification report, version 1",
    **_object(
        {
            **_FINDING,
            "report": {"const": 1},
            "exit_code": {"type": "integer", "enum": [0, 1, 2, 3]},
            "vi": _TEXT,
            "en": _TEXT,
            "force": _object({"in_force": _words(InForce), "records": _list(_COUNT)}),
            "records": _list(_object(_FINDING)),
            "status": _or_null(
                _object(
                    {
                        "as_of_size": _COUNT,
                        "as_of_time": _INTEGER_OR_NULL,
                        "age_ms": _INTEGER_OR_NULL,
                        "source": _words(StatusSource),
                    }
                )
            ),
            "checks": _list(_CHECK),
            "not_checked": _list(_object({"id": _TEXT, "vi": _TEXT, "en": _TEXT})),
            "unused": _list(_TEXT),
            "trust": _object(
                {
                    "bundle_version": _COUNT,
                    "province": _TEXT,
                    "root_fingerprint": _HEX64,
                    "issued": _INTEGER_OR_NULL,
                    "age_ms": _INTEGER_OR_NULL,
                }
            ),
            "verifier": _object({"name": _TEXT, "version": _TEXT}),
            "input": _object({"sha256": _HEX64, "size": _COUNT}),
        }
    ),
}
