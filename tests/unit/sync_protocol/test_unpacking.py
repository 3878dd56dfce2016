"""Bombs: what claims to be small and unpacks to gigabytes is refused before room is made for it."""

import tracemalloc

import msgspec
import pytest
import zstandard

from sync_protocol.unpacking import check_containers, unpack_zstd

MIB = 1 << 20


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_bomb_is_refused_before_room_is_made_for_it(is_declared: bool) -> None:
    compressor = zstandard.ZstdCompressor(write_content_size=is_declared)
    bomb = compressor.compress(bytes(64 * MIB)) if is_declared else _streamed(compressor, 64 * MIB)
    tracemalloc.start()
    try:
        with pytest.raises(zstandard.ZstdError):
            unpack_zstd(bomb, size_bytes_max=MIB)
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()


def _streamed(compressor: zstandard.ZstdCompressor, size: int) -> bytes:
    part = compressor.compressobj()
    return part.compress(bytes(size)) + part.flush()


@pytest.mark.parametrize("size", [0, 1, 1000, MIB])
def test_what_fits_comes_out_whole(size: int) -> None:
    assert unpack_zstd(zstandard.compress(bytes(size)), size_bytes_max=MIB) == bytes(size)


@pytest.mark.parametrize(
    "data", [b"", b"\x28\xb5\x2f\xfd", b"no zstd at all", zstandard.compress(b"abc")[:-2]]
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(zstandard.ZstdError):
        unpack_zstd(data, size_bytes_max=MIB)


NESTED: list[object] = [
    [[]] * 40,
    [{}] * 40,
    [{"a": [1, {"b": None}]}] * 14,
    {str(n): [] for n in range(40)},
    [[1.5, -3, 2**40, -(2**40), True, b"\x90" * 300, "ề" * 300, msgspec.msgpack.Ext(1, b"\x80" * 40)]] * 40,
]


@pytest.mark.parametrize("value", NESTED)
def test_lists_and_maps_are_counted_exactly(value: object) -> None:
    data = msgspec.msgpack.encode(value)
    count = _containers(value)
    check_containers(data, most=count)
    with pytest.raises(ValueError, match="lists and maps"):
        check_containers(data, most=count - 1)


def test_text_that_looks_like_lists_is_no_list() -> None:
    check_containers(msgspec.msgpack.encode("ềếễ" * 10_000), most=0)


def _containers(value: object) -> int:
    if isinstance(value, list):
        return 1 + sum(map(_containers, value))
    if isinstance(value, dict):
        return 1 + sum(map(_containers, value.values()))
    return 0
