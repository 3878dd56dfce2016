"""«Mang bằng USB»: an officer writes to a stick, imports from it, and is told what is on it, in plain words."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge_node.cli import cli
from edge_node.store import SqliteLogStore
from edge_node.store.local import read_local
from edge_node.sync import carrier, drives, stick_page
from edge_node.sync.drives import Drive, mounted_sticks
from edge_node.sync.parcels import list_carried
from signing.console import FAILED
from sync_protocol import reasons
from sync_protocol.parcel import ANSWERS, Label, ParcelWriter, Part, enclose, sign_answer
from sync_protocol.receipts import Receipt, ReceiptEntry, sign_receipt
from sync_protocol.wire import RoundAnswer
from tests.support.node import Browser, browse, lend_codes, receive
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path / "office")
    lend_codes(made)
    receive(made, 0, "1.001193")
    return made


@pytest.fixture
def browser(office: TestOffice) -> Browser:
    return browse(office)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "usb").mkdir()
    return tmp_path / "usb"


def answer(office: TestOffice, stick: Path, *, judged: int | None = None, name: str = "answer") -> Path:
    """The hub writes that it holds all of this PC's log."""
    mine = SqliteLogStore(office.db).frontier()[office.office.log]
    length, head = mine.length, mine.head
    hub, device, epoch = office.province.hub, office.office.device, office.office.hub_epoch
    held = ReceiptEntry(length, head, length if judged is None else judged)
    receipt = Receipt(
        at=office.clock(),
        commune=office.office.unit,
        epoch=epoch,
        hub=hub.public.id,
        logs={office.office.log: held},
    )
    message = RoundAnswer(
        protocol=1, challenge=b"", hub_epoch=bytes.fromhex(epoch), now_ms=office.clock(), problem="", held=[],
        receipt=sign_receipt(receipt, hub), runs=[], foreign=[], digest=b"", digest_state=0, next_sync_after_s=0,
        bytes_max=0, more=False,
    )  # fmt: skip
    key = b"k" * 32
    box = office.services.keyring.files.box()
    label = Label(
        parcel=name.encode().hex().ljust(32, "0")[:32], part=1, content=ANSWERS, sender=hub.public.id, unit="48",
        recipients=[enclose(key, device, box.hex)], logs=[], at=office.clock(),
    )  # fmt: skip
    path = stick / "motcua" / f"{name}.motcua"
    path.parent.mkdir(exist_ok=True)
    writer = ParcelWriter(label, key=key, sender=hub, open_part=lambda _: path.open("wb"))
    writer.add(sign_answer(message, device=device, hub=hub))
    writer.close()
    return path


def test_an_officer_writes_to_a_stick_and_sees_what_is_on_it(browser: Browser, stick: Path) -> None:
    assert "Mang bằng USB" in browser.get("/sync")
    browser.get("/sync/stick")
    sent = browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert sent.status_code == 303
    page = browser.get(sent.location)
    assert "Đã ghi và kiểm tra" in page and "Từ máy này gửi tỉnh" in page and "Chờ mang về tỉnh" in page
    (path,) = (stick / "motcua").iterdir()
    with path.open("rb") as file:
        assert Part(file).label.records > 0
    assert b"Ph\xe1\xba\xa1m V\xc4\x83n H\xc3\xb9ng" not in path.read_bytes()


def test_what_the_disk_spoilt_is_not_sealed_for_a_stick_and_the_officer_reads_so(
    office: TestOffice, browser: Browser, stick: Path
) -> None:
    """A sync said so; who has no line read that the program had failed."""
    office.db.conn.execute("DROP TRIGGER record_no_update")
    office.db.conn.execute(
        "UPDATE record SET signature = zeroblob(64) WHERE number = (SELECT max(number) FROM record)"
    )
    office.db.conn.commit()
    told = reasons.LOG_CHAIN
    browser.get("/sync/stick")
    page = browser.get(browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)}).location)
    assert told.vi in page and told.next_vi in page and "Đã ghi và kiểm tra" not in page
    command = ["export", str(stick), "--data", str(office.services.config.data), "--json"]
    done = CliRunner().invoke(cli, command)
    assert (done.exit_code, json.loads(done.stdout.splitlines()[-1])["code"]) == (FAILED, told.code)


def test_the_answer_says_that_everything_is_at_the_province(
    office: TestOffice, browser: Browser, stick: Path
) -> None:
    browser.get("/sync/stick")
    browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    answer(office, stick)
    page = browser.get(f"/sync/stick?folder={stick}")
    assert "Tỉnh trả lời máy này" in page and "Nhập được" in page
    taken = browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)})
    page = browser.get(taken.location)
    assert "Đã nhập trả lời của tỉnh" in page and "Đã về tỉnh đủ" in page and "Đã nhập đủ" in page
    # The next export has nothing to bring, and drops the answer that was taken.
    browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert list_carried(office.db)[0].records == 0
    assert len(list((stick / "motcua").iterdir())) == 1


