"""Tables as CSV files that a spreadsheet opens as they are: UTF-8 with its mark, comma, CRLF.

A cell that a spreadsheet would take for a formula gets an apostrophe before it: names come from outside. It decides
nothing about what stands in a table.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from flask import Response

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The table as a download called `name`.csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    answer = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def pdf_response(name: str, pdf: bytes, *, is_shown: bool = True) -> Response:
    """A paper that the browser shows, or only saves, as `name`.pdf."""
    answer = Response(pdf, content_type="application/pdf")
    place = "inline" if is_shown else "attachment"
    answer.headers["Content-Disposition"] = f'{place}; filename="{name}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    return text[:1] in "+-" and text[1:].isdigit() and len(text) < 8
