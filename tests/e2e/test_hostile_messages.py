"""Messages that mean harm, and damaged ones: refused or quarantined with a reason, and everything else flows.

MOTCUA_FUZZ sets how many damaged messages each fuzz test sends, MOTCUA_FUZZ_SEED another course.
"""

import json
import os
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
import zstandard
from flask.testing import FlaskClient

from central_hub.ingest.aside import list_set_aside
from central_hub.judge.standings import list_standings
from central_hub.reasons import CATALOGUE
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from dossiers.units import load_default_units
from sync_protocol.log import Seal
from sync_protocol.receipts import open_receipt
from sync_protocol.record import encode_header
from sync_protocol.wire import Entry, decode_answer
from tests.support.device_log import key_of
from tests.support.hostile import (
    BEACON,
    MIB,
    ask,
    challenge_of,
    changed_frame,
    frame_of,
    fuzzed,
    fuzzed_frame,
    nest,
    round_bytes,
    signed_round,
)
from tests.support.hub import NOW_MS, Desk, ProvinceHub, found_province, receive

OTHER_COMMUNE = "20257"
FUZZ = int(os.environ.get("MOTCUA_FUZZ", "120"))
SEED = int(os.environ.get("MOTCUA_FUZZ_SEED", "20242"))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    """One province for all; each test has a commune of its own."""
    return found_province(tmp_path_factory.mktemp("province"))


@pytest.fixture(scope="module")
def communes() -> Iterator[str]:
    return iter([unit.code for unit in load_default_units().communes])


@pytest.fixture
def client(hub: ProvinceHub) -> FlaskClient:
    return hub.app.test_client()


@pytest.fixture
def desk(hub: ProvinceHub, communes: Iterator[str]) -> Desk:
    return hub.enrol(next(communes))


@pytest.fixture(scope="module")
def caller(hub: ProvinceHub, communes: Iterator[str]) -> Desk:
    """A PC for every test that leaves nothing behind."""
    return hub.enrol(next(communes))


@pytest.fixture
def neighbour(hub: ProvinceHub, desk: Desk) -> Desk:
    """Another PC of the same commune."""
    return hub.enrol(desk.unit, "PC quầy 2", officer="Lê Văn Minh")


def problem_of(response: Any) -> str:
    """The reason code of a refusal, which must be one of the catalogue."""
    assert response.status_code < 500, response.get_data(as_text=True)[:500]
    if response.status_code == 200:
        code = decode_answer(response.data).problem
    else:
        code = json.loads(response.data)["code"]
        assert response.content_type == "application/problem+json"
        assert response.status_code == CATALOGUE[code].status
    assert code in CATALOGUE, code
    return str(code)


def held(hub: ProvinceHub, desk: Desk) -> tuple[int, int, int]:
    """Length, acknowledged and judged length of the PC's log at the hub."""
    with reading(hub.services.engine) as connection:
        found = HubLogStore(connection, hub.services.opened).held(desk.log.log)
    return (found.length, found.acknowledged, found.judged) if found else (0, 0, 0)


def live(desk: Desk, number: int, *, notes: int) -> None:
    """A dossier and some notes about it."""
    dossier = receive(desk, NOW_MS + number * 60_000, number)
    for note in range(notes):
        desk.log.write("dossier.noted", dossier, {}, {"note": f"Ghi chú {note}"})


def standing_codes(hub: ProvinceHub, desk: Desk) -> dict[str, str]:
    """What stands against records of the PC's commune."""
    with reading(hub.services.engine) as connection:
        found = list_standings(connection, commune=desk.unit, page_rows=1000)
        return {line.record: line.code for line in found.lines}


def aside_reasons(hub: ProvinceHub, desk: Desk) -> list[str]:
    """Why runs that the PC brought were set aside."""
    with reading(hub.services.engine) as connection:
        return [line.reason for line in list_set_aside(connection, limit=1000) if line.device == desk.device]


# --- the request as a whole ---------------------------------------------------------------------------------------------


def bomb(size: int) -> bytes:
    return zstandard.compress(bytes(size))


def streamed_bomb(size: int) -> bytes:
    """A frame that does not say how large it is."""
    part = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return part.compress(bytes(size)) + part.flush()


