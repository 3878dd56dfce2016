"""The share of dossiers that shall be in time: one number of the province, changed by its administrator."""

from fractions import Fraction

from sqlalchemy import Connection

from central_hub.settings import get_setting, put_setting

_NAME = "target_on_time"
_USUAL = Fraction(95, 100)


def on_time_target(connection: Connection) -> Fraction:
    """The target, as a ratio."""
    stored = get_setting(connection, _NAME)
    return Fraction(stored) if stored else _USUAL


def set_on_time_target(connection: Connection, target: Fraction) -> None:
    """Set the target; ValueError outside (0, 1]."""
    if not 0 < target <= 1:
        raise ValueError(f"{target} is no share")
    put_setting(connection, _NAME, str(target))
