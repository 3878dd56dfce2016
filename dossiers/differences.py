"""Turns what stands side by side in a gathered dossier into conflicts for a person, open and settled.

Whether two versions of a personal field differ can be seen only where both bodies are here. Equal values are no
difference; a value that is withheld or lost cannot be shown to be equal; where nothing is left to choose between
(all but one erased, or none of them here) there is nothing to ask.
"""

from dossiers.clockwork import earliest_due
from dossiers.conflicts import Conflict, ConflictKind, Side
from dossiers.gathering import ASSIGNED, CODE, DUE, PAYMENT, Gathering, Settled, Version
from dossiers.lifeline import Clash
from sync_protocol.record import BodyState

_Found = tuple[Conflict, ...]


def find_conflicts(gathering: Gathering, unit: str | None) -> tuple[_Found, _Found]:
    """The dossier's open conflicts and its settled ones, each by id; `unit` owns them."""
    lifeline = gathering.lifeline
    if lifeline is None:
        return (), ()
    open_, settled = [], [_settled(gathering, one, unit) for one in gathering.settled]
    for register in gathering.registers:
        standing = gathering.standing(register)
        if register not in (CODE, ASSIGNED) and len(standing) > 1 and _differ(standing):
            open_.append(_register_conflict(gathering, register, standing, unit))
    for conflict, pair in gathering.payment_pairs.items():
        if PAYMENT + conflict not in gathering.registers:
            versions = [Version(index, None) for index in pair]
            open_.append(_conflict(gathering, conflict, PAYMENT, versions, gathering.first(versions), unit))
    for conflict, clash in lifeline.clashes.items():
        by = lifeline.settled.get(conflict)
        (open_ if by is None else settled).append(_clash(gathering, conflict, clash, unit, by))
    return _by_id(open_), _by_id(settled)


def _by_id(conflicts: list[Conflict]) -> _Found:
    return tuple(sorted(conflicts, key=lambda conflict: conflict.id))


def _differ(versions: list[Version]) -> bool:
    kept = [version for version in versions if version.state is not BodyState.ERASED]
    values = {version.value for version in kept if version.state is BodyState.PRESENT}
    unknown = any(version.state is not BodyState.PRESENT for version in kept)
    return len(values) + unknown > 1


def _provisional(gathering: Gathering, register: str, versions: list[Version]) -> Version:
    if register == DUE:
        due = earliest_due([version.value for version in versions])
        return gathering.first([version for version in versions if version.value == due])
    return gathering.last(versions)


def _register_conflict(
    gathering: Gathering, register: str, versions: list[Version], unit: str | None
) -> Conflict:
    identity = gathering.conflict_of(register, versions)
    provisional = _provisional(gathering, register, versions)
    return _conflict(gathering, identity, register, versions, provisional, unit)


def _settled(gathering: Gathering, settled: Settled, unit: str | None) -> Conflict:
    versions = list(settled.versions)
    provisional = _provisional(gathering, settled.register, versions)
    return _conflict(
        gathering, settled.conflict, settled.register, versions, provisional, unit, by=settled.index
    )


def _conflict(
    gathering: Gathering,
    identity: str,
    register: str,
    versions: list[Version],
    provisional: Version,
    unit: str | None,
    *,
    by: int | None = None,
) -> Conflict:
    is_payment = register.startswith(PAYMENT)
    records = gathering.order.records
    sides = _sides(gathering, versions)
    return Conflict(
        id=identity,
        kind=ConflictKind.DUPLICATE_PAYMENT if is_payment else ConflictKind.FIELD,
        field=None if is_payment else register.removeprefix(":"),
        sides=sides,
        provisional=records[provisional.index].id,
        unit=unit,
        since_ms=max(side.at_ms for side in sides),
        settled_by=None if by is None else records[by].id,
    )


def _clash(gathering: Gathering, identity: str, clash: Clash, unit: str | None, by: int | None) -> Conflict:
    records = gathering.order.records
    # A settlement takes the step of the side it chose; it has no target of its own.
    sides = _sides(gathering, [Version(index, gathering.targets.get(index)) for index in clash.sides])
    return Conflict(
        id=identity,
        kind=ConflictKind.STATUS,
        field=None,
        sides=sides,
        provisional=records[clash.provisional].id,
        unit=unit,
        since_ms=max(side.at_ms for side in sides),
        is_review=clash.is_review,
        settled_by=None if by is None else records[by].id,
    )


def _sides(gathering: Gathering, versions: list[Version]) -> tuple[Side, ...]:
    sides = []
    for version in versions:
        record = gathering.order.records[version.index]
        header = record.header
        side = Side(
            record=record.id,
            value=version.value,
            state=version.state,
            by=header.by,
            at_ms=header.corrected_ms,
            log=header.log,
            dossier=header.dossier or "",
        )
        sides.append(side)
    return tuple(sorted(sides, key=lambda side: side.record))
