"""The line between one office and the hub, and everything that happens on such a line.

It implements what the node's runner asks of a line (`edge_node.sync.transport.Line`). Each exchange draws its fate; time
passes meanwhile. A copy of a request may come to the hub long after its answer (`late`): the world delivers it later.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from edge_node.sync.transport import LineFault
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError, RemoteFault
from tests.simulation.broken import require
from tests.simulation.clock import SECOND_MS, WorldTime

Door = Callable[[bytes], bytes]
Say = Callable[[str], None]


class HubGone(ProtocolError):
    """The hub lost its power while it answered."""


class Mood(StrEnum):
    """How the line is today."""

    GOOD = "good"
    LOSSY = "lossy"
    AWFUL = "awful"
    DOWN = "down"


class Fate(StrEnum):
    """What becomes of one exchange."""

    PASS = "pass"
    DROP = "drop"
    LOSE_ANSWER = "lose_answer"
    DOUBLE = "double"
    LATE_COPY = "late_copy"
    DELAY = "delay"
    CUT_REQUEST = "cut_request"
    CUT_ANSWER = "cut_answer"
    DAMAGE_REQUEST = "damage_request"
    DAMAGE_ANSWER = "damage_answer"
    RESET_IF_LONG = "reset_if_long"
    REORDER = "reorder"
    HALF_OPEN = "half_open"


_STUBBORN = (Fate.REORDER, Fate.HALF_OPEN)
"""On stubborn lines only: a request arrives after the one that follows it; nobody is at the other end for a while."""
_STUBBORN_SHARE = 0.12
_FATES: dict[Mood, dict[Fate, int]] = {
    Mood.GOOD: {Fate.PASS: 1},
    Mood.LOSSY: {fate: 60 if fate is Fate.PASS else 4 for fate in Fate if fate not in _STUBBORN},
    Mood.AWFUL: {fate: 20 if fate is Fate.PASS else 8 for fate in Fate if fate not in _STUBBORN},
    Mood.DOWN: {Fate.DROP: 1},
}
_RESET_BYTES = 6_000
NARROW_BYTES = 10_000
"""A narrow line resets every longer request, whatever its mood: a payload that cannot pass must shrink."""


@dataclass(slots=True)
class Traffic:
    """What went over a line."""

    requests: int = 0
    up: int = 0
    down: int = 0
    faults: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one sync took.

    Attributes:
        waiting: records that the PC did not know to be at the hub when it began; is_undisturbed: every exchange passed.
    """

    waiting: int
    requests: int
    up: int
    is_undisturbed: bool


