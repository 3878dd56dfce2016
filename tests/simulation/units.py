"""Re-organisation as a fault: the province says, while PCs are away, that communes are merged, split, moved or renamed.

What follows is decided by production alone; here is what was said, and what each PC may know afterwards: bodies of the
dossiers that its unit keeps, and whatever it held before the province spoke or wrote itself. In these worlds nobody
routes dossiers between communes (`test_routed_dossiers` tells those stories).
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from central_hub.accounts.service import Account
from central_hub.reorganisation.plan import Allotted, ReorganisationRefused, read_plan
from central_hub.reorganisation.service import allot, publish_reorganisation
from central_hub.reorganisation.totals import totals_of
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DOSSIER
from dossiers.genealogy import KINDS, NOTHING, Genealogy, event_of, receiving_log
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.views import DossierView
from signing.keys import SigningKey
from signing.roles import OFFICE_ROLES, Role
from sync_protocol.record import Record
from tests.simulation.broken import require
from tests.simulation.clock import DAY_MS
from tests.simulation.hub import PROVINCE, SimHub
from tests.simulation.link import Mood
from tests.simulation.node import SimNode

if TYPE_CHECKING:
    from tests.simulation.world import World

MERGED, TORN_OFF = "20991", "20993"
NEW_UNITS = (MERGED, TORN_OFF)
NAMES = {MERGED: "Phường Hợp Nhất", TORN_OFF: "Xã Tách Ra"}
AWAY_MS = 31 * DAY_MS
_ADMINISTRATOR = Account(
    login="sapxep",
    name="Phạm Thu Hà",
    roles=frozenset({Role.ADMINISTRATOR}),
    generation=0,
    is_active=True,
    seen_ms=None,
)
_SIGNER = SigningKey.from_seed(b"administrator of units".ljust(32))


@dataclass
class Said:
    """What the world remembers of re-organisations. `effective_ms` is when the last one is in effect everywhere;
    `knew` are, by PC, the records whose content it held when the province spoke; `codes` the codes of dossiers then."""

    effective_ms: int = 0
    knew: dict[str, set[str]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def is_anything(self) -> bool:
        return bool(self.effective_ms)


def genealogy_of(records: Mapping[str, Record], standing: Iterable[str]) -> Genealogy:
    """What the province said of units, read from the records themselves."""
    left_out = set(standing)
    said = [r for r in records.values() if r.header.kind in KINDS and r.header.commune == PROVINCE]
    return Genealogy(event_of(record) for record in said if record.id not in left_out)


def keeper_of(genealogy: Genealogy, view: DossierView, devices: Mapping[str, str]) -> str:
    """Who keeps a dossier now, worked out here from the rule: the PC that received it, else its unit, unless allotted."""
    device = None if genealogy is NOTHING else devices[receiving_log(view)]
    return genealogy.last_unit(view.commune, device=device, dossier=view.dossier)


def reorganise(world: "World", chance: random.Random, *, again: bool) -> str:
    """The province says what becomes of units; most PCs are away then, for a month. Returns what was said."""
    hub = world.hub
    for node in world.nodes:
        world.note_records(node)
        world.said.knew.setdefault(node.name, set()).update(_bodies_held(node))
    with hub.reading() as (connection, _):
        rows = connection.execute(select(DOSSIER.c.id, DOSSIER.c.code)).all()
    official = {row.id.hex(): row.code for row in rows if row.code and not row.code.startswith("TAM")}
    world.said.codes.update(official)
    done = _allot_some(world, chance) if again and world.said.is_anything else _say(world, chance)
    hub.judge()
    for node in world.nodes:
        if chance.random() < 0.7:
            node.link.mood = Mood.DOWN
    return done


def _say(world: "World", chance: random.Random) -> str:
    hub, units = world.hub, sorted({node.unit for node in world.nodes})
    days = chance.choice((-2, 0, 0, 3, 20))
    at_ms = hub.clock() + days * DAY_MS
    form, content = _content(world, units, chance)
    try:
        say_plan(world, {"form": form, **content}, at_ms=at_ms)
    except ReorganisationRefused as refused:
        return f"{form} refused: {refused}"
    return f"{form} {content['changes']} in {days} days"


def say_plan(world: "World", content: dict[str, Any], *, at_ms: int) -> None:
    """The province says a plan that is in effect from the day of an instant on. Raises ReorganisationRefused."""
    whole = content | {
        "effective": to_yyyymmdd(local_date(at_ms)), "number": "1659/NQ-UBTVQH15", "date": 20260616,
    }  # fmt: skip
    hub = world.hub
    with writing(hub.worker.engine) as connection:
        plan = read_plan(connection, whole)
        publish_reorganisation(connection, hub.worker, plan, account=_ADMINISTRATOR, signer=_SIGNER)
    world.said.effective_ms = max(world.said.effective_ms, at_ms + DAY_MS)


def _content(world: "World", units: list[str], chance: random.Random) -> tuple[str, dict[str, Any]]:
    old = chance.choice(units)
    others = [unit for unit in units if unit != old]
    choices = ["rename", "merge", "merge"]
    parts = _divisible(world, old)
    # On an office network those of one office go on meeting: they must come to serve one unit.
    choices += ["split", "split"] if parts and not world.plan.has_lan else []
    choices += ["move"] if others else []
    match chance.choice(choices):
        case "split":
            change = {
                "from": old,
                "to": MERGED,
                "devices": [{"device": chance.choice(parts), "to": TORN_OFF}],
            }
            listed = [{"from": old, "to": TORN_OFF, "dossiers": _some(world.hub, old, chance)}]
            return "split", {"changes": [change], "units": NAMES, "dossiers": listed}
        case "move":
            listed = [{"from": old, "to": chance.choice(others), "dossiers": _some(world.hub, old, chance)}]
            if listed[0]["dossiers"]:
                return "move", {"changes": [{"from": old, "to": old}], "units": {}, "dossiers": listed}
            return "rename", {"changes": [{"from": old, "to": old}], "units": {old: "Phường Tên Mới"}}
        case "merge":
            into = chance.choice((MERGED, *others))
            merged = [old, *(unit for unit in others if unit != into and chance.random() < 0.7)]
            names = {MERGED: NAMES[MERGED]} if into == MERGED else {}
            return "merge", {"changes": [{"from": unit, "to": into} for unit in merged], "units": names}
        case _:
            return "rename", {"changes": [{"from": old, "to": old}], "units": {old: "Phường Tên Mới"}}


def _allot_some(world: "World", chance: random.Random) -> str:
    """Papers turn up that belong to the other part."""
    hub = world.hub
    with reading(hub.worker.engine) as connection:
        genealogy = hub.worker.genealogy.current(connection)
        today = to_yyyymmdd(local_date(hub.clock()))
        active = sorted({u for c in _changes(genealogy) for u in c.successors} - genealogy.ended_at(today))
    for old in active:
        for new in active:
            found = Allotted(old=old, new=new, dossiers=tuple(_some(hub, old, chance)))
            try:
                with writing(hub.worker.engine) as connection:
                    allot(connection, hub.worker, found, account=_ADMINISTRATOR, signer=_SIGNER)
            except ReorganisationRefused:
                continue
            world.said.effective_ms = max(world.said.effective_ms, hub.clock() + DAY_MS)
            return f"allots {len(found.dossiers)} {old} → {new}"
    return "allots nothing"


def _changes(genealogy: Genealogy) -> list[Any]:
    return [change for event in genealogy.reorganisations for change in event.changes]


def _some(hub: SimHub, keeper: str, chance: random.Random) -> list[str]:
    with hub.reading() as (connection, _):
        query = select(DOSSIER.c.id).where(DOSSIER.c.keeper == keeper).order_by(DOSSIER.c.id)
        found = [row.id.hex() for row in connection.execute(query)]
    return sorted(chance.sample(found, min(len(found), 2)))


def _divisible(world: "World", unit: str) -> list[str]:
    """PCs of a unit that can go to another successor, so that a head of office works in both parts."""
    full = [node for node in world.nodes if node.unit == unit and not node.has_twin and has_leader(node)]
    return [node.services.keyring.device.public.id for node in full[1:]]


def has_leader(node: SimNode) -> bool:
    """Whether somebody at this PC may decide everything."""
    return any(node.actor(officer).roles >= OFFICE_ROLES for officer in node.officers[:1])


def _bodies_held(node: SimNode) -> set[str]:
    rows = node.db.conn.execute(
        "SELECT record.id FROM record JOIN body ON body.record = record.number WHERE body.state = 'present'"
    )
    return {row[0].hex() for row in rows}


def check_units(world: "World", genealogy: Genealogy, dossiers: Mapping[str, list[Record]]) -> None:
    """Every PC serves the unit where what was said puts it; codes stayed; figures of old and new units reconcile."""
    hub = world.hub
    today = to_yyyymmdd(local_date(hub.clock()))
    for node in world.nodes:
        stated = node.services.trust.trust(node.db).statement(node.office.device)
        assert stated is not None
        unit = genealogy.unit_at(stated.unit, today, device=node.office.device)
        require(node.office.unit == unit, "a PC serves the unit that took over", f"{node.name} {unit}")
    with hub.reading() as (connection, _):
        codes = {row.id.hex(): row.code for row in connection.execute(select(DOSSIER.c.id, DOSSIER.c.code))}
        units = {unit for change in _changes(genealogy) for unit in (change.old, *change.successors)}
        totals = totals_of(connection, hub.worker, units, today=today)
    for dossier, code in world.said.codes.items():
        given = [
            r.header.facts["code"] for r in dossiers.get(dossier, ()) if r.header.kind == "dossier.received"
        ]
        if code not in given:
            continue  # bound later, perhaps twice: by a PC that was put back since
        require(codes.get(dossier) == code, "a code that was given stays", f"{code} {codes.get(dossier)}")
    for line in totals.lines:
        require(
            line.figures == line.counted,
            "counters are the dossiers",
            f"{line.unit} {line.figures} {line.counted}",
        )
        require(line.figures.is_closed, "a unit's figures close", f"{line.unit} {line.figures}")
    require(totals.is_exact, "old and new units reconcile", f"{totals.total} {totals.flows}")
