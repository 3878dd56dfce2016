"""A suspected copy of a PC's disk at the hub's screen and command: seen, confirmed or refused by a signature."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_hub.cli import cli
from central_hub.copies.service import list_copies
from central_hub.copies.suspicion import standing_of
from central_hub.ingest.service import acknowledge
from central_hub.judge.service import Judge
from central_hub.judge.standings import list_standings
from central_hub.registry.leases import has_lease
from central_hub.registry.status import cause_of
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from signing.console import OK, UNDECIDED
from signing.roles import Role
from signing.statements import KeyStatement
from signing.status import Row
from sync_protocol.copies import REVIEWED
from sync_protocol.frame import encode_run
from sync_protocol.log import branch_id
from sync_protocol.wire import CopyState
from tests.support.device_log import key_of
from tests.support.hub import (
    DAY_MS,
    NOW_MS,
    PASSWORD,
    Desk,
    ProvinceHub,
    found_province,
    receive,
    suspect_copy,
)

GIVEN = {"ground": "Đơn vị xác nhận lúc 8 giờ", "password": PASSWORD}


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
def life(hub: ProvinceHub, desk: Desk) -> str:
    """A copy of the PC's disk has delivered what it wrote; the id of its branch."""
    return suspect_copy(hub, desk)


def standing(hub: ProvinceHub, desk: Desk, log: str) -> int:
    with reading(hub.services.engine) as connection:
        return standing_of(connection, hub.services, desk.device, log)


def cause(hub: ProvinceHub, key: str) -> str:
    with reading(hub.services.engine) as connection:
        return cause_of(hub.services.status.current(connection), key)


def test_a_suspected_copy_shows_on_the_first_page_and_in_the_list(hub: ProvinceHub, life: str) -> None:
    keeper = hub.browser("khoa")
    assert "Bản sao ổ đĩa chờ xác nhận" in keeper.get("/").text
    assert f"/copies/{life}" in keeper.get("/copies").text
    assert "Đây là máy của đơn vị" in keeper.get(f"/copies/{life}").text


def test_confirming_signs_it_and_gives_a_code(hub: ProvinceHub, desk: Desk, life: str) -> None:
    keeper = hub.browser("khoa")
    wrong = keeper.post(f"/copies/{life}", **GIVEN | {"password": "sai mat khau roi"}, decision="ours")
    assert "Chưa có gì được ký" in wrong.text and standing(hub, desk, life) == CopyState.WAITING
    page = keeper.post(f"/copies/{life}", **GIVEN, decision="ours")
    assert page.status_code == 200 and "PC quầy 1 (2)" in page.text
    assert standing(hub, desk, life) == CopyState.CONFIRMED
    assert cause(hub, desk.device) == "", "the key of the first PC is untouched"
    assert keeper.post(f"/copies/{life}", **GIVEN, decision="ours").status_code == 422, "once"


def test_an_administrator_confirms_and_others_do_not(hub: ProvinceHub, desk: Desk, life: str) -> None:
    assert hub.browser("thongke").post(f"/copies/{life}", **GIVEN, decision="ours").status_code == 403
    assert hub.browser("quantri").post(f"/copies/{life}", **GIVEN, decision="ours").status_code == 200
    assert standing(hub, desk, life) == CopyState.CONFIRMED


def test_refusing_cuts_the_key_off_at_what_is_not_the_copys(hub: ProvinceHub, desk: Desk, life: str) -> None:
    page = hub.browser("khoa").post(f"/copies/{life}", **GIVEN, decision="not_ours")
    assert page.status_code == 200
    assert standing(hub, desk, life) == CopyState.REFUSED and cause(hub, desk.device) == "compromised"
    with reading(hub.services.engine) as connection:
        status = hub.services.status.current(connection)
        (event,) = status.revoked[desk.device]
    assert desk.log.log in event.cut.frontier and life not in event.cut.frontier


def test_what_a_refused_copy_signed_waits_for_a_review_and_the_first_pcs_work_stands(
    hub: ProvinceHub, desk: Desk, life: str
) -> None:
    """The copy's record stands in a branch: the head of the log, which reaches further, does not vouch for it."""
    hub.browser("khoa").post(f"/copies/{life}", **GIVEN, decision="not_ours")
    hub.judge()
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        held = store.held(life)
        assert held is not None
        (differing,) = store.span(life, held.base)
        waiting = [(each.record, each.detail) for each in list_standings(connection, after_cut=True).lines]
    assert waiting == [(differing.id, Row.COMPROMISED_AFTER)]


def test_the_command_lists_and_confirms(hub: ProvinceHub, desk: Desk, life: str) -> None:
    data = ["--data", str(hub.services.config.data), "--json"]
    listed = CliRunner().invoke(cli, ["copies", *data])
    assert listed.exit_code == UNDECIDED and json.loads(listed.stdout)["copies"][0]["life"] == life
    confirmed = CliRunner().invoke(cli, ["copies", "--confirm", life, *data])
    assert confirmed.exit_code == OK and json.loads(confirmed.stdout)["code"]
    assert CliRunner().invoke(cli, ["copies", *data]).exit_code == OK


