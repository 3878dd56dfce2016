"""A world: offices with their PCs, the hub, lines between them, and what happens step by step.

`play` applies a plan; after every step it asks the standing invariants, and at the end it heals everything (good lines,
free disks, no more power cuts) and lets all sides exchange rounds until nothing moves. Nothing here decides what is
right; it keeps a ledger of what production *said* to people, and `invariants` compares it with what is so.
"""

import gc
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nacl.bindings
import nacl.utils

from central_hub.sync.stick import snapshot_on
from edge_node.journal import WriteRefused
from edge_node.journal.stamp import offset_now
from edge_node.keyring import Actor
from edge_node.lan.asking import meet
from edge_node.lan.service import carry_if_any
from edge_node.projection.service import view as view_of
from edge_node.sync.parcels import export_snapshot, import_parcels
from edge_node.sync.runner import SyncResult
from edge_node.sync.transport import LineFault
from signing.roles import OFFICE_ROLES, Role
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError, RemoteFault
from sync_protocol.record import BodyState, Record
from tests.simulation import forgery, invariants, log_invariants, sticks, version_worlds
from tests.simulation.broken import Broken, require
from tests.simulation.clock import DAY_MS, SECOND_MS, YEAR_MS, SimClock, WorldTime
from tests.simulation.hub import SimHub, held_by_hub
from tests.simulation.lan import LanLink, stray_request
from tests.simulation.link import HubGone, Link, Mood
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk, erase, scan, settle, token
from tests.simulation.power import PowerCut
from tests.simulation.relays import Relays
from tests.simulation.revoking import cut_off, review_all
from tests.simulation.schedule import Plan, Step, Verb
from tests.simulation.units import NEW_UNITS, Said, has_leader, reorganise
from tests.simulation.versions import Program, foretell, running

HEALING_CYCLES_MAX = 10
"""After the lines are good, so many times round all offices must be enough for everything to be everywhere."""
SETTLEMENTS_MAX = 12
"""Deciding the differences of a dossier brings up no more others than that, however they hang together."""
PART_BYTES = 20_000
_RAM = Path("/dev/shm")
MINUTE_MS = 60 * SECOND_MS


@dataclass
class Ledger:
    """What was said to people, as the world noted it when it was said. `reviewed_away`: what a review refused."""

    acknowledged: dict[str, Record] = field(default_factory=dict)
    forged: set[str] = field(default_factory=set)
    reviewed_away: set[str] = field(default_factory=set)
    requests: int = 0
    work: int = 0
    power_cuts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """What went wrong in this world, and how often."""


