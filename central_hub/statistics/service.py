"""Reports and the overview, from counters alone: no question here reads a dossier.

A report of a period that has not ended tells stocks as of today. Every row is a `dossiers.statistics.ReportRow`, which
cannot exist with sums that do not agree, and carries both on-time rates.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from central_hub.publishing.keeper import CatalogueKeeper
from central_hub.statistics.periods import Grain, Period, Piece
from central_hub.statistics.sums import Around, Slice, Sums, sums_by, sums_by_period
from dossiers.procedures import Catalogue
from dossiers.statistics import DEFINITIONS_VERSION, Metric, ReportRow, rate_a, row_from_sums
from dossiers.units import Units

OTHER_FIELD = "other"
_DAYS_SHOWN_MAX = 62


class Group(StrEnum):
    """What the rows of a report are."""

    COMMUNE = "commune"
    FIELD = "field"
    PROCEDURE = "procedure"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which dossiers a report is about; None leaves nothing out."""

    commune: str | None = None
    field: str | None = None
    procedure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One row of a report. `key` is a unit's code, a field, a procedure's code, or a month as "yyyymm"."""

    key: str
    name: str
    row: ReportRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Biểu II.06a of a period: rows and their sum.

    For months the sum is that of the whole period, not of the rows: what is carried over into one month was received in
    another.
    """

    period: Period
    as_of: int
    group: Group
    filter: Filter
    rows: tuple[GroupRow, ...]
    total: ReportRow
    definitions: str = DEFINITIONS_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One point of the chart over time: a day (yyyymmdd) or a month (yyyymm)."""

    period: int
    received: int
    early: int
    on_time: int
    late: int

    @property
    def solved(self) -> int:
        return self.early + self.on_time + self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The province at a glance."""

    period: Period
    as_of: int
    total: ReportRow
    grain: Grain
    over_time: tuple[Moment, ...]
    by_field: tuple[GroupRow, ...]
    by_commune: tuple[GroupRow, ...]


