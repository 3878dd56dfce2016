"""Initialise a PC, and enrol it with a code: who checks whom, and in which order things are kept.

The code pins the province's roots: the hub is believed only if its trust bundle has that fingerprint, and its line only
if its certificate authority is the one that the bundle names; the code's secret is sent after both hold. The officer's key
goes to the disk before the code is used up, so that an enrolment whose answer was lost is simply repeated with the same
code and PIN. All that the hub granted arrives as signed records with the first sync.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from sqlite_utils import Database

from edge_node import reasons as node_reasons
from edge_node.accounts.service import check_pin
from edge_node.config import write_template
from edge_node.enrolment.epochs import open_log
from edge_node.journal import WriteRefused
from edge_node.keyring.files import SECRET_BYTES
from edge_node.keyring.trust import keep_bundle
from edge_node.projection.service import rebuild
from edge_node.services import Services
from edge_node.store import write_transaction
from edge_node.store.local import (
    ADOPTED_DEVICE,
    Office,
    forget_local,
    read_local,
    read_office,
    write_local,
    write_office,
)
from edge_node.sync.transport import Hello, certificate_sha256
from signing.bundles import TrustBundle, open_unpinned_bundle
from signing.canonical import normalise_text
from signing.errors import KeyLocked, SigningError
from signing.keys import SigningKey, new_box_key, new_signing_key
from sync_protocol import reasons
from sync_protocol.enrolment import (
    PIN_BYTES,
    EnrolmentAnswer,
    EnrolmentCode,
    EnrolmentRequest,
    KeyOffer,
    parse_code,
    prove,
    read_enrolment_file,
)
from sync_protocol.errors import RemoteFault
from sync_protocol.log import OpeningReason

_PENDING_OFFICER: Final = "enrolment.officer"
_PENDING_FILE: Final = "enrolment.file"
NAME_MAX: Final = 100


class EnrolmentLine(Protocol):
    """What enrolment needs of the way to the hub."""

    def hello(self) -> Hello: ...

    def enrol_device(self, request: bytes) -> bytes: ...

    def close(self) -> None: ...


Connect = Callable[[str, str], EnrolmentLine]
"""(address, certificate authority or "") → a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the technician typed. `pin` is the first officer's own."""

    hub_url: str
    code: str
    device_name: str
    officer_name: str
    officer_title: str = ""
    pin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What came of it."""

    unit: str
    unit_name: str
    device: str
    officer: str
    roles: tuple[str, ...]


def initialise(services: Services) -> bool:
    """Make the folders, the settings file and this PC's keys where they are missing; returns whether keys were made."""
    config = services.config
    for folder in (config.data, config.keys, config.backups):
        folder.mkdir(parents=True, exist_ok=True)
    write_template(config.data)
    services.space.refill()
    if services.keyring.files.is_complete:
        return False
    services.keyring.files.create(
        new_signing_key(),
        new_box_key(),
        secret=services.random_bytes(SECRET_BYTES),
        session_secret=services.random_bytes(SECRET_BYTES),
    )
    return True


def enrol(db: Database, services: Services, wish: Wish, connect: Connect) -> Enrolled:
    """Make this PC a node of the unit that the code is for.

    Raises WriteRefused (typed wrongly, or enrolled already), RemoteFault (the code, or what the hub showed) and
    LineFault (the hub cannot be reached, or refused).
    """
    _check(db, wish)
    code = parse_code(wish.code)
    bundle, envelope, ca = _believed_hub(wish.hub_url, code, connect)
    signer, officer = _officer_key(db, services, wish.pin)
    request = _request(services, wish, code, signer, officer)
    line = connect(wish.hub_url, ca)
    try:
        answer = msgspec.json.decode(line.enrol_device(msgspec.json.encode(request)), type=EnrolmentAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.ENROLMENT_ROOTS, "the hub's answer") from error
    finally:
        line.close()
    office = _keep(db, services, wish, bundle, envelope, ca, answer)
    return Enrolled(
        unit=office.unit,
        unit_name=office.unit_name,
        device=office.device,
        officer=officer,
        roles=tuple(answer.roles),
    )


def request_file(db: Database, services: Services, wish: Wish) -> bytes:
    """The request as a file for a USB stick, where there is no line; the answer comes back as a file, too.

    What was typed is kept until then, but never the PIN. Raises WriteRefused and RemoteFault (a wrong code).
    """
    _check(db, wish)
    code = parse_code(wish.code)
    signer, officer = _officer_key(db, services, wish.pin)
    typed = {
        "hub_url": wish.hub_url,
        "code": wish.code,
        "device_name": wish.device_name,
        "officer_name": wish.officer_name,
        "officer_title": wish.officer_title,
    }
    write_local(db, _PENDING_FILE, msgspec.json.encode(typed).decode())
    return msgspec.json.encode(_request(services, wish, code, signer, officer))


