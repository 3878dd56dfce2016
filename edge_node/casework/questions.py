"""The questions and papers of a procedure as typed values: receiving and amending read them alike."""

from typing import Final

from flask_babel import gettext as _

from dossiers.components import FieldKind, FormField, PaperForm
from edge_node.casework.labels import spoken
from edge_node.entry import Entry

RETURN_METHODS: Final = ("desk", "post", "online")
PAPER_FORMS: Final = {
    "original": PaperForm.ORIGINAL,
    "certified": PaperForm.CERTIFIED_COPY,
    "plain": PaperForm.PLAIN_COPY,
}


def read_answer(entry: Entry, question: FormField, *, is_needed: bool) -> str:
    """One question of the procedure's form, as the text that the record keeps."""
    name = question.record_code
    needed = (
        _("Nhập mục «%(label)s».", label=spoken(question.label)) if is_needed and question.is_required else ""
    )
    match question.kind:
        case FieldKind.DATE:
            day = entry.day(name, needed=needed)
            return "" if day is None else iso_day(day)
        case FieldKind.TIME:
            minutes = entry.time_of_day(name)
            return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
        case FieldKind.NUMBER:
            entry.whole(name, most=10**9)
            return entry.line(name, needed=needed, most=20)
        case FieldKind.ID_NUMBER:
            return entry.id_number(name, needed=needed)
        case FieldKind.CHOICE:
            return entry.choice(name, [option.code for option in question.options], needed=needed)
        case FieldKind.LONG_TEXT:
            return entry.text(name, needed=needed)
        case _:
            return entry.line(name, needed=needed)


def iso_day(day: int) -> str:
    """How a date stands in a record's text field: 1992-03-12."""
    return f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}"
