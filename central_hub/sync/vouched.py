"""A PC that this hub has not heard of, because its database was put back from before the PC was enrolled: by its voucher.

Nothing is kept of a voucher. The PC may deliver, and among what it delivers is the province's own log with the statement
about it; once that is judged it is a PC like any other. Until then it is told no more than one that was cut off.
Vouchers that show nothing are counted per address.
"""

from central_hub.registry.throttle import count_failure, is_throttled
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from signing.statements import KeyStatement
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.voucher import vouched_statement
from sync_protocol.wire import SignedRequest

FAILURES_ALLOWED = 10


def statement_by_voucher(services: Services, signed: SignedRequest, *, address: str) -> KeyStatement | None:
    """What the request's voucher states of its device, once the request is the device's own; None for a known device and
    for a request without voucher.

    Raises RemoteFault (ROUND_DEVICE, ROUND_SIGNATURE, THROTTLED) where the voucher is no good, or the device was cut off.
    """
    device, voucher = signed.device, signed.said.voucher
    if not voucher:
        return None
    now_ms, subject = services.clock(), f"voucher {address}"
    with reading(services.engine) as connection:
        trust = services.trust.current(connection)
        if trust.statement(device) is not None:
            return None
        if is_throttled(connection, subject, allowed=FAILURES_ALLOWED, now_ms=now_ms):
            raise RemoteFault(reasons.THROTTLED)
        is_silent = services.status.current(connection).is_silent(device)
    try:
        statement = vouched_statement(trust, device, voucher)
        if statement is None or not is_silent:
            raise RemoteFault(reasons.ROUND_DEVICE, device)
        signed.verify(statement.key)
    except RemoteFault:
        with writing(services.engine) as connection:
            count_failure(connection, subject, now_ms=now_ms)
        raise
    return statement
