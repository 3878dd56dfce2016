"""The small chart: received and solved by month, as shapes for an inline SVG. Numbers in, coordinates out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_node.reports.service import MonthFigures

WIDTH: Final = 720
HEIGHT: Final = 190
_TOP: Final = 22
_BOTTOM: Final = 26
_BAR: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar with its figure above it."""

    x: int
    y: int
    height: int
    value: int
    is_solved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A month: two bars and the label under them."""

    middle: int
    label: str
    bars: tuple[Bar, Bar]


def draw(months: Sequence[MonthFigures]) -> tuple[Group, ...]:
    """The shapes, scaled to the highest figure."""
    most = max([1, *(max(month.received, month.solved) for month in months)])
    step = WIDTH // max(1, len(months))
    return tuple(_group(month, index * step + step // 2, most) for index, month in enumerate(months))


def _group(month: MonthFigures, middle: int, most: int) -> Group:
    figures = ((month.received, middle - _BAR - 1, False), (month.solved, middle + 1, True))
    room = HEIGHT - _TOP - _BOTTOM
    bars = []
    for value, x, is_solved in figures:
        height = round(room * value / most)
        bars.append(Bar(x=x, y=HEIGHT - _BOTTOM - height, height=height, value=value, is_solved=is_solved))
    return Group(middle=middle, label=f"{month.period.first:%m/%y}", bars=(bars[0], bars[1]))
