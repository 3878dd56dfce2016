"""A result PDF with the proof inside: one file that a person opens and that a verifier reads.

The proof goes in as an attachment behind the last byte, so the PDF itself stays as it was, byte for byte. What carries it is the hand-over receipt, printed anew, or a PDF that an officer attached as the result. A PDF with a digital
signature is left alone: anything added behind one shows as a change after signing, and the proof goes along as a file of its own.
What was made is opened as a verifier opens it before anybody gets it. Not here: what the proof holds (`exporting`).
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.views import DossierView, FileHeld
from edge_node import reasons
from edge_node.casework.papers import PaperName, paper_form, printables
from edge_node.files.service import read
from edge_node.journal import WriteRefused
from edge_node.printing import PrintingFailed, render_pdf, with_attachment
from edge_node.printing.documents import FormTooLarge
from edge_node.projection.service import view as view_of
from edge_node.services import Services
from signing.errors import SigningError
from signing.opening import INPUT_BYTES_MAX, opened_input
from signing.reasons import Reason

_ATTACHED_NAME: Final = "chung-minh.motcua-proof.json"
_SIGNED: Final = b"/ByteRange"
"""Stands in every digital signature, outside of packed streams, since the signature covers the bytes around itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A PDF of the dossier that can take a proof: the hand-over receipt, or an attached result. `name` is the file's."""

    id: str
    name: str | None = None


class NotCarried(Exception):
    """This PDF cannot carry a proof; the proof itself can be given apart."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.code}: {detail}")
        self.reason, self.detail = reason, detail


def carriers(view: DossierView) -> list[Carrier]:
    """Every PDF of the dossier that may carry a proof, the receipt first."""
    receipt = [Carrier(id=PaperName.HAND_OVER)] if _has_receipt(view) else []
    return receipt + [Carrier(id=each.file, name=each.name or each.file[:16]) for each in _result_files(view)]


def proof_pdf(db: Database, services: Services, dossier: str, carrier: str, proof: bytes) -> bytes:
    """The PDF of this carrier with the proof attached; NotCarried says why not."""
    view = view_of(db, dossier)
    if view is None:
        raise NotCarried(reasons.NOT_FOUND)
    return with_proof(_carried(db, services, view, carrier), proof)


def with_proof(pdf: bytes, proof: bytes) -> bytes:
    """The same PDF, longer by the attachment; NotCarried for one that is signed, locked, damaged or too large."""
    if _SIGNED in pdf:
        raise NotCarried(reasons.PDF_SIGNED)
    if len(pdf) + len(proof) > INPUT_BYTES_MAX:
        raise NotCarried(reasons.PDF_UNFIT, f"{len(pdf)} bytes")
    try:
        made = with_attachment(pdf, proof, name=_ATTACHED_NAME, media_type="application/json")
    except PrintingFailed as error:
        raise NotCarried(reasons.PDF_UNFIT, str(error)) from error
    if not made.startswith(pdf) or len(made) > INPUT_BYTES_MAX or opened_input(made) != proof:
        raise NotCarried(reasons.PDF_UNFIT, "a verifier would not find the proof")
    return made


def _carried(db: Database, services: Services, view: DossierView, carrier: str) -> bytes:
    if carrier == PaperName.HAND_OVER:
        form = paper_form(db, services, view, PaperName.HAND_OVER)
        if form is None:
            raise NotCarried(reasons.NOT_FOUND)
        try:
            return render_pdf(form)
        except (PrintingFailed, FormTooLarge) as error:
            raise NotCarried(reasons.INTERNAL, str(error)) from error
    held = next((each for each in _result_files(view) if each.file == carrier), None)
    if held is None:
        raise NotCarried(reasons.NOT_FOUND)
    try:
        return read(services, held)
    except WriteRefused as refused:
        raise NotCarried(refused.reason) from refused
    except SigningError as damaged:
        raise NotCarried(damaged.reason) from damaged


def _has_receipt(view: DossierView) -> bool:
    return any(each.name is PaperName.HAND_OVER for each in printables(view))


def _result_files(view: DossierView) -> list[FileHeld]:
    return [each for each in view.files if each.is_result and each.type == "pdf" and each.key is not None]
