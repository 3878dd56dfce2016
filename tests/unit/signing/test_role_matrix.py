"""Keys are roles: no key can do another's work. Every kind of key against every kind of record and every purpose.

The table says what each key may sign, written out by hand so that a change of the rules is seen here; everything else
is tried and must be refused. Keys without a key statement (root, log, status, witness) sign no record at all.
"""

from typing import Any

import pytest

from dossiers.kinds import AUTHORITY
from signing.bundles import make_bundle, open_unpinned_bundle, sign_bundle
from signing.errors import LogInvalid, NotEntitled, SignatureInvalid, TrustInvalid
from signing.keys import SigningKey
from signing.roles import Role
from signing.signatures import Purpose, verify
from signing.snapshot import Snapshot, open_snapshot, sign_snapshot
from signing.status import Status
from signing.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from signing.tlog.cosignature import cosign, verify_cosignature
from signing.tlog.merkle import EMPTY_ROOT
from signing.tlog.note import COSIGNATURE, VerifierKey
from signing.trust import KeyStatement, Trust
from sync_protocol.errors import RunInvalid
from sync_protocol.log import make_seal, verify_seal

PROVINCE, UNIT, OTHER_UNIT = "48", "20242", "20293"
DESK = {"dossier.paper_added", "dossier.paper_removed", "dossier.file_added", "dossier.file_removed", "dossier.noted",
        "dossier.moved", "dossier.routed", "dossier.papers_given", "dossier.papers_taken"}  # fmt: skip
CASE = {"dossier.received", "dossier.amended", "dossier.assigned", "dossier.settled", "dossier.referred"}
MAY_SIGN: dict[str, set[str]] = {
    "receptionist": DESK | CASE | {"dossier.paid", "dossier.numbered"},
    "specialist": DESK | CASE,
    "leader": {"dossier.amended", "dossier.moved", "dossier.assigned", "dossier.extended", "dossier.noted",
               "dossier.settled", "dossier.file_added", "dossier.file_removed", "dossier.referred", "dossier.routed",
               "dossier.papers_given", "dossier.papers_taken", "erasure.ordered"},
    "clerk": DESK | {"dossier.paid"},
    "unit_administrator": {"dossier.noted", "key.stated", "key.requested", "key.revoked",
                           "copy.reviewed"},
    "device": {"log.opened", "dossier.numbered"},
    "hub": {"log.opened", "log.forked", "copy.suspected", "verdict.given", "lease.granted", "foreign.listed", "catalogue.published",
            "calendar.published", "erasure.ordered"},
    "registry": {"key.stated", "key.revoked", "key.reinstated", "review.given", "copy.reviewed"},
    "key_authority": {"key.stated", "key.revoked", "key.reinstated", "review.given", "copy.reviewed"},
    "administrator": {"lease.granted", "catalogue.published", "calendar.published", "erasure.ordered",
                      "copy.reviewed", "unit.reorganised", "unit.allotted"},
    "statistician": set(), "auditor": set(), "verifier": set(),
    "root": set(), "log": set(), "status": set(), "witness": set(),
}  # fmt: skip
OFFICE = ("receptionist", "specialist", "leader", "clerk", "unit_administrator")
UNSTATED = ("root", "log", "status", "witness")


def key(name: str) -> SigningKey:
    return SigningKey.from_seed(name.encode().ljust(32, b"-"))


KEYS = {name: key(name) for name in MAY_SIGN}
LOG, WITNESS = (
    VerifierKey("motcua/48/test", KEYS["log"].public),
    VerifierKey("thanh-tra", KEYS["witness"].public, COSIGNATURE),
)


def stated(name: str) -> KeyStatement:
    """The statement of one of these keys, by the registry (the hub's and the registry's by the root)."""
    is_officer = name not in ("device", "hub", "registry")
    return KeyStatement(
        key=KEYS[name].public,
        roles=frozenset({Role(name)}),
        unit=UNIT if name in (*OFFICE, "device") else PROVINCE,
        officer="11" * 16 if is_officer else None,
        device=KEYS["device"].public.id if is_officer else None,
        issuer=KEYS["root" if name == "hub" else "registry"].public.id,
    )


def envelope(signer: str = "root") -> bytes:
    payload = make_bundle(
        version=1, province=PROVINCE, roots=[KEYS["root"].public], threshold=1, registry=[KEYS["registry"].public],
        hub=stated("hub"), ca_sha256=None, authority=AUTHORITY, status=[KEYS["status"].public],
        policy=f"log {LOG}\nquorum none\n",
    )  # fmt: skip
    return sign_bundle(payload, [KEYS[signer]])


BUNDLE = open_unpinned_bundle(envelope())
TRUST = Trust.of(BUNDLE, [stated(name) for name in MAY_SIGN if name not in (*UNSTATED, "hub", "registry")])


