"""What officers do: one random, sensible action at a time, through the services that the screens call.

Every text they type carries a token that names their commune (`zq<unit>…`), so that a look at a PC's files shows whether
somebody else's words are there. What production refuses in an orderly way is said and leaves the world as it was.
"""

import random
from collections.abc import Callable
from typing import Any

from dossiers.conflicts import Conflict, settlers, takes_third_value
from dossiers.errors import DossierError
from dossiers.legs import Leg, LegStep
from dossiers.lifecycle import Move, Status, allowed
from dossiers.views import DossierView
from edge_node.casework import service as casework
from edge_node.casework.service import Amendment, DossierChanged, Step, Target
from edge_node.erasure.service import Wish, erasable_records, order_erasure
from edge_node.files.capture import Captured
from edge_node.files.service import Placed, attach
from edge_node.journal import Draft, JournalReadOnly, WriteRefused, write_with
from edge_node.keyring import Actor
from edge_node.projection.service import view as view_of
from edge_node.receive.forms import Reception
from edge_node.receive.service import receive
from edge_node.routing import service as routing
from edge_node.store import StorageFull
from signing.roles import Role
from tests.simulation.clock import DAY_MS
from tests.simulation.node import SimNode

CONTESTED_FIELDS = ("applicant.address", "applicant.phone", "summary")
TOKEN_START = "zq"
Act = Callable[["Desk"], str | None]


def token(unit: str, chance: random.Random) -> str:
    """A word that nobody outside `unit` may hold."""
    return f"{TOKEN_START}{unit}x{chance.getrandbits(40):010x}"


class Desk:
    """One officer at one PC, about to do one thing."""

    def __init__(self, node: SimNode, chance: random.Random, communes: tuple[str, ...]) -> None:
        self.node, self.chance, self.communes = node, chance, communes
        self.actor: Actor = node.actor(chance.choice(node.officers))

    def act(self) -> str:
        """Do something; returns one line about it."""
        acts = list(_ACTS)
        for act in self.chance.choices(acts, [_ACTS[act] for act in acts], k=4):
            name = act.__name__.removeprefix("_")
            try:
                done = act(self)
            except (JournalReadOnly, WriteRefused, DossierChanged, DossierError) as refusal:
                return f"{name} refused: {refusal}"
            if done is not None:
                return f"{name} {done}"
        return "nothing to do"

    def write_many(self, count: int) -> str:
        """A morning's backlog typed at once: notes about the dossiers that are here."""
        rows = self.node.db.conn.execute(
            "SELECT id FROM dossier WHERE commune = ? ORDER BY number", (self.node.unit,)
        ).fetchall()
        if not rows or not self.actor.roles:
            return "nothing to do"
        drafts = [
            Draft(
                kind="dossier.noted",
                dossier=self.chance.choice(rows)[0].hex(),
                facts={},
                content={"note": self.word()},
            )
            for _ in range(count)
        ]
        try:
            write_with(self.node.db, self.node.services, self.actor, lambda _: drafts)
        except WriteRefused as refusal:
            return f"backlog refused: {refusal}"
        return f"{count} notes"

    def open_office(self) -> None:
        """The first dossiers of a commune, for everybody to work on."""
        for _ in range(2):
            _receive(self)

    def word(self) -> str:
        return token(self.node.unit, self.chance)

    def target(self, view: DossierView) -> Target:
        return Target(dossier=view.dossier, seen=view.heads)

    def may(self, *roles: Role) -> bool:
        return bool(self.actor.roles & set(roles))

    def pick(self, *, wanted: Callable[[DossierView], bool] = lambda view: True) -> DossierView | None:
        """A dossier of this office; a few are everybody's favourites, so people meet in them."""
        rows = self.node.db.conn.execute("SELECT id FROM dossier ORDER BY id").fetchall()
        ids = [row[0].hex() for row in rows]
        hot = ids[:3] if self.chance.random() < 0.7 else ids
        for dossier in self.chance.sample(hot, len(hot)):
            view = view_of(self.node.db, dossier)
            if view is not None and wanted(view):
                return view
        return None


