"""Messages about files: signed, bounded, and readable by a peer that knows fewer members."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import (
    FileAsked,
    FilesAnswer,
    FilesRequest,
    FileStated,
    Standing,
    decode_files_answer,
    encode_files_answer,
    encode_files_request,
    first_request,
    open_files_request,
)
from tests.support.device_log import key_of

DEVICE = key_of("PC1")
ASKED = FileAsked(b"f" * 32, 100_000, b"\1")


def a_request(**changes: Any) -> FilesRequest:
    request = first_request(bytes.fromhex(DEVICE.public.id), b"challenge")
    return replace(request, **{"offered": [ASKED], "pieces": [b"piece"], **changes})


def an_answer(**changes: Any) -> FilesAnswer:
    stated = FileStated(b"f" * 32, Standing.PARTIAL, b"\1")
    answer = FilesAnswer(
        protocol=1, challenge=b"next", hub_epoch=bytes(16), problem="", stated=[stated], pieces=[]
    )
    return replace(answer, **changes)


def test_a_request_arrives_as_it_was_signed() -> None:
    signed = open_files_request(encode_files_request(a_request(), DEVICE))
    assert signed.device == DEVICE.public.id
    assert signed.verify(DEVICE.public) == a_request()
    with pytest.raises(RemoteFault) as fault:
        signed.verify(key_of("PC2").public)
    assert fault.value.reason is reasons.ROUND_SIGNATURE


def test_an_answer_arrives_and_a_newer_peer_may_append_members() -> None:
    packed = encode_files_answer(an_answer())
    assert decode_files_answer(packed) == an_answer()
    longer = msgspec.msgpack.encode([*msgspec.msgpack.decode(packed), "a member of a later version"])
    assert decode_files_answer(longer) == an_answer()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"protocol": 99}, reasons.ROUND_VERSION),
        ({"device": b"short"}, reasons.FILE_FORMAT),
        ({"offered": [FileAsked(b"short", 1)]}, reasons.FILE_FORMAT),
        ({"wanted": [ASKED] * limits.FILES_ROUND_MAX}, reasons.ROUND_SIZE),
        ({"pieces": [b""] * (limits.FILE_PIECES_MAX + 1)}, reasons.ROUND_SIZE),
        ({"pieces": [bytes(limits.ROUND_SIZE_BYTES_MAX)]}, reasons.ROUND_SIZE),
    ],
)
def test_a_request_beyond_the_bounds_is_refused(changes: dict[str, Any], reason: object) -> None:
    with pytest.raises(RemoteFault) as fault:
        open_files_request(encode_files_request(a_request(**changes), DEVICE))
    assert fault.value.reason is reason


@pytest.mark.parametrize("data", [b"", bytes(64), bytes(100), bytes(64) + b"\xc1"])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteFault) as fault:
        open_files_request(data)
    assert fault.value.reason is reasons.FILE_FORMAT


@pytest.mark.parametrize(
    "changes",
    [
        {"stated": [FileStated(b"", 0)] * (limits.FILES_ROUND_MAX + 1)},
        {"pieces": [b""] * (limits.FILE_PIECES_MAX + 1)},
    ],
)
def test_an_answer_beyond_the_bounds_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(RemoteFault) as fault:
        decode_files_answer(encode_files_answer(an_answer(**changes)))
    assert fault.value.reason is reasons.ROUND_SIZE
