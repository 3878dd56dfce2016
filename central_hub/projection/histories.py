"""The records of dossiers that are in work, kept a while without bodies: what the next fold starts from.

The hub folds without personal content; only where records were written without knowledge of each other are the bodies
opened, because whether two values differ is then the question.
"""

from collections import OrderedDict
from collections.abc import Iterable

from sync_protocol.record import BodyState, Record, UnverifiedRecord

History = list[Record]


def without_body(record: Record | UnverifiedRecord) -> Record:
    """The record's header and id: enough to fold it."""
    state = BodyState.ABSENT if record.header.body is None else BodyState.WITHHELD
    return Record(record.header, b"", b"", record.id, "", None, state)


class Histories:
    """The least recently touched dossiers are forgotten first; bounded by the number of records."""

    def __init__(self, *, records_max: int = 8_000) -> None:
        self._records_max = records_max
        self._kept: OrderedDict[str, History] = OrderedDict()
        self._held = 0

    def get(self, dossier: str) -> History | None:
        """The records of a dossier, where they are kept."""
        return self._kept.get(dossier)

    def put(self, dossier: str, history: History) -> None:
        """Keep the records of a dossier, as the most recently touched."""
        old = self._kept.pop(dossier, None)
        self._held += len(history) - (len(old) if old else 0)
        self._kept[dossier] = history

    def trim(self) -> None:
        """Forget what is beyond the bound; called between batches."""
        while self._held > self._records_max and self._kept:
            _, oldest = self._kept.popitem(last=False)
            self._held -= len(oldest)

    def drop(self, dossiers: Iterable[str]) -> None:
        """Forget some dossiers."""
        for dossier in dossiers:
            self._held -= len(self._kept.pop(dossier, ()))
