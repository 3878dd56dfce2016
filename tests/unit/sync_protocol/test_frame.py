"""Frames: what comes out is byte for byte what went in, and nothing hostile comes out at all."""

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync_protocol import frame, limits
from sync_protocol.columns import Columns, pack, unpack
from sync_protocol.errors import RunInvalid
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.log import Run, check_chain
from sync_protocol.record import Anchor, Body, BodyState, UnverifiedRecord, compose, unverified
from tests.support.device_log import DeviceLog, key_of

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "frames"


def _plain() -> st.SearchStrategy[Any]:
    """Any value that a canonical header may hold, a few levels deep."""
    leaf = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("aé–", max_size=5)
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3)
        ),
        max_leaves=4,
    )


def a_varied_log() -> DeviceLog:
    log = DeviceLog()
    dossiers = [log.a_dossier(), log.a_dossier(2)]
    log.write(
        "dossier.noted", dossiers[0], {}, {"note": "Xin chào"}, parents=(log.records[2].id, log.records[5].id)
    )
    log.write(
        "dossier.noted", dossiers[1], {"list": [1, 2, {"a": None}], "flag": True, "empty": {}}, offset=None
    )
    log.write(
        "dossier.noted", dossiers[1], {}, {}, anchor=Anchor(origin="motcua/48", root="ab" * 32, size=12)
    )
    log.write("lease.granted", None, {"first": 1, "last": 500}, signer=key_of("hub"))
    log.write("dossier.noted", dossiers[0], {"first": -5})
    log.write("future.kind", log.new_dossier(), {"v": 2}, v=7)
    return log


def test_a_run_rebuilds_identical_records() -> None:
    log = a_varied_log()
    for run in (log.run(), log.run(3), log.run(3, 5, sealed=False), log.run(0, 1)):
        rebuilt = decode_run(encode_run(run))
        assert rebuilt == run
        check_chain(rebuilt, log.records[run.first - 1].link if run.first else None)


@pytest.mark.parametrize("state", [BodyState.WITHHELD, BodyState.ERASED, BodyState.LOST])
def test_headers_survive_without_their_bodies(state: BodyState) -> None:
    log = DeviceLog()
    log.a_dossier()
    bare = tuple(
        UnverifiedRecord(
            r.header, r.header_bytes, r.signature, r.id, r.link, None, state if r.body else r.body_state
        )
        for r in log.run().records
    )
    run = Run(log=log.log, first=0, records=bare, seal=log.seal())
    assert decode_run(encode_run(run)) == run


def test_a_record_that_does_not_rebuild_travels_raw() -> None:
    """A newer version's header (v=7) is not what this version would write, yet arrives byte for byte."""
    log = DeviceLog()
    log.write("future.kind", log.new_dossier(), {"v": 2}, v=7)
    rebuilt = decode_run(encode_run(log.run()))
    assert rebuilt.records[1].header_bytes == log.records[1].header_bytes


@given(
    version=st.integers(2, 1_000_000),
    members=st.dictionaries(
        st.text("abz_", min_size=1, max_size=8).map(lambda name: f"x{name}"), _plain(), max_size=3
    ),
    facts=st.dictionaries(st.text("abz", min_size=1, max_size=4), _plain(), max_size=3),
)
def test_whatever_a_later_version_adds_arrives_byte_for_byte_among_todays_records(
    version: int, members: dict[str, Any], facts: dict[str, Any]
) -> None:
    """A member that nobody knew made the whole run unreadable, and with it everything after it in that log."""
    log = DeviceLog()
    dossier = log.a_dossier()
    later = {"version": version, "members": members, "facts": facts}
    log.write("dossier.noted", dossier, {}, {"note": "x"}, later=later)
    log.write("dossier.noted", dossier, {}, {"note": "y"})
    rebuilt = decode_run(encode_run(log.run()))
    assert rebuilt == log.run()
    check_chain(rebuilt, None)
    header = rebuilt.records[-2].header
    assert (header.name, header.kind, header.is_later) == ("dossier.noted", f"dossier.noted@{version}", True)


@pytest.mark.parametrize("content", [b"\xff", b"[1]", b"3", b"null", b'{"b":1,"a":2}', b'{"a":1.5}', b""])
def test_a_body_that_nobody_can_read_travels_raw(content: bytes) -> None:
    """Everybody refuses to use it; passing it on must not fail for it, or one PC could stop its whole commune."""
    log = DeviceLog()
    log.write("dossier.noted", log.new_dossier(), {}, {"note": "x"})
    body = Body(bytes(16), content)
    bent = unverified(
        compose(msgspec.structs.replace(log.records[1].header, body=body.hash), body, log.officer)
    )
    run = msgspec.structs.replace(log.run(), records=(log.run().records[0], bent), seal=None)
    assert decode_run(encode_run(run)).records[1].body == body


def test_the_golden_frame_of_a_later_version_stays_readable() -> None:
    expected = json.loads((GOLDEN / "later.json").read_text(encoding="utf-8"))
    run = decode_run((GOLDEN / "later.bin").read_bytes())
    assert [record.link for record in run.records] == expected["links"]
    assert [record.header.kind for record in run.records] == expected["kinds"]
    assert [record.header_bytes.decode() for record in run.records if record.header.is_later] == expected[
        "later"
    ]
    assert decode_run(encode_run(run)) == run


