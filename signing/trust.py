"""Which keys are believed, and what each may do: the bundle and the key statements accepted below it, as one value.

Statements are accepted in the order of the log that carries them, and each is judged against those before it: the
registry states anything below the roots, a unit administrator states receptionists and specialists of the same unit
(delegated, effective at once, until the registry states the key itself). A delegated statement never displaces one of
the registry's, so late arrivals do no harm.

The caller has verified that the issuer signed the statement. Not here: revocation, which is a position in a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from signing import reasons
from signing.bundles import (
    RootAnchor,
    TrustBundle,
    make_bundle,
    open_bundle,
    open_unpinned_bundle,
    sign_bundle,
)
from signing.errors import NotEntitled, SigningError
from signing.reasons import Reason
from signing.roles import GRANTS, OFFICE_ROLES, PROVINCE_ROLES, Role
from signing.signatures import PublicKey
from signing.statements import KeyStatement

__all__ = [
    "GRANTS",
    "OFFICE_ROLES",
    "PROVINCE_ROLES",
    "KeyStatement",
    "Role",
    "RootAnchor",
    "Trust",
    "TrustBundle",
    "make_bundle",
    "open_bundle",
    "open_unpinned_bundle",
    "sign_bundle",
]

Succession = Mapping[str, frozenset[str]]
NO_SUCCESSION: Final[Succession] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Trust:
    """An immutable set of believed keys; accepting gives another. Look-ups are one dictionary access."""

    bundle: TrustBundle
    statements: Mapping[str, KeyStatement]
    succession: Succession = field(default_factory=lambda: NO_SUCCESSION)
    """For which other units the keys of a unit may act, since units were re-organised."""

    @classmethod
    def of(
        cls,
        bundle: TrustBundle,
        statements: Iterable[KeyStatement] = (),
        *,
        succession: Succession = NO_SUCCESSION,
    ) -> Self:
        """Believe a bundle and, in this order, statements below it, each signed by the issuer that it names."""
        accepted = _stated_by_roots(bundle)
        for statement in statements:
            _accept(bundle, accepted, statement, statement.issuer, succession)
        return cls(bundle, MappingProxyType(accepted), succession)

    @classmethod
    def gather(
        cls, bundle: TrustBundle, statements: Iterable[KeyStatement]
    ) -> tuple[Self, tuple[tuple[KeyStatement, Reason], ...]]:
        """As `of`, for statements that arrived in any order and may be wrong: what is believed, and what is not and why.

        A statement waits for its issuer only; one refused for another reason is not tried again.
        """
        accepted = _stated_by_roots(bundle)
        refused: list[tuple[KeyStatement, Reason]] = []
        waiting, before = list(statements), -1
        while len(waiting) != before:
            before, trying, waiting = len(waiting), waiting, []
            for statement in trying:
                if statement.issuer not in accepted:
                    waiting.append(statement)
                    continue
                try:
                    _accept(bundle, accepted, statement, statement.issuer)
                except SigningError as error:
                    refused.append((statement, error.reason))
        refused += [(statement, reasons.UNKNOWN_KEY) for statement in waiting]
        return cls(bundle, MappingProxyType(accepted)), tuple(refused)

    def statement(self, key_id: str) -> KeyStatement | None:
        return self.statements.get(key_id)

    def accept(self, statement: KeyStatement, *, issuer_key_id: str) -> Self:
        """This trust and one statement more; NotEntitled or TrustInvalid if its issuer may not make it."""
        accepted = dict(self.statements)
        _accept(self.bundle, accepted, statement, issuer_key_id, self.succession)
        return type(self)(self.bundle, MappingProxyType(accepted), self.succession)

    def with_succession(self, succession: Succession) -> Self:
        """The same keys after units were re-organised."""
        return type(self)(self.bundle, self.statements, succession)

    def acts_for(self, statement: KeyStatement, unit: str) -> bool:
        """Whether a key so stated belongs to this unit, or to one before or after it in a re-organisation."""
        return statement.unit == unit or unit in self.succession.get(statement.unit, ())

    def with_statement(self, statement: KeyStatement) -> Self:
        """As `accept`, for a statement whose named issuer is known to have signed it."""
        return self.accept(statement, issuer_key_id=statement.issuer)

    def require_revoker(self, key_id: str, of: str) -> None:
        """Refuse unless this key may revoke the key `of`: the province any below the roots, a unit administrator the
        officers of the same unit. Raises NotEntitled."""
        issuer, subject = self.statements.get(key_id), self.statements.get(of)
        if issuer is None or subject is None:
            raise _unknown(key_id if issuer is None else of)
        if Role.REGISTRY in subject.roles or subject.key == self.bundle.hub.key:
            raise _refused(reasons.TRUST_ISSUER, "only the roots cut off what the roots state")
        if not issuer.roles.isdisjoint({Role.REGISTRY, Role.KEY_AUTHORITY}):
            return
        if Role.UNIT_ADMINISTRATOR not in issuer.roles:
            raise _refused(reasons.ROLE, f"{', '.join(sorted(issuer.roles))} may not revoke keys")
        if not self.acts_for(issuer, subject.unit) or not subject.roles <= OFFICE_ROLES:
            raise _refused(reasons.UNIT, "a unit administrator revokes officers of the same unit")

    def require(self, key_id: str, *, kind: str, unit: str) -> KeyStatement:
        """The key's statement, if it entitles to sign this kind of record for this unit; NotEntitled if not."""
        statement = self.statements.get(key_id)
        if statement is None:
            raise _unknown(key_id)
        held = statement.roles & self.bundle.authority.get(kind, frozenset())
        if not held:
            raise NotEntitled(f"{kind} is not for {', '.join(sorted(statement.roles))}")
        if not self.acts_for(statement, unit) and held.isdisjoint(PROVINCE_ROLES):
            raise NotEntitled(f"a key of {statement.unit} signed for {unit}", reason=reasons.UNIT)
        return statement


