"""JSON objects ⇄ columns: how the facts and bodies of a run are laid out so that they compress well.

Records of one kind have the same members. Their names are written once per shape, and the values of one member stand
next to each other, as in any column store; zstd then finds what repeats. Integers are written as differences, because
instants and numbers of neighbouring records are close. A list is one value. Nothing here knows what a member means.

A shape is the sorted tree of an object's keys, for instance `{"code": leaf, "fields": {"summary": leaf}}`, written as
nested lists: `[["code", None], ["fields", [["summary", None]]]]`.
"""

from collections.abc import Sequence
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
    if len(columns.picks) != count or len(columns.leaves) != len(shapes):
        raise ValueError("columns do not fit the number of records")
    cursors = [_rows(shape, leaves, count) for shape, leaves in zip(shapes, columns.leaves, strict=True)]
    found: list[dict[str, Any] | None] = []
    for pick in columns.picks:
        if pick == 0:
            found.append(None)
            continue
        if not 0 < pick <= len(shapes):
            raise ValueError("no such shape")
        found.append(_object(shapes[pick - 1], iter(next(cursors[pick - 1]))))
    return found


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
    if not all(type(value) is int for value in column):
        return list(column)
    previous = 0
    differences = []
    for value in column:
        differences.append(value - previous)
        previous = value
    return {"d": differences}


def _plain(column: Any) -> list[Any]:
    if isinstance(column, list):
        return column
    if not isinstance(column, dict) or not isinstance(column.get("d"), list):
        raise ValueError("not a column")
    total = 0
    values = []
    for difference in column["d"]:
        if type(difference) is not int:
            raise ValueError("not a column of integers")
        total += difference
        values.append(total)
    return values


def _rows(shape: Shape, leaves: list[Any], count: int) -> Any:
    plain = [_plain(column) for column in leaves]
    if not plain:
        return iter([()] * count)
    if len(plain) != _leaf_count(shape) or len({len(column) for column in plain}) != 1:
        raise ValueError("columns of one shape differ in length")
    return zip(*plain, strict=True)


def _leaf_count(shape: Shape) -> int:
    return sum(1 if member is None else _leaf_count(member) for _, member in shape)


def _object(shape: Shape, values: Any) -> dict[str, Any]:
    return {key: next(values) if member is None else _object(member, values) for key, member in shape}
