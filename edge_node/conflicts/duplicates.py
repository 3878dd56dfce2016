"""Two dossiers that look like one, as a page shows them, and settling it: one is gone on with, or both stand.

The decision is a signed `dossier.settled` in every dossier of the question, so that each tells it in its own history. What
becomes of the other dossier (mostly: the applicant withdraws it) is an ordinary step of its life cycle.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.conflicts import Conflict, ConflictKind, settle_by_ms, settlers, what_happened
from dossiers.procedures import Procedure
from dossiers.views import DossierView
from edge_node import reasons
from edge_node.accounts.service import signer_names
from edge_node.conflicts.forms import BOTH, GROUND_MAX
from edge_node.conflicts.reading import Decision
from edge_node.conflicts.service import QuestionChanged
from edge_node.entry import Entry, Rejected
from edge_node.journal import Draft, WriteRefused, write_with
from edge_node.keyring import Actor
from edge_node.projection.duplicates import find_duplicates
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from sync_protocol.record import Record

DUPLICATE_KINDS: Final = frozenset({ConflictKind.DUPLICATE_DOSSIER, ConflictKind.DUPLICATE_CODE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """One of the dossiers: who received it, when, on which PC."""

    record: str
    view: DossierView
    procedure: Procedure | None
    name: str
    at_ms: int
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """What an officer is asked about several dossiers; `decision` once one was taken and is here: it keeps the record that opened
    the dossier that is gone on with."""

    conflict: Conflict
    twins: tuple[Twin, ...]
    decision: Decision | None = None

    @property
    def id(self) -> str:
        return self.conflict.id

    @property
    def sentence(self) -> str:
        words = what_happened(self.conflict)
        return words.en if str(get_locale()).startswith("en") else words.vi

    @property
    def is_settled(self) -> bool:
        return self.conflict.settled_by is not None

    @property
    def is_about_code(self) -> bool:
        """Whether one number was given to several dossiers, each a matter of its own."""
        return self.conflict.kind is ConflictKind.DUPLICATE_CODE

    @property
    def to_end(self) -> tuple[Twin, ...]:
        """The dossiers that are not gone on with and have not ended yet."""
        kept = self.decision.kept if self.decision and not self.is_about_code else None
        return tuple(t for t in self.twins if kept and t.record != kept and t.view.finished is None)

    @property
    def settle_by_ms(self) -> int:
        return settle_by_ms(self.conflict)

    def may_settle(self, roles: Collection[str]) -> bool:
        return not settlers(self.conflict).isdisjoint(roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """`record` opened the dossier that is gone on with; None: all of them stand."""

    record: str | None
    ground: str


def list_duplicates(db: Database, services: Services) -> list[Duplicate]:
    """Every open one, the oldest first."""
    return [_duplicate(db, services, one) for one in find_duplicates(db) if one.settled_by is None]


def find_duplicate(db: Database, services: Services, conflict: str) -> Duplicate | None:
    """One by its id, open or settled."""
    found = next((one for one in find_duplicates(db) if one.id == conflict), None)
    return None if found is None else _duplicate(db, services, found)


def read_choice(form: Mapping[str, str], duplicate: Duplicate) -> Chosen | Rejected:
    entry = Entry(form)
    offered = [*(twin.record for twin in duplicate.twins), BOTH]
    chosen = entry.choice("choose", offered, needed=_("Hãy chọn hồ sơ được tiếp tục, hoặc cả hai."))
    ground = entry.text(
        "ground", needed=_("Hãy ghi căn cứ: đã đối chiếu với giấy tờ nào, ai xác nhận."), most=GROUND_MAX
    )
    return entry.rejected or Chosen(record=None if chosen in (BOTH, "") else chosen, ground=ground)


def settle_duplicate(
    db: Database, services: Services, actor: Actor, duplicate: Duplicate, chosen: Chosen
) -> list[Record]:
    """Sign the decision; raises QuestionChanged or WriteRefused."""
    if not duplicate.may_settle(actor.roles):
        raise WriteRefused(reasons.ROLE, "dossier.settled")

    def decide(db: Database) -> Sequence[Draft]:
        still_open = {one.id for one in find_duplicates(db) if one.settled_by is None}
        if duplicate.id not in still_open:
            raise QuestionChanged
        facts = {"conflict": duplicate.id, "choose": chosen.record}
        return [
            Draft(kind="dossier.settled", dossier=each, facts=facts, content={"ground": chosen.ground})
            for each in dict.fromkeys(twin.view.dossier for twin in duplicate.twins)
        ]

    return write_with(db, services, actor, decide)


def _duplicate(db: Database, services: Services, conflict: Conflict) -> Duplicate:
    names, store = signer_names(db), SqliteLogStore(db)
    catalogue = services.references.catalogue(db)
    twins = []
    for side in conflict.sides:
        view = view_of(db, side.dossier)
        if view is None:
            continue
        twins.append(
            Twin(
                record=side.record,
                view=view,
                procedure=catalogue.find(view.procedure or "", view.procedure_version or 0),
                name=names.get(side.by, ("", ""))[0] or _("Không rõ"),
                at_ms=side.at_ms,
                device=names.get(store.device_of(side.log) or "", ("", ""))[0],
            )
        )
    settled = store.record(conflict.settled_by) if conflict.settled_by else None
    if settled is None:
        return Duplicate(conflict=conflict, twins=tuple(twins))
    decision = Decision(
        name=names.get(settled.header.by, ("", ""))[0] or _("Không rõ"),
        at_ms=settled.header.corrected_ms,
        ground=str((settled.content or {}).get("ground", "")),
        kept=settled.header.facts.get("choose"),
    )
    return Duplicate(conflict=conflict, twins=tuple(twins), decision=decision)
