"""Record what really went over a line, for `tests/golden/rounds/<protocol version>/`: read for ever, never written again.

`python -m tests.simulation.transcripts FOLDER` plays a small world and keeps every request and answer of one PC, and beside
them what a reader must find in them. The folder must not exist: a released transcript is never recorded anew.
"""

import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from sync_protocol.frame import decode_run
from sync_protocol.log import check_chain
from sync_protocol.wire import decode_answer, open_request
from tests.simulation.link import Mood
from tests.simulation.officers import Desk
from tests.simulation.schedule import Plan
from tests.simulation.world import World, keys_from

UNITS = ("20242", "20242")


@dataclass
class Reading:
    """What somebody who only has the messages finds in them."""

    requests: int = 0
    challenges: int = 0
    receipts: int = 0
    records: dict[str, str] = field(default_factory=dict)

    def take(self, frames: list[bytes]) -> None:
        for frame in frames:
            run = decode_run(frame)
            check_chain(run, run.records[0].header.prev if run.first else None)
            for each in run.records:
                self.records[f"{each.header.log} {each.header.seq:04d}"] = f"{each.header.kind} {each.link}"


def record(folder: Path) -> None:
    """Play the world and write the folder."""
    folder.mkdir(parents=True)
    messages: list[tuple[bytes, bytes]] = []
    with TemporaryDirectory() as data, keys_from(random.Random("transcripts")):
        world = _world(Path(data))
        node = world.nodes[0]
        door = node.link.door

        def listen(payload: bytes) -> bytes:
            answer = door(payload)
            messages.append((payload, answer))
            return answer

        node.link.door = listen
        for number in range(3):
            Desk(node, random.Random(f"transcript {number}"), world.communes).act()
            Desk(world.nodes[1], random.Random(f"other {number}"), world.communes).act()
            world.nodes[1].sync()
            world.hub.judge()
            node.sync()
            world.hub.judge()
        node.sync()
        node.sync()
        world.close()
    for number, (request, answer) in enumerate(messages):
        (folder / f"{number:02d}-request.bin").write_bytes(request)
        (folder / f"{number:02d}-answer.bin").write_bytes(answer)
    text = json.dumps(summary(read(folder)), indent=1, sort_keys=True) + "\n"
    (folder / "expected.json").write_text(text, encoding="utf-8")


def read(folder: Path) -> Reading:
    """Read a recorded folder as today's code reads messages."""
    found = Reading()
    for path in sorted(folder.glob("*-request.bin")):
        request = open_request(path.read_bytes()).said
        answer = decode_answer(path.with_name(path.name.replace("request", "answer")).read_bytes())
        found.requests += 1
        found.challenges += bool(request.challenge)
        found.receipts += bool(answer.receipt)
        found.take(request.runs)
        found.take(answer.runs)
    return found


def summary(found: Reading) -> dict[str, object]:
    """What must stay the same for ever."""
    return {
        "requests": found.requests,
        "challenges": found.challenges,
        "receipts": found.receipts,
        "records": dict(sorted(found.records.items())),
    }


def _world(folder: Path) -> World:
    plan = Plan(
        seed=1,
        units=UNITS,
        clock_errors_ms=(0, 0),
        moods=(Mood.GOOD, Mood.GOOD),
        is_narrow=(False, False),
        lease_size=60,
        judge_batch_records=4096,
        steps=(),
    )
    return World(plan, folder, lambda line: None)


if __name__ == "__main__":
    record(Path(sys.argv[1]))
