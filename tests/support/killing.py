"""kill -9 of the node and of the hub while people write and a sync runs: a round of so many kills, told by its seed.

`tests/e2e/test_kill.py` plays one in `make test`, `tests/simulation/soak.py` others with new seeds.
"""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from demo.processes import Start, start_anew
from tests.support.kept import (
    RecordsLost,
    check_doctors,
    check_hub,
    check_node,
    check_rebuild,
    check_same_everywhere,
)
from tests.support.running import (
    Client,
    Counter,
    Ledger,
    Program,
    Running,
    Syncer,
    await_ends,
    running_office,
)


@dataclass(slots=True)
class Killed:
    """A round of kills: what was done until now and what was lost by it."""

    seed: int
    planned: int
    kills: int = 0
    inside: int = 0
    """Kills that cut a request under way."""
    dossiers: int = 0
    records: int = 0
    """Shown as done, as dossiers were."""
    repeated: int = 0
    """Requests that were sent again because the answer was lost."""
    lost: int = 0
    """Records that were shown as done, or receipted, and are gone."""
    problem: str | None = None

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.inside} inside a request; {self.dossiers} dossiers and {self.records} records "
            f"shown as done; {self.repeated} requests sent again whose answer was lost"
        )

    def line(self) -> str:
        """How to see it again, and what went wrong."""
        again = f"MOTCUA_KILLS={self.planned} MOTCUA_KILL_SEED={self.seed} make test T=tests/e2e/test_kill.py"
        return f"{again}: {self.problem}"


def attempt_kills(seed: int, kills: int) -> Killed:
    """A round in a folder of its own; whatever goes wrong is told by the value."""
    killed = Killed(seed, kills)
    with TemporaryDirectory(prefix="motcua-kills-") as folder:
        try:
            play_kills(Path(folder), killed)
        except Exception as error:  # noqa: BLE001 — a soak tells what broke and goes on
            where = traceback.extract_tb(error.__traceback__)[-1]
            killed.lost = error.records if isinstance(error, RecordsLost) else 0
            killed.problem = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"
    return killed


def play_kills(folder: Path, killed: Killed, *, start: Start = start_anew) -> None:
    """Kill as often as planned and look each time at what is there; then everything arrives and is the same everywhere.

    Fills `killed` as it goes.

    Raises:
        RecordsLost: what was shown as done is gone.
        AssertionError: anything else is not as promised.
    """
    chance = Random(killed.seed)
    with running_office(folder, start=start) as office:
        work = Work(office, killed.seed)
        for number, kill in enumerate(plan(chance, killed.planned)):
            time.sleep(chance.uniform(0.1, 0.4))
            if kill == "node":
                killed.inside += kill_node(work, chance)
                killed.kills += 1
                check_node(office, work.ledger)
                office.node.start()
                office.allow_program()
                work.resume()
            else:
                killed.inside += kill_hub(work, chance, kill)
                killed.kills += 1
                if kill in ("power", "server"):
                    check_hub(office)
                    office.start_hub_again()
            check_node(office, work.ledger)
            check_hub(office)
            _tell(killed, work.ledger)
            assert not work.ledger.surprises, (number, kill, work.ledger.surprises[:3])
        time.sleep(0.5)
        work.end()
        _tell(killed, work.ledger)
        assert not work.ledger.surprises, work.ledger.surprises[:3]
        await_full(work)
        check_node(office, work.ledger)
        check_hub(office)
        check_same_everywhere(office)
        office.node.stop()
        office.hub.stop()
        check_doctors(office)
        check_rebuild(office)


def _tell(killed: Killed, ledger: Ledger) -> None:
    with ledger.lock:
        killed.dossiers, killed.records, killed.repeated = (
            len(ledger.people),
            len(ledger.records),
            ledger.repeated,
        )


class Work:
    """Three writers and one who syncs, over one office."""

    def __init__(self, office: Running, seed: int) -> None:
        self.office, self.ledger = office, Ledger()
        self.writers: list[Client] = [
            Program(office, self.ledger, 1, seed),
            Program(office, self.ledger, 2, seed),
            Counter(office, self.ledger, 3, seed),
        ]
        self.syncer = Syncer(office, self.ledger, 4, seed)
        self.clients: list[Client] = [*self.writers, self.syncer]
        for client in self.clients:
            client.is_up.set()
            client.start()

    def end(self) -> None:
        for client in self.clients:
            client.ending.set()
        for client in self.clients:
            client.join(90)
            assert not client.is_alive(), f"{client.name} hangs"

    def pause(self) -> None:
        for client in self.clients:
            client.is_up.clear()

    def resume(self) -> None:
        for client in self.clients:
            client.is_up.set()


def wait_for(what: str, is_so: Callable[[], bool], *, seconds: float = 60.0, every: float = 0.0005) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(every)


def kill_node(work: Work, chance: Random) -> bool:
    """Kill the node some moments after a request began; True where the kill cut a request."""
    office, victim = work.office, chance.choice(work.writers)
    wait_for(f"a request of {victim.name}", lambda: victim.began is not None)
    time.sleep(chance.uniform(0.0, 0.05))
    killed = time.monotonic()
    office.node.kill()
    work.pause()
    wait_for("every request to end", lambda: all(client.began is None for client in work.clients), every=0.01)
    return any(
        flight.was_cut and flight.began < killed <= flight.ended
        for client in work.writers
        for flight in client.flights[-2:]
    )


def kill_hub(work: Work, chance: Random, how: str) -> bool:
    """Kill (a part of) the hub some moments after a round's bytes arrived; True where its answer had not begun."""
    office, line = work.office, work.office.line
    parent, worker, judge = office.hub_processes()
    victims = {
        "power": [parent, worker, judge],
        "server": [parent],
        "worker": [worker],
        "judge": [judge],
    }[how]
    up = line.bytes_up
    wait_for("a round", lambda: line.bytes_up > up)
    down = line.bytes_down
    time.sleep(chance.uniform(0.0, 0.02))
    is_inside = line.bytes_down == down and line.is_asked()
    for process in victims:
        process.kill()
    if how in ("power", "server"):
        office.hub.kill()
        office.orphans += [worker, judge]
    await_ends([process for process in victims if process != parent], seconds=10)
    return is_inside


def await_full(work: Work) -> None:
    """Sync until the node says that everything is at the province and judged: nothing is stuck."""
    deadline = time.monotonic() + 90
    while True:
        office = work.office
        found = work.writers[0].session.get(f"{office.node.url}/api/v1/status", timeout=30).json()  # type: ignore[attr-defined]
        if found["is_full"]:
            return
        assert time.monotonic() < deadline, f"stuck: {found}\n{office.node.tail()}"
        work.syncer.work()
        time.sleep(0.2)


def plan(chance: Random, count: int) -> list[str]:
    """Nearly half of the kills hit the node; the hub loses everything, its server, a worker or its judge."""
    ways = ("node", "worker", "node", "judge", "node", "power", "node", "worker", "judge", "node", "power", "node",
            "worker", "node", "server", "node", "judge", "node", "worker", "power")  # fmt: skip
    kills = [ways[number % len(ways)] for number in range(count)]
    chance.shuffle(kills)
    return kills
