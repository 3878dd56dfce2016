"""What the technician may set: one frozen value from `motcua-node.toml` and the environment; nobody else reads either.

Precedence: environment (`MOTCUA_NODE_<NAME>`), then the file in the data folder, then the defaults here. What enrolment
brings (unit, province, hub address) is no setting; it is kept in the database (`store.local`).
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

FILE_NAME: Final = "motcua-node.toml"
ENVIRONMENT_PREFIX: Final = "MOTCUA_NODE_"
DATA_VARIABLE: Final = ENVIRONMENT_PREFIX + "DATA"


class ConfigInvalid(Exception):
    """A setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConfig:
    """Every setting of a node, with its default.

    Attributes:
        data: folder of database, keys, backups; not inside a user's or a cloud folder.
        host, port: where the browser finds the node; 0.0.0.0 lets the office's other PCs in.
        https: whether browsers reach the node by https (behind a proxy); cookies are `Secure` exactly then.
        threads: requests served at once.
        language: `vi` or `en`, for whoever has not chosen one.
        hub_url: overrides the address that enrolment kept.
        office_address, office_phone: of the one-stop desk, as papers print them.
        lookup_address: where the applicant looks up progress, as slips print it.
        verify_address: where others check a paper's code, as papers print it; else the hub's address, if it has a name.
        sync_every_s: time between syncs while the line is up (varied a little).
        probe_every_s: time between looks whether the line is back.
        answer_within_s: how long a line may stay silent until the exchange is given up and tried again.
        lan_host, lan_port: where the office's other PCs find this one, once the unit administrator has switched that on.
        lan_every_s: time between meetings with them.
        lan_discovery: whether this PC announces itself on the office network (unit code and part of its key's id) and finds the others.
        idle_lock_minutes: an officer's key is locked again after so long without a request.
        pin_memory_mb: argon2id memory of one unlock.
        backups_kept: daily backups kept (2 to 7).
        backup_files_mb: how much of the files that the province does not hold yet goes into each backup; 0 is none.
        relay_mb: how much room parcels of other units may take that this PC carries for them; 0 carries none.
        reserve_mb: size of the file that is given up when the disk is full.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8480
    https: bool = False
    threads: int = 6
    language: str = "vi"
    hub_url: str = ""
    office_address: str = ""
    office_phone: str = ""
    lookup_address: str = ""
    verify_address: str = ""
    sync_every_s: int = 300
    probe_every_s: int = 20
    answer_within_s: int = 90
    lan_host: str = "0.0.0.0"  # noqa: S104 — nothing listens there until it is switched on
    lan_port: int = 8481
    lan_every_s: int = 20
    lan_discovery: bool = True
    idle_lock_minutes: int = 15
    pin_memory_mb: int = 64
    backups_kept: int = 7
    backup_files_mb: int = 1_024
    relay_mb: int = 512
    reserve_mb: int = 50

    @property
    def database(self) -> Path:
        return self.data / "node.db"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def relayed(self) -> Path:
        return self.data / "relayed"

    @property
    def reserve(self) -> Path:
        return self.data / "reserve.bin"


def default_data() -> Path:
    """Where a node keeps its data unless told otherwise."""
    chosen = os.environ.get(DATA_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Motcua"
    return Path("/var/lib/motcua-node")


def load_config(data: Path, environment: Mapping[str, str] | None = None) -> EdgeConfig:
    """Read the settings of the node whose data folder is `data`; raises ConfigInvalid."""
    environment = os.environ if environment is None else environment
    path = data / FILE_NAME
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path}: {error}") from error
    known = {field.name: field.type for field in fields(EdgeConfig) if field.name != "data"}
    unknown = found.keys() - known.keys()
    if unknown:
        raise ConfigInvalid(f"{path}: {', '.join(sorted(unknown))}")
    values: dict[str, object] = dict(found)
    for name in known:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if variable in environment:
            values[name] = environment[variable]
    checked = {name: _typed(name, known[name], value) for name, value in values.items()}
    return _bounded(EdgeConfig(data=data, **checked))  # type: ignore[arg-type]


def write_template(data: Path) -> None:
    """Put a settings file with every default, as comments, where there is none yet."""
    path = data / FILE_NAME
    if path.exists():
        return
    lines = ["# Cài đặt máy trạm Motcua. Bỏ dấu # ở đầu dòng để thay đổi; khởi động lại để áp dụng.", ""]
    for field in fields(EdgeConfig):
        if field.name != "data":
            value = field.default
            text = f'"{value}"' if isinstance(value, str) else str(value).lower()
            lines.append(f"# {field.name} = {text}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _typed(name: str, kind: object, value: object) -> object:
    if isinstance(value, str) and kind is not str:
        value = _parsed(name, kind, value)
    if type(value) is not kind:
        raise ConfigInvalid(f"{name} = {value!r}")
    return value


def _parsed(name: str, kind: object, text: str) -> object:
    if kind is bool and text.lower() in ("1", "true", "yes", "0", "false", "no"):
        return text.lower() in ("1", "true", "yes")
    try:
        return int(text)
    except ValueError as error:
        raise ConfigInvalid(f"{name} = {text!r}") from error


_BOUNDS: Final = {
    "port": (1, 65_535),
    "threads": (2, 64),
    "sync_every_s": (5, 86_400),
    "probe_every_s": (1, 3_600),
    "answer_within_s": (2, 600),
    "lan_port": (1, 65_535),
    "lan_every_s": (1, 3_600),
    "idle_lock_minutes": (1, 480),
    "pin_memory_mb": (8, 1_024),
    "backups_kept": (2, 7),
    "backup_files_mb": (0, 65_536),
    "relay_mb": (0, 65_536),
    "reserve_mb": (1, 1_024),
}


def _bounded(config: EdgeConfig) -> EdgeConfig:
    for name, (least, most) in _BOUNDS.items():
        if not least <= getattr(config, name) <= most:
            raise ConfigInvalid(f"{name} = {getattr(config, name)}; {least}…{most}")
    if config.language not in ("vi", "en"):
        raise ConfigInvalid(f"language = {config.language!r}")
    return config
