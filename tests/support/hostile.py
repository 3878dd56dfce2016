"""What somebody who means harm, or a broken disk, would send: rounds, frames and texts that are wrong on purpose.

Everything is drawn from a seeded generator, so a finding comes back with its seed.
"""

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

import msgspec
import zstandard
from flask.testing import FlaskClient

from signing.keys import SigningKey
from sync_protocol.frame import encode_run
from sync_protocol.limits import RUN_UNPACKED_BYTES_MAX
from sync_protocol.unpacking import unpack_zstd
from sync_protocol.wire import Beacon, RoundAnswer, RoundRequest, decode_answer, encode_request
from tests.support.hub import Desk

MIB: Final = 1 << 20
BEACON: Final = Beacon(
    version="0.1.0", fold=1, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=12, disk_free_mb=9_000,
    database_mb=4, codes_left=500,
)  # fmt: skip
FRAME_MEMBERS: Final = (
    "version", "log", "first", "prev", "commune", "keys", "dossiers", "signatures", "salts", "hashes", "table", "seal",
)  # fmt: skip
TABLE_MEMBERS: Final = (
    "kinds", "kind", "by", "at_ms", "at_counter", "dossier", "parents", "listed", "offsets", "anchors", "states", "facts",
    "contents", "raw", "raw_bodies",
)  # fmt: skip

NASTY_TEXTS: Final[dict[str, str]] = {
    "nothing": "",
    "blanks": "   \u00a0\t ",
    "long": "Nguyễn " * 3_000,
    "control": "Lan\x00\x01\x1b[31m\x7f\x85\u2028\u2029",
    "nfd": "Nguye\u0302\u0303n Thi\u0323 Lan",
    "emoji": "Lan 👩‍👩‍👧‍👦 🏳️‍🌈 \U0001f1fb\U0001f1f3",
    "right to left": "\u202eLan\u202c\u2066x\u2069\ufeff\u200b",
    "sql": "'; DROP TABLE dossier; -- \" OR 1=1",
    "fts": 'a" OR NEAR(x, y) AND NOT * ^ {b} : "',
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;",
    "template": "{{ 7*7 }}{% for x in y %}{{ config }}{% endfor %}${7*7}#{7*7}%(name)s %s {0}",
    "typst": '#read("/etc/passwd") $x$ \\ @a <b> `c` */',
    "path": "../../../../etc/passwd\\..\\C:",
    "huge": "9" * 40,
    "huge behind zeros": "0" * 15 + "9" * 30,
    "more digits than python reads": "0" * 15 + "9" * 5_000,
    "negative": "-1",
    "not a number": "NaN",
    "infinity": "1e400",
    "other digits": "１２٣٤²½",
    "no such day": "31/02/2026",
    "far day": "01/01/9999",
    "first day": "01/01/0001",
    "other day": "2026-13-45T99:99",
    "surrogate": "\ud800 \udfff",
    "noncharacter": "\ufffe\uffff\U0010ffff",
}


def ask(client: FlaskClient, desk: Desk, *, signer: SigningKey | None = None, **members: Any) -> Any:
    """One round of this PC, honest but for `members`."""
    data = round_bytes(desk, signer=signer, **members)
    return client.post("/sync/v1/round", data=data, content_type="application/octet-stream")


def round_bytes(desk: Desk, *, signer: SigningKey | None = None, **members: Any) -> bytes:
    fields: dict[str, Any] = {
        "protocol": 1, "device": bytes.fromhex(desk.device), "challenge": b"", "hub_epoch": bytes(16), "sent_ms": 0,
        "frontier": [], "digest": b"", "receipt": b"", "beacon": BEACON, "bytes_max": 200_000, "runs": [],
    }  # fmt: skip
    return encode_request(RoundRequest(**{**fields, **members}), signer or desk.log.device)


def signed_round(desk: Desk, message: Any, *, packed: bytes | None = None) -> bytes:
    """Any message at all, under this PC's signature."""
    packed = b"\0" + msgspec.msgpack.encode(message) if packed is None else packed
    return desk.log.device.sign("motcua.round", packed) + packed


def challenge_of(client: FlaskClient, desk: Desk) -> bytes:
    answer: RoundAnswer = decode_answer(ask(client, desk).data)
    return answer.challenge


