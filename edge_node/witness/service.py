"""The witness's work in a round: what to say of the log, and what to make of the answer.

The newest checkpoint that was checked is a file outside the database (`state`); how far own records are proven, and the
cosignature that waits to be sent, are in it, since losing them costs one more proof. A checkpoint that does not continue
the one held is refused: the one held stays, both are kept as evidence, an alert stands until a person has looked, and the
hub is told with its own signature.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Final, Protocol

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts, write_transaction
from edge_node.store.local import Office, forget_local, read_local, write_local
from edge_node.sync.receipt import forget_places, receipted, receipted_place
from edge_node.witness.places import keep_places, leaf_hashes, note_asked, wishes
from edge_node.witness.state import keep_evidence, read_seen, write_seen
from edge_node.witness.status import forget_status
from edge_node.witness.steps import forget_steps, forget_wanted, keep_step, wanted_step
from signing.bundles import TrustBundle
from signing.errors import LogInvalid
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.note import Note
from signing.tlog.policy import NONE
from sync_protocol import limits
from sync_protocol.wire import Inclusion, RoundAnswer, Unproven, tree_mark
from sync_protocol.witness import witness_key

_LOG: Final = logging.getLogger(__name__)
_COSIGNATURE: Final = "witness.cosignature"
_PROVEN: Final = "witness.proven."
_WITNESSED: Final = "witness.witnessed."
_MARKS: Final = (_PROVEN, _WITNESSED)
_DOUBT: Final = "witness.doubted"
_WAITING: Final = "witness.waiting_since"
_ONE_AT_A_TIME: Final = threading.Lock()
UNPROVEN_MS_MAX: Final = 7 * 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What a request says of the province's log."""

    tree: bytes = b""
    cosignature: bytes = b""
    unproven: list[Unproven] = field(default_factory=list)
    evidence: bytes = b""
    unwitnessed: list[Unproven] = field(default_factory=list)


def testimony(db: Database, services: Services, office: Office) -> Testimony:
    """What to say in the next request."""
    seen = read_seen(services.config.keys)
    bridge = wanted_step(db)
    if seen is not None and bridge:
        return Testimony(tree=bridge)  # for a colleague: a step from where it stands
    asks_witnesses = _asks_witnesses(services, db)
    unproven = [(log, first) for log, first, _ in _unproven(db, office)]
    wanted = wishes(db, limit=limits.INCLUSIONS_MAX)
    unwitnessed = (
        [(log, first) for log, first, _ in _unproven(db, office, _WITNESSED)] if asks_witnesses else []
    )
    (unwitnessed if asks_witnesses else unproven).extend(each for each in wanted if each not in unproven)
    asked, quorum = (_wire(each) for each in (unproven, unwitnessed))
    if seen is None:
        return Testimony(unproven=asked, unwitnessed=quorum)
    head, note = seen
    is_contradicted = any(alert.code in alerts.LOG_ALERTS for alert in alerts.list_alerts(db))
    return Testimony(
        tree=tree_mark(head.size, head.root),
        cosignature=(read_local(db, _COSIGNATURE) or "").encode(),
        unproven=asked,
        evidence=note if is_contradicted else b"",
        unwitnessed=quorum,
    )


def _wire(asked: list[tuple[str, int]]) -> list[Unproven]:
    return [Unproven(bytes.fromhex(log), first) for log, first in asked[: limits.INCLUSIONS_MAX]]


def _asks_witnesses(services: Services, db: Database) -> bool:
    """Whether the roots' policy believes a checkpoint only with cosignatures of others."""
    policy = services.trust.trust(db).bundle.policy
    return policy is not None and policy.quorum != NONE


