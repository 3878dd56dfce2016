"""A hub put back from before a PC was enrolled: the PC shows the registry's word about itself, and is taken in again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central_hub.backup.restoring import restore_backup
from central_hub.backup.service import take_backup
from central_hub.registry.enrolment import issue_code, list_codes
from central_hub.registry.revocation import Act, revoke_device
from central_hub.services import open_services
from central_hub.store.engine import reading, writing
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DEVICE
from central_hub.sync.vouched import FAILURES_ALLOWED
from signing.cuts import Cause
from signing.keys import LockCost, SigningKey, new_signing_key
from signing.roles import Role
from signing.signatures import PublicKey
from sync_protocol.frame import decode_run, encode_run
from sync_protocol.log import Run
from sync_protocol.record import Record, unverified
from sync_protocol.wire import Beacon, RoundRequest, decode_answer, encode_request
from tests.support.http_line import HttpLine
from tests.support.hub import Desk, ProvinceHub, found_province
from tests.support.pair import Commune

HAI_CHAU = "20242"
BEACON = Beacon(
    version="0.1.0", fold=1, unsent=0, oldest_unsent_s=0, conflicts=0, refused=0, offset_ms=12, disk_free_mb=9_000,
    database_mb=4, codes_left=500,
)  # fmt: skip


class Restored:
    """A hub after its return, the PC that was enrolled in between, and what that PC holds."""

    def __init__(self, folder: Path) -> None:
        before = found_province(folder)
        before.enrol(HAI_CHAU, "PC cũ")
        with writing(before.services.engine) as connection:
            self.code = issue_code(
                connection, before.services, unit=HAI_CHAU, device_name="PC quầy 2", issued_by="quantri"
            )
        backup = take_backup(before.services).path
        self.desk = before.enrol(HAI_CHAU, "PC mới")
        self.desk.log.write("dossier.noted", self.desk.log.new_dossier(), {}, {"note": "Ghi chú"})
        with reading(before.services.engine) as connection:
            self.records, self.province = _province_log(connection, before)
        restore_backup(before.services, backup)
        opened = open_services(before.services.config, lock_cost=LockCost.TEST)
        self.hub = ProvinceHub(services=replace(opened, clock=before.clock), clock=before.clock)
        self.client = self.hub.app.test_client()

    @property
    def statement(self) -> Record:
        return next(r for r in self.records if _states(r, self.desk.device, Role.DEVICE))

    @property
    def voucher(self) -> list[bytes]:
        return [self.statement.header_bytes, self.statement.signature]

    def ask(self, *, signer: SigningKey | None = None, device: str | None = None, **members: Any) -> Any:
        fields: dict[str, Any] = {
            "protocol": 1, "device": bytes.fromhex(device or self.desk.device), "challenge": b"",
            "hub_epoch": bytes(16), "sent_ms": 0, "frontier": [], "digest": b"", "receipt": b"", "beacon": BEACON,
            "bytes_max": 200_000, "runs": [],
        }  # fmt: skip
        request = encode_request(RoundRequest(**{**fields, **members}), signer or self.desk.log.device)
        return self.client.post("/sync/v1/round", data=request, content_type="application/octet-stream")

    def answered(self, **members: Any) -> Any:
        """The second of two rounds: the first brings the challenge."""
        members = {"voucher": self.voucher, **members}
        first = self.ask(**members)
        assert first.status_code == 200, first.text
        answer = self.ask(challenge=decode_answer(first.data).challenge, **members)
        assert answer.status_code == 200, answer.text
        return decode_answer(answer.data)


def _states(record: Record, key: str, role: Role) -> bool:
    facts = record.header.facts
    return (
        record.header.kind == "key.stated"
        and role.value in facts["roles"]
        and PublicKey.from_hex(facts["key"]).id == key
    )


def _province_log(connection: Any, hub: ProvinceHub) -> tuple[list[Record], bytes]:
    store = HubLogStore(connection, hub.services.opened)
    held = next(each for each in store.held_logs() if each.commune == hub.services.province)
    records = store.span(held.id, 0)
    run = Run(log=held.id, first=0, records=tuple(map(unverified, records)), seal=store.seal(held.id))
    return records, encode_run(run)


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, response.json["code"]


@pytest.fixture
def world(tmp_path: Path) -> Restored:
    return Restored(tmp_path)


def test_a_pc_that_a_restored_hub_has_not_heard_of_comes_back_by_its_voucher(world: Restored) -> None:
    assert refusal(world.ask()) == (403, "ROUND_DEVICE")
    answer = world.answered(runs=[world.province, encode_run(world.desk.log.run())])
    assert answer.problem == ""
    world.hub.judge()
    with reading(world.hub.services.engine) as connection:
        assert connection.execute(
            select(DEVICE.c.unit, DEVICE.c.name).where(DEVICE.c.id == world.desk.device)
        ).one() == (HAI_CHAU, "PC mới")
        held = HubLogStore(connection, world.hub.services.opened).held(world.desk.log.log)
    assert held is not None and held.judged == len(world.desk.log.records)
    assert world.ask().status_code == 200  # known again: nothing has to be shown any more


def test_until_it_is_known_again_it_delivers_and_is_told_of_the_province_alone(world: Restored) -> None:
    other = world.hub.enrol(HAI_CHAU, "PC quầy 3")
    world.hub.deliver(_at_work(other))
    world.hub.judge()
    answer = world.answered()
    with reading(world.hub.services.engine) as connection:
        store = HubLogStore(connection, world.hub.services.opened)
        communes = {log.commune for log in store.held_logs() if log.id in _logs_of(answer)}
    assert communes == {world.hub.services.province}


def test_a_voucher_is_believed_under_a_registry_key_in_use_alone_and_for_its_own_device(
    world: Restored,
) -> None:
    stranger = new_signing_key()
    header, signature = world.voucher
    for voucher in ([header, bytes(64)], [header[:-1] + b"\xff", signature], [b"\0" * 40, signature]):
        assert refusal(world.ask(voucher=voucher)) == (403, "ROUND_DEVICE")
    another = world.ask(voucher=world.voucher, signer=stranger, device=stranger.public.id)
    assert refusal(another) == (403, "ROUND_DEVICE")
    officer = next(r for r in world.records if r.header.kind == "key.stated" and r.header.facts.get("device"))
    shown = [officer.header_bytes, officer.signature]
    assert refusal(world.ask(voucher=shown)) == (403, "ROUND_DEVICE")
    assert refusal(world.ask(voucher=world.voucher, signer=stranger)) == (403, "ROUND_SIGNATURE")
    assert refusal(world.ask(voucher=[header])) == (400, "ROUND_FORMAT")


def test_a_pc_that_is_cut_off_gains_nothing_by_a_voucher(world: Restored) -> None:
    world.answered(runs=[world.province])
    world.hub.judge()
    with writing(world.hub.services.engine) as connection:
        revoke_device(
            connection, world.hub.services, world.desk.device, cause=Cause.LOST, act=Act(actor="khoa")
        )
    other = world.hub.enrol(HAI_CHAU, "PC quầy 3")
    world.hub.deliver(_at_work(other))
    world.hub.judge()
    assert other.log.log not in _logs_of(world.answered())


def test_vouchers_that_show_nothing_are_soon_not_looked_at_any_more(world: Restored) -> None:
    for _ in range(FAILURES_ALLOWED):
        assert refusal(world.ask(voucher=[world.voucher[0], bytes(64)])) == (403, "ROUND_DEVICE")
    assert refusal(world.ask(voucher=world.voucher)) == (429, "THROTTLED")
    world.hub.clock.now += 60 * 60 * 1000
    assert world.ask(voucher=world.voucher).status_code == 200


def test_a_code_that_was_open_in_the_back_up_enrols_nobody(world: Restored) -> None:
    with reading(world.hub.services.engine) as connection:
        codes = {code.device_name: code for code in list_codes(connection)}
    assert codes["PC quầy 2"].used_ms is None
    assert codes["PC quầy 2"].expires_ms < world.hub.clock.now
    assert codes["PC cũ"].used_ms is not None
    assert "PC mới" not in codes


def _at_work(desk: Desk) -> Desk:
    desk.log.write("dossier.noted", desk.log.new_dossier(), {}, {"note": "Ghi chú"})
    return desk


def _logs_of(answer: Any) -> set[str]:
    return {decode_run(frame).log for frame in answer.runs}


def test_officers_whom_the_pc_stated_come_back_with_it_however_its_logs_arrive(commune: Commune) -> None:
    """The statement of its administrator stands in the province's log, the administrator's own words in the PC's: one batch, any order."""
    commune.add()
    backup = take_backup(commune.hub).path
    pc = commune.add()
    restore_backup(commune.hub, backup)
    opened = open_services(commune.hub.config, lock_cost=LockCost.TEST)
    pc.line = HttpLine(replace(opened, clock=commune.clock))
    commune.hub = pc.line.hub
    for _ in range(3):
        pc.receive()
        assert pc.sync().is_done
    with reading(commune.hub.engine) as connection:
        assert commune.hub.trust.current(connection).statement(pc.lan.key) is not None
