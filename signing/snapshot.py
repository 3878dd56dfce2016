"""The status snapshot: what is not silent about keys and documents up to a tree size, signed, in one small file.

    {"format":"motcua-status/1","province":"48","size":1200,"root":hex,"issued":ms,
     "revoked":[…],"reviews":[…],"forks":[…],"documents":[…]}

in a DSSE envelope of canonical JSON. A *slice* is of format 2 and names `units`: it says all there is about keys stated for these units,
records of theirs and documents that those made, and nothing of anybody else's. A log proves presence, not absence; so the hub also says, with a key that signs
nothing else, "this is all there is". Anybody with the log folds it again and compares. `root` is the tree's root hash at
`size`, null where the hub keeps no tree yet. `issued` is told to people and serves the staleness policy only.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from signing import canonical
from signing.bundles import TrustBundle
from signing.canonical import Json
from signing.cuts import Cause, Cut
from signing.errors import NotCanonical, SignatureInvalid, TrustInvalid
from signing.exported import bytes_of
from signing.signatures import Purpose, Signer, verify
from signing.status import DocumentChanged, DocumentState, Event, Forked, Reviewed, Revoked, Status

SNAPSHOT_BYTES_MAX: Final = 32 * 1024 * 1024

_FORMAT: Final = "motcua-status/1"
_FORMAT_SLICE: Final = "motcua-status/2"
UNITS_MAX: Final = 128
_UNIT: Final = re.compile(r"[0-9]{2,5}")
_NAMES: Final = frozenset(
    {"format", "province", "size", "root", "issued", "revoked", "reviews", "forks", "documents"}
)
_NAMES_SLICE: Final = _NAMES | {"units"}
_OF_ISSUE: Final = frozenset({"size", "root", "issued"})
_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_DOCUMENT: Final = re.compile(r"[0-9a-f]{24,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A status with what it was taken of.

    Attributes:
        root: (hex) names the tree; `issued` is in milliseconds since 1970.
        units: whose keys, records and documents it speaks of; None for everybody's.
    """

    province: str
    status: Status
    root: str | None
    issued: int | None
    units: frozenset[str] | None = None

    def covers(self, units: Iterable[str]) -> bool:
        """Whether what it does not mention of these units is silent, and not merely left out."""
        return self.units is None or self.units.issuperset(units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What tells two snapshots apart: leaves covered, time of issue (ms), and SHA-256 of what is said of keys and documents."""

    size: int
    issued: int | None
    says: bytes


def sign_snapshot(snapshot: Snapshot, signer: Signer) -> bytes:
    """The file's bytes."""
    payload = canonical.encode(_payload(snapshot))
    return canonical.encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": Purpose.STATUS,
            "signatures": [
                {
                    "keyid": signer.public.id,
                    "sig": base64.b64encode(signer.sign(Purpose.STATUS, payload)).decode(),
                }
            ],
        }
    )


def open_snapshot(data: bytes, bundle: TrustBundle) -> Snapshot:
    """The snapshot, if a status key of this bundle signed it; TrustInvalid otherwise."""
    fields = _object(_decoded(data), frozenset({"payload", "payloadType", "signatures"}))
    if fields["payloadType"] != Purpose.STATUS:
        raise TrustInvalid("the envelope holds something else")
    payload = _bytes(fields["payload"])
    signatures = [_object(each, frozenset({"keyid", "sig"})) for each in _list(fields["signatures"])]
    if not any(_is_signed(bundle, payload, each) for each in signatures):
        raise TrustInvalid("no status key of the bundle signed this")
    return _snapshot(_fields(_decoded(payload)), bundle)


def outline_of(data: bytes) -> Outline:
    """The outline of a snapshot, whoever signed it: for comparing, not for believing. Raises TrustInvalid."""
    envelope = _object(_decoded(data), frozenset({"payload", "payloadType", "signatures"}))
    fields = _fields(_decoded(_bytes(envelope["payload"])))
    said = {name: value for name, value in fields.items() if name not in _OF_ISSUE}
    return Outline(
        size=_count(fields["size"]),
        issued=None if fields["issued"] is None else _count(fields["issued"]),
        says=hashlib.sha256(canonical.encode(said)).digest(),
    )


def cut_off_by_roots(bundle: TrustBundle) -> list[Event]:
    """What the bundle itself says of former registry keys, as events from the beginning of the log."""
    root = bundle.roots[0].id
    return [
        Revoked(index=0, record=bundle.digest, by=root, key=each.key.id, cause=each.cause, cut=each.cut)
        for each in bundle.former
    ]


def status_under(bundle: TrustBundle, snapshot: Snapshot | None) -> Status | None:
    """The status that counts under a bundle: the snapshot's, or without one at least what the roots say."""
    if snapshot is not None:
        return snapshot.status
    return Status.of(cut_off_by_roots(bundle), size=1) if bundle.former else None


def _is_signed(bundle: TrustBundle, payload: bytes, signature: Mapping[str, Json]) -> bool:
    key = next((key for key in bundle.status if key.id == signature["keyid"]), None)
    if key is None:
        return False
    try:
        verify(key, Purpose.STATUS, payload, _bytes(signature["sig"]))
    except SignatureInvalid:
        return False
    return True


