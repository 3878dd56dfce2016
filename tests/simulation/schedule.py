"""A seed becomes a plan: which offices there are, and what happens in which order.

A plan is made without looking at any world, and every step carries its own randomness, so leaving steps out changes
nothing about the others: a failing plan can be shortened.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.simulation.clock import DAY_MS, HOUR_MS, SECOND_MS, YEAR_MS
from tests.simulation.link import Mood
from tests.simulation.past_failures import WITH_TWO_PCS

COMMUNES = ("20242", "20257", "20285")


class Verb(StrEnum):
    """What a step does."""

    WORK = "work"
    BULK = "bulk"
    SYNC = "sync"
    JUDGE = "judge"
    WAIT = "wait"
    SET_CLOCK = "set_clock"
    LINE = "line"
    RESTART_NODE = "restart_node"
    RESTART_HUB = "restart_hub"
    FILL_DISK = "fill_disk"
    ADD_OFFICER = "add_officer"
    FORGE = "forge"
    SCRAMBLE = "scramble"
    DELIVER_LATE = "deliver_late"
    COPY = "copy"
    PUT_BACK = "put_back"
    BACK_UP_HUB = "back_up_hub"
    PUT_BACK_HUB = "put_back_hub"
    ERASE = "erase"
    MEET = "meet"
    LAN = "lan"
    CLONE = "clone"
    COPIES_WORK = "copies_work"
    JOIN = "join"
    SCAN = "scan"
    RELAY = "relay"
    UPGRADE = "upgrade"
    FORETELL = "foretell"
    STICK = "stick"
    REVOKE = "revoke"
    REORGANISE = "reorganise"


_OF_NO_NODE = frozenset(
    {
        Verb.JUDGE,
        Verb.WAIT,
        Verb.RESTART_HUB,
        Verb.BACK_UP_HUB,
        Verb.PUT_BACK_HUB,
        Verb.COPIES_WORK,
        Verb.REORGANISE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        number: its place in the unshortened plan; node: index of the office's PC it concerns.
        seed: the randomness of what is chosen inside; amount: how much, in the verb's own unit.
        fuse, hub_fuse: after how many statements the PC's (the hub's, or in a meeting the other PC's) power fails; None: not.
    """

    number: int
    verb: Verb
    node: int = 0
    seed: int = 0
    amount: int = 0
    mood: Mood = Mood.GOOD
    fuse: int | None = None
    hub_fuse: int | None = None

    def __str__(self) -> str:
        parts = [str(self.number), self.verb.value]
        if self.verb not in _OF_NO_NODE:
            parts.append(f"#{self.node}")
        parts += [str(self.amount)] if self.amount else []
        parts += [self.mood.value] if self.verb in (Verb.LINE, Verb.LAN) else []
        parts += [f"fuse={self.fuse}"] if self.fuse is not None else []
        parts += [f"hub_fuse={self.hub_fuse}"] if self.hub_fuse is not None else []
        return " ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A world to play.

    Attributes:
        units: the commune of each PC; clock_errors_ms, moods: how wrong its clock starts, and how its line is;
            is_narrow: whether its line resets every longer request, always.
        has_hard_roads: lines are stubborn, sticks are carried, and somebody loses the right to sign.
        has_versions: programs of several versions meet; newer: the PCs that have the newer one from the beginning.
        is_reorganised: the province re-organises units, and nobody routes dossiers between them.
        fed: the PCs that never have a line of their own, in a world whose offices have a network (else empty); `has_lan`.
    """

    seed: int
    units: tuple[str, ...]
    clock_errors_ms: tuple[int, ...]
    moods: tuple[Mood, ...]
    is_narrow: tuple[bool, ...]
    has_hard_roads: bool = False
    newer: frozenset[int] = frozenset()
    has_versions: bool = False
    has_lan: bool = False
    is_reorganised: bool = False
    fed: frozenset[int] = frozenset()
    lease_size: int
    judge_batch_records: int
    steps: tuple[Step, ...]

    def only(self, numbers: Iterator[int] | set[int]) -> "Plan":
        """The plan with these steps alone."""
        kept = set(numbers)
        return replace(self, steps=tuple(step for step in self.steps if step.number in kept))


_WEIGHTS = {
    Verb.WORK: 34,
    Verb.BULK: 2,
    Verb.SYNC: 26,
    Verb.JUDGE: 14,
    Verb.WAIT: 6,
    Verb.SET_CLOCK: 3,
    Verb.LINE: 6,
    Verb.RESTART_NODE: 2,
    Verb.RESTART_HUB: 2,
    Verb.FILL_DISK: 1,
    Verb.ADD_OFFICER: 1,
    Verb.FORGE: 2,
    Verb.SCRAMBLE: 1,
    Verb.DELIVER_LATE: 2,
    Verb.COPY: 1,
    Verb.PUT_BACK: 1,
}
_CLOCK_ERRORS_MS = (
    0,
    0,
    5 * SECOND_MS,
    -3 * HOUR_MS,
    7 * HOUR_MS,
    -26 * HOUR_MS,
    40 * DAY_MS,
    -YEAR_MS,
    10 * YEAR_MS,
    -10 * YEAR_MS,
)
PCS_LEAST = 3
"""No world begins with fewer, but for those of `WITH_TWO_PCS`."""
PCS_OF_LARGE = (7, 12)
_MOODS = (Mood.GOOD, Mood.GOOD, Mood.LOSSY, Mood.LOSSY, Mood.AWFUL, Mood.DOWN)


def plan_of(seed: int, *, steps: int | None = None) -> Plan:
    """The plan of a seed."""
    drawn = _large(seed, steps) if _is_large(seed) else _with_third(seed, _drawn(seed, steps))
    return replace(
        drawn,
        has_hard_roads=_has_hard_roads(seed),
        has_versions=_has_versions(seed),
        newer=_newer(seed, len(drawn.units)),
        has_lan=_has_lan(seed),
        is_reorganised=_is_reorganised(seed),
        fed=_fed(seed, drawn.units),
        steps=_with_everything_else(seed, list(drawn.steps), len(drawn.units)),
    )


def _drawn(seed: int, steps: int | None) -> Plan:
    """What is drawn for most worlds: two to six PCs."""
    chance = random.Random(f"plan {seed}")
    communes = chance.sample(COMMUNES, k=chance.choice((1, 1, 1, 2, 2, 3)))
    size = chance.randint(max(2, len(communes)), 6 if len(communes) > 1 else 4)
    units = (*communes, *(chance.choice(communes) for _ in range(size - len(communes))))
    return _filled(seed, chance, units, steps or chance.choice((25, 35, 45, 60)))


def _filled(seed: int, chance: random.Random, units: tuple[str, ...], count: int) -> Plan:
    drawn = tuple(_step(chance, number, len(units)) for number in range(count))
    return Plan(
        seed=seed,
        units=units,
        clock_errors_ms=tuple(chance.choice(_CLOCK_ERRORS_MS) for _ in units),
        moods=tuple(chance.choice(_MOODS) for _ in units),
        is_narrow=tuple(chance.random() < 0.25 for _ in units),
        lease_size=chance.choice((4, 10, 60)),
        judge_batch_records=chance.choice((3, 40, 4096)),
        steps=drawn,
    )


def _is_large(seed: int) -> bool:
    """Every thirteenth world; what each PC does is little there, so that it costs no more than two others."""
    return seed % 13 == 10


def _large(seed: int, steps: int | None) -> Plan:
    """Seven to twelve PCs in two or three communes."""
    chance = random.Random(f"large {seed}")
    communes = chance.sample(COMMUNES, k=chance.choice((2, 3, 3)))
    size = chance.randint(PCS_OF_LARGE[0], PCS_OF_LARGE[1])
    units = (*communes, *(chance.choice(communes) for _ in range(size - len(communes))))
    return _filled(seed, chance, units, steps or chance.choice((20, 30)))


def _with_third(seed: int, plan: Plan) -> Plan:
    """Where two PCs were drawn, a third one that takes every third step; it has a randomness of its own."""
    if len(plan.units) >= PCS_LEAST or seed in WITH_TWO_PCS:
        return plan
    chance = random.Random(f"third {seed}")
    third = len(plan.units)
    return replace(
        plan,
        units=(*plan.units, chance.choice(plan.units)),
        clock_errors_ms=(*plan.clock_errors_ms, chance.choice(_CLOCK_ERRORS_MS)),
        moods=(*plan.moods, chance.choice(_MOODS)),
        is_narrow=(*plan.is_narrow, chance.random() < 0.25),
        steps=tuple(replace(step, node=third) if chance.random() < 1 / 3 else step for step in plan.steps),
    )


def _with_everything_else(seed: int, drawn: list[Step], nodes: int) -> tuple[Step, ...]:
    """What only some worlds have, each of a randomness of its own, so that the other steps stay what they were."""
    steps = _with_restored_hub(seed, drawn)
    for more in (
        _with_orders,
        _with_newcomers,
        _with_meetings,
        _with_copies,
        _with_versions,
        _with_hard_roads,
        _with_reorganisations,
        _with_relays,
    ):
        steps = more(seed, steps, nodes)
    return tuple(steps)


def _has_hard_roads(seed: int) -> bool:
    """Every fourth world, unless units are re-organised there."""
    return seed % 4 == 0 and not _is_reorganised(seed)


def _with_hard_roads(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """Sticks, and an officer who is cut off."""
    if not _has_hard_roads(seed):
        return steps
    chance = random.Random(f"hard roads {seed}")
    for number in range(6):
        is_stick = number < 5
        step = Step(
            number=30_000 + number,
            verb=Verb.STICK if is_stick else Verb.REVOKE,
            node=chance.randrange(nodes),
            seed=chance.getrandbits(32),
            fuse=_fuse(chance, 300, 0.1),
            hub_fuse=_fuse(chance, 300, 0.1) if is_stick else None,
        )
        steps.insert(chance.randrange(len(steps) // 4, len(steps) + 1), step)
    return steps


def _has_versions(seed: int) -> bool:
    """In every ninth world programs of two versions meet."""
    return seed % 9 == 7


def _newer(seed: int, nodes: int) -> frozenset[int]:
    chance = random.Random(f"newer {seed}")
    return frozenset(index for index in range(nodes) if _has_versions(seed) and chance.random() < 0.4)


def _with_versions(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """Officers write what only the newer program knows; PCs and the hub get it in some order, the hub perhaps loses it again."""
    if not _has_versions(seed):
        return steps
    chance = random.Random(f"versions {seed}")
    for number in range(12):
        verb = Verb.UPGRADE if number < 4 else Verb.FORETELL
        step = Step(
            number=20_000 + number,
            verb=verb,
            node=chance.randrange(nodes),
            seed=chance.getrandbits(32),
            amount=int(verb is Verb.UPGRADE and chance.random() < 0.6),
        )
        steps.insert(chance.randrange(len(steps) // 4, len(steps) + 1), step)
    return steps


def _is_reorganised(seed: int) -> bool:
    return seed % 9 == 8


def _with_reorganisations(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """In every ninth world the province re-organises units while most PCs are away, which goes on for a month; the other steps
    stay what they were."""
    if not _is_reorganised(seed):
        return steps
    chance = random.Random(f"units {seed}")
    for said in range(chance.choice((1, 2, 2, 3))):
        number, at = len(steps) + 6_000 + 10 * said, chance.randrange(len(steps) // 4, len(steps))
        speaks = Step(
            number=number,
            verb=Verb.REORGANISE,
            seed=chance.getrandbits(32),
            amount=int(bool(said) and chance.random() < 0.5),
            hub_fuse=_fuse(chance, 60, 0.2),
        )
        waits = [Step(number=number + turn, verb=Verb.WAIT, amount=10 * 24 * 60) for turn in (1, 2, 3)]
        steps = [*steps[:at], speaks, *steps[at:]]
        for wait in waits:
            at = min(len(steps), at + chance.choice((1, 2, 4, 8)))
            steps.insert(at, wait)
    return steps


def _with_copies(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """In every seventh world somebody copies the disk of a PC into another one, and both go on; the other steps stay what
    they were."""
    if seed % 7 != 5:
        return steps
    chance = random.Random(f"copy {seed}")
    first = chance.randrange(len(steps) // 4, len(steps) // 2)
    clone = Step(number=len(steps) + 3_000, verb=Verb.CLONE, node=chance.randrange(nodes))
    later = [*steps[:first], clone, *steps[first:]]
    for turn in range(5):
        step = Step(
            number=len(steps) + 3_001 + turn,
            verb=Verb.COPIES_WORK,
            seed=chance.getrandbits(32),
            amount=chance.choice((1, 3, 6)),
        )
        later.insert(chance.randrange(first + 1, len(later) + 1), step)
    return later


def _with_relays(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """In every fourth world sticks go to PCs of other communes, where there are any; the other steps stay what they were."""
    if seed % 4 or _is_reorganised(seed):
        return steps
    chance = random.Random(f"relay {seed}")
    later = list(steps)
    for turn in range(8):
        step = Step(
            number=len(steps) + 4_000 + turn,
            verb=Verb.RELAY,
            node=chance.randrange(nodes),
            seed=chance.getrandbits(32),
            fuse=_fuse(chance, 200, 0.15),
            hub_fuse=_fuse(chance, 150, 0.15),
        )
        later.insert(chance.randrange(len(later) // 4, len(later) + 1), step)
    return later


def _with_newcomers(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """In every sixth world PCs join by a snapshot, from the hub or from the PC that the step names; the other steps stay
    what they were. Some join between a back-up of the hub and its return, and it has not heard of them then."""
    if seed % 6 != 3:
        return steps
    chance = random.Random(f"join {seed}")
    first = len(steps) // 4
    for joined in range(chance.choice((1, 1, 2))):
        step = Step(
            number=len(steps) + 2_000 + joined,
            verb=Verb.JOIN,
            node=chance.randrange(nodes),
            seed=chance.getrandbits(32),
            amount=chance.choice((0, 1)),
        )
        steps.insert(chance.randrange(first, len(steps) + 1), step)
    return steps


def _with_restored_hub(seed: int, steps: list[Step]) -> list[Step]:
    """In every fifth world the hub is put back from an earlier back-up. Drawn apart, so that the other steps stay what
    they were when past failures were found."""
    if seed % 5 != 4:
        return steps
    chance = random.Random(f"restored hub {seed}")
    first, then = sorted(chance.sample(range(len(steps)), 2))
    back_up = Step(number=len(steps), verb=Verb.BACK_UP_HUB)
    put_back = Step(number=len(steps) + 1, verb=Verb.PUT_BACK_HUB)
    return [*steps[:first], back_up, *steps[first:then], put_back, *steps[then:]]


SCANS = 4
"""How many scans the PCs of a world with office networks attach; small ones, for a narrow line lets no large slice pass."""


def _has_lan(seed: int) -> bool:
    """In every fourth world the PCs of an office meet each other."""
    return seed % 4 == 2


def _fed(seed: int, units: tuple[str, ...]) -> frozenset[int]:
    """Of some offices with several PCs the last one has no line from its first day on."""
    chance = random.Random(f"fed {seed}")
    last = {unit: index for index, unit in enumerate(units) if units.index(unit) != index}
    return (
        frozenset(index for _, index in sorted(last.items()) if chance.random() < 0.6)
        if _has_lan(seed)
        else frozenset()
    )


def _with_meetings(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """Meetings on the office network, and splits of it, of a randomness of their own."""
    if not _has_lan(seed):
        return steps
    chance = random.Random(f"lan {seed}")
    for number in range(len(steps) // 2):
        is_meeting = chance.random() < 0.8
        step = Step(
            number=10_000 + number,
            verb=Verb.MEET if is_meeting else Verb.LAN,
            node=chance.randrange(nodes),
            seed=chance.getrandbits(32),
            amount=int(is_meeting and chance.random() < 0.1),
            mood=chance.choice((Mood.GOOD, Mood.LOSSY, Mood.LOSSY, Mood.DOWN)),
            fuse=_fuse(chance, 300, 0.1) if is_meeting else None,
            hub_fuse=_fuse(chance, 300, 0.1) if is_meeting else None,
        )
        steps.insert(chance.randrange(len(steps) + 1), step)
    for number in range(SCANS):
        step = Step(
            number=40_000 + number, verb=Verb.SCAN, node=chance.randrange(nodes), seed=chance.getrandbits(32)
        )
        steps.insert(chance.randrange(len(steps) + 1), step)
    return steps


def _with_orders(seed: int, steps: list[Step], nodes: int) -> list[Step]:
    """Erasure orders among the steps, of a randomness of their own: the other steps of a seed stay what they were."""
    chance = random.Random(f"erase {seed}")
    for order in range(chance.choice((0, 1, 1, 2))):
        step = Step(
            number=len(steps) + 1_000 + order,
            verb=Verb.ERASE,
            node=chance.randrange(nodes),
            seed=chance.getrandbits(32),
            amount=chance.choice((0, 0, 1)),
            fuse=_fuse(chance, 60, 0.2),
            hub_fuse=_fuse(chance, 40, 0.2),
        )
        steps.insert(chance.randrange(len(steps) // 3, len(steps) + 1), step)
    return steps


def _step(chance: random.Random, number: int, nodes: int) -> Step:
    verb = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    step = Step(number=number, verb=verb, node=chance.randrange(nodes), seed=chance.getrandbits(32))
    detail = _DETAILS.get(verb)
    return detail(chance, step) if detail else step


def _fuse(chance: random.Random, most: int, share: float) -> int | None:
    return int(chance.random() ** 2 * most) if chance.random() < share else None


def _work(chance: random.Random, step: Step) -> Step:
    return replace(step, amount=chance.choice((1, 1, 2, 3, 5, 9)), fuse=_fuse(chance, 120, 0.10))


def _bulk(chance: random.Random, step: Step) -> Step:
    return replace(step, amount=chance.choice((20, 70, 140)))


def _sync(chance: random.Random, step: Step) -> Step:
    return replace(step, fuse=_fuse(chance, 400, 0.10), hub_fuse=_fuse(chance, 120, 0.10))


def _judge(chance: random.Random, step: Step) -> Step:
    return replace(step, amount=chance.choice((0, 0, 0, 1)), hub_fuse=_fuse(chance, 120, 0.15))


def _wait(chance: random.Random, step: Step) -> Step:
    return replace(step, amount=chance.choice((10, 60, 8 * 60, 24 * 60, 40 * 24 * 60)))


def _clock(chance: random.Random, step: Step) -> Step:
    return replace(step, amount=chance.choice(_CLOCK_ERRORS_MS) + chance.randint(-90, 90) * SECOND_MS)


def _line(chance: random.Random, step: Step) -> Step:
    return replace(step, mood=chance.choice(_MOODS))


def _fill(chance: random.Random, step: Step) -> Step:
    return replace(step, amount=chance.choice((0, 1)))


_DETAILS: dict[Verb, Callable[[random.Random, Step], Step]] = {
    Verb.WORK: _work,
    Verb.BULK: _bulk,
    Verb.SYNC: _sync,
    Verb.JUDGE: _judge,
    Verb.WAIT: _wait,
    Verb.SET_CLOCK: _clock,
    Verb.LINE: _line,
    Verb.FILL_DISK: _fill,
    Verb.PUT_BACK: _fill,
}
