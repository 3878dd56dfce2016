"""Asking a witness that only answers (C2SP tlog-witness): show it our newest checkpoint and how it grew from the one it holds.

Such a witness opens no connection; somebody has to bring the checkpoint. It says 409 with the size that it holds where we assumed another
one, so that we are wrong once at most. What it answers counts only as the cosignature of a witness that the roots' policy names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import requests

from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.tlog.tree import Tree
from central_hub.tlog.witnesses import keep_checkpoint, lines_of_named, newest_cosigned, take_lines
from signing.errors import LogInvalid
from signing.tlog.note import Note, decode_count, encode_base64
from signing.tlog.policy import Policy
from sync_protocol.witness import device_of

_PATH: Final = "/add-checkpoint"
_TIMEOUT_S: Final = 30
_ANSWER_BYTES_MAX: Final = 64 * 1024
_OK, _CONFLICT = 200, 409
_HEAD: Final = b"cosignatures\n\n"
"""An answer is signature lines alone; with a text before them it is a note."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness said: the HTTP status and the body, bounded."""

    status: int
    body: bytes


Post = Callable[[str, bytes], Answer]


def post(url: str, data: bytes) -> Answer:
    """One request, which waits half a minute at most for whatever comes next; OSError where nobody answers, or not to the end."""
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    with requests.post(
        url, data=data, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False, stream=True
    ) as answer:
        body = b""
        # What a broken connection raises is an OSError from this iterator only, not from the stream beneath it.
        for part in answer.iter_content(_ANSWER_BYTES_MAX + 1):
            body += part
            if len(body) > _ANSWER_BYTES_MAX:
                break
        return Answer(answer.status_code, body[: _ANSWER_BYTES_MAX + 1])


def ask_witness(services: Services, prefix: str, *, send: Post = post) -> list[str]:
    """Have the witness at this address cosign the newest checkpoint; the names of those whose lines are kept with it now.

    Raises LogInvalid where it refuses, holds more than this log has, or answers with something else, and where there is nothing to
    cosign; TreeUnusable as reading the tree does; OSError as `send` does.
    """
    tree, policy = services.tree, services.keys.bundle.policy
    if tree is None or policy is None:
        raise LogInvalid("this hub keeps no log")
    signed, head = tree.signed()
    if head.size == 0:
        raise LogInvalid("this log holds nothing yet")
    with writing(services.engine) as connection:
        # Before anybody is asked: the log may grow meanwhile, and a line is kept with its checkpoint only.
        keep_checkpoint(connection, head.size, signed, now_ms=services.clock())
    url, old = prefix.rstrip("/") + _PATH, min(_last_cosigned(services, policy), head.size)
    answer = send(url, _request(tree, old, head.size, signed))
    if answer.status == _CONFLICT:
        old = _held(answer)
        if old > head.size:
            raise LogInvalid(f"the witness holds {old} leaves, and this log has {head.size}")
        answer = send(url, _request(tree, old, head.size, signed))
    if answer.status != _OK or len(answer.body) > _ANSWER_BYTES_MAX:
        raise LogInvalid(f"the witness answered {answer.status}")
    return _keep(services, policy, head.size, answer.body)


def _request(tree: Tree, old: int, new: int, signed: bytes) -> bytes:
    proof = tree.consistency(old, new) if 0 < old < new else []
    lines = [f"old {old}", *map(encode_base64, proof), "", ""]
    return "\n".join(lines).encode() + signed


def _held(answer: Answer) -> int:
    try:
        return decode_count(answer.body[:20].decode("ascii").strip(), most=2**63 - 1)
    except UnicodeDecodeError as error:
        raise LogInvalid("the witness says what it holds in another form") from error


def _keep(services: Services, policy: Policy, size: int, body: bytes) -> list[str]:
    lines = lines_of_named(policy, Note.parse(_HEAD + body).signatures)
    if not lines:
        raise LogInvalid("nobody whom the policy names has answered")
    with writing(services.engine) as connection:
        kept = take_lines(connection, policy, size, lines)
    if not kept:
        raise LogInvalid("the checkpoint has no room for another line")
    return [witness.name for witness in kept]


def _last_cosigned(services: Services, policy: Policy) -> int:
    """The newest size that an outsider of the policy has cosigned: the best guess at what this witness holds."""
    with reading(services.engine) as connection:
        cosigned = newest_cosigned(connection)
    outside = [key.name for key in policy.witnesses.values() if device_of(key.name) is None]
    return max((cosigned[name].size for name in outside if name in cosigned), default=0)
