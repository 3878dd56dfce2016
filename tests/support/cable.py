"""A network cable between two PCs of one office, in process: the other PC's own code answers, refusals come as the door makes them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_node.lan.asking import Met, meet
from edge_node.lan.serving import Serving
from edge_node.sync.transport import LineFault
from sync_protocol.errors import RemoteFault
from tests.support.pair import Pc


@dataclass
class Cable:
    """The way to another PC. `heard` keeps every message; `twist` changes answers on the way."""

    to: Pc
    secret: bytes = bytes(32)
    heard: list[bytes] = field(default_factory=list)
    twist: Callable[[bytes], bytes] = lambda answer: answer

    def hello(self) -> bytes:
        return Serving(self.to.services, self.secret).hello(self.to.db)

    def post(self, sealed: bytes) -> bytes:
        self.heard.append(sealed)
        try:
            answer = Serving(self.to.services, self.secret).answer(self.to.db, sealed)
        except RemoteFault as fault:
            raise LineFault(fault.reason, fault.detail) from fault
        self.heard.append(answer)
        return self.twist(answer)


def met(asking: Pc, asked: Pc) -> Met:
    """One meeting, as if they had never met."""
    return meet(asking.db, asking.services, Cable(asked))