def _payload(snapshot: Snapshot) -> dict[str, Json]:
    status = snapshot.status
    units: dict[str, Json] = {} if snapshot.units is None else {"units": [*sorted(snapshot.units)]}
    return {
        **units,
        "format": _FORMAT if snapshot.units is None else _FORMAT_SLICE,
        "province": snapshot.province,
        "size": status.size,
        "root": snapshot.root,
        "issued": snapshot.issued,
        "revoked": [
            {
                "index": e.index,
                "record": e.record,
                "by": e.by,
                "key": e.key,
                "cause": e.cause,
                **e.cut.facts(),
            }
            for _, events in sorted(status.revoked.items())
            for e in events
        ],
        "reviews": [
            {"index": e.index, "record": e.record, "by": e.by, "target": e.target, "stands": e.stands}
            for _, e in sorted(status.reviews.items())
        ],
        "forks": [{"index": e.index, "log": e.log, "first": e.first, "stop": e.stop} for e in status.forks],
        "documents": [
            {"index": e.index, "record": e.record, "document": e.document, "state": e.state}
            for _, e in sorted(status.documents.items())
        ],
    }


def _snapshot(fields: Mapping[str, Json], bundle: TrustBundle) -> Snapshot:
    if fields["province"] != bundle.province:
        raise TrustInvalid("another province's snapshot")
    size = _count(fields["size"])
    events = _events(fields)
    if any(event.index >= size for event in events):
        raise TrustInvalid("an event above the snapshot's size")
    return Snapshot(
        province=bundle.province,
        # What the roots say needs no record: it counts under their bundle, whatever the snapshot holds.
        status=Status.of([*_not_of_roots(events, bundle), *cut_off_by_roots(bundle)], size=max(size, 1)),
        root=None if fields["root"] is None else _text(fields["root"], _HEX64),
        issued=None if fields["issued"] is None else _count(fields["issued"]),
        units=_units(fields["units"]) if "units" in fields else None,
    )


def _fields(value: Json) -> dict[str, Json]:
    """The members of either format."""
    is_slice = isinstance(value, dict) and value.get("format") == _FORMAT_SLICE
    fields = _object(value, _NAMES_SLICE if is_slice else _NAMES)
    if not is_slice and fields["format"] != _FORMAT:
        raise TrustInvalid("another format of snapshot")
    return fields


def _units(value: Json) -> frozenset[str]:
    units = [_text(each, _UNIT) for each in _list(value)]
    if not 0 < len(units) <= UNITS_MAX or units != sorted(set(units)):
        raise TrustInvalid(f"from 1 to {UNITS_MAX} units, sorted, each once")
    return frozenset(units)


def _not_of_roots(events: Sequence[Event], bundle: TrustBundle) -> list[Event]:
    former = {each.key.id for each in bundle.former}
    return [event for event in events if not (isinstance(event, Revoked) and event.key in former)]


def _events(fields: Mapping[str, Json]) -> list[Event]:
    revoked = [
        _object(each, frozenset({"index", "record", "by", "key", "cause", "size", "cut"}))
        for each in _list(fields["revoked"])
    ]
    reviews = [
        _object(each, frozenset({"index", "record", "by", "target", "stands"}))
        for each in _list(fields["reviews"])
    ]
    forks = [_object(each, frozenset({"index", "log", "first", "stop"})) for each in _list(fields["forks"])]
    documents = [
        _object(each, frozenset({"index", "record", "document", "state"}))
        for each in _list(fields["documents"])
    ]
    return [
        *map(_revoked, revoked),
        *map(_reviewed, reviews),
        *map(_forked, forks),
        *map(_changed, documents),
    ]


def _revoked(fields: Mapping[str, Json]) -> Revoked:
    if fields["cause"] not in {cause.value for cause in Cause}:
        raise TrustInvalid("an unknown cause")
    return Revoked(
        index=_count(fields["index"]),
        record=_text(fields["record"], _HEX64),
        by=_text(fields["by"], _HEX32),
        key=_text(fields["key"], _HEX32),
        cause=Cause(str(fields["cause"])),
        cut=Cut.from_facts(fields),
    )


def _reviewed(fields: Mapping[str, Json]) -> Reviewed:
    stands = fields["stands"]
    if not isinstance(stands, bool):
        raise TrustInvalid("a review says yes or no")
    return Reviewed(
        index=_count(fields["index"]),
        record=_text(fields["record"], _HEX64),
        by=_text(fields["by"], _HEX32),
        target=_text(fields["target"], _HEX64),
        stands=stands,
    )


def _forked(fields: Mapping[str, Json]) -> Forked:
    return Forked(
        index=_count(fields["index"]),
        log=_text(fields["log"], _HEX32),
        first=_count(fields["first"]),
        stop=_count(fields["stop"]),
    )


def _changed(fields: Mapping[str, Json]) -> DocumentChanged:
    if fields["state"] not in {state.value for state in DocumentState}:
        raise TrustInvalid("an unknown state of a document")
    return DocumentChanged(
        index=_count(fields["index"]),
        record=_text(fields["record"], _HEX64),
        document=_text(fields["document"], _DOCUMENT),
        state=DocumentState(str(fields["state"])),
    )


def _decoded(data: bytes) -> Json:
    try:
        return canonical.decode(data, size_bytes_max=SNAPSHOT_BYTES_MAX)
    except NotCanonical as error:
        raise TrustInvalid(error.detail) from error


def _object(value: Json, names: frozenset[str]) -> dict[str, Json]:
    if not isinstance(value, dict) or value.keys() != names:
        raise TrustInvalid("an object has other members")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TrustInvalid("expected a list")
    return value


def _text(value: Json, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise TrustInvalid("a text has another form")
    return value


def _count(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise TrustInvalid("a count is a whole number")
    return value


def _bytes(value: Json) -> bytes:
    try:
        return bytes_of(value)
    except NotCanonical as error:
        raise TrustInvalid(error.detail) from error
