"""A second opinion on the merge: fields and conflicts of a dossier by the rules of design §7, written as plainly as possible.

Quadratic and short on purpose, and sharing nothing with `dossiers.merge` but the conflict's id, which is a format. It
answers for personal fields, notes and payments; the rest of a view is compared between node and hub.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dossiers.conflicts import ConflictKind, conflict_id
from sync_protocol.record import Record

WRITING = frozenset({"dossier.received", "dossier.amended"})


@dataclass(frozen=True, slots=True)
class Write:
    """One record's version of a field."""

    record: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What an independent reader expects of one dossier."""

    winners: Mapping[str, Write]
    losers: Mapping[str, frozenset[str]]
    conflicts: frozenset[str]
    notes: frozenset[str]
    payments: frozenset[str]
    heads: tuple[str, ...]


def judge_dossier(records: Iterable[Record], quarantined: frozenset[str]) -> Verdicts:
    """Fold by brute force."""
    known = {record.id: record for record in records}
    parents = {record_id: record.header.parents for record_id, record in known.items()}
    ancestors = {record_id: _ancestors(record_id, parents) for record_id in known}
    effective = {record_id: known[record_id] for record_id in _effective(parents, ancestors, quarantined)}
    writes = _writes(effective, ancestors)
    standing = {field: _maximal(versions, ancestors) for field, versions in writes.items()}
    winners = {
        field: max(versions, key=lambda w: _clock(known[w.record])) for field, versions in standing.items()
    }
    return Verdicts(
        winners=winners,
        losers={
            field: frozenset(w.record for w in versions) - {winners[field].record}
            for field, versions in standing.items()
        },
        conflicts=frozenset(
            conflict_id(ConflictKind.FIELD, field, (w.record for w in versions))
            for field, versions in standing.items()
            if len({w.value for w in versions if w.value is not None})
            > 1  # of an erased value nobody can be asked
        ),
        notes=frozenset(r.id for r in effective.values() if r.header.kind == "dossier.noted"),
        payments=frozenset(r.id for r in effective.values() if r.header.kind == "dossier.paid"),
        heads=heads_of(parents, quarantined),
    )


def heads_of(parents: Mapping[str, Sequence[str]], quarantined: frozenset[str]) -> tuple[str, ...]:
    """What a new record must name as its parents, after records that named these ones."""
    if quarantined.isdisjoint(parents):
        return tuple(sorted(parents.keys() - {above for named in parents.values() for above in named}))
    ancestors = {record_id: _ancestors(record_id, parents) for record_id in parents}
    applied = _effective(parents, ancestors, quarantined)
    seen = set[str]().union(*(ancestors[record_id] for record_id in applied))
    return tuple(sorted(applied - seen))


def _effective(
    parents: Mapping[str, Sequence[str]], ancestors: Mapping[str, set[str]], quarantined: frozenset[str]
) -> set[str]:
    """Neither refused nor descended from something refused."""
    return {
        record_id
        for record_id, named in parents.items()
        if record_id not in quarantined and not quarantined & (ancestors[record_id] | set(named))
    }


def _ancestors(record_id: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [record_id]
    while waiting:
        for parent in parents[waiting.pop()]:
            if parent in parents and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _clock(record: Record) -> tuple[tuple[int, int], str, str]:
    return (record.header.at, record.header.log, record.id)


def _maximal(versions: list[Write], ancestors: Mapping[str, set[str]]) -> list[Write]:
    return [one for one in versions if not any(one.record in ancestors[other.record] for other in versions)]


def _writes(effective: Mapping[str, Record], ancestors: Mapping[str, set[str]]) -> dict[str, list[Write]]:
    """All versions of every field; a settlement is one where its author's history holds the difference it names."""
    writes: dict[str, list[Write]] = {}
    for record in sorted(effective.values(), key=lambda r: (len(ancestors[r.id]), _clock(r))):
        facts, content = record.header.facts, record.content or {}
        if record.header.kind in WRITING:
            for field in facts["fields"]:
                value = content["fields"].get(field) if "fields" in content else None
                writes.setdefault(field, []).append(Write(record.id, value))
        elif record.header.kind == "dossier.settled":
            for field, versions in writes.items():
                seen = _maximal([w for w in versions if w.record in ancestors[record.id]], ancestors)
                if len(seen) < 2 or facts["conflict"] != conflict_id(
                    ConflictKind.FIELD, field, (w.record for w in seen)
                ):
                    continue
                chosen = next((w.value for w in seen if w.record == facts["choose"]), None)
                value = content.get("fields", {}).get(field) if facts["choose"] is None else chosen
                versions.append(Write(record.id, value))
    return writes
