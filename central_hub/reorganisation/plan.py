"""A re-organisation before it is signed: what it says, as a value, and reading it from a file or a form.

A plan is not known to be possible; `checks` asks that. Days are yyyymmdd, units are codes, dossiers are ids.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from central_hub import reasons
from central_hub.store.tables import DOSSIER
from signing.reasons import Reason


class Cause(StrEnum):
    """Why a plan cannot be signed. The text is what commands say; the screens' words are in `words`."""

    UNREADABLE = "the plan cannot be read"
    FORM = "the plan does not follow the form of the record"
    TWICE = "a unit is named twice"
    NO_UNIT = "is no unit of the province now"
    NAME_NEEDED = "is new: its name is needed"
    NO_PC = "is no PC of its unit"
    NOTHING = "nothing would change"
    NOT_IN_PLAN = "is not in the plan, or keeps its own"
    NO_DOSSIER = "no one dossier"
    NOT_KEPT = "does not keep"
    NOT_KIN = "were never re-organised together"
    NOT_ENTITLED = "the trust bundle in force does not let this account sign it"


class ReorganisationRefused(ValueError):
    """A plan that cannot be signed: why, and the code, id or text that it is about."""

    def __init__(self, cause: Cause, named: str = "", reason: Reason = reasons.PUBLICATION) -> None:
        leads = cause in (Cause.NO_DOSSIER, Cause.UNREADABLE)
        super().__init__(f"{cause.value} {named}".strip() if leads else f"{named} {cause.value}".strip())
        self.cause, self.named, self.reason = cause, named, reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """Dossiers (ids) of a unit that go to another one than the rule says."""

    old: str
    new: str
    dossiers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorganisationPlan:
    """What is to be signed. `names`: by code, of every unit that is new or gets another name; days are yyyymmdd."""

    form: str
    effective: int
    number: str
    date: int
    changes: tuple[Mapping[str, Any], ...]
    names: Mapping[str, str]
    allotted: tuple[Allotted, ...] = ()
    signer: str = ""
    note: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the `unit.reorganised` record."""
        return {"form": self.form, "effective": self.effective, "changes": [dict(c) for c in self.changes]}

    @property
    def content(self) -> dict[str, Any]:
        """Its body."""
        texts = {"signer": self.signer, "note": self.note}
        return {
            "number": self.number,
            "date": self.date,
            "units": dict(self.names),
            **{name: text for name, text in texts.items() if text},
        }

    @property
    def plain(self) -> dict[str, Any]:
        """The plan as its file says it; `read_plan` gives the same plan again."""
        listed = [
            {"from": each.old, "to": each.new, "dossiers": list(each.dossiers)} for each in self.allotted
        ]
        return {**self.facts, **self.content, "dossiers": listed}

    @property
    def old_units(self) -> tuple[str, ...]:
        """The units that the plan is about."""
        return tuple(change["from"] for change in self.changes)

    @property
    def successors(self) -> tuple[str, ...]:
        """The units that take over."""
        found = [unit for change in self.changes for unit in targets(change)]
        return tuple(dict.fromkeys((*found, *(each.new for each in self.allotted))))


def targets(change: Mapping[str, Any]) -> tuple[str, ...]:
    """Every successor that a change names, the general one first."""
    return tuple(dict.fromkeys((change["to"], *(each["to"] for each in change["devices"]))))


def read_plan(connection: Connection, content: Mapping[str, Any]) -> ReorganisationPlan:
    """A plan from its file or form; dossiers may be named by id or by code. Raises ReorganisationRefused."""
    try:
        changes = tuple(
            {"from": str(each["from"]), "to": str(each["to"]), "devices": list(each.get("devices", []))}
            for each in content["changes"]
        )
        return ReorganisationPlan(
            form=str(content["form"]),
            effective=int(content["effective"]),
            number=str(content["number"]),
            date=int(content["date"]),
            changes=changes,
            names={str(code): str(name) for code, name in dict(content.get("units", {})).items()},
            allotted=tuple(_allotted(connection, content.get("dossiers", []))),
            signer=str(content.get("signer", "")),
            note=str(content.get("note", "")),
        )
    except ReorganisationRefused:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ReorganisationRefused(Cause.UNREADABLE, f"{type(error).__name__}: {error}") from error


def find_dossiers(connection: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Ids of dossiers named by id or by code, in order; raises ReorganisationRefused for one that is not one dossier."""
    return tuple(sorted({_dossier_id(connection, name) for name in names}))


def _allotted(connection: Connection, content: Iterable[Mapping[str, Any]]) -> Iterator[Allotted]:
    for each in content:
        ids = find_dossiers(connection, map(str, each["dossiers"]))
        if ids:
            yield Allotted(old=str(each["from"]), new=str(each["to"]), dossiers=ids)


def _dossier_id(connection: Connection, name: str) -> str:
    is_id = len(name) == 32 and set(name) <= set("0123456789abcdef")
    asked = DOSSIER.c.id == bytes.fromhex(name) if is_id else DOSSIER.c.code == name
    found = connection.scalars(select(DOSSIER.c.id).where(asked)).all()
    if len(found) != 1:
        raise ReorganisationRefused(Cause.NO_DOSSIER, name)
    return bytes(found[0]).hex()
