"""The roles a key can hold, and who may give which: two short tables, so that reviewing them is reading them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a key may be used for. Which kinds of record a role may sign is data of the trust bundle."""

    RECEPTIONIST = "receptionist"
    SPECIALIST = "specialist"
    LEADER = "leader"
    CLERK = "clerk"
    UNIT_ADMINISTRATOR = "unit_administrator"
    DEVICE = "device"
    HUB = "hub"
    REGISTRY = "registry"
    ADMINISTRATOR = "administrator"
    STATISTICIAN = "statistician"
    AUDITOR = "auditor"
    KEY_AUTHORITY = "key_authority"
    VERIFIER = "verifier"
    ROOT = "root"


OFFICE_ROLES: Final = frozenset(
    {Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK, Role.UNIT_ADMINISTRATOR}
)
"""Held by a person at a unit's desk, and worth something only there."""

PROVINCE_ROLES: Final = frozenset(
    {Role.HUB, Role.REGISTRY, Role.ADMINISTRATOR, Role.STATISTICIAN, Role.AUDITOR, Role.KEY_AUTHORITY}
)
"""Held at the province, and worth something for every unit of it."""

GRANTS: Final[Mapping[Role, frozenset[Role]]] = {
    # Registries come from the roots alone: a stolen registry key must not be able to make itself heirs.
    Role.REGISTRY: frozenset(Role) - {Role.ROOT, Role.REGISTRY},
    Role.UNIT_ADMINISTRATOR: frozenset({Role.RECEPTIONIST, Role.SPECIALIST}),
}
"""For each role that may state keys, the roles it may give."""
