"""The files of a dossier for the screen: by paper, with what is missing and where each file is."""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.files import Completeness, completeness
from dossiers.views import DossierView, FileHeld
from edge_node.casework.case import Case
from edge_node.casework.history import paper_name
from edge_node.files.copies import Copy, copies_of
from edge_node.services import Services
from edge_node.store.local import read_office

RESULT: Final = ":result"
OTHER: Final = ":other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file with where it is; `place` is the value that the form uses for its paper."""

    held: FileHeld
    copy: Copy

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
    bytes: int


def read_files_page(db: Database, services: Services, case: Case) -> FilesPage:
    """The dossier's files as they stand now."""
    view = case.view
    office = read_office(db)
    copies = copies_of(db, view.dossier, hub_epoch=office.hub_epoch if office else "")
    shown = [ShownFile(held=held, copy=copies.get(held.file, Copy())) for held in view.files]
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
        bytes=sum(held.size for held in view.files),
    )


def file_completeness(view: DossierView) -> Completeness:
    """For how many of the papers there is a file."""
    return completeness(view.papers, view.files)


def _shelf(place: str, name: str, shown: list[ShownFile], paper: str) -> Shelf:
    files = tuple(f for f in shown if f.held.paper == paper and not f.held.is_result)
    return Shelf(place=place, name=name, files=files, is_missing=not files)
