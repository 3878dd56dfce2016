"""Cosignatures: signed checkpoints, who has cosigned which, and the newest that meets the witness policy.

A cosignature is kept with the very checkpoint that it was given for. Nodes give theirs in rounds, with their device keys;
an outside witness that the roots' policy names posts the note (`routes`). Nothing here is needed to sign on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from central_hub.settings import QUORUM_SIZE, get_setting, put_setting
from central_hub.store.tables import CHECKPOINT
from central_hub.tlog.tree import Tree
from dossiers.local_time import local_date
from signing.errors import LogInvalid
from signing.tlog.cosignature import cosignatures, verify_cosignature
from signing.tlog.note import SIGNATURES_MAX, Note, NoteSignature, VerifierKey, with_signatures
from signing.tlog.policy import Policy

_KEPT_MAX = 1_000
_LOOKED_AT = 300
_STAMP_BYTES = 8
_COSIGNATURE_BYTES = _STAMP_BYTES + 64
_KEPT_NOTE = select(CHECKPOINT.c.note).where(CHECKPOINT.c.size == bindparam("of"))


def keep_checkpoint(connection: Connection, size: int, note: bytes, *, now_ms: int) -> None:
    """Keep a signed checkpoint; of older ones the last of each day stays."""
    known = connection.scalar(select(CHECKPOINT.c.size).where(CHECKPOINT.c.size == size))
    if known is None:
        connection.execute(insert(CHECKPOINT).values(size=size, signed_ms=now_ms, note=note))
    rows = connection.execute(
        select(CHECKPOINT.c.size, CHECKPOINT.c.signed_ms)
        .order_by(CHECKPOINT.c.size.desc())
        .offset(_KEPT_MAX)
        .limit(2)
    ).all()
    # One comes, so one at most has to go: the second newest of those beyond the limit, unless a day ended with it.
    if len(rows) == 2 and local_date(rows[0].signed_ms) == local_date(rows[1].signed_ms):
        connection.execute(delete(CHECKPOINT).where(CHECKPOINT.c.size == rows[1].size))


def keep_shown(connection: Connection, tree: Tree, size: int, *, now_ms: int) -> None:
    """Keep the newest checkpoint if it is of this size and not kept yet: whoever watches the files has it before the database."""
    note, head = tree.signed()
    if size == head.size > 0 and kept_note(connection, size) is None:
        keep_checkpoint(connection, size, note, now_ms=now_ms)


def kept_note(connection: Connection, size: int) -> Note | None:
    """The checkpoint of this size with its cosignatures, while it is kept."""
    data = connection.scalar(_KEPT_NOTE, {"of": size})
    return None if data is None else Note.parse(data)


def add_cosignature(
    connection: Connection,
    size: int,
    line: NoteSignature,
    witness: VerifierKey,
    *,
    named: Collection[VerifierKey] = (),
) -> bool:
    """Keep a witness's line with the checkpoint of this size; False where it is known or the checkpoint is not kept.

    A note has room for a hundred lines, and a province has more PCs: room for all that the policy names (`named`) stays free for them.
    LogInvalid if the line is not this witness's cosignature of that checkpoint.
    """
    note = kept_note(connection, size)
    if note is None:
        return False
    verify_cosignature(note.text, line, witness)
    both = with_signatures(note, [line])
    room = SIGNATURES_MAX if witness in named else max(SIGNATURES_MAX - len(named), 1)
    if both == note or len(both.signatures) > room:
        return False
    connection.execute(update(CHECKPOINT).where(CHECKPOINT.c.size == size).values(note=both.encode()))
    return True


def lines_of_named(policy: Policy, lines: Sequence[NoteSignature]) -> list[tuple[NoteSignature, VerifierKey]]:
    """The lines that say they are of witnesses whom the policy names, and of whom; none of them is verified here."""
    return [
        (line, witness) for line in lines for witness in policy.witnesses.values() if line.is_named(witness)
    ]


def take_lines(
    connection: Connection, policy: Policy, size: int, lines: Sequence[tuple[NoteSignature, VerifierKey]]
) -> list[VerifierKey]:
    """Keep these lines of named witnesses with the checkpoint of this size; those of them who have cosigned it as it is kept now.

    LogInvalid, and nothing is kept, if one of them is not its witness's cosignature of that checkpoint.
    """
    for line, witness in lines:
        add_cosignature(connection, size, line, witness, named=policy.witnesses.values())
    note_quorum(connection, policy, size)
    note = kept_note(connection, size)
    return [] if note is None else cosigners(note, [witness for _, witness in lines])


def note_quorum(connection: Connection, policy: Policy | None, size: int) -> None:
    """Remember the checkpoint of this size as the newest with the quorum, if it is that."""
    note = kept_note(connection, size)
    known = int(get_setting(connection, QUORUM_SIZE) or 0)
    if policy is not None and note is not None and size > known and _is_met(note, policy):
        put_setting(connection, QUORUM_SIZE, str(size))


def last_witnessed(connection: Connection, policy: Policy) -> Note | None:
    """The checkpoint remembered as the newest with the quorum, if the policy of today still says so.

    One question and one note, for a round; `newest_witnessed` looks through all that are kept.
    """
    note = kept_note(connection, int(get_setting(connection, QUORUM_SIZE) or 0))
    return note if note is not None and _is_met(note, policy) else None


def newest_witnessed(connection: Connection, policy: Policy) -> Note | None:
    """The newest kept checkpoint that meets the policy; None while there is none."""
    query = select(CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(_KEPT_MAX)
    return next((note for note in map(Note.parse, connection.scalars(query)) if _is_met(note, policy)), None)


def served_note(connection: Connection, tree: Tree) -> Note:
    """The newest signed checkpoint as it is served, with the cosignatures that are kept for it; TreeUnusable where there is none."""
    data, head = tree.signed()
    signed, kept = Note.parse(data), kept_note(connection, head.size)
    return kept if kept is not None and kept.text == signed.text else signed


def newest_believed(connection: Connection, tree: Tree, policy: Policy | None) -> Note | None:
    """The checkpoint under which a proof is given today: the newest, or where it lacks the policy's quorum the newest known to have
    it. Asks one question or two, since anybody may ask for a proof."""
    note = served_note(connection, tree)
    if policy is None or _is_met(note, policy):
        return note
    return last_witnessed(connection, policy)


def earliest_witnessed(connection: Connection, policy: Policy, *, index: int) -> Note | None:
    """The first kept checkpoint that holds leaf `index` and meets the policy: the tightest upper bound of its time."""
    query = select(CHECKPOINT.c.note).where(CHECKPOINT.c.size > index).order_by(CHECKPOINT.c.size)
    return next((note for note in map(Note.parse, connection.scalars(query)) if _is_met(note, policy)), None)


def _is_met(note: Note, policy: Policy) -> bool:
    try:
        policy.open(note)
    except LogInvalid:
        return False
    return True


def cosigners(note: Note, witnesses: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Those of these witnesses that have cosigned a note kept here."""
    return [cosignature.witness for cosignature in cosignatures(note, tuple(witnesses))]


class Cosigned(NamedTuple):
    """A checkpoint that a witness cosigned: its size, and when, by the witness's own clock."""

    size: int
    at_ms: int


def newest_cosigned(connection: Connection) -> dict[str, Cosigned]:
    """By the witness's name the newest that it cosigned of the checkpoints kept last; every line was verified before it was kept."""
    query = select(CHECKPOINT.c.size, CHECKPOINT.c.note).order_by(CHECKPOINT.c.size.desc()).limit(_LOOKED_AT)
    found: dict[str, Cosigned] = {}
    for size, data in connection.execute(query):
        for line in Note.parse(data).signatures:
            if len(line.signature) == _COSIGNATURE_BYTES and line.name not in found:
                at_s = int.from_bytes(line.signature[:_STAMP_BYTES], "big")
                found[line.name] = Cosigned(size, at_s * 1000)
    return found
