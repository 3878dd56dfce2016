"""The square on an enrolment slip: the code as a picture, for whoever has a scanner."""

import segno

from central_hub.registry.enrolment import IssuedCode


def drawn_code(code: IssuedCode) -> str:
    """SVG to stand inside the page."""
    drawn: str = segno.make(code.code, micro=False, error="m").svg_inline(border=0, omitsize=True)
    return drawn
