"""The diagnostic file (`*.motcua-diagnosis.json`): what a PC says of itself on a stick when nothing else gets through.

JSON that a person can read in any editor: `format`, `said` (numbers, codes, ids, versions), `signature` (hex) of the device over
the canonical bytes of `said`. The signature says whose it is; a file whose signature cannot be checked is still worth
reading, and is shown as unchecked.
"""

from typing import Any, Final

import orjson

from signing.canonical import decode, encode
from signing.errors import SigningError
from signing.signatures import PublicKey, Purpose, Signer, verify
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault

FORMAT: Final = "motcua-diagnosis 1"
SUFFIX: Final = ".motcua-diagnosis.json"
FILE_BYTES_MAX: Final = 1024 * 1024


def sign_diagnosis(said: dict[str, Any], device: Signer | None) -> bytes:
    """The file; without a signature where the PC's key does not open."""
    signature = device.sign(Purpose.DIAGNOSIS, encode(said)).hex() if device is not None else ""
    content = {"format": FORMAT, "said": said, "signature": signature}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def read_diagnosis(data: bytes) -> tuple[dict[str, Any], str]:
    """What the file says, and its signature in hex; raises RemoteFault where it is none. Nothing is believed yet."""
    if len(data) > FILE_BYTES_MAX:
        raise RemoteFault(reasons.DIAGNOSIS_FORMAT, "size")
    try:
        content = orjson.loads(data)
        said = decode(encode(content["said"]), size_bytes_max=FILE_BYTES_MAX)
        signature = str(content["signature"])
    except (orjson.JSONDecodeError, SigningError, TypeError, KeyError, ValueError) as error:
        raise RemoteFault(reasons.DIAGNOSIS_FORMAT, type(error).__name__) from error
    if content.get("format") != FORMAT or not isinstance(said, dict):
        raise RemoteFault(reasons.DIAGNOSIS_FORMAT, "format")
    return said, signature


def is_of(said: dict[str, Any], signature: str, device: PublicKey) -> bool:
    """Whether the file was signed by this device."""
    try:
        verify(device, Purpose.DIAGNOSIS, encode(said), bytes.fromhex(signature))
    except (SigningError, ValueError):
        return False
    return True