@dataclass
class Link:
    """One office's line."""

    name: str
    time: WorldTime
    door: Door
    chance: random.Random
    say: Say
    look: Callable[[], None]
    """Asks between two exchanges of a sync whether all is true."""
    mood: Mood = Mood.GOOD
    is_narrow: bool = False
    is_stubborn: bool = False
    fates: Counter[str] = field(default_factory=Counter)
    """What became of exchanges so far."""
    held: list[Callable[[], bytes]] = field(default_factory=list)
    silent: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    relay_door: Door | None = None
    """Where the hub takes what this PC carries for others."""
    files_door: Door | None = None
    """Where the hub takes files."""
    late: list[Callable[[], bytes]] = field(default_factory=list)
    """Copies of requests that have not come through yet."""
    patience: int = 0
    """How many requests one sync may still make."""

    _began: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)

    def begin_sync(self, *, waiting: int) -> None:
        """From here on `spent` counts."""
        traffic = self.traffic
        passed = self.fates[Fate.PASS]
        self._began = (waiting, traffic.requests, traffic.up, traffic.faults, passed)

    def spent(self) -> Spent:
        """What was spent since `begin_sync`."""
        waiting, requests, up, faults, passed = self._began
        requests = self.traffic.requests - requests
        has_passed = self.fates[Fate.PASS] - passed == requests and self.traffic.faults == faults
        return Spent(waiting=waiting, requests=requests, up=self.traffic.up - up, is_undisturbed=has_passed)

    def post_round(self, payload: bytes) -> bytes:
        return self._post(payload, self.door)

    def post_relay(self, payload: bytes) -> bytes:
        assert self.relay_door is not None
        return self._post(payload, self.relay_door)

    def post_files(self, payload: bytes) -> bytes:
        assert self.files_door is not None
        return self._post(payload, self.files_door)

    def _post(self, payload: bytes, door: Door) -> bytes:
        self.patience -= 1
        require(self.patience > 0, "a sync comes to an end", self.name)
        self.look()
        fate = self._draw()
        self.fates[fate] += 1
        self.traffic.requests += 1
        self.traffic.up += len(payload)
        self.time.pass_ms(self.chance.randint(50, 800) + len(payload) // 20)
        try:
            answer = self._exchange(fate, payload, door)
        except LineFault as fault:
            self.traffic.faults += 1
            self.say(f"{self.name} ~ {fate}: {fault.reason.code}")
            raise
        self.traffic.down += len(answer)
        if fate is not Fate.PASS:
            self.say(f"{self.name} ~ {fate}")
        return answer

    def hang_up(self) -> None:
        pass

    def is_up(self) -> bool:
        return self.mood is not Mood.DOWN

    def _draw(self) -> Fate:
        fates = _FATES[self.mood]
        is_rough = self.is_stubborn and self.mood in (Mood.LOSSY, Mood.AWFUL)
        if is_rough and (self.silent or self.chance.random() < _STUBBORN_SHARE):
            return Fate.HALF_OPEN if self.silent else self.chance.choice(_STUBBORN)
        return self.chance.choices(list(fates), list(fates.values()))[0]

    def _exchange(self, fate: Fate, payload: bytes, door: Door) -> bytes:
        if self.is_narrow and len(payload) > NARROW_BYTES:
            raise LineFault(reasons.LINE_DOWN, "too narrow", was_cut=True)
        match fate:
            case Fate.DROP:
                raise LineFault(reasons.LINE_DOWN, "dropped", was_cut=self.chance.random() < 0.5)
            case Fate.LOSE_ANSWER:
                self._deliver(payload, door)
                self.time.pass_ms(90 * SECOND_MS)
                raise LineFault(reasons.LINE_DOWN, "no answer", was_cut=True)
            case Fate.DOUBLE:
                first, second = self._deliver(payload, door), self._deliver(payload, door)
                return self.chance.choice([first, second])
            case Fate.LATE_COPY:
                self.late.append(lambda: door(payload))
                return self._deliver(payload, door)
            case Fate.DELAY:
                self.time.pass_ms(self.chance.randint(1, 80) * SECOND_MS)
                return self._deliver(payload, door)
            case Fate.CUT_REQUEST:
                self._deliver_unheard(payload[: self.chance.randrange(len(payload))], door)
                raise LineFault(reasons.LINE_DOWN, "cut", was_cut=True)
            case Fate.CUT_ANSWER:
                answer = self._deliver(payload, door)
                return answer[: self.chance.randrange(len(answer))]
            case Fate.DAMAGE_REQUEST:
                return self._deliver(self._damaged(payload), door)
            case Fate.DAMAGE_ANSWER:
                return self._damaged(self._deliver(payload, door))
            case Fate.REORDER:
                self.held.append(lambda: door(payload))
                self.time.pass_ms(90 * SECOND_MS)
                raise LineFault(reasons.LINE_DOWN, "under way", was_cut=True)
            case Fate.HALF_OPEN:
                self.silent = self.silent - 1 if self.silent else self.chance.randint(1, 3)
                self.time.pass_ms(90 * SECOND_MS)
                raise LineFault(reasons.LINE_DOWN, "nobody there", was_cut=True)
            case Fate.RESET_IF_LONG if len(payload) > _RESET_BYTES:
                raise LineFault(reasons.LINE_DOWN, "reset", was_cut=True)
            case _:
                return self._deliver(payload, door)

    def _deliver(self, payload: bytes, door: Door) -> bytes:
        """The hub's answer; a refusal of the whole request comes as the problem that the route makes of it."""
        try:
            answer = door(payload)
            held, self.held = self.held, []
            for earlier in held:
                with suppress(RemoteFault, HubGone):
                    earlier()
            return answer
        except RemoteFault as fault:
            raise LineFault(fault.reason, fault.detail) from fault
        except HubGone as gone:
            raise LineFault(reasons.LINE_DOWN, "the hub is gone", was_cut=True) from gone

    def _deliver_unheard(self, payload: bytes, door: Door) -> None:
        try:
            door(payload)
        except (RemoteFault, HubGone):
            return

    def _damaged(self, message: bytes) -> bytes:
        position = self.chance.randrange(len(message))
        changed = message[position] ^ 1 << self.chance.randrange(8)
        return message[:position] + bytes([changed]) + message[position + 1 :]
