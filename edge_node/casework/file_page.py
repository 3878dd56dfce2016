"""The files of a dossier for the screen: by paper, with what is missing and where each file is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.files import Arrival, Completeness, arrival, completeness
from dossiers.views import DossierView, FileHeld
from edge_node.casework.case import Case
from edge_node.casework.history import paper_name
from edge_node.casework.labels import reason_words
from edge_node.files.copies import Copy, copies_of
from edge_node.files.service import vault_of
from edge_node.services import Services
from edge_node.store.local import read_office
from sync_protocol import reasons

RESULT: Final = ":result"
OTHER: Final = ":other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file with where it is. `trouble`: why the province does not take it and what to do, in words; () where it does."""

    held: FileHeld
    copy: Copy
    trouble: tuple[str, str] | tuple[()] = ()

    @property
    def can_open(self) -> bool:
        return self.copy.is_here and self.held.key is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A paper of the dossier (or the result, or everything else) with its files."""

    place: str
    name: str
    files: tuple[ShownFile, ...]
    is_missing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPage:
    shelves: tuple[Shelf, ...]
    complete: Completeness
    arrival: Arrival
    bytes: int

    @property
    def untaken(self) -> int:
        """How many of them the province does not take as they are."""
        return sum(bool(shown.trouble) for shelf in self.shelves for shown in shelf.files)


def read_files_page(db: Database, services: Services, case: Case) -> FilesPage:
    """The dossier's files as they stand now."""
    view = case.view
    copies = _copies(db, services, view)
    shown = [_shown(held, copies.get(held.file, Copy())) for held in view.files]
    papers = dict.fromkeys(paper.paper for paper in view.papers)
    shelves = [_shelf(paper, paper_name(paper, case.procedure), shown, paper) for paper in papers]
    rest = tuple(f for f in shown if not f.held.is_result and f.held.paper not in papers)
    results = tuple(f for f in shown if f.held.is_result)
    shelves += [
        Shelf(place=RESULT, name=_("Kết quả giải quyết"), files=results, is_missing=False),
        Shelf(place=OTHER, name=_("Tệp khác"), files=rest, is_missing=False),
    ]
    return FilesPage(
        shelves=tuple(shelves),
        complete=file_completeness(view),
        arrival=_arrival(view, copies),
        bytes=sum(held.size for held in view.files),
    )


def _shown(held: FileHeld, copy: Copy) -> ShownFile:
    if not copy.problem or copy.is_at_hub or held.key is None:
        return ShownFile(held=held, copy=copy)
    reason = reasons.BY_CODE.get(copy.problem)
    if reason is not None:
        return ShownFile(held=held, copy=copy, trouble=reason_words(reason))
    what_next = _("Máy tự thử lại khi đồng bộ; nếu kéo dài, báo quản trị tỉnh.")
    return ShownFile(held=held, copy=copy, trouble=(_("Tỉnh chưa nói rõ lý do."), what_next))


def file_completeness(view: DossierView) -> Completeness:
    """For how many of the papers there is a file."""
    return completeness(view.papers, view.files)


def file_arrival(db: Database, services: Services, view: DossierView) -> Arrival:
    """How many of the dossier's files are at the province, and how many are not on this disk."""
    return _arrival(view, _copies(db, services, view))


def files_untaken(db: Database, services: Services, view: DossierView) -> int:
    """How many of the dossier's files the province does not take as they are."""
    copies = _copies(db, services, view)
    return sum(bool(_shown(held, copies.get(held.file, Copy())).trouble) for held in view.files)


def _arrival(view: DossierView, copies: Mapping[str, Copy]) -> Arrival:
    return arrival(
        view.files,
        at_province={file for file, copy in copies.items() if copy.is_at_hub},
        here={file for file, copy in copies.items() if copy.is_here},
    )


def _copies(db: Database, services: Services, view: DossierView) -> dict[str, Copy]:
    """What is known of the files that stand; the disk is asked whether one is still here."""
    office, vault = read_office(db), vault_of(services)
    copies = copies_of(db, view.dossier, hub_epoch=office.hub_epoch if office else "")
    for held in view.files:
        known = copies.get(held.file)
        if known is not None and known.is_here and not vault.has(held.file, held.size):
            copies[held.file] = replace(known, is_here=False)
    return copies


def _shelf(place: str, name: str, shown: list[ShownFile], paper: str) -> Shelf:
    files = tuple(f for f in shown if f.held.paper == paper and not f.held.is_result)
    return Shelf(place=place, name=name, files=files, is_missing=not files)
