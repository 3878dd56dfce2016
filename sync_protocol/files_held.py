"""The hub's word that it holds files whole: so that a PC whose scans a colleague delivered may believe it.

A file is named by its id, which says nothing of what is in it. The word is of one life of the hub, like a receipt: of
another life it says nothing.
"""

import msgspec

from signing.errors import SignatureInvalid
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer, verify
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault


class FilesHeld(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Raw ids of files that the hub held whole in its life `epoch`, at `at` (ms since 1970, its clock): a later word counts more."""

    epoch: bytes
    at: int
    files: list[bytes]


def sign_files_held(held: FilesHeld, hub: Signer) -> bytes:
    """Signature, then MessagePack."""
    packed = msgspec.msgpack.encode(held)
    return hub.sign(Purpose.FILES_HELD, packed) + packed


def open_files_held(data: bytes, hub: PublicKey) -> FilesHeld:
    """Check the hub's signature and read its word; raises RemoteFault."""
    packed = data[SIGNATURE_BYTES:]
    if not packed or len(packed) > 64 * limits.FILES_ROUND_MAX:
        raise RemoteFault(reasons.FILE_FORMAT, "word of files")
    try:
        verify(hub, Purpose.FILES_HELD, packed, data[:SIGNATURE_BYTES])
        held = _decoder.decode(packed)
    except SignatureInvalid as error:
        raise RemoteFault(reasons.ROUND_SIGNATURE, "word of files") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.FILE_FORMAT, "word of files") from error
    if len(held.files) > limits.FILES_ROUND_MAX or any(len(file) != 32 for file in held.files):
        raise RemoteFault(reasons.FILE_FORMAT, "word of files")
    return held


_decoder = msgspec.msgpack.Decoder(FilesHeld)
