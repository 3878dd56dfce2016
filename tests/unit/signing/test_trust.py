"""Who may state whom, and who may do what for which unit."""

from typing import Any

import pytest

from signing import reasons
from signing.errors import NotEntitled, SigningError, TrustInvalid
from signing.reasons import Reason
from signing.trust import Role, Trust

PROVINCE, HAI_CHAU, HOA_VANG = "48", "20242", "20293"


def refused(reason: Reason, trust: Trust, statement: Any, issuer: str | None = None) -> None:
    with pytest.raises(SigningError) as caught:
        trust.accept(statement, issuer_key_id=statement.issuer if issuer is None else issuer)
    assert caught.value.reason is reason
    assert trust.statement(statement.key.id) != statement


def test_the_bundle_states_hub_and_registry(cast: Any) -> None:
    trust = cast.trust()
    assert trust.statement(cast.hub.public.id).roles == {Role.HUB}
    assert trust.statement(cast.registry.public.id).roles == {Role.REGISTRY}
    assert trust.statement(cast.root.public.id) is None
    assert len(trust.statements) == 2


def test_accepting_gives_another_trust(cast: Any) -> None:
    before = cast.trust()
    after = before.accept(cast.administrator(), issuer_key_id=cast.registry.public.id)
    assert before.statement(cast.administrator().key.id) is None
    assert after.statement(cast.administrator().key.id) == cast.administrator()
    assert after == before.with_statement(cast.administrator()) == cast.trust(cast.administrator())
    with pytest.raises(TypeError):
        after.statements["x"] = cast.administrator()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ROOT, Role.REGISTRY, Role.DEVICE}))
def test_the_registry_states_anything_below_the_roots(cast: Any, role: Role) -> None:
    statement = cast.statement("someone", [role], unit=PROVINCE)
    assert cast.trust(statement).statement(statement.key.id) == statement


@pytest.mark.parametrize("role", [Role.ROOT, Role.REGISTRY])
def test_the_registry_makes_no_heirs(cast: Any, role: Role) -> None:
    refused(reasons.ROLE, cast.trust(), cast.statement("someone", [role], unit=PROVINCE))


def test_the_registry_does_not_delegate(cast: Any) -> None:
    refused(reasons.TRUST_ISSUER, cast.trust(), cast.statement("lan", [Role.RECEPTIONIST], delegated=True))


@pytest.mark.parametrize(
    "roles", [(Role.RECEPTIONIST,), (Role.SPECIALIST,), (Role.RECEPTIONIST, Role.SPECIALIST)]
)
def test_a_unit_administrator_states_the_desk(cast: Any, roles: tuple[Role, ...]) -> None:
    statement = cast.delegated(roles=roles)
    trust = cast.trust(cast.administrator(), statement)
    assert trust.statement(statement.key.id).delegated


@pytest.mark.parametrize("role", [Role.LEADER, Role.CLERK, Role.UNIT_ADMINISTRATOR, Role.VERIFIER])
def test_a_unit_administrator_gives_no_higher_role(cast: Any, role: Role) -> None:
    trust = cast.trust(cast.administrator())
    refused(reasons.ROLE, trust, cast.delegated(roles=(Role.RECEPTIONIST, role)))


def test_a_unit_administrator_states_no_device(cast: Any) -> None:
    refused(
        reasons.ROLE, cast.trust(cast.administrator()), cast.delegated(roles=(Role.DEVICE,), officer=None)
    )


def test_a_unit_administrator_keeps_to_the_own_unit(cast: Any) -> None:
    refused(reasons.UNIT, cast.trust(cast.administrator()), cast.delegated(unit=HOA_VANG))


def test_a_unit_administrator_cannot_pass_as_the_province(cast: Any) -> None:
    refused(reasons.TRUST_ISSUER, cast.trust(cast.administrator()), cast.delegated(delegated=False))


@pytest.mark.parametrize("issuer", ["device", "lan", "hub", "leader"])
def test_others_state_nobody(cast: Any, issuer: str) -> None:
    trust = cast.trust(
        cast.device(),
        cast.statement("lan", [Role.RECEPTIONIST]),
        cast.statement("leader", [Role.LEADER]),
    )
    refused(reasons.TRUST_ISSUER, trust, cast.statement("minh", [Role.RECEPTIONIST], issuer=issuer))


def test_an_unknown_issuer_states_nobody(cast: Any) -> None:
    refused(reasons.UNKNOWN_KEY, cast.trust(), cast.delegated())
    with pytest.raises(NotEntitled):
        Trust.of(cast.bundle(), [cast.delegated(), cast.administrator()])