class World:
    """One world, from its founding to its end."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None]) -> None:
        self.plan, self.say, self.folder = plan, say, folder
        self.time = WorldTime()
        self.ledger = Ledger()
        self.looked: dict[str, object] = {}
        """How the databases were when what a PC tells was found to be true."""
        self.is_all_connected = False
        """At the very end every PC has a line, those too that were without one from their first day on."""
        self.communes = tuple(sorted(set(plan.units)))
        self.said = Said()
        self.hub = SimHub(
            folder / "hub",
            SimClock(self.time),
            self._chance("hub"),
            lease_size=plan.lease_size,
            judge_batch_records=plan.judge_batch_records,
        )
        self.folder = folder
        self.relays = Relays(folder)
        self.nodes = [self._make_node(index, folder) for index in range(len(plan.units))]
        self._enrol_all()
        self.began = len(self.nodes)
        self.drawer = sticks.Drawer(folder)

    def _chance(self, *names: object) -> random.Random:
        return random.Random(" ".join(map(str, ("world", self.plan.seed, *names))))

    def heal_only(self, node: SimNode) -> None:
        """One PC exchanges rounds with the hub until nothing moves; the others stay silent."""
        for _ in range(3):
            self.note_result(node, node.sync())
            self.time.pass_ms(MINUTE_MS)
            self.hub.judge()
        self.note_result(node, node.sync())

    def clone_node(self, node: SimNode) -> SimNode:
        """Somebody copies the whole disk of a PC into another one, and both go on."""
        self.note_records(node)
        clone = self._make_node(len(self.nodes), self.folder, disk_of=node)
        self.nodes.append(clone)
        self.note_records(clone)
        return clone

    def new_node(self, unit: str, *, error_ms: int = 0) -> SimNode:
        """One more PC in its box; whoever asked puts it among the others."""
        index = len(self.nodes)
        link = Link(
            name=f"#{index}",
            time=self.time,
            door=self._door,
            relay_door=self._relay_door,
            files_door=self._files_door,
            chance=self._chance("link", index),
            say=self.say,
            look=lambda: invariants.check_node(self, self.nodes[index]),
        )
        clock = SimClock(self.time, error_ms=error_ms)
        return SimNode(
            link.name, unit, self.folder / f"node{index}", clock, link, self._chance("node", index)
        )

    def _make_node(self, index: int, folder: Path, *, disk_of: SimNode | None = None) -> SimNode:
        name = f"#{index}"
        link = Link(
            name=name,
            time=self.time,
            door=self._door,
            relay_door=self._relay_door,
            files_door=self._files_door,
            chance=self._chance("link", index),
            say=self.say,
            look=lambda: invariants.check_node(self, self.nodes[index]),
            is_narrow=disk_of is None and self.plan.is_narrow[index],
            is_stubborn=self.plan.has_hard_roads,
        )
        error_ms = self.plan.clock_errors_ms[index] if disk_of is None else 0
        unit = self.plan.units[index] if disk_of is None else disk_of.unit
        clock, chance = SimClock(self.time, error_ms=error_ms), self._chance("node", index)
        program = Program.NEWER if index in self.plan.newer else Program.OLDER
        return SimNode(
            name, unit, folder / f"node{index}", clock, link, chance, disk_of=disk_of, program=program
        )

    def _door(self, payload: bytes) -> bytes:
        """The hub's door; a hub that loses power in the middle of a round is back for the next one."""
        return self._through(lambda: self.hub.answer(payload))

    def _relay_door(self, payload: bytes) -> bytes:
        return self._through(lambda: self.hub.answer_relay(payload))

    def _files_door(self, payload: bytes) -> bytes:
        return self._through(lambda: self.hub.answer_files(payload))

    def _through(self, answer: Callable[[], bytes]) -> bytes:
        try:
            return answer()
        except PowerCut:
            if not self.hub.fuse.is_burnt:
                raise
            self._restart_hub("during a round")
            raise HubGone from None

    def _enrol_all(self) -> None:
        """Take every PC out of its box; each commune's first one receives dossiers for everybody to work on."""
        firsts = [self.nodes[self.plan.units.index(unit)] for unit in self.communes]
        for index, node in enumerate(self.nodes):
            chance = self._chance("enrol", index)
            is_full = node in firsts or chance.random() < 0.4
            roles = OFFICE_ROLES if is_full else frozenset({Role.RECEPTIONIST, Role.SPECIALIST})
            node.enrol(self.hub, roles=roles, officer_name=token(node.unit, chance))
            self.note_result(node, node.sync())
        self.hub.judge()
        for index, node in enumerate(self.nodes):
            if node in firsts:
                Desk(node, self._chance("first", index), self.communes_at(node)).open_office()
            self.note_result(node, node.sync())
        self.hub.judge()
        for node, mood in zip(self.nodes, self.plan.moods, strict=True):
            self.note_result(node, node.sync())
            node.copy()
            node.link.mood = Mood.DOWN if self._is_fed(node) else mood

    # --- steps ---

    @property
    def _verbs(self) -> dict[Verb, Callable[[Step, SimNode], None]]:
        return {
            Verb.WORK: self._work,
            Verb.BULK: self._bulk,
            Verb.SYNC: self._sync,
            Verb.JUDGE: self._judge,
            Verb.WAIT: self._wait,
            Verb.SET_CLOCK: self._set_clock,
            Verb.LINE: self._line,
            Verb.RESTART_NODE: lambda _, node: self._restart_node(node, "between steps"),
            Verb.RESTART_HUB: lambda _step, _node: self._restart_hub("between steps"),
            Verb.FILL_DISK: self._fill_disk,
            Verb.ADD_OFFICER: self._add_officer,
            Verb.FORGE: self._forge,
            Verb.SCRAMBLE: self._scramble,
            Verb.DELIVER_LATE: self._deliver_late,
            Verb.COPY: lambda _, node: node.copy(),
            Verb.PUT_BACK: self._put_back,
            Verb.BACK_UP_HUB: lambda _step, _node: self.hub.back_up(),
            Verb.PUT_BACK_HUB: self._put_back_hub,
            Verb.ERASE: self._erase,
            Verb.MEET: self._meet,
            Verb.SCAN: self._scan,
            Verb.LAN: self._split,
            Verb.CLONE: self._clone,
            Verb.COPIES_WORK: self._copies_work,
            Verb.JOIN: self._join,
            Verb.RELAY: self._relay,
            Verb.UPGRADE: self._upgrade,
            Verb.FORETELL: self._foretell,
            Verb.STICK: self._stick,
            Verb.REVOKE: self._revoke,
            Verb.REORGANISE: self._reorganise,
        }

    def play(self) -> None:
        """Every step, then healing; raises Broken."""
        for step in self.plan.steps:
            self._play_step(step)
        self.heal()
        if self.plan.has_versions:
            version_worlds.check_mixed(self)
            version_worlds.upgrade_all(self)
            self.heal()
        with running(self.hub.program):
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        """Everything is compared; what is open is settled, and compared again."""
        invariants.check_end(self)
        if self._settle_everything():
            self.heal()
            invariants.check_end(self)
            invariants.check_nothing_is_open(self)
        if self.plan.has_lan:
            self.is_all_connected = True
            self.heal()
            invariants.check_end(self)
        invariants.check_idle_is_cheap(self)
        log_invariants.check_log(self)
        with self.hub.reading() as (_, store):
            self.say(f"everything: {store.frontier().digest().hex()}")

    def _play_step(self, step: Step) -> None:
        self.say(f"[{step}]")
        node = self._whom(step)
        node.note_unforced()
        node.fuse.set(step.fuse)
        self.hub.fuse.set(None if step.verb is Verb.MEET else step.hub_fuse)
        try:
            with running(node.program):
                self._verbs[step.verb](step, node)
        except PowerCut:
            if self.hub.fuse.is_burnt:
                self._restart_hub("in the step")
            if node.fuse.is_burnt:
                self._restart_node(node, "in the step")
        node.fuse.set(None)
        self.hub.fuse.set(None)
        self.time.pass_ms(MINUTE_MS)
        invariants.check_always(self)

    def _whom(self, step: Step) -> SimNode:
        """The PC that a step is about; sometimes one that joined its office since."""
        node = self.nodes[step.node]
        joined = [each for each in self.nodes[self.began :] if each.unit == node.unit]
        return joined[-1] if joined and step.seed % 3 == 0 and step.verb is not Verb.JOIN else node

    def _join(self, step: Step, maker: SimNode) -> None:
        """A new PC of the maker's office begins with a stick: a snapshot of the hub's, or of the maker's."""
        index = len(self.nodes)
        chance = self._chance("join", step.number)
        node = self.new_node(maker.unit, error_ms=chance.choice((0, -3_600_000, 40 * DAY_MS)))
        roles = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})
        node.enrol(self.hub, roles=roles, officer_name=token(node.unit, chance))
        stick, device = self.folder / f"stick{index}", node.services.keyring.device.public.id
        whose = "the hub"
        if step.amount:
            self.note_result(maker, maker.sync())
            try:
                export_snapshot(maker.db, maker.services, stick, device, part_bytes_max=PART_BYTES)
                whose = maker.name
            except (RemoteFault, WriteRefused) as refusal:
                self.say(f"{maker.name} makes no snapshot: {refusal}")
        if whose == "the hub":
            snapshot_on(self.hub.worker, stick, device, part_bytes_max=PART_BYTES)
        self.nodes.append(node)
        self.note_fault("joined by a snapshot")
        self._seed(node, stick, chance)
        self.say(f"{node.name} joins {node.unit} by a snapshot of {whose}, {node.status().history} missing")
        node.copy()

    def _seed(self, node: SimNode, stick: Path, chance: random.Random) -> None:
        """Take it in, sometimes with a power cut on the way: the next import goes on."""
        node.fuse.set(chance.randrange(400) if chance.random() < 0.4 else None)
        try:
            import_parcels(node.db, node.services, stick)
        except PowerCut:
            self._restart_node(node, "while it takes a snapshot")
        node.fuse.set(None)
        for carried in import_parcels(node.db, node.services, stick):
            require(carried.outcome == "done", "a snapshot comes in", f"{node.name} {carried}")

    def _work(self, step: Step, node: SimNode) -> None:
        for index in range(step.amount):
            self.time.pass_ms(30 * SECOND_MS)
            desk = Desk(node, random.Random(f"{step.seed} {index}"), self.communes_at(node))
            self.say(f"{node.name} {desk.act()}")
            self.note_records(node)
            self.ledger.work += 1

    def communes_at(self, node: SimNode) -> tuple[str, ...]:
        """The communes between which the officers of a PC route dossiers."""
        return (node.unit,) if self.plan.is_reorganised else self.communes

    def units(self) -> tuple[str, ...]:
        """Every unit whose words may stand in a file."""
        return (*self.communes, *NEW_UNITS)

    def _reorganise(self, step: Step, node: SimNode) -> None:
        """The province says what becomes of units."""
        self.note_fault("units re-organised")
        self.say(f"hub {reorganise(self, random.Random(step.seed), again=bool(step.amount))}")

    def _bulk(self, step: Step, node: SimNode) -> None:
        desk = Desk(node, random.Random(step.seed), self.communes)
        self.say(f"{node.name} {desk.write_many(step.amount)}")
        self.note_records(node)

    def _erase(self, step: Step, node: SimNode) -> None:
        """A leader, or the province, orders that content goes."""
        self.note_records(node)
        chance = random.Random(step.seed)
        done = self.hub.erase(node.unit, chance) if step.amount else erase(node, chance)
        self.say(f"{'hub' if step.amount else node.name} erases {done}")
        self.note_records(node)

    def _clone(self, step: Step, node: SimNode) -> None:
        """Somebody copies the disk of a PC into another one."""
        self.note_fault("database copied")
        self.say(f"{node.name} is copied to {self.clone_node(node).name}")

    def _copies_work(self, step: Step, node: SimNode) -> None:
        """Whoever works from a copied disk goes on and presses sync; nobody has decided about them yet."""
        for copy in [each for each in self.nodes if each.is_copy]:
            for index in range(step.amount):
                self.time.pass_ms(30 * SECOND_MS)
                self.say(
                    f"{copy.name} {Desk(copy, random.Random(f'{step.seed} {index}'), self.communes_at(copy)).act()}"
                )
                self.note_records(copy)
            self.note_result(copy, copy.sync())

    def _scan(self, step: Step, node: SimNode) -> None:
        desk = Desk(node, random.Random(step.seed), self.communes)
        self.say(f"{node.name} scans {scan(desk)}")
        self.note_records(node)

    def _upgrade(self, step: Step, node: SimNode) -> None:
        """A PC gets the newer program; the hub gets it, or goes back to the older one."""
        self.note_fault("version mix")
        if step.amount:
            other = Program.OLDER if self.hub.program is Program.NEWER else Program.NEWER
            version_worlds.change_hub(self, other)
            self.say(f"hub runs the {other} program")
        else:
            version_worlds.upgrade_node(self, node)
            self.say(f"{node.name} runs the {node.program} program")

    def _foretell(self, step: Step, node: SimNode) -> None:
        """An officer with the newer program writes what the older one does not know."""
        if node.program is Program.NEWER:
            desk = Desk(node, random.Random(step.seed), self.communes)
            view = desk.pick()
            done = foretell(node, desk.actor, view.dossier) if view else "nothing: no dossier"
            self.say(f"{node.name} foretells {done}")
            self.note_records(node)

    def _stick(self, step: Step, node: SimNode) -> None:
        self.say(f"{node.name} carries a stick: {sticks.carry(self, node, random.Random(step.seed))}")

    def _revoke(self, step: Step, node: SimNode) -> None:
        """The province cuts an officer of this PC off, who goes on without knowing it."""
        self.say(f"{node.name} has an officer cut off: {cut_off(self, node, random.Random(step.seed))}")

    def _sync(self, step: Step, node: SimNode) -> None:
        self.note_result(node, node.sync())
        self._send_files(node)

    def _send_files(self, node: SimNode) -> None:
        """Files follow the records, in worlds whose officers scan."""
        if self.plan.has_lan and node.status().files:
            sent = node.send_files()
            self.say(f"{node.name} files sent={sent.sent} {sent.problem.code if sent.problem else 'done'}")

    def note_result(self, node: SimNode, result: SyncResult) -> None:
        """What a sync told the officer."""
        invariants.check_suspected(node)
        if result.is_done:
            invariants.check_spent(node)
        self.note_records(node)
        self.ledger.requests += result.rounds
        problem = result.problem.code if result.problem else "done"
        self.say(
            f"{node.name} sync {problem} rounds={result.rounds} sent={result.sent} got={result.received} {result.detail}"
        )

    def _judge(self, step: Step, node: SimNode) -> None:
        judged = self.hub.judge(batches=step.amount or None)
        self.say(f"hub judged {judged}")

    def _wait(self, step: Step, node: SimNode) -> None:
        self.time.pass_ms(step.amount * MINUTE_MS)

    def _set_clock(self, step: Step, node: SimNode) -> None:
        node.clock.set_wrong_by(step.amount)
        if abs(step.amount) > 9 * YEAR_MS:
            self.note_fault(f"clock ten years {'ahead' if step.amount > 0 else 'behind'}")
        self.say(f"{node.name} clock is wrong by {step.amount / DAY_MS:.2f} days")

    def _line(self, step: Step, node: SimNode) -> None:
        node.link.mood = Mood.DOWN if self._is_fed(node) else step.mood

    def _is_fed(self, node: SimNode) -> bool:
        """Whether this PC reaches the province by its colleagues alone."""
        return node in self.nodes and self.nodes.index(node) in self.plan.fed

    def _split(self, step: Step, node: SimNode) -> None:
        node.lan_mood = step.mood

    def _colleagues(self, node: SimNode) -> list[SimNode]:
        """PCs of one office; where units were re-organised those too of which one has not heard of it yet."""
        return [
            other
            for other in self.nodes
            if other is not node
            and (other.unit == node.unit or (self.said.is_anything and other.origin == node.origin))
        ]

    def _meet(self, step: Step, node: SimNode) -> None:
        """A PC meets a colleague, or somebody who is none."""
        chance = random.Random(step.seed)
        colleagues = self._colleagues(node)
        strangers = [other for other in self.nodes if other.unit != node.unit and not self.said.is_anything]
        if strangers and (not colleagues or chance.random() < 0.15):
            self._meet_stranger(node, chance.choice(strangers), chance)
        elif colleagues:
            other = chance.choice(colleagues)
            other.note_unforced()
            other.fuse.set(step.hub_fuse)
            try:
                self.meet(node, other, chance, is_hostile=bool(step.amount))
            except PowerCut:
                if not other.fuse.is_burnt:
                    raise
                self._restart_node(other, "after a meeting")
            other.fuse.set(None)

    def meet(self, node: SimNode, other: SimNode, chance: random.Random, *, is_hostile: bool = False) -> None:
        """Two PCs of one office exchange what they have."""
        mood = Mood.DOWN if Mood.DOWN in (node.lan_mood, other.lan_mood) else node.lan_mood
        if mood is Mood.DOWN:
            self.note_fault("LAN split")
        line = self._lan(node, other, mood, chance, is_hostile=is_hostile)
        with running(node.program):
            met = meet(node.db, node.services, line)
            if met.problem is None:
                carried = carry_if_any(node.db, node.services, line, met)
                self.say(f"{node.name} files sent={carried.sent} fetched={carried.fetched}")
        for one in (node, other):
            if self.said.is_anything:
                one.follow_units()
            self.note_records(one)
        problem = met.problem.code if met.problem else "done"
        self.say(
            f"{node.name} meets {other.name} {problem} rounds={met.rounds} sent={met.sent} got={met.received} {met.detail}"
        )

    def _meet_stranger(self, node: SimNode, other: SimNode, chance: random.Random) -> None:
        met = meet(node.db, node.services, self._lan(node, other, Mood.GOOD, chance))
        require(met.problem is reasons.ROUND_DEVICE, "a stranger is refused", f"{node.name} {met.problem}")
        statement = node.services.trust.trust(node.db).statement(other.services.keyring.device.public.id)
        if statement is not None and statement.box is not None:
            # Whoever does not ask who is there is refused by the one who is asked.
            sent = stray_request(node, other, statement.box)
            try:
                self._lan(node, other, Mood.GOOD, chance).post(sent)
            except LineFault as fault:
                require(fault.reason is reasons.ROUND_DEVICE, "a stranger is refused", f"{fault.reason.code}")
            else:
                raise Broken("a stranger is refused", f"{other.name} answered {node.name}")

    def _lan(
        self, node: SimNode, other: SimNode, mood: Mood, chance: random.Random, *, is_hostile: bool = False
    ) -> LanLink:
        return LanLink(
            asked=other,
            mood=mood,
            chance=chance,
            time=self.time,
            say=self.say,
            restart=lambda: self._restart_node(other, "during a meeting"),
            is_hostile=is_hostile,
        )

    def _fill_disk(self, step: Step, node: SimNode) -> None:
        node.fill_disk(bool(step.amount))
        if step.amount:
            self.note_fault("disk full")

    def _add_officer(self, step: Step, node: SimNode) -> None:
        chance = random.Random(step.seed)
        administrators = [
            actor
            for actor in (node.actor(officer) for officer in node.officers)
            if Role.UNIT_ADMINISTRATOR in actor.roles
        ]
        if not administrators:
            return
        roles = frozenset(
            chance.sample([Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER], chance.choice((1, 2)))
        )
        try:
            node.add_officer(administrators[0], name=token(node.unit, chance), roles=roles)
        except WriteRefused as refusal:
            self.say(f"{node.name} add_officer refused: {refusal}")
        self.note_records(node)

    def _forge(self, step: Step, node: SimNode) -> None:
        self.note_records(node)
        done = forgery.write_inadmissible(node, random.Random(step.seed))
        self.say(f"{node.name} forges {done}")
        if not done.startswith("nothing"):
            self.note_fault("hostile record")
        self.ledger.forged |= {record.id for record in self.note_records(node)}

    def _scramble(self, step: Step, node: SimNode) -> None:
        done = forgery.send_scrambled(node, self._door, random.Random(step.seed), self.time.now_ms)
        self.say(f"{node.name} sends {done}")
        if not done.startswith("nothing"):
            self.note_fault("hostile run")

    def _deliver_late(self, step: Step, node: SimNode) -> None:
        late, node.link.late, node.link.held = [*node.link.late, *node.link.held], [], []
        for deliver in late:
            try:
                deliver()
                outcome = "taken"
            except (ProtocolError, HubGone) as refusal:
                outcome = f"{refusal}"
            self.say(f"{node.name} late copy: {outcome}")

    def _relay(self, step: Step, node: SimNode) -> None:
        """A stick of this office goes to a PC of another commune."""
        if len(self.communes) > 1:
            self.note_fault("relay")
        self.relays.journey(self, node, random.Random(step.seed))

    def note_fault(self, name: str) -> None:
        self.ledger.faults[name] += 1

    # --- power ---

    def _restart_node(self, node: SimNode, when: str) -> None:
        self.say(f"{node.name} restarts {when}")
        self.ledger.power_cuts += 1
        self.note_fault("power cut that loses what was not forced" if node.restart() else "kill")
        invariants.check_nothing_was_lost(self, node)

    def _restart_hub(self, when: str) -> None:
        self.say(f"hub restarts {when}")
        self.note_fault("hub killed")
        self.ledger.power_cuts += 1
        self.hub.restart()

    def _put_back(self, step: Step, node: SimNode) -> None:
        """An old copy in place of the database: what only this PC knew is lost, what the hub has comes back."""
        if not node.has_copy:
            return
        before = set(node.shown)
        # On an office network two lives of one database meet before the province has told them apart: a world of its own.
        node.put_back(whole=bool(step.amount) and not self.plan.has_lan)
        if self.plan.has_lan:
            # A colleague may have what is lost here; and this PC may have been the last to hold a colleague's.
            before = {
                id for id in self.ledger.acknowledged if not any(each.store.record(id) for each in self.nodes)
            }
        with self.hub.reading() as (connection, store):
            for log, row in held_by_hub(connection).items():
                before -= {record.id for record in store.span(log, 0, stop=row.acknowledged)}
        shown = set[str]() if self.plan.has_lan else set().union(*(other.shown for other in self.nodes))
        for record in before - shown:
            self.ledger.acknowledged.pop(record, None)
        self.note_fault("database restored")
        self.say(f"{node.name} is put back{' whole' if step.amount else ''}")
        self.note_records(node)

    def _put_back_hub(self, step: Step, node: SimNode) -> None:
        """The province's back-up in place of its database; a shortened plan may have none."""
        if self.hub.backup is not None:
            self.hub.put_back()
            self.note_fault("hub restored")
            self.say("hub is put back")

    # --- the ledger ---

    def note_records(self, node: SimNode) -> list[Record]:
        """Production returned: everything in the own logs by now was shown to somebody as done."""
        node.unit = node.office.unit
        fresh, written = [], []
        present = node.office.log
        for log in node.own_logs():
            entry = node.store.frontier([log]).get(log)
            known = min(node.acknowledged.get(log, 0), entry.length if entry else 0)
            records = node.store.span(log, known)
            # What a twin wrote came back; of a dossier that another unit keeps by then without its content.
            whole = [record for record in records if record.body_state is not BodyState.WITHHELD]
            self.ledger.acknowledged.update((record.id, record) for record in whole)
            node.acknowledged[log] = entry.length if entry else 0
            node.shown |= {record.id for record in records}
            fresh += records
            written += records if log == present else []
        invariants.check_written(node, written)
        offset = offset_now(node.db, node.clock())
        node.walls_ms += [node.clock(), node.clock() + (offset[0] if offset else 0)]
        return fresh

    # --- the end ---

    def close(self) -> None:
        """Let go of all files."""
        for node in self.nodes:
            self.ledger.faults.update(node.link.fates)
            node.stop()
        self.hub.fuse.replace()
        self.hub.stop()

    def heal(self) -> None:
        """Good lines, free disks, no cuts: everything must be everywhere within a bounded number of cycles."""
        self.say("healing")
        self.hub.fuse.set(None)
        self.time.pass_ms(max(0, self.said.effective_ms - self.time.now_ms))
        for node in self.nodes:
            node.fuse.set(None)
            node.fill_disk(False)
            if self.said.is_anything and self._is_fed(node):
                node.clock.set_wrong_by(0)  # without a line nothing else tells it that the day has come
            node.lan_mood = Mood.GOOD
            node.link.mood = Mood.GOOD
            self._deliver_late(_NO_STEP, node)
        sticks.deliver_all(self)
        before: list[Any] = []
        for cycle in range(HEALING_CYCLES_MAX):
            for node in self.nodes:
                if not self._is_left_alone(node):
                    self.note_result(node, node.sync())
                    self._send_files(node)
                if self.plan.has_lan:
                    for colleague in self._colleagues(node):
                        self.meet(node, colleague, self._chance("heal", cycle, node.name, colleague.name))
                self.time.pass_ms(5 * MINUTE_MS)
            self.hub.judge()
            review_all(self)
            for life in self.hub.review_copies(stands=True):
                self.say(f"hub confirms copy {life[:6]}")
            self.say(
                f"the province's log: {log_invariants.catch_up(self.hub)} at {self.hub.tree.head().size}"
            )
            after = self._positions()
            if before == after and self._is_quiet():
                self.say(f"quiet after {cycle} cycles")
                return
            before = after
        raise Broken("converges", f"still moving after {HEALING_CYCLES_MAX} cycles")

    def _is_left_alone(self, node: SimNode) -> bool:
        """A PC without a line must be healed by its colleagues alone, dossiers of other communes included.

        But not one whose disk was copied: two PCs speak with one key, and the province alone tells them apart. Until it has,
        colleagues give the second one nothing (PROTOCOL.md §16, design §6); it says how much waits, and comes by a line or stick.
        """
        is_one_of_two = node.has_twin or node.is_copy
        return self._is_fed(node) and not is_one_of_two and not self.is_all_connected

    def _positions(self) -> list[Any]:
        with self.hub.reading() as (_, store):
            hub = store.frontier().digest()
        return [self.hub.tree.head().size, hub, *(node.store.frontier().digest() for node in self.nodes)]

    def _is_quiet(self) -> bool:
        statuses = [node.status() for node in self.nodes]
        return all(each.waiting == each.unjudged == each.files == 0 for each in statuses)

    def _settle_everything(self) -> bool:
        """A leader of each office decides everything that is open; returns whether there was anything."""
        settled = False
        for unit in sorted({node.unit for node in self.nodes}):
            node = next(each for each in self.nodes if each.unit == unit and has_leader(each))
            actor = node.actor(node.officers[0])
            chance = self._chance("settle", unit)
            for view in invariants.open_views(node):
                if invariants.keeper_at(node, view.dossier) != unit:
                    continue  # the commune whose dossier it is decides, so that two offices never do at once
                self._settle_dossier(node, actor, view.dossier, chance)
                settled = True
            self.note_records(node)
        return settled

    def _settle_dossier(self, node: SimNode, actor: Actor, dossier: str, chance: random.Random) -> None:
        """One difference after the other, because deciding one may change what another is about."""
        open_first = view_of(node.db, dossier)
        for _ in range(SETTLEMENTS_MAX + (len(open_first.conflicts) if open_first else 0)):
            view = view_of(node.db, dossier)
            if view is None or not view.conflicts:
                return
            conflict = view.conflicts[0]
            settle(node, actor, view, conflict, chance)
            self.say(f"{node.name} settles {dossier[:6]} {conflict.kind} {conflict.field or ''}")
        raise Broken("settling comes to an end", dossier)


