"""The province's screens and commands for re-organising units: planned, looked at, signed, followed, counted."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from central_hub import reasons
from central_hub.accounts.service import find_account, make_account
from central_hub.accounts.signer import unlock_signer
from central_hub.app import create_app
from central_hub.cli import cli
from central_hub.reorganisation.heard import Progress, seats_of
from central_hub.reorganisation.plan import Allotted, read_plan
from central_hub.reorganisation.preview import Look, preview
from central_hub.reorganisation.service import allot
from central_hub.reorganisation.totals import totals_of
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DOSSIER, REORGANISATION, TALLY
from dossiers.local_time import from_yyyymmdd
from edge_node.journal import require_office
from edge_node.projection.service import view as view_of
from signing.console import BAD_INPUT, OK
from signing.roles import Role
from sync_protocol.record import BodyState
from tests.simulation.clock import DAY_MS
from tests.support.hub import Visitor
from tests.support.pair import Commune
from tests.web.test_reorganisation import (
    NAMES,
    PASSWORD,
    A,
    B,
    N,
    T,
    held,
    hub_dossiers,
    merge,
    note,
    say,
    settle,
    split,
    today,
)


@pytest.fixture
def province(commune: Commune) -> Commune:
    with writing(commune.hub.engine) as connection:
        for login, role in (("sapxep", Role.ADMINISTRATOR), ("thongke", Role.STATISTICIAN)):
            make_account(
                connection, commune.hub, login=login, name="Phạm Thu Hà", roles=frozenset({role}), password=PASSWORD
            )  # fmt: skip
    return commune


def visit(province: Commune, login: str = "sapxep") -> Visitor:
    visitor = Visitor(create_app(province.hub.config, province.hub).test_client())
    assert visitor.post("/login", login=login, password=PASSWORD).status_code == 302
    return visitor


def day_text(day: int) -> str:
    return f"{from_yyyymmdd(day):%d/%m/%Y}"


def act(province: Commune, **more: Any) -> dict[str, Any]:
    return {
        "effective": day_text(today(province)), "number": "1659/NQ-UBTVQH15", "date": "16/06/2026",
        "signer": "Ủy ban Thường vụ Quốc hội", "note": "", **more,
    }  # fmt: skip


def carried(page: str) -> str:
    found = re.search(r'<textarea name="content" hidden>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return found[1].replace("&#34;", '"').replace("&amp;", "&")


def test_a_merge_is_planned_looked_at_signed_and_followed(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    for pc in (one, one, other):
        pc.receive()
    settle(one, other)
    client = visit(province)
    assert "Lập phương án" in client.get("/units").text
    assert "20242" in client.get("/units/new").text
    assert "Tên đơn vị mới" in client.get(f"/units/plan?form=merge&unit={A}&unit={B}").text
    form = act(province, form="merge", unit=[A, B], to="", code=N, name=NAMES[N])
    shown = client.post("/units/plan", **form)
    assert shown.status_code == 200
    assert "3 hồ sơ đang giải quyết, 0 đã kết thúc, 2 máy, 4 cán bộ" in shown.text
    with reading(province.hub.engine) as connection:
        assert list(connection.execute(select(REORGANISATION))) == []  # looking signs nothing
    content = carried(shown.text)
    wrong = client.post("/units/publish", content=content, password="khong phai")
    assert "Mật khẩu không đúng" in wrong.text
    done = client.post("/units/publish", content=content, password=PASSWORD)
    assert done.status_code == 302
    event = client.get(done.location)
    assert "2 máy chưa biết" in event.text and "Phường Hợp Nhất" in event.text
    settle(one, other)
    page = client.get(done.location).text
    assert "0 máy chưa biết" in page and "Khớp: bảng đếm" in page
    assert require_office(one.db).unit == N
    for table, word in (("units", "Bàn giao đi"), ("flows", "Đơn vị mới"), ("pcs", "Sẽ thuộc")):
        file = client.get(f"{done.location}?format={table}-csv")
        assert word in file.data.decode("utf-8-sig")
        assert client.get(f"{done.location}?format={table}-xlsx").data[:2] == b"PK"
    assert client.get(f"{done.location}?sort=received&dir=desc&pcs=unheard").status_code == 200


def test_only_an_administrator_plans_and_signs(province: Commune) -> None:
    client = visit(province, "thongke")
    assert client.get("/units").status_code == 200
    assert "Lập phương án" not in client.get("/units").text
    for path in ("/units/new", "/units/plan", "/units/upload", "/units/allot"):
        assert client.get(path).status_code == 403
    for path in ("/units/plan", "/units/upload", "/units/publish", "/units/allot"):
        assert client.post(path, password=PASSWORD).status_code == 403


def test_what_is_wrong_with_a_plan_is_said_at_its_field(province: Commune) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"effective": "hôm nay"}, "ngày/tháng/năm"),
        ({"number": ""}, "Nhập số, ký hiệu"),
        ({"code": "12"}, "5 chữ số"),
        ({"name": ""}, "Nhập tên đơn vị mới"),
        ({"form": "split", "unit": [A, B]}, "Chọn đúng một đơn vị"),
        ({"form": "split", "unit": [A], "to2": B}, "Chọn ít nhất một máy"),
        (
            {"form": "split", "unit": [A], "to2": B, "dossiers": "H48.9"},
            "Không có đúng một hồ sơ mang mã H48.9",
        ),
        ({"form": "rename", "unit": [A]}, "Nhập tên mới"),
    ]
    client = visit(province)
    for change, words in cases:
        form = {**act(province, form="merge", unit=[A], to="", code=N, name=NAMES[N]), **change}
        answer = client.post("/units/plan", **form)
        assert answer.status_code == reasons.INPUT.status
        assert words in answer.text, change


def test_a_split_by_pc_and_list_is_shown_as_it_will_come_out(province: Commune) -> None:
    one, other = province.add(A), province.add(A)
    kept, moved, listed = one.receive(), other.receive(), one.receive()
    note(one, kept)
    settle(one, other)
    note(other, kept)  # several logs tell of this one; who received it is read from its records
    settle(one, other)
    device = require_office(other.db).device
    form = act(
        province, form="split", unit=[A], to="", code=N, name=NAMES[N], to2="", code2=T, name2=NAMES[T],
        dossiers=listed, **{f"device.{device}": "2"},
    )  # fmt: skip
    client = visit(province)
    shown = client.post("/units/plan", **form)
    with reading(province.hub.engine) as connection:
        found = preview(connection, province.hub, read_plan(connection, json.loads(carried(shown.text))))
    assert {s.new: (s.open_dossiers, len(s.devices), s.officers) for s in found.shares} == {
        N: (1, 1, 2),
        T: (2, 1, 2),
    }
    assert client.post("/units/publish", content=carried(shown.text), password=PASSWORD).status_code == 302
    settle(one, other)
    assert {d: row.keeper for d, row in hub_dossiers(province).items()} == {kept: N, moved: T, listed: T}


def test_a_plan_says_what_somebody_should_look_at_first(province: Commune) -> None:
    one = province.add(A)
    one.receive()
    settle(one)
    province.clock.now += 3 * DAY_MS
    plan = {
        "form": "move", "effective": today(province), "number": "1", "date": 20260616, "units": {T: "Phường Hải Vân"},
        "changes": [{"from": A, "to": A}], "dossiers": [{"from": A, "to": T, "dossiers": list(hub_dossiers(province))}],
    }  # fmt: skip
    with reading(province.hub.engine) as connection:
        found = preview(connection, province.hub, read_plan(connection, plan))
    looks = {remark.look: remark for remark in found.remarks}
    assert {Look.NO_PC, Look.PAST, Look.SILENT} <= looks.keys()
    assert looks[Look.NO_PC].units == (T,)
    assert found.can_be_signed


def test_a_plan_from_a_file_goes_the_same_way(province: Commune) -> None:
    province.add(A)
    client = visit(province)
    plan = {
        "form": "rename", "effective": today(province), "number": "1", "date": 20260616, "units": {A: "Phường Tên Mới"},
        "changes": [{"from": A, "to": A}],
    }  # fmt: skip
    for data, words in ((b"{", "JSON"), (json.dumps({**plan, "units": {}}).encode(), "không thay đổi gì")):
        assert words in client.post("/units/upload", file=(io.BytesIO(data), "p.json")).text
    shown = client.post("/units/upload", file=(io.BytesIO(json.dumps(plan).encode()), "p.json"))
    assert client.post("/units/publish", content=carried(shown.text), password=PASSWORD).status_code == 302
    assert "Phường Tên Mới" in client.get("/units").text


def test_pcs_that_were_away_have_not_heard_and_then_follow(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    settle(one, other)
    merge(province, days=2)

    def progress() -> dict[str, Progress]:
        with reading(province.hub.engine) as connection:
            event = province.hub.genealogy.current(connection).reorganisations[0]
            return {seat.device.id: seat.progress for seat in seats_of(connection, province.hub, event)}

    first, second = require_office(one.db).device, require_office(other.db).device
    assert progress() == {first: Progress.UNHEARD, second: Progress.UNHEARD}
    one.sync()
    assert progress() == {first: Progress.HEARD, second: Progress.UNHEARD}
    province.clock.now += 30 * DAY_MS
    settle(one, other)
    assert progress() == {first: Progress.FOLLOWED, second: Progress.FOLLOWED}


def test_totals_of_old_and_new_units_reconcile_and_a_wrong_counter_is_seen(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    gone = one.receive()
    one.receive(), other.receive()
    one.withdraw(gone)
    settle(one, other)
    province.clock.now += 5 * DAY_MS
    merge(province)
    province.clock.now += DAY_MS
    settle(one, other)
    one.receive()
    settle(one, other)
    with reading(province.hub.engine) as connection:
        totals = totals_of(connection, province.hub, [N], today=today(province))
    figures = {line.unit: line.figures for line in totals.lines}
    assert {u: (f.received, f.taken_over, f.gone, f.handed_on, f.processing) for u, f in figures.items()} == {
        A: (2, 0, 1, 1, 0), B: (1, 0, 0, 1, 0), N: (1, 2, 0, 0, 3),
    }  # fmt: skip
    assert [(f.old, f.new, f.open_dossiers, f.ended_dossiers) for f in totals.flows] == [
        (A, N, 1, 1),
        (B, N, 1, 0),
    ]
    assert totals.is_exact
    with writing(province.hub.engine) as connection:
        connection.execute(update(TALLY).where(TALLY.c.commune == A).values(handed_on=TALLY.c.handed_on + 1))
    with reading(province.hub.engine) as connection:
        assert not totals_of(connection, province.hub, [N], today=today(province)).is_exact


def test_dossiers_are_allotted_long_after_a_split_with_everything_in_them(province: Commune) -> None:
    one, other = province.add(A), province.add(A)
    settle(one, other)
    split(province, other)
    settle(one, other)
    late = one.receive()  # the other successor's PC never held what is in it
    settle(one, other)
    before = view_of(other.db, late)
    assert before is None or before.text("applicant.name") is None
    province.clock.now += 90 * DAY_MS
    client = visit(province)
    assert late in client.get(f"/units/allot?old={N}").text
    shown = client.post("/units/allot", old=N, new=T, dossier=[late], ground="Nghị quyết 12")
    assert shown.status_code == 200 and "Nghị quyết 12" in shown.text
    signed = {"old": N, "new": T, "codes": late, "ground": "Nghị quyết 12", "step": "sign"}
    assert "Mật khẩu không đúng" in client.post("/units/allot", **signed, password="sai").text
    assert client.post("/units/allot", **signed, password=PASSWORD).status_code == 302
    assert "Hồ sơ giao riêng" in client.get("/units").text
    settle(one, other)
    assert hub_dossiers(province)[late].keeper == T
    assert late in held(other)
    view = view_of(other.db, late)
    assert view is not None
    assert view.text("applicant.name") == "Nguyễn Thị Hoa"
    assert {entry.body_state for entry in view.timeline} == {BodyState.PRESENT}
    note(other, late)
    settle(one, other)
    assert hub_dossiers(province)[late].records == 2
    with reading(province.hub.engine) as connection:
        assert totals_of(connection, province.hub, [T], today=today(province)).is_exact


def test_what_cannot_be_allotted_is_refused_with_a_reason(province: Commune) -> None:
    one, other = province.add(A), province.add(B)
    mine = one.receive()
    settle(one, other)
    client = visit(province)
    said = client.post("/units/allot", old=A, new=B, dossier=[mine])
    assert said.status_code == reasons.INPUT.status and "chưa từng được sắp xếp" in said.text
    merge(province)
    settle(one, other)
    back = client.post("/units/allot", old=N, new=A, dossier=[mine])
    assert "không phải đơn vị đang hoạt động" in back.text
    split_again = [{"from": N, "to": N, "devices": [{"device": require_office(other.db).device, "to": T}]}]
    say(province, {"form": "move", "effective": today(province), "changes": split_again})
    settle(one, other)
    assert "không do đơn vị cũ giữ" in client.post("/units/allot", old=T, new=N, dossier=[mine]).text
    assert "không thay đổi gì" in client.post("/units/allot", old=N, new=T).text
    assert "mang mã H48.1" in client.post("/units/allot", old=N, new=T, codes="H48.1").text


def test_the_allotment_command_signs_what_it_was_given(province: Commune, tmp_path: Path) -> None:
    one, other = province.add(A), province.add(A)
    dossier = one.receive()
    settle(one, other)
    split(province, other)
    settle(one, other)
    data = ["--data", str(province.hub.config.data), "--json"]
    signer = ["--login", "sapxep", "--password", PASSWORD]
    listed = tmp_path / "ho-so.txt"
    listed.write_text(dossier + "\n", encoding="utf-8")

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(cli, ["publish", "allotment", *words, *data])
        return result.exit_code, json.loads(result.stdout.splitlines()[-1])

    assert run(N, T, "--file", str(listed), "--preview") == (
        OK,
        {"ok": True, "from": N, "to": T, "dossiers": [dossier]},
    )
    assert run(N, B, dossier, *signer)[0] == BAD_INPUT
    assert run(N, T, dossier, "--login", "sapxep", "--password", "sai")[0] == BAD_INPUT
    code, said = run(N, T, dossier, "--ground", "Nghị quyết 12", *signer)
    assert code == OK and len(said["records"]) == 1
    settle(one, other)
    with reading(province.hub.engine) as connection:
        assert connection.scalar(select(DOSSIER.c.keeper).where(DOSSIER.c.id == bytes.fromhex(dossier))) == T


def test_what_was_withheld_comes_when_the_dossier_is_allotted(province: Commune) -> None:
    one, other = province.add(A), province.add(A)
    settle(one, other)
    split(province, other)
    late = (
        one.receive()
    )  # under the old unit still: the other successor's PC holds its log, without what is in it
    settle(one, other)
    before = view_of(other.db, late)
    assert before is not None
    assert {entry.body_state for entry in before.timeline} == {BodyState.WITHHELD}
    with writing(province.hub.engine) as connection:
        account = find_account(connection, "sapxep")
    assert account is not None
    signer = unlock_signer(province.hub, account, PASSWORD)
    with writing(province.hub.engine) as connection:
        allot(
            connection, province.hub, Allotted(old=N, new=T, dossiers=(late,)), account=account, signer=signer
        )
    settle(one, other)
    view = view_of(other.db, late)
    assert view is not None
    assert view.text("applicant.name") == "Nguyễn Thị Hoa"
    assert {entry.body_state for entry in view.timeline} == {BodyState.PRESENT}
