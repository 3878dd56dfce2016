"""Take in records of other communes: each stands by its own signature and by the province's list, and by nothing else.

They come after the runs of the same answer, which bring the lists and the keys. One that is not listed, or whose key is
not known, is not kept; a listed one is asked for again in the next round.
"""

from collections.abc import Iterable

from sqlite_utils import Database

from edge_node.journal.stamp import observe_header
from edge_node.projection.foreign import is_listed, note_foreign
from edge_node.projection.service import KEY_STATED, Projector
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import Office
from signing.errors import SigningError
from sync_protocol.errors import RemoteFault
from sync_protocol.frame import decode_run
from sync_protocol.record import Record, UnverifiedRecord, verify_record


def absorb_foreign(
    db: Database, services: Services, office: Office, frames: Iterable[bytes]
) -> tuple[int, list[RemoteFault]]:
    """Keep what is listed and holds; returns how many records, and what was wrong with the others."""
    problems: list[RemoteFault] = []
    records: list[UnverifiedRecord] = []
    for frame in frames:
        try:
            records += decode_run(frame).records
        except RemoteFault as error:
            problems.append(error)
    kept: list[Record] = []
    with write_transaction(db):
        # Keys first: what they signed may lie in the same answer.
        for record in sorted(records, key=lambda each: each.header.kind != KEY_STATED):
            if not is_listed(db, record.id):
                continue
            statement = services.trust.trust(db).statement(record.header.by)
            if statement is None:
                continue
            try:
                verified = verify_record(record, statement.key)
            except (RemoteFault, SigningError) as error:
                problems.append(error if isinstance(error, RemoteFault) else RemoteFault(error.reason))
                continue
            SqliteLogStore(db).keep_foreign(record)
            note_foreign(db, record.id)
            observe_header(db, verified.header, wall_ms=services.clock())
            kept.append(verified)
        Projector(db, office).take_over(record for record in kept if record.header.dossier)
    return len(kept), problems
