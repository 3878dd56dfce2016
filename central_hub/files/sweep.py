"""Remove ciphertext that no record refers to, and look whether what lies here is what it is called.

A file is taken only where a judged record states it, so one that no record states lost its record afterwards: a database that was
put back, a verdict that changed. Its record may still come again from the nodes. Therefore nothing goes for a long time after the
hub began another life, nothing young goes, nothing that a record held back, refused or set aside names, and nothing at all while
records wait for the judge.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from central_hub.services import Services
from central_hub.settings import get_setting, hub_epoch, put_setting
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import FILE, SET_ASIDE, STANDING
from central_hub.sync.fleet import count_unjudged
from sync_protocol.errors import LocalFault, RunInvalid
from sync_protocol.frame import decode_run
from vault import Vault

_LOG: Final = logging.getLogger(__name__)
GRACE_DAYS: Final = 30
"""How long a file that no record states is kept after its newest part was written."""
LIFE_DAYS: Final = 90
"""How long after the hub began this life (`hub_epoch`) nothing is swept: nodes may be offline for weeks and then feed it again."""
_DAY_MS: Final = 86_400_000
_SINCE: Final = "files.swept_in"
"""The life in which a sweep was first due, and when."""
_ID_DIGITS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesFound:
    """What lies in the folder against what judged records state. `absent` are on their way or at the nodes: no fault."""

    whole: int = 0
    absent: int = 0
    damaged: tuple[str, ...] = ()
    unstated: int = 0


def sweep(services: Services) -> int:
    """Remove what nobody can name any more; returns how many files went."""
    vault, now_ms = Vault(services.config.files), services.clock()
    old = [file for file, written_s in vault.listed() if now_ms - written_s * 1000 > GRACE_DAYS * _DAY_MS]
    with writing(services.engine) as connection:
        if not _is_due(connection, now_ms) or count_unjudged(connection):
            return 0
        unstated = set(old) - _stated(connection)
        unstated -= _waiting(connection, services) if unstated else set()
    for file in unstated:
        vault.remove(file)
    if unstated:
        _LOG.info("%d files that no record states were removed", len(unstated))
    return len(unstated)


def look_over(connection: Connection, services: Services, *, is_deep: bool) -> FilesFound:
    """Compare table and folder; `is_deep` reads every file. Changes nothing."""
    vault = Vault(services.config.files)
    whole, absent, damaged = 0, 0, []
    sizes = {
        row[0].hex(): row[1]
        for row in connection.execute(select(FILE.c.file, func.max(FILE.c.size)).group_by(FILE.c.file))
    }
    for file, size in sizes.items():
        if not vault.path(file).exists():
            absent += 1
        elif vault.has(file, size) and (not is_deep or _is_sound(vault, file)):
            whole += 1
        else:
            damaged.append(file)
    unstated = sum(file not in sizes for file, _ in vault.listed())
    return FilesFound(whole=whole, absent=absent, damaged=tuple(damaged), unstated=unstated)


def drop_damaged(services: Services) -> int:
    """Take away what is not what it is called; the nodes that hold it send it again when they next look. How many went."""
    with reading(services.engine) as connection:
        damaged = look_over(connection, services, is_deep=True).damaged
    vault = Vault(services.config.files)
    for file in damaged:
        vault.remove(file)
    return len(damaged)


def _is_due(connection: Connection, now_ms: int) -> bool:
    epoch, _, since = (get_setting(connection, _SINCE) or "").partition(" ")
    if epoch != hub_epoch(connection):
        put_setting(connection, _SINCE, f"{hub_epoch(connection)} {now_ms}")
        return False
    return now_ms - int(since) > LIFE_DAYS * _DAY_MS


def _stated(connection: Connection) -> set[str]:
    return {file.hex() for file in connection.scalars(select(FILE.c.file).distinct())}


def _waiting(connection: Connection, services: Services) -> set[str]:
    """Every id that a record names which was not simply applied."""
    store, named = HubLogStore(connection, services.opened), set[str]()
    for record_id in connection.scalars(select(STANDING.c.record)).all():
        record = store.record(record_id)
        if record is not None:
            named.update(_ids(record.header.facts))
    for frame in connection.scalars(select(SET_ASIDE.c.frame)).all():
        try:
            run = decode_run(frame)
        except RunInvalid:
            continue
        for each in run.records:
            named.update(_ids(each.header.facts))
    return named


def _ids(facts: Any) -> Iterator[str]:
    """Whatever may be a file's id in the facts of a record, of kinds not known here too."""
    if isinstance(facts, str):
        if len(facts) == _ID_DIGITS:
            yield facts
    elif isinstance(facts, dict):
        for each in facts.values():
            yield from _ids(each)
    elif isinstance(facts, list | tuple):
        for each in facts:
            yield from _ids(each)


def _is_sound(vault: Vault, file: str) -> bool:
    try:
        return vault.hash_of(file) == file
    except (OSError, LocalFault):
        return False
