"""Enrolment: a code for one PC, and what happens when the PC comes with it.

Only a hash of a code's secret is kept. A code is good once, for one device; the same PC asking again with the same key
(its answer was lost) gets the same answer. Wrong codes are counted per address.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from central_hub.events import note_event
from central_hub.registry.statements import device_statement, officer_statement, state_keys
from central_hub.registry.throttle import count_failure, is_throttled
from central_hub.services import Services
from central_hub.settings import hub_epoch
from central_hub.store.tables import DEVICE, ENROLMENT
from central_hub.tls import authority_pem
from signing.errors import SigningError
from signing.roles import OFFICE_ROLES, Role
from signing.signatures import PublicKey
from sync_protocol import reasons
from sync_protocol.enrolment import (
    ENROLMENT_PURPOSE,
    SECRET_BYTES,
    EnrolmentAnswer,
    EnrolmentFile,
    EnrolmentRequest,
    KeyOffer,
    check_offer,
    make_code,
    read_request_file,
    secret_text,
)
from sync_protocol.errors import RemoteFault

_DAY_MS = 24 * 60 * 60 * 1000
_FAILURES_ALLOWED = 10
_FAILURES_ALLOWED_IN_ALL = 200
FIRST_OFFICER_ROLES = frozenset({Role.UNIT_ADMINISTRATOR})


class EnrolmentInvalid(ValueError):
    """A code was asked for that makes no sense; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCode:
    """A code as it is read to the technician, once."""

    code: str
    unit: str
    unit_name: str
    device_name: str
    roles: tuple[str, ...]
    expires_ms: int


def issue_code(
    connection: Connection,
    services: Services,
    *,
    unit: str,
    device_name: str,
    roles: Iterable[str] = FIRST_OFFICER_ROLES,
    issued_by: str = "",
) -> IssuedCode:
    """Make a code for one PC of a commune; `roles` are what its first officer shall hold."""
    known = services.units.find(unit)
    if known is None or unit == services.province:
        raise EnrolmentInvalid(f"no commune {unit}")
    granted = sorted(set(roles))
    if set(granted) - OFFICE_ROLES:
        raise EnrolmentInvalid(f"not a role of an office: {', '.join(sorted(set(granted) - OFFICE_ROLES))}")
    if not device_name.strip():
        raise EnrolmentInvalid("the PC needs a name")
    now_ms = services.clock()
    secret = services.random_bytes(SECRET_BYTES)
    expires_ms = now_ms + services.config.enrolment_days * _DAY_MS
    row = {
        "no": 1 + (connection.scalar(select(func.max(ENROLMENT.c.no))) or 0),
        "digest": _digest(secret_text(secret)),
        "unit": unit,
        "device_name": device_name.strip(),
        "roles": " ".join(granted),
        "issued_by": issued_by,
        "issued_ms": now_ms,
        "expires_ms": expires_ms,
    }
    connection.execute(insert(ENROLMENT).values(row))
    note_event(
        connection, at_ms=now_ms, actor=issued_by, action="enrolment.issued", subject=f"{unit} {device_name}"
    )
    return IssuedCode(
        code=make_code(secret, bytes.fromhex(services.keys.bundle.fingerprint)),
        unit=unit,
        unit_name=known.name,
        device_name=device_name.strip(),
        roles=tuple(granted),
        expires_ms=expires_ms,
    )