def test_a_copy_gets_no_numbers(hub: ProvinceHub, desk: Desk, life: str) -> None:
    with reading(hub.services.engine) as connection:
        assert not has_lease(connection, life)
        (line,) = list_copies(connection, hub.services)
    assert (line.device, line.unit, line.records, line.is_confirmed) == (desk.device, "20242", 1, False)


def deliver_a_key_from_a_copy(hub: ProvinceHub, desk: Desk, bringer: str = "") -> tuple[str, str]:
    """Whoever has the stolen disk, and the administrator's PIN, makes a key of their own; the branch, and that key's id."""
    mine = key_of("a key of the thief")
    stated = KeyStatement(
        key=mine.public, roles=frozenset({Role.SPECIALIST}), unit=desk.unit, officer="ab" * 16, device=desk.device,
        issuer=desk.log.officer.public.id, delegated=True,
    )  # fmt: skip
    desk.log.records.pop()
    facts = {**stated.facts(), "roles": [str(role) for role in sorted(stated.roles)]}
    record = desk.log.write("key.stated", None, facts, {"name": "Nguyễn Văn Lạ"})
    acknowledge(hub.services, bringer or desk.device, [encode_run(desk.log.run())])
    return branch_id(desk.log.log, record.link), mine.public.id


def is_believed(hub: ProvinceHub, key: str) -> bool:
    with reading(hub.services.engine) as connection:
        return hub.services.trust.current(connection).statement(key) is not None


def test_the_judge_believes_no_key_of_a_copy_whose_round_is_not_answered_yet(
    hub: ProvinceHub, desk: Desk
) -> None:
    """Records were stored first and the suspicion written down a moment later, or never where they came by stick."""
    life, key = deliver_a_key_from_a_copy(hub, desk)
    hub.judge()
    assert not is_believed(hub, key) and standing(hub, desk, life) == CopyState.WAITING
    with reading(hub.services.engine) as connection:
        (waiting,) = list_standings(connection).lines
    assert (waiting.code, waiting.outcome.value) == ("RECORD_COPY", "pending")


def test_the_judge_believes_no_key_of_a_copy_that_a_colleague_brings(hub: ProvinceHub, desk: Desk) -> None:
    """A copy that met a colleague on the office's network had its records delivered by a PC that nobody suspects."""
    colleague = hub.enrol(desk.unit, "PC quầy 2", officer="Lê Văn Quý")
    life, key = deliver_a_key_from_a_copy(hub, desk, colleague.device)
    hub.judge()
    assert not is_believed(hub, key) and standing(hub, desk, life) == CopyState.WAITING
    assert standing(hub, desk, desk.log.log) == CopyState.NONE


def test_what_waits_for_a_copy_goes_on_when_the_province_overrules_the_unit(
    hub: ProvinceHub, desk: Desk
) -> None:
    """The unit had refused it; the province's word replaced that one, and nobody looked at what waited again."""
    colleague = hub.enrol(desk.unit, "PC quầy 2", officer="Lê Văn Quý")
    life, key = deliver_a_key_from_a_copy(hub, desk)
    judge = Judge(hub.services)
    judge.judge_pending()
    facts = {"device": desk.device, "life": life, "stands": False, "unit": desk.unit}
    colleague.log.write(REVIEWED, None, facts, {"ground": "Không phải của chúng tôi"})
    hub.deliver(colleague)
    judge.judge_pending()
    assert standing(hub, desk, life) == CopyState.REFUSED and not is_believed(hub, key)
    assert hub.browser("khoa").post(f"/copies/{life}", **GIVEN, decision="ours").status_code == 200
    judge.judge_pending()
    judge.close()
    assert standing(hub, desk, life) == CopyState.CONFIRMED and is_believed(hub, key)


def test_a_key_that_a_copy_stated_counts_once_the_copy_is_confirmed(
    hub: ProvinceHub, desk: Desk, life: str
) -> None:
    minh = key_of("Lê Văn Minh").public
    stated = KeyStatement(
        key=minh,
        roles=frozenset({Role.RECEPTIONIST}),
        unit=desk.unit,
        officer="ab" * 16,
        device=desk.device,
        issuer=desk.log.officer.public.id,
        delegated=True,
    )
    facts = {**stated.facts(), "roles": ["receptionist"]}
    record = desk.log.write("key.stated", None, facts, {"name": "Lê Văn Minh"})
    acknowledge(hub.services, desk.device, [encode_run(desk.log.run())])
    hub.judge()
    with reading(hub.services.engine) as connection:
        assert [(each.record, each.code) for each in list_standings(connection).lines] == [
            (record.id, "RECORD_COPY")
        ]
        assert hub.services.trust.current(connection).statement(minh.id) is None
    assert hub.browser("khoa").post(f"/copies/{life}", **GIVEN, decision="ours").status_code == 200
    hub.judge()
    with reading(hub.services.engine) as connection:
        assert list_standings(connection).lines == ()
        assert hub.services.trust.current(connection).statement(minh.id) is not None