def take_answer(
    db: Database,
    services: Services,
    office: Office,
    answer: RoundAnswer,
    *,
    asked_from: bytes,
    cosigned: bytes = b"",
    is_late: bool = False,
) -> None:
    """Check what the hub shows of its log, remember it, and prepare the cosignature.

    An answer that came in a parcel (`is_late`) may be older than what is held, and its proof may begin elsewhere: what does
    not fit is passed over, and only two roots for one size are two histories. The same holds where this PC has seen another
    checkpoint since it asked: a command may sync beside the running node, or a colleague brought one. `asked_from` is the mark
    that the request named, `cosigned` the cosignature that it carried.
    """
    if asked_from and asked_from == wanted_step(db):
        _take_bridge(db, services, answer, asked_from)
        return
    if not is_late:
        _forget_sent(db, cosigned)
    try:
        if answer.checkpoint:
            _take_checkpoint(db, services, office, answer, asked_from=None if is_late else asked_from)
        seen = read_seen(services.config.keys)
        if seen is not None:
            wanted = wishes(db, limit=limits.INCLUSIONS_MAX)
            _take_inclusions(db, services, seen, answer.inclusions[: limits.INCLUSIONS_MAX])
            _take_witnessed(db, services, answer)
            if not is_late:
                note_asked(db, wanted)
            _watch_waiting(db, services, office)
    except OSError as error:
        _LOG.error("the checkpoint could not be kept, so it is not cosigned: %s", error)


def _forget_sent(db: Database, cosigned: bytes) -> None:
    """The request with this cosignature was answered; another one may have been given since, and has yet to go."""
    with write_transaction(db):
        if cosigned and (read_local(db, _COSIGNATURE) or "").encode() == cosigned:
            forget_local(db, _COSIGNATURE)


def own_unproven(db: Database, services: Services, office: Office) -> list[Unproven]:
    """Records whose place is not known here: own ones without one that a proof can use, and those wished for."""
    mark = _WITNESSED if _asks_witnesses(services, db) else _PROVEN
    found = [(log, first) for log, first, _ in _unproven(db, office, mark)]
    found.extend(each for each in wishes(db, limit=limits.INCLUSIONS_MAX) if each not in found)
    return [Unproven(bytes.fromhex(log), first) for log, first in found]


def take_step(db: Database, services: Services, office: Office, note: bytes, proof: list[bytes]) -> None:
    """A step of the log that a colleague has: checked as if it came from the province, and late. Raises OSError."""
    _take_checkpoint(db, services, office, RoundTree(checkpoint=note, consistency=proof), asked_from=None)


def take_places(db: Database, services: Services, note: bytes, inclusions: list[Inclusion]) -> None:
    """Places of records that a colleague was shown: kept under a checkpoint that the policy believes, for proofs."""
    policy = services.trust.trust(db).bundle.policy
    seen = read_seen(services.config.keys)
    if policy is None or seen is None or len(note) > limits.CHECKPOINT_SIZE_BYTES_MAX:
        return
    try:
        head = policy.open(Note.parse(note)).checkpoint
    except LogInvalid as error:
        _LOG.warning("places under a checkpoint that the policy does not believe: %s", error)
        return
    if head.origin != seen[0].origin or head.size > seen[0].size:
        return
    for each in inclusions[: limits.INCLUSIONS_MAX]:
        if _holds(db, head, each):
            for mark in _MARKS:
                _move_on(db, mark, each)
            _keep(db, each, head.size, note)


def _take_bridge(db: Database, services: Services, answer: RoundAnswer, start: bytes) -> None:
    """The step for a colleague that this sync asked for; the colleague checks it."""
    forget_wanted(db, start)
    policy = services.trust.trust(db).bundle.policy
    if policy is None or not answer.checkpoint or len(answer.checkpoint) > limits.CHECKPOINT_SIZE_BYTES_MAX:
        return
    try:
        head = policy.open_unwitnessed(Note.parse(answer.checkpoint))
    except LogInvalid as error:
        _LOG.warning("a checkpoint that the province's log has not signed: %s", error)
        return
    stop = tree_mark(head.size, head.root)
    keep_step(db, start=start, stop=stop, note=answer.checkpoint, proof=answer.consistency)