def enrol_from_file(db: Database, services: Services, data: bytes) -> Enrolled:
    """Take the hub's answer from a file. The code that was typed for the request says which roots to believe.

    Raises WriteRefused (enrolled already, or no request was made here) and RemoteFault.
    """
    typed = read_local(db, _PENDING_FILE)
    officer = read_local(db, _PENDING_OFFICER)
    if read_office(db) is not None or typed is None or officer is None:
        raise WriteRefused(node_reasons.ENROLMENT, "no request was made on this PC")
    wish = Wish(**msgspec.json.decode(typed), pin="")
    file = read_enrolment_file(data)
    hello = Hello(file.bundle, file.ca)
    bundle, envelope, ca = _believed(hello, wish.hub_url, parse_code(wish.code))
    answer = file.verify(bundle.hub.key, device=services.keyring.device.public.id)
    office = _keep(db, services, wish, bundle, envelope, ca, answer)
    return Enrolled(
        unit=office.unit,
        unit_name=office.unit_name,
        device=office.device,
        officer=officer,
        roles=tuple(answer.roles),
    )


def _check(db: Database, wish: Wish) -> None:
    if read_office(db) is not None:
        raise WriteRefused(node_reasons.ENROLMENT, "enrolled already")
    check_pin(wish.pin)
    names = (wish.device_name.strip(), wish.officer_name.strip())
    if not all(0 < len(name) <= NAME_MAX for name in names):
        raise WriteRefused(node_reasons.INPUT, "names")
    if not wish.hub_url.startswith(("http://", "https://")):
        raise WriteRefused(node_reasons.INPUT, "address")


def _believed_hub(url: str, code: EnrolmentCode, connect: Connect) -> tuple[TrustBundle, bytes, str]:
    line = connect(url, "")
    try:
        hello = line.hello()
    finally:
        line.close()
    return _believed(hello, url, code)


def _believed(hello: Hello, url: str, code: EnrolmentCode) -> tuple[TrustBundle, bytes, str]:
    try:
        bundle = open_unpinned_bundle(hello.bundle)
    except SigningError as error:
        raise RemoteFault(reasons.ENROLMENT_ROOTS, error.detail) from error
    if bytes.fromhex(bundle.fingerprint)[:PIN_BYTES] != code.pin:
        raise RemoteFault(reasons.ENROLMENT_ROOTS, "the roots are not those of the code")
    if not url.startswith("https://"):
        return bundle, hello.bundle, ""
    if not hello.ca or bundle.ca_sha256 != certificate_sha256(hello.ca):
        raise RemoteFault(reasons.ENROLMENT_ROOTS, "the certificate is not the one that the roots name")
    return bundle, hello.bundle, hello.ca


def _officer_key(db: Database, services: Services, pin: str) -> tuple[SigningKey, str]:
    """The first officer's key: the one of an attempt before this, or a fresh one."""
    files = services.keyring.files
    officer = read_local(db, _PENDING_OFFICER)
    if officer and officer in files.officers():
        try:
            return files.unlock_officer(officer, pin=pin), officer
        except KeyLocked as error:
            raise WriteRefused(node_reasons.LOGIN_FAILED, "the PIN of the first attempt") from error
    officer = officer or services.random_bytes(16).hex()
    write_local(db, _PENDING_OFFICER, officer)
    signer = new_signing_key()
    files.keep_officer(officer, signer, pin=pin)
    return signer, officer


def _request(
    services: Services, wish: Wish, code: EnrolmentCode, signer: SigningKey, officer: str
) -> EnrolmentRequest:
    device, box = services.keyring.device, services.keyring.files.box()
    device_offer = KeyOffer(
        key=device.public.hex,
        box=box.hex,
        holder=None,
        name=normalise_text(wish.device_name).strip(),
        title="",
        proof="",
    )
    officer_offer = KeyOffer(
        key=signer.public.hex,
        box=None,
        holder=officer,
        name=normalise_text(wish.officer_name).strip(),
        title=normalise_text(wish.officer_title).strip(),
        proof="",
    )
    return EnrolmentRequest(
        secret=code.secret,
        device=prove(code.secret, device_offer, device),
        officer=prove(code.secret, officer_offer, signer),
    )


def _keep(
    db: Database,
    services: Services,
    wish: Wish,
    bundle: TrustBundle,
    envelope: bytes,
    ca: str,
    answer: EnrolmentAnswer,
) -> Office:
    with write_transaction(db):
        if read_office(db) is not None:  # the form was sent twice, and the other one came first
            raise WriteRefused(node_reasons.ENROLMENT, "enrolled already")
        keep_bundle(db, envelope, pin=bundle.fingerprint)
        write_office(
            db,
            Office(
                unit=answer.unit,
                unit_name=answer.unit_name,
                province=bundle.province,
                device=services.keyring.device.public.id,
                epoch="",
                log="",
                hub_url=wish.hub_url.rstrip("/"),
                hub_ca=ca,
                hub_epoch=answer.hub_epoch,
            ),
        )
        forget_local(db, _PENDING_OFFICER)
        forget_local(db, _PENDING_FILE)
        # What came with another PC's backup now has a home: its views depend on the unit.
        rebuild(db)
        reason = OpeningReason.RESTORE if read_local(db, ADOPTED_DEVICE) else OpeningReason.NEW
        return open_log(db, services, reason=reason)
