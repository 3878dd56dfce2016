"""The sync page: what has not arrived, what was refused and what to do, and «Đồng bộ ngay», without technical words."""

import html
from pathlib import Path

import pytest

import dossiers.reasons
import signing.reasons
import sync_protocol.reasons
from edge_node.enrolment.epochs import open_log
from edge_node.journal.stamp import keep_offset
from edge_node.store import SqliteLogStore, alerts
from edge_node.sync import errand, service
from edge_node.sync.errand import DESK, Desk, Errand
from edge_node.sync.runner import SyncResult
from edge_node.sync.transport import LineFault
from signing.roles import Role
from sync_protocol.log import OpeningReason
from sync_protocol.reasons import HUB_BUSY, LINE_DOWN, RECORD_ROLE
from tests.support.node import HOUR, Browser, browse, lend_codes, receive
from tests.support.office import TestOffice, make_office


class BrokenLine:
    """A line that cannot carry anything, and says so in technical words."""

    def __init__(self, fault: LineFault) -> None:
        self.fault = fault

    def post_round(self, payload: bytes) -> bytes:
        raise self.fault

    def is_up(self) -> bool:
        return False

    def close(self) -> None:
        pass


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path)
    lend_codes(made)
    return made


@pytest.fixture
def browser(office: TestOffice) -> Browser:
    return browse(office)


def refuse(office: TestOffice, dossier: str, outcome: str, code: str | None) -> None:
    """The province's standing verdict on the dossier's newest record."""
    record = SqliteLogStore(office.db).dossier_records(dossier)[-1]
    office.db.conn.execute(
        "INSERT INTO verdict (record, outcome, code, retryable, at, rank, log, seq) VALUES (?, ?, ?, 0, ?, '', ?, ?)",
        (bytes.fromhex(record.id), outcome, code, office.clock(), record.header.log, record.header.seq),
    )
    office.db.conn.commit()


def test_the_sentence_counts_what_waits_and_how_long(office: TestOffice, browser: Browser) -> None:
    receive(office, 0, "1.001193")
    office.clock.advance(53 * HOUR)
    page = browser.log_in(office.lan).get("/sync")
    assert "Còn 2 bản ghi chưa về tỉnh, cũ nhất 2 ngày. Vẫn làm việc bình thường." in page
    assert "Chưa liên lạc với tỉnh lần nào" in page and "Chưa lần nào" in page


def test_what_was_refused_has_a_reason_a_next_step_and_its_dossier(
    office: TestOffice, browser: Browser
) -> None:
    refused, undecided = receive(office, 0, "1.001193"), receive(office, 1, "1.001193")
    refuse(office, refused, "quarantined", RECORD_ROLE.code)
    refuse(office, undecided, "pending", "SOMETHING_NEW")
    page = browser.get("/sync")
    for text in (RECORD_ROLE.vi, RECORD_ROLE.next_vi, f'href="/dossiers/{refused}"', "Chưa chấp nhận", "Chờ xem xét",
                 "Tỉnh chưa nói rõ lý do.", "Tiếp nhận hồ sơ", office.lan.name):  # fmt: skip
        assert text in page, text
    assert RECORD_ROLE.code not in page and "SOMETHING_NEW" not in page


def test_every_reason_that_a_verdict_can_carry_reads_as_a_sentence_with_a_next_step(
    office: TestOffice, browser: Browser
) -> None:
    dossier = receive(office, 0, "1.001193")
    record = SqliteLogStore(office.db).dossier_records(dossier)[-1]
    reasons = [*sync_protocol.reasons.REASONS, *dossiers.reasons.REASONS, *signing.reasons.REASONS]
    office.db.conn.executemany(
        "INSERT INTO verdict (record, outcome, code, retryable, at, rank, log, seq) VALUES (?, ?, ?, ?, ?, '', ?, ?)",
        [
            (
                number.to_bytes(32, "big") if number else bytes.fromhex(record.id),
                "quarantined" if number % 2 else "pending",
                reason.code,
                int(reason.retryable),
                office.clock(),
                record.header.log,
                record.header.seq,
            )
            for number, reason in enumerate(reasons)
        ],
    )
    office.db.conn.commit()
    page = html.unescape(browser.get("/sync"))
    for reason in reasons:
        assert reason.vi in page and reason.next_vi in page, reason.code
        assert reason.code not in page, "no code is shown for a sentence"
    assert "Tỉnh chưa nói rõ lý do." not in page


@pytest.mark.parametrize(
    ("fault", "said", "tone"),
    [
        (LINE_DOWN, "Vẫn làm việc bình thường; máy tự gửi khi có mạng.", "note"),
        (HUB_BUSY, HUB_BUSY.vi, "warning"),
    ],
)
def test_a_line_that_fails_is_told_in_the_offices_words(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, fault: object, said: str, tone: str
) -> None:
    broken = BrokenLine(LineFault(fault, "HTTPConnectionPool(host='10.0.0.1'): [Errno 111]"))
    monkeypatch.setattr(service, "hub_line", lambda services, office: broken)
    browser.get("/sync")
    answer = browser.post("/sync")
    assert (answer.status_code, answer.location) == (303, "/sync")
    page = browser.get("/sync")
    assert said in page and f"mc-notice-{tone}" in page
    assert (
        "Errno" not in page and "HTTPConnection" not in page and "Liên lạc" in page
    ) or "chưa tới được tỉnh" in page


def test_a_sync_that_ended_says_what_it_moved(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        errand, "sync_now", lambda db, services, progress: SyncResult(rounds=2, sent=1234, received=5)
    )
    browser.get("/sync")
    browser.post("/sync")
    assert "gửi 1.234 bản ghi, nhận 5 bản ghi" in browser.get("/sync")


