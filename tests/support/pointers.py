"""Which JSON pointer a byte of a canonical file belongs to; a signature line of a checkpoint is `/checkpoints/<n>#<line>`."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from signing import canonical
from signing.canonical import Json

_HEAD_LINES = 4  # origin, size, root, empty line


def pointers(data: bytes) -> list[str]:
    """For every byte of a canonical file, the pointer of the innermost value (or of the object, for names) it is part of."""
    owners = [""] * len(data)
    for start, stop, pointer in _spans(orjson.loads(data), 0, ""):
        owners[start:stop] = [pointer] * (stop - start)
    return owners


def is_within(pointer: str, unused: tuple[str, ...]) -> bool:
    """Whether a part is, or lies inside, one that a report lists as unused."""
    return any(pointer == each or pointer.startswith((f"{each}/", f"{each}#")) for each in unused)


def _spans(value: Json, start: int, pointer: str) -> Iterator[tuple[int, int, str]]:
    """Outer spans first, so that inner ones overwrite them."""
    encoded = canonical.encode(value)
    yield start, start + len(encoded), pointer
    at = start + 1
    if isinstance(value, dict):
        for key in sorted(value):
            at += len(canonical.encode(key)) + 1
            yield from _spans(value[key], at, f"{pointer}/{key}")
            at += len(canonical.encode(value[key])) + 1
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _spans(item, at, f"{pointer}/{number}")
            at += len(canonical.encode(item)) + 1
    elif isinstance(value, str) and pointer.startswith("/checkpoints/"):
        for number, line in enumerate(encoded[1:-1].split(b"\\n")):
            stop = at + len(line) + 2
            if number >= _HEAD_LINES and line:
                yield at, stop, f"{pointer}#{number - _HEAD_LINES}"
            at = stop
