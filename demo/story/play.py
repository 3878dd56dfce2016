"""What the chapters share: the stage, the officers, what was claimed and what was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Final

from demo.cases import Case, make_case
from demo.claims import Ledger
from demo.story.desk import Desk, Filed
from demo.story.stage import Role, Stage
from demo.story.tally import Tally
from dossiers.procedures import Catalogue, Procedure, load_default_catalogue
from dossiers.units import Unit, load_default_units

SEED: Final = 20243
HAI_CHAU: Final = "20242"
TRA_MY: Final = "20900"


@dataclass(slots=True)
class Play:
    """A performance under way. `clash` is the dossier that two PCs change unseen."""

    ledger: Ledger
    stage: Stage
    today: date
    desks: dict[str, Desk] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    visits: int = 0
    clash: Filed | None = None

    @property
    def lan(self) -> Desk:
        return self.desks["lan"]

    @property
    def hung(self) -> Desk:
        return self.desks["hung"]

    @property
    def mai(self) -> Desk:
        return self.desks["mai"]

    def visit(self, desk: Desk, procedure: str) -> Case:
        """Somebody comes to this desk; each visit of a performance is another person."""
        self.visits += 1
        rng = Random(f"{SEED} visit {self.visits}")
        return make_case(rng, PROCEDURES[procedure], desk.pc.role.unit, today=self.today)

    def receive(self, desk: Desk, procedure: str, *, settle: bool = False) -> Filed:
        """Receive a visitor's dossier and count it."""
        case = self.visit(desk, procedure)
        filed = desk.receive(case, settle=settle)
        how = "trả ngay (settled at once)" if settle else "tiếp nhận (received)"
        self.ledger.say(f"  · {desk.pc.role.pc}: {case.applicant.name}, {case.summary} → {filed.code}, {how}")
        return self.tally.add(desk.pc.role.unit.code, filed)


def unit(code: str) -> Unit:
    """A commune of the province."""
    found = load_default_units().find(code)
    if found is None:
        raise LookupError(code)
    return found


def _procedures(catalogue: Catalogue) -> Mapping[str, Procedure]:
    return {procedure.code: procedure for procedure in catalogue.procedures}


PROCEDURES: Final = _procedures(load_default_catalogue())

CAST: Final[Mapping[str, Role]] = {
    "lan": Role(
        pc="Quầy 1",
        unit=unit(HAI_CHAU),
        name="Nguyễn Thị Lan",
        title="Công chức Bộ phận Một cửa",
        roles=("receptionist", "specialist", "clerk", "unit_administrator"),
        pin="240819",
    ),
    "hung": Role(
        pc="Quầy 2",
        unit=unit(HAI_CHAU),
        name="Trần Văn Hùng",
        title="Phó Giám đốc Trung tâm Phục vụ hành chính công phường",
        roles=("receptionist", "specialist", "leader"),
        pin="571390",
    ),
    "mai": Role(
        pc="Máy một cửa",
        unit=unit(TRA_MY),
        name="Hồ Thị Mai",
        title="Công chức Văn phòng - Thống kê",
        roles=("receptionist", "specialist", "leader", "clerk", "unit_administrator"),
        pin="863042",
    ),
}
