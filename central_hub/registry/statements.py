"""State keys: the registry's word, written into the province's log."""

from typing import Any

from sqlalchemy import Connection

from central_hub.journal.service import Draft, write
from central_hub.registry.compact import compact_member
from central_hub.services import Services
from signing.roles import Role
from signing.signatures import PublicKey
from signing.statements import KeyStatement
from sync_protocol.record import Record


def state_keys(
    connection: Connection, services: Services, statements: list[tuple[KeyStatement, dict[str, str]]]
) -> list[Record]:
    """Write statements (each with its holder's name for people); refused if the registry may not make one."""
    trust = services.trust.current(connection)
    for statement, _ in statements:
        trust = trust.accept(statement, issuer_key_id=services.keys.registry.public.id)
    drafts = [
        Draft(
            kind="key.stated",
            facts=_plain(statement),
            content=content | compact_member(services, statement),
            signer=services.keys.registry,
        )
        for statement, content in statements
    ]
    return write(connection, services, commune=services.province, drafts=drafts)


def device_statement(services: Services, key: PublicKey, *, box: str | None, unit: str) -> KeyStatement:
    """This key is the device of a PC of `unit`."""
    return KeyStatement(
        key=key, box=box, roles=frozenset({Role.DEVICE}), unit=unit, issuer=services.keys.registry.public.id
    )


def officer_statement(
    services: Services, key: PublicKey, *, roles: frozenset[Role], unit: str, officer: str, device: str
) -> KeyStatement:
    """This key is an officer's, living on the PC whose device key is `device`."""
    return KeyStatement(
        key=key,
        roles=roles,
        unit=unit,
        officer=officer,
        device=device,
        issuer=services.keys.registry.public.id,
    )


def _plain(statement: KeyStatement) -> dict[str, Any]:
    """The statement's facts with roles as the plain text that a header takes."""
    return {**statement.facts(), "roles": sorted(role.value for role in statement.roles)}