def test_a_thousand_records_are_small_on_the_wire() -> None:
    log = DeviceLog()
    while len(log.records) < 1000:
        log.a_dossier(6)
    assert len(encode_run(log.run())) < 150_000


def test_every_single_byte_change_is_refused_or_breaks_the_chain() -> None:
    log = DeviceLog()
    log.a_dossier()
    data = encode_run(log.run())
    rng = random.Random(7)
    for _ in range(400):
        place = rng.randrange(len(data))
        changed = data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
        try:
            run = decode_run(changed)
            check_chain(run, None)
        except RunInvalid:
            continue
        # What passes here changed nothing that the seal covers, or the seal's own bytes.
        assert [r.link for r in run.records] == [r.link for r in log.records] or run.seal != log.seal()


def test_truncated_frames_are_refused() -> None:
    log = DeviceLog()
    log.a_dossier()
    data = encode_run(log.run())
    for size in range(0, len(data), 7):
        with pytest.raises(RunInvalid):
            decode_run(data[:size])


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    log = DeviceLog()
    packed = msgspec.msgpack.decode(encode_run(log.run()))
    packed[10] = zstandard.ZstdCompressor().compress(bytes(limits.RUN_UNPACKED_BYTES_MAX + 1))
    with pytest.raises(RunInvalid):
        decode_run(msgspec.msgpack.encode(packed))
    with pytest.raises(RunInvalid, match="ROUND_SIZE"):
        decode_run(bytes(limits.RUN_SIZE_BYTES_MAX + 1))


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("commune", "Hải Châu"), ("commune", "1"), ("log", bytes(15)), ("prev", bytes(31)), ("keys", bytes(17)),
        ("kinds", ["Dossier.Noted"]), ("kinds", ["a"]), ("at_ms", [2**53]), ("at_counter", [-1]),
        ("listed", [[bytes(31)]]), ("listed", [[bytes(32)] * (limits.PARENTS_MAX + 1)]),
        ("offsets", [(0, (2**60, 0))]), ("offsets", [(0, (0, -1))]),
        ("anchors", [(0, ("motcua/48", bytes(31), 1))]), ("anchors", [(0, ("a\n", bytes(32), 1))]),
        ("anchors", [(0, ("motcua/48", bytes(32), -1))]),
    ],
)  # fmt: skip
def test_no_member_of_a_header_comes_out_that_the_profile_forbids(member: str, value: object) -> None:
    """The judge relies on it: it looks at facts, bodies and signatures alone."""
    log = DeviceLog()
    packed = msgspec.msgpack.decode(encode_run(log.run(0, 1)), type=frame._Frame)
    if hasattr(packed, member):
        setattr(packed, member, value)
    else:
        table = frame._table_decoder.decode(frame._unpack(packed.table))
        setattr(table, member, value)
        packed.table = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(table))
    with pytest.raises(RunInvalid):
        decode_run(msgspec.msgpack.encode(packed))


def test_a_header_that_is_too_long_does_not_come_out() -> None:
    log = DeviceLog()
    packed = msgspec.msgpack.decode(encode_run(log.run(0, 1)), type=frame._Frame)
    table = frame._table_decoder.decode(frame._unpack(packed.table))
    table.facts = pack([{"a": "x" * limits.HEADER_SIZE_BYTES_MAX}])
    packed.table = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(table))
    with pytest.raises(RunInvalid):
        decode_run(msgspec.msgpack.encode(packed))


def test_a_frame_of_another_version_is_refused() -> None:
    log = DeviceLog()
    packed = msgspec.msgpack.decode(encode_run(log.run()))
    packed[0] = frame.FRAME_VERSION + 1
    with pytest.raises(RunInvalid, match="ROUND_VERSION"):
        decode_run(msgspec.msgpack.encode(packed))


@pytest.mark.parametrize(
    "columns",
    [
        Columns([], [1], []),
        Columns([[["a", None]]], [-1], [[[1]]]),
        Columns([[["a", None]]], [1], [[]]),
        Columns([[["a", None]]], [1], [[[]]]),
        Columns([[["a", None]]], [1], [[{"d": ["x"]}]]),
        Columns([[["a", None]]], [1], [[5]]),
        Columns([["a"]], [1], [[[1]]]),
        Columns([{"a": 1}], [1], [[[1]]]),
        Columns([[["a", None], ["b", None]]], [1], [[[1], [1, 2]]]),
        Columns([[["a", None]]], [1], [[[1, 2]]]),  # more rows than objects: they would be made for nothing
        Columns([[["a", None]]], [1], [[{"d": [1, 1]}]]),
        Columns([], [0, 0], []),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns: Columns) -> None:
    with pytest.raises((ValueError, StopIteration)):
        unpack(columns, 1)


def test_columns_give_back_equal_objects() -> None:
    objects = [None, {}, {"a": 1}, {"a": True}, {"a": 2, "b": {"c": ["x"], "d": None}}, {"b": {}}, {"a": -5}]
    assert unpack(pack(objects), len(objects)) == objects
