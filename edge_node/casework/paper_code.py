"""The code that a slip or a result carries for strangers: the device's signature over what the paper says of itself.

It needs what the province has stated about this PC in the short form (`signing.compact`); a PC without such a statement
prints the plain dossier code, as before. Nothing is stored: a paper printed again gets the same code.
"""

from sqlite_utils import Database

from dossiers.local_time import local_date, to_yyyymmdd
from edge_node.keyring import TrustMissing
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from signing import qr
from signing.canonical import normalise_text
from signing.compact import CompactChain
from signing.errors import SigningError
from signing.qr import Paper, PaperKind
from signing.statements import KIND as KEY_STATED


def compact_chain(db: Database, services: Services) -> CompactChain | None:
    """The newest short statement about this PC from the roots in use over the registry in use; None where there is none."""
    key = services.keyring.device.public.hex
    stated = SqliteLogStore(db).records_of_kinds(KEY_STATED)
    texts = [(r.content or {}).get("compact") for r in reversed(stated) if r.header.facts.get("key") == key]
    try:
        bundle = services.trust.trust(db).bundle
    except TrustMissing:
        return None
    for text in texts:
        try:
            chain = CompactChain.from_hex(str(text))
            chain.verify(roots=bundle.roots, threshold=bundle.threshold)
        except SigningError:
            continue
        if chain.registry.stated.key in bundle.registry:
            return chain
    return None


def paper_code(
    db: Database,
    services: Services,
    *,
    kind: PaperKind,
    record: str,
    code: str,
    procedure: str,
    issued_ms: int,
    due_ms: int | None = None,
    holder: str = "",
    birth_year: int | None = None,
    result: str = "",
) -> str:
    """The text of the code; empty where this PC cannot make one. Instants are milliseconds since 1970.

    Args:
        birth_year: of the holder (`holder.holder_birth_year`).
    """
    chain = compact_chain(db, services)
    if chain is None:
        return ""
    try:
        paper = Paper(
            kind=kind,
            record=bytes.fromhex(record),
            code=code,
            procedure=procedure,
            issued=_day(issued_ms),
            due=None if due_ms is None else _day(due_ms),
            holder=shortened(holder, bytes_max=qr.HOLDER_BYTES_MAX) or None,
            birth_year=birth_year,
            result=shortened(result, bytes_max=qr.RESULT_BYTES_MAX) or None,
        )
        return qr.make(paper, chain=chain, signer=services.keyring.device)
    except SigningError:
        return ""  # a code or procedure of a shape that no symbol holds


def shortened(text: str, *, bytes_max: int) -> str:
    """One visible line of at most so many bytes, cut after a whole word if it must be cut, and then marked with "…"."""
    line = " ".join(normalise_text(text).split())
    if len(line.encode()) <= bytes_max:
        return line
    room = bytes_max - len("…".encode())
    kept = line.encode()[:room].decode(errors="ignore")
    return (kept.rpartition(" ")[0] or kept) + "…"


def _day(instant_ms: int) -> int:
    return to_yyyymmdd(local_date(instant_ms))
