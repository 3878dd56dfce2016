"""The page of the office's PCs as values: who they are, when they were met, what they said, and who draws which numbers."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.local_time import local_date
from dossiers.units import load_default_units
from edge_node.casework import labels
from edge_node.catalogue.service import used_numbers
from edge_node.journal.stamp import offset_now
from edge_node.keyring.units import is_of_office
from edge_node.lan.beacons import known_beacons
from edge_node.lan.found import Candidate, candidates, short_id
from edge_node.lan.peers import DONE, NEIGHBOUR, Peer, is_on, list_peers, read_fault, read_unheard
from edge_node.relay.own import OwnWay, own_way
from edge_node.services import Services
from edge_node.shell import device_name
from edge_node.store import SqliteLogStore
from edge_node.store.local import Office
from edge_node.sync.service import find_reason
from sync_protocol.wire import Beacon


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRow:
    """One address, with the PC that answers there, of another commune perhaps. `tone` and `icon` as the badges take them;
    `next_step`: what a person does about it, "" where nothing is to be done."""

    peer: Peer
    name: str
    word: str
    tone: str
    icon: str
    beacon: Beacon | None
    next_step: str
    is_neighbour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """The numbers that one PC may give on a day: ranges in words, and how many are left as far as is known here."""

    name: str
    is_own: bool
    words: str
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LanPage:
    """Everything of the page. `own`: a parcel of this PC on its way by another. `candidates` announced themselves and wait for a person; `unheard`: why none can be found;
    `short`: by which digits other PCs see this one announce itself."""

    is_on: bool
    fault: str
    finds: bool
    unheard: str
    candidates: tuple[Candidate, ...]
    address: str
    short: str
    rows: tuple[PeerRow, ...]
    ranges: tuple[Ranges, ...]
    own: OwnWay | None


def read_lan_page(db: Database, services: Services, office: Office) -> LanPage:
    beacons = known_beacons(db)
    return LanPage(
        is_on=is_on(db),
        fault=read_fault(db),
        finds=services.config.lan_discovery,
        unheard=read_unheard(db),
        candidates=tuple(candidates(db)),
        address=f"{own_address()}:{services.config.lan_port}",
        short=short_id(office.device),
        rows=tuple(_row(db, services, office, peer, beacons) for peer in list_peers(db)),
        ranges=tuple(_ranges(db, services, office)),
        own=own_way(db, now_ms=services.clock()),
    )


def own_address() -> str:
    """This PC's address on the office network, as far as the system knows it by name; the name otherwise."""
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return name
    addresses = [str(each[4][0]) for each in found]
    return next((address for address in addresses if not address.startswith("127.")), name)


def _row(
    db: Database, services: Services, office: Office, peer: Peer, beacons: dict[str, tuple[Beacon, int]]
) -> PeerRow:
    known = device_name(db, peer.device) if peer.device else None
    name = known or _("Chưa biết máy nào")
    statement = services.trust.trust(db).statement(peer.device or "")
    is_neighbour = statement is not None and not is_of_office(db, statement, office.unit)
    if statement is not None and is_neighbour:
        unit = load_default_units().name(statement.unit)
        name = f"{unit}: {known}" if known else unit
    word, tone, icon = _outcome(peer)
    beacon = beacons.get(peer.device or "")
    return PeerRow(
        peer=peer,
        name=name,
        word=word,
        tone=tone,
        icon=icon,
        next_step=_next_step(peer),
        beacon=beacon[0] if beacon else None,
        is_neighbour=is_neighbour,
    )


def _outcome(peer: Peer) -> tuple[str, str, str]:
    known = {
        "": (_("Chưa thử"), "wait", "clock"),
        DONE: (_("Đã trao đổi đủ"), "fact", "done"),
        NEIGHBOUR: (_("Máy đơn vị khác, nhận chuyển giúp khi mất mạng"), "fact", "done"),
        "LINE_DOWN": (
            _("Chưa gặp: máy tắt, sai địa chỉ, hoặc chưa bật mạng cơ quan ở máy đó"),
            "wait",
            "clock",
        ),
        "ROUND_DEVICE": (
            _("Không phải máy của đơn vị này, hoặc máy đó chưa nhận ra máy này"),
            "refused",
            "refused",
        ),
        "ROUND_SIGNATURE": (_("Máy ở địa chỉ này không chứng minh được khóa của mình"), "refused", "refused"),
    }
    if peer.outcome in known:
        return known[peer.outcome]
    reason = find_reason(peer.outcome)
    return (labels.reason_words(reason)[0] if reason else _("Chưa xong, máy tự thử lại")), "soon", "clock"


def _next_step(peer: Peer) -> str:
    known = {
        "": "",
        DONE: "",
        NEIGHBOUR: "",
        "LINE_DOWN": _(
            "Máy tự thử lại. Nếu kéo dài, mở trang này ở máy đó: mạng cơ quan phải bật, địa chỉ phải đúng."
        ),
        "ROUND_DEVICE": _(
            "Xem lại địa chỉ. Nếu đúng là máy của đơn vị, cho máy nào có mạng đồng bộ với tỉnh một lần rồi thử lại."
        ),
        "ROUND_SIGNATURE": _(
            "Xem lại địa chỉ. Nếu địa chỉ đúng, báo người cài đặt xem ai đang dùng địa chỉ đó."
        ),
    }
    if peer.outcome in known:
        return known[peer.outcome]
    reason = find_reason(peer.outcome)
    return labels.reason_words(reason)[1] if reason else ""


def _ranges(db: Database, services: Services, office: Office) -> Iterable[Ranges]:
    now = services.clock()
    offset = offset_now(db, now)
    day = local_date(now + (offset[0] if offset else 0))
    pattern = services.references.catalogue(db).code_pattern
    used = used_numbers(db, office.unit, day, pattern.format(office.unit, day, 1)[:-4])
    store = SqliteLogStore(db)
    spans: dict[str, list[tuple[int, int]]] = {}
    for lease in services.references.leases(db):
        if lease.unit == office.unit and lease.start <= day and _is_written(db, store, office, lease.log):
            device = store.device_of(lease.log) or ""
            spans.setdefault(device, []).append((lease.first, lease.last))
    for device, found in spans.items():
        numbers = {n for first, last in found for n in range(first, last + 1)}
        yield Ranges(
            name=device_name(db, device) or _("Máy chưa có tên"),
            is_own=device == office.device,
            words=", ".join(f"{first}–{last}" for first, last in sorted(found)),
            left=len(numbers - used),
        )


def _is_written(db: Database, store: SqliteLogStore, office: Office, log: str) -> bool:
    """Whether a log is its PC's present one: numbers of an earlier epoch are nobody's any more."""
    device = store.device_of(log)
    return device is not None and store.logs_of(device=device, commune=office.unit)[-1] == log
