"""What a dossier is: procedures, working time, due dates, codes, the life cycle, merge rules and statistics.

Pure: no socket, file, database, clock or randomness. Time, ids and records are arguments; reference data comes as
values (`data` reads what ships with the package, once). The names below are promised; the rest is reachable.
"""

from dossiers.calendar import VIETNAM, WorkingCalendar
from dossiers.codes import CodePattern, Exhausted, Issued, Lease, next_code, parse_code, provisional_code
from dossiers.deadlines import Frozen, Timeliness, TimeRule, classify, due, freeze, is_overdue, resume
from dossiers.errors import DossierError
from dossiers.lifecycle import MOVES, Move, Status, allowed, check_move, same_day_path
from dossiers.procedures import Catalogue, Procedure, load_default_calendar, load_default_catalogue
from dossiers.text import fold_text
from dossiers.units import Unit, Units, load_default_units

__all__ = [
    "MOVES",
    "VIETNAM",
    "Catalogue",
    "CodePattern",
    "DossierError",
    "Exhausted",
    "Frozen",
    "Issued",
    "Lease",
    "Move",
    "Procedure",
    "Status",
    "TimeRule",
    "Timeliness",
    "Unit",
    "Units",
    "WorkingCalendar",
    "allowed",
    "check_move",
    "classify",
    "due",
    "fold_text",
    "freeze",
    "is_overdue",
    "load_default_calendar",
    "load_default_catalogue",
    "load_default_units",
    "next_code",
    "parse_code",
    "provisional_code",
    "resume",
    "same_day_path",
]
