"""Which parts of a file a finding does not rest on, as JSON pointers.

Whatever is not named here carries the finding: change one bit of it and the finding is not PASSED any more. A part that is named
may say anything; nobody should read it. A signature line of a checkpoint is named `/checkpoints/<n>#<line>`, counted from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from signing.key_chain import KeyChain
from signing.log_evidence import LogEvidence
from signing.proof_file import ProofFile
from signing.record_verification import RecordOutcome


def unused_parts(
    proof: ProofFile,
    chain: KeyChain,
    log: LogEvidence,
    outcomes: Sequence[RecordOutcome],
    *,
    is_status_used: bool,
) -> tuple[str, ...]:
    """The pointers, sorted."""
    statements = {
        position
        for outcome in outcomes
        if outcome.header is not None
        for position in chain.positions_behind(outcome.header.by)
    }
    places = {position: chain.logged(log, proof.statements[position]) for position in statements}
    checkpoints = {each.checkpoint.position for each in places.values() if each is not None}
    checkpoints |= {outcome.logged.checkpoint.position for outcome in outcomes if outcome.logged is not None}
    checkpoints |= {outcome.anchor_position for outcome in outcomes if outcome.anchor_position is not None}
    found = [*_of_checkpoints(proof, log, checkpoints)]
    for outcome in outcomes:
        chosen = None if outcome.logged is None else outcome.logged.number
        found += _of_inclusions(f"/records/{outcome.position}", len(outcome.proven.inclusions), chosen)
    for position, statement in enumerate(proof.statements):
        if position not in statements:
            found.append(f"/statements/{position}")
            continue
        logged = places[position]
        chosen = None if logged is None else logged.number
        found += _of_inclusions(f"/statements/{position}", len(statement.inclusions), chosen)
        if statement.record.content is not None and not chain.has_body(statement.record):
            found += [f"/statements/{position}/content", f"/statements/{position}/salt"]
    if proof.status is not None and not is_status_used:
        found.append("/status")
    return tuple(sorted(found))


def _of_checkpoints(proof: ProofFile, log: LogEvidence, used: Iterable[int]) -> Iterator[str]:
    for position in range(len(proof.checkpoints)):
        if position not in used:
            yield f"/checkpoints/{position}"
            continue
        counted = log.believed[position].lines
        for line in range(log.signature_lines[position]):
            if line not in counted:
                yield f"/checkpoints/{position}#{line}"


def _of_inclusions(pointer: str, count: int, chosen: int | None) -> Iterator[str]:
    return (f"{pointer}/inclusions/{number}" for number in range(count) if number != chosen)
