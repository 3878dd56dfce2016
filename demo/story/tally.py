"""What was really done at the desks, counted as it was done; later compared with what the province says."""

from collections import Counter
from dataclasses import dataclass, field

from demo.story.desk import Filed


@dataclass(slots=True)
class Tally:
    """Dossiers by unit, and what became of them."""

    received: dict[str, list[Filed]] = field(default_factory=dict)
    solved: set[str] = field(default_factory=set)
    handed_over: set[str] = field(default_factory=set)

    def add(self, unit: str, filed: Filed) -> Filed:
        """A dossier was received."""
        self.received.setdefault(unit, []).append(filed)
        if filed.settled:
            self.solved.add(filed.dossier)
            self.handed_over.add(filed.dossier)
        return filed

    @property
    def everything(self) -> list[Filed]:
        return [filed for each in self.received.values() for filed in each]

    def counts(self) -> dict[str, dict[str, int]]:
        """By unit: received, solved, still open."""
        return {unit: self._count(filed) for unit, filed in sorted(self.received.items())}

    def by_procedure(self) -> dict[str, int]:
        return dict(Counter(filed.case.procedure.code for filed in self.everything))

    def _count(self, filed: list[Filed]) -> dict[str, int]:
        solved = sum(each.dossier in self.solved for each in filed)
        return {"received": len(filed), "solved": solved, "processing": len(filed) - solved}
