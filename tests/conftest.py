"""What holds for every test: fixed seeds, what is the same for all made once, and no way out of this machine.

`make fast` looks at few examples, `make test` at the same hundred every time, `make soak` at many new ones. There are no
deadlines: how long an example takes on a busy machine says nothing about the code.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.support.made_once import made_once

settings.register_profile("fast", max_examples=5, derandomize=True, deadline=None)
settings.register_profile("steady", max_examples=100, derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=3000, deadline=None)
settings.load_profile("steady")

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True, scope="session")
def _what_is_the_same_for_all_is_made_once() -> Iterator[None]:
    with made_once():
        yield


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """A test that would reach out to another machine fails instead, here and not at an office."""
    with pytest.MonkeyPatch.context() as patch:
        connect = socket.socket.connect

        def guarded(self: socket.socket, address: Any) -> None:
            if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
                pytest.fail(f"a test tried to reach {address[0]}")
            connect(self, address)

        patch.setattr(socket.socket, "connect", guarded)
        yield
