"""Messages about files inside a parcel: after the records, marked so that a reader knows them from rounds (PROTOCOL.md §10).

What a node writes are the requests about files that it would post, with an empty challenge; what the hub writes back is its
answer, signed for the device, because a stick has no channel that says from whom it is.
"""

from typing import Final

from signing.errors import SigningError
from signing.signatures import SIGNATURE_BYTES, PublicKey, Purpose, Signer, verify
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import FilesAnswer, decode_files_answer, encode_files_answer

MARK: Final = b"motcua files 1\n"
MESSAGE_BYTES: Final = 1024 * 1024
"""How much content of files goes into one message."""


def is_about_files(message: bytes) -> bool:
    """Whether a message of a parcel is about files."""
    return message.startswith(MARK)


def marked(request: bytes) -> bytes:
    """A signed request about files as a message."""
    return MARK + request


def unmarked(message: bytes) -> bytes:
    """The signed request in a message."""
    return message[len(MARK) :]


def sign_files_answer(answer: FilesAnswer, *, device: str, hub: Signer) -> bytes:
    """An answer about files as a message for one device."""
    packed = encode_files_answer(answer)
    return MARK + hub.sign(Purpose.PARCEL_FILES, bytes.fromhex(device) + packed) + packed


def open_carried_answer(message: bytes, *, device: str, hub: PublicKey) -> FilesAnswer:
    """The answer that the hub signed for this device; raises RemoteFault."""
    data = unmarked(message)
    signature, packed = data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:]
    try:
        verify(hub, Purpose.PARCEL_FILES, bytes.fromhex(device) + packed, signature)
    except SigningError as error:
        raise RemoteFault(reasons.PARCEL_SENDER, "files") from error
    return decode_files_answer(packed)
