"""Which versions of the protocol a program speaks, what it can do beyond rounds, and which version two of them use.

A program says this of itself in every refusal with `ROUND_VERSION`, in its greeting, and in an answer to whoever holds
something else (PROTOCOL.md §13). Two programs use the highest version that both speak. Words for what a program can do are
only ever looked for: one that nobody here knows is passed over.

Not here: what is said on a screen when there is no common version; that is for whoever asks (`edge_node.sync.versions`).
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

VERSION_MAX: Final = 2**31 - 1
CAPABILITIES_MAX: Final = 64
VERSIONS_MARK_BYTES: Final = 4
NO_VERSIONS_MARK: Final = bytes(VERSIONS_MARK_BYTES)
"""Of a node that holds nothing of what its hub speaks, and would know."""
_WORD: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Capability:
    """Words for what lies beyond rounds (PROTOCOL.md §13)."""

    BEACON = "beacon"
    FILES = "files"
    RELAY = "relay"
    VOUCHER = "voucher"


class Versions(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What a program speaks.

    Attributes:
        lowest: the oldest version that it speaks; every one up to `highest` is spoken.
        capabilities: words for what it can do beyond rounds, in order; unknown ones mean nothing.
    """

    lowest: int
    highest: int
    capabilities: list[str] = msgspec.field(default_factory=list)

    def speaks(self, version: int) -> bool:
        """Whether a message of this version can be read here."""
        return self.lowest <= version <= self.highest

    def common(self, other: "Versions") -> int | None:
        """The highest version that both speak; None where there is none."""
        highest = min(self.highest, other.highest)
        return highest if highest >= max(self.lowest, other.lowest) else None

    def to_ask_in(self, theirs: "Versions | None", *, is_answered: bool = True) -> int:
        """The version in which to ask whoever speaks `theirs` (None where that is not known here).

        Where there is no common one, the nearest: the other may have been updated since, and else its refusal says so.
        Whoever cannot be answered (`is_answered` false: in a parcel) and is not known is asked in the oldest.
        """
        if theirs is None:
            return self.highest if is_answered else self.lowest
        common = self.common(theirs)
        if common is not None:
            return common
        return self.highest if theirs.lowest > self.highest else self.lowest

    def can(self, word: str) -> bool:
        """Whether the program says that it can do this."""
        return word in self.capabilities


PROTOCOL_VERSION: Final = 1
SPOKEN: Final = Versions(
    lowest=1,
    highest=PROTOCOL_VERSION,
    capabilities=[Capability.BEACON, Capability.FILES, Capability.RELAY, Capability.VOUCHER],
)
"""What this program speaks."""
BEFORE_RANGES: Final = Versions(lowest=1, highest=1, capabilities=SPOKEN.capabilities)
"""What a program speaks that refuses a version without saying which it speaks: one from before this was said."""


def is_well_formed(versions: Versions) -> bool:
    """Whether this can be somebody's range and words."""
    return (
        1 <= versions.lowest <= versions.highest <= VERSION_MAX
        and len(versions.capabilities) <= CAPABILITIES_MAX
        and all(_WORD.fullmatch(word) for word in versions.capabilities)
    )


def versions_mark(versions: Versions | None) -> bytes:
    """The bytes by which a node says what it holds of its hub's versions."""
    if versions is None:
        return NO_VERSIONS_MARK
    return hashlib.sha256(pack_versions(versions)).digest()[:VERSIONS_MARK_BYTES]


def versions_to_tell(ours: Versions, mark: bytes) -> Versions | None:
    """What an answer says of the hub's versions to a node with this mark: nothing where it knows, or does not ask."""
    return ours if mark and mark != versions_mark(ours) else None


def pack_versions(versions: Versions) -> bytes:
    """As MessagePack."""
    return _encoder.encode(versions)


def unpack_versions(data: bytes) -> Versions | None:
    """From MessagePack; None where it is nobody's range and words."""
    try:
        versions = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return versions if is_well_formed(versions) else None


def as_members(versions: Versions) -> dict[str, Any]:
    """As members of a refusal or a greeting in JSON."""
    return {"versions": [versions.lowest, versions.highest], "capabilities": versions.capabilities}


def from_members(members: Mapping[str, Any]) -> Versions | None:
    """What a refusal or greeting in JSON says; None where it says nothing that can be read."""
    bounds = members.get("versions")
    if not isinstance(bounds, list) or len(bounds) != 2:
        return None
    said = {"lowest": bounds[0], "highest": bounds[1], "capabilities": members.get("capabilities", [])}
    try:
        versions = msgspec.convert(said, _Said).versions()
    except msgspec.ValidationError:
        return None
    return versions if is_well_formed(versions) else None


class _Said(msgspec.Struct):
    """As it stands in JSON."""

    lowest: int
    highest: int
    capabilities: list[str]

    def versions(self) -> Versions:
        return Versions(lowest=self.lowest, highest=self.highest, capabilities=self.capabilities)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Versions)
