"""QR codes for paper: the dossier code as plain text, what a desk scanner types into the search field.

The code alone: no name, no id number, no address, so a slip left on a bench tells nothing.
"""

import io

import segno

TEXT_CHARACTERS_MAX = 64


def qr_svg(text: str) -> str:
    """An SVG picture of `text`, with the four quiet modules that scanners need."""
    if not text or len(text) > TEXT_CHARACTERS_MAX:
        raise ValueError(f"a QR code on paper holds 1 to {TEXT_CHARACTERS_MAX} characters")
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False, boost_error=True).save(
        picture, kind="svg", border=4, xmldecl=False
    )
    return picture.getvalue().decode("ascii")
