"""The network of an office, and everything that happens on it: what a meeting of two PCs asks of a line.

Each exchange draws its fate; the PC asked answers with production's code and may lose its power meanwhile. A hostile one
answers with receipts and seals that nobody signed, in an envelope that is quite in order.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from edge_node.lan import serving
from edge_node.lan.serving import Serving
from edge_node.sync.transport import LineFault
from signing.signatures import SIGNATURE_BYTES
from sync_protocol import reasons
from sync_protocol.challenge import make_challenge
from sync_protocol.errors import RemoteFault
from sync_protocol.lan import LanAnswer, LanRequest, OpenedRequest, SealEntry, seal_request
from sync_protocol.receipts import Receipt, ReceiptEntry, sign_receipt
from sync_protocol.versions import PROTOCOL_VERSION
from tests.simulation.clock import SECOND_MS, WorldTime
from tests.simulation.link import Fate, Mood
from tests.simulation.node import SimNode
from tests.simulation.power import PowerCut
from tests.simulation.versions import running

Say = Callable[[str], None]
SECRET = b"challenges of the office network"
_FATES: dict[Mood, dict[Fate, int]] = {
    Mood.GOOD: {Fate.PASS: 1},
    Mood.LOSSY: {
        Fate.PASS: 30, Fate.DROP: 2, Fate.LOSE_ANSWER: 3, Fate.DOUBLE: 3, Fate.CUT_ANSWER: 2, Fate.DAMAGE_REQUEST: 2,
        Fate.DAMAGE_ANSWER: 2,
    },
    Mood.DOWN: {Fate.DROP: 1},
}  # fmt: skip


@dataclass
class LanLink:
    """The way from one PC to another. `restart` brings the PC asked back after it lost its power in the middle."""

    asked: SimNode
    mood: Mood
    chance: random.Random
    time: WorldTime
    say: Say
    restart: Callable[[], None]
    is_hostile: bool = False

    def hello(self) -> bytes:
        return self._deliver(lambda: self._serving().hello(self.asked.db))

    def post_files(self, sealed: bytes) -> bytes:
        """Files go over the same network; the one who lies about receipts is honest about files."""
        return self._post(sealed, lambda: self._deliver(lambda: self._serving().files(self.asked.db, sealed)))

    def post(self, sealed: bytes) -> bytes:
        return self._post(sealed, lambda: self._answer(sealed))

    def _post(self, sealed: bytes, answer: Callable[[], bytes]) -> bytes:
        fate = self.chance.choices(*self._weights())[0]
        self.time.pass_ms(self.chance.randint(2, 60))
        match fate:
            case Fate.DROP:
                raise LineFault(reasons.LINE_DOWN, "dropped")
            case Fate.LOSE_ANSWER:
                answer()
                self.time.pass_ms(2 * SECOND_MS)
                raise LineFault(reasons.LINE_DOWN, "no answer", was_cut=True)
            case Fate.DOUBLE:
                answer()
                return answer()
            case Fate.CUT_ANSWER:
                whole = answer()
                return whole[: self.chance.randrange(len(whole))]
            case Fate.DAMAGE_REQUEST:
                return self._answer(self._damaged(sealed))
            case Fate.DAMAGE_ANSWER:
                return self._damaged(answer())
            case _:
                return answer()

    def _weights(self) -> tuple[list[Fate], list[int]]:
        fates = _FATES.get(self.mood, _FATES[Mood.LOSSY])
        return list(fates), list(fates.values())

    def _serving(self) -> Serving:
        return Serving(self.asked.services, SECRET)

    def _answer(self, sealed: bytes) -> bytes:
        if not self.is_hostile:
            return self._deliver(lambda: self._serving().answer(self.asked.db, sealed))
        honest = serving.seal_answer

        def lie(answer: LanAnswer, device: object, *, asked: OpenedRequest) -> bytes:
            return honest(self._twisted(answer, asked), self.asked.services.keyring.device, asked=asked)

        serving.seal_answer = lie
        try:
            return self._deliver(lambda: self._serving().answer(self.asked.db, sealed))
        finally:
            serving.seal_answer = honest

    def _twisted(self, answer: LanAnswer, asked: OpenedRequest) -> LanAnswer:
        """Everything that the asker holds is at the province, and its log went on without it: so it says."""
        node = self.asked
        held = node.store.frontier()
        logs = {log: ReceiptEntry(entry.length, entry.head, entry.length) for log, entry in held.items()}
        hub = node.services.trust.trust(node.db).bundle.hub.key.id
        receipt = sign_receipt(
            Receipt(at=2**50, commune=node.unit, epoch=node.office.hub_epoch, hub=hub, logs=logs),
            node.services.keyring.device,
        )
        device = asked.said.device.hex()
        seals = [
            SealEntry(bytes.fromhex(log), held[log].length + 9, bytes(32), bytes(SIGNATURE_BYTES))
            for log in node.store.logs_of(device=device)
            if log in held
        ]
        return replace(answer, receipt=receipt, receipt_mark=b"liar....", seals=seals[-4:])

    def _deliver(self, answer: Callable[[], bytes]) -> bytes:
        try:
            with running(self.asked.program):
                return answer()
        except RemoteFault as fault:
            raise LineFault(fault.reason, fault.detail) from fault
        except PowerCut:
            if not self.asked.fuse.is_burnt:
                raise
            self.restart()
            raise LineFault(reasons.LINE_DOWN, "the other PC is gone", was_cut=True) from None

    def _damaged(self, message: bytes) -> bytes:
        position = self.chance.randrange(len(message))
        return (
            message[:position]
            + bytes([message[position] ^ 1 << self.chance.randrange(8)])
            + message[position + 1 :]
        )


def stray_request(node: SimNode, other: SimNode, box: str) -> bytes:
    """What a PC would send that does not ask whether the other is a colleague."""
    request = LanRequest(
        protocol=PROTOCOL_VERSION,
        device=bytes.fromhex(node.office.device),
        to=bytes.fromhex(other.office.device),
        challenge=make_challenge(SECRET, node.office.device, now_s=other.clock() // 1000),
        reply_box=bytes.fromhex(box),
        held=[],
        receipt_mark=b"",
        receipt=b"",
        bundle=0,
        bundles=[],
        seals=[],
        beacons=[],
        bytes_max=1 << 20,
        runs=[],
    )
    return seal_request(request, node.services.keyring.device, box).sealed
