"""What PCs on the office network announce of themselves, and what becomes of it.

An announcement is nobody's word: it names a unit by its public code and a PC by the first digits of its key's id, and no
person, no name of a computer and nothing that is not known to anybody who may look at the network. Where the digits are
those of a device that the registry stated for this very office, the address is taken at once: whoever answers there must
prove that whole key all the same, and what is sent there only that key can open. Any other is a candidate, which an
administrator may accept. Decides; the network itself is `discovery`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from sqlite_utils import Database

from edge_node.keyring.units import is_of_office, read_genealogy
from edge_node.lan.peers import PEERS_MAX
from edge_node.services import Services
from edge_node.store import write_transaction
from edge_node.store.local import Office
from signing.roles import Role

SHORT_DIGITS: Final = 8
CANDIDATES_MAX: Final = 64
SEEN_MS: Final = 10 * 60 * 1000
"""How long a candidate that is not heard of any more is shown."""
VERSION: Final = "1"
_UNIT: Final = re.compile(r"[0-9]{2,8}")
_SHORT: Final = re.compile(rf"[0-9a-f]{{{SHORT_DIGITS}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One announcement: the unit and the PC that it names, and the address where it says that the PC answers."""

    unit: str
    short: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An announcement that an administrator may accept; `seen` by this PC's clock."""

    address: str
    short: str
    seen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What announcements come to: addresses of known colleagues by key id, and candidates."""

    colleagues: Mapping[str, str]
    candidates: tuple[Found, ...]


def short_id(device: str) -> str:
    """What of a device's key id is announced."""
    return device[:SHORT_DIGITS]


def announcement(office: Office) -> dict[str, str]:
    """What this PC announces: all of it."""
    return {"v": VERSION, "u": office.unit, "d": short_id(office.device)}


def read_announcement(
    properties: Mapping[bytes, bytes | None], *, address: str, port: int, is_loopback: bool = False
) -> Found | None:
    """An announcement from the network, None for what is none.

    Only addresses of an office network count, so that nobody makes this PC knock at a door outside it. `is_loopback`: this
    PC itself listens on its loopback interface alone.
    """
    try:
        said = {key: properties[key.encode()] for key in ("v", "u", "d")}
        unit, short = ((said[key] or b"").decode("ascii") for key in ("u", "d"))
        at = IPv4Address(address)
    except (KeyError, UnicodeDecodeError, ValueError):
        return None
    is_near = at.is_loopback if is_loopback else (at.is_private and not at.is_loopback)
    if said["v"] != VERSION.encode() or not is_near or at.is_unspecified or at.is_multicast:
        return None
    if not 0 < port < 65_536 or not _UNIT.fullmatch(unit) or not _SHORT.fullmatch(short):
        return None
    return Found(unit=unit, short=short, address=f"{at}:{port}")


def sort_found(found: Iterable[Found], *, own: str, units: frozenset[str], devices: Iterable[str]) -> Sorted:
    """Sort announcements. `own` is this PC's key id, `units` the codes of this office, `devices` the ids of its other PCs.

    Two known PCs with the same first digits, or one PC at two addresses, are left to a person.
    """
    by_short: dict[str, list[str]] = {}
    for device in devices:
        if device != own:
            by_short.setdefault(short_id(device), []).append(device)
    here = [each for each in dict.fromkeys(found) if each.unit in units and each.short != short_id(own)]
    places: dict[str, set[str]] = {}
    for each in here:
        places.setdefault(each.short, set()).add(each.address)
    colleagues: dict[str, str] = {}
    candidates: list[Found] = []
    for each in here:
        known = by_short.get(each.short, [])
        if len(known) == 1 and len(places[each.short]) == 1:
            colleagues[known[0]] = each.address
        else:
            candidates.append(each)
    return Sorted(colleagues=colleagues, candidates=tuple(candidates[:CANDIDATES_MAX]))


def take_found(db: Database, services: Services, office: Office, found: Iterable[Found]) -> None:
    """Keep what was announced: the addresses of known colleagues, and candidates for a person."""
    units = frozenset(read_genealogy(db).scope(office.unit)) | {office.unit}
    result = sort_found(found, own=office.device, units=units, devices=_colleagues(db, services, office))
    now = services.clock()
    with write_transaction(db):
        for device, address in sorted(result.colleagues.items()):
            _keep_colleague(db, device, address)
        for each in result.candidates:
            db.conn.execute(
                "INSERT INTO lan_found (address, short, seen) SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM lan_found) < ?4 "
                "ON CONFLICT (address) DO UPDATE SET short = ?2, seen = ?3",
                (each.address, each.short, now, CANDIDATES_MAX),
            )
        db.conn.execute("DELETE FROM lan_found WHERE NOT seen BETWEEN ?1 - ?2 AND ?1", (now, SEEN_MS))


def candidates(db: Database) -> list[Candidate]:
    """Announced PCs that are not among the addresses here."""
    rows = db.conn.execute(
        "SELECT address, short, seen FROM lan_found WHERE address NOT IN (SELECT address FROM lan_peer) ORDER BY address"
    )
    return [Candidate(address=row[0], short=row[1], seen=row[2]) for row in rows]


def _colleagues(db: Database, services: Services, office: Office) -> list[str]:
    """Devices that the registry stated for this office and nobody has cut off."""
    trust, status = services.trust.trust(db), services.status.status(db)
    return [
        statement.key.id
        for statement in trust.statements.values()
        if Role.DEVICE in statement.roles
        and statement.box is not None
        and statement.key.id != office.device
        and is_of_office(db, statement, office.unit)
        and status.is_silent(statement.key.id)
    ]


def _keep_colleague(db: Database, device: str, address: str) -> None:
    """A PC that was found moves with its address; one whose address somebody typed stays where it is."""
    rows = db.conn.execute("SELECT address, is_found FROM lan_peer WHERE device = ?", (device,)).fetchall()
    if any(place == address or not is_found for place, is_found in rows):
        return
    for place, _ in rows:
        db.conn.execute(
            "UPDATE OR IGNORE lan_peer SET address = ?1, challenge = NULL WHERE address = ?2",
            (address, place),
        )
        return
    db.conn.execute(
        "INSERT INTO lan_peer (address, is_found, device) SELECT ?1, 1, ?2 "
        "WHERE (SELECT count(*) FROM lan_peer) < ?3 ON CONFLICT (address) DO NOTHING",
        (address, device, PEERS_MAX),
    )