def test_the_table_names_every_role_and_every_kind() -> None:
    assert set(MAY_SIGN) >= {role.value for role in Role}
    assert set().union(*MAY_SIGN.values()) == set(AUTHORITY)


@pytest.mark.parametrize("name", MAY_SIGN)
@pytest.mark.parametrize("kind", AUTHORITY)
def test_each_key_signs_the_records_of_its_work_and_no_other(name: str, kind: str) -> None:
    for unit in (UNIT, OTHER_UNIT, PROVINCE):
        is_own = unit == UNIT if name in (*OFFICE, "device") else True
        try:
            TRUST.require(KEYS[name].public.id, kind=kind, unit=unit)
            may = True
        except NotEntitled:
            may = False
        assert may == (kind in MAY_SIGN[name] and is_own), (name, kind, unit)


@pytest.mark.parametrize("issuer", MAY_SIGN)
@pytest.mark.parametrize("role", list(Role))
def test_who_may_state_which_keys(issuer: str, role: Role) -> None:
    """Registries state everything below the roots; a unit administrator the two roles of the desk; nobody else anything."""
    is_office = role.value in OFFICE
    statement = KeyStatement(
        key=key(f"new {role}").public,
        roles=frozenset({role}),
        unit=UNIT if is_office or role is Role.DEVICE else PROVINCE,
        officer=None if role is Role.DEVICE else "22" * 16,
        issuer=KEYS[issuer].public.id,
        delegated=issuer == "unit_administrator",
    )
    desk = role in (Role.RECEPTIONIST, Role.SPECIALIST)
    registry = issuer == "registry" and role not in (Role.ROOT, Role.REGISTRY)
    if registry or (issuer == "unit_administrator" and desk):
        assert TRUST.with_statement(statement).statement(statement.key.id) == statement
    else:
        with pytest.raises((NotEntitled, TrustInvalid)):
            TRUST.with_statement(statement)


@pytest.mark.parametrize("issuer", MAY_SIGN)
@pytest.mark.parametrize("subject", MAY_SIGN)
def test_who_may_revoke_whom(issuer: str, subject: str) -> None:
    province = issuer in ("registry", "key_authority") and subject not in (*UNSTATED, "hub", "registry")
    unit = issuer == "unit_administrator" and subject in OFFICE
    try:
        TRUST.require_revoker(KEYS[issuer].public.id, of=KEYS[subject].public.id)
        may = True
    except NotEntitled:
        may = False
    assert may == (province or unit), (issuer, subject)


def opens_bundle(name: str) -> bool:
    try:
        open_unpinned_bundle(envelope(name))
    except TrustInvalid:
        return False
    return True


def opens_snapshot(name: str) -> bool:
    snapshot = Snapshot(province=PROVINCE, status=Status.of((), size=1), root=None, issued=None)
    try:
        open_snapshot(sign_snapshot(snapshot, KEYS[name]), BUNDLE)
    except TrustInvalid:
        return False
    return True


def opens_checkpoint(name: str) -> bool:
    signer: Any = KEYS[name]
    try:
        open_checkpoint(sign_checkpoint(Checkpoint(LOG.name, 0, EMPTY_ROOT), signer), LOG)
    except LogInvalid:
        return False
    return True


def opens_cosignature(name: str) -> bool:
    signer: Any = KEYS[name]
    checkpoint = Checkpoint(LOG.name, 0, EMPTY_ROOT)
    log: Any = KEYS["log"]
    note = sign_checkpoint(checkpoint, log)
    try:
        verify_cosignature(note.text, cosign(checkpoint, WITNESS.name, 1, signer), WITNESS)
    except (LogInvalid, SignatureInvalid):
        return False
    return True


def opens_seal(name: str) -> bool:
    try:
        verify_seal(make_seal("aa" * 16, 3, "bb" * 32, KEYS[name]), KEYS["device"].public)
    except RunInvalid:
        return False
    return True


@pytest.mark.parametrize(
    ("opens", "signer"),
    [
        (opens_bundle, "root"),
        (opens_snapshot, "status"),
        (opens_checkpoint, "log"),
        (opens_cosignature, "witness"),
        (opens_seal, "device"),
    ],
)
def test_what_is_no_record_is_signed_by_its_own_key_only(opens: Any, signer: str) -> None:
    assert [name for name in KEYS if opens(name)] == [signer]


PURPOSES = [value for name, value in vars(Purpose).items() if name.isupper()]


@pytest.mark.parametrize("made_for", PURPOSES)
@pytest.mark.parametrize("used_for", PURPOSES)
def test_a_signature_is_worth_nothing_for_another_purpose(made_for: str, used_for: str) -> None:
    signature = KEYS["device"].sign(made_for, b"{}")
    if made_for == used_for:
        verify(KEYS["device"].public, used_for, b"{}", signature)
    else:
        with pytest.raises(SignatureInvalid):
            verify(KEYS["device"].public, used_for, b"{}", signature)
