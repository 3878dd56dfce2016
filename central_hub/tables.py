"""Tables as files: CSV and XLSX, safe to open in a spreadsheet program.

A text that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab, carriage return first) gets an apostrophe in
front; numbers stay numbers. CSV is UTF-8 with a byte order mark, which Excel needs to read Vietnamese.
"""

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter
from flask import Response

Cell = str | int | Fraction | None
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def guarded(text: str) -> str:
    """The text as it may stand in a cell."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as CSV; ratios are written with four decimals and a point, so that programs read them."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in header])
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_bytes(
    sheet: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    notes: Sequence[str] = (),
    widths: Sequence[int] = (),
) -> bytes:
    """A table as a workbook with one sheet: heading lines, header, rows. Nothing is ever written as a formula.

    `widths` are those of the columns in characters; without them the first is a number and the second a name.
    """
    memory = BytesIO()
    book = xlsxwriter.Workbook(
        memory, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    page = book.add_worksheet(sheet[:31])
    bold = book.add_format({"bold": True, "text_wrap": True, "border": 1, "valign": "vcenter"})
    formats = {
        int: book.add_format({"num_format": "#,##0", "border": 1}),
        Fraction: book.add_format({"num_format": "0.00%", "border": 1}),
    }
    plain = book.add_format({"border": 1})
    for line, note in enumerate(notes):
        page.write_string(line, 0, note)
    top = len(notes) + (1 if notes else 0)
    page.write_row(top, 0, [str(name) for name in header], bold)
    page.freeze_panes(top + 1, 2)
    for line, row in enumerate(rows, start=top + 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int | Fraction):
                page.write_number(line, column, float(cell), formats[type(cell)])
            else:
                page.write_string(line, column, cell or "", plain)
    for column, width in enumerate(widths or (6, 38, *[12] * max(0, len(header) - 2))):
        page.set_column(column, column, width)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    book.close()
    return memory.getvalue()


def download(content: bytes, mimetype: str, name: str) -> Response:
    """An answer that is saved under a name, never shown in place."""
    response = Response(content, content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def download_table(
    form: str,
    name: str,
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    notes: Sequence[str] = (),
    widths: Sequence[int] = (),
) -> Response:
    """A list as a file to save: `form` is csv or xlsx; the workbook alone has the title and the notes over it."""
    if form == "csv":
        return download(csv_bytes(header, rows), CSV, f"{name}.csv")
    content = xlsx_bytes(title, header, rows, notes=(title, *notes), widths=widths)
    return download(content, XLSX, f"{name}.xlsx")


def _plain(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, Fraction):
        return f"{float(cell):.4f}"
    return cell if isinstance(cell, int) else guarded(cell)
