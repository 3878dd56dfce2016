"""What sender and receiver of small frames know beforehand: a trained zstd dictionary, by number, for ever.

A frame of one to ten records consists mostly of what every such frame holds: names of kinds, facts and members, the
frame's own layout. A number once given is never given to other bytes (`tests/golden/dictionaries.json`), because stored
frames are read with it for ever. Made by `tools/train_dictionary.py`; nothing is trained or chosen here.
"""

from functools import cache
from importlib.resources import files
from typing import Final

from zstandard import ZstdCompressionDict

NEWEST: Final = 1
KNOWN: Final = frozenset({1})
LEVEL: Final = 9
THOROUGH: Final = 15


@cache
def dictionary(number: int, level: int = LEVEL) -> ZstdCompressionDict:
    """The dictionary of that number, ready to compress with at that level; KeyError for one that this version does not
    know."""
    if number not in KNOWN:
        raise KeyError(number)
    found = ZstdCompressionDict(files(__name__).joinpath(f"frame-{number}.zdict").read_bytes())
    found.precompute_compress(level=level)
    return found
