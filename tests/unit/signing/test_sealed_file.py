"""A sealed file opens whole and unchanged with its key, or not at all."""

import pytest

from signing.sealed_file import CHUNK_BYTES, TAG_BYTES, FileDamaged, open_file, seal_file, sealed_size

KEY = bytes(range(32))
LENGTHS = (1, CHUNK_BYTES - TAG_BYTES, CHUNK_BYTES - TAG_BYTES + 1, 3 * CHUNK_BYTES)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_file_comes_back_and_its_length_is_known_before(length: int) -> None:
    plain = bytes(number % 251 for number in range(length))
    sealed = seal_file(plain, KEY)
    assert open_file(sealed, KEY) == plain
    assert len(sealed) == sealed_size(length)


def test_every_change_is_refused() -> None:
    sealed = seal_file(bytes(2 * CHUNK_BYTES), KEY)
    first, second, last = (
        sealed[:CHUNK_BYTES],
        sealed[CHUNK_BYTES : 2 * CHUNK_BYTES],
        sealed[2 * CHUNK_BYTES :],
    )
    changed = [
        second + first + last,
        first + second,
        first + first + last,
        first + last,
        sealed + b"\0",
        sealed[:-1],
        sealed[:40] + bytes([sealed[40] ^ 1]) + sealed[41:],
        b"",
    ]
    for each in changed:
        with pytest.raises(FileDamaged):
            open_file(each, KEY)
    with pytest.raises(FileDamaged):
        open_file(sealed, bytes(32))


def test_an_empty_file_or_a_short_key_is_our_own_mistake() -> None:
    for plain, key in ((b"", KEY), (b"x", KEY[:31])):
        with pytest.raises(ValueError, match="32 bytes"):
            seal_file(plain, key)
