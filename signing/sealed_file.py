"""A file under a key of its own: encrypted in chunks that open alone, so that erasing the key erases the file.

XChaCha20-Poly1305 for each chunk; the nonce is the chunk's number and whether it is the last one, as in STREAM, so that a
chunk moved, repeated or cut off at the end does not open. Nothing is drawn here: the key is an argument, and it MUST be
random and used for one content only, because the nonces are the same for every file. What is in the file, and who may
read it, is not known here.
"""

from __future__ import annotations

from typing import Final

from nacl import bindings
from nacl.exceptions import CryptoError

from signing import reasons
from signing.errors import SigningError

KEY_BYTES: Final = 32
CHUNK_BYTES: Final = 128 * 1024
"""Encrypted length of every chunk but the last."""
TAG_BYTES: Final = 16
_PLAIN_BYTES: Final = CHUNK_BYTES - TAG_BYTES
_LABEL: Final = b"motcua.file\0\0\0\0"


class FileDamaged(SigningError):
    """The encrypted file is not what this key sealed."""

    default = reasons.FILE_DAMAGED


def seal_file(plain: bytes, key: bytes) -> bytes:
    """The ciphertext of a file that is not empty; ValueError for an empty one or a key of another length."""
    if not plain or len(key) != KEY_BYTES:
        raise ValueError("a sealed file has content and a key of 32 bytes")
    starts = range(0, len(plain), _PLAIN_BYTES)
    parts = [
        bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain[start : start + _PLAIN_BYTES], None, _nonce(number, number == len(starts) - 1), key
        )
        for number, start in enumerate(starts)
    ]
    return b"".join(parts)


def open_file(sealed: bytes, key: bytes) -> bytes:
    """The file; raises FileDamaged where a byte is missing, added, moved or changed, or the key is another one."""
    if len(sealed) <= TAG_BYTES or len(key) != KEY_BYTES:
        raise FileDamaged("too short, or no key")
    starts = range(0, len(sealed), CHUNK_BYTES)
    try:
        parts = [
            bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                sealed[start : start + CHUNK_BYTES], None, _nonce(number, number == len(starts) - 1), key
            )
            for number, start in enumerate(starts)
        ]
    except (CryptoError, ValueError) as error:
        raise FileDamaged("a chunk does not open") from error
    return b"".join(parts)


def sealed_size(plain_bytes: int) -> int:
    """Bytes that a file of this many bytes takes when sealed."""
    return plain_bytes + TAG_BYTES * -(-plain_bytes // _PLAIN_BYTES)


def _nonce(number: int, is_last: bool) -> bytes:
    return _LABEL + (b"\1" if is_last else b"\0") + number.to_bytes(8, "big")