def test_two_syncs_at_once_are_one(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand, "sync_now", lambda db, services, progress: SyncResult())
    browser.get("/sync")
    browser.post("/sync")
    assert "Đang có một lượt đồng bộ chạy" in browser.get("/sync")


def test_progress_is_seen_while_it_runs_and_gone_after(
    browser: Browser, office: TestOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def slow(db: object, services: object, progress: object) -> SyncResult:
        result = SyncResult(rounds=1, sent=1, received=3)
        progress(result)
        seen.append(browser.client.get("/sync/progress").text)
        return result

    receive(office, 0, "1.001193")
    monkeypatch.setattr(errand, "sync_now", slow)
    browser.get("/sync")
    browser.post("/sync")
    assert 'value="1" max="2"' in seen[0] and "Đã nhận 3 bản ghi" in seen[0] and "/sync/stop" in seen[0]
    assert "<progress" not in browser.client.get("/sync/progress").text


def test_it_stops_after_the_round_under_way(office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, rounds = Desk(), []

    def endless(db: object, services: object, progress: object) -> SyncResult:
        for number in range(1, 100):
            rounds.append(number)
            if number == 3:
                desk.stop()
            progress(SyncResult(rounds=number, sent=number))
        raise AssertionError("it was not stopped")

    monkeypatch.setattr(errand, "sync_now", endless)
    assert desk.run(office.db, office.services) is None
    assert rounds == [1, 2, 3] and desk.errand is None


def test_the_time_left_follows_the_pace() -> None:
    half = Errand(began=100.0, total=300, sent=100)
    assert half.seconds_left(110.0) == 20
    assert Errand(began=0, total=10).seconds_left(5.0) is None
    assert Errand(began=0, total=10, sent=10).seconds_left(5.0) is None


@pytest.mark.parametrize(
    ("offset_ms", "said", "is_warned"),
    [
        (500, "Khớp giờ tỉnh", False),
        (90_000, "Chậm 1 phút so với tỉnh", False),
        (-HOUR, "lệch 1 giờ so với tỉnh", True),
    ],
)
def test_the_clock_is_compared_with_the_provinces(
    office: TestOffice, browser: Browser, offset_ms: int, said: str, is_warned: bool
) -> None:
    keep_offset(office.db, offset_ms=offset_ms, measured_ms=office.clock())
    page = browser.get("/sync")
    assert said in page and ("Hãy chỉnh lại đồng hồ của máy này" in page) is is_warned


@pytest.mark.parametrize(
    "code", [alerts.DIGEST, alerts.FORK, alerts.RUN_REFUSED, alerts.PUT_BACK, "unheard_of"]
)
def test_every_alert_is_told_without_its_technical_detail(
    office: TestOffice, browser: Browser, code: str
) -> None:
    alerts.raise_alert(office.db, code, now=office.clock(), detail="hub 00ff, node ff00")
    page = browser.get("/sync")
    assert "mc-notice-warning" in page and "00ff" not in page and f"{code}<" not in page


def test_who_looked_at_a_restore_makes_the_alert_go(office: TestOffice, browser: Browser) -> None:
    open_log(office.db, office.services, reason=OpeningReason.RESTORE)
    assert "Dữ liệu máy này vừa được phục hồi từ bản sao lưu." in browser.get("/sync")
    assert browser.post("/sync/alerts/put_back").status_code == 303
    assert "phục hồi" not in browser.get("/sync").partition('id="attempts"')[0]
    assert alerts.list_alerts(office.db) == []


@pytest.mark.parametrize("code", [alerts.FORK, alerts.DIGEST])
def test_not_every_alert_goes_by_looking(office: TestOffice, browser: Browser, code: str) -> None:
    """A suspected copy is for the unit administrator; what is wrong now goes when it is right again."""
    alerts.raise_alert(office.db, code, now=office.clock(), detail="x")
    assert "Tôi đã xem" not in browser.get("/sync")
    browser.post(f"/sync/alerts/{code}")
    assert [alert.code for alert in alerts.list_alerts(office.db)] == [code]
    if code == alerts.FORK:
        chief = browse(office, office.actor("Trưởng", Role.UNIT_ADMINISTRATOR))
        assert "Tôi đã xem" in chief.get("/sync")
        chief.post(f"/sync/alerts/{code}")
        assert alerts.list_alerts(office.db) == []


def test_no_codes_left_says_what_follows(tmp_path: Path) -> None:
    bare = make_office(tmp_path)
    assert "hồ sơ mới nhận mã tạm" in browse(bare).get("/sync")


def test_stopping_when_nothing_runs_harms_nothing(browser: Browser) -> None:
    browser.get("/sync")
    assert browser.post("/sync/stop").location == "/sync"
    assert DESK.errand is None


def test_a_grave_alert_comes_first_as_an_alarm_and_the_menu_counts_all(
    office: TestOffice, browser: Browser
) -> None:
    assert 'href="/sync">Đồng bộ</a>' in browser.get("/")
    alerts.raise_alert(office.db, alerts.PROJECTION, now=office.clock(), detail="x")
    alerts.raise_alert(office.db, alerts.LOG_SPLIT, now=office.clock() + 1, detail="x")
    assert 'Đồng bộ<span class="mc-menu-count">2</span>' in browser.get("/")
    page = browser.get("/sync")
    assert page.index("mc-notice-error") < page.index("một lịch sử khác") < page.index("mc-notice-warning")
