"""Erasure orders at the hub: carried out by the judge, gone from every file, and nothing else changed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError

from central_hub.backup.service import take_backup
from central_hub.cli import cli
from central_hub.ingest.service import acknowledge
from central_hub.journal.service import Draft, write
from central_hub.projection.rebuild import rebuild
from central_hub.store import erasures
from central_hub.store.engine import reading, writing
from central_hub.store.erasures import UNSCRUBBED, scrub
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DERIVED, DOSSIER, RUN, SETTING
from sync_protocol.erasure import ERASURE_KIND
from sync_protocol.frame import encode_run
from sync_protocol.log import check_chain
from sync_protocol.record import BodyState, Record
from tests.support.histories import received_facts
from tests.support.hub import Desk, ProvinceHub, found_province
from tests.support.traces import find_traces, halves, pieces, spellings

HAI_CHAU = "20242"
NAME, NUMBER = "Tôn Nữ Quỳnh Xuyến", "048200998877"
ORDER = {"number": "15/QĐ-UBND", "date": 20261122}


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    return hub.enrol(HAI_CHAU)


def receive(desk: Desk, name: str = NAME) -> str:
    dossier = desk.log.new_dossier()
    facts = received_facts(
        code=f"H17.{HAI_CHAU}-261123-{len(desk.log.records):04d}",
        receiving=HAI_CHAU,
        competent=HAI_CHAU,
        received=desk.log.wall_ms,
        fields=["applicant.id_number", "applicant.name"],
        papers=[],
    )
    fields = {"applicant.name": name, "applicant.id_number": NUMBER if name == NAME else "048200000001"}
    desk.log.write("dossier.received", dossier, facts, {"fields": fields})
    return dossier


def order(desk: Desk, dossier: str, records: Sequence[str] = (), **more: Any) -> Record:
    facts = {"dossier": dossier, "records": sorted(records), "ground": "subject_request"}
    return desk.log.write(ERASURE_KIND, None, facts, ORDER, **more)


def states(hub: ProvinceHub, desk: Desk) -> list[BodyState]:
    with reading(hub.services.engine) as connection:
        held = HubLogStore(connection, hub.services.opened).span(desk.log.log, 0)
    check_chain(desk.log.run(0), None)
    assert [r.link for r in held] == [r.link for r in desk.log.records][: len(held)]
    return [record.body_state for record in held]


def frames(hub: ProvinceHub) -> dict[int, bytes]:
    with reading(hub.services.engine) as connection:
        return {row.no: row.frame for row in connection.execute(select(RUN.c.no, RUN.c.frame))}


def tables(hub: ProvinceHub) -> dict[str, list[Any]]:
    with reading(hub.services.engine) as connection:
        return {t.name: sorted(map(tuple, connection.execute(select(t))), key=repr) for t in DERIVED}


def test_an_order_reaches_every_file_of_the_hub(hub: ProvinceHub, desk: Desk) -> None:
    # The first order of a hub compacts the file; from then on nothing may be left behind in the first place.
    order(desk, receive(desk, "Lê Thị Bích"))
    hub.deliver(desk)
    hub.judge()
    dossier = receive(desk)
    for _ in range(60):  # enough for pages of their own, which are given back
        said = f"{NAME} đã gọi {desk.log.random.randbytes(100).hex()}"
        desk.log.write("dossier.noted", dossier, {}, {"note": said})
    other = receive(desk, "Trần Văn Nam")
    hub.deliver(desk)
    hub.judge()
    before, old = tables(hub), frames(hub)
    salts = [r.body.salt for r in desk.log.records if r.header.dossier == dossier and r.body]
    ordered = order(desk, dossier)
    hub.deliver(desk)
    assert hub.judge() == 1
    now = frames(hub)
    needles: dict[str, bytes] = {}
    for needle in (spellings(NAME), spellings(NUMBER), *map(halves, salts)):
        needles |= needle
    for no, frame in old.items():
        needles |= pieces(frame, now[no]) if frame != now[no] else {}
    assert len(needles) > 20
    take_backup(hub.services)
    assert find_traces(hub.services.config.data, needles) == []
    assert find_traces(hub.services.config.data, spellings("Trần Văn Nam")) != []
    assert states(hub, desk)[4:] == [
        BodyState.ERASED if r.header.dossier == dossier else r.body_state for r in desk.log.records[4:]
    ]
    assert ordered.body_state is BodyState.PRESENT and other
    after = tables(hub)
    after["place"] = [row for row in after["place"] if row in before["place"]]
    # What the erased person was compared by is gone with the body (`is_person` is the third column, the dossier the fourth).
    erased = bytes.fromhex(dossier)
    before["twin_key"] = [row for row in before["twin_key"] if (row[2], row[3]) != (1, erased)]
    assert after == before
    rebuild(hub.services)
    again = tables(hub)
    again["place"] = [row for row in again["place"] if row in before["place"]]
    assert again == before


def test_the_order_may_come_before_the_record_and_an_old_frame_brings_nothing_back(
    hub: ProvinceHub, desk: Desk
) -> None:
    dossier = desk.log.new_dossier()
    hub.deliver(desk)
    early = hub.enrol(HAI_CHAU, "PC quầy 2", officer="Lê Văn Minh")
    order(early, dossier)
    hub.deliver(early)
    hub.judge()
    facts = received_facts(
        code=f"H17.{HAI_CHAU}-261123-0001", receiving=HAI_CHAU, competent=HAI_CHAU, received=desk.log.wall_ms,
        fields=["applicant.name"], papers=[],
    )  # fmt: skip
    desk.log.write("dossier.received", dossier, facts, {"fields": {"applicant.name": NAME}})
    old = encode_run(desk.log.run(0))
    hub.deliver(desk)
    hub.judge()
    acknowledge(hub.services, desk.device, [old])
    hub.judge()
    assert states(hub, desk)[-1] is BodyState.ERASED
    scrub(hub.services.engine)
    assert find_traces(hub.services.config.data, spellings(NAME)) == []
    with reading(hub.services.engine) as connection:
        assert len(connection.execute(select(DOSSIER)).all()) == 1


def test_a_branch_of_a_copied_disk_loses_it_too(hub: ProvinceHub, desk: Desk) -> None:
    hub.deliver(desk)
    branch = msgspec.structs.replace(desk.log.run(0))
    dossier = receive(desk)
    hub.deliver(desk)
    hub.judge()
    mine = desk.log.records.pop()
    desk.log.heads.clear()
    desk.log.write("dossier.noted", dossier, {}, {"note": f"{NAME} của nhánh khác"})
    forked = acknowledge(hub.services, desk.device, [encode_run(desk.log.run(len(branch.records)))])
    assert not forked.refusals, "the other branch is kept"
    hub.judge()
    desk.log.records[-1] = mine
    order(desk, dossier)
    hub.deliver(desk)
    hub.judge()
    assert find_traces(hub.services.config.data, spellings(NAME)) == []


@pytest.mark.parametrize("signer", ["device", "neighbour"])
def test_an_order_that_does_not_stand_erases_nothing(hub: ProvinceHub, desk: Desk, signer: str) -> None:
    dossier = receive(desk)
    if signer == "device":
        order(desk, dossier, signer=desk.log.device)
    else:
        neighbour = hub.enrol("20257", officer="Trần Thị Mỹ Duyên")
        order(neighbour, dossier)
        hub.deliver(neighbour)
    hub.deliver(desk)
    hub.judge()
    assert BodyState.ERASED not in states(hub, desk)


def test_the_province_orders_in_its_log_of_the_commune(hub: ProvinceHub, desk: Desk) -> None:
    dossier = receive(desk)
    hub.deliver(desk)
    hub.judge()
    facts = {"dossier": dossier, "records": [], "ground": "authority_decision"}
    with writing(hub.services.engine) as connection:
        write(
            connection,
            hub.services,
            commune=HAI_CHAU,
            drafts=[Draft(kind=ERASURE_KIND, facts=facts, content=ORDER)],
        )
    hub.judge()
    assert states(hub, desk)[-1] is BodyState.ERASED
    with reading(hub.services.engine) as connection:
        assert connection.scalar(select(SETTING.c.value).where(SETTING.c.name == UNSCRUBBED)) is None


def test_an_order_that_is_carried_out_while_the_file_is_cleaned_is_cleaned_after_too(
    hub: ProvinceHub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mark went with the mark of the order before it, and its words stayed in the file."""
    first, second = receive(desk), receive(desk, "Trần Văn Nam")
    hub.deliver(desk)
    hub.judge()
    clean = erasures._scrub_sqlite

    def erase(dossier: str) -> None:
        facts = {"dossier": dossier, "records": [], "ground": "authority_decision"}
        drafts = [Draft(kind=ERASURE_KIND, facts=facts, content=ORDER)]
        with writing(hub.services.engine) as connection:
            write(connection, hub.services, commune=HAI_CHAU, drafts=drafts)

    def and_meanwhile(engine: Engine, is_compact: bool) -> bool:
        is_clean = clean(engine, is_compact)
        erase(second)
        return is_clean

    erase(first)
    monkeypatch.setattr(erasures, "_scrub_sqlite", and_meanwhile)
    assert not scrub(hub.services.engine), "the second order has yet to be cleaned after"
    monkeypatch.undo()
    with reading(hub.services.engine) as connection:
        assert connection.scalar(select(SETTING.c.value).where(SETTING.c.name == UNSCRUBBED)) is not None
    assert scrub(hub.services.engine)
    with reading(hub.services.engine) as connection:
        assert connection.scalar(select(SETTING.c.value).where(SETTING.c.name == UNSCRUBBED)) is None


