"""HubConfig: one frozen value from defaults, `motcua-hub.toml` in the data folder, and MOTCUA_HUB_* in the environment.

Nobody else reads either. Later ones win; an unknown setting is an error, because a mistyped one would be silently the
default.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from central_hub.store.engine import sqlite_url

CONFIG_NAME = "motcua-hub.toml"
ENVIRONMENT_PREFIX = "MOTCUA_HUB_"
_SILENT_HOURS_MAX = 720


class ConfigInvalid(ValueError):
    """A setting that does not exist, or a value of another type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """How this hub is set up.

    Attributes:
        data: the folder with database, keys and back-ups.
        database: "" is SQLite in the data folder; else the address of a PostgreSQL database, `postgresql://user@server/name`.
        host, port: where browsers and nodes find the hub.
        tls: serve https with the hub's own certificate; off only for loopback.
        names: further host names and addresses of this hub, separated by commas, for its certificate.
        workers, threads: web worker processes, and requests that each serves at once.
        language: `vi` or `en`, for whoever has not chosen one.
        metrics_token: bearer token for /metrics from elsewhere than loopback; "" is loopback only.
        public_statistics: whether /api/v1/statistics answers without a log-in.
        lease_size: how many dossier numbers a device is leased at a time.
        next_sync_after_s: what nodes are told to wait between rounds.
        enrolment_days: how long an enrolment code is good.
        session_hours: how long a log-in lasts.
        backup_daily_keep: daily backups kept.
        files_free_mb: files of dossiers are not taken while less room than this is free, so that records can be kept.
        silent_after_hours: a PC not heard for longer counts as silent (1 to 720).
        files_quota_mb: how much room all files of dossiers may take; 0 is as much as there is.
        judge_batch_records: how many records are judged in one transaction.
        checkpoint_every_s: the province's log signs no checkpoint sooner than this after the last.
        tail_wait_days: after so many days without a record that a restored hub's log still lacks, another origin may be opened.
        verify_threads: threads that verify signatures, each with a process of its own when there is much to do.
    """

    data: Path
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8443
    tls: bool = True
    names: str = ""
    workers: int = 1
    threads: int = 8
    language: str = "vi"
    metrics_token: str = ""
    public_statistics: bool = False
    lease_size: int = 500
    next_sync_after_s: int = 300
    enrolment_days: int = 7
    session_hours: int = 10
    backup_daily_keep: int = 7
    files_free_mb: int = 2048
    silent_after_hours: int = 24
    files_quota_mb: int = 0
    judge_batch_records: int = 4096
    verify_threads: int = 1
    checkpoint_every_s: int = 10
    tail_wait_days: int = 14

    @property
    def silent_after_ms(self) -> int:
        return self.silent_after_hours * 3_600_000

    @property
    def database_url(self) -> str:
        return self.database or sqlite_url(self.data / "hub.db")

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def tree(self) -> Path:
        """The files of the province's log: outside the database, in no back-up, never put back."""
        return self.data / "tree"

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def relayed(self) -> Path:
        """Parts of parcels on their way by another PC; in no back-up, since whoever sent them has what is in them."""
        return self.data / "relayed"

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    @classmethod
    def load(cls, data: Path, *, environment: Mapping[str, str] | None = None, **overrides: Any) -> Self:
        """Read the settings of a data folder; `overrides` (from the command line) win, None among them is left out."""
        settings = _from_file(data / CONFIG_NAME)
        settings |= _from_environment(os.environ if environment is None else environment)
        settings |= {name: value for name, value in overrides.items() if value is not None}
        return cls._checked(data, settings)

    @classmethod
    def _checked(cls, data: Path, settings: dict[str, Any]) -> Self:
        kinds = {field.name: field.type for field in fields(cls) if field.name != "data"}
        unknown = sorted(set(settings) - set(kinds))
        if unknown:
            raise ConfigInvalid(f"unknown settings: {', '.join(unknown)}")
        values = {name: _typed(name, value, kinds[name]) for name, value in settings.items()}
        if not 1 <= values.get("silent_after_hours", 24) <= _SILENT_HOURS_MAX:
            raise ConfigInvalid(f"silent_after_hours: 1 to {_SILENT_HOURS_MAX}")
        return replace(cls(data=data.resolve()), **values)


def default_data_folder() -> Path:
    """Where a hub lives when nobody says otherwise."""
    named = os.environ.get(f"{ENVIRONMENT_PREFIX}DATA")
    return Path(named) if named else Path("/var/lib/motcua-hub")


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{path}: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    named = {name.removeprefix(ENVIRONMENT_PREFIX).lower(): value for name, value in environment.items()
             if name.startswith(ENVIRONMENT_PREFIX)}  # fmt: skip
    named.pop("data", None)
    return named


def _typed(name: str, value: Any, kind: Any) -> Any:
    if kind is bool and isinstance(value, str):
        if value.lower() not in {"0", "1", "true", "false"}:
            raise ConfigInvalid(f"{name}: true or false, not {value!r}")
        return value.lower() in {"1", "true"}
    if kind is int and isinstance(value, str):
        try:
            return int(value)
        except ValueError as error:
            raise ConfigInvalid(f"{name}: a whole number, not {value!r}") from error
    if type(value) is not kind:
        raise ConfigInvalid(f"{name}: {kind.__name__}, not {value!r}")
    return value
