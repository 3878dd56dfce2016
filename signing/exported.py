"""The exported-record file: one record and the key statements that lead from it to the trust bundle.

    {"format":"motcua-record/1",
     "record":{"header":b64,"signature":b64,"salt":b64,"content":b64},
     "statements":[{"header":b64,"signature":b64}, …]}

Canonical JSON; every byte string in base64. `salt` and `content` are both there or both absent: a record exported without
its body still proves who signed what facts. The signed bytes travel as they were stored and are never built anew. This
room fixes the form only; nothing in it is verified.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signing import canonical
from signing.canonical import Json
from signing.errors import NotCanonical

FORMAT: Final = "motcua-record/1"
EXPORT_BYTES_MAX: Final = 1 << 20
STATEMENTS_MAX: Final = 64
SALT_BYTES: Final = 16

_BODY_LABEL: Final = b"motcua.body\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRecord:
    """Signed bytes as they were stored, and perhaps the body they commit to."""

    header: bytes
    signature: bytes
    salt: bytes | None = None
    content: bytes | None = None

    @property
    def body_hash(self) -> str | None:
        """The hash that the header must name if this body is the record's."""
        return None if self.salt is None or self.content is None else body_hash(self.salt, self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What one file holds; statements stand issuers first."""

    record: ExportedRecord
    statements: tuple[ExportedRecord, ...]


def body_hash(salt: bytes, content: bytes) -> str:
    """The salted SHA-256 by which a header names its body."""
    return hashlib.sha256(_BODY_LABEL + salt + content).hexdigest()


def encode_export(record: ExportedRecord, statements: Sequence[ExportedRecord]) -> bytes:
    """The file's bytes."""
    return canonical.encode(
        {
            "format": FORMAT,
            "record": record_members(record),
            "statements": [record_members(statement) for statement in statements],
        }
    )


def decode_export(data: bytes) -> Export:
    """Read a file strictly; NotCanonical if it is not one."""
    return read_export(canonical.decode(data, size_bytes_max=EXPORT_BYTES_MAX))


def read_export(fields: Json) -> Export:
    """The export in a value that was canonical; NotCanonical if there is none."""
    if not isinstance(fields, dict) or fields.keys() != {"format", "record", "statements"}:
        raise NotCanonical("not an exported record")
    if fields["format"] != FORMAT:
        raise NotCanonical("another format of exported record")
    statements = fields["statements"]
    if not isinstance(statements, list) or len(statements) > STATEMENTS_MAX:
        raise NotCanonical(f"expected a list of at most {STATEMENTS_MAX} statements")
    return Export(
        record=read_record(fields["record"]),
        statements=tuple(read_record(statement) for statement in statements),
    )


def record_members(record: ExportedRecord) -> dict[str, Json]:
    """A record as an object of base64 texts."""
    fields: dict[str, Json] = {
        "header": base64_text(record.header),
        "signature": base64_text(record.signature),
    }
    if record.salt is not None and record.content is not None:
        fields |= {"salt": base64_text(record.salt), "content": base64_text(record.content)}
    return fields


def read_record(value: Json) -> ExportedRecord:
    """The record in such an object; NotCanonical if it has any other form."""
    if not isinstance(value, dict):
        raise NotCanonical("a record is an object")
    if value.keys() == {"header", "signature"}:
        return ExportedRecord(header=bytes_of(value["header"]), signature=bytes_of(value["signature"]))
    if value.keys() != {"header", "signature", "salt", "content"}:
        raise NotCanonical("a record has other members")
    salt = bytes_of(value["salt"])
    if len(salt) != SALT_BYTES:
        raise NotCanonical(f"a salt has {SALT_BYTES} bytes")
    return ExportedRecord(
        header=bytes_of(value["header"]),
        signature=bytes_of(value["signature"]),
        salt=salt,
        content=bytes_of(value["content"]),
    )


def base64_text(data: bytes) -> str:
    """Bytes as the one base64 text they have."""
    return base64.b64encode(data).decode()


def bytes_of(value: Json) -> bytes:
    """The bytes of a base64 text; NotCanonical for any other value or another spelling of the same bytes."""
    try:
        data = base64.b64decode(str(value), validate=True)
    except ValueError as error:
        raise NotCanonical("not base64") from error
    if base64_text(data) != value:
        raise NotCanonical("not the one base64 form of its bytes")
    return data
