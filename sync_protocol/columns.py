"""JSON objects ⇄ columns: how the facts and bodies of a run are laid out so that they compress well.

Records of one kind have the same members. Their names are written once per shape, and the values of one member stand
next to each other, as in any column store; zstd then finds what repeats. Integers are written as differences, because
instants and numbers of neighbouring records are close. A list is one value. Nothing here knows what a member means.

A shape is the sorted tree of an object's keys, for instance `{"code": leaf, "fields": {"summary": leaf}}`, written as
nested lists: `[["code", None], ["fields", [["summary", None]]]]`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec

_MEMBERS_MAX = 512

Shape = tuple[tuple[str, Any], ...]


class Columns(msgspec.Struct, array_like=True):
    """The packed form of a sequence of optional JSON objects.

    `picks[i]` is 0 where object i is absent, else 1 + index into `shapes`. `leaves[s]` holds one column per leaf of
    shape s. A column of integers is stored as `{"d": [first, difference, …]}`, any other as a plain list.
    """

    shapes: list[Any]
    picks: list[int]
    leaves: list[list[Any]]


def pack(objects: Sequence[dict[str, Any] | None]) -> Columns:
    """Lay objects out as columns; `unpack` gives back equal objects."""
    index: dict[Shape, int] = {}
    picks: list[int] = []
    rows: list[list[list[Any]]] = []
    for item in objects:
        if item is None:
            picks.append(0)
            continue
        values: list[Any] = []
        shape = _shape(item, values)
        number = index.setdefault(shape, len(index))
        if number == len(rows):
            rows.append([])
        rows[number].append(values)
        picks.append(number + 1)
    leaves = [[_delta(column) for column in zip(*shape_rows, strict=True)] for shape_rows in rows]
    return Columns([_listed(shape) for shape in index], picks, leaves)


def unpack(columns: Columns, count: int) -> list[dict[str, Any] | None]:
    """The objects again; raises ValueError when the columns do not fit together."""
    shapes = [_tupled(shape) for shape in columns.shapes]
    picks = columns.picks
    if len(picks) != count or len(columns.leaves) != len(shapes):
        raise ValueError("columns do not fit the number of records")
    if picks and (min(picks) < 0 or max(picks) > len(shapes)):
        raise ValueError("no such shape")
    picked = Counter(picks)
    made = [
        iter(_objects(shape, leaves, picked[number]))
        for number, (shape, leaves) in enumerate(zip(shapes, columns.leaves, strict=True), 1)
    ]
    return [next(made[pick - 1]) if pick else None for pick in picks]


def _shape(item: dict[str, Any], values: list[Any]) -> Shape:
    members: list[tuple[str, Any]] = []
    for key in sorted(item):
        value = item[key]
        if type(value) is dict and value:
            members.append((key, _shape(value, values)))
        else:
            members.append((key, None))
            values.append(value)
    return tuple(members)


def _listed(shape: Shape) -> list[Any]:
    return [[key, None if member is None else _listed(member)] for key, member in shape]


def _tupled(shape: Any, depth: int = 0) -> Shape:
    if not isinstance(shape, list) or len(shape) > _MEMBERS_MAX or depth > 8:
        raise ValueError("not a shape")
    members = []
    for entry in shape:
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str):
            raise ValueError("not a shape")
        members.append((entry[0], None if entry[1] is None else _tupled(entry[1], depth + 1)))
    return tuple(members)


def _delta(column: Sequence[Any]) -> Any:
    if {*map(type, column)} - {int}:
        return list(column)
    return {"d": [value - before for value, before in zip(column, (0, *column), strict=False)]}


def _plain(column: Any, count: int) -> list[Any]:
    values = column
    if isinstance(column, dict):
        differences = column.get("d")
        if not isinstance(differences, list) or {*map(type, differences)} - {int}:
            raise ValueError("not a column of integers")
        values = list(accumulate(differences))
    if not isinstance(values, list) or len(values) != count:
        raise ValueError("not a column of this shape")
    return values


def _objects(shape: Shape, leaves: list[Any], count: int) -> list[dict[str, Any]]:
    """All objects of one shape: member by member, so that the work of each row is left to the interpreter's own loops."""
    if len(leaves) != _leaf_count(shape):
        raise ValueError("columns do not fit their shape")
    return _assembled(shape, iter([_plain(column, count) for column in leaves]), count)


def _leaf_count(shape: Shape) -> int:
    return sum(1 if member is None else _leaf_count(member) for _, member in shape)


def _assembled(shape: Shape, columns: Iterator[list[Any]], count: int) -> list[dict[str, Any]]:
    if not shape:
        return [{} for _ in range(count)]
    keys = [key for key, _ in shape]
    members = [next(columns) if member is None else _assembled(member, columns, count) for _, member in shape]
    return [dict(zip(keys, row, strict=True)) for row in zip(*members, strict=True)]
