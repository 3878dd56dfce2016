"""The two other sides to which loads are handed over: the hub, by the line; a PC next door is `edge_node.lan.handing`'s."""

from typing import Protocol

import msgspec
from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store.local import read_local, write_local
from edge_node.sync.runner import CHALLENGE
from edge_node.sync.versions import version_for_hub
from sync_protocol.relay import RelayAnswer, RelayRequest, decode_relay_answer, encode_relay_request


class Way(Protocol):
    """One other side: the hub, or a PC next door.

    `is_near`: a PC next door, whose word settles nothing for good. The counts are of bytes that went over it.
    """

    is_near: bool
    bytes_up: int
    bytes_down: int

    def ask(self, request: RelayRequest) -> RelayAnswer:
        """One request, with the challenge that belongs to this way; raises LineFault, RemoteFault."""

    def hang_up(self) -> None:
        """The next request gets a connection of its own."""


class RelayLine(Protocol):
    """What this needs of the line to the hub."""

    def post_relay(self, payload: bytes) -> bytes:
        """One request of a relay; raises LineFault."""

    def hang_up(self) -> None:
        """The next request gets a connection of its own."""


class HubWay:
    """The line to the hub."""

    is_near = False

    def __init__(self, db: Database, services: Services, line: RelayLine) -> None:
        self._db, self._services, self._line = db, services, line
        self.bytes_up = self.bytes_down = 0

    def ask(self, request: RelayRequest) -> RelayAnswer:
        challenge = bytes.fromhex(read_local(self._db, CHALLENGE) or "")
        request = msgspec.structs.replace(
            request, challenge=challenge, protocol=version_for_hub(self._db, self._services)
        )
        payload = encode_relay_request(request, self._services.keyring.device)
        self.bytes_up += len(payload)
        packed = self._line.post_relay(payload)
        self.bytes_down += len(packed)
        answer = decode_relay_answer(packed, self._services.versions)
        write_local(self._db, CHALLENGE, answer.challenge.hex())
        return answer

    def hang_up(self) -> None:
        self._line.hang_up()
