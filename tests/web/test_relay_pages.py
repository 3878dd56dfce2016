"""«Chuyển giúp đơn vị khác» at the screens: what lies at a relay, in plain words, and at the province how data came."""

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import insert, update

from central_hub.relay.spool import LoadState
from central_hub.store.engine import writing
from central_hub.store.tables import DEVICE, RELAYED_LOAD
from edge_node.relay.queue import DONE, DOWN, PASSED, UP, keep, list_loads, settle
from edge_node.sync.parcels import export_parcel
from signing.roles import Role
from sync_protocol.relay import RELAY_MESSAGE_BYTES_MAX, encode_relay_request, first_relay_request
from tests.support.device_log import key_of
from tests.support.hub import found_province
from tests.support.node import browse, lend_codes, receive
from tests.support.office import TestOffice, make_office

HOA_CUONG = "20257"


@pytest.fixture
def sender(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path / "sender")
    lend_codes(made)
    receive(made, 0, "1.001193")
    return made


@pytest.fixture
def relay(tmp_path: Path, sender: TestOffice) -> TestOffice:
    return make_office(tmp_path / "relay", name="PC9", unit=HOA_CUONG, province=sender.province)


@pytest.fixture
def stick(tmp_path: Path, sender: TestOffice) -> Path:
    export_parcel(sender.db, sender.services, tmp_path / "usb")
    return tmp_path / "usb"


def test_an_officer_carries_another_units_stick_and_sees_what_lies_here(
    relay: TestOffice, stick: Path
) -> None:
    browser = browse(relay)
    assert "Chưa chuyển giúp đơn vị nào" in browser.get("/relay")
    assert "Không có gói nào của đơn vị khác" in browser.get("/sync")
    page = browser.get(f"/sync/stick?folder={stick}")
    assert "Đơn vị khác gửi tỉnh" in page and "Máy này chuyển giúp được" in page
    sent = browser.post("/sync/stick/others", {"drive": "other", "folder": str(stick)})
    assert "Nhận chuyển giúp 1 gói của đơn vị khác" in browser.get(sent.location)
    assert "1 gói của đơn vị khác đang ở máy này" in browser.get("/sync")
    assert "1 gói của đơn vị khác đang ở máy này" in browser.get("/sync/stick")
    page = browser.get("/relay")
    assert "Phường Hải Châu" in page and "Chờ gửi tỉnh" in page and "Bỏ" not in page
    sent = browser.post("/sync/stick/others", {"drive": "other", "folder": str(stick)})
    assert "không có gì mới để chuyển giúp" in browser.get(sent.location)
    assert browser.post("/relay/send").status_code == 303
    assert "Bản ghi của đơn vị mình đi trước" in browser.get("/relay")


def test_importing_from_another_units_stick_takes_it_along(relay: TestOffice, stick: Path) -> None:
    browser = browse(relay)
    browser.get("/sync/stick")
    sent = browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)})
    page = browser.get(sent.location)
    assert "Nhận chuyển giúp 1 gói của đơn vị khác" in page
    assert "gửi cho nơi khác" not in page


def test_every_state_of_a_load_is_said_in_words(relay: TestOffice) -> None:
    loads = [
        keep(relay.db, relay.services, f"{number}".encode(), direction=way, device="ab" * 16, unit="20242")
        for number, way in enumerate((UP, UP, UP, DOWN, DOWN, DOWN, UP, DOWN))
    ]
    for number, outcome in (
        (1, DONE),
        (2, "PARCEL_SENDER"),
        (4, DONE),
        (5, "replaced"),
        (6, PASSED),
        (7, PASSED),
    ):
        settle(relay.db, relay.services, loads[number].load, outcome=outcome)
    administrator = relay.actor("Quản", Role.UNIT_ADMINISTRATOR)
    browser = browse(relay, administrator)
    page = browser.get("/relay")
    for words in (
        "Chờ gửi tỉnh", "Đã gửi tỉnh, chờ trả lời", "Không xác nhận được ai đã ghi", "Chờ USB của đơn vị đó", "Đã ghi ra USB",
        "Đã có trả lời mới hơn", "Đã giao máy khác có mạng", "Đã trao lại qua mạng cơ quan", "2 gói của đơn vị khác",
    ):  # fmt: skip
        assert words in page, words
    assert page.count("/drop") == 2
    assert browser.post(f"/relay/{loads[0].load}/drop").status_code == 303
    assert loads[0].load not in {load.load for load in list_loads(relay.db)}
    assert browse(relay).post(f"/relay/{loads[3].load}/drop").status_code == 403