def _stated_by_roots(bundle: TrustBundle) -> dict[str, KeyStatement]:
    registries = (*bundle.registry, *(former.key for former in bundle.former))
    stated = [bundle.hub, *(_registry_statement(bundle, key) for key in registries)]
    return {statement.key.id: statement for statement in stated}


def _registry_statement(bundle: TrustBundle, key: PublicKey) -> KeyStatement:
    """A former registry key still vouches for what it stated inside its cut; what lies after it is a matter of status."""
    return KeyStatement(
        key=key,
        roles=frozenset({Role.REGISTRY}),
        unit=bundle.province,
        issuer=bundle.roots[0].id,
    )


def _accept(
    bundle: TrustBundle,
    accepted: dict[str, KeyStatement],
    statement: KeyStatement,
    issuer_key_id: str,
    succession: Succession = NO_SUCCESSION,
) -> None:
    issuer = accepted.get(issuer_key_id)
    if issuer is None:
        raise _unknown(issuer_key_id)
    if statement.issuer != issuer_key_id:
        raise _refused(reasons.TRUST_ISSUER, "the statement names another issuer than its signer")
    statement.check(province=bundle.province)
    _check_grant(issuer, statement, succession)
    known = accepted.get(statement.key.id)
    if known is not None:
        _check_replacement(bundle, known, statement)
    accepted[statement.key.id] = statement


def _check_grant(issuer: KeyStatement, statement: KeyStatement, succession: Succession) -> None:
    if Role.REGISTRY in issuer.roles:
        granted = GRANTS[Role.REGISTRY]
    elif Role.UNIT_ADMINISTRATOR in issuer.roles:
        granted = GRANTS[Role.UNIT_ADMINISTRATOR]
        if statement.unit != issuer.unit and statement.unit not in succession.get(issuer.unit, ()):
            raise _refused(reasons.UNIT, f"{issuer.unit} may not state keys of {statement.unit}")
    else:
        raise _refused(reasons.TRUST_ISSUER, f"{', '.join(sorted(issuer.roles))} may not state keys")
    if not statement.roles <= granted:
        raise _refused(reasons.ROLE, f"may not give {', '.join(sorted(statement.roles - granted))}")
    if statement.delegated == (Role.REGISTRY in issuer.roles):
        raise _refused(reasons.TRUST_ISSUER, "exactly the statements of unit administrators are delegated")


def _check_replacement(bundle: TrustBundle, known: KeyStatement, statement: KeyStatement) -> None:
    if known.key in (bundle.hub.key, *bundle.registry, *(former.key for former in bundle.former)):
        raise _refused(reasons.TRUST_ISSUER, "what the roots state stands")
    if statement.delegated and not (known.delegated and known.unit == statement.unit):
        raise _refused(reasons.TRUST_ISSUER, "the province's statement stands")


def _unknown(key_id: str) -> NotEntitled:
    return NotEntitled(f"no statement about {key_id}", reason=reasons.UNKNOWN_KEY)


def _refused(reason: Reason, detail: str) -> NotEntitled:
    return NotEntitled(detail, reason=reason)