def test_the_issuer_is_the_signer(cast: Any) -> None:
    named_another = cast.statement("lan", [Role.RECEPTIONIST], issuer="stranger")
    refused(reasons.TRUST_ISSUER, cast.trust(), named_another, cast.registry.public.id)


def test_a_contradiction_is_refused_whoever_says_it(cast: Any) -> None:
    with pytest.raises(TrustInvalid):
        cast.trust(cast.statement("lan", [Role.LEADER], officer=None))


def test_the_province_confirms_a_delegated_key(cast: Any) -> None:
    confirmed = cast.statement("lan", [Role.RECEPTIONIST])
    trust = cast.trust(cast.administrator(), cast.delegated(), confirmed)
    assert trust.statement(confirmed.key.id) == confirmed
    refused(reasons.TRUST_ISSUER, trust, cast.delegated())


def test_a_unit_administrator_may_change_its_own_word_only(cast: Any) -> None:
    both = cast.delegated(roles=(Role.RECEPTIONIST, Role.SPECIALIST))
    trust = cast.trust(cast.administrator(), cast.administrator("binh", HOA_VANG), cast.delegated(), both)
    assert trust.statement(both.key.id) == both
    moved = cast.statement("lan", [Role.RECEPTIONIST], unit=HOA_VANG, issuer="binh", delegated=True)
    refused(reasons.TRUST_ISSUER, trust, moved)


@pytest.mark.parametrize("name", ["hub", "registry"])
def test_what_the_roots_state_stands(cast: Any, name: str) -> None:
    refused(reasons.TRUST_ISSUER, cast.trust(), cast.statement(name, [Role.ADMINISTRATOR], unit=PROVINCE))


def test_statements_in_any_order_are_gathered(cast: Any) -> None:
    bad = cast.statement("minh", [Role.LEADER], issuer="hoa", delegated=True)
    lost = cast.statement("an", [Role.RECEPTIONIST], issuer="stranger")
    trust, refusals = Trust.gather(cast.bundle(), [bad, cast.delegated(), lost, cast.administrator()])
    assert trust == cast.trust(cast.administrator(), cast.delegated())
    assert refusals == ((bad, reasons.ROLE), (lost, reasons.UNKNOWN_KEY))
    assert Trust.gather(cast.bundle(), []) == (cast.trust(), ())


def required(trust: Trust, name: str, kind: str, unit: str, cast: Any) -> Reason | None:
    try:
        statement = trust.require(cast.statement(name, []).key.id, kind=kind, unit=unit)
    except NotEntitled as error:
        return error.reason
    assert statement == trust.statement(statement.key.id)
    return None


@pytest.mark.parametrize(
    ("name", "kind", "unit", "reason"),
    [
        ("lan", "dossier.received", HAI_CHAU, None),
        ("lan", "dossier.moved", HAI_CHAU, None),
        ("leader", "dossier.moved", HAI_CHAU, None),
        ("leader", "dossier.received", HAI_CHAU, reasons.ROLE),
        ("device", "log.opened", HAI_CHAU, None),
        ("device", "dossier.received", HAI_CHAU, reasons.ROLE),
        ("device", "dossier.moved", HAI_CHAU, reasons.ROLE),
        ("device", "verdict.given", HAI_CHAU, reasons.ROLE),
        ("lan", "dossier.received", HOA_VANG, reasons.UNIT),
        ("lan", "dossier.received", PROVINCE, reasons.UNIT),
        ("device", "log.opened", HOA_VANG, reasons.UNIT),
        ("hub", "verdict.given", PROVINCE, None),
        ("hub", "verdict.given", HAI_CHAU, None),
        ("hub", "log.opened", HOA_VANG, None),
        ("hub", "dossier.received", HAI_CHAU, reasons.ROLE),
        ("at_province", "dossier.received", PROVINCE, None),
        ("at_province", "dossier.received", HAI_CHAU, reasons.UNIT),
        ("registry", "key.stated", HAI_CHAU, None),
        ("lan", "dossier.unheard_of", HAI_CHAU, reasons.ROLE),
        ("stranger", "dossier.received", HAI_CHAU, reasons.UNKNOWN_KEY),
        ("root", "key.stated", PROVINCE, reasons.UNKNOWN_KEY),
    ],
)
def test_role_and_unit_decide(cast: Any, name: str, kind: str, unit: str, reason: Reason | None) -> None:
    trust = cast.trust(
        cast.device(),
        cast.statement("lan", [Role.RECEPTIONIST]),
        cast.statement("leader", [Role.LEADER]),
        cast.statement("at_province", [Role.RECEPTIONIST, Role.AUDITOR], unit=PROVINCE),
    )
    assert required(trust, name, kind, unit, cast) is reason
