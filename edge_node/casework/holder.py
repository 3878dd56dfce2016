"""Whose year of birth the code on a paper may hold: only that of the person whom the paper names as its holder.

A desk elsewhere compares the year with the identity card of whoever brings the paper, so a year of somebody else would refuse the right
person. The form asks for the applicant's date of birth alone: where an owner is named, there is none. The slip is the applicant's in
every procedure; a result is about whom the procedure's own form names (the child, the deceased, the spouses), and carries the year
only where the applicant is that person, or where the form names nobody (a certified copy).
"""

from collections.abc import Callable
from typing import Final

from dossiers.procedures import Procedure
from signing.canonical import normalise_text
from signing.qr import PaperKind, is_year

_PERSON: Final = ("_name", "_head")
"""How the codes of questions end that ask for somebody's name."""
_THINGS: Final = frozenset({"document_name", "business_name"})
_BESIDE: Final = frozenset(
    {"mother_name", "father_name", "householder_name", "beneficiary_name", "organiser_name"}
)
"""People whom a form names beside the one whom its result is about."""

Text = Callable[[str], str]
"""The value of a field of the dossier by its code; empty where there is none."""


def holder_birth_year(kind: PaperKind, procedure: Procedure | None, text: Text) -> int | None:
    """The year for the code on a paper of this kind; None where the holder is somebody else, or the year is not known."""
    year = text("applicant.birth_date")[:4]
    if not (year.isascii() and year.isdecimal() and is_year(int(year))):
        return None
    if text("owner.name") and not _same(text, "owner.id_number", "applicant.id_number"):
        return None
    if kind is PaperKind.RESULT and not _is_about_applicant(procedure, text):
        return None
    return int(year)


def _is_about_applicant(procedure: Procedure | None, text: Text) -> bool:
    if procedure is None:
        return False
    asked = [each.code for each in procedure.form_fields]
    named = [code for code in asked if code.endswith(_PERSON) and code not in _THINGS | _BESIDE]
    return not named or any(_is_applicant(code, text) for code in named)


def _is_applicant(question: str, text: Text) -> bool:
    """Same name, and the same date of birth and number where the form asks for them and got them."""
    person = question.removesuffix("_name")
    return _same(text, f"form.{question}", "applicant.name") and all(
        _same(text, f"form.{person}_{what}", f"applicant.{what}")
        for what in ("birth_date", "id_number")
        if text(f"form.{person}_{what}")
    )


def _same(text: Text, one: str, other: str) -> bool:
    first, second = (" ".join(normalise_text(text(code)).casefold().split()) for code in (one, other))
    return first == second != ""