def enrol_device(
    connection: Connection, services: Services, request: EnrolmentRequest, *, address: str
) -> EnrolmentAnswer:
    """Take a PC in; raises RemoteFault. The caller commits also when this raises, so that failures are counted."""
    now_ms = services.clock()
    if is_throttled(connection, f"enrol {address}", allowed=_FAILURES_ALLOWED, now_ms=now_ms) or is_throttled(
        connection, "enrol", allowed=_FAILURES_ALLOWED_IN_ALL, now_ms=now_ms
    ):
        raise RemoteFault(reasons.THROTTLED)
    row = connection.execute(select(ENROLMENT).where(ENROLMENT.c.digest == _digest(request.secret))).first()
    if row is None:
        count_failure(connection, f"enrol {address}", now_ms=now_ms)
        count_failure(connection, "enrol", now_ms=now_ms)
        raise RemoteFault(reasons.ENROLMENT_CODE)
    device = _checked(request.secret, request.device)
    answer = EnrolmentAnswer(
        unit=row.unit,
        unit_name=services.units.name(row.unit),
        hub_epoch=hub_epoch(connection),
        roles=row.roles.split(),
    )
    if row.used_ms is not None and row.device == device.id:
        return answer
    if row.used_ms is not None or row.expires_ms < now_ms:
        raise RemoteFault(reasons.ENROLMENT_USED)
    _state(connection, services, request, device, unit=row.unit, roles=row.roles.split())
    name = request.device.name or row.device_name
    connection.execute(update(DEVICE).where(DEVICE.c.id == device.id).values(name=name, enrolled_ms=now_ms))
    connection.execute(
        update(ENROLMENT).where(ENROLMENT.c.no == row.no).values(used_ms=now_ms, device=device.id)
    )
    note_event(
        connection, at_ms=now_ms, actor=device.id, action="device.enrolled", subject=f"{row.unit} {name}"
    )
    return answer


def enrol_by_file(connection: Connection, services: Services, data: bytes, *, address: str) -> bytes:
    """Take a PC in whose request came as a file; returns the answer file. Raises RemoteFault, as `enrol_device`."""
    request = read_request_file(data)
    answer = enrol_device(connection, services, request, address=address)
    file = EnrolmentFile(
        answer=answer,
        bundle=services.keys.envelope,
        ca=authority_pem(services.config.keys) or "",
        device=PublicKey.from_hex(request.device.key).id,
        signature="",
    )
    signature = services.keys.hub.sign(ENROLMENT_PURPOSE, file.answer_bytes()).hex()
    return msgspec.json.encode(msgspec.structs.replace(file, signature=signature))


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeState:
    """A code that was issued, and what became of it; the code itself is not known any more."""

    no: int
    unit: str
    device_name: str
    roles: tuple[str, ...]
    issued_by: str
    issued_ms: int
    expires_ms: int
    used_ms: int | None
    device: str | None


def list_codes(connection: Connection, *, limit: int = 200) -> list[CodeState]:
    """The newest first."""
    query = select(ENROLMENT).order_by(ENROLMENT.c.no.desc()).limit(limit)
    return [
        CodeState(
            no=row.no,
            unit=row.unit,
            device_name=row.device_name,
            roles=tuple(row.roles.split()),
            issued_by=row.issued_by,
            issued_ms=row.issued_ms,
            expires_ms=row.expires_ms,
            used_ms=row.used_ms,
            device=row.device,
        )
        for row in connection.execute(query)
    ]


def _state(
    connection: Connection,
    services: Services,
    request: EnrolmentRequest,
    device: PublicKey,
    *,
    unit: str,
    roles: list[str],
) -> None:
    if services.trust.current(connection).statement(device.id) is not None:
        raise RemoteFault(reasons.ENROLMENT_USED, "this device key is known already")
    stated = [
        (
            device_statement(services, device, box=request.device.box, unit=unit),
            _names(request.device),
        )
    ]
    if request.officer is not None and roles:
        key = _checked(request.secret, request.officer)
        statement = officer_statement(
            services,
            key,
            roles=frozenset(map(Role, roles)),
            unit=unit,
            officer=request.officer.holder or "",
            device=device.id,
        )
        stated.append((statement, _names(request.officer)))
    try:
        state_keys(connection, services, stated)
    except SigningError as error:
        raise RemoteFault(error.reason, error.detail) from error


def _checked(secret: str, offer: KeyOffer) -> PublicKey:
    try:
        return check_offer(secret, offer)
    except SigningError as error:
        raise RemoteFault(error.reason, error.detail) from error


def _names(offer: KeyOffer) -> dict[str, str]:
    name = {"name": offer.name.strip()[:200] or offer.key[:16]}
    return name | {"title": offer.title.strip()[:500]} if offer.title.strip() else name


def _digest(secret: str) -> str:
    return hashlib.sha256(b"motcua.enrolment\0" + secret.upper().encode("utf-8")).hexdigest()
