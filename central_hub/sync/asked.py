"""What a PC last asked for by stick, kept in a small file each, so that its answer can be made when somebody fetches it.

The answer is composed at that moment, from what is judged by then. Losing these files loses nothing: the request is still on
the stick, and the next one replaces it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from central_hub.keys import write_private
from central_hub.services import Services
from central_hub.sync.carried_files import AskedFiles
from central_hub.sync.parcels import Asked
from sync_protocol.wire import RoundRequest

_SUFFIX: Final = ".asked"
_FILES: Final = ".files"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    parcel: str | None
    device: str
    at_ms: int
    request: RoundRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRequest:
    """A request, and when it came here (the hub's clock)."""

    asked: Asked
    at_ms: int


def keep_asked(services: Services, asked: Asked) -> None:
    """Remember what a device asked for last."""
    kept = _Kept(parcel=asked.parcel, device=asked.device, at_ms=services.clock(), request=asked.request)
    write_private(_path(services, asked.device), _encoder.encode(kept))


def find_asked(services: Services, device: str) -> KeptRequest | None:
    """What a device asked for last; None where it never sent a stick, or the file is of another version."""
    try:
        kept = _decoder.decode(_path(services, device).read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    asked = Asked(parcel=kept.parcel, device=kept.device, request=kept.request)
    return KeptRequest(asked=asked, at_ms=kept.at_ms)


def keep_files(services: Services, device: str, asked: AskedFiles) -> None:
    """Remember what a device brought and wants of files."""
    write_private(_folder(services) / f"{device}{_FILES}", _encoder.encode(asked))


def find_files(services: Services, device: str) -> AskedFiles | None:
    """What a device said of files on its last stick; None for nothing."""
    try:
        return _files_decoder.decode((_folder(services) / f"{device}{_FILES}").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None


def list_asked(services: Services) -> list[KeptRequest]:
    """The newest first."""
    names = [path.stem for path in _folder(services).glob(f"*{_SUFFIX}")]
    found = [kept for name in names if (kept := find_asked(services, name)) is not None]
    return sorted(found, key=lambda kept: -kept.at_ms)


def _folder(services: Services) -> Path:
    return services.config.data / "sticks"


def _path(services: Services, device: str) -> Path:
    return _folder(services) / f"{device}{_SUFFIX}"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)
_files_decoder = msgspec.msgpack.Decoder(AskedFiles)
