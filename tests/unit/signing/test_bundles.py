"""The trust bundle: opened only against something believed, never older than what is believed."""

import base64
from typing import Any

import orjson
import pytest
from nacl import bindings

from signing import canonical, reasons
from signing.bundles import Broken, FormerKey, follow_bundles, next_payload
from signing.cuts import Cause, Cut, Position
from signing.errors import TrustInvalid
from signing.keys import SigningKey
from signing.reasons import Reason
from signing.signatures import Purpose
from signing.tlog.note import COSIGNATURE, VerifierKey
from signing.trust import Role, TrustBundle, open_bundle, open_unpinned_bundle, sign_bundle

ROOTS = [SigningKey.from_seed(bytes([number]) * 32) for number in range(3)]
FIRST, SECOND, THIRD = ROOTS
NEW_ROOT = SigningKey.from_seed(b"n" * 32)


def envelope(cast: Any, signers: list[SigningKey], **changes: Any) -> bytes:
    fields = {"roots": [root.public for root in ROOTS], "threshold": 2} | changes
    return sign_bundle(cast.payload(**fields), signers)


def opened(cast: Any, **changes: Any) -> TrustBundle:
    return open_unpinned_bundle(envelope(cast, ROOTS, **changes))


def refused(reason: Reason, data: bytes, roots: Any) -> None:
    with pytest.raises(TrustInvalid) as caught:
        open_bundle(data, roots=roots)
    assert caught.value.reason is reason


def test_what_was_put_in_comes_out(cast: Any) -> None:
    bundle = cast.bundle()
    assert (bundle.version, bundle.province, bundle.threshold) == (1, "48", 1)
    assert bundle.roots == (cast.root.public,)
    assert bundle.registry == (cast.registry.public,)
    assert bundle.hub.key == cast.hub.public
    assert bundle.hub.roles == {Role.HUB}
    assert bundle.hub.issuer == cast.root.public.id
    assert bundle.authority == cast.authority
    assert bundle.ca_sha256 == "ab" * 32
    assert bundle.issued == 1_700_000_000_000
    assert cast.bundle(ca_sha256=None, issued=None).ca_sha256 is None
    assert hash(bundle) == hash(cast.bundle())


def test_a_bundle_is_a_value(cast: Any) -> None:
    assert cast.bundle() == cast.bundle()
    with pytest.raises(TypeError):
        cast.bundle().authority["x"] = frozenset()


def test_the_fingerprint_covers_roots_and_threshold(cast: Any) -> None:
    fingerprint = opened(cast).fingerprint
    assert len(bytes.fromhex(fingerprint)) == 32
    assert opened(cast, roots=[root.public for root in reversed(ROOTS)]).fingerprint == fingerprint
    assert opened(cast, version=9).fingerprint == fingerprint
    assert opened(cast, threshold=1).fingerprint != fingerprint
    assert opened(cast, roots=[FIRST.public, SECOND.public]).fingerprint != fingerprint


def test_a_fingerprint_opens(cast: Any) -> None:
    data = envelope(cast, [FIRST, THIRD])
    fingerprint = open_unpinned_bundle(data).fingerprint
    assert open_bundle(data, roots=fingerprint) == open_bundle(data, roots=f" {fingerprint.upper()}\n")
    refused(reasons.TRUST_PIN, data, "00" * 32)
    refused(reasons.TRUST_PIN, envelope(cast, ROOTS, threshold=1), fingerprint)


@pytest.mark.parametrize("signers", [[], [FIRST], [FIRST, FIRST], [FIRST, NEW_ROOT]], ids=len)
def test_the_threshold_counts_different_roots(cast: Any, signers: list[SigningKey]) -> None:
    with pytest.raises(TrustInvalid) as caught:
        open_unpinned_bundle(envelope(cast, signers))
    assert caught.value.reason is reasons.TRUST_THRESHOLD


def test_pinned_keys_open(cast: Any) -> None:
    pinned = {root.public for root in ROOTS}
    assert open_bundle(envelope(cast, [FIRST, SECOND]), roots=pinned).version == 1
    refused(reasons.TRUST_PIN, envelope(cast, [FIRST, SECOND]), {FIRST.public})
    refused(reasons.TRUST_PIN, envelope(cast, [FIRST, SECOND]), pinned | {NEW_ROOT.public})