def test_an_own_parcel_on_its_way_by_another_pc_is_said(relay: TestOffice) -> None:
    browser = browse(relay, relay.actor("Quản", Role.UNIT_ADMINISTRATOR))
    assert "Máy này mất mạng" not in browser.get("/relay") + browser.get("/lan")
    own = keep(
        relay.db,
        relay.services,
        b"own",
        direction=UP,
        device=relay.office.device,
        unit=HOA_CUONG,
        is_own=True,
    )
    for path in ("/relay", "/lan"):
        assert "chờ giao cho máy khác có mạng" in browser.get(path)
    settle(relay.db, relay.services, own.load, outcome=PASSED)
    for path in ("/relay", "/lan"):
        assert "đang chờ trả lời của tỉnh" in browser.get(path)
    assert "Chưa chuyển giúp đơn vị nào" in browser.get("/relay"), "its own is nobody else's"


def test_the_fleet_says_by_whom_data_came(tmp_path: Path) -> None:
    hub = found_province(tmp_path / "hub")
    sender, carrier = hub.enrol("20242"), hub.enrol(HOA_CUONG)
    with writing(hub.services.engine) as connection:
        for number, (state, outcome) in enumerate(
            ((LoadState.DONE, ""), (LoadState.WAITS, "LOG_CHAIN"), (LoadState.DONE, "RECORD_BODY"))
        ):
            connection.execute(
                insert(RELAYED_LOAD).values(
                    load=f"{number}" * 64, relay=carrier.device, size=5_000, at_ms=hub.clock.now, state=int(state),
                    sender=sender.device, unit="20242", records=3, outcome=outcome,
                )
            )  # fmt: skip
        connection.execute(
            update(DEVICE).where(DEVICE.c.id == sender.device).values(contact_ms=hub.clock.now - 1)
        )
    visitor = hub.browser("quantri")
    assert visitor.page("/nodes").count("qua máy") == 1
    page = visitor.page(f"/nodes/{sender.device}")
    assert "Dữ liệu đến qua máy khác" in page and "Chờ bản ghi trước đó" in page and "Đã nhập đủ" in page
    assert "Nội dung không khớp với bản ghi đã ký." in page
    assert "3 gói" in visitor.page(f"/nodes/{carrier.device}")


def test_a_relays_door_takes_octets_up_to_a_size(tmp_path: Path) -> None:
    hub = found_province(tmp_path / "hub")
    client = hub.app.test_client()
    answer = client.post("/sync/v1/relay", data=b"x" * 100, content_type="application/octet-stream")
    assert (answer.status_code, answer.json["code"]) == (400, "RELAY_FORMAT")
    sender = hub.enrol("20242")
    signed = encode_relay_request(first_relay_request(bytes.fromhex(sender.device), b""), sender.log.device)
    assert client.post("/sync/v1/relay", data=signed).status_code == 200
    chance = Random(1)
    for _ in range(60):
        noisy = bytearray(signed)
        noisy[chance.randrange(len(noisy))] ^= 1 << chance.randrange(8)
        assert client.post("/sync/v1/relay", data=bytes(noisy)).status_code in (400, 403, 413)
    stranger = key_of("nobody")
    foreign = encode_relay_request(first_relay_request(bytes.fromhex(stranger.public.id), b""), stranger)
    answer = client.post("/sync/v1/relay", data=foreign)
    assert (answer.status_code, answer.json["code"]) == (403, "ROUND_DEVICE")
    answer = client.post("/sync/v1/relay", data=bytes(RELAY_MESSAGE_BYTES_MAX + 300))
    assert (answer.status_code, answer.json["code"]) == (413, "ROUND_SIZE")
