"""Naming witnesses: the lines of a policy (C2SP tlog-policy) by which the roots would count PCs, and a whole policy with them.

Every PC cosigns; those count that the roots name. A policy names some communes and outsiders, not all: a checkpoint carries a hundred
signatures, and whoever verifies looks for each named witness. Not here: signing; that is a root ceremony.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from central_hub.registry.status import cause_of
from central_hub.services import Services
from central_hub.store.tables import DEVICE
from central_hub.tlog.witnesses import newest_cosigned
from signing.errors import LogInvalid
from signing.tlog.note import SIGNATURES_MAX, VerifierKey
from signing.tlog.policy import Policy
from sync_protocol.witness import witness_key

NAMED_MAX: Final = SIGNATURES_MAX - 1
"""Witnesses whose lines have room on one checkpoint beside the log's own."""
_GROUP: Final = "du-so"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameable:
    """A PC in good standing that a policy could name; `seen` is the newest size that it has cosigned lately, None for none."""

    name: str
    unit: str
    device: str
    key: VerifierKey
    seen: int | None
    is_named: bool

    @property
    def line(self) -> str:
        """Its line in a policy."""
        return f"witness {self.name} {self.key}"


def nameable(connection: Connection, services: Services, units: Collection[str] = ()) -> list[Nameable]:
    """The PCs of these units (none: of all), by unit; without those that are cut off."""
    trust, status = services.trust.current(connection), services.status.current(connection)
    policy = services.keys.bundle.policy
    named = set() if policy is None else set(policy.witnesses.values())
    seen = newest_cosigned(connection)
    found = []
    for row in connection.execute(select(DEVICE).order_by(DEVICE.c.unit, DEVICE.c.name, DEVICE.c.id)):
        statement = trust.statement(row.id)
        if statement is None or cause_of(status, row.id) or (units and row.unit not in units):
            continue
        key = witness_key(services.province, statement.key)
        found.append(
            Nameable(
                name=f"{row.unit}-{row.id[:8]}",
                unit=services.units.name(row.unit),
                device=row.name,
                key=key,
                seen=seen[key.name].size if key.name in seen else None,
                is_named=key in named,
            )
        )
    return found


def policy_naming(policy: Policy, chosen: Sequence[Nameable], outside: Sequence[str], *, quorum: int) -> str:
    """A policy with the logs of this one, in which `quorum` of these PCs and outsiders ("NAME VKEY") must have cosigned.

    Witnesses that were named before and are not chosen again are left out. LogInvalid for a quorum that can never be met, or too many names.
    """
    lines = [*(f"witness {each}" for each in outside), *(each.line for each in chosen)]
    if not 1 <= quorum <= len(lines) <= NAMED_MAX:
        raise LogInvalid(f"a quorum is from 1 to the number of witnesses, and those are at most {NAMED_MAX}")
    names = [line.split()[1] for line in lines if len(line.split()) > 1]
    group = f"group {_GROUP} {quorum} {' '.join(names)}"
    text = "\n".join([*(f"log {log}" for log in policy.logs), *lines, group, f"quorum {_GROUP}", ""])
    Policy.parse(text)
    return text
