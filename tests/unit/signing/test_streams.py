"""A sealed stream opens message by message, in order, for the holder of the key alone."""

import pytest

from signing.errors import SigningError
from signing.streams import STREAM_HEADER_BYTES, STREAM_KEY_BYTES, OpeningStream, SealingStream

KEY = bytes(STREAM_KEY_BYTES)


def sealed(*messages: bytes) -> tuple[bytes, list[bytes]]:
    stream = SealingStream(KEY)
    return stream.header, [
        stream.seal(message, context=b"c", is_last=message is messages[-1]) for message in messages
    ]


def test_messages_open_in_order_and_the_last_says_so() -> None:
    header, chunks = sealed(b"one", b"two", b"")
    stream = OpeningStream(KEY, header)
    assert [stream.open(chunk, context=b"c") for chunk in chunks] == [
        (b"one", False),
        (b"two", False),
        (b"", True),
    ]


def test_two_streams_under_one_key_differ() -> None:
    assert sealed(b"one")[1] != sealed(b"one")[1]


@pytest.mark.parametrize("order", [[1], [0, 0], [0, 2]])
def test_nothing_is_dropped_doubled_or_moved(order: list[int]) -> None:
    header, chunks = sealed(b"one", b"two", b"three")
    stream = OpeningStream(KEY, header)
    with pytest.raises(SigningError, match="MC_ENCLOSURE"):
        for number in order:
            stream.open(chunks[number], context=b"c")


def test_another_key_context_or_text_does_not_open() -> None:
    header, (chunk, *_) = sealed(b"one", b"two")
    for stream, data, context in (
        (OpeningStream(b"x" * STREAM_KEY_BYTES, header), chunk, b"c"),
        (OpeningStream(KEY, header), chunk, b"d"),
        (OpeningStream(KEY, header), chunk[:-1] + bytes([chunk[-1] ^ 1]), b"c"),
        (OpeningStream(KEY, header), b"short", b"c"),
    ):
        with pytest.raises(SigningError, match="MC_ENCLOSURE"):
            stream.open(data, context=context)


def test_keys_and_headers_have_their_lengths() -> None:
    with pytest.raises(SigningError, match="MC_ENCLOSURE"):
        SealingStream(b"short")
    with pytest.raises(SigningError, match="MC_ENCLOSURE"):
        OpeningStream(KEY, bytes(STREAM_HEADER_BYTES - 1))
