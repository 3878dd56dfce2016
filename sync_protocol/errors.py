"""The faults of the protocol under one base.

Remote faults carry a `Reason` of the catalogue because a person or a peer will read it; local faults are our bugs.
Expected outcomes (held, refused) are values of `admission`, not exceptions.
"""

from signing.reasons import Reason


class ProtocolError(Exception):
    """Base of every fault raised here."""


class RemoteFault(ProtocolError):
    """What came from outside is not acceptable; `reason` says why in both languages."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.code}: {detail}" if detail else reason.code)
        self.reason = reason
        self.detail = detail


class RecordInvalid(RemoteFault):
    """A header, body or signature that no honest replica would have made."""


class RunInvalid(RemoteFault):
    """A run whose chain, seal or frame does not hold together."""


class LogGap(ProtocolError):
    """A run starts beyond the end of the log that is held; `held` tells where the log ends."""

    def __init__(self, log: str, held: int) -> None:
        super().__init__(f"log {log}: the next record held is {held}")
        self.log = log
        self.held = held


class LogForked(ProtocolError):
    """Two different records claim the same place of a log; `seq` is the first place where they differ."""

    def __init__(self, log: str, seq: int) -> None:
        super().__init__(f"log {log}: two records claim position {seq}")
        self.log = log
        self.seq = seq


class LocalFault(ProtocolError):
    """This program broke its own rule (for instance a frame that does not rebuild its record)."""
