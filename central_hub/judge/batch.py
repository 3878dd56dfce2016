"""What the judge takes in hand at once: stored runs, the records on trial, and what was known of them before.

Reads only; `deciding` judges, `service` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, func, select

from central_hub.copies.suspicion import count_copies, reviews_of_copies
from central_hub.judge.cuts import Cuts
from central_hub.judge.signatures import Verification
from central_hub.judge.standings import Standing
from central_hub.services import Services
from central_hub.store.record_log import FRAME, HubLogStore
from central_hub.store.tables import KEY, LOG, REORGANISATION, RUN
from dossiers.genealogy import NOTHING, Genealogy
from signing.trust import Trust
from sync_protocol.admission import Judgement, Outcome
from sync_protocol.record import UnverifiedRecord, unverified

_NOT_YET = Judgement(Outcome.PENDING)
_REORGANISATIONS = select(func.max(REORGANISATION.c.no))
_WAITING_RUNS = (
    select(
        RUN.c.no, RUN.c.log_no, RUN.c.first, RUN.c.stop,
        LOG.c.id, LOG.c.device, LOG.c.commune, LOG.c.acknowledged,
    )
    .join(LOG, RUN.c.log_no == LOG.c.no)
    .where(LOG.c.judged < LOG.c.length, RUN.c.first >= LOG.c.judged)
    .order_by(RUN.c.no)
    .limit(bindparam("most"))
)  # fmt: skip
_KEYS_SINCE = select(KEY.c.id).where(KEY.c.no > bindparam("seen")).distinct()


@dataclass(slots=True)
class StoredRun:
    """A stored run that waits for judgement."""

    no: int
    log_no: int
    log: str
    device: str
    commune: str
    stop: int
    acknowledged: int
    records: tuple[UnverifiedRecord, ...]


@dataclass(slots=True)
class Ahead:
    """Runs that were read, and their signatures on the way."""

    runs: list[StoredRun]
    trust: Trust
    verification: Verification


@dataclass(slots=True)
class Case:
    """One record on trial, with what was known of it before."""

    record: UnverifiedRecord
    log_no: int
    device: str
    holds: bool | None
    before: Standing | None = None
    judgement: Judgement = _NOT_YET


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a batch is decided on that others write, and that nobody looks at again once it is decided: which units there
    are (a new row of a dossier is in no list of those to be re-homed) and which PCs are suspected copies. Keys, cuts and
    erasures need no place here: what is decided without the newest of them is decided anew."""

    reorganisations: int
    copies: int
    reviews: frozenset[str]

    @staticmethod
    def of(connection: Connection) -> Grounds:
        """As of this transaction."""
        newest = connection.scalar(_REORGANISATIONS) or 0
        return Grounds(newest, count_copies(connection), reviews_of_copies(connection))


@dataclass(slots=True)
class Batch:
    """What one transaction will decide."""

    runs: list[StoredRun]
    cases: list[Case]
    trust: Trust
    standings: dict[str, Standing]
    cuts: Cuts
    grounds: Grounds
    suspended: frozenset[str] = frozenset()
    copies: frozenset[int] = frozenset()
    """Numbers of the logs that a suspected copy of a PC's disk writes."""
    self_reviews: frozenset[str] = frozenset()
    """Records by which a PC speaks for itself as a copy that nobody else has confirmed."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    spoiled: list[StoredRun] = field(default_factory=list)
    later: set[str] = field(default_factory=set)
    """Records of a kind or version that this program does not know: they wait, and nothing waits for them."""
    erased: dict[str, str] = field(default_factory=dict)
    """Erasure orders carried out since their dossier was folded, and that dossier."""
    rehomed: list[str] = field(default_factory=list)
    """Dossiers to fold anew because a re-organisation concerns them."""
    genealogy: Genealogy = NOTHING
    stated: dict[str, UnverifiedRecord] = field(default_factory=dict)
    """Statements of keys in the order in which they were believed: each after the one of its issuer, wherever it stands."""

    @property
    def records(self) -> int:
        return sum(len(run.records) for run in self.runs)


def in_order_of_belief(applied: Sequence[UnverifiedRecord], batch: Batch) -> list[UnverifiedRecord]:
    """These records, statements of keys among them in the order in which they were believed: the tables are read in that order."""
    wanted = {record.id for record in applied}
    believed = iter([record for record in batch.stated.values() if record.id in wanted])
    return [next(believed) if record.id in batch.stated else record for record in applied]


def still_holds(connection: Connection, batch: Batch) -> bool:
    """Whether what the batch was decided on is as it was read: its grounds, and the unsealed tails."""
    tails = [run for run in batch.runs if run.stop > run.acknowledged]
    return Grounds.of(connection) == batch.grounds and all(
        connection.execute(
            select(RUN.c.no).where(
                RUN.c.no == run.no, RUN.c.log_no == run.log_no, RUN.c.head == run.records[-1].link
            )
        ).first()
        for run in tails
    )


def stored_runs(
    connection: Connection, services: Services, records_max: int, in_hand: Sequence[int]
) -> list[StoredRun]:
    """The oldest runs that nobody judged or has in hand, as many as make a batch (at least one)."""
    runs: list[StoredRun] = []
    taken = frozenset(in_hand)
    count = 0
    waiting = connection.execute(_WAITING_RUNS, {"most": 1024 + len(in_hand)}).all()
    rows = [row for row in waiting if row.no not in taken]
    # Commune by commune, whoever waits longest first: what a PC sent in several requests is folded once.
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row.commune, row.no)
    for row in sorted(rows, key=lambda row: (first[row.commune], row.no)):
        if runs and count + row.stop - row.first > records_max:
            break
        frame = connection.execute(FRAME, {"no": row.no}).scalar_one()
        records = services.opened.open(row.no, frame)
        runs.append(
            StoredRun(
                row.no, row.log_no, row.id, row.device, row.commune, row.stop, row.acknowledged, records
            )
        )
        count += len(records)
    return runs


def spoiled_tails(runs: Sequence[StoredRun], cases: Sequence[Case]) -> list[StoredRun]:
    """Unsealed tails with a signature that does not hold: damaged on the way, so they are asked for again."""
    wrong = {(case.log_no, case.record.header.seq) for case in cases if case.holds is False}
    spoiled: list[StoredRun] = []
    logs: set[str] = set()
    for run in runs:
        is_tail = run.stop > run.acknowledged
        if run.log in logs or (is_tail and any((run.log_no, r.header.seq) in wrong for r in run.records)):
            logs.add(run.log)
            spoiled.append(run)
    return spoiled


def keys_since(connection: Connection, seen: int) -> list[str]:
    """The keys that were stated after number `seen`."""
    return list(connection.scalars(_KEYS_SINCE, {"seen": seen}))


def retried(store: HubLogStore, standings: Iterable[Standing]) -> list[Case]:
    """Records that waited, on trial again; those whose refusal is final keep it."""
    cases = []
    for standing in standings:
        if standing.retryable:
            record = store.span(standing.log, standing.seq, stop=standing.seq + 1)[0]
            held = store.held(standing.log)
            device = held.device if held else ""
            cases.append(Case(unverified(record), standing.log_no, device, None, before=standing))
    return cases
