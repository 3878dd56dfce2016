"""A measured figure, the bound it is held against, and the table that shows both."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

Detail = dict[str, float | int | str]


class Bound(StrEnum):
    """Which side of the target is good."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a figure should be."""

    bound: Bound
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table; `detail` says what else was seen while measuring it."""

    name: str
    title: str
    value: float
    unit: str
    target: Target | None = None
    detail: Detail = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        if self.target.bound is Bound.AT_LEAST:
            return self.value >= self.target.value
        return self.value <= self.target.value

    def as_data(self) -> dict[str, Any]:
        """The figure for results.json."""
        data = asdict(self)
        if self.target is not None:
            data["target"] = {"bound": self.target.bound.name.lower(), "value": self.target.value}
        return data | {"is_met": self.is_met}


def at_least(value: float) -> Target:
    """The figure should not be smaller."""
    return Target(bound=Bound.AT_LEAST, value=value)


def at_most(value: float) -> Target:
    """The figure should not be larger."""
    return Target(bound=Bound.AT_MOST, value=value)


def table(figures: Iterable[Figure]) -> str:
    """The figures as text, one line each, with what else was seen below."""
    lines = []
    for figure in figures:
        mark = {None: " ", True: "✓", False: "✗"}[figure.is_met]
        target = f"{figure.target.bound} {number(figure.target.value)}" if figure.target else ""
        lines.append(
            f"{mark} {figure.title:<62} {number(figure.value):>10} {figure.unit:<9} {target}".rstrip()
        )
        seen = ", ".join(f"{name} {number(value)}" for name, value in figure.detail.items())
        if seen:
            lines.append(f"      {seen}")
    return "\n".join(lines)


def number(value: float | int | str) -> str:
    """Three or four digits that matter."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