def test_one_stolen_root_cannot_lower_the_threshold_under_pinned_keys(cast: Any) -> None:
    refused(
        reasons.TRUST_THRESHOLD,
        envelope(cast, [FIRST], threshold=1),
        frozenset(root.public for root in ROOTS),
    )


def test_a_newer_version_follows(cast: Any) -> None:
    first = opened(cast)
    assert open_bundle(envelope(cast, [FIRST, SECOND], version=7), roots=first).version == 7
    assert open_bundle(envelope(cast, [SECOND, THIRD]), roots=first) == first


def test_an_older_version_is_refused(cast: Any) -> None:
    refused(reasons.TRUST_ROLLBACK, envelope(cast, ROOTS, version=6), opened(cast, version=7))


def test_two_bundles_of_one_version_are_refused(cast: Any) -> None:
    refused(reasons.TRUST_ROLLBACK, envelope(cast, ROOTS, issued=1), opened(cast))


def test_another_province_is_refused(cast: Any) -> None:
    hub = cast.statement("hub", [Role.HUB], unit="79", issuer="root", officer=None)
    refused(reasons.TRUST_PIN, envelope(cast, ROOTS, version=2, province="79", hub=hub), opened(cast))


def test_new_roots_need_the_old_threshold_and_their_own(cast: Any) -> None:
    first = opened(cast)
    changes = {"version": 2, "roots": [NEW_ROOT.public], "threshold": 1}
    refused(reasons.TRUST_THRESHOLD, envelope(cast, [NEW_ROOT], **changes), first)
    refused(reasons.TRUST_THRESHOLD, envelope(cast, [NEW_ROOT, FIRST], **changes), first)
    refused(reasons.TRUST_THRESHOLD, envelope(cast, [FIRST, SECOND], **changes), first)
    assert open_bundle(envelope(cast, [NEW_ROOT, FIRST, SECOND], **changes), roots=first).version == 2


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"version": True},
        {"province": "Đà Nẵng"},
        {"roots": []},
        {"roots": [FIRST.public] * 2},
        {"roots": [SigningKey.from_seed(bytes([n]) * 32).public for n in range(17)]},
        {"threshold": 0},
        {"threshold": 4},
        {"registry": []},
        {"registry": [FIRST.public]},
        {"ca_sha256": "ab"},
        {"issued": -1},
    ],
)
def test_a_bundle_no_verifier_would_accept_is_not_made(cast: Any, change: dict[str, Any]) -> None:
    with pytest.raises(TrustInvalid) as caught:
        envelope(cast, ROOTS, **change)
    assert caught.value.reason is reasons.TRUST_FORMAT


def test_the_hub_is_nothing_but_the_hub(cast: Any) -> None:
    for roles, officer in (([Role.REGISTRY], None), ([Role.HUB, Role.ADMINISTRATOR], None)):
        hub = cast.statement("hub", roles, unit="48", officer=officer)
        with pytest.raises(TrustInvalid):
            cast.payload(hub=hub)
    with pytest.raises(TrustInvalid):
        cast.payload(hub=cast.statement("root", [Role.HUB], unit="48", officer=None))
    with pytest.raises(TrustInvalid):
        cast.payload(hub=cast.statement("hub", [Role.HUB], unit="20242", officer=None))


def signed_fields(cast: Any, **changes: Any) -> bytes:
    """A payload that our own maker would refuse, signed all the same."""
    return sign_bundle(canonical.encode(orjson.loads(cast.payload()) | changes), [cast.root])


@pytest.mark.parametrize(
    "change",
    [
        {"format": "motcua-trust-bundle/2"},
        {"roots": "x"},
        {"roots": ["00" * 32]},
        {"roots": [1]},
        {"hub": None},
        {"hub": {}},
        {"authority": []},
        {"authority": {"x": "y"}},
        {"authority": {"x": ["leader"] * 15}},
    ],
)
def test_a_malformed_payload_is_refused(cast: Any, change: dict[str, Any]) -> None:
    with pytest.raises(TrustInvalid):
        open_unpinned_bundle(signed_fields(cast, **change))