def frame_of(desk: Desk, first: int = 0, stop: int | None = None, *, sealed: bool = True) -> bytes:
    return encode_run(desk.log.run(first, stop, sealed=sealed))


def changed_frame(
    frame: bytes, frame_changes: dict[str, Any] | None = None, table_changes: dict[str, Any] | None = None
) -> bytes:
    """The same frame with members replaced; a change may be a function of the old value."""
    members = dict(zip(FRAME_MEMBERS, msgspec.msgpack.decode(frame), strict=True))
    if table_changes:
        table = dict(zip(TABLE_MEMBERS, _table(members["table"]), strict=True))
        table = {name: _change(table_changes.get(name, value), value) for name, value in table.items()}
        members["table"] = zstandard.compress(msgspec.msgpack.encode([table[name] for name in TABLE_MEMBERS]))
    wanted = frame_changes or {}
    return msgspec.msgpack.encode([_change(wanted.get(n, members[n]), members[n]) for n in FRAME_MEMBERS])


def _change(new: Any, old: Any) -> Any:
    return new(old) if callable(new) else new


def _table(packed: bytes) -> list[Any]:
    table = unpack_zstd(packed, size_bytes_max=RUN_UNPACKED_BYTES_MAX)
    found: list[Any] = msgspec.msgpack.decode(table)
    return found


NASTY_VALUES: Final[tuple[Any, ...]] = (
    None, True, -1, 0, 1, 2**31, 2**53, 2**63, 2**64 - 1, -(2**63), 1.5, float("nan"), float("inf"), "", "a", "\x00",
    "48", "Ă" * 100, b"", b"\xff" * 16, bytes(64), [], [[]], [None], [1, 2, 3], {}, {"d": [2**63] * 3}, {"": None},
    {"a": {"b": {}}},
)  # fmt: skip


def nest(depth: int, leaf: Any = 1) -> Any:
    value = leaf
    for _ in range(depth):
        value = [value]
    return value


def fuzzed(value: Any, chance: Random, *, changes: int = 1) -> Any:
    """A copy of decoded MessagePack with some members somewhere replaced, doubled, dropped or swapped."""
    value = copy.deepcopy(value)
    for _ in range(changes):
        places = [place for place in _places(value) if place[0]]
        holder, key = chance.choice(places)
        _spoil(holder, key, chance)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, list):
        for index, member in enumerate(value):
            yield value, index
            yield from _places(member)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield value, name
            yield from _places(member)


def _spoil(holder: Any, key: Any, chance: Random) -> None:
    old = holder[key]
    ways: list[Callable[[], Any]] = [lambda: chance.choice(NASTY_VALUES)]
    if isinstance(old, bytes) and old:
        place = chance.randrange(len(old))
        ways += [
            lambda: old[:place] + bytes([old[place] ^ 1 << chance.randrange(8)]) + old[place + 1 :],
            lambda: old[:place],
            lambda: old + old[:place],
        ]
    if isinstance(old, int) and not isinstance(old, bool):
        ways += [lambda: old + chance.choice((-1, 1, 2, 1000, -1000)), lambda: -old]
    if isinstance(old, str) and old:
        ways += [lambda: old + "x", lambda: old[:-1], lambda: chance.choice(list(NASTY_TEXTS.values())[:12])]
    if isinstance(old, list) and old:
        ways += [lambda: old[:-1], lambda: [*old, old[-1]], lambda: old[::-1]]
    holder[key] = chance.choice(ways)()


def fuzzed_frame(frame: bytes, chance: Random) -> bytes:
    """The frame damaged somewhere: in its bytes, its members, or inside its table."""
    way = chance.randrange(4)
    if way == 0:
        place = chance.randrange(len(frame))
        return frame[:place] + bytes([frame[place] ^ 1 << chance.randrange(8)]) + frame[place + 1 :]
    members = msgspec.msgpack.decode(frame)
    if way == 1:
        return _encoded(fuzzed(members, chance, changes=chance.randint(1, 3)), frame)
    table = fuzzed(_table(members[10]), chance, changes=chance.randint(1, 3))
    members[10] = zstandard.compress(_encoded(table, b"\xc0"))
    return _encoded(members, frame)


def _encoded(value: Any, otherwise: bytes) -> bytes:
    try:
        return msgspec.msgpack.encode(value)
    except (UnicodeEncodeError, OverflowError, TypeError):
        return otherwise[:-1]
