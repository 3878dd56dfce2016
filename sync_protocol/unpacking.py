"""Bounds on packed bytes from outside, before anything of their size is made.

Two things grow when they are unpacked. A zstd frame may declare any size, and the library makes room for what is
declared whatever the caller's own bound is; so the declaration is read first. And a MessagePack list or map takes one
byte on the wire and some sixty in memory, so a part without a schema (facts, bodies) is counted before it is decoded.
What has a schema is decoded by it, and every way in which that fails is one fault.
"""

from typing import Final, Protocol, TypeVar

import msgspec
import zstandard

from signing.reasons import Reason
from sync_protocol import dictionaries, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.versions import Versions

_WINDOW_BYTES_MAX: Final = 2**23
_OPENERS: Final = bytes([*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF])
"""First bytes of lists and maps; they occur within text and numbers, too."""

_FIXED: Final = {
    0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
    0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip
_LENGTH_BYTES: Final = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip
_EXTENSIONS: Final = frozenset({0xC7, 0xC8, 0xC9})


class Versioned(Protocol):
    """What a message says first: the version of the protocol in which it speaks."""

    @property
    def protocol(self) -> int: ...


Message = TypeVar("Message", bound=Versioned)


class _FirstMember(msgspec.Struct, array_like=True):
    protocol: int


_version_decoder = msgspec.msgpack.Decoder(_FirstMember)


def decode_message(
    decoder: "msgspec.msgpack.Decoder[Message]",
    packed: bytes,
    *,
    size_bytes_max: int,
    versions: Versions,
    malformed: Reason,
) -> Message:
    """A message by its schema; raises RemoteFault (ROUND_SIZE, `malformed`, ROUND_VERSION)."""
    if len(packed) > size_bytes_max:
        raise RemoteFault(reasons.ROUND_SIZE, f"{len(packed)} bytes")
    try:
        message = decoder.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError) as error:
        _check_version(packed, versions)
        raise RemoteFault(malformed, f"{type(error).__name__}: {error}") from error
    if not versions.speaks(message.protocol):
        raise RemoteFault(reasons.ROUND_VERSION, str(message.protocol))
    return message


def _check_version(packed: bytes, versions: Versions) -> None:
    """Raise RemoteFault(ROUND_VERSION) where the message is of a version not in `versions`, whatever follows its first member."""
    try:
        protocol = _version_decoder.decode(packed).protocol
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError):
        return
    if not versions.speaks(protocol):
        raise RemoteFault(reasons.ROUND_VERSION, str(protocol))


def unpack_zstd(data: bytes, *, size_bytes_max: int) -> bytes:
    """The content of one zstd frame; raises ZstdError where it is damaged, larger than allowed, or was packed with a
    dictionary that this version does not know."""
    declared = zstandard.frame_content_size(data)
    if declared > size_bytes_max:
        raise zstandard.ZstdError(f"{declared} bytes declared, {size_bytes_max} allowed")
    number = zstandard.get_frame_parameters(data).dict_id
    if number and number not in dictionaries.KNOWN:
        raise zstandard.ZstdError(f"dictionary {number} is not known here")
    known = dictionaries.dictionary(number) if number else None
    decompressor = zstandard.ZstdDecompressor(dict_data=known, max_window_size=_WINDOW_BYTES_MAX)
    return decompressor.decompress(data, max_output_size=size_bytes_max)


def check_containers(data: bytes, *, most: int) -> None:
    """Refuse MessagePack with more than `most` lists and maps; raises ValueError.

    One fast look settles nearly every message; only one that is suspicious is read item by item.
    """
    if len(data) - len(data.translate(None, _OPENERS)) > most:
        _count(data, most)


def _count(data: bytes, most: int) -> None:
    found = position = 0
    end = len(data)
    while position < end:
        byte = data[position]
        position += 1
        if byte < 0x80 or byte >= 0xE0 or 0xC0 <= byte <= 0xC3:
            continue
        if byte < 0xA0:
            found += 1
        elif byte < 0xC0:
            position += byte - 0xA0
        elif byte in _FIXED:
            position += _FIXED[byte]
        else:
            size = _LENGTH_BYTES[byte]
            length = int.from_bytes(data[position : position + size], "big")
            position += size
            if byte >= 0xDC:
                found += 1
            else:
                position += length + (byte in _EXTENSIONS)
        if found > most:
            raise ValueError(f"more than {most} lists and maps")
