"""Who is a colleague: a device that the registry stated for this very unit, and that nobody has cut off; and who is a PC of the
province at all, with which nothing but loads is exchanged.

The network is asked nothing. A PC enrolled after this one last heard of the province shows a voucher: the registry's key
statement about it, which is checked here like any other and kept for nothing but this exchange.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from edge_node.keyring.units import is_of_office
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.store.local import Office
from signing.roles import Role
from signing.signatures import PublicKey
from signing.statements import KIND
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.voucher import vouched_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Another PC of this office. One that is cut off may deliver what it has, and is told nothing. `unit` is its key's."""

    key: PublicKey
    box: str
    is_cut_off: bool
    unit: str = ""


def find_colleague(
    db: Database, services: Services, office: Office, device: str, voucher: Sequence[bytes] = ()
) -> Colleague:
    """The colleague with this device key; raises RemoteFault(ROUND_DEVICE) for anybody else."""
    return _find(db, services, office, device, voucher, is_colleague=True)


def find_pc(
    db: Database, services: Services, office: Office, device: str, voucher: Sequence[bytes] = ()
) -> Colleague:
    """The PC with this device key, of whatever unit; raises RemoteFault(ROUND_DEVICE) for what is no PC of the province."""
    return _find(db, services, office, device, voucher, is_colleague=False)


def _find(
    db: Database,
    services: Services,
    office: Office,
    device: str,
    voucher: Sequence[bytes],
    *,
    is_colleague: bool,
) -> Colleague:
    trust = services.trust.trust(db)
    statement = trust.statement(device) or vouched_statement(trust, device, voucher)
    if (
        statement is None
        or device == office.device
        or Role.DEVICE not in statement.roles
        or (is_colleague and not is_of_office(db, statement, office.unit))
        or statement.box is None
    ):
        raise RemoteFault(reasons.ROUND_DEVICE, device)
    is_cut_off = not services.status.status(db).is_silent(device)
    return Colleague(key=statement.key, box=statement.box, is_cut_off=is_cut_off, unit=statement.unit)


def own_voucher(db: Database, office: Office) -> list[bytes]:
    """The registry's newest statement about this PC, as header and signature; empty before it has come."""
    for record in reversed(SqliteLogStore(db).records_of_kinds(KIND)):
        facts = record.header.facts
        if Role.DEVICE.value in facts["roles"] and PublicKey.from_hex(facts["key"]).id == office.device:
            return [record.header_bytes, record.signature]
    return []
