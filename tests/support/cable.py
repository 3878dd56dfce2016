"""A network cable between two PCs of one office, in process: the other PC's own code answers, refusals come as the door makes them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge_node.lan.asking import Met, meet
from edge_node.lan.peers import Peer
from edge_node.lan.service import carry_if_any, meet_at
from edge_node.lan.serving import Serving
from edge_node.sync.transport import LineFault
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from tests.support.pair import Pc


@dataclass
class Cable:
    """The way to another PC. `heard` keeps every message, `files` counts requests about files; `twist` changes answers on the way."""

    to: Pc
    secret: bytes = bytes(32)
    heard: list[bytes] = field(default_factory=list)
    twist: Callable[[bytes], bytes] = lambda answer: answer
    files: int = 0
    loads: int = 0
    """Requests about loads."""

    def hello(self) -> bytes:
        return Serving(self.to.services, self.secret).hello(self.to.db)

    def post(self, sealed: bytes) -> bytes:
        return self._carry(sealed, lambda serving: serving.answer(self.to.db, sealed))

    def post_files(self, sealed: bytes) -> bytes:
        self.files += 1
        return self._carry(sealed, lambda serving: serving.files(self.to.db, sealed))

    def post_relay(self, sealed: bytes) -> bytes:
        self.loads += 1
        return self._carry(sealed, lambda serving: serving.relay(self.to.db, sealed))

    def hang_up(self) -> None:
        pass

    def _carry(self, sealed: bytes, answer: Callable[[Serving], bytes]) -> bytes:
        self.heard.append(sealed)
        try:
            answered = answer(Serving(self.to.services, self.secret))
        except RemoteFault as fault:
            versions = self.to.services.versions if fault.reason is reasons.ROUND_VERSION else None
            raise LineFault(fault.reason, fault.detail, versions=versions) from fault
        self.heard.append(answered)
        return self.twist(answered)


def met(asking: Pc, asked: Pc) -> Met:
    """One meeting, as if they had never met."""
    return meet(asking.db, asking.services, Cable(asked))


def met_with_files(asking: Pc, asked: Pc) -> Met:
    """A meeting and the files after it, as the schedule does it."""
    cable = Cable(asked)
    outcome = meet(asking.db, asking.services, cable)
    carried = carry_if_any(asking.db, asking.services, cable, outcome)
    return replace(outcome, files=carried.sent + carried.fetched)


def met_next_door(asking: Pc, asked: Pc, *, cable: Cable | None = None, is_pressed: bool = True) -> Met:
    """A meeting with whoever is there, a PC of another commune perhaps, as if the address had just been typed."""
    peer = Peer(
        address="next.door:1",
        device=None,
        challenge=b"",
        tried=None,
        met=None,
        outcome="",
        sent=0,
        received=0,
    )
    outcome = meet_at(asking.db, asking.services, cable or Cable(asked), peer, is_pressed=is_pressed)
    assert outcome is not None
    return outcome
