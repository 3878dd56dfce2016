"""A row of messages under one symmetric key, each readable as soon as it is there: libsodium's secretstream.

Nobody without the key reads a message; nobody at all can change, drop, double or move one without its being seen, and
the last one says that it is the last. What is cut off is therefore known to be cut, and what came before stays good.

Beside `keys` this is the only room of the pure packages that touches randomness: libsodium draws the header of a
stream, so that one key may serve several. Where keys come from and for whom they are sealed is not decided here.
"""

from __future__ import annotations

from typing import Final

from nacl import bindings

from signing import reasons
from signing.errors import SigningError

STREAM_KEY_BYTES: Final = bindings.crypto_secretstream_xchacha20poly1305_KEYBYTES
STREAM_HEADER_BYTES: Final = bindings.crypto_secretstream_xchacha20poly1305_HEADERBYTES
STREAM_OVERHEAD_BYTES: Final = bindings.crypto_secretstream_xchacha20poly1305_ABYTES
"""How much longer a sealed message is than its text."""

_MESSAGE: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_FINAL: Final = bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL


class SealingStream:
    """The writing end. `header` goes before the first message, in clear."""

    __slots__ = ("_state", "header")

    def __init__(self, key: bytes) -> None:
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        self.header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, _checked(key))

    def seal(self, message: bytes, *, context: bytes, is_last: bool = False) -> bytes:
        """The next message; `context` is not in it, and has to be the same when it is opened."""
        tag = _FINAL if is_last else _MESSAGE
        return bindings.crypto_secretstream_xchacha20poly1305_push(self._state, message, context, tag)


class OpeningStream:
    """The reading end of one stream."""

    __slots__ = ("_state",)

    def __init__(self, key: bytes, header: bytes) -> None:
        if len(header) != STREAM_HEADER_BYTES:
            raise SigningError("a stream's header has another length", reason=reasons.ENCLOSURE)
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        bindings.crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, _checked(key))

    def open(self, sealed: bytes, *, context: bytes) -> tuple[bytes, bool]:
        """The next message and whether it is the last; SigningError(MC_ENCLOSURE) if it is not the one written next."""
        if len(sealed) < STREAM_OVERHEAD_BYTES:
            raise SigningError("a sealed message is longer than this", reason=reasons.ENCLOSURE)
        try:
            message, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, context)
        except RuntimeError as error:
            raise SigningError("not the next message of this stream", reason=reasons.ENCLOSURE) from error
        return message, tag == _FINAL


def _checked(key: bytes) -> bytes:
    if len(key) != STREAM_KEY_BYTES:
        raise SigningError(f"a stream's key has {STREAM_KEY_BYTES} bytes", reason=reasons.ENCLOSURE)
    return key
