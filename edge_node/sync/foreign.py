"""Records of other communes, taken in and passed on within the office: each stands by its own signature and by the province's list, and by nothing else.

They come after the runs of the same answer, which bring the lists and the keys. One that is not listed, or whose key is
not known, is not kept; a listed one is asked for again in the next round. The same way brings the content of records that
are held here, when their dossier came to this unit later.
"""

from collections.abc import Iterable

from sqlite_utils import Database

from edge_node.journal.service import require_office
from edge_node.journal.stamp import observe_header
from edge_node.keyring.units import may_hold, read_genealogy
from edge_node.projection.foreign import is_listed, lacks_body, note_foreign, wanted_bodies, wanted_foreign
from edge_node.projection.service import KEY_STATED, Projector
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import Office
from signing.errors import SigningError
from sync_protocol.errors import RemoteFault
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.limits import ROUND_RUNS_MAX, ROUND_WANTED_MAX
from sync_protocol.record import Record, UnverifiedRecord, verify_record
from sync_protocol.rounds import loose_run, side_by_side


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
    late: set[str] = set()
    with write_transaction(db):
        # Keys first: what they signed may lie in the same answer.
        for record in sorted(records, key=lambda each: each.header.kind != KEY_STATED):
            is_late = record.body is not None and lacks_body(db, record.id)
            if not is_late and not is_listed(db, record.id):
                continue
            statement = services.trust.trust(db).statement(record.header.by)
            if statement is None:
                continue
            try:
                verified = verify_record(record, statement.key)
            except (RemoteFault, SigningError) as error:
                problems.append(error if isinstance(error, RemoteFault) else RemoteFault(error.reason))
                continue
            if is_late and verified.body is not None:
                SqliteLogStore(db).put_body(record.id, verified.body)
                late.add(record.id)
            else:
                SqliteLogStore(db).keep_foreign(record)
                note_foreign(db, record.id)
            observe_header(db, verified.header, wall_ms=services.clock())
            kept.append(verified)
        Projector(db, office).take_over(r for r in kept if r.header.dossier or r.id in late)
    return len(kept), problems


def lacking(db: Database, office: Office) -> list[bytes]:
    """Records that are listed for this unit and not here, then those whose content it may have by now."""
    found = wanted_foreign(db, most=ROUND_WANTED_MAX)
    room = ROUND_WANTED_MAX - len(found)
    genealogy = read_genealogy(db)
    if room and not genealogy.is_empty:
        found += wanted_bodies(db, office.unit, genealogy.scope(office.unit), most=room)
    return found


def foreign_frames(db: Database, wanted: Iterable[bytes], *, bytes_max: int) -> tuple[list[bytes], bool]:
    """What is here of the records that a colleague lacks, as frames, and whether some had no room.

    Only what the province lists for this very office is given; where its list is closed, without body. And the content of
    records of logs, where the office may have it by now. One frame at least, where there is any, since a budget that fits
    nothing would never end.
    """
    store = SqliteLogStore(db)
    may_have = may_hold(db, require_office(db))
    found: list[Record] = []
    closed: dict[str, bool] = {}
    for identity in wanted:
        row = db.conn.execute("SELECT is_closed FROM foreign_listed WHERE record = ?", (identity,)).fetchone()
        record = store.record(identity.hex())
        if record is not None and (row or (record.body is not None and may_have(record))):
            found.append(record)
            closed[record.id] = bool(row and row[0])
    frames: list[bytes] = []
    for group in side_by_side(found):
        frame = encode_run(loose_run(group, lambda record: not closed[record.id]))
        if frames and (sum(map(len, frames)) + len(frame) > bytes_max or len(frames) >= ROUND_RUNS_MAX):
            return frames, True
        frames.append(frame)
    return frames, False
