"""Dossiers that look like one, as the province lists them: which, whose, since when, until when; no names, no numbers of people.

The province settles nothing here: a leader of the unit that owns the question signs on a PC of the office. A duplicate is
computed anew at every look (`projection.twins`), so the list is ordered and cut here and not by the database.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from central_hub.projection.twins import Twin, open_duplicates, twins_of
from central_hub.quarantine.conflicts import PAGE_ROWS, named_units
from central_hub.services import Services
from central_hub.tables import download_table
from central_hub.words import plain, role_names
from dossiers.conflicts import Conflict, settle_by_ms, settlers, what_happened
from dossiers.local_time import local
from dossiers.units import Units

_FILE_ROWS_MAX: Final = 50_000
_FILE_WIDTHS: Final = (60, 46, 70, 26, 26, 17, 17, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateLine:
    """One question about two or more dossiers; `owner` is the name of the unit that should settle it, `units` the names of all
    that hold one of the dossiers."""

    conflict: Conflict
    twins: tuple[Twin, ...]
    owner: str
    units: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(twin.code for twin in self.twins)

    @property
    def since_ms(self) -> int:
        return self.conflict.since_ms

    @property
    def settle_by_ms(self) -> int:
        return settle_by_ms(self.conflict)

    @property
    def sentence(self) -> str:
        return plain(what_happened(self.conflict))

    @property
    def settlers(self) -> str:
        """Roles of the unit that may settle it, in words."""
        return role_names(settlers(self.conflict))

    @property
    def concerned(self) -> set[str]:
        """The codes of the unit that owns the question and of those that hold the dossiers."""
        return {twin.unit for twin in self.twins} | ({self.conflict.unit} if self.conflict.unit else set())


SORTS: Final[dict[str, Callable[[DuplicateLine], Any]]] = {
    "code": lambda line: line.codes,
    "why": lambda line: line.conflict.kind.value,
    "unit": lambda line: line.owner,
    "since": lambda line: line.since_ms,
    "until": lambda line: line.since_ms,
}
"""What the list may be ordered by; each question has the same time to be settled in."""


def list_duplicates(
    connection: Connection, units: Units, found: Sequence[Conflict] | None = None
) -> list[DuplicateLine]:
    """Every open one (`found` where the caller has looked already), the oldest first."""
    found = open_duplicates(connection) if found is None else found
    return [
        DuplicateLine(
            conflict=each,
            twins=twins,
            owner=units.name(each.unit) if each.unit else "",
            units=tuple(dict.fromkeys(units.name(twin.unit) for twin in twins)),
        )
        for each, twins in zip(found, twins_of(connection, found), strict=True)
    ]


def duplicates_page(
    connection: Connection, services: Services, found: Sequence[Conflict], args: Mapping[str, str], page: int
) -> dict[str, Any]:
    """The values of the list, and the units it can be narrowed to."""
    units = services.units
    every = list_duplicates(connection, units, found)
    shown = _wanted(every, args)
    pages = max(1, -(-len(shown) // PAGE_ROWS))
    page = min(max(1, page), pages)
    return {
        "duplicates": shown[(page - 1) * PAGE_ROWS : page * PAGE_ROWS],
        "duplicate_count": len(shown),
        "communes": named_units(units, set().union(*(line.concerned for line in every)), args),
        "page": page,
        "pages": pages,
        "sort": args.get("sort", ""),
        "direction": args.get("dir", "asc"),
    }


def duplicates_file(connection: Connection, services: Services, args: Mapping[str, str]) -> Response:
    """The whole list as a file."""
    lines = _wanted(list_duplicates(connection, services.units), args)
    return download_table(
        args["format"],
        "ho-so-co-the-trung",
        _("Hồ sơ có thể trùng"),
        [
            _("Mã hồ sơ"), _("Đơn vị giữ hồ sơ"), _("Vì sao"), _("Đơn vị thống nhất"), _("Ai thống nhất"),
            _("Từ lúc"), _("Nên xong trước"), _("Quá hạn"),
        ],
        list(_cells(services.clock(), lines[:_FILE_ROWS_MAX])),
        widths=_FILE_WIDTHS,
    )  # fmt: skip


def _cells(now_ms: int, lines: Iterable[DuplicateLine]) -> Iterator[list[str]]:
    for line in lines:
        yield [
            "; ".join(code or _("chưa cấp mã") for code in line.codes), "; ".join(line.units), line.sentence,
            line.owner, line.settlers, f"{local(line.since_ms):%d/%m/%Y %H:%M}",
            f"{local(line.settle_by_ms):%d/%m/%Y %H:%M}", _("quá hạn") if line.settle_by_ms < now_ms else "",
        ]  # fmt: skip


def _wanted(lines: Iterable[DuplicateLine], args: Mapping[str, str]) -> list[DuplicateLine]:
    """Those that concern the unit in the address, in the order that it asks for."""
    commune = args.get("commune", "")
    kept = [line for line in lines if not commune or commune in line.concerned]
    return sorted(
        kept, key=SORTS.get(args.get("sort", ""), SORTS["since"]), reverse=args.get("dir") == "desc"
    )