WHOLE: dict[str, tuple[Any, str]] = {
    "nothing, of no stated length": (lambda d: b"", "ROUND_SIZE"),
    "a signature alone": (lambda d: bytes(64), "ROUND_FORMAT"),
    "cut in the middle": (lambda d: (r := round_bytes(d))[: len(r) // 2], "ROUND_FORMAT"),
    "one byte short": (lambda d: round_bytes(d)[:-1], "ROUND_FORMAT"),
    "one byte more": (lambda d: round_bytes(d) + b"\0", "ROUND_FORMAT"),
    "no zstd": (lambda d: signed_round(d, 0, packed=b"\1not zstd"), "ROUND_FORMAT"),
    "a bomb": (lambda d: signed_round(d, 0, packed=b"\1" + bomb(400 * MIB)), "ROUND_FORMAT"),
    "a bomb of unknown size": (
        lambda d: signed_round(d, 0, packed=b"\1" + streamed_bomb(64 * MIB)),
        "ROUND_FORMAT",
    ),
    "a bomb nobody signed": (lambda d: bytes(64) + b"\1" + bomb(400 * MIB), "ROUND_FORMAT"),
    "nested deeply": (lambda d: signed_round(d, nest(900)), "ROUND_FORMAT"),
    "nested beyond all stacks": (
        lambda d: signed_round(d, 0, packed=b"\0" + b"\x91" * 1_000_000),
        "ROUND_FORMAT",
    ),
    "a list that claims four billion members": (
        lambda d: signed_round(d, 0, packed=b"\0\xdd\xff\xff\xff\xff"),
        "ROUND_FORMAT",
    ),
    "text that claims four billion bytes": (
        lambda d: signed_round(d, 0, packed=b"\0\x9b\x01\xc6\xff\xff\xff\xff"),
        "ROUND_FORMAT",
    ),
    "text that is no text": (
        lambda d: signed_round(d, 0, packed=round_bytes(d)[64:].replace(b"\xa50.1.0", b"\xa5\xff\xfe1.0")),
        "ROUND_FORMAT",
    ),
    "another shape": (lambda d: signed_round(d, {"protocol": 1}), "ROUND_FORMAT"),
    "a version to come": (lambda d: round_bytes(d, protocol=2), "ROUND_VERSION"),
    "a version that never was": (lambda d: round_bytes(d, protocol=-1), "ROUND_VERSION"),
    "a device id of another size": (lambda d: round_bytes(d, device=bytes(15)), "ROUND_FORMAT"),
    "a device nobody enrolled": (lambda d: round_bytes(d, device=bytes(16)), "ROUND_DEVICE"),
    "signed by another": (lambda d: round_bytes(d, signer=key_of("somebody else")), "ROUND_SIGNATURE"),
    "too many logs": (
        lambda d: round_bytes(d, frontier=[Entry(bytes(16), 0, 0, bytes(16))] * 5_000),
        "ROUND_SIZE",
    ),
    "too many runs": (lambda d: round_bytes(d, runs=[b""] * 600), "ROUND_SIZE"),
    "too large": (lambda d: bytes(3 * MIB), "ROUND_SIZE"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_hostile_request_is_refused_with_its_reason(client: FlaskClient, caller: Desk, name: str) -> None:
    make, code = WHOLE[name]
    response = client.post("/sync/v1/round", data=make(caller), content_type="application/octet-stream")
    assert problem_of(response) == code
    assert problem_of(ask(client, caller)) == "ROUND_CHALLENGE", "the same PC is heard right after"


def test_a_replayed_round_changes_nothing(
    hub: ProvinceHub, client: FlaskClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(desk, 1, notes=1)
    data = round_bytes(desk, challenge=challenge_of(client, desk), runs=[frame_of(desk)])
    first = decode_answer(client.post("/sync/v1/round", data=data).data)
    hub.judge()
    state = held(hub, desk), standing_codes(hub, desk), aside_reasons(hub, desk)
    for _ in range(3):
        again = decode_answer(client.post("/sync/v1/round", data=data).data)
        assert again.problem == first.problem == ""
    hub.judge()
    assert (held(hub, desk), standing_codes(hub, desk), aside_reasons(hub, desk)) == state
    monkeypatch.setattr(hub.clock, "now", hub.clock.now + 25 * 60 * 60 * 1000)
    assert problem_of(client.post("/sync/v1/round", data=data)) == "ROUND_CHALLENGE"


@pytest.mark.parametrize("how", ["none", "another PC's", "altered", "from tomorrow", "long"])
def test_a_challenge_that_is_not_this_pcs_brings_nothing_but_the_next(
    hub: ProvinceHub, client: FlaskClient, desk: Desk, neighbour: Desk, how: str
) -> None:
    own = challenge_of(client, desk)
    challenge = {
        "none": b"",
        "another PC's": challenge_of(client, neighbour),
        "altered": own[:-1] + bytes([own[-1] ^ 1]),
        "from tomorrow": (int.from_bytes(own[:5], "big") + 86_400).to_bytes(5, "big") + own[5:],
        "long": own * 1_000,
    }[how]
    live(desk, 1, notes=1)
    answer = decode_answer(ask(client, desk, challenge=challenge, runs=[frame_of(desk)]).data)
    assert answer.problem == "ROUND_CHALLENGE" and not answer.runs and not answer.receipt
    assert held(hub, desk) == (0, 0, 0), "what comes without a challenge is not stored"


def test_a_fuzzed_request_is_answered_or_refused_and_never_a_fault(client: FlaskClient, desk: Desk) -> None:
    chance = Random(SEED)
    challenge = challenge_of(client, desk)
    live(desk, 1, notes=1)
    log = bytes.fromhex(desk.log.log)
    honest = round_bytes(
        desk, challenge=challenge, runs=[frame_of(desk)], frontier=[Entry(log, 0, 1, bytes(16))]
    )
    packed = honest[65:] if honest[64] == 0 else zstandard.decompress(honest[65:])
    message = msgspec.msgpack.decode(packed)
    for number in range(FUZZ):
        spoilt = fuzzed(message, chance, changes=chance.randint(1, 3))
        try:
            data = signed_round(desk, spoilt)
        except (UnicodeEncodeError, OverflowError):
            continue
        response = client.post("/sync/v1/round", data=data)
        assert response.status_code < 500, (SEED, number, spoilt)
        if response.status_code != 200 or decode_answer(response.data).problem:
            problem_of(response)
        raw = bytearray(honest)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        response = client.post("/sync/v1/round", data=bytes(raw))
        assert response.status_code < 500, (SEED, number, bytes(raw))
        problem_of(response)
    assert problem_of(ask(client, desk)) == "ROUND_CHALLENGE"


@pytest.mark.parametrize("number", [2**31, 2**53, 2**63, 2**64 - 1])
def test_huge_numbers_in_a_request_are_borne(client: FlaskClient, desk: Desk, number: int) -> None:
    live(desk, 1, notes=1)
    challenge = challenge_of(client, desk)
    ask(client, desk, challenge=challenge, runs=[frame_of(desk)])
    log = bytes.fromhex(desk.log.log)
    names = [name for name in BEACON.__struct_fields__ if isinstance(getattr(BEACON, name), int)]
    members = {name: getattr(BEACON, name) for name in BEACON.__struct_fields__}
    for name in names:
        for value in (number, -(number // 2)):
            beacon = type(BEACON)(**{**members, name: value})
            assert ask(client, desk, challenge=challenge, beacon=beacon).status_code == 200
    for entry in (Entry(log, 0, number, bytes(16)), Entry(log, number, number, bytes(16))):
        assert ask(client, desk, challenge=challenge, frontier=[entry]).status_code == 200
    assert ask(client, desk, challenge=challenge, bytes_max=number, sent_ms=number).status_code == 200


# --- runs within a request ----------------------------------------------------------------------------------------------


def forged(desk: Desk, frame: bytes) -> bytes:
    """Every signature replaced by one of another key."""
    return changed_frame(frame, {"signatures": lambda old: bytes(len(old)), "seal": None})


def header_with(desk: Desk, **members: Any) -> bytes:
    return encode_header(msgspec.structs.replace(desk.log.records[1].header, **members))


FRAMES: dict[str, Any] = {
    "empty": lambda d, f: b"",
    "no frame": lambda d, f: b"not a frame",
    "cut": lambda d, f: f[: len(f) // 2],
    "a version to come": lambda d, f: changed_frame(f, {"version": 2}),
    "another log's id": lambda d, f: changed_frame(f, {"log": bytes(16)}),
    "from a later position": lambda d, f: changed_frame(f, {"first": 40}),
    "from a negative position": lambda d, f: changed_frame(f, {"first": -1}),
    "from an unthinkable position": lambda d, f: changed_frame(f, {"first": 2**63}),
    "of another commune": lambda d, f: changed_frame(f, {"commune": OTHER_COMMUNE}),
    "of no commune": lambda d, f: changed_frame(f, {"commune": "x" * 100_000}),
    "without signatures": lambda d, f: changed_frame(f, {"signatures": b""}),
    "with half a signature": lambda d, f: changed_frame(f, {"signatures": lambda s: s[:-32]}),
    "with swapped signatures": lambda d, f: changed_frame(
        f, {"signatures": lambda s: s[64:128] + s[:64] + s[128:]}
    ),
    "without salts": lambda d, f: changed_frame(f, {"salts": b""}),
    "without keys": lambda d, f: changed_frame(f, {"keys": b""}),
    "with another's seal": lambda d, f: changed_frame(f, {"seal": lambda s: [s[0], bytes(64)]}),
    "sealed beyond its end": lambda d, f: changed_frame(f, {"seal": lambda s: [s[0] + 1, s[1]]}),
    "a bomb": lambda d, f: changed_frame(f, {"table": bomb(400 * MIB)}),
    "a bomb of unknown size": lambda d, f: changed_frame(f, {"table": streamed_bomb(64 * MIB)}),
    "eight million lists": lambda d, f: changed_frame(f, {}, {"listed": [[]] * 7_900_000}),
    "eight million objects": lambda d, f: changed_frame(
        f, {}, {"facts": [[], [0], [[{}] * 7_900_000]]}
    ),
    "facts nested deeply": lambda d, f: changed_frame(
        f, {}, {"facts": lambda old: [[[["a", None]]], [1] * len(old[1]), [[[nest(400)] * len(old[1])]]]}
    ),
    "facts with a number too large": lambda d, f: changed_frame(
        f, {}, {"facts": lambda old: [[[["a", None]]], [1] * len(old[1]), [[[2**64 - 1] * len(old[1])]]]}
    ),
    "facts with a fraction": lambda d, f: changed_frame(
        f, {}, {"facts": lambda old: [[[["a", None]]], [1] * len(old[1]), [[[0.1] * len(old[1])]]]}
    ),
    "a kind with a quotation mark": lambda d, f: changed_frame(
        f, {}, {"kinds": lambda old: ['x","v":2,"w":"' for _ in old]}
    ),
    "an instant too large": lambda d, f: changed_frame(f, {}, {"at_ms": lambda old: [2**63] * len(old)}),
    "columns of different length": lambda d, f: changed_frame(f, {}, {"by": lambda old: old[:-1]}),
    "an index beyond its table": lambda d, f: changed_frame(f, {}, {"kind": lambda old: [99] * len(old)}),
    "an unknown state": lambda d, f: changed_frame(f, {}, {"states": lambda old: b"\xff" * len(old)}),
    "a raw header that is not canonical": lambda d, f: changed_frame(
        f, {}, {"raw": [[1, header_with(d).replace(b'":', b'": ', 1)]]}
    ),
    "a raw header with a version to come": lambda d, f: changed_frame(
        f, {}, {"raw": [[1, header_with(d, v=2)]]}
    ),
    "a raw header of another log": lambda d, f: changed_frame(
        f, {}, {"raw": [[1, header_with(d, log="0" * 32)]]}
    ),
    "a raw header twice as large as allowed": lambda d, f: changed_frame(
        f, {}, {"raw": [[1, b'{"a":"' + b"x" * 32_768 + b'"}']]}
    ),
    "a raw header nested beyond all stacks": lambda d, f: changed_frame(
        f, {}, {"raw": [[1, b'{"facts":' + b"[" * 100_000]]}
    ),
    "altered contents": lambda d, f: changed_frame(
        f, {}, {"contents": lambda old: [old[0], old[1], [[["khác"] * len(c) if isinstance(c, list) else c for c in leaves] for leaves in old[2]]]}
    ),
    "records the other way round": lambda d, f: changed_frame(f, {}, {"kind": lambda old: old[::-1]}),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_a_hostile_run_is_set_aside_and_the_rest_of_the_round_flows(
    hub: ProvinceHub, client: FlaskClient, desk: Desk, neighbour: Desk, name: str
) -> None:
    """One PC carries, in one round, a hostile copy of a neighbour's log and its own honest records."""
    live(neighbour, 1, notes=3)
    receive(desk, NOW_MS, 1)
    hostile = FRAMES[name](neighbour, frame_of(neighbour))
    response = ask(client, desk, challenge=challenge_of(client, desk), runs=[hostile, frame_of(desk)])
    assert response.status_code == 200, response.text[:300]
    answer = decode_answer(response.data)
    why = aside_reasons(hub, desk) or [answer.problem]
    assert set(why) <= set(CATALOGUE)
    assert answer.problem in (why[0], "") and (answer.problem or why == ["LOG_CHAIN"])
    receipt = open_receipt(answer.receipt, hub.services.keys.hub.public)
    assert receipt.logs[desk.log.log].held == 2, "the honest run beside it is receipted in the same answer"
    assert answer.runs, "and what the PC lacks still comes"
    hub.judge()
    assert held(hub, desk) == (2, 2, 2)
    assert held(hub, neighbour)[1] == 0, "nothing hostile was acknowledged"
    later = ask(client, neighbour, challenge=challenge_of(client, neighbour), runs=[frame_of(neighbour)])
    assert decode_answer(later.data).problem == "", (
        "the neighbour's own records are taken when it brings them"
    )
    hub.judge()
    assert held(hub, neighbour) == (5, 5, 5) and standing_codes(hub, desk) == {}


def test_fuzzed_runs_lose_nothing_and_stop_nobody(
    hub: ProvinceHub, client: FlaskClient, desk: Desk, neighbour: Desk
) -> None:
    """Damaged frames of an enrolled PC, sealed or not, each beside an honest run: all honest records come through."""
    chance = Random(SEED)
    for number in range(6):
        live(neighbour, number + 1, notes=2)
    whole, tail = frame_of(neighbour), frame_of(neighbour, sealed=False)
    challenge = challenge_of(client, desk)
    for number in range(FUZZ):
        hostile = fuzzed_frame(chance.choice((whole, tail)), chance)
        receive(desk, NOW_MS + number, number % 9_000 + 1)
        response = ask(client, desk, challenge=challenge, runs=[hostile, frame_of(desk, desk.sent)])
        assert response.status_code == 200, (SEED, number, hostile)
        answer = decode_answer(response.data)
        assert answer.problem == "" or answer.problem in CATALOGUE, (SEED, number)
        desk.sent = len(desk.log.records)
        assert held(hub, desk)[1] == desk.sent, (SEED, number, "the honest run was not taken")
        if number % 10 == 9:
            hub.judge()
    hub.judge()
    length, _, judged = held(hub, desk)
    assert length == judged == len(desk.log.records)
    assert set(aside_reasons(hub, desk)) | set(standing_codes(hub, desk).values()) <= set(CATALOGUE)
    final = ask(client, neighbour, challenge=challenge_of(client, neighbour), runs=[whole])
    hub.judge()
    own = {record.id for record in desk.log.records}
    assert not own & set(standing_codes(hub, desk)), "no honest record was refused because of a neighbour"
    if decode_answer(final.data).problem == "":
        assert held(hub, neighbour)[2] == len(neighbour.log.records)
        assert not {record.id for record in neighbour.log.records} & set(standing_codes(hub, desk))


def test_runs_in_any_order_and_twice_come_together(hub: ProvinceHub, client: FlaskClient, desk: Desk) -> None:
    for number in range(8):
        live(desk, number + 1, notes=1)
    parts = [frame_of(desk, first, min(first + 3, 17)) for first in range(0, 17, 3)]
    chance, challenge = Random(SEED), challenge_of(client, desk)
    for _ in range(12):
        chance.shuffle(parts)
        answer = decode_answer(ask(client, desk, challenge=challenge, runs=[*parts, parts[0]]).data)
        assert answer.problem == "", "a gap is no fault: the answer says where to go on"
    hub.judge()
    assert (
        held(hub, desk) == (17, 17, 17) and standing_codes(hub, desk) == {} and aside_reasons(hub, desk) == []
    )


# --- records with a valid signature ---------------------------------------------------------------------------------------

FAR = (2**53 - 1, -(2**53) + 1, 253_402_300_800_000, 0, -1)


@pytest.mark.parametrize("ms", FAR)
@pytest.mark.parametrize("where", ["at", "offset"])
def test_a_clock_in_another_age_stops_no_judge(
    hub: ProvinceHub, desk: Desk, caller: Desk, where: str, ms: int
) -> None:
    """A well-signed record of the year 287396 ended the judge process, again and again, for the whole province."""
    header: dict[str, Any] = {where: (ms, 0)}
    dossier = receive(desk, NOW_MS, 1)
    for action, source, target, content in (
        ("forward", 2, 4, None),
        ("finish", 4, 9, {"result": {"number": "1", "signer": "Lan"}}),
    ):
        facts = {"from": source, "to": target, "action": action}
        desk.log.write("dossier.moved", dossier, facts, content, **header)
    receive(caller, NOW_MS, 1)
    hub.deliver(desk)
    hub.deliver(caller)
    hub.judge()
    assert held(hub, desk)[2] == len(desk.log.records)
    assert held(hub, caller)[2] == len(caller.log.records)
    for path in ("/", "/reports", f"/search?q={dossier}"):
        assert hub.browser("thongke").get(path).status_code < 500, path


HOSTILE_FACTS: dict[str, dict[str, Any]] = {
    "no facts": {"facts": {}},
    "another member": {"facts": {"x": 1}},
    "an instant beyond 2100": {"change": {"received": 4_102_444_800_001}},
    "a due date before time": {"change": {"due": -1}},
    "an unknown channel": {"change": {"channel": 4}},
    "a million sets": {"change": {"sets": 10**6}},
    "a fee beyond all money": {"change": {"fee_due": 2**53 - 1}},
    "text for a number": {"change": {"sets": "1"}},
    "a truth for a number": {"change": {"sets": True}},
    "too many papers": {"change": {"papers": [{"paper": "a", "form": 1, "count": 1, "digitised": False, "reused": False}] * 65}},
    "fields out of order": {"change": {"fields": ["summary", "applicant.name"]}},
    "a field of the facts": {"change": {"fields": ["due"]}},
    "a name in a code": {"change": {"code": "Nguyễn Thị Lan"}},
    "a code with a line break": {"change": {"code": "H17.20242-261120-0001\n"}},
    "no body": {"content": None},
    "a body that is a list of names": {"content": {"fields": ["Lan"]}},
    "a name of ten thousand letters": {"content": {"fields": {"applicant.name": "a" * 10_000}}},
    "a name that is a number": {"content": {"fields": {"applicant.name": 1}}},
    "a role that may not": {"signer": "device"},
    "a key nobody stated": {"signer": "nobody"},
    "a parent that is nowhere": {"header": {"parents": ("f" * 64,)}},
    "its own dossier as parent": {"header": {"parents": tuple(f"{n:064x}" for n in range(64))}},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_FACTS)
def test_a_well_signed_record_that_may_not_stand_is_quarantined_alone(
    hub: ProvinceHub, desk: Desk, name: str
) -> None:
    case = HOSTILE_FACTS[name]
    receive(desk, NOW_MS, 1)
    honest = desk.log.records[-1]
    facts = case.get("facts", {**honest.header.facts, **case.get("change", {})})
    content = case.get("content", {"fields": {"applicant.name": "Võ Thị Thanh Hằng"}})
    signer = {"device": desk.log.device, "nobody": key_of("nobody stated this"), None: None}[
        case.get("signer")
    ]
    hostile = desk.log.write(
        "dossier.received", desk.log.new_dossier(), facts, content, signer=signer, **case.get("header", {})
    )
    child = desk.log.write("dossier.noted", hostile.header.dossier, {}, {"note": "Về hồ sơ đó"})
    receive(desk, NOW_MS, 2)
    hub.deliver(desk)
    hub.judge()
    codes = standing_codes(hub, desk)
    assert codes.pop(hostile.id) in CATALOGUE
    assert codes.pop(child.id) in ("RECORD_PARENT_REFUSED", "RECORD_PARENT_PENDING")
    assert codes == {}, "the dossiers before and after are applied"
    assert held(hub, desk)[2] == len(desk.log.records)


def test_a_kind_of_a_newer_version_is_kept_and_passed_on(hub: ProvinceHub, desk: Desk) -> None:
    record = desk.log.write(
        "dossier.appealed", desk.log.new_dossier(), {"anything": [1, {"deep": True}]}, {"x": "y"}
    )
    hub.deliver(desk)
    hub.judge()
    assert held(hub, desk)[2] == 2 and standing_codes(hub, desk) == {record.id: "RECORD_VERSION"}


def test_a_seal_by_another_key_is_not_acknowledged(
    hub: ProvinceHub, client: FlaskClient, desk: Desk, neighbour: Desk
) -> None:
    live(desk, 1, notes=1)
    run = desk.log.run()
    seal = run.seal
    assert seal is not None
    signature = neighbour.log.device.sign("motcua.seal", b"whatever")
    wrong = changed_frame(frame_of(desk), {"seal": [seal.length, signature]})
    answer = decode_answer(ask(client, desk, challenge=challenge_of(client, desk), runs=[wrong]).data)
    assert answer.problem == "LOG_SEAL" and held(hub, desk) == (0, 0, 0)
    assert isinstance(seal, Seal)