FIRST_LOG, SECOND_LOG, THIRD_LOG = (
    VerifierKey(f"motcua/48/{name}", SigningKey.from_seed(name.encode().ljust(32, b".")).public)
    for name in ("old", "new", "newest")
)
LOGS = f"log {FIRST_LOG}\nlog {SECOND_LOG}\nlog {THIRD_LOG}\nquorum none\n"
ENDED = {"origin": FIRST_LOG.name, "size": 9, "root": "5a" * 32, "by": SECOND_LOG.name, "kept": 7}


def test_a_bundle_says_which_log_ended_and_which_one_continues_it(cast: Any) -> None:
    again = {**ENDED, "origin": SECOND_LOG.name, "by": THIRD_LOG.name, "kept": 9}
    bundle = open_unpinned_bundle(signed_fields(cast, policy=LOGS, continued=[ENDED, again]))
    assert [(each.origin, each.by, each.kept) for each in bundle.continued] == [
        (FIRST_LOG.name, SECOND_LOG.name, 7), (SECOND_LOG.name, THIRD_LOG.name, 9),
    ]  # fmt: skip
    assert bundle.policy is not None and bundle.policy.ends == {FIRST_LOG.name: 9, SECOND_LOG.name: 9}
    assert bundle.policy.stolen == {}
    stolen = {**ENDED, "cause": "compromised"}
    bundle = open_unpinned_bundle(signed_fields(cast, policy=LOGS, continued=[stolen]))
    assert bundle.policy is not None and bundle.policy.stolen == {FIRST_LOG.name: b"\x5a" * 32}
    assert [each.json() for each in bundle.continued] == [stolen]


@pytest.mark.parametrize(
    "continued",
    [
        "x",
        [{}],
        [{**ENDED, "more": 1}],
        [{**ENDED, "cause": "retired"}],
        [{**ENDED, "cause": "compromised", "more": 1}],
        [{**ENDED, "origin": "another log"}],
        [{**ENDED, "by": "another log"}],
        [{**ENDED, "by": FIRST_LOG.name}],
        [{**ENDED, "kept": 10}],
        [{**ENDED, "kept": -1}],
        [{**ENDED, "root": "5a"}],
        [ENDED, ENDED],
        [ENDED, {**ENDED, "origin": SECOND_LOG.name, "by": FIRST_LOG.name}],
    ],
)
def test_a_log_ends_once_and_a_living_one_continues_it(cast: Any, continued: Any) -> None:
    with pytest.raises(TrustInvalid):
        open_unpinned_bundle(signed_fields(cast, policy=LOGS, continued=continued))


BROKEN: dict[str, Any] = {"suite": "ed25519", "origin": FIRST_LOG.name, "size": 9, "root": "5a" * 32}


def test_a_bundle_says_up_to_where_a_broken_algorithm_counts(cast: Any) -> None:
    fields = {"format": "motcua-trust-bundle/2", "policy": LOGS, "broken": BROKEN}
    bundle = open_unpinned_bundle(signed_fields(cast, **fields))
    assert bundle.broken == Broken(**BROKEN) and bundle.broken.json() == BROKEN
    after = open_unpinned_bundle(sign_bundle(next_payload(signed_fields(cast, **fields), {}), [cast.root]))
    assert after.broken == bundle.broken  # a later version keeps it


@pytest.mark.parametrize(
    "change",
    [
        {"format": "motcua-trust-bundle/1"},
        {"policy": "quorum none\n"},
        {"broken": None},
        {"broken": {**BROKEN, "suite": "es256"}},
        {"broken": {**BROKEN, "origin": "another log"}},
        {"broken": {**BROKEN, "size": -1}},
        {"broken": {**BROKEN, "root": "5a"}},
        {"broken": {**BROKEN, "more": 1}},
    ],
)
def test_what_is_said_of_a_broken_algorithm_is_understood_or_the_bundle_refused(
    cast: Any, change: dict[str, Any]
) -> None:
    fields = {"format": "motcua-trust-bundle/2", "policy": LOGS, "broken": BROKEN} | change
    with pytest.raises(TrustInvalid):
        open_unpinned_bundle(signed_fields(cast, **fields))


