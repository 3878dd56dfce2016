"""Train a dictionary for small frames on made-up records of the quarter's mix, and write it beside the others.

Run once per number: `python -m tools.train_dictionary 2`. A number that exists is never trained again, because frames
that were stored with it must stay readable; `sync_protocol/dictionaries` then names the new one as the newest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import zstandard

from benchmarks.workload import Author, plan
from dossiers.units import load_default_units
from sync_protocol import dictionaries
from sync_protocol.frame import encode_run, frame_table

SIZE_BYTES = 24 * 1024
COMMUNES = 12
DOSSIERS = 1_500
RUN_LENGTHS = (1, 3, 10)
RUNS_OF_ONE_AUTHOR = 300


def samples() -> Iterator[bytes]:
    """The compressible parts of frames as nodes send them when a few dossiers have been worked on."""
    communes = load_default_units().communes[:COMMUNES]
    planned = plan(communes, DOSSIERS, seed=3)
    for unit in communes:
        author = Author(f"PC {unit.code}", unit)
        author.open_log(planned[unit.code][0].came - 60_000)
        author.live(planned[unit.code])
        last = min(len(author.records), RUNS_OF_ONE_AUTHOR)
        for length in RUN_LENGTHS:
            for first in range(0, last - length, length):
                yield frame_table(encode_run(author.run(first, first + length)))


def main(number: int) -> int:
    target = Path(dictionaries.__file__).with_name(f"frame-{number}.zdict")
    if target.exists():
        print(f"{target.name} exists and is never trained again", file=sys.stderr)
        return 3
    trained = zstandard.train_dictionary(SIZE_BYTES, list(samples()), level=19, dict_id=number)
    target.write_bytes(trained.as_bytes())
    print(f"{target}: {len(trained.as_bytes()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