class Statistics:
    """Figures as of one transaction; cheap to make, so one per page."""

    def __init__(
        self,
        connection: Connection,
        *,
        catalogue: CatalogueKeeper,
        units: Units,
        today: int,
        language: str = "vi",
    ) -> None:
        self._connection = connection
        self._catalogues = catalogue
        self._units = units
        self._today = today
        self._language = language

    def report(self, period: Period, group: Group, chosen: Filter | None = None) -> Report:
        """The report of a period, grouped."""
        chosen = chosen or Filter()
        past = period.until(self._today)
        whole = self._whole(past, chosen)
        rows = self._rows(past, group, chosen)
        return Report(period=period, as_of=past.last, group=group, filter=chosen, rows=rows, total=whole)

    def whole_row(self, period: Period, chosen: Filter | None = None) -> ReportRow:
        """The total of a report, without its rows."""
        return self._whole(period.until(self._today), chosen or Filter())

    def overview(self, period: Period, chosen: Filter | None = None) -> Overview:
        """The figures of the first page, for the province or for what `chosen` leaves of it."""
        chosen = chosen or Filter()
        past = period.until(self._today)
        grain = Grain.DAY if past.days <= _DAYS_SHOWN_MAX else Grain.MONTH
        communes = self._rows(past, Group.COMMUNE, chosen)
        return Overview(
            period=period,
            as_of=past.last,
            total=self._whole(past, chosen),
            grain=grain,
            over_time=self.over_time(past, grain, chosen),
            by_field=self._rows(past, Group.FIELD, chosen),
            by_commune=communes,
        )

    def over_time(self, period: Period, grain: Grain, chosen: Filter | None = None) -> tuple[Moment, ...]:
        """What came in and what was solved, by day or month; days without anything are zeros."""
        part = self.slice_of(chosen or Filter())
        if grain is Grain.DAY:
            found = sums_by_period(
                self._connection, Piece(grain=grain, first=period.first, last=period.last), part
            )
            return tuple(_moment(day, found.get(day, {})) for day in period.day_numbers())
        months = period.months()
        moments = []
        whole = sums_by_period(
            self._connection,
            Piece(grain=Grain.MONTH, first=months[0].first // 100, last=months[-1].first // 100),
            part,
        )
        for month in months:
            number = month.first // 100
            is_whole = month == Period.month(*divmod(number, 100))
            sums = whole.get(number, {}) if is_whole else self._within(month, part)
            moments.append(_moment(number, sums))
        return tuple(moments)

    def ranking(self, period: Period) -> tuple[GroupRow, ...]:
        """Communes by rate A, best first; those that solved nothing come last."""
        rows = self._rows(period.until(self._today), Group.COMMUNE, Filter())
        return tuple(sorted(rows, key=_rank))

    def slice_of(self, chosen: Filter) -> Slice:
        """The counters that a filter leaves."""
        procedures: tuple[str, ...] | None = (chosen.procedure,) if chosen.procedure else None
        if chosen.field and procedures is None:
            procedures = self.procedures_of(chosen.field)
        return Slice(commune=chosen.commune, procedures=procedures)

    def procedures_of(self, field: str) -> tuple[str, ...]:
        """The procedures of a field; of `other`, those that no published catalogue names."""
        field_of = self._catalogues.field_of(self._connection)
        if field != OTHER_FIELD:
            return tuple(sorted(code for code, of in field_of.items() if of == field))
        counted = sums_by(self._connection, Period(first=19000102, last=self._today), "procedure", Slice())
        return tuple(code for code in counted if code not in field_of)

    def name_of(self, group: Group, key: str) -> str:
        """A row's name for people."""
        if group is Group.COMMUNE:
            return self._units.name(key)
        if group is Group.MONTH:
            return f"{key[4:6]}/{key[:4]}"
        catalogue = self._catalogues.current(self._connection)
        return (
            _field_name(catalogue, key, self._language)
            if group is Group.FIELD
            else (_procedure_name(catalogue, key, self._language))
        )

    def _whole(self, period: Period, chosen: Filter) -> ReportRow:
        sums = sums_by(self._connection, period, None, self.slice_of(chosen)).get("")
        return row_from_sums(sums.before, sums.within) if sums else ReportRow()

    def _within(self, period: Period, part: Slice) -> Sums:
        sums = sums_by(self._connection, period, None, part).get("")
        return sums.within if sums else {}

    def _rows(self, period: Period, group: Group, chosen: Filter) -> tuple[GroupRow, ...]:
        if group is Group.MONTH:
            found = {str(month.first // 100): self._whole(month, chosen) for month in period.months()}
        elif group is Group.FIELD:
            field_of = self._catalogues.field_of(self._connection)
            sums = sums_by(self._connection, period, "procedure", self.slice_of(chosen))
            found = _rows_of(_merged(sums, lambda code: field_of.get(code, OTHER_FIELD)))
        else:
            found = _rows_of(sums_by(self._connection, period, group.value, self.slice_of(chosen)))
        named = (
            GroupRow(key=key, name=self.name_of(group, key), row=row)
            for key, row in found.items()
            if row != ReportRow() or group is Group.MONTH
        )
        return tuple(named)


def _rows_of(sums: Mapping[str, Around]) -> dict[str, ReportRow]:
    return {key: row_from_sums(around.before, around.within) for key, around in sums.items()}


def _merged(sums: Mapping[str, Around], key_of: Callable[[str], str]) -> dict[str, Around]:
    parts: dict[str, list[Around]] = {}
    for key, around in sums.items():
        parts.setdefault(key_of(key), []).append(around)
    return {
        key: Around(_added(around.before for around in found), _added(around.within for around in found))
        for key, found in sorted(parts.items())
    }


def _added(sums: Iterable[Sums]) -> Sums:
    added = dict.fromkeys(Metric, 0)
    for part in sums:
        for metric, amount in part.items():
            added[metric] += amount
    return added


def _moment(period: int, sums: Sums) -> Moment:
    return Moment(
        period=period,
        received=sums.get(Metric.RECEIVED_ONLINE, 0) + sums.get(Metric.RECEIVED_OTHER, 0),
        early=sums.get(Metric.SOLVED_EARLY, 0),
        on_time=sums.get(Metric.SOLVED_ON_TIME, 0),
        late=sums.get(Metric.SOLVED_LATE, 0),
    )


def _rank(row: GroupRow) -> tuple[bool, float, int, str]:
    value = rate_a(row.row).value
    return value is None, -float(value or 0), -row.row.solved, row.key


def _field_name(catalogue: Catalogue, field: str, language: str) -> str:
    if field == OTHER_FIELD:
        return "Other" if language == "en" else "Lĩnh vực khác"
    words = catalogue.sector_name(field)
    return words.en if language == "en" else words.vi


def _procedure_name(catalogue: Catalogue, code: str, language: str) -> str:
    versions = [procedure for procedure in catalogue.procedures if procedure.code == code]
    if not versions:
        return code
    words = max(versions, key=lambda procedure: procedure.version).name
    return words.en if language == "en" else words.vi