def test_a_role_of_a_later_version_is_left_out(cast: Any) -> None:
    data = signed_fields(cast, authority={"dossier.moved": ["leader", "mayor"]})
    assert open_unpinned_bundle(data).authority == {"dossier.moved": {Role.LEADER}}


def test_a_malformed_envelope_is_refused(cast: Any) -> None:
    good = orjson.loads(sign_bundle(cast.payload(), [cast.root]))
    signature = good["signatures"][0]
    for bad in (
        b"",
        b"[]",
        canonical.encode({}),
        canonical.encode(good | {"payloadType": Purpose.RECORD}),
        canonical.encode(good | {"payload": "?"}),
        canonical.encode(good | {"payload": 1}),
        canonical.encode(good | {"payload": base64.b64encode(b"{ }").decode()}),
        canonical.encode(good | {"signatures": {}}),
        canonical.encode(good | {"signatures": [signature] * 17}),
        canonical.encode(good | {"signatures": [{"keyid": "x"}]}),
        canonical.encode(good | {"signatures": [signature | {"sig": "?"}]}),
        canonical.encode(good) + b"\n",
        b" " * 300_000,
    ):
        with pytest.raises(TrustInvalid):
            open_unpinned_bundle(bad)
    assert open_unpinned_bundle(canonical.encode(good)) == cast.bundle()


def test_a_signature_for_another_purpose_does_not_count(cast: Any) -> None:
    payload = cast.payload()
    data = orjson.loads(sign_bundle(payload, [cast.root]))
    data["signatures"][0]["sig"] = base64.b64encode(cast.root.sign(Purpose.RECORD, payload)).decode()
    with pytest.raises(TrustInvalid) as caught:
        open_unpinned_bundle(canonical.encode(data))
    assert caught.value.reason is reasons.TRUST_THRESHOLD


def test_a_root_of_small_order_is_refused_by_name(cast: Any) -> None:
    assert not bindings.crypto_core_ed25519_is_valid_point(bytes(32))
    with pytest.raises(TrustInvalid) as caught:
        open_unpinned_bundle(signed_fields(cast, roots=["00" * 32]))
    assert caught.value.reason is reasons.KEY_FORM


def test_members_of_a_later_version_are_left_aside(cast: Any) -> None:
    payload = orjson.loads(cast.payload()) | {"witnesses": [{"name": "thanh tra"}]}
    bundle = open_unpinned_bundle(sign_bundle(canonical.encode(payload), [cast.root]))
    assert bundle.registry == (cast.registry.public,)
    assert bundle.digest != cast.bundle().digest


def test_two_bundles_of_one_version_differ_even_where_this_version_reads_the_same(cast: Any) -> None:
    payload = orjson.loads(cast.payload()) | {"more": 1}
    refused(reasons.TRUST_ROLLBACK, sign_bundle(canonical.encode(payload), [cast.root]), cast.bundle())


STATUS = SigningKey.from_seed(b"s" * 32)
CUT = Cut.of(9, Position(log="aa" * 16, length=2, head="bb" * 32))


def test_status_keys_and_former_registries(cast: Any) -> None:
    former = FormerKey(key=NEW_ROOT.public, cause=Cause.COMPROMISED, cut=CUT)
    bundle = cast.bundle(status=[STATUS.public], former=[former])
    assert (bundle.status, bundle.former) == ((STATUS.public,), (former,))
    assert (cast.bundle().status, cast.bundle().former) == ((), ())


@pytest.mark.parametrize("role", ["status", "former"])
@pytest.mark.parametrize("other", ["root", "registry", "hub"])
def test_a_key_holds_one_role_of_the_bundle(cast: Any, role: str, other: str) -> None:
    key = getattr(cast, other).public
    entry = key if role == "status" else FormerKey(key=key, cause=Cause.RETIRED, cut=CUT)
    with pytest.raises(TrustInvalid):
        cast.payload(**{role: [entry]})


