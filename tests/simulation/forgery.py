"""What a broken or hostile program on an enrolled PC might do, with keys that are real.

`write_inadmissible` puts a record into the PC's own log that no honest journal would write; the hub has to refuse it and
whatever descends from it, and nothing else. `send_scrambled` sends honest records as a run that is no chain.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from edge_node.journal import Draft, WriteRefused, write
from edge_node.journal.service import _Writer
from edge_node.keyring import Actor
from edge_node.store.local import read_local
from edge_node.sync.beacon import read_beacon
from edge_node.sync.receipt import receipted
from edge_node.sync.runner import CHALLENGE
from edge_node.sync.transport import LineFault
from signing.keys import SigningKey
from signing.roles import Role
from signing.signatures import PublicKey
from sync_protocol import reasons
from sync_protocol.errors import ProtocolError
from sync_protocol.frame import encode_run
from sync_protocol.frontier import length_of
from sync_protocol.log import Run
from sync_protocol.record import unverified
from sync_protocol.versions import PROTOCOL_VERSION
from sync_protocol.wire import RoundRequest, decode_answer, encode_request, entries_of
from tests.simulation.link import Door
from tests.simulation.node import SimNode
from tests.simulation.officers import token
from tests.simulation.versions import UNKNOWN_KIND


@dataclass(frozen=True, slots=True)
class _Scribbler:
    """Signs with one bit turned."""

    signer: SigningKey

    @property
    def public(self) -> PublicKey:
        return self.signer.public

    def sign(self, purpose: str, payload: bytes) -> bytes:
        signature = self.signer.sign(purpose, payload)
        return signature[:40] + bytes([signature[40] ^ 1]) + signature[41:]


def write_inadmissible(node: SimNode, chance: random.Random) -> str:
    """Write one such record about a dossier that is here; returns what kind of wrong it is."""
    rows = node.db.conn.execute("SELECT id FROM dossier ORDER BY number LIMIT 6").fetchall()
    if not rows:
        return "nothing: no dossier here"
    dossier = chance.choice(rows)[0].hex()
    actor = node.actor(chance.choice(node.officers))
    wrong = chance.choice(sorted(_WRONGS))
    signer, draft = _WRONGS[wrong](node, actor, dossier, chance)
    try:
        with _unchecked():
            write(node.db, node.services, signer, [draft])
    except WriteRefused as refusal:
        return f"nothing: {refusal}"
    return wrong


def _note(node: SimNode, dossier: str, chance: random.Random, **facts: Any) -> Draft:
    return Draft(
        kind="dossier.noted", dossier=dossier, facts=facts, content={"note": token(node.unit, chance)}
    )


def _wrong_signature(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    scribbler: Any = _Scribbler(actor.signer)
    return replace(actor, signer=scribbler), _note(node, dossier, chance)


def _strange_key(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    stranger = SigningKey.from_seed(chance.randbytes(32))
    return replace(actor, signer=stranger, key=stranger.public.id), _note(node, dossier, chance)


def _wrong_facts(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    return actor, _note(node, dossier, chance, surplus=1)


def _deciding_device(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    return None, _note(node, dossier, chance)


def _amendment_by_device(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    content = {"fields": {"summary": token(node.unit, chance)}}
    facts: dict[str, Any] = {"fields": ["summary"], "set": {}}
    return None, Draft(kind="dossier.amended", dossier=dossier, facts=facts, content=content)


def _self_promotion(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    key = SigningKey.from_seed(chance.randbytes(32)).public
    facts = {
        "key": key.hex, "box": None, "roles": [Role.LEADER.value], "unit": node.unit,
        "officer": chance.randbytes(16).hex(), "device": None, "delegated": True, "from_size": 0, "until_size": None,
    }  # fmt: skip
    return actor, Draft(kind="key.stated", facts=facts, content={"name": token(node.unit, chance)})


def _of_a_later_version(
    node: SimNode, actor: Actor, dossier: str, chance: random.Random
) -> tuple[Actor | None, Draft]:
    content = {"words": token(node.unit, chance)}
    return actor, Draft(kind=UNKNOWN_KIND, dossier=dossier, facts={"number": 7}, content=content)


_WRONGS = {
    "a wrong signature": _wrong_signature,
    "a strange key": _strange_key,
    "wrong facts": _wrong_facts,
    "a deciding device": _deciding_device,
    "an amendment by the device": _amendment_by_device,
    "a promotion of oneself": _self_promotion,
    "a record of a later version": _of_a_later_version,
}


@contextmanager
def _unchecked() -> Iterator[None]:
    checked = _Writer._check
    _Writer._check = lambda self, draft: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        _Writer._check = checked  # type: ignore[method-assign]


def send_scrambled(node: SimNode, door: Door, chance: random.Random, now_ms: int) -> str:
    """Send the end of the own log in a wrong order, straight to the hub; returns what came of it."""
    log = node.office.log
    length = node.store.frontier([log])[log].length
    unsent = length_of(receipted(node.db), log)
    first = unsent if length - unsent > 1 else chance.randrange(length)
    records = list(node.store.span(log, first, stop=first + 4))
    if len(records) < 2:
        return "nothing to scramble"
    if chance.random() < 0.5:
        records[0], records[1] = records[1], records[0]
    else:
        del records[chance.randrange(len(records) - 1)]
    try:
        frame = encode_run(Run(log=log, first=first, records=tuple(map(unverified, records))))
        return f"a scrambled run: {_send(node, door, frame, now_ms)}"
    except (ProtocolError, LineFault) as refusal:
        return f"a scrambled run: {refusal}"


def _send(node: SimNode, door: Door, frame: bytes, now_ms: int) -> str:
    challenge = bytes.fromhex(read_local(node.db, CHALLENGE) or "")
    answer = decode_answer(door(_request(node, challenge, frame, now_ms)))
    if answer.problem == reasons.ROUND_CHALLENGE.code:
        answer = decode_answer(door(_request(node, answer.challenge, frame, now_ms)))
    return answer.problem or "no word about it"


def _request(node: SimNode, challenge: bytes, frame: bytes, now_ms: int) -> bytes:
    office = node.office
    request = RoundRequest(
        protocol=PROTOCOL_VERSION,
        device=bytes.fromhex(office.device),
        challenge=challenge,
        hub_epoch=bytes.fromhex(office.hub_epoch),
        sent_ms=now_ms,
        frontier=entries_of(node.store.frontier()),
        digest=b"",
        receipt=b"",
        beacon=read_beacon(node.db, node.services, office, now=node.clock()),
        bytes_max=48_000,
        runs=[frame],
    )
    return encode_request(request, node.services.keyring.device)