def erase(node: SimNode, chance: random.Random) -> str:
    """The head of the office, where one works at this PC, orders that a dossier's content, or some of it, goes."""
    leaders = [actor for actor in map(node.actor, node.officers) if Role.LEADER in actor.roles]
    rows = node.db.conn.execute("SELECT id FROM dossier ORDER BY id").fetchall()
    if not leaders or not rows:
        return "nothing: no head, or no dossier"
    dossier = chance.choice(rows[:3])[0].hex()
    held = erasable_records(node.db, dossier)
    chosen = chance.sample(held, k=min(len(held), 2)) if chance.random() < 0.5 else []
    wish = Wish(
        dossier=dossier,
        records=tuple(record.id for record in chosen),
        ground="subject_request",
        number=token(node.unit, chance),
        date=20261122,
    )
    try:
        order_erasure(node.db, node.services, leaders[0], wish)
    except (JournalReadOnly, WriteRefused) as refusal:
        return f"nothing: {refusal}"
    return f"{dossier[:6]} {len(chosen) or 'whole'}"


def scan(desk: Desk) -> str:
    """A paper is put on the scanner."""
    view = desk.pick(wanted=lambda view: view.commune == desk.node.unit)
    if view is None:
        return "nothing to scan for"
    content = b"%PDF-" + desk.chance.randbytes(desk.chance.choice((400, 900, 1_400)))
    captured = Captured(name=desk.word(), type="pdf", content=content, pages=1)
    try:
        attach(desk.node.db, desk.node.services, desk.actor, view.dossier, [captured], Placed())
    except (JournalReadOnly, StorageFull, WriteRefused, DossierError) as refusal:
        return f"refused: {refusal}"
    return f"{view.dossier[:6]} {len(content)}"


def _receive(desk: Desk) -> str | None:
    chance, services, db = desk.chance, desk.node.services, desk.node.db
    if not desk.may(Role.RECEPTIONIST, Role.SPECIALIST):
        return None
    procedure = chance.choice(services.references.catalogue(db).procedures)
    reception = Reception(
        procedure=procedure,
        is_accepted=chance.random() < 0.85,
        channel=chance.choice((1, 2, 3)),
        competent=chance.choice(desk.communes) if chance.random() < 0.1 else desk.node.unit,
        sets=1,
        fee_due=chance.choice((0, 8_000)),
        fields={
            "applicant.name": desk.word(),
            "applicant.id_number": f"0482{chance.randrange(10**8):08d}",
            "applicant.address": desk.word(),
            "summary": desk.word(),
        },
        papers=({"paper": "giay_to", "form": 1, "count": 1, "digitised": False, "reused": False},),
        verification=False,
        agreed_ms=None,
        payment=None,
        settlement=None,
        is_repeated=True,
    )
    received = receive(db, services, desk.actor, reception)
    return str(getattr(received, "code", None) or getattr(received, "provisional", None))


def _amend(desk: Desk) -> str | None:
    view = desk.pick(wanted=lambda view: view.status is not None)
    if view is None:
        return None
    fields = desk.chance.sample(CONTESTED_FIELDS, desk.chance.choice((1, 1, 2)))
    values: dict[str, int | str] = {}
    if desk.chance.random() < 0.25:
        choices: tuple[dict[str, int | str], ...] = (
            {"sets": desk.chance.randint(1, 3)},
            {"fee_due": 5_000},
            {"competent": desk.chance.choice(desk.communes)},
        )
        values = desk.chance.choice(choices)
    same = desk.chance.random() < 0.2
    written = {field: f"{TOKEN_START}{desk.node.unit}xsame" if same else desk.word() for field in fields}
    amendment = Amendment(fields=written, values=values, ground=desk.word())
    casework.amend(desk.node.db, desk.node.services, desk.actor, desk.target(view), amendment)
    return f"{view.dossier[:6]} {' '.join(fields)}"


