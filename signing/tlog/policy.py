"""C2SP tlog-policy: which logs are believed, which witnesses exist, and how many of them must have cosigned.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> <k>|any|all <name>…
    quorum <name>|none

Names are defined before they are used, each is a member of one group at most, and there is exactly one quorum line.
Limits: 32 logs, 256 witnesses, 64 groups, 64 KiB. A note carries a hundred signatures, the log's own among them, so that of a
province's PCs some are named and not all; which ones is for the roots.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from signing import reasons
from signing.errors import LogInvalid
from signing.tlog.checkpoint import Checkpoint, open_checkpoint
from signing.tlog.cosignature import Cosignature, cosignatures
from signing.tlog.note import COSIGNATURE, PLAIN, Note, VerifierKey

POLICY_BYTES_MAX: Final = 64 * 1024
LOGS_MAX: Final = 32
WITNESSES_MAX: Final = 256
GROUPS_MAX: Final = 64

NONE: Final = "none"

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_THRESHOLD: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Group:
    """`threshold` of these members, which are names of witnesses or of earlier groups."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy; `witnesses` and `groups` by name, in the order of the text.

    `ends` and `stolen` are no part of the text: by origin, the size beyond which a log that another one continues is not believed;
    and the root hash at that size where the log's key was stolen. Whoever has that key signs any tree, older ones too, so that of
    such a log that one head counts, and what a quorum of witnesses has cosigned, who hold no key of the hub.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey] = field(hash=False)
    groups: Mapping[str, Group] = field(hash=False)
    quorum: str
    ends: Mapping[str, int] = field(hash=False, default_factory=dict)
    stolen: Mapping[str, bytes] = field(hash=False, default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy; LogInvalid for anything that breaks the format or its limits."""
        reading = _Reading()
        if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX or _FORBIDDEN.search(text):
            raise LogInvalid("a policy is a text of at most 64 KiB")
        for line in text.split("\n"):
            words = [word for word in re.split("[ \t]+", line) if word]
            if words and not words[0].startswith("#"):
                reading.read(words)
        if reading.quorum is None:
            raise LogInvalid("a policy has exactly one quorum line")
        return cls(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)

    def is_met(self, cosigners: Collection[VerifierKey]) -> bool:
        """Whether these witnesses, whose cosignatures were verified, make the quorum."""
        met = {name for name, key in self.witnesses.items() if key in cosigners}
        for name, group in self.groups.items():  # a group names only what stands before it
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum == NONE or self.quorum in met

    def open(self, note: Note) -> Witnessed:
        """The checkpoint, signed by a log of this policy and cosigned by its quorum; LogInvalid otherwise."""
        checkpoint = self._signed(note)
        found = cosignatures(note, tuple(self.witnesses.values()))
        if not self.is_met({cosignature.witness for cosignature in found}):
            raise LogInvalid(f"{len(found)} cosignatures do not make the quorum", reason=reasons.LOG_QUORUM)
        if self.quorum == NONE:
            self._require_named(checkpoint)
        return Witnessed(checkpoint, found)

    def open_unwitnessed(self, note: Note) -> Checkpoint:
        """The checkpoint, signed by a log of this policy, whoever cosigned it; LogInvalid otherwise."""
        checkpoint = self._signed(note)
        self._require_named(checkpoint)
        return checkpoint

    def _require_named(self, checkpoint: Checkpoint) -> None:
        """Refuse what a thief of a log's key may have signed: all but the head that the roots name."""
        root = self.stolen.get(checkpoint.origin)
        if root is not None and (checkpoint.size, checkpoint.root) != (self.ends[checkpoint.origin], root):
            raise LogInvalid("the key of this log was stolen, and the roots name another head of it")

    def _signed(self, note: Note) -> Checkpoint:
        for log in self.logs:
            if note.signature_of(log) is not None:
                checkpoint = open_checkpoint(note, log)
                if checkpoint.size > self.ends.get(log.name, checkpoint.size):
                    raise LogInvalid("this log ended before, and another one continues it")
                return checkpoint
        raise LogInvalid("no log of the policy has signed this")


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that met a policy, and the cosignatures that were verified for it."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


class _Reading:
    """The lines read so far."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def read(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self._add_log(VerifierKey.parse(vkey))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._add_witness(name, VerifierKey.parse(vkey))
            case ["group", name, threshold, _, *_]:
                self._add_group(name, threshold, words[3:])
            case ["quorum", name] if self.quorum is None:
                if name != NONE and not self._is_defined(name):
                    raise LogInvalid("the quorum names nobody defined before it")
                self.quorum = name
            case _:
                raise LogInvalid("a line of the policy has another form")

    def _add_log(self, key: VerifierKey) -> None:
        if key.type != PLAIN or len(self.logs) >= LOGS_MAX:
            raise LogInvalid("a log has a plain key, and there are at most 32")
        if any(other.key == key.key for other in self.logs):
            raise LogInvalid("a log is named twice")
        self.logs.append(key)

    def _add_witness(self, name: str, key: VerifierKey) -> None:
        self._claim(name)
        if key.type != COSIGNATURE or len(self.witnesses) >= WITNESSES_MAX:
            raise LogInvalid("a witness has a cosignature key, and there are at most 256")
        if any(other.key == key.key for other in self.witnesses.values()):
            raise LogInvalid("a witness is named twice")
        self.witnesses[name] = key

    def _add_group(self, name: str, threshold: str, members: list[str]) -> None:
        self._claim(name)
        if len(self.groups) >= GROUPS_MAX:
            raise LogInvalid("a policy has at most 64 groups")
        for member in members:
            if not self._is_defined(member) or member in self._members:
                raise LogInvalid("a member is defined before its group, and belongs to one group only")
            self._members.add(member)
        self.groups[name] = Group(_threshold(threshold, len(members)), tuple(members))

    def _is_defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _claim(self, name: str) -> None:
        if name == NONE or self._is_defined(name):
            raise LogInvalid("a name is defined twice")


def _threshold(text: str, count: int) -> int:
    if text in ("any", "all"):
        return 1 if text == "any" else count
    if _THRESHOLD.fullmatch(text) is None or int(text) > count:
        raise LogInvalid("a threshold is from 1 to the number of members")
    return int(text)
