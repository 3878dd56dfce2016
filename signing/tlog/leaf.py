"""What one record contributes to the province's log: its leaf, without any content.

    {"by":"<key id>","kind":"<kind>","link":"<link>","log":"<log id>","seq":<n>,"v":1}

in canonical JSON. The link (a hash over id and signature) binds the whole record, and with it the salted hash of its body; kind,
key, log and place make forks, cuts and key events visible to whoever reads the log. Nothing personal is in it, and
nothing from which personal content could be guessed: every part is computed from the header, which is public.

Every record has a leaf of this one form. Verdicts, reviews, key events and erasures are records too, so that they are
leaves of their own without a second form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from signing import canonical
from signing.errors import LogInvalid, NotCanonical

LEAF_BYTES_MAX: Final = 512

_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z]+\.[a-z_]{1,60}")
_NAMES: Final = frozenset({"by", "kind", "link", "log", "seq", "v"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One record as the log tells it: hex ids as in its header, and its link."""

    by: str
    kind: str
    link: str
    log: str
    seq: int

    def encode(self) -> bytes:
        """The bytes whose leaf hash stands in the tree."""
        return (
            f'{{"by":"{self.by}","kind":"{self.kind}","link":"{self.link}","log":"{self.log}",'
            f'"seq":{self.seq},"v":1}}'
        ).encode()

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read leaf bytes strictly; LogInvalid for anything that `encode` would not write."""
        try:
            value = canonical.decode(data, size_bytes_max=LEAF_BYTES_MAX)
        except NotCanonical as error:
            raise LogInvalid(error.detail) from error
        if not isinstance(value, dict) or value.keys() != _NAMES:
            raise LogInvalid("a leaf has other members")
        seq = value["seq"]
        if type(seq) is not int or seq < 0:
            raise LogInvalid("a place is a count")
        leaf = cls(
            by=_text(value["by"], _HEX32),
            kind=_text(value["kind"], _KIND),
            link=_text(value["link"], _HEX64),
            log=_text(value["log"], _HEX32),
            seq=seq,
        )
        if leaf.encode() != data:
            raise LogInvalid("a leaf of another version")
        return leaf


def _text(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise LogInvalid("a member of a leaf has another form")
    return value
