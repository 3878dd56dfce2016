"""How many pages a PDF has, as far as that can be told without a reader of PDF: enough for a limit, never for a proof.

Page objects are counted by their numbers, those in compressed object streams too (ISO 32000-1, 7.5.7 and 7.7.3), so that a file that was
signed, and holds a page twice, counts it once. What cannot be told (an encrypted file, a spoilt stream) is 0.
"""

import re
import zlib
from typing import Final

_OBJECT: Final = re.compile(rb"(\d{1,10})\s+\d{1,5}\s+obj\b")
_PAGE: Final = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_STREAMED: Final = re.compile(rb"/Type\s*/ObjStm\b")
_FIRST: Final = re.compile(rb"/First\s+(\d{1,10})")
_STREAM: Final = re.compile(rb"stream\r?\n")
_DICTIONARY_BYTES_MAX: Final = 64 * 1024
_STREAM_BYTES_MAX: Final = 16 * 1024 * 1024
"""How much of one object stream is unpacked; all together at most four times that."""


def count_pages(content: bytes) -> int:
    """The number of page objects; 0 where it cannot be told."""
    pages: set[int] = set()
    room = 4 * _STREAM_BYTES_MAX
    starts = [(found.start(), found.end(), int(found[1])) for found in _OBJECT.finditer(content)]
    for index, (_, begin, number) in enumerate(starts):
        end = starts[index + 1][0] if index + 1 < len(starts) else len(content)
        head = content[begin : min(end, begin + _DICTIONARY_BYTES_MAX)]
        stream = _STREAM.search(head)
        dictionary = head[: stream.start()] if stream else head
        if _PAGE.search(dictionary):
            pages.add(number)
        elif stream and room > 0 and _STREAMED.search(dictionary):
            first = _FIRST.search(dictionary)
            unpacked = _unpacked(content[begin + stream.end() : end], min(room, _STREAM_BYTES_MAX))
            room -= len(unpacked)
            if first:
                pages |= _pages_in(unpacked, int(first[1]))
    return len(pages)


def _unpacked(packed: bytes, bytes_max: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, bytes_max)
    except zlib.error:
        return b""


def _pages_in(unpacked: bytes, first: int) -> set[int]:
    """Numbers of page objects in an object stream: pairs of number and offset, then the objects."""
    words = unpacked[:first].split()
    if not all(word.isdigit() and len(word) <= 10 for word in words):
        return set()
    pairs = [(int(words[at]), int(words[at + 1])) for at in range(0, len(words) - 1, 2)]
    found = set()
    for index, (number, offset) in enumerate(pairs):
        end = first + pairs[index + 1][1] if index + 1 < len(pairs) else len(unpacked)
        if _PAGE.search(unpacked[first + offset : end]):
            found.add(number)
    return found