def _move(desk: Desk) -> str | None:
    view = desk.pick(wanted=lambda view: bool(view.status and allowed(view.status, desk.actor.roles)))
    if view is None or view.status is None:
        return None
    move = desk.chance.choice(allowed(view.status, desk.actor.roles))
    step = Step(
        action=move.action,
        content=_content(desk, move),
        deadline=desk.node.clock() + 5 * DAY_MS if move.target is Status.SUPPLEMENT else None,
        officer=desk.actor.officer if desk.chance.random() < 0.3 else None,
        method=desk.chance.choice((1, 2)) if "method" in move.needs_facts else None,
    )
    casework.move(desk.node.db, desk.node.services, desk.actor, desk.target(view), step)
    return f"{view.dossier[:6]} {move.action}"


def _content(desk: Desk, move: Move) -> dict[str, Any]:
    everything: dict[str, Any] = {
        "ground": desk.word(),
        "items": [desk.word()],
        "result": {"number": "12/QĐ", "date": 20261124, "signer": desk.word(), "kind": "quyết định"},
        "received_by": {"name": desk.word(), "id_number": "048200001234"},
    }
    return {need: everything[need] for need in move.needs}


def _note(desk: Desk) -> str | None:
    view = desk.pick()
    if view is None:
        return None
    casework.note(
        desk.node.db, desk.node.services, desk.actor, Target(dossier=view.dossier), text=desk.word()
    )
    return view.dossier[:6]


def _pay(desk: Desk) -> str | None:
    view = desk.pick() if desk.may(Role.RECEPTIONIST, Role.CLERK) else None
    if view is None:
        return None
    casework.pay(
        desk.node.db,
        desk.node.services,
        desk.actor,
        desk.target(view),
        amount=8_000,
        method=1,
        fee=desk.chance.choice(("copy", "late")),
        payer=desk.word(),
    )
    return view.dossier[:6]


def _assign(desk: Desk) -> str | None:
    view = desk.pick()
    if view is None or not desk.may(Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER):
        return None
    officer = desk.chance.choice(desk.node.officers)
    casework.assign(
        desk.node.db, desk.node.services, desk.actor, desk.target(view), officer=officer, note=desk.word()
    )
    return view.dossier[:6]


def _extend(desk: Desk) -> str | None:
    view = desk.pick(wanted=lambda view: view.due is not None and view.finished is None)
    if view is None or view.due is None or not desk.may(Role.LEADER):
        return None
    until = view.due + desk.chance.randint(1, 9) * DAY_MS
    casework.extend(
        desk.node.db, desk.node.services, desk.actor, desk.target(view), until=until, ground=desk.word()
    )
    return view.dossier[:6]


def _refer(desk: Desk) -> str | None:
    """Ask another unit about a dossier of this office."""
    others = [unit for unit in desk.communes if unit != desk.node.unit]
    view = desk.pick(wanted=lambda view: view.commune == desk.node.unit and len(view.legs) < 4)
    if view is None or not others or not desk.may(Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER):
        return None
    unit = desk.chance.choice(others)
    routing.refer(
        desk.node.db, desk.node.services, desk.actor, desk.target(view), to=unit, ground=desk.word()
    )
    return f"{view.dossier[:6]} to {unit}"


def _step_leg(desk: Desk) -> str | None:
    """Accept, answer, send back or recall what is on its way."""
    unit = desk.node.unit

    def turns(view: DossierView) -> list[tuple[Leg, LegStep]]:
        return [(leg, step) for leg in view.open_legs for step in routing.steps_of(leg, unit, view.commune)]

    view = desk.pick(wanted=lambda view: bool(turns(view)))
    if view is None:
        return None
    leg, step = desk.chance.choice(turns(view))
    routing.take_step(
        desk.node.db,
        desk.node.services,
        desk.actor,
        desk.target(view),
        leg=leg.record,
        step=step,
        note=desk.word(),
    )
    return f"{view.dossier[:6]} {step}"


