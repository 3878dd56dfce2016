"""Folding Vietnamese text so that people find what they typed without marks.

The folded form is for searching only: it is never shown, signed or compared as identity.
"""

import unicodedata

# U+0111/U+0110 have no decomposition: normalisation alone leaves them, and "Đà Nẵng" would not be found by "da nang".
_STROKES = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D"})


def fold_text(text: str) -> str:
    """Lower case, no diacritics, đ as d, runs of white space as one space."""
    plain = unicodedata.normalize("NFKD", text.translate(_STROKES))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(letters.casefold().split())
