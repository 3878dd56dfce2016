"""QR codes for paper: the paper code that a stranger can check, or the dossier code as plain text for the desk's scanner.

A module is a whole number of dots of a 300 dpi printer, so that every module comes out equally wide. The plain dossier
code holds nothing personal; what a paper code holds is fixed by `signing.qr`.
"""

import io
from dataclasses import dataclass

import segno

from signing import qr

TEXT_CHARACTERS_MAX = 64
DOTS_PER_INCH = 300
_MM_PER_INCH = 25.4
_QUIET_MODULES = 4
_PAPER_CODE_DOTS = 4  # 0.34 mm a module: version 20 is 36 mm wide, version 22 38 mm
_PLAIN_DOTS = 8  # few modules, read from further away


@dataclass(frozen=True, slots=True)
class Symbol:
    """A picture (SVG) with its four quiet modules, and how wide it must be printed."""

    svg: str
    width_mm: float


def plain_symbol(text: str) -> Symbol:
    """A dossier code as it is; ValueError for a text that is none."""
    if not text or len(text) > TEXT_CHARACTERS_MAX:
        raise ValueError(f"a QR code on paper holds 1 to {TEXT_CHARACTERS_MAX} characters")
    return _drawn(segno.make(text, error="m", micro=False, boost_error=True), _PLAIN_DOTS)


def paper_symbol(text: str) -> Symbol:
    """A paper code at the level that its length asks for; NotCanonical for one that no symbol of ours holds."""
    level = qr.level(text)
    return _drawn(
        segno.make(text, error=level.value, mode="alphanumeric", micro=False, boost_error=False),
        _PAPER_CODE_DOTS,
    )


def _drawn(code: segno.QRCode, dots: int) -> Symbol:
    picture = io.BytesIO()
    code.save(picture, kind="svg", border=_QUIET_MODULES, xmldecl=False)
    modules = code.symbol_size(border=_QUIET_MODULES)[0]
    return Symbol(picture.getvalue().decode("ascii"), modules * dots * _MM_PER_INCH / DOTS_PER_INCH)
