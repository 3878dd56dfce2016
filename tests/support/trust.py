"""A small province to test against: roots, registry, hub, two communes with devices and officers."""

from dossiers.kinds import AUTHORITY
from signing.roles import Role
from signing.statements import KeyStatement
from signing.trust import RootAnchor, Trust, TrustBundle, make_bundle, open_bundle, sign_bundle
from tests.support.device_log import HAI_CHAU, HOA_CUONG, key_of

PROVINCE = "48"
OFFICE = frozenset({Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK})


def a_bundle() -> bytes:
    """A root-signed trust bundle whose keys are `key_of("root")`, `key_of("registry")` and `key_of("hub")`."""
    hub = KeyStatement(
        key=key_of("hub").public, roles=frozenset({Role.HUB}), unit=PROVINCE, issuer=key_of("root").public.id
    )
    payload = make_bundle(
        version=1,
        province=PROVINCE,
        roots=[key_of("root").public],
        threshold=1,
        registry=[key_of("registry").public],
        hub=hub,
        ca_sha256=None,
        authority=AUTHORITY,
        issued=0,
    )
    return sign_bundle(payload, [key_of("root")])


def opened_bundle() -> TrustBundle:
    anchor: RootAnchor = frozenset({key_of("root").public})
    return open_bundle(a_bundle(), roots=anchor)


def device(name: str, unit: str = HAI_CHAU) -> KeyStatement:
    """The registry's statement about a device."""
    return KeyStatement(
        key=key_of(name).public,
        roles=frozenset({Role.DEVICE}),
        unit=unit,
        issuer=key_of("registry").public.id,
    )


def officer(
    name: str, on: str, unit: str = HAI_CHAU, roles: frozenset[Role] = OFFICE, officer_id: str | None = None
) -> KeyStatement:
    """The registry's statement about an officer's key on one device."""
    return KeyStatement(
        key=key_of(name).public,
        roles=roles,
        unit=unit,
        officer=officer_id or key_of(name).public.id,
        device=key_of(on).public.id,
        issuer=key_of("registry").public.id,
    )


def a_trust() -> Trust:
    """Hải Châu: PC1 with Lan (all office roles), PC2 with Hùng (receptionist); Hòa Cường: PC3 with Mai."""
    return Trust.of(
        opened_bundle(),
        [
            device("PC1"),
            device("PC2"),
            device("PC3", HOA_CUONG),
            officer("Lan", "PC1"),
            officer("Hùng", "PC2", roles=frozenset({Role.RECEPTIONIST})),
            officer("Mai", "PC3", HOA_CUONG),
        ],
    )
