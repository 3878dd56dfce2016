"""Rounds and enrolment over HTTP: what a node may say, what it hears, and what the hub refuses."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from central_hub.projection.projector import scope_digest
from central_hub.registry.enrolment import issue_code
from central_hub.registry.leases import leases_of_unit
from central_hub.registry.revocation import Act, revoke_device
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DEVICE, REFOLDING, STANDING
from signing.bundles import open_bundle
from signing.cuts import Cause
from signing.keys import SigningKey, new_signing_key
from sync_protocol.enrolment import KeyOffer, parse_code, prove
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.log import branch_id
from sync_protocol.receipts import open_receipt
from sync_protocol.wire import (
    Beacon,
    CopyState,
    DigestState,
    Entry,
    RoundAnswer,
    RoundRequest,
    decode_answer,
    encode_request,
    receipt_prefix,
)
from tests.support.hub import NOW_MS, Desk, ProvinceHub, found_province, receive

HAI_CHAU = "20242"
BEACON = Beacon(
    version="0.1.0", fold=1, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=12, disk_free_mb=9_000,
    database_mb=4, codes_left=500,
)  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def client(hub: ProvinceHub) -> FlaskClient:
    return hub.app.test_client()


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    return hub.enrol(HAI_CHAU)


def ask(client: FlaskClient, desk: Desk, *, signer: SigningKey | None = None, **members: Any) -> Any:
    fields: dict[str, Any] = {
        "protocol": 1, "device": bytes.fromhex(desk.device), "challenge": b"", "hub_epoch": bytes(16), "sent_ms": 0,
        "frontier": [], "digest": b"", "receipt": b"", "beacon": BEACON, "bytes_max": 200_000, "runs": [],
    }  # fmt: skip
    request = encode_request(RoundRequest(**{**fields, **members}), signer or desk.log.device)
    return client.post("/sync/v1/round", data=request, content_type="application/octet-stream")


def answered(response: Any) -> RoundAnswer:
    assert response.status_code == 200, response.get_data(as_text=True)
    return decode_answer(response.data)


def entry(desk: Desk, length: int | None = None) -> Entry:
    length = len(desk.log.records) if length is None else length
    head = desk.log.records[length - 1].link if length else "0" * 64
    return Entry(bytes.fromhex(desk.log.log), 0, length, bytes.fromhex(head)[:16])


def hub_entries(answer: RoundAnswer) -> list[Entry]:
    found = []
    for frame in answer.runs:
        run = decode_run(frame)
        found.append(Entry(bytes.fromhex(run.log), 0, run.stop, bytes.fromhex(run.records[-1].link)[:16]))
    return found


def test_a_round_begins_with_a_challenge_and_brings_what_the_node_lacks(
    hub: ProvinceHub, client: FlaskClient, desk: Desk
) -> None:
    first = answered(ask(client, desk))
    assert first.problem == "ROUND_CHALLENGE" and not first.runs
    second = answered(ask(client, desk, challenge=first.challenge))
    kinds = [record.header.kind for frame in second.runs for record in decode_run(frame).records]
    assert kinds == ["log.opened", "catalogue.published", "calendar.published", "key.stated", "key.stated"]
    third = answered(ask(client, desk, challenge=second.challenge, frontier=hub_entries(second)))
    assert third.runs == [] and third.held == [] and not third.problem


def test_records_are_receipted_then_judged(hub: ProvinceHub, client: FlaskClient, desk: Desk) -> None:
    desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Ghi chú"})
    challenge = answered(ask(client, desk)).challenge
    answer = answered(ask(client, desk, challenge=challenge, runs=[encode_run(desk.log.run())]))
    hub_key = hub.services.keys.hub.public
    receipt = open_receipt(answer.receipt, hub_key)
    assert (receipt.logs[desk.log.log].held, receipt.logs[desk.log.log].judged) == (2, 0)
    assert receipt.logs[desk.log.log].head == desk.log.records[-1].link
    hub.judge()
    later = answered(ask(client, desk, challenge=challenge, receipt=receipt_prefix(answer.receipt)))
    assert open_receipt(later.receipt, hub_key).logs[desk.log.log].judged == 2
    same = answered(ask(client, desk, challenge=challenge, receipt=receipt_prefix(later.receipt)))
    assert same.receipt == b"", "an unchanged receipt does not travel again"


def test_an_idle_round_compares_what_both_sides_folded(
    hub: ProvinceHub, client: FlaskClient, desk: Desk
) -> None:
    desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Ghi chú"})
    hub.deliver(desk)
    hub.judge()
    challenge = answered(ask(client, desk)).challenge
    full = answered(ask(client, desk, challenge=challenge, frontier=[entry(desk)]))
    frontier = [entry(desk), *hub_entries(full)]
    with reading(hub.services.engine) as connection:
        digest = scope_digest(connection, HAI_CHAU)
    receipt = receipt_prefix(full.receipt)
    idle = ask(client, desk, challenge=challenge, frontier=frontier, digest=digest, receipt=receipt)
    answer = answered(idle)
    assert answer.digest_state == DigestState.EQUAL and answer.digest == digest
    assert len(idle.data) <= 300
    other = answered(ask(client, desk, challenge=challenge, frontier=frontier, digest=bytes(32)))
    assert other.digest_state == DigestState.DIFFERENT
    with writing(hub.services.engine) as connection:
        connection.execute(insert(REFOLDING).values(no=1, id=bytes(16), is_failed=0))
    mixed = answered(ask(client, desk, challenge=challenge, frontier=frontier, digest=bytes(32)))
    assert mixed.digest_state == DigestState.NOT_COMPARABLE, "an update: the sum is of two folds"


def test_the_other_pc_of_the_commune_gets_what_is_judged(
    hub: ProvinceHub, client: FlaskClient, desk: Desk
) -> None:
    desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Ghi chú"})
    hub.deliver(desk)
    neighbour = hub.enrol(HAI_CHAU, "PC quầy 2", officer="Lê Văn Minh")
    stranger = hub.enrol("20257", "PC quầy 1", officer="Trần Thị Mỹ Duyên")
    challenge = answered(ask(client, neighbour)).challenge
    before = answered(ask(client, neighbour, challenge=challenge))
    assert desk.log.log not in {decode_run(frame).log for frame in before.runs}
    hub.judge()
    after = answered(ask(client, neighbour, challenge=challenge))
    assert desk.log.log in {decode_run(frame).log for frame in after.runs}
    elsewhere = answered(ask(client, stranger, challenge=answered(ask(client, stranger)).challenge))
    assert desk.log.log not in {decode_run(frame).log for frame in elsewhere.runs}


LOW = Beacon(**{name: getattr(BEACON, name) for name in BEACON.__struct_fields__} | {"codes_left": 0})


def leases(hub: ProvinceHub) -> list[tuple[int, int]]:
    with reading(hub.services.engine) as connection:
        return [(lease.first, lease.last) for lease in leases_of_unit(connection, HAI_CHAU)]


def test_numbers_are_refilled_once_for_each_time_they_are_used_up(tmp_path: Path) -> None:
    hub = found_province(tmp_path, lease_size=5)
    desk, client = hub.enrol(HAI_CHAU), hub.app.test_client()
    for number in range(1, 5):
        receive(desk, NOW_MS + number, number)
    hub.deliver(desk)
    hub.judge()
    challenge = answered(ask(client, desk)).challenge
    known = [entry(desk), *hub_entries(answered(ask(client, desk, challenge=challenge)))]
    assert leases(hub) == [(1, 5)]
    answered(ask(client, desk, challenge=challenge, frontier=[entry(desk)], beacon=LOW))
    assert leases(hub) == [(1, 5)], "a node that has not seen its lease yet gets no second one"
    answered(ask(client, desk, challenge=challenge, frontier=known, beacon=LOW))
    answered(ask(client, desk, challenge=challenge, frontier=known, beacon=LOW))
    assert leases(hub) == [(1, 5), (6, 10)]


def test_a_pc_that_only_says_it_has_no_numbers_cannot_drain_its_unit(
    hub: ProvinceHub, client: FlaskClient, desk: Desk
) -> None:
    """A dead clock battery showed a PC no lease in force: each round brought 500 numbers more, until none were left."""
    receive(desk, NOW_MS, 1)
    hub.deliver(desk)
    hub.judge()
    challenge = answered(ask(client, desk)).challenge
    for _ in range(4):
        known = [entry(desk), *hub_entries(answered(ask(client, desk, challenge=challenge)))]
        answered(ask(client, desk, challenge=challenge, frontier=known, beacon=LOW))
    assert leases(hub) == [(1, 500)]


def forked(hub: ProvinceHub, desk: Desk) -> str:
    """The PC's disk was copied before its last record, and the copy wrote another one; returns the branch's id."""
    desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Một"})
    hub.deliver(desk)
    desk.log.records.pop()
    differing = desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Khác"})
    return branch_id(desk.log.log, differing.link)


def test_a_fork_is_told_and_stops_nothing_else(hub: ProvinceHub, client: FlaskClient, desk: Desk) -> None:
    branch = forked(hub, desk)
    other = hub.enrol(HAI_CHAU, name="PC quầy 2")
    challenge = answered(ask(client, desk)).challenge
    answer = answered(ask(client, desk, challenge=challenge, runs=[encode_run(desk.log.run())]))
    first = len(desk.log.records) - 1
    assert [(fork.log.hex(), fork.first, fork.branch.hex()) for fork in answer.forks] == [
        (desk.log.log, first, branch)
    ]
    assert not answer.problem and answer.receipt
    challenge = answered(ask(client, other)).challenge
    assert answered(ask(client, other, challenge=challenge)).runs, "the office's other PC goes on as before"


def test_a_suspected_copy_reads_nothing_and_hears_what_arrived(
    hub: ProvinceHub, client: FlaskClient, desk: Desk
) -> None:
    """A stolen disk is a copy, too: it delivers, gets a receipt, and reads nothing until somebody has confirmed it."""
    forked(hub, desk)
    frontier = [
        Entry(
            bytes.fromhex(desk.log.log),
            0,
            len(desk.log.records),
            bytes.fromhex(desk.log.records[-1].link)[:16],
        )
    ]
    challenge = answered(ask(client, desk)).challenge
    runs = [encode_run(desk.log.run())]
    delivered = answered(ask(client, desk, challenge=challenge, frontier=frontier, runs=runs))
    assert (delivered.copy, delivered.runs, delivered.more) == (
        CopyState.WAITING,
        [],
        False,
    ) and delivered.receipt
    again = answered(ask(client, desk, challenge=delivered.challenge, frontier=frontier))
    assert (again.copy, again.runs) == (CopyState.WAITING, [])
    assert {entry.log.hex() for entry in again.held} <= {desk.log.log}


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        (lambda data: data[:10], "ROUND_FORMAT", 400),
        (lambda data: data[:64] + b"\x07" + data[65:], "ROUND_FORMAT", 400),
        (lambda data: bytes(64) + data[64:], "ROUND_SIGNATURE", 403),
    ],
    ids=["truncated", "unknown form", "another signature"],
)
def test_a_damaged_request_is_refused(
    hub: ProvinceHub, client: FlaskClient, desk: Desk, change: Any, code: str, status: int
) -> None:
    fields: dict[str, Any] = {
        "protocol": 1, "device": bytes.fromhex(desk.device), "challenge": b"", "hub_epoch": bytes(16), "sent_ms": 0,
        "frontier": [], "digest": b"", "receipt": b"", "beacon": BEACON, "bytes_max": 1, "runs": [],
    }  # fmt: skip
    data = change(encode_request(RoundRequest(**fields), desk.log.device))
    response = client.post("/sync/v1/round", data=data)
    assert (response.status_code, response.json["code"]) == (status, code)
    assert response.content_type == "application/problem+json"


def test_a_device_that_nobody_enrolled_is_refused(client: FlaskClient, desk: Desk) -> None:
    stranger = new_signing_key()
    response = ask(client, desk, signer=stranger, device=bytes.fromhex(stranger.public.id))
    assert (response.status_code, response.json["code"]) == (403, "ROUND_DEVICE")


def test_a_round_that_is_too_large_is_not_read(client: FlaskClient) -> None:
    response = client.post("/sync/v1/round", data=bytes(2 * 1024 * 1024 + 1000))
    assert (response.status_code, response.json["code"]) == (413, "ROUND_SIZE")


def test_an_unknown_protocol_version_is_refused(client: FlaskClient, desk: Desk) -> None:
    response = ask(client, desk, protocol=99)
    assert (response.status_code, response.json["code"]) == (400, "ROUND_VERSION")


def test_hello_shows_the_bundle_and_the_authority(hub: ProvinceHub, client: FlaskClient) -> None:
    said = client.get("/enrol/v1/hello").json
    bundle = open_bundle(base64.b64decode(said["bundle"]), roots=hub.services.keys.bundle.fingerprint)
    assert bundle.province == "48"
    assert said["ca"].startswith("-----BEGIN CERTIFICATE-----")


def offer(secret: str, device: SigningKey, name: str = "PC quầy 1") -> dict[str, Any]:
    key = KeyOffer(key=device.public.hex, box=None, holder=None, name=name, title="", proof="")
    proven = prove(secret, key, device)
    return {"secret": secret, "device": {n: getattr(proven, n) for n in proven.__struct_fields__}}


def new_secret(hub: ProvinceHub) -> str:
    with writing(hub.services.engine) as connection:
        code = issue_code(connection, hub.services, unit=HAI_CHAU, device_name="PC quầy 1")
    return parse_code(code.code).secret


def test_a_code_is_good_for_one_pc_and_its_lost_answer(hub: ProvinceHub, client: FlaskClient) -> None:
    secret, device = new_secret(hub), new_signing_key()
    first = client.post("/enrol/v1/device", json=offer(secret, device))
    assert first.status_code == 200 and first.json["unit"] == HAI_CHAU
    assert client.post("/enrol/v1/device", json=offer(secret, device)).json == first.json
    other = client.post("/enrol/v1/device", json=offer(secret, new_signing_key()))
    assert (other.status_code, other.json["code"]) == (409, "ENROLMENT_USED")
    with reading(hub.services.engine) as connection:
        assert connection.scalars(select(DEVICE.c.id)).all() == [device.public.id]


def test_a_code_ends(hub: ProvinceHub, client: FlaskClient) -> None:
    secret = new_secret(hub)
    hub.clock.now += 8 * 24 * 60 * 60 * 1000
    response = client.post("/enrol/v1/device", json=offer(secret, new_signing_key()))
    assert response.json["code"] == "ENROLMENT_USED"


def test_a_proof_by_another_key_is_refused(hub: ProvinceHub, client: FlaskClient) -> None:
    secret = new_secret(hub)
    offered = offer(secret, new_signing_key())
    offered["device"]["key"] = new_signing_key().public.hex
    response = client.post("/enrol/v1/device", json=offered)
    assert (response.status_code, response.json["code"]) == (422, "MC_SIGNATURE")


def test_guessing_codes_is_throttled(hub: ProvinceHub, client: FlaskClient) -> None:
    codes = [
        client.post("/enrol/v1/device", json=offer("ABCDEFG1", new_signing_key())).json["code"]
        for _ in range(12)
    ]
    assert codes == ["ENROLMENT_CODE"] * 10 + ["THROTTLED"] * 2
    secret, device = new_secret(hub), new_signing_key()
    assert client.post("/enrol/v1/device", json=offer(secret, device)).status_code == 429
    hub.clock.now += 31 * 60 * 1000
    assert client.post("/enrol/v1/device", json=offer(secret, device)).status_code == 200


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"secret": 1}', b'{"secret":"A","device":{},"x":1}'])
def test_an_enrolment_that_makes_no_sense_is_refused(client: FlaskClient, content: bytes) -> None:
    response = client.post("/enrol/v1/device", data=content)
    assert (response.status_code, response.json["code"]) == (422, "HUB_INPUT")


def test_metrics_are_for_loopback_or_by_token(tmp_path: Path) -> None:
    hub = found_province(tmp_path, metrics_token="mot-ma-truy-cap")
    client = hub.app.test_client()
    shown = client.get("/metrics").text
    assert "motcua_hub_records_judged 3.0" in shown
    assert re.search(r"^motcua_hub_disk_free_bytes [1-9]", shown, re.MULTILINE)
    far = {"REMOTE_ADDR": "10.1.2.3"}
    assert client.get("/metrics", environ_base=far).status_code == 401
    wrong = {"Authorization": "Bearer x"}
    assert client.get("/metrics", environ_base=far, headers=wrong).status_code == 401
    right = {"Authorization": "Bearer mot-ma-truy-cap"}
    assert client.get("/metrics", environ_base=far, headers=right).status_code == 200


def test_health_tells_when_nobody_judges(hub: ProvinceHub, client: FlaskClient, desk: Desk) -> None:
    assert client.get("/health").json["status"] == "ok"
    hub.deliver(desk)
    assert client.get("/health").json == {
        "status": "judge_missing", "version": "0.1.0", "unjudged": 1, "is_judging": False,
        "refolding": 0,
    }  # fmt: skip


def test_every_answer_is_hardened(client: FlaskClient) -> None:
    for path in ("/health", "/enrol/v1/hello", "/nowhere", "/sync/v1/round"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_a_pc_that_was_cut_off_delivers_and_learns_of_it_but_gets_nobodys_records(
    hub: ProvinceHub, client: FlaskClient, desk: Desk
) -> None:
    receive(desk, NOW_MS, 1)
    hub.deliver(desk)
    hub.judge()
    challenge = answered(ask(client, desk)).challenge
    with writing(hub.services.engine) as connection:
        revoke_device(connection, hub.services, desk.device, cause=Cause.LOST, act=Act(actor="khoa"))
    receive(desk, NOW_MS + 1, 2)
    run = encode_run(desk.log.run(2, len(desk.log.records)))
    answer = answered(ask(client, desk, challenge=challenge, runs=[run]))
    assert answer.problem == ""
    got = [record.header for frame in answer.runs for record in decode_run(frame).records]
    assert {header.commune for header in got} == {"48"}
    assert [h.facts["key"] for h in got if h.kind == "key.revoked"] == [
        desk.device,
        desk.log.officer.public.id,
    ]
    hub.judge()
    with reading(hub.services.engine) as connection:
        codes = set(connection.scalars(select(STANDING.c.code)))
    assert codes == {"RECORD_AFTER_CUT"}
