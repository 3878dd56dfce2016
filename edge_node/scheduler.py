"""What runs by itself: syncing, meeting the office's other PCs, the daily backup, putting the disk reserve back, erasure orders. Started by `serve` and by nothing else.

Each job is a thin call to what a button or a command also calls, with a database handle of its own. Nothing is kept
between starts: after a restart everything is due at once.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from sqlite_utils import Database

from edge_node import reasons
from edge_node.backup.service import backup_if_due
from edge_node.enrolment.epochs import open_log_if_due
from edge_node.enrolment.successor import follow
from edge_node.erasure.service import carry_out, scrub
from edge_node.lan.door import Door
from edge_node.lan.lookout import Lookout
from edge_node.lan.peers import Peer, is_on, list_peers, note_fault
from edge_node.lan.rhythm import Rhythm
from edge_node.lan.service import meet_peer, office_mark
from edge_node.services import Services
from edge_node.store import StorageFull, open_database
from edge_node.store.connection import is_full
from edge_node.store.local import Office, read_local, read_office
from edge_node.sync.plan import Plan
from edge_node.sync.runner import NEXT_AFTER
from edge_node.sync.service import hub_line, sync_now
from edge_node.sync.status import read_status
from edge_node.sync.voice import Voice
from sync_protocol.reasons import LINE_DOWN

_LOG: Final = logging.getLogger(__name__)
TICK_S: Final = 5
LAN_TICK_S: Final = 2
CRY_EVERY_S: Final = 600
SYNC: Final = "sync"
BACKUP_EVERY_S: Final = 1800
SPACE_EVERY_S: Final = 30
ERASURE_EVERY_S: Final = 20
WISH_S_MAX: Final = 60 * 60
"""The hub may ask for so much patience and no more."""


class Schedule:
    """The jobs of one running node."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._plan = Plan()
        self._last_ended = -1e9
        self._door = Door(services)
        self._lookout = Lookout(services)
        self._voice = Voice(services)
        self._cried = -1e9
        self._rhythms: dict[str, Rhythm] = {}
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
        )
        self._stopping = threading.Event()

    def start(self) -> None:
        tick_s = min(TICK_S, self._services.config.probe_every_s)
        for name, job, seconds in (
            (SYNC, self.sync_tick, tick_s),
            ("lan", self.lan_tick, min(LAN_TICK_S, self._services.config.lan_every_s)),
            ("backup", self.backup_tick, BACKUP_EVERY_S),
            ("space", self.space_tick, SPACE_EVERY_S),
            ("erasure", self.erasure_tick, ERASURE_EVERY_S),
        ):
            self._scheduler.add_job(self._guarded(name, job), "interval", seconds=seconds, id=name)
        self._scheduler.start()

    def stop(self) -> None:
        self._stopping.set()
        self._scheduler.shutdown(wait=False)
        self._door.close()
        self._lookout.close()

    def sync_tick(self, db: Database) -> None:
        """Sync if it is time, or if the line has come back."""
        services, now = self._services, self._services.monotonic()
        office = read_office(db)
        if office is None or self._stopping.is_set():
            return
        if self._plan.is_line_down:
            if not self._is_door_open(office):
                return
            _LOG.info("the line is back")
            self._plan = Plan()
        status = read_status(db, now=services.clock())
        # What a colleague wrote goes with the regular sync: by then its own PC has mostly delivered it.
        waiting = status.waiting - status.others
        if self._plan.wants_sync(now=now, waiting=waiting, last_ended=self._last_ended):
            self._voice.listen(db)
            self._sync(db)

    def _cry_out(self, problem: str) -> None:
        """A sync that broke off by a fault of this PC itself: the province hears of it by the beacon's own path."""
        now = self._services.monotonic()
        if self._voice.office is None or now - self._cried < CRY_EVERY_S:
            return
        self._cried = now
        line = hub_line(self._services, self._voice.office)
        try:
            self._voice.say(line, problem=problem)
        finally:
            line.close()

    def _is_door_open(self, office: Office) -> bool:
        line = hub_line(self._services, office)
        try:
            return line.is_up()
        finally:
            line.close()

    def _sync(self, db: Database) -> None:
        services = self._services
        result = sync_now(db, services)
        now = self._last_ended = services.monotonic()
        draw = services.random_bytes(1)[0] / 256
        if result.problem is None:
            self._plan = self._plan.after_success(now=now, every_s=self._interval(db), draw=draw)
            return
        _LOG.info("sync stopped: %s %s", result.problem.code, result.detail)
        self._plan = self._plan.after_failure(
            now=now,
            is_line_down=result.problem is LINE_DOWN,
            retry_after_s=result.retry_after_s,
            draw=draw,
        )

    def _interval(self, db: Database) -> float:
        """The hub's wish while something waits to be judged; else our own interval, or the hub's wish when that is longer."""
        every_s = self._services.config.sync_every_s
        wish_s = min(int(read_local(db, NEXT_AFTER) or 0), WISH_S_MAX)
        if read_status(db, now=self._services.clock()).unjudged:
            return wish_s or every_s
        return max(every_s, wish_s)

    def lan_tick(self, db: Database) -> None:
        """Open or close the door to the office network as it was switched; meet the PCs whose turn it is."""
        office = read_office(db)
        if office is None or self._stopping.is_set():
            return
        if not is_on(db):
            self._door.close()
            self._lookout.close()
            return
        try:
            self._door.unlock()
            note_fault(db, "")
        except OSError as error:
            _LOG.error("the door to the office network does not open: %s", error)
            note_fault(db, f"{error.strerror or error}")
        self._lookout.look(db, office)
        peers = {peer.address: peer for peer in list_peers(db)}
        self._rhythms = {address: self._rhythms.get(address, Rhythm()) for address in peers}
        for address, peer in peers.items():
            if self._stopping.is_set():
                return
            self._meet_if_due(db, address, peer)

    def _meet_if_due(self, db: Database, address: str, peer: Peer) -> None:
        services, rhythm = self._services, self._rhythms[address]
        here = office_mark(db)
        if not rhythm.is_due(now=services.monotonic(), every_s=services.config.lan_every_s, here=here):
            return
        met = meet_peer(db, services, peer)
        if met.problem is not None:
            _LOG.info("meeting %s stopped: %s %s", address, met.problem.code, met.detail)
        now = services.monotonic()
        self._rhythms[address] = rhythm.after(now=now, is_done=met.problem is None, here=office_mark(db))

    def backup_tick(self, db: Database) -> None:
        """The day's backup, at the first opportunity: office PCs are off at night."""
        backup_if_due(self._services)

    def space_tick(self, db: Database) -> None:
        """Put the reserve back as soon as there is room, and open the epoch that waits for it: the way out of read-only."""
        if self._services.space.refill():
            open_log_if_due(db, self._services)
            follow(db, self._services)  # the day of a re-organisation comes without a line, too

    def erasure_tick(self, db: Database) -> None:
        """Carry out orders that came, and clean the file after them."""
        carry_out(db, self._services)
        scrub(db)

    def _guarded(self, name: str, job: Callable[[Database], None]) -> Callable[[], None]:
        """A job with its own handle; a fault is logged and the next tick tries again."""

        def run() -> None:
            problem = ""
            try:
                db = open_database(self._services.config.database)
                with closing(db.conn):
                    job(db)
            except Exception as error:  # noqa: BLE001 — a job must not end the schedule
                if isinstance(error, StorageFull) or is_full(error):
                    self._services.space.release()
                    _LOG.error("the disk is full (job %s)", name)
                    problem = reasons.DISK_FULL.code
                else:
                    _LOG.exception("job %s failed", name)
                    problem = reasons.INTERNAL.code
            if problem and name == SYNC:
                self._cry_out(problem)

        return run
