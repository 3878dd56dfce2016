"""What is carried for others as values for a page: whose it is, how long it is, since when it lies here, how it stands."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.units import Units
from edge_node.casework import labels
from edge_node.keyring.units import units_at
from edge_node.relay.own import OwnWay, own_way
from edge_node.relay.queue import DONE, PASSED, REPLACED, UP, Carrying, Load, carrying, list_loads


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRow:
    """One load, for people. `tone` and `icon` as the badges take them; `why` where it goes no further."""

    load: Load
    unit: str
    word: str
    tone: str
    icon: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPage:
    carrying: Carrying
    rows: tuple[LoadRow, ...]
    own: OwnWay | None


def read_relay_page(db: Database, *, now_ms: int) -> RelayPage:
    units = units_at(db, now_ms)
    return RelayPage(
        carrying=carrying(db),
        rows=tuple(_row(load, units) for load in list_loads(db)),
        own=own_way(db, now_ms=now_ms),
    )


def _row(load: Load, units: Units) -> LoadRow:
    unit = units.name(load.unit)
    if load.reason is not None:
        why = " ".join(labels.reason_words(load.reason))
        return LoadRow(
            load=load, unit=unit, word=_("Không chuyển được"), tone="refused", icon="refused", why=why
        )
    if load.direction == UP:
        if not load.outcome:
            word, tone, icon = _("Chờ gửi tỉnh"), "wait", "clock"
        elif load.outcome == PASSED:
            word, tone, icon = _("Đã giao máy khác có mạng"), "fact", "done"
        elif load.is_answered:
            word, tone, icon = _("Đã gửi tỉnh"), "fact", "done"
        else:
            word, tone, icon = _("Đã gửi tỉnh, chờ trả lời"), "fact", "done"
    elif load.outcome == REPLACED:
        word, tone, icon = _("Đã có trả lời mới hơn"), "soon", "note"
    elif load.outcome == PASSED:
        word, tone, icon = _("Đã trao lại qua mạng cơ quan"), "fact", "done"
    elif load.outcome == DONE:
        word, tone, icon = _("Đã ghi ra USB"), "fact", "done"
    else:
        word, tone, icon = _("Chờ USB của đơn vị đó"), "wait", "inbox"
    return LoadRow(load=load, unit=unit, word=word, tone=tone, icon=icon)
