"""What once went over a line stays readable for ever: recorded rounds of every protocol version (tests/golden/rounds/)."""

import json
from pathlib import Path

import pytest

from sync_protocol.errors import RemoteFault
from sync_protocol.versions import PROTOCOL_VERSION
from sync_protocol.wire import decode_answer, encode_answer, open_request
from tests.simulation.transcripts import read, summary

ROUNDS = Path(__file__).parents[2] / "golden" / "rounds"
VERSIONS = sorted(path.name for path in ROUNDS.iterdir())


def test_there_is_a_transcript_of_this_version() -> None:
    assert str(PROTOCOL_VERSION) in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_rounds_stay_readable(version: str) -> None:
    expected = json.loads((ROUNDS / version / "expected.json").read_text(encoding="utf-8"))
    assert summary(read(ROUNDS / version)) == expected
    assert expected["records"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_request_is_still_its_devices(version: str) -> None:
    """The signature covers the packed message as it was sent, whatever members were appended to it since."""
    for path in sorted((ROUNDS / version).glob("*-request.bin")):
        data = path.read_bytes()
        signed = open_request(data)
        assert data == signed.signature + signed.packed
        assert len(signed.device) == 32


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_answer_means_the_same_when_written_again(version: str) -> None:
    for path in sorted((ROUNDS / version).glob("*-answer.bin")):
        answer = decode_answer(path.read_bytes())
        assert decode_answer(encode_answer(answer)) == answer


def test_a_transcript_that_was_changed_would_be_noticed(tmp_path: Path) -> None:
    for path in (ROUNDS / str(PROTOCOL_VERSION)).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = max(tmp_path.glob("*-request.bin"), key=lambda path: path.stat().st_size)
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(bytes(data))
    expected = json.loads((tmp_path / "expected.json").read_text(encoding="utf-8"))
    try:
        found = summary(read(tmp_path))
    except RemoteFault:
        return
    assert found != expected
