"""Dossiers that another version of the program folded: which they are, and how far folding them anew has come.

An update may fold a dossier differently (`FOLD_VERSION`), or keep more of a folded one (`VERSION`). The judge then folds
every dossier once more, a few hundred in a transaction, beside what comes in: rows, legs, counters and digests change
by the difference, so that figures are the sum of the rows all the time. What has yet to be done stands in a table, so a
kill costs one transaction. Until the last one is done, sums of digests mix two versions and are compared with nobody's.

Nothing is signed here: what a fold says anew about whom a dossier concerns is listed by the judge, as ever. Tables that
are not per dossier are filled by the migration that makes them; `motcua-hub rebuild` makes all of them from nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from central_hub.settings import get_setting, put_setting
from central_hub.store.bulk import chunks
from central_hub.store.tables import DOSSIER, REFOLDING
from dossiers.merge import FOLD_VERSION

VERSION: Final = 1
"""Raised when what is kept of a folded dossier changes. Numbers of metrics in `counted` are only ever added to."""
_FOLDED_BY: Final = "folded_by"
_TOTAL: Final = "refolding_total"
_WAITING: Final = (
    select(REFOLDING.c.id).where(REFOLDING.c.is_failed == 0).order_by(REFOLDING.c.no).limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refolding:
    """How far it has come, in dossiers: all of them, those still to do, and those on which the fold fails."""

    total: int
    left: int
    failed: int

    @property
    def done(self) -> int:
        return max(0, self.total - self.left)


def is_due(connection: Connection) -> bool:
    """Whether dossiers still stand as another version folded them (those on which the fold fails are left as they are)."""
    return get_setting(connection, _FOLDED_BY) != _version() or bool(waiting(connection, 1))


def begin(connection: Connection) -> None:
    """List every dossier if this version has not, and try again those that failed; for the one judge, when it starts."""
    if get_setting(connection, _FOLDED_BY) == _version():
        connection.execute(update(REFOLDING).where(REFOLDING.c.is_failed == 1).values(is_failed=0))
        return
    connection.execute(delete(REFOLDING))
    # As they were received, office by office: neighbours stand in the same runs, which are then opened once.
    order = func.row_number().over(order_by=(DOSSIER.c.home, DOSSIER.c.received_ms, DOSSIER.c.id))
    listed = select(order, DOSSIER.c.id, literal(0))
    connection.execute(insert(REFOLDING).from_select(["no", "id", "is_failed"], listed))
    total = connection.scalar(select(func.count()).select_from(REFOLDING)) or 0
    put_setting(connection, _TOTAL, str(total))
    put_setting(connection, _FOLDED_BY, _version())


def mark_current(connection: Connection) -> None:
    """Everything was made by this version: by `rebuild`, which leaves nothing to do."""
    put_setting(connection, _FOLDED_BY, _version())


def waiting(connection: Connection, most: int) -> list[str]:
    """The next dossiers."""
    return [bytes(dossier).hex() for dossier in connection.scalars(_WAITING, {"most": most})]


def mark_folded(connection: Connection, dossiers: Iterable[str]) -> None:
    """These are done, in the caller's transaction."""
    for part in chunks(bytes.fromhex(dossier) for dossier in dossiers):
        connection.execute(delete(REFOLDING).where(REFOLDING.c.id.in_(part)))


def mark_failed(connection: Connection, dossier: str) -> None:
    """The fold fails on this one; its row stays as it is until the judge starts anew."""
    failed = update(REFOLDING).where(REFOLDING.c.id == bytes.fromhex(dossier))
    connection.execute(failed.values(is_failed=1))


def refolding(connection: Connection) -> Refolding | None:
    """How far it has come; None where there is nothing to do and nothing failed."""
    rows = connection.execute(
        select(REFOLDING.c.is_failed, func.count()).group_by(REFOLDING.c.is_failed)
    ).all()
    counts = {int(is_failed): count for is_failed, count in rows}
    is_begun = get_setting(connection, _FOLDED_BY) == _version()
    if is_begun and not counts:
        return None
    if not is_begun:
        count = connection.scalar(select(func.count()).select_from(DOSSIER)) or 0
        return Refolding(total=count, left=count, failed=0) if count else None
    total = int(get_setting(connection, _TOTAL) or 0)
    return Refolding(total=total, left=counts.get(0, 0), failed=counts.get(1, 0))


def _version() -> str:
    return f"{VERSION}.{FOLD_VERSION}"
