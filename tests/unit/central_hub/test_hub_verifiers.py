"""Verification beside the judge: the same answers by threads and by processes, also when a process is gone."""

import io
import random
from collections.abc import Iterator

import pytest

from central_hub.judge import signatures
from central_hub.judge.signatures import Verifiers
from central_hub.judge.verifier import VerifierGone, VerifierProcess, serve
from signing.keys import SigningKey
from signing.signatures import pae, verify_batch

KEY = SigningKey.from_seed(bytes(32))


def items(count: int) -> list[tuple[bytes, bytes, bytes]]:
    """Signed messages, every seventh of which was changed afterwards."""
    found = []
    for number in range(count):
        message = random.Random(number).randbytes(40)
        signature = KEY.sign("motcua.record", message)
        changed = bytes([message[0] ^ 1]) + message[1:] if number % 7 == 0 else message
        found.append((KEY.public.raw, pae("motcua.record", changed), signature))
    return found


EXPECTED = [number % 7 != 0 for number in range(600)]


@pytest.fixture
def verifiers() -> Iterator[Verifiers]:
    made = Verifiers(2)
    yield made
    made.close()


@pytest.mark.parametrize("count", [1, signatures._MUCH - 1, signatures._MUCH, 600])
def test_threads_and_processes_answer_alike(verifiers: Verifiers, count: int) -> None:
    assert verifiers._verify(items(count)) == EXPECTED[:count]


def test_a_process_answers_as_the_batch_does() -> None:
    given = items(50)
    process = VerifierProcess()
    assert process.verify(given) == process.verify(given) == verify_batch(given)
    process.close()


def test_a_process_that_is_gone_says_so() -> None:
    process = VerifierProcess()
    process._process.kill()
    process._process.wait()
    with pytest.raises(VerifierGone):
        process.verify(items(10))
    process.close()


def test_the_judge_verifies_itself_what_a_process_left(
    verifiers: Verifiers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("central_hub.judge.verifier._COMMAND", ("/bin/false",))
    assert verifiers._verify(items(300)) == EXPECTED[:300]
    assert "has ended" in caplog.text


def test_serving_ends_with_its_input() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(b"\x00\x00"), answers)
    assert answers.getvalue() == b""
