"""The hub's signed words that it holds files: taken from whoever brings them, passed on to the office's other PCs.

A word is believed under the hub's key alone, and only of the hub's present life. One that another has replaced for every file goes.
"""

import logging
from collections.abc import Iterable
from typing import Final

from sqlite_utils import Database

from edge_node.files.copies import hub_epoch_of, note_at_hub
from edge_node.services import Services
from edge_node.store import write_transaction
from sync_protocol.errors import RemoteFault
from sync_protocol.files_held import FilesHeld, open_files_held
from sync_protocol.lan_files import WORDS_MAX

_LOG: Final = logging.getLogger(__name__)


def take_words(db: Database, services: Services, words: Iterable[bytes]) -> int:
    """Keep what the hub said; returns of how many files that was news."""
    hub, news = services.trust.trust(db).bundle.hub.key, 0
    for signed in words:
        if not signed or db.conn.execute("SELECT 1 FROM file_word WHERE signed = ?", (signed,)).fetchone():
            continue
        try:
            held = open_files_held(signed, hub)
        except RemoteFault as fault:
            _LOG.warning("a word of files that the province has not signed: %s", fault)
            continue
        if held.epoch.hex() == hub_epoch_of(db):
            news += _keep(db, signed, held)
    return news


def words_of(db: Database, files: Iterable[bytes]) -> list[bytes]:
    """The fewest words kept that speak of these files, of the hub's present life."""
    found: dict[int, bytes] = {}
    epoch = hub_epoch_of(db)
    for file in files:
        row = db.conn.execute(
            "SELECT file_word.number, signed FROM file_word_of JOIN file_word ON file_word.number = file_word_of.word "
            "JOIN file_copy ON file_copy.file = file_word_of.file AND file_copy.hub_epoch = ?1 "
            "WHERE file_word_of.file = ?2",
            (epoch, file),
        ).fetchone()
        if row is not None:
            found[row[0]] = bytes(row[1])
    return list(found.values())[:WORDS_MAX]


def _keep(db: Database, signed: bytes, held: FilesHeld) -> int:
    """What an earlier word said does not come back: the hub may have lost a file since, and said so."""
    news, epoch = 0, held.epoch.hex()
    with write_transaction(db):
        later = [file for file in held.files if _last_word(db, file) < held.at]
        if not later:
            return 0
        number = db.conn.execute(
            "INSERT INTO file_word (at, signed) VALUES (?, ?)", (held.at, signed)
        ).lastrowid
        for file in later:
            row = db.conn.execute("SELECT hub_epoch FROM file_copy WHERE file = ?", (file,)).fetchone()
            news += row is None or row[0] != epoch
            db.conn.execute(
                "INSERT INTO file_word_of (file, word) VALUES (?1, ?2) ON CONFLICT (file) DO UPDATE SET word = ?2",
                (file, number),
            )
            note_at_hub(db, file.hex(), hub_epoch=epoch)
        db.conn.execute("DELETE FROM file_word WHERE number NOT IN (SELECT word FROM file_word_of)")
    return news


def _last_word(db: Database, file: bytes) -> int:
    row = db.conn.execute(
        "SELECT at FROM file_word_of JOIN file_word ON file_word.number = file_word_of.word WHERE file = ?",
        (file,),
    ).fetchone()
    return -1 if row is None else int(row[0])
