"""What somebody who only has a recording of `tests.support.exchanges` finds in it: every message decoded by today's code.

`summary` is what must stay the same for ever; whatever is appended to messages later does not change it.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from signing.bundles import open_unpinned_bundle
from signing.keys import BoxKey
from signing.signatures import PublicKey
from sync_protocol.chunks import open_piece
from sync_protocol.direct_beacon import decode_direct_answer, open_direct
from sync_protocol.enrolment import EnrolmentAnswer, EnrolmentRequest, check_offer
from sync_protocol.errors import RemoteFault
from sync_protocol.file_wire import decode_files_answer, open_files_request
from sync_protocol.frame import decode_run
from sync_protocol.lan import decode_hello, open_answer
from sync_protocol.lan import open_request as open_lan_request
from sync_protocol.lan_envelope import Sent
from sync_protocol.lan_files import open_files_answer
from sync_protocol.lan_files import open_files_request as open_lan_files_request
from sync_protocol.log import check_chain
from sync_protocol.parcel import Part
from sync_protocol.snapshot import decode_message, open_head, unpack_loose
from sync_protocol.versions import Versions, from_members
from sync_protocol.wire import decode_answer, open_request


def summary(folder: Path) -> dict[str, Any]:
    """Everything that was recorded, in the words of whoever reads it."""
    return {
        **{
            name: [_posted(folder, step) for step in _json(folder / f"{name}.json")]
            for name in ("posted", "vouched")
        },
        "lan": _lan(_json(folder / "lan.json")),
        "stick": _stick(folder),
    }


def posted(folder: Path, name: str) -> list[dict[str, Any]]:
    """What was asked over HTTP, in order: path, time, status, and the bytes both ways."""
    steps: list[dict[str, Any]] = _json(folder / f"{name}.json")
    return [
        {**step, **{kind: (folder / step[kind]).read_bytes() for kind in ("request", "answer")}}
        for step in steps
    ]


def what_was_asked(path: str, request: bytes) -> dict[str, Any]:
    """One recorded request."""
    match path.rpartition("/")[2]:
        case "hello":
            return {}
        case "device":
            offer = msgspec.json.decode(request, type=EnrolmentRequest)
            keys = [offer.device, *([offer.officer] if offer.officer else [])]
            return {"keys": [check_offer(offer.secret, each).id for each in keys]}
        case "files":
            said = open_files_request(request).said
            return {
                "offered": sorted(each.file.hex() for each in said.offered),
                "wanted": sorted(each.file.hex() for each in said.wanted),
                "pieces": [_piece(each) for each in said.pieces],
            }
        case "beacon":
            beacon = open_direct(request)
            return {"device": beacon.device, "problem": beacon.said.beacon.problem}
        case _:
            try:
                asked = open_request(request).said
            except RemoteFault as fault:
                return {"refused": fault.reason.code}
            return {
                "device": asked.device.hex(),
                "has_challenge": bool(asked.challenge),
                "logs": len(asked.frontier),
                "records": _records(asked.runs),
                "voucher": sha256(b"".join(asked.voucher)).hexdigest() if asked.voucher else "",
                "versions": asked.versions.hex(),
            }


def what_came_back(path: str, status: int, answer: bytes) -> dict[str, Any]:
    """The answer to it."""
    if status != 200:
        problem = json.loads(answer)
        return {"code": problem["code"], "versions": _spoken(from_members(problem))}
    match path.rpartition("/")[2]:
        case "hello":
            said = json.loads(answer)
            bundle = open_unpinned_bundle(msgspec.convert(said["bundle"], bytes, strict=False))
            return {
                "province": bundle.province,
                "bundle": bundle.version,
                "versions": _spoken(from_members(said)),
            }
        case "device":
            enrolled = msgspec.json.decode(answer, type=EnrolmentAnswer)
            return {"members": sorted(set(msgspec.to_builtins(enrolled)) & _ENROLLED)}
        case "files":
            files = decode_files_answer(answer)
            return {
                "stated": {each.file.hex(): each.standing for each in files.stated},
                "word": bool(files.word),
            }
        case "beacon":
            return {"is_taken": decode_direct_answer(answer).is_taken}
        case _:
            said_back = decode_answer(answer)
            return {
                "problem": said_back.problem,
                "receipt": bool(said_back.receipt),
                "records": _records(said_back.runs),
                "digest_state": said_back.digest_state,
                "versions": _spoken(said_back.versions),
            }


_ENROLLED = frozenset(field.name for field in msgspec.structs.fields(EnrolmentAnswer) if field.required)


def _posted(folder: Path, step: dict[str, Any]) -> dict[str, Any]:
    request, answer = ((folder / step[kind]).read_bytes() for kind in ("request", "answer"))
    return {
        "path": step["path"],
        "status": step["status"],
        "asked": what_was_asked(step["path"], request),
        "answered": what_came_back(step["path"], step["status"], answer),
    }


def _spoken(versions: Versions | None) -> list[Any]:
    return [] if versions is None else [versions.lowest, versions.highest, versions.capabilities]


def _lan(said: dict[str, Any]) -> dict[str, Any]:
    box, asked = BoxKey.from_seed(bytes.fromhex(said["box"])), PublicKey.from_hex(said["asked"])
    asker, boxes = PublicKey.from_hex(said["asker"]), _boxes(said["reply_boxes"])
    hello = decode_hello(bytes.fromhex(said["hello"]))
    rounds, files = [], []
    for request, answer in _pairs(said["rounds"]):
        opened = open_lan_request(request, box)
        lan_asked = opened.verify_for(asked.id, asker)
        lan_said = open_answer(
            answer, boxes[lan_asked.reply_box], sent=_sent(request, opened.packed), device=asked
        )
        rounds.append(
            {
                "logs": [len(lan_asked.held), len(lan_said.held)],
                "problem": lan_said.problem,
                "sent": _records(lan_asked.runs),
                "received": _records(lan_said.runs),
                "seals": [len(lan_asked.seals), len(lan_said.seals)],
                "beacons": [len(lan_asked.beacons), len(lan_said.beacons)],
            }
        )
    for request, answer in _pairs(said["files"]):
        opened_files = open_lan_files_request(request, box)
        about = opened_files.verify_for(asked.id, asker)
        files_said = open_files_answer(
            answer, boxes[about.reply_box], sent=_sent(request, opened_files.packed), device=asked
        )
        files.append(
            {
                "problem": files_said.problem,
                "offered": sorted(each.file.hex() for each in files_said.offered),
                "wanted": sorted(each.file.hex() for each in about.wanted),
                "pieces": [_piece(each) for each in files_said.pieces],
            }
        )
    return {"device": hello.device.hex(), "unit": hello.unit, "rounds": rounds, "files": files}


def _stick(folder: Path) -> dict[str, Any]:
    said = _json(folder / "stick.json")
    maker, box = PublicKey.from_hex(said["maker"]), BoxKey.from_seed(bytes.fromhex(said["box"]))
    heads, loose, runs = [], [], []
    parts = sorted((folder / "stick").rglob("*.motcua"))
    for path in parts:
        with path.open("rb") as source:
            part = Part(source)
            part.verify(maker)
            for packed in part.messages(said["device"], box):
                message = decode_message(packed)
                heads += [open_head(message.head, maker)] if message.head else []
                loose += [record.id for record in unpack_loose(message.loose)] if message.loose else []
                runs += message.runs
    (head,) = heads
    return {
        "parts": len(parts),
        "unit": head.unit,
        "bases": {base.log.hex(): base.length for base in head.bases},
        "dossiers": sorted(dossier.hex() for dossier in head.dossiers),
        "loose": sorted(loose),
        "records": _records(runs),
    }


def _records(frames: list[bytes]) -> dict[str, str]:
    found = {}
    for frame in frames:
        run = decode_run(frame)
        check_chain(run, run.records[0].header.prev if run.first else None)
        for each in run.records:
            found[f"{each.header.log} {each.header.seq:04d}"] = f"{each.header.kind} {each.link}"
    return dict(sorted(found.items()))


def _piece(frame: bytes) -> str:
    piece = open_piece(frame)
    return f"{piece.file} {piece.start} {sha256(piece.data).hexdigest()[:16]}"


def _pairs(messages: list[str]) -> list[tuple[bytes, bytes]]:
    found = [bytes.fromhex(each) for each in messages]
    return list(zip(found[::2], found[1::2], strict=True))


def _boxes(seeds: list[str]) -> dict[bytes, BoxKey]:
    keys = [BoxKey.from_seed(bytes.fromhex(seed)) for seed in seeds]
    return {key.public: key for key in keys}


def _sent(sealed: bytes, packed: bytes) -> Sent:
    return Sent(sealed=sealed, digest=sha256(packed).digest())


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
