"""`python -m tests.support.corpus`: write the golden corpus anew."""

import sys

from tests.support.corpus import made
from tests.support.corpus.cases import FOLDER


def write() -> int:
    """Write the folder anew; how many cases there are."""
    corpus = made()
    for name in ("inputs", "trust", "status"):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
        for old in (FOLDER / name).iterdir():
            old.unlink()
    for name, data in corpus.files.items():
        (FOLDER / name).write_bytes(data)
    return len(corpus.cases)


if __name__ == "__main__":
    sys.stdout.write(f"{write()} cases\n")