# Root rotation, as TUF tests it. Each version: (number, roots, threshold, signers).

OLD, NEW = [FIRST, SECOND, THIRD], [FIRST, SECOND, NEW_ROOT]
ANOTHER = SigningKey.from_seed(b"o" * 32)
ROTATION: dict[str, tuple[int, list[SigningKey], int, list[SigningKey]]] = {
    "v1": (1, OLD, 2, [FIRST, SECOND]),
    "v2": (2, NEW, 2, [FIRST, SECOND]),
    "v3": (3, [SECOND, NEW_ROOT, ANOTHER], 2, [SECOND, NEW_ROOT]),
    "v3 by one of three": (3, [SECOND, NEW_ROOT, ANOTHER], 2, [SECOND]),
    "v2 by the new ones only": (2, [NEW_ROOT, ANOTHER], 2, [NEW_ROOT, ANOTHER]),
    "v2 by the old ones only": (2, [NEW_ROOT, ANOTHER], 2, [FIRST, SECOND]),
    "v2 with another content": (2, [FIRST, SECOND, ANOTHER], 2, [FIRST, SECOND]),
}


def version(cast: Any, name: str) -> bytes:
    number, roots, threshold, signers = ROTATION[name]
    return envelope(cast, signers, version=number, roots=[root.public for root in roots], threshold=threshold)


@pytest.mark.parametrize(
    ("chain", "reached"),
    [
        (["v1"], 1),
        (["v2"], 2),
        (["v2", "v3"], 3),
        (["v1", "v2", "v3"], 3),
        (["v2", "v2", "v3"], 3),
    ],
)
def test_rotation_is_followed(cast: Any, chain: list[str], reached: int) -> None:
    anchor = open_unpinned_bundle(version(cast, "v1"))
    newest = follow_bundles([version(cast, name) for name in chain], roots=anchor)
    assert newest is not None
    assert newest.version == reached


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (["v3"], reasons.TRUST_THRESHOLD),  # v1 → v3: one of v1's three signed, two are needed
        (["v2", "v3 by one of three"], reasons.TRUST_THRESHOLD),
        (["v2 by the new ones only"], reasons.TRUST_THRESHOLD),
        (["v2 by the old ones only"], reasons.TRUST_THRESHOLD),
        (["v2", "v2 with another content"], reasons.TRUST_ROLLBACK),
    ],
)
def test_rotation_is_refused(cast: Any, chain: list[str], reason: Reason) -> None:
    anchor = open_unpinned_bundle(version(cast, "v1"))
    with pytest.raises(TrustInvalid) as caught:
        follow_bundles([version(cast, name) for name in chain], roots=anchor)
    assert caught.value.reason is reason


def test_a_replayed_first_version_is_refused(cast: Any) -> None:
    anchor = open_unpinned_bundle(version(cast, "v2"))
    refused(reasons.TRUST_ROLLBACK, version(cast, "v1"), anchor)
    assert follow_bundles([version(cast, "v1")], roots=anchor) is None


def key_of(name: str) -> SigningKey:
    return SigningKey.from_seed(name.encode().ljust(32, b"."))


LOG_KEY = VerifierKey("motcua.vn/48/log", key_of("log").public)


def test_a_bundle_may_say_which_log_and_which_witnesses_count(cast: Any) -> None:
    witness = VerifierKey("w", key_of("witness").public, COSIGNATURE)
    policy = cast.bundle(policy=f"log {LOG_KEY}\nwitness w {witness}\nquorum w\n").policy
    assert (policy.logs, policy.witnesses, policy.quorum) == ((LOG_KEY,), {"w": witness}, "w")
    assert cast.bundle().policy is None


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "quorum x\n",
        f"log {VerifierKey('l', key_of('root').public)}\nquorum none\n",
        f"log {VerifierKey('l', key_of('hub').public)}\nquorum none\n",
        7,
    ],
)
def test_a_policy_that_is_none_or_gives_a_key_a_second_role_is_refused(cast: Any, policy: Any) -> None:
    with pytest.raises(TrustInvalid):
        cast.bundle(policy=policy)
