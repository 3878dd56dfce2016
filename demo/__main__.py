"""`python -m demo`: hub and three office PCs on this machine play a working day, and every claim is read back over HTTP.

Stays up afterwards until Ctrl-C, for looking around; `--once` (or ONCE=1) ends with 0 when every claim held, otherwise
with 1. KEEP=folder keeps the data.
"""

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from demo.claims import Ledger
from demo.story import morning, offline, opening, reckoning, results, reunion
from demo.story.play import CAST, Play
from demo.story.stage import HUB_LOGIN, HUB_PASSWORD, found_hub
from dossiers.local_time import local_date

CHAPTERS: Final[tuple[tuple[str, Callable[[Play], None]], ...]] = (
    ("Chương 1", opening.play),
    ("Chương 2", morning.play),
    ("Chương 3", offline.play),
    ("Chương 4", reunion.play),
    ("Chương 5", results.play),
    ("Chương 6", reckoning.play),
)


def main() -> int:
    """Play the story; returns the exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, _leave)
    ledger = Ledger()
    with _folder(options.keep) as folder:
        ledger.say(f"Dữ liệu (data): {folder}")
        stage = found_hub(folder)
        play = Play(ledger=ledger, stage=stage, today=local_date(time.time_ns() // 1_000_000))
        try:
            code = _tell(play)
            if not options.once:
                _stay_up(play)
            return code
        except KeyboardInterrupt:
            ledger.say("\nĐã dừng (stopped)")
            return 1
        finally:
            stage.stop()


def _tell(play: Play) -> int:
    """Every chapter builds on the one before, so the first that breaks off is the last."""
    for name, chapter in CHAPTERS:
        with play.ledger.attempt(f"{name} đi tới cuối", "the chapter comes to its end"):
            chapter(play)
            continue
        break
    return play.ledger.verdict()


def _stay_up(play: Play) -> None:
    say = play.ledger.say
    say("\nMở bằng trình duyệt (open in a browser), Ctrl-C để dừng (stops):")
    say(f"  Trung tâm tỉnh (hub)  {play.stage.hub.url}/  {HUB_LOGIN} / {HUB_PASSWORD}")
    for role, pc in zip(CAST.values(), play.stage.pcs, strict=False):
        say(f"  {pc.name}  {pc.server.url}/  {role.name}, PIN {role.pin}")
    say(f"  chứng thư của trung tâm (the hub's certificate): {play.stage.hub.authority}")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
    say("")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    once = os.environ.get("ONCE", "") not in ("", "0")
    parser.add_argument("--once", action="store_true", default=once, help="check the story and end")
    parser.add_argument("--keep", default=os.environ.get("KEEP", ""), help="keep the data in this new folder")
    return parser.parse_args()


@contextmanager
def _folder(keep: str) -> Iterator[Path]:
    if keep:
        folder = Path(keep).resolve()
        folder.mkdir(parents=True)
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="motcua-demo-") as name:
            yield Path(name)


def _leave(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
