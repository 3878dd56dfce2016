"""Where the guide lies, and how it becomes a page.

There is one source, `docs/vi/can-bo-mot-cua.md`. The wheel carries it and its pictures as `edge_node/help/guide/`; a
checkout has it where it is written. It cannot change while the node runs, so it is read once.
"""

from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from edge_node.help.markdown import Page, render

_PACKAGED: Final = Path(__file__).resolve().with_name("guide")
_WRITTEN: Final = Path(__file__).resolve().parents[2] / "docs" / "vi"
_NAME: Final = "can-bo-mot-cua.md"
_PNG_HEADER_BYTES: Final = 24


@cache
def folder() -> Path:
    """The folder that holds the guide and its `images`."""
    return _PACKAGED if (_PACKAGED / _NAME).exists() else _WRITTEN


@cache
def load_guide() -> Page:
    return render((folder() / _NAME).read_text(encoding="utf-8"), _figure)


def _figure(address: str, description: str) -> Markup:
    width, height = picture_size(folder() / address)
    # With both numbers the page does not jump when the picture arrives.
    size = Markup(' width="{}" height="{}"').format(width, height) if width else Markup("")
    return Markup(
        '<figure><img src="/help/{}" alt="{}" loading="lazy"{}><figcaption>{}</figcaption></figure>'
    ).format(address, description, size, description)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height from a PNG's header; zeros for what is no picture."""
    try:
        with path.open("rb") as file:
            header = file.read(_PNG_HEADER_BYTES)
    except OSError:
        return 0, 0
    if len(header) < _PNG_HEADER_BYTES or header[12:16] != b"IHDR":
        return 0, 0
    return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")