def test_no_frame_is_rewritten_without_an_order(hub: ProvinceHub, desk: Desk) -> None:
    dossier = receive(desk)
    hub.deliver(desk)
    hub.judge()
    order(desk, dossier)
    hub.deliver(desk)
    hub.judge()
    with writing(hub.services.engine) as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text("UPDATE run SET frame = x'00'"))
    with writing(hub.services.engine) as connection, pytest.raises(IntegrityError, match="orders stay"):
        connection.execute(text("UPDATE erasure SET is_done = 0"))


def test_two_values_that_differed_are_asked_about_no_more(hub: ProvinceHub, desk: Desk) -> None:
    """What is counted as a difference depends on both values being here: the judge folds the dossier again."""
    dossier = receive(desk)
    received = desk.log.heads[dossier]
    for name in ("Tôn Nữ Quỳnh Xuyên", "Tôn Nữ Quỳnh Xuyến"):
        desk.log.write(
            "dossier.amended",
            dossier,
            {"fields": ["applicant.name"], "set": {}},
            {"fields": {"applicant.name": name}},
            parents=received,
        )
    hub.deliver(desk)
    hub.judge()
    with reading(hub.services.engine) as connection:
        assert connection.scalar(select(DOSSIER.c.conflicts)) == 1
    order(desk, dossier, [desk.log.records[-1].id])
    hub.deliver(desk)
    hub.judge()
    before = tables(hub)
    assert dict(zip(DOSSIER.c.keys(), before["dossier"][0], strict=True))["conflicts"] == 0
    rebuild(hub.services)
    assert tables(hub) == before


def erase_command(hub: ProvinceHub, dossier: str, *more: str) -> tuple[int, dict[str, Any]]:
    decision = ("--ground", "authority_decision", "--number", "20/QĐ-UBND", "--date", "20261122")
    options = ["erase", dossier, *decision, *more, "--data", str(hub.services.config.data), "--json"]
    result = CliRunner().invoke(cli, options)
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_the_command_takes_a_code_or_an_id(hub: ProvinceHub, desk: Desk) -> None:
    dossiers = [receive(desk), receive(desk, "Trần Văn Nam")]
    hub.deliver(desk)
    hub.judge()
    code = desk.log.records[-1].header.facts["code"]
    assert erase_command(hub, dossiers[0])[1]["dossier"] == dossiers[0]
    done, said = erase_command(hub, code)
    assert (done, said["ok"], said["dossier"]) == (0, True, dossiers[1])
    assert states(hub, desk)[-2:] == [BodyState.ERASED] * 2
    assert erase_command(hub, "H17.20242-261123-9999")[0] == 3
    assert erase_command(hub, "0" * 32)[0] == 3
    assert erase_command(hub, dossiers[0], "--date", "20261399")[1]["code"] == "HUB_INPUT"
