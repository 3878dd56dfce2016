"""Records as a later version of the program would write them: another `v`, perhaps members and facts that nobody knows today."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import msgspec
import orjson

from edge_node.store.record_log import _read_header
from signing.signatures import Signer
from sync_protocol import record as records
from sync_protocol.record import RECORD_PURPOSE, Body, Header, Record, open_record, trusted

MEMBERS: Final[Mapping[str, Any]] = {"place": {"room": [3, "quầy"]}, "zone": None}
"""Members of a header that version 1 does not have."""


def compose_later(
    header: Header,
    body: Body | None,
    signer: Signer,
    *,
    version: int = 2,
    members: Mapping[str, Any] = MEMBERS,
    facts: Mapping[str, Any] | None = None,
) -> Record:
    """`header` as a later version signs it, with these further members and facts."""
    known = msgspec.to_builtins(header)
    said = {**known, **members, "facts": {**header.facts, **(facts or {})}, "v": version}
    data = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    return trusted(open_record(data, signer.sign(RECORD_PURPOSE, data), body))


@contextmanager
def writing_later(**said: Any) -> Iterator[None]:
    """What this PC records meanwhile is of a later version."""

    def compose(header: Header, body: Body | None, signer: Signer) -> Record:
        return compose_later(header, body, signer, **said)

    with patch("edge_node.journal.service.compose", compose):
        yield


@contextmanager
def reading_later(version: int = 2) -> Iterator[None]:
    """The program that knows this version: nothing of it is later any more. A program remembers nothing of another one."""
    _read_header.cache_clear()
    with patch.object(records, "RECORD_VERSION", version):
        yield
    _read_header.cache_clear()