# --- checkpoints ---


class Shown(Protocol):
    """What somebody shows of the log's newest checkpoint: the province in an answer, or a colleague."""

    @property
    def checkpoint(self) -> bytes: ...
    @property
    def consistency(self) -> list[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTree:
    """A checkpoint and its proof, as a colleague shows them."""

    checkpoint: bytes
    consistency: list[bytes]


def _take_checkpoint(
    db: Database, services: Services, office: Office, answer: Shown, *, asked_from: bytes | None
) -> None:
    """Take a checkpoint if it continues the one held. `asked_from`: the mark of the checkpoint from which the province was asked,
    None where nobody knows.

    One at a time: a sync and colleagues may bring one at the same moment, and whoever has looked at the one held must find
    it still held when the next one is written.
    """
    with _ONE_AT_A_TIME:
        seen = read_seen(services.config.keys)
        mark = tree_mark(seen[0].size, seen[0].root) if seen else b""
        _take_next(db, services, office, answer, seen, is_late=asked_from != mark)


def _take_next(
    db: Database,
    services: Services,
    office: Office,
    answer: Shown,
    seen: tuple[Checkpoint, bytes] | None,
    *,
    is_late: bool,
) -> None:
    now, folder = services.clock(), services.config.keys
    bundle = services.trust.trust(db).bundle
    policy = bundle.policy
    try:
        if policy is None or len(answer.checkpoint) > limits.CHECKPOINT_SIZE_BYTES_MAX:
            raise LogInvalid("the roots name no log, or the note is too long")
        head = policy.open_unwitnessed(Note.parse(answer.checkpoint))
    except LogInvalid as error:
        _LOG.warning("a checkpoint that the province's log has not signed: %s", error)
        return
    if any(each.origin == head.origin for each in bundle.continued):
        _LOG.warning("a checkpoint of %s, which another log continues", head.origin)
        return
    if seen is not None and seen[0].origin != head.origin:
        if not _succeeds(db, services, bundle, seen, head, answer, is_late=is_late):
            return
        _begin_anew(db, office)
        write_seen(folder, answer.checkpoint)
    if seen is not None and seen[0].origin == head.origin:
        held, note = seen
        if is_late and head.size != held.size and not _continues(held, head, answer):
            return
        if head.size < held.size:
            # Not yet two histories, but a log that forgot what it signed: told to the hub with its own signature.
            detail = f"shown {head.size} leaves after {held.size}"
            alerts.raise_alert(db, alerts.LOG_BEHIND, now=now, detail=detail)
            return
        # To one of the same size nothing leads but equality: a late answer's proof begins at an earlier one.
        proof = [] if is_late and head.size == held.size else answer.consistency
        try:
            merkle.verify_consistency(held.size, held.root, head.size, head.root, proof)
        except LogInvalid as error:
            if head.size == held.size or _is_doubted_again(db, held):
                _tell_split(db, services, note, answer, str(error))
            return
        _forget_doubt(db)
        alerts.clear_alert(db, alerts.LOG_BEHIND)
    if seen is not None and any(alert.code == alerts.LOG_SPLIT for alert in alerts.list_alerts(db)):
        return  # whoever has shown two histories is not vouched for until a person has looked
    write_seen(folder, answer.checkpoint)
    if seen is not None and seen[0].origin == head.origin:
        start, stop = (tree_mark(each.size, each.root) for each in (seen[0], head))
        keep_step(db, start=start, stop=stop, note=answer.checkpoint, proof=answer.consistency)
    _cosign(db, services, office, head)


def cosign_again(db: Database, services: Services, office: Office) -> None:
    """A hub that was put back has lost what witnesses said of the checkpoint that its files still show: say it once more."""
    seen = read_seen(services.config.keys)
    if seen is not None and not any(alert.code in alerts.LOG_ALERTS for alert in alerts.list_alerts(db)):
        _cosign(db, services, office, seen[0])


def _cosign(db: Database, services: Services, office: Office, head: Checkpoint) -> None:
    device = services.keyring.device
    name = witness_key(office.province, device.public).name
    write_local(db, _COSIGNATURE, str(cosign(head, name, max(0, services.clock() // 1000), device)))


def _succeeds(
    db: Database,
    services: Services,
    bundle: TrustBundle,
    seen: tuple[Checkpoint, bytes],
    head: Checkpoint,
    answer: Shown,
    *,
    is_late: bool,
) -> bool:
    """Whether the log of another origin goes on from the one held, as the roots say.

    What the new log begins with was in the old one, so up to there it must prove that nothing changed. A checkpoint held beyond
    the last one that the roots name was hidden from them: kept as evidence, and told until a person has looked.
    """
    held, note = seen
    ended = next((each for each in bundle.continued if each.origin == held.origin), None)
    if ended is None or not _leads_to(bundle, ended.by, head.origin):
        _LOG.warning("a checkpoint of %s, which the roots do not let continue %s", head.origin, held.origin)
        return False
    is_kept = held.size <= ended.kept and ended.by == head.origin
    if is_kept and held.size and not _continues(held, head, answer):
        if not is_late:
            _tell_split(db, services, note, answer, "the log that continues has another beginning")
        return False
    if held.size > ended.size or (held.size == ended.size and held.root.hex() != ended.root):
        _tell_split(
            db, services, note, answer, f"{held.size} leaves were signed, the roots were told of {ended.size}"
        )
    else:
        alerts.clear_alert(db, alerts.LOG_BEHIND)
    return True


def _leads_to(bundle: TrustBundle, origin: str, wanted: str) -> bool:
    """Whether the log `origin` is the wanted one, or was continued until it."""
    for each in bundle.continued:
        if each.origin == origin:
            origin = each.by
    return origin == wanted


def _tell_split(db: Database, services: Services, note: bytes, answer: Shown, detail: str) -> None:
    now = services.clock()
    path = keep_evidence(
        services.config.keys, held=note, shown=answer.checkpoint, consistency=answer.consistency, now=now
    )
    alerts.raise_alert(db, alerts.LOG_SPLIT, now=now, detail=f"{detail}; evidence: {path.name}")
    _LOG.critical("the province's log shows two histories; evidence: %s", path.name)


def _is_doubted_again(db: Database, held: Checkpoint) -> bool:
    """Whether the way on from this checkpoint was not proven before either.

    Two roots for one size are two histories. A proof that leads elsewhere may have been damaged on the way, as nothing signs it:
    the province is asked once more before anybody is accused.
    """
    mark = tree_mark(held.size, held.root).hex()
    if read_local(db, _DOUBT) == mark:
        return True
    write_local(db, _DOUBT, mark)
    _LOG.warning(
        "the province's log did not prove how it goes on from %s leaves; it is asked again", held.size
    )
    return False


def _forget_doubt(db: Database) -> None:
    if read_local(db, _DOUBT):
        forget_local(db, _DOUBT)


def _begin_anew(db: Database, office: Office) -> None:
    """Another log: every own record is shown again, and a cosignature of the old one is nobody's any more."""
    forget_local(db, _COSIGNATURE)
    forget_status(db)
    forget_steps(db)
    forget_places(db)
    for log in SqliteLogStore(db).logs_of(device=office.device):
        for mark in _MARKS:
            if read_local(db, mark + log):
                forget_local(db, mark + log)


def _continues(held: Checkpoint, head: Checkpoint, answer: Shown) -> bool:
    try:
        merkle.verify_consistency(held.size, held.root, head.size, head.root, answer.consistency)
    except LogInvalid:
        return False
    return True


# --- own records ---


def _unproven(db: Database, office: Office, mark: str = _PROVEN) -> list[tuple[str, int, int]]:
    """Own logs with receipted records that are not proven: log, first of them, how many the hub holds."""
    found = []
    held, store = receipted(db), SqliteLogStore(db)
    for log in store.logs_of(device=office.device):
        entry = held.get(log)
        proven = _proven(db, store, log, mark)
        if entry is not None and proven < entry.length:
            found.append((log, proven, entry.length))
    return found


def _take_inclusions(
    db: Database, services: Services, seen: tuple[Checkpoint, bytes], inclusions: list[Inclusion]
) -> None:
    """Check places under the newest checkpoint; kept for proofs where it makes the quorum by itself."""
    head, note = seen
    keeps = not _asks_witnesses(services, db)
    for each in inclusions:
        if _holds(db, head, each):
            _move_on(db, _PROVEN, each)
            if keeps:
                _keep(db, each, head.size, note)


def _take_witnessed(db: Database, services: Services, answer: RoundAnswer) -> None:
    """Check places under a checkpoint that others have cosigned, and keep them for proofs."""
    policy = services.trust.trust(db).bundle.policy
    if policy is None or not answer.witnessed or len(answer.witnessed) > limits.CHECKPOINT_SIZE_BYTES_MAX:
        return
    try:
        head = policy.open(Note.parse(answer.witnessed)).checkpoint
    except LogInvalid as error:
        _LOG.warning("a checkpoint that the policy's quorum has not cosigned: %s", error)
        return
    for each in answer.witnessed_inclusions[: limits.INCLUSIONS_MAX]:
        if _holds(db, head, each):
            _move_on(db, _WITNESSED, each)
            _keep(db, each, head.size, answer.witnessed)


def _holds(db: Database, head: Checkpoint, each: Inclusion) -> bool:
    log = each.log.hex()
    if not 0 < each.count <= limits.INCLUSION_RECORDS_MAX:
        return False
    leaves = leaf_hashes(SqliteLogStore(db).span(log, each.first, stop=each.first + each.count))
    try:
        if len(leaves) != each.count:
            raise LogInvalid("more records than are held here")
        for offset in (0, each.count - 1):
            told = receipted_place(db, log, each.first + offset)
            if told not in (None, each.position + offset):
                raise LogInvalid(f"leaf {each.position + offset}, where the receipt says {told}")
        merkle.verify_range(leaves, each.position, head.size, each.proof, head.root)
    except LogInvalid as error:
        _LOG.error("the province did not prove that it logs records of %s: %s", log, error)
        return False
    return True


def _move_on(db: Database, mark: str, each: Inclusion) -> None:
    """How far a log is proven without a gap; a stretch further on says nothing about what lies before it."""
    name = mark + each.log.hex()
    if each.first == _proven(db, SqliteLogStore(db), each.log.hex(), mark):
        write_local(db, name, str(each.first + each.count))


def _keep(db: Database, each: Inclusion, size: int, note: bytes) -> None:
    keep_places(
        db,
        each.log.hex(),
        first=each.first,
        count=each.count,
        position=each.position,
        size=size,
        proof=each.proof,
        note=note,
    )


def _proven(db: Database, store: SqliteLogStore, log: str, mark: str) -> int:
    """How far the records of a log are proven; a branch has its first record where it came off."""
    entry = store.frontier([log]).get(log)
    return max(int(read_local(db, mark + log) or 0), entry.base if entry else 0)


def _watch_waiting(db: Database, services: Services, office: Office) -> None:
    """Records that the province has receipted and not logged for a week are told to a person."""
    now = services.clock()
    if not _unproven(db, office):
        if read_local(db, _WAITING):
            forget_local(db, _WAITING)
        alerts.clear_alert(db, alerts.NOT_LOGGED)
        return
    since = read_local(db, _WAITING)
    if since is None:
        write_local(db, _WAITING, str(now))
    elif now - int(since) > UNPROVEN_MS_MAX:
        count = sum(held - first for _, first, held in _unproven(db, office))
        alerts.raise_alert(db, alerts.NOT_LOGGED, now=now, detail=f"{count} records without proof")
