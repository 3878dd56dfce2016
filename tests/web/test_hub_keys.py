"""Cutting keys off at the screen: one page for a PC and its officers, one action to replace it, a queue of reviews."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from central_hub.cli import cli
from central_hub.registry.holders import list_holders
from central_hub.registry.status import cause_of
from central_hub.store.engine import reading
from central_hub.store.tables import STANDING
from signing.console import BAD_INPUT, OK, UNDECIDED
from tests.support.hub import DAY_MS, NOW_MS, PASSWORD, Desk, ProvinceHub, Visitor, found_province, receive


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    desk = hub.enrol("20242")
    receive(desk, NOW_MS - 3 * DAY_MS, 1)
    hub.deliver(desk)
    hub.judge()
    return desk


@pytest.fixture
def keeper(hub: ProvinceHub) -> Visitor:
    return hub.browser("khoa")


GIVEN = {"ground": "Đơn vị báo mất máy lúc 8 giờ", "password": PASSWORD}


def officer(desk: Desk) -> str:
    return desk.log.officer.public.id


def cause(hub: ProvinceHub, key: str) -> str:
    with reading(hub.services.engine) as connection:
        return cause_of(hub.services.status.current(connection), key)


def late_record(hub: ProvinceHub, desk: Desk, number: int = 2) -> str:
    receive(desk, NOW_MS - DAY_MS, number)
    hub.deliver(desk)
    hub.judge()
    return desk.log.records[-1].id


def standings(hub: ProvinceHub) -> dict[str, str]:
    with reading(hub.services.engine) as connection:
        return {row.record: row.code for row in connection.execute(select(STANDING))}


def test_a_suspension_is_signed_by_the_person_who_decides(
    hub: ProvinceHub, desk: Desk, keeper: Visitor
) -> None:
    page = keeper.page(f"/nodes/{desk.device}/keys")
    assert "Nguyễn Thị Lan" in page and "Cả máy" in page
    answer = keeper.post(f"/nodes/{desk.device}/keys", subject=officer(desk), what="suspended", **GIVEN)
    assert answer.status_code == 302, answer.text
    assert (cause(hub, officer(desk)), cause(hub, desk.device)) == ("suspended", "")
    assert "Tạm khóa" in keeper.page(f"/nodes/{desk.device}")
    with reading(hub.services.engine) as connection:
        event = hub.services.status.current(connection).revoked[officer(desk)][0]
        signer = next(h for h in list_holders(connection) if h.key == event.by)
    assert (signer.name, signer.roles) == ("Đặng Minh Tuấn", ("key_authority",))
    keeper.post(f"/nodes/{desk.device}/keys", subject="device", what="reinstate", **GIVEN)
    assert cause(hub, officer(desk)) == ""
    assert "Mở lại khóa" in hub.browser("kiemtra").page("/administration/log")


def test_a_whole_pc(hub: ProvinceHub, desk: Desk, keeper: Visitor) -> None:
    keeper.post(f"/nodes/{desk.device}/keys", subject="device", what="lost", **GIVEN)
    assert (cause(hub, officer(desk)), cause(hub, desk.device)) == ("lost", "lost")
    assert "Đã thu hồi: mất" in keeper.page(f"/nodes/{desk.device}")
    again = keeper.post(f"/nodes/{desk.device}/keys", subject="device", what="lost", **GIVEN)
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": "sai mat khau roi"}, "Chưa có gì được ký"),
        ({"ground": " "}, "Ghi căn cứ"),
        ({"what": "burn"}, "Chọn việc cần làm"),
        ({"subject": "0" * 32}, "Chọn cả máy"),
        ({"what": "compromised"}, "bắt đầu nghi ngờ"),
        ({"what": "compromised", "since_date": "31/02/2026"}, "bắt đầu nghi ngờ"),
        ({"what": "reinstate"}, "Không làm được"),
    ],
)
def test_nothing_is_signed_when_something_is_missing(
    hub: ProvinceHub, desk: Desk, keeper: Visitor, changed: dict[str, str], said: str
) -> None:
    given = {"subject": "device", "what": "lost", **GIVEN} | changed
    answer = keeper.post(f"/nodes/{desk.device}/keys", **given)
    assert answer.status_code == 422
    assert said in answer.text
    assert cause(hub, desk.device) == ""


def test_replacing_a_pc_shows_the_code_for_the_next_one(
    hub: ProvinceHub, desk: Desk, keeper: Visitor
) -> None:
    assert "Một lần ký làm ba việc" in keeper.page(f"/nodes/{desk.device}/replace")
    wrong = keeper.post(f"/nodes/{desk.device}/replace", **GIVEN | {"password": "sai mat khau roi"})
    assert wrong.status_code == 422 and cause(hub, desk.device) == ""
    answer = keeper.post(f"/nodes/{desk.device}/replace", **GIVEN)
    assert answer.status_code == 200
    assert "Phiếu ghi danh máy trạm" in answer.text
    assert cause(hub, desk.device) == "lost"


@pytest.mark.parametrize("login", ["quantri", "thongke", "kiemtra"])
def test_only_the_key_authority_cuts_off_or_reviews(hub: ProvinceHub, desk: Desk, login: str) -> None:
    visitor = hub.browser(login)
    for path in (f"/nodes/{desk.device}/keys", f"/nodes/{desk.device}/replace"):
        assert visitor.get(path).status_code == 403
        assert visitor.post(path, subject="device", what="lost", **GIVEN).status_code == 403
    assert visitor.post("/quarantine/review", decision="stands", **GIVEN).status_code == 403
    assert "Tạm khóa, thu hồi" not in visitor.page(f"/nodes/{desk.device}")


def test_the_queue_of_reviews(hub: ProvinceHub, desk: Desk, keeper: Visitor) -> None:
    keeper.post(f"/nodes/{desk.device}/keys", subject="device", what="lost", **GIVEN)
    first, second = late_record(hub, desk), late_record(hub, desk, 3)
    page = keeper.page("/quarantine?show=review")
    assert page.count('name="records"') == 2 and "Đã thu hồi: mất" in page
    assert page.count("hồ sơ chưa được ghi nhận") == 2, "nothing of these dossiers stands yet"
    assert "Không có bản ghi nào" in keeper.page("/quarantine?show=pending")
    assert 'name="records"' not in hub.browser("kiemtra").page("/quarantine?show=review")
    for wrong in ({"password": "sai mat khau roi"}, {"ground": ""}, {"records": "0" * 64}):
        keeper.post("/quarantine/review", **{"decision": "stands", "records": first, **GIVEN} | wrong)
        hub.judge()
        assert set(standings(hub)) == {first, second}
    keeper.post("/quarantine/review", decision="stands", records=first, **GIVEN)
    keeper.post("/quarantine/review", decision="refused", records=second, **GIVEN)
    hub.judge()
    assert standings(hub) == {second: "RECORD_REVOKED"}


def test_one_signature_reviews_all_that_waits_of_a_pc(hub: ProvinceHub, desk: Desk, keeper: Visitor) -> None:
    other = hub.enrol("20257")
    hub.deliver(other)
    hub.judge()
    for each in (desk, other):
        keeper.post(f"/nodes/{each.device}/keys", subject="device", what="lost", **GIVEN)
    late = {late_record(hub, desk), late_record(hub, desk, 3)}
    foreign = late_record(hub, other)
    page = keeper.page("/quarantine?show=review")
    assert "cả 2 bản ghi đang chờ của máy PC quầy 1, Phường Hải Châu" in page
    keeper.post("/quarantine/review", decision="stands", device=desk.device, **GIVEN)
    hub.judge()
    assert standings(hub) == {foreign: "RECORD_AFTER_CUT"}, late
    code, _ = command(hub, "review", "--device", other.device, "--refused", "--ground", "Không rõ người ký")
    hub.judge()
    assert (code, standings(hub)) == (OK, {foreign: "RECORD_REVOKED"})
    code, _ = command(hub, "review", "--device", desk.device, "--stands", "--ground", "?")
    assert code == BAD_INPUT


def command(hub: ProvinceHub, *arguments: str) -> tuple[int, dict[str, object]]:
    data = str(hub.services.config.data)
    result = CliRunner().invoke(cli, [arguments[0], "--data", data, "--json", *arguments[1:]])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_revoke_and_review_at_the_command_line(hub: ProvinceHub, desk: Desk) -> None:
    assert command(hub, "review") == (OK, {"ok": True, "waiting": []})
    code, said = command(hub, "revoke", desk.device, "--ground", "Mất máy")
    assert (code, len(list(said["records"]))) == (OK, 2)  # type: ignore[call-overload]
    record = late_record(hub, desk)
    code, said = command(hub, "review")
    assert code == UNDECIDED
    assert command(hub, "review", record, "--stands")[0] == BAD_INPUT
    assert command(hub, "review", record, "--stands", "--ground", "Đã đối chiếu sổ giấy")[0] == OK
    hub.judge()
    assert standings(hub) == {}
    assert command(hub, "revoke", "0" * 32, "--ground", "?")[0] == BAD_INPUT
    assert command(hub, "revoke", desk.device, "--ground", "?", "--since", "hôm qua")[0] == BAD_INPUT
    code, said = command(hub, "revoke", desk.device, "--replace", "--ground", "Mất máy")
    assert code == OK and said["unit"] == "20242"


def test_suspend_and_reinstate_at_the_command_line(hub: ProvinceHub, desk: Desk) -> None:
    assert command(hub, "revoke", officer(desk), "--cause", "suspended", "--ground", "?")[0] == OK
    assert cause(hub, officer(desk)) == "suspended"
    assert command(hub, "revoke", "0" * 32, "--reinstate", "--ground", "?")[0] == BAD_INPUT
    assert command(hub, "revoke", officer(desk), "--reinstate", "--ground", "?")[0] == OK
    assert cause(hub, officer(desk)) == ""
