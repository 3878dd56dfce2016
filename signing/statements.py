"""A key statement: "this key may act for this unit in these roles", said by another key.

It travels as the facts of a `key.stated` record. This room reads and writes those facts strictly and refuses statements
that contradict themselves; whether the issuer was entitled to make one is decided in `trust`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from signing import reasons
from signing.canonical import Json
from signing.errors import SigningError, TrustInvalid
from signing.roles import OFFICE_ROLES, PROVINCE_ROLES, Role
from signing.signatures import PublicKey

KIND: Final = "key.stated"

_NAMES: Final = frozenset(
    {"key", "box", "roles", "unit", "officer", "device", "delegated", "from_size", "until_size"}
)
_HEX32: Final = re.compile(r"[0-9a-f]{32}")
_HEX64: Final = re.compile(r"[0-9a-f]{64}")
_UNIT: Final = re.compile(r"[0-9]{2,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatement:
    """What one key is entitled to, and who says so.

    `box` is the X25519 key (hex) to enclose bodies for. `device` is the id of the device key on whose computer an officer's
    key lives. `delegated` marks a unit administrator's word that the province has yet to confirm. `from_size` and
    `until_size` bound the statement by sizes of the province's tree, never by dates.
    """

    key: PublicKey
    box: str | None = None
    roles: frozenset[Role]
    unit: str
    officer: str | None = None
    device: str | None = None
    issuer: str
    delegated: bool = False
    from_size: int = 0
    until_size: int | None = None

    def facts(self) -> dict[str, Json]:
        """The facts of the `key.stated` record that says this; the issuer is the record's signer."""
        return {
            "key": self.key.hex,
            "box": self.box,
            "roles": [*sorted(self.roles)],
            "unit": self.unit,
            "officer": self.officer,
            "device": self.device,
            "delegated": self.delegated,
            "from_size": self.from_size,
            "until_size": self.until_size,
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, object], *, issuer: str) -> Self:
        """Read the facts of a `key.stated` record signed by `issuer`; TrustInvalid if they are not exactly such facts."""
        if facts.keys() != _NAMES:
            raise _invalid(f"facts have other names: {sorted(facts.keys() ^ _NAMES)}")
        return cls(
            key=_key(facts["key"]),
            box=_optional(facts["box"], _HEX64, "box"),
            roles=_roles(facts["roles"]),
            unit=_text(facts["unit"], _UNIT, "unit"),
            officer=_optional(facts["officer"], _HEX32, "officer"),
            device=_optional(facts["device"], _HEX32, "device"),
            issuer=issuer,
            delegated=_flag(facts["delegated"]),
            from_size=_size(facts["from_size"]),
            until_size=None if facts["until_size"] is None else _size(facts["until_size"]),
        )

    def check(self, *, province: str) -> None:
        """Refuse a statement that no issuer may make, because it contradicts itself."""
        if not self.roles:
            raise _invalid("a statement gives at least one role")
        if Role.DEVICE in self.roles and (len(self.roles) > 1 or self.officer or self.device):
            raise _invalid("a device key is nothing but a device key")
        if self.roles & OFFICE_ROLES and self.officer is None:
            raise _invalid("an office role belongs to an officer")
        if self.roles & PROVINCE_ROLES and self.unit != province:
            raise _invalid("a province role is held at the province")
        if self.until_size is not None and self.until_size < self.from_size:
            raise _invalid("the statement ends before it begins")


def _invalid(detail: str) -> TrustInvalid:
    return TrustInvalid(detail, reason=reasons.TRUST_STATEMENT)


def _key(value: object) -> PublicKey:
    try:
        return PublicKey.from_hex(_text(value, _HEX64, "key"))
    except SigningError as error:
        raise TrustInvalid(error.detail, reason=error.reason) from error


def _roles(value: object) -> frozenset[Role]:
    known = [role.value for role in Role]
    if not isinstance(value, list) or any(role not in known for role in value):
        raise _invalid("roles are a list of known roles")
    if value != sorted(set(value)):
        raise _invalid("roles are sorted, each once")
    return frozenset(Role(role) for role in value)


def _text(value: object, pattern: re.Pattern[str], name: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise _invalid(f"{name} has another form")
    return value


def _optional(value: object, pattern: re.Pattern[str], name: str) -> str | None:
    return None if value is None else _text(value, pattern, name)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _invalid("delegated is true or false")
    return value


def _size(value: object) -> int:
    if type(value) is not int or value < 0:
        raise _invalid("a size is a count")
    return value