def _hand_papers(desk: Desk) -> str | None:
    """Give papers to the other end of the way, or sign for those that came."""
    unit = desk.node.unit
    view = desk.pick(wanted=lambda view: bool(view.legs))
    if view is None or not desk.may(*routing.PAPER_ROLES):
        return None
    waiting = [each for each in view.slips if each.unit == unit and each.taken is None]
    if waiting:
        missing = tuple(each for each in waiting[0].papers if desk.chance.random() < 0.3)
        routing.take_papers(
            desk.node.db, desk.node.services, desk.actor, view.dossier,
            given=waiting[0].record, missing=missing, note=desk.word(),
        )  # fmt: skip
        return f"{view.dossier[:6]} taken"
    to = desk.chance.choice([leg.unit for leg in view.legs]) if unit == view.commune else view.commune
    if to == unit:
        return None
    slip = routing.give_papers(
        desk.node.db, desk.node.services, desk.actor, [view.dossier], to=to, note=desk.word()
    )
    return f"{view.dossier[:6]} given {slip[:6]}"


def _papers(desk: Desk) -> str | None:
    view = desk.pick()
    if view is None or not desk.may(Role.RECEPTIONIST, Role.SPECIALIST, Role.CLERK):
        return None
    db, services, target = desk.node.db, desk.node.services, desk.target(view)
    if view.papers and desk.chance.random() < 0.4:
        paper = desk.chance.choice(view.papers)
        casework.remove_paper(
            db, services, desk.actor, target, record=paper.record, paper=paper.paper, ground=desk.word()
        )
        return f"{view.dossier[:6]} -"
    papers = [{"paper": "ban_sao", "form": 3, "count": 1, "digitised": False, "reused": False}]
    casework.add_papers(db, services, desk.actor, target, papers=papers, note=desk.word())
    return f"{view.dossier[:6]} +"


def _number(desk: Desk) -> str | None:
    view = desk.pick(wanted=lambda view: view.code is None and view.provisional is not None)
    if view is None:
        return None
    return f"{view.dossier[:6]} {casework.number(desk.node.db, desk.node.services, None, view.dossier)}"


def _settle(desk: Desk) -> str | None:
    view = desk.pick(wanted=lambda view: bool(_settleable(desk.actor, view)))
    if view is None:
        return None
    conflict = desk.chance.choice(_settleable(desk.actor, view))
    settle(desk.node, desk.actor, view, conflict, desk.chance)
    return f"{view.dossier[:6]} {conflict.kind}"


def _settleable(actor: Actor, view: DossierView) -> list[Conflict]:
    return [conflict for conflict in view.conflicts if settlers(conflict) & actor.roles]


def settle(node: SimNode, actor: Actor, view: DossierView, conflict: Conflict, chance: random.Random) -> None:
    """Decide one difference: for a side, or for a third value where that is possible."""
    facts: dict[str, Any] = {"conflict": conflict.id, "choose": chance.choice(conflict.sides).record}
    content: dict[str, Any] = {"ground": token(node.unit, chance)}
    if takes_third_value(conflict) and conflict.field in CONTESTED_FIELDS and chance.random() < 0.3:
        facts["choose"] = None
        content["fields"] = {conflict.field: token(node.unit, chance)}
    draft = Draft(kind="dossier.settled", dossier=view.dossier, facts=facts, content=content)
    write_with(node.db, node.services, actor, lambda _: [draft])


_ACTS: dict[Act, int] = {
    _receive: 12,
    _amend: 16,
    _move: 14,
    _note: 6,
    _pay: 6,
    _assign: 4,
    _extend: 3,
    _papers: 4,
    _number: 3,
    _settle: 16,
    _refer: 6,
    _step_leg: 8,
    _hand_papers: 4,
}
