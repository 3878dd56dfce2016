"""A voucher: the registry's key statement about a device, shown by the device itself to whoever has not heard of it.

It is header and signature of a `key.stated` record, nothing secret: whoever shows it must sign the message that carries
it with the key that it states. Not here: whether the device was cut off since, and what it may then do.
"""

from collections.abc import Sequence

from signing.errors import SigningError
from signing.roles import Role
from signing.signatures import SIGNATURE_BYTES, Purpose, verify
from signing.statements import KIND, KeyStatement
from signing.trust import Trust
from sync_protocol.errors import ProtocolError
from sync_protocol.limits import HEADER_SIZE_BYTES_MAX
from sync_protocol.record import decode_header


def is_well_formed(voucher: Sequence[bytes]) -> bool:
    """Whether it is none at all, or a header and a signature of possible sizes."""
    if not voucher:
        return True
    return (
        len(voucher) == 2 and len(voucher[0]) <= HEADER_SIZE_BYTES_MAX and len(voucher[1]) == SIGNATURE_BYTES
    )


def vouched_statement(trust: Trust, device: str, voucher: Sequence[bytes]) -> KeyStatement | None:
    """What a registry key in use states about `device`; None where the voucher does not show that.

    A former registry key shows nothing here: that its statement lies before its cut is only known where the log is held.
    """
    if not voucher or not is_well_formed(voucher):
        return None
    try:
        header = decode_header(voucher[0])
        issuer = trust.statement(header.by)
        if issuer is None or header.kind != KIND or issuer.key not in trust.bundle.registry:
            return None
        verify(issuer.key, Purpose.RECORD, voucher[0], voucher[1])
        statement = KeyStatement.from_facts(header.facts, issuer=header.by)
        if Role.DEVICE not in statement.roles:
            return None
        return trust.accept(statement, issuer_key_id=header.by).statement(device)
    except (SigningError, ProtocolError):
        return None
