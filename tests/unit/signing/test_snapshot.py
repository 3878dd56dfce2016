"""The status snapshot: what was folded comes out again, and only a status key's word counts."""

from typing import Any

import pytest

from signing import canonical
from signing.cuts import Cause, Cut, Position
from signing.errors import TrustInvalid
from signing.keys import SigningKey
from signing.snapshot import Snapshot, open_snapshot, sign_snapshot
from signing.status import (
    DocumentChanged,
    DocumentState,
    Event,
    Forked,
    Reinstated,
    Reviewed,
    Revoked,
    Status,
)

STATUS = SigningKey.from_seed(b"s" * 32)
CUT = Cut.of(9, Position(log="aa" * 16, length=2, head="bb" * 32))
EVENTS: list[Event] = [
    Revoked(index=10, record="01" * 32, by="02" * 16, key="03" * 16, cause=Cause.LOST, cut=CUT),
    Revoked(index=11, record="04" * 32, by="02" * 16, key="05" * 16, cause=Cause.SUSPENDED, cut=CUT),
    Reinstated(index=12, record="06" * 32, by="02" * 16, key="05" * 16),
    Reviewed(index=13, record="07" * 32, by="02" * 16, target="08" * 32, stands=False),
    Forked(index=14, log="aa" * 16, first=1, stop=2),
    DocumentChanged(index=15, record="09" * 32, document="0a" * 16, state=DocumentState.WITHDRAWN),
]


def snapshot(province: str = "48") -> Snapshot:
    return Snapshot(
        province=province, status=Status.of(EVENTS, size=20), root="cc" * 32, issued=1_700_000_000_000
    )


def test_what_was_folded_comes_out(cast: Any) -> None:
    bundle = cast.bundle(status=[STATUS.public])
    assert open_snapshot(sign_snapshot(snapshot(), STATUS), bundle) == snapshot()


def test_anybody_with_the_log_recomputes_the_bytes() -> None:
    again = Snapshot(
        province="48", status=Status.of(reversed(EVENTS), size=20), root="cc" * 32, issued=1_700_000_000_000
    )
    assert sign_snapshot(again, STATUS) == sign_snapshot(snapshot(), STATUS)


@pytest.mark.parametrize("name", ["root", "registry", "hub"])
def test_no_other_key_signs_a_snapshot(cast: Any, name: str) -> None:
    data = sign_snapshot(snapshot(), getattr(cast, name))
    with pytest.raises(TrustInvalid):
        open_snapshot(data, cast.bundle(status=[STATUS.public]))


def test_a_bundle_without_status_keys_opens_none(cast: Any) -> None:
    bundle = cast.bundle()
    with pytest.raises(TrustInvalid):
        open_snapshot(sign_snapshot(snapshot(), STATUS), bundle)


def test_another_provinces_snapshot_is_refused(cast: Any) -> None:
    with pytest.raises(TrustInvalid):
        open_snapshot(sign_snapshot(snapshot("79"), STATUS), cast.bundle(status=[STATUS.public]))


def test_a_flipped_bit_is_refused(cast: Any) -> None:
    bundle, data = cast.bundle(status=[STATUS.public]), bytearray(sign_snapshot(snapshot(), STATUS))
    for at in range(0, len(data), 7):
        data[at] ^= 1
        with pytest.raises(TrustInvalid):
            open_snapshot(bytes(data), bundle)
        data[at] ^= 1


def test_hostile_snapshots_are_refused(cast: Any) -> None:
    bundle = cast.bundle(status=[STATUS.public])
    for data in (b"", b"{}", b"[]", canonical.encode({"payload": "", "payloadType": "x", "signatures": []})):
        with pytest.raises(TrustInvalid):
            open_snapshot(data, bundle)


def test_another_spelling_of_the_same_signature_is_refused(cast: Any) -> None:
    """The last digit of 64 bytes in base64 has spare bits: without this, a file could change and say the same."""
    data = sign_snapshot(snapshot(), STATUS)
    at = data.index(b'=="}]')
    assert data[at - 1 : at] in b"AQgw"
    other = data[: at - 1] + bytes([data[at - 1] + 1]) + data[at:]
    with pytest.raises(TrustInvalid):
        open_snapshot(other, cast.bundle(status=[STATUS.public]))
