"""Dictionaries: small frames shrink, old bytes stay readable, unknown numbers are refused."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
import zstandard

from sync_protocol import dictionaries, frame, limits
from sync_protocol.dictionaries import dictionary
from sync_protocol.errors import RunInvalid
from sync_protocol.frame import decode_run, encode_run
from tests.support.device_log import DeviceLog

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "dictionaries.json"


def repacked(log: DeviceLog, known: zstandard.ZstdCompressionDict | None) -> bytes:
    """The log's frame with its table packed in another way."""
    data = encode_run(log.run())
    packed = msgspec.msgpack.decode(data, type=frame._Frame)
    packed.table = zstandard.ZstdCompressor(dict_data=known).compress(frame.frame_table(data))
    return msgspec.msgpack.encode(packed)


def test_the_bytes_of_a_number_never_change() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {int(number) for number in golden} == dictionaries.KNOWN
    for number, digest in golden.items():
        data = files(dictionaries).joinpath(f"frame-{number}.zdict").read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest
        assert zstandard.ZstdCompressionDict(data).dict_id() == int(number)


def test_a_small_frame_is_packed_with_the_newest_dictionary_and_comes_out_the_same() -> None:
    log = DeviceLog()
    log.a_dossier()
    data = encode_run(log.run())
    packed = msgspec.msgpack.decode(data, type=frame._Frame)
    assert zstandard.get_frame_parameters(packed.table).dict_id == dictionaries.NEWEST
    assert decode_run(data) == log.run()
    assert len(data) < len(repacked(log, None))


def test_a_frame_without_a_dictionary_stays_readable() -> None:
    log = DeviceLog()
    log.a_dossier()
    assert decode_run(repacked(log, None)) == log.run()
    assert decode_run(repacked(log, dictionary(1))) == log.run()


def test_an_unknown_dictionary_is_refused() -> None:
    log = DeviceLog()
    log.a_dossier()
    samples = [bytes([i % 251]) * 40 + str(i).encode() * 20 for i in range(2_000)]
    strange = zstandard.train_dictionary(2_048, samples, dict_id=77)
    with pytest.raises(RunInvalid, match="dictionary 77"):
        decode_run(repacked(log, strange))


def test_a_bomb_packed_with_the_dictionary_is_refused_before_it_is_unpacked() -> None:
    log = DeviceLog()
    packed = msgspec.msgpack.decode(encode_run(log.run()), type=frame._Frame)
    zeros = bytes(limits.RUN_UNPACKED_BYTES_MAX + 1)
    packed.table = zstandard.ZstdCompressor(dict_data=dictionary(1)).compress(zeros)
    with pytest.raises(RunInvalid):
        decode_run(msgspec.msgpack.encode(packed))
