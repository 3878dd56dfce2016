"""A proof from the hub: any dossier, bodies only as chosen, under a checkpoint of the province's log."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from werkzeug.test import TestResponse

from central_hub.api.tokens import Scope, make_token
from central_hub.cli import cli
from central_hub.erasure.service import Wish, order_erasure
from central_hub.store.engine import reading, writing
from central_hub.store.tables import DOSSIER
from central_hub.tlog.sequencer import advance
from central_hub.verify.export import NoSuchDossier, export_proof, find_dossier
from central_hub.verify.service import live_status
from signing.proof_file import decode_proof
from signing.report import Indication, Report
from signing.verification import VerifyPolicy, verify
from tests.support.hub import ProvinceHub, found_province, receive


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    province = found_province(tmp_path_factory.mktemp("hub") / "hub")
    desk = province.enrol("20195")
    for number in range(3):
        receive(desk, province.clock.now - 60_000 * (9 - number), number)
    province.deliver(desk)
    province.judge()
    advance(province.services, at_once=True)
    return province


@pytest.fixture
def dossier(hub: ProvinceHub) -> tuple[str, str]:
    """Id and code of one dossier."""
    with reading(hub.services.engine) as connection:
        row = connection.execute(select(DOSSIER.c.id, DOSSIER.c.code)).first()
        assert row is not None
        assert find_dossier(connection, row.code) == row.id.hex()
        return row.id.hex(), row.code


def told(hub: ProvinceHub, data: bytes) -> Report:
    """As another agency finds it, which demands that the log holds every record."""
    with reading(hub.services.engine) as connection:
        status = live_status(hub.services, connection)
    return verify(data, hub.services.keys.bundle, status=status, policy=VerifyPolicy(require_log=True))


def test_with_the_body_it_passes_and_is_bracketed(hub: ProvinceHub, dossier: tuple[str, str]) -> None:
    with reading(hub.services.engine) as connection:
        bare = decode_proof(export_proof(hub.services, connection, dossier[0]))
        ids = [json.loads(each.record.header) for each in bare.records]
        assert all(each.record.content is None for each in bare.records)
        assert {each["dossier"] for each in ids} == {dossier[0]}
        open_ids = [each.document.id for each in told(hub, export_proof(hub.services, connection, dossier[0])).records if each.document]  # fmt: skip
        data = export_proof(hub.services, connection, dossier[0], disclosed=open_ids)
    report = told(hub, data)
    assert report.indication is Indication.PASSED, report.vi
    assert report.subject.log is not None
    assert report.subject.not_after is not None
    assert report.document is not None
    assert report.document.in_force == "yes"
    assert report.signers[0].name


def test_the_digests_of_files_go_along_with_the_body_that_names_them(tmp_path: Path) -> None:
    province = found_province(tmp_path)
    desk = province.enrol("20195")
    dossier = receive(desk, province.clock.now - 60_000, 1)
    fact = {"file": "ab" * 32, "size": 1024, "type": "pdf", "paper": None, "pages": 1, "is_result": False}
    secret = {"ab" * 32: {"name": "don.pdf", "key": "cd" * 32, "sha256": "ef" * 32}}
    desk.write_at(province.clock.now - 30_000, "dossier.file_added", dossier, {"files": [fact]}, content={"files": secret})  # fmt: skip
    province.deliver(desk)
    province.judge()
    advance(province.services, at_once=True)
    with reading(province.services.engine) as connection:
        data = export_proof(province.services, connection, dossier)
        assert decode_proof(data).attachments == ()
        ids = [each.document.id for each in told(province, data).records if each.document]
        data = export_proof(province.services, connection, dossier, disclosed=ids)
    assert [(each.record, each.sha256) for each in decode_proof(data).attachments] == [(1, "ef" * 32)]
    report = told(province, data)
    assert report.indication is Indication.PASSED, report.vi
    assert report.records[1].document is not None and report.records[1].document.files == ("ef" * 32,)


def test_bodies_are_only_those_chosen(hub: ProvinceHub, dossier: tuple[str, str]) -> None:
    with reading(hub.services.engine) as connection:
        data = export_proof(hub.services, connection, dossier[0])
        report = told(hub, data)
        assert report.indication is Indication.INDETERMINATE
        assert report.sub_indications == ("SIGNED_DATA_NOT_FOUND",)
        for wrong in ({"records": ["ab" * 32]}, {"disclosed": ["ab" * 32]}):
            with pytest.raises(NoSuchDossier):
                export_proof(hub.services, connection, dossier[0], **wrong)
        for asked in ("H00.1-2-3", "zz" * 16, "00" * 16, ""):
            with pytest.raises(NoSuchDossier):
                find_dossier(connection, asked)


def test_the_button_gives_the_file_and_is_noted(hub: ProvinceHub, dossier: tuple[str, str]) -> None:
    visitor = hub.browser("quantri")
    assert "Xuất tệp chứng minh" in visitor.page("/verify")
    answer = visitor.get(f"/verify/proof?dossier={dossier[1]}")
    assert answer.status_code == 200
    assert ".motcua-proof.json" in answer.headers["Content-Disposition"]
    assert decode_proof(answer.data).records
    assert visitor.get("/verify/proof?dossier=H00.1").status_code == 404
    assert "proof.exported" in visitor.page("/administration/log") or "Xuất tệp chứng minh" in visitor.page("/administration/log")  # fmt: skip
    assert hub.browser("thongke").get(f"/verify/proof?dossier={dossier[1]}").status_code == 403
    assert "Xuất tệp chứng minh" not in hub.browser().page("/verify")
    stranger = hub.browser().get(f"/verify/proof?dossier={dossier[1]}")
    assert stranger.status_code in (302, 401) and b"motcua-proof" not in stranger.data


def test_records_and_content_are_chosen_at_the_screen(hub: ProvinceHub, dossier: tuple[str, str]) -> None:
    visitor = hub.browser("quantri")
    page = visitor.page(f"/verify/proof/choose?dossier={dossier[1]}")
    record = re.findall(r'name="record" value="([0-9a-f]{64})"', page)[0]
    assert f'name="disclose" value="{record}"' in page and "Tiếp nhận hồ sơ" in page
    data = visitor.get(f"/verify/proof?dossier={dossier[0]}&record={record}&disclose={record}").data
    assert [each.record.content is not None for each in decode_proof(data).records] == [True]
    assert visitor.get("/verify/proof/choose?dossier=H00.1").status_code == 404
    assert visitor.get("/verify/proof/choose").status_code == 302
    assert hub.browser("thongke").get(f"/verify/proof/choose?dossier={dossier[1]}").status_code == 403
    link = f'href="/verify/proof/choose?dossier={dossier[0]}"'
    assert link in visitor.page(f"/statistics/dossiers/{dossier[0]}")
    assert link not in hub.browser("thongke").page(f"/statistics/dossiers/{dossier[0]}"), (
        "counts, exports nothing"
    )


def test_a_program_takes_a_proof_with_a_key_made_for_that(hub: ProvinceHub, dossier: tuple[str, str]) -> None:
    with writing(hub.services.engine) as connection:
        key, other = (
            make_token(connection, hub.services, label=scope.value, actor="quantri", scope=scope)
            for scope in (Scope.PROOFS, Scope.FIGURES)
        )
    visitor = hub.browser()
    address = f"/api/v1/dossiers/{dossier[1]}/proof"

    def ask(token: str | None, path: str = address) -> TestResponse:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return visitor.client.get(path, headers=headers)

    assert [ask(each).status_code for each in (None, other, "mch_0", key)] == [401, 401, 401, 200]
    (first, *_), bare = decode_proof(ask(key).data).records, ask(key).json
    assert first.record.content is None and bare["format"] == "motcua-proof/1"
    assert ask(key).headers["Motcua-Proof-Lacks"] == ""
    assert ask(key, f"{address}/readiness").json["complete"] is True
    assert [ask(each, f"{address}/readiness").status_code for each in (None, other)] == [401, 401]
    whole = ask(key, f"{address}?disclose={json.loads(first.record.header)['dossier']}")
    assert whole.status_code == 404
    assert ask(key, "/api/v1/dossiers/H00.1/proof").status_code == 404
    assert hub.browser("quantri").get(address).status_code == 401
    assert "proofs" in hub.browser("quantri").page("/administration/log")


def test_the_proof_of_an_erased_record_names_the_order(tmp_path: Path) -> None:
    province = found_province(tmp_path)
    desk = province.enrol("20195")
    dossier = receive(desk, province.clock.now - 60_000, 1)
    province.deliver(desk)
    province.judge()
    wish = Wish(dossier=dossier, ground="subject_request", number="15/QĐ-UBND", date=20261122)
    with writing(province.services.engine) as connection:
        order = order_erasure(connection, province.services, wish, actor="quantri")
    province.judge()
    advance(province.services, at_once=True)
    with reading(province.services.engine) as connection:
        data = export_proof(province.services, connection, dossier)
    report = told(province, data)
    assert report.indication is Indication.INDETERMINATE
    (content,) = (check for check in report.checks if check.id == "content" and check.record == 0)
    assert content.sub_indication == "SIGNED_DATA_NOT_FOUND" and "erased by the order" in content.why_en
    assert content.evidence is not None and order.id in content.evidence


def test_the_command_writes_the_file(hub: ProvinceHub, dossier: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / "x.motcua-proof.json"
    command = ["proof", dossier[1], "--data", str(hub.services.config.data), "--json", "--out", str(target)]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["file"], said["bytes"]) == (str(target), target.stat().st_size)
    assert said["readiness"]["complete"] is True
    assert told(hub, target.read_bytes()).sub_indications == ("SIGNED_DATA_NOT_FOUND",)
    unknown = ["proof", "H00.1", "--data", str(hub.services.config.data), "--json"]
    assert CliRunner().invoke(cli, unknown).exit_code == 3
    nowhere = CliRunner().invoke(cli, [*command[:-1], str(tmp_path / "no folder" / "x")])
    assert nowhere.exit_code == 3 and json.loads(nowhere.output)["code"] == "HUB_INPUT"


def test_what_the_log_does_not_hold_yet_is_told_at_the_screen_and_a_proof_reaches_what_it_holds(
    hub: ProvinceHub, dossier: tuple[str, str]
) -> None:
    visitor = hub.browser("quantri")
    assert 'data-complete="true"' in visitor.page(f"/verify/proof/choose?dossier={dossier[1]}")
    desk = hub.desks[0]
    fresh = receive(desk, hub.clock.now - 30_000, 9)
    hub.deliver(desk)
    hub.judge()
    page = visitor.page(f"/verify/proof/choose?dossier={fresh}")
    assert 'data-complete="false"' in page and "nhật ký minh bạch" in page and "Đợi tỉnh ký" in page
    advance(hub.services, at_once=True)
    assert 'data-complete="true"' in visitor.page(f"/verify/proof/choose?dossier={fresh}")
    with reading(hub.services.engine) as connection:
        report = told(hub, export_proof(hub.services, connection, fresh))
    assert report.status is not None and report.subject.log is not None
    assert report.status.as_of_size > report.subject.log.index
