"""A process that verifies signatures for the judge: parts of a batch on standard input, answers on standard output.

libsodium works outside the interpreter's lock, but each call has to take the lock again, and the judge hardly lets go of
it: threads alone made judge and verification wait for each other. It ends when its input ends, so also when the judge is
killed. It is run by its path and imports nothing of the hub, so it starts fast.
"""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

import signing
from signing.signatures import verify_batch

Item = tuple[bytes, bytes, bytes]

_LENGTH_BYTES = 4
# -P: the folder of this file is no place to import from.
_COMMAND = (sys.executable, "-P", str(Path(__file__).resolve()))
_ENVIRONMENT = {"PYTHONPATH": str(Path(signing.__file__).resolve().parents[1])}
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Item])


class VerifierGone(Exception):
    """The process has ended; what it was asked is to be verified otherwise."""


class VerifierProcess:
    """The judge's end. Used by one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 — our own interpreter and file
            _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT
        )

    def verify(self, items: list[Item]) -> list[bool]:
        """As `verify_batch`; raises VerifierGone."""
        asked = _encoder.encode(items)
        given, taken = self._pipes()
        try:
            given.write(len(asked).to_bytes(_LENGTH_BYTES, "big") + asked)
            given.flush()
            answers = taken.read(len(items))
        except (OSError, ValueError) as error:
            raise VerifierGone from error
        if len(answers) != len(items):
            raise VerifierGone
        return [answer == 1 for answer in answers]

    def close(self) -> None:
        """End the process."""
        for pipe in self._pipes():
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        given, taken = self._process.stdin, self._process.stdout
        if given is None or taken is None:
            raise VerifierGone
        return given, taken


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    while len(length := asked.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
        items = _decoder.decode(asked.read(int.from_bytes(length, "big")))
        answers.write(bytes(verify_batch(items)))
        answers.flush()


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; the judge ends first and closes this input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