_NO_STEP = Step(number=-1, verb=Verb.DELIVER_LATE)


@contextmanager
def keys_from(chance: random.Random) -> Iterator[None]:
    """libsodium draws keys and salts from here: the one place of the house that makes randomness itself."""
    drawn = nacl.utils.random
    nacl.utils.random = lambda size=32: chance.randbytes(size)
    try:
        yield
    finally:
        nacl.utils.random = drawn


@contextmanager
def verified_once() -> Iterator[None]:
    """What libsodium found genuine is genuine wherever it comes again: every machine of a world verifies the same signatures."""
    opened = nacl.bindings.crypto_sign_open
    genuine: dict[tuple[bytes, bytes], bytes] = {}

    def open_once(signed: bytes, key: bytes) -> bytes:
        message = genuine.get((signed, key))
        if message is None:
            message = genuine[signed, key] = opened(signed, key)
        return message

    nacl.bindings.crypto_sign_open = open_once
    try:
        yield
    finally:
        nacl.bindings.crypto_sign_open = opened


@contextmanager
def _collected_once() -> Iterator[None]:
    """Look for cycles of dead objects when a world is over: on the way that costs an eighth of it and frees little."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        gc.enable()


def play(plan: Plan, say: Callable[[str], None] = lambda line: None) -> Ledger:
    """Play a plan in a world of its own; raises Broken."""
    with (
        _collected_once(),
        TemporaryDirectory(dir=_RAM if _RAM.is_dir() else None, prefix="motcua-sim-") as folder,
        keys_from(random.Random(f"keys {plan.seed}")),
        verified_once(),
    ):
        world = World(plan, Path(folder), say)
        try:
            world.play()
        finally:
            world.close()
        return world.ledger