def test_an_older_answer_never_replaces_a_newer(office: TestOffice, browser: Browser, stick: Path) -> None:
    answer(office, stick, judged=1, name="old")
    office.clock.advance(60_000)
    answer(office, stick, name="new")
    browser.get("/sync/stick")
    browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)})
    (stick / "motcua" / "new.motcua").unlink()
    browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)})
    assert office.db.conn.execute("SELECT judged = held FROM receipt_log").fetchone()[0] == 1
    assert read_local(office.db, "sync.hub_ms") == str(office.clock())


@pytest.mark.parametrize("what", ["cut", "changed", "foreign", "rubbish"])
def test_a_parcel_that_cannot_be_used_says_why(
    office: TestOffice, browser: Browser, stick: Path, what: str
) -> None:
    path = answer(office, stick)
    content = path.read_bytes()
    if what == "cut":
        path.write_bytes(content[:-20])
    elif what == "changed":
        path.write_bytes(content[:-80] + b"\0" + content[-79:])
    elif what == "foreign":
        path.write_bytes(content.replace(office.office.device.encode(), b"ab" * 16))
    else:
        path.write_bytes(b"rubbish")
    browser.get("/sync/stick")
    page = browser.get(browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)}).location)
    assert {
        "cut": "Gói USB bị thiếu phần cuối",
        "changed": "Gói USB bị hỏng hoặc bị sửa",
        "foreign": "gửi cho nơi khác",
        "rubbish": "không phải gói USB của Motcua",
    }[what] in page


def test_without_a_stick_the_page_says_what_to_do(
    browser: Browser, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.get("/sync/stick")
    for action in ("export", "import"):
        for folder in ("", str(stick / "absent")):
            back = browser.post(f"/sync/stick/{action}", {"drive": "other", "folder": folder})
            assert "Chưa thấy USB" in browser.get(back.location)
    back = browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)})
    assert "Không có gói USB nào" in browser.get(back.location)
    monkeypatch.setattr(stick_page, "list_drives", lambda: [Drive(path=stick, free_bytes=5_000_000)])
    assert f'value="{stick}" checked' in browser.get("/sync/stick")


def test_a_stick_that_cannot_be_written_is_a_reason(browser: Browser, stick: Path) -> None:
    (stick / "motcua").write_text("a file where the folder belongs", encoding="utf-8")
    browser.get("/sync/stick")
    back = browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert "Không đọc hoặc ghi được USB" in browser.get(back.location)


def test_a_hub_without_a_key_to_enclose_for_gets_no_parcel(
    office: TestOffice, browser: Browser, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.province.box = None
    office.db.execute("UPDATE trust_bundle SET envelope = ?", (office.province.envelope(),))
    monkeypatch.setattr(office.services.trust, "_trust", None)
    browser.get("/sync/stick")
    back = browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert "chưa công bố khóa để gói kín" in browser.get(back.location)
    assert list(stick.iterdir()) == []


def test_progress_is_shown_while_the_stick_is_busy(
    browser: Browser, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = carrier.Errand(is_writing=True, done=30, total=120)
    monkeypatch.setattr(carrier.CARRIER, "errand", busy)
    page = browser.get("/sync/stick/progress")
    assert "Đang ghi ra USB" in page and "30 / 120" in page
    browser.get("/sync/stick")
    back = browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert "USB đang được ghi hoặc đọc" in browser.get(back.location)


def test_sticks_are_found_where_desktops_mount_them() -> None:
    mounts = "/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 /media/lan/MY\\040STICK vfat rw 0 0\n/dev/sdc1 /run/media/lan/B exfat rw 0 0\n"
    assert mounted_sticks(mounts) == [Path("/media/lan/MY STICK"), Path("/run/media/lan/B")]
    assert all(isinstance(drive, Drive) for drive in drives.list_drives())


def test_what_the_province_has_is_not_said_to_wait_for_the_way_there(
    office: TestOffice, browser: Browser, stick: Path
) -> None:
    browser.get("/sync/stick")
    browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert "Chờ mang về tỉnh" in browser.get(f"/sync/stick?folder={stick}")
    answer(office, stick)
    page = browser.get(browser.post("/sync/stick/import", {"drive": "other", "folder": str(stick)}).location)
    assert "Tỉnh đã nhận đủ bản ghi" in page and "chờ mang về tỉnh" not in page.lower()
    assert "không có bản ghi mới cho máy này" in page and "0 bản ghi mới" not in page
    receive(office, 1, "1.001193")
    browser.post("/sync/stick/export", {"drive": "other", "folder": str(stick)})
    assert "Chờ mang về tỉnh" in browser.get(f"/sync/stick?folder={stick}")
