"""Hand loads over to a PC next door that has a line, and fetch answers from it: after a meeting with a colleague, or instead of one
with a PC of another commune.

Only while this PC has no line itself. To a colleague go others' loads alone, since the own records travel in rounds; to a PC of
another commune the own parcels, too. Where there is nothing to hand over and nothing to fetch, nothing is asked.
"""

from typing import Final, Protocol

from msgspec.structs import replace
from sqlite_utils import Database

from edge_node.journal.service import require_office
from edge_node.keyring.units import is_of_office
from edge_node.lan.asking import Known
from edge_node.lan.colleagues import Colleague, find_pc, own_voucher
from edge_node.relay.delivery import DeliveryResult, hand_over
from edge_node.relay.own import compose_own, is_own_expected, own_waiting
from edge_node.relay.queue import expecting, to_deliver
from edge_node.services import Services
from edge_node.sync.reach import lacks_line
from edge_node.sync.transport import LineFault
from edge_node.sync.versions import common_after
from signing.keys import BoxKey
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.lan import decode_hello
from sync_protocol.lan_relay import near_request, open_relay_answer, seal_relay_request
from sync_protocol.relay import RelayAnswer, RelayRequest

SECONDS_MAX: Final = 20.0
"""Other PCs of the office network wait meanwhile; what is left goes on at the next meeting."""
BYTES_MAX: Final = 64 * 1024 * 1024


class RelayingLine(Protocol):
    """What this needs of the way to another PC."""

    def hello(self) -> bytes:
        """Who answers there; raises LineFault."""

    def post_relay(self, sealed: bytes) -> bytes:
        """One request about loads; raises LineFault."""

    def hang_up(self) -> None:
        """The next request gets a connection of its own."""


class NearWay:
    """A PC next door, as another side to which loads go."""

    is_near = True

    def __init__(
        self,
        db: Database,
        services: Services,
        line: RelayingLine,
        to: Colleague,
        challenge: bytes,
        *,
        protocol: int | None = None,
    ) -> None:
        self._services, self._line, self._to = services, line, to
        self._voucher = own_voucher(db, require_office(db))
        self.challenge = challenge
        self.bytes_up = self.bytes_down = 0
        self._protocol = protocol or services.versions.highest

    def ask(self, request: RelayRequest) -> RelayAnswer:
        box = BoxKey.from_seed(self._services.random_bytes(32))
        near = near_request(
            replace(request, protocol=self._protocol),
            to=self._to.key.id,
            challenge=self.challenge,
            reply_box=box.public,
            voucher=self._voucher,
        )
        sent = seal_relay_request(near, self._services.keyring.device, self._to.box)
        self.bytes_up += len(sent.sealed)
        try:
            sealed = self._line.post_relay(sent.sealed)
        except LineFault as fault:
            common = common_after(fault, self._services, asked_in=self._protocol)
            if common is None:
                raise
            self._protocol = common
            return self.ask(request)
        self.bytes_down += len(sealed)
        versions = self._services.versions
        answer = open_relay_answer(sealed, box, sent=sent, device=self._to.key, versions=versions)
        self.challenge = answer.challenge
        return answer

    def hang_up(self) -> None:
        self._line.hang_up()


def has_errand(db: Database, services: Services, *, mark: bytes, has_own: bool, is_pressed: bool) -> bool:
    """Whether there is something to hand over or to fetch; composes this PC's own parcel where one is due.

    Args:
        mark: changes with what this PC holds of its office.
    """
    if not lacks_line(db):
        return False
    if has_own:
        compose_own(db, services, mark=mark, is_pressed=is_pressed)
    now_ms = services.clock()
    own = has_own and (own_waiting(db) or is_own_expected(db, now_ms=now_ms))
    return bool(own or to_deliver(db) or expecting(db, now_ms=now_ms))


def hand(
    db: Database, services: Services, line: RelayingLine, to: Colleague, known: Known, *, has_own: bool
) -> tuple[DeliveryResult, Known]:
    """Hand over and fetch. Never raises for a bad network or a stranger."""
    way = NearWay(db, services, line, to, known.challenge, protocol=known.protocol)
    result = hand_over(db, services, way, has_own=has_own, seconds=SECONDS_MAX, bytes_max=BYTES_MAX)
    return result, Known(device=to.key.id, challenge=way.challenge)


def greet(db: Database, services: Services, line: RelayingLine, known: Known) -> Colleague:
    """The PC of another commune that answers there; raises LineFault, RemoteFault(ROUND_DEVICE) for any other."""
    office, device, voucher = require_office(db), known.device, list[bytes]()
    if device is None:
        hello = decode_hello(line.hello())
        device, voucher = hello.device.hex(), hello.voucher
    pc = find_pc(db, services, office, device, voucher)
    statement = services.trust.trust(db).statement(device)
    if pc.is_cut_off or (statement is not None and is_of_office(db, statement, office.unit)):
        raise RemoteFault(reasons.ROUND_DEVICE, device)
    return pc
