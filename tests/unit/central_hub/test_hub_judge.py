"""The judge: what is applied, what waits, what is refused, and that each record ends in exactly one of these."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from central_hub.ingest.service import acknowledge
from central_hub.judge import deciding, service
from central_hub.judge.batch import Batch
from central_hub.judge.service import Judge
from central_hub.judge.standings import list_standings
from central_hub.projection import projector
from central_hub.projection.projector import Projector, scope_digest
from central_hub.projection.rebuild import rebuild
from central_hub.projection.views import view_dossier
from central_hub.registry.leases import leases_of_unit
from central_hub.settings import EPOCH, put_setting
from central_hub.store.engine import reading, writing
from central_hub.store.opened_runs import OpenedRuns
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DERIVED, DOSSIER, KEY
from dossiers.merge import FOLD_VERSION, fold, fold_in_order, state_hash
from dossiers.rules import RULES
from signing.roles import Role
from signing.statements import KeyStatement
from sync_protocol import reasons
from sync_protocol.digest import dossier_digest, record_set_hash, to_bytes
from sync_protocol.frame import encode_run
from sync_protocol.log import Run, make_seal
from sync_protocol.record import compose, open_record, unverified
from tests.support.device_log import key_of
from tests.support.histories import received_facts
from tests.support.hub import Desk, ProvinceHub, found_province, populate, reorganise
from tests.support.later import reading_later

HAI_CHAU = "20242"
PERSON = {"fields": {"applicant.name": "Nguyễn Thị Lan"}}


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def desk(hub: ProvinceHub) -> Desk:
    return hub.enrol(HAI_CHAU)


def receive(desk: Desk, **header: Any) -> str:
    dossier = desk.log.new_dossier()
    number = len(desk.log.records)
    facts = received_facts(
        code=f"H17.{HAI_CHAU}-261123-{number:04d}",
        receiving=HAI_CHAU,
        competent=HAI_CHAU,
        received=desk.log.wall_ms,
        fields=["applicant.name"],
        papers=[],
    )
    desk.log.write("dossier.received", dossier, facts, PERSON, **header)
    return dossier


def note(desk: Desk, dossier: str, **header: Any) -> str:
    return desk.log.write("dossier.noted", dossier, {}, {"note": "Đã gọi điện"}, **header).id


def standings(hub: ProvinceHub) -> dict[str, tuple[str, str]]:
    with reading(hub.services.engine) as connection:
        lines = list_standings(connection, page_rows=500).lines
    return {line.record: (line.outcome.value, line.code) for line in lines}


def verdicts(hub: ProvinceHub) -> list[tuple[str, str, str | None]]:
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        own = [
            log for log in store.held_logs(commune=HAI_CHAU) if log.device == hub.services.keys.hub.public.id
        ]
        records = [record for log in own for record in store.span(log.id, 0)]
    return [
        (r.header.facts["record"], r.header.facts["outcome"], r.header.facts["code"])
        for r in records
        if r.header.kind == "verdict.given"
    ]


def counted(hub: ProvinceHub) -> int:
    with reading(hub.services.engine) as connection:
        return len(connection.execute(select(DOSSIER.c.id).where(DOSSIER.c.accepted_day.is_not(None))).all())


def test_honest_records_are_applied_without_a_word(hub: ProvinceHub, desk: Desk) -> None:
    dossiers = [receive(desk) for _ in range(4)]
    note(desk, dossiers[0])
    hub.deliver(desk)
    assert hub.judge() == 6
    assert standings(hub) == {} and verdicts(hub) == [] and counted(hub) == 4
    assert hub.judge() == 0


def test_no_commune_acts_in_another_communes_dossier(hub: ProvinceHub, desk: Desk) -> None:
    """A neighbour's well-signed withdrawal was applied at the hub, and the owner's digest differed from then on."""
    dossier = receive(desk)
    hub.deliver(desk)
    hub.judge()
    with reading(hub.services.engine) as connection:
        before = scope_digest(connection, HAI_CHAU)
    neighbour = hub.enrol("20257", officer="Trần Thị Mỹ Duyên")
    parents = (desk.log.heads[dossier][0],)
    facts = {"from": 2, "to": 7, "action": "withdraw"}
    alien = neighbour.log.write("dossier.moved", dossier, facts, {"ground": "Đơn xin rút"}, parents=parents)
    hub.deliver(neighbour)
    hub.judge()
    assert standings(hub) == {alien.id: ("quarantined", "RECORD_UNIT")}
    with reading(hub.services.engine) as connection:
        view = view_dossier(connection, hub.services, dossier)
        assert scope_digest(connection, HAI_CHAU) == before
    assert view is not None and view.status == 2
    rebuild(hub.services)
    with reading(hub.services.engine) as connection:
        assert scope_digest(connection, HAI_CHAU) == before


def test_the_first_record_of_a_device_brings_it_a_lease(hub: ProvinceHub, desk: Desk) -> None:
    hub.deliver(desk)
    hub.judge()
    hub.judge()
    with reading(hub.services.engine) as connection:
        leases = leases_of_unit(connection, HAI_CHAU)
    assert [(lease.first, lease.last, lease.log) for lease in leases] == [(1, 500, desk.log.log)]


def test_a_sealed_record_with_a_wrong_signature_is_refused_and_only_its_descendants(
    hub: ProvinceHub, desk: Desk
) -> None:
    first, second = receive(desk), receive(desk)
    relinked = _with_a_wrong_signature(desk)
    acknowledge(hub.services, desk.device, [encode_run(relinked)])
    hub.judge()
    found = standings(hub)
    assert found[relinked.records[1].id] == ("quarantined", "RECORD_SIGNATURE")
    assert {code for _, code in found.values()} == {"RECORD_SIGNATURE"}
    assert [(record, outcome) for record, outcome, _ in verdicts(hub)] == [
        (relinked.records[1].id, "quarantined")
    ]
    with reading(hub.services.engine) as connection:
        assert view_dossier(connection, hub.services, second) is not None
    assert counted(hub) == 1 and first != second


def _with_a_wrong_signature(desk: Desk) -> Run:
    """The device's log with a record 1 that nobody signed: record 2 goes on from its link, the seal vouches for all."""
    opening, wrong, last = desk.log.records
    bad = open_record(wrong.header_bytes, bytes(64), wrong.body)
    again = compose(msgspec.structs.replace(last.header, prev=bad.link), last.body, desk.log.officer)
    return Run(
        log=desk.log.log,
        first=0,
        records=(unverified(opening), bad, unverified(again)),
        seal=make_seal(desk.log.log, 3, again.link, desk.log.device),
    )


def test_a_record_waits_for_its_parent_and_is_then_applied(hub: ProvinceHub, desk: Desk) -> None:
    other = hub.enrol(HAI_CHAU, "PC quầy 2", officer="Lê Văn Minh")
    dossier = receive(desk)
    parent = desk.log.heads[dossier]
    child = other.log.write("dossier.noted", dossier, {}, {"note": "Ghi ở máy khác"}, parents=parent)
    grandchild = other.log.write("dossier.noted", dossier, {}, {"note": "Ghi tiếp"})
    hub.deliver(other)
    hub.judge()
    assert standings(hub) == {
        child.id: ("pending", "RECORD_PARENT_PENDING"),
        grandchild.id: ("pending", "RECORD_PARENT_PENDING"),
    }
    assert counted(hub) == 0
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {} and counted(hub) == 1
    assert [(record, outcome) for record, outcome, _ in verdicts(hub)] == [
        (child.id, "pending"),
        (grandchild.id, "pending"),
        (child.id, "applied"),
        (grandchild.id, "applied"),
    ]


def test_what_descends_from_a_refused_record_is_held_and_everything_else_flows(
    hub: ProvinceHub, desk: Desk
) -> None:
    good, bad = receive(desk), desk.log.new_dossier()
    refused = desk.log.write("dossier.noted", bad, {}, {"note": "x"}, signer=desk.log.device)
    after = note(desk, bad)
    note(desk, good)
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {
        refused.id: ("quarantined", "RECORD_ROLE"),
        after: ("quarantined", "RECORD_PARENT_REFUSED"),
    }
    assert counted(hub) == 1
    past_it = note(desk, bad, parents=())
    hub.deliver(desk)
    hub.judge()
    assert past_it not in standings(hub)


def test_a_record_by_an_unknown_key_is_applied_once_the_key_is_stated(hub: ProvinceHub, desk: Desk) -> None:
    minh = key_of("Lê Văn Minh")
    dossier = desk.log.new_dossier()
    facts = received_facts(receiving=HAI_CHAU, competent=HAI_CHAU, fields=["applicant.name"], papers=[])
    early = desk.log.write("dossier.received", dossier, facts, PERSON, signer=minh)
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {early.id: ("quarantined", "RECORD_KEY_UNKNOWN")}
    stated = KeyStatement(
        key=minh.public,
        roles=frozenset({Role.RECEPTIONIST}),
        unit=HAI_CHAU,
        officer="ab" * 16,
        device=desk.device,
        issuer=desk.log.officer.public.id,
        delegated=True,
    )
    plain = {**stated.facts(), "roles": ["receptionist"]}
    desk.log.write("key.stated", None, plain, {"name": "Lê Văn Minh"})
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {} and counted(hub) == 1


def test_a_unit_administrator_gives_no_higher_role(hub: ProvinceHub, desk: Desk) -> None:
    stated = KeyStatement(
        key=key_of("Lê Văn Minh").public,
        roles=frozenset({Role.LEADER}),
        unit=HAI_CHAU,
        officer="ab" * 16,
        device=desk.device,
        issuer=desk.log.officer.public.id,
        delegated=True,
    )
    record = desk.log.write("key.stated", None, {**stated.facts(), "roles": ["leader"]}, {"name": "Minh"})
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {record.id: ("quarantined", "MC_ROLE")}
    with reading(hub.services.engine) as connection:
        assert key_of("Lê Văn Minh").public.id not in connection.scalars(select(KEY.c.id)).all()


def test_facts_outside_their_schema_are_refused(hub: ProvinceHub, desk: Desk) -> None:
    record = desk.log.write("dossier.noted", receive(desk), {"free": "text"}, {"note": "x"})
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {record.id: ("quarantined", "DOSSIER_FACTS")}


def test_an_unknown_kind_is_stored_and_flows(hub: ProvinceHub, desk: Desk) -> None:
    record = desk.log.write("weather.seen", None, {"rain": 1}, {"words": "Mưa"})
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {record.id: ("pending", "RECORD_VERSION")}
    with reading(hub.services.engine) as connection:
        found = HubLogStore(connection, hub.services.opened).record(record.id)
    assert found is not None and found.header_bytes == record.header_bytes and found.body == record.body


def test_a_later_version_is_kept_waits_alone_and_is_judged_after_an_update(
    hub: ProvinceHub, desk: Desk
) -> None:
    """A known kind of a later version was judged by today's schema, refused for good, and took its descendants along."""
    dossier = receive(desk)
    later = desk.log.write("dossier.noted", dossier, {}, {"note": "Ghi chú"}, later={"members": {}})
    strange = desk.log.write(
        "dossier.noted", dossier, {}, {"words": 3}, later={"facts": {"code": ["x"]}, "members": {}}
    )
    after = note(desk, dossier)
    hub.deliver(desk)
    hub.judge()
    waiting = {record.id: ("pending", "RECORD_VERSION") for record in (later, strange)}
    assert standings(hub) == waiting
    assert {(record, code) for record, _, code in verdicts(hub)} == {(r, "RECORD_VERSION") for r in waiting}
    with reading(hub.services.engine) as connection:
        view = view_dossier(connection, hub.services, dossier)
        held = HubLogStore(connection, hub.services.opened)
        for record in (later, strange):
            kept = held.record(record.id)
            assert kept is not None and kept.header_bytes == record.header_bytes and kept.body == record.body
    assert view is not None
    told = {entry.record: entry.standing for entry in view.timeline}
    assert [told[each] for each in (later.id, strange.id, after)] == ["unread", "unread", "applied"]
    assert [entry.record for entry in view.notes] == [after]
    grown = _tables(hub)
    rebuild(hub.services)
    assert _tables(hub) == grown
    assert hub.judge() == 0 and standings(hub) == waiting, "the same program says it once"
    with reading_later(2):
        hub.services = replace(hub.services, opened=OpenedRuns())
        hub.judge()
        assert standings(hub) == {strange.id: ("quarantined", "DOSSIER_FACTS")}
        assert (later.id, "applied", None) in verdicts(hub)


def test_nobody_writes_what_cannot_be_read_into_another_communes_dossier(
    hub: ProvinceHub, desk: Desk
) -> None:
    dossier = receive(desk)
    hub.deliver(desk)
    hub.judge()
    neighbour = hub.enrol("20257", officer="Trần Thị Mỹ Duyên")
    alien = neighbour.log.write("dossier.received", dossier, {}, {"x": 1}, later={})
    hub.deliver(neighbour)
    with reading(hub.services.engine) as connection:
        before = scope_digest(connection, HAI_CHAU)
    hub.judge()
    assert standings(hub) == {alien.id: ("pending", "RECORD_VERSION")}
    with reading(hub.services.engine) as connection:
        assert scope_digest(connection, HAI_CHAU) == before
    grown = _tables(hub)
    rebuild(hub.services)
    assert _tables(hub) == grown


def _fold_that_fails_on(record: str) -> Any:
    def fold(order: Any, refused: Any, *, ill: Any) -> Any:
        if any(each.id == record for each in order.records):
            raise ZeroDivisionError("an unexpected fault")
        return fold_in_order(order, refused, ill=ill)

    return fold


def test_a_fault_of_the_judge_holds_back_one_record_and_its_descendants(
    hub: ProvinceHub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge ended on the record, started again, and met it again: nothing of any commune was judged any more."""
    dossiers = [receive(desk) for _ in range(6)]
    poisonous = note(desk, dossiers[2])
    after = note(desk, dossiers[2])
    hub.deliver(desk)
    neighbour = hub.enrol("20257", officer="Trần Thị Mỹ Duyên")
    hub.deliver(neighbour)
    monkeypatch.setattr(projector, "fold_in_order", _fold_that_fails_on(poisonous))
    hub.judge()
    held_back = {poisonous: ("pending", "RECORD_FAULT"), after: ("pending", "RECORD_PARENT_PENDING")}
    assert standings(hub) == held_back
    assert counted(hub) == 6
    late = receive(desk)
    hub.deliver(desk)
    hub.judge()
    assert counted(hub) == 7 and late
    assert standings(hub) == held_back
    monkeypatch.undo()
    hub.judge()  # a judge that starts anew tries again
    assert standings(hub) == {}
    with reading(hub.services.engine) as connection:
        view = view_dossier(connection, hub.services, dossiers[2])
    assert view is not None and len(view.timeline) == 3
    grown = _tables(hub)
    rebuild(hub.services)
    assert _tables(hub) == grown


def test_a_fault_for_which_no_record_is_to_blame_is_raised(
    hub: ProvinceHub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(desk)
    hub.deliver(desk)
    with monkeypatch.context() as broken:
        broken.setattr("central_hub.judge.service.apply_protocol", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            hub.judge()
    assert standings(hub) == {}
    hub.judge()
    assert counted(hub) == 1


def test_a_dossier_that_is_judged_while_its_commune_is_merged_is_the_successors(
    hub: ProvinceHub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was made by the units of a moment before, after the others were put down to be re-homed: it never was."""
    receive(desk)
    hub.deliver(desk)
    decide = service.decide

    def and_merge_meanwhile(batch: Batch, projector: Projector) -> None:
        decide(batch, projector)
        monkeypatch.undo()
        with monkeypatch.context() as patch:
            patch.setattr(ProvinceHub, "judge", lambda _: 0)
            reorganise(hub, HAI_CHAU, "20257")

    monkeypatch.setattr(service, "decide", and_merge_meanwhile)
    hub.judge()
    with reading(hub.services.engine) as connection:
        assert [row.keeper for row in connection.execute(select(DOSSIER.c.keeper))] == ["20991"]
    grown = _tables(hub)
    rebuild(hub.services)
    assert _tables(hub) == grown


def test_no_batch_is_too_small(hub: ProvinceHub, desk: Desk) -> None:
    for _ in range(5):
        note(desk, receive(desk))
    while desk.sent < len(desk.log.records):
        hub.deliver(desk, stop=desk.sent + 1)
    judge = Judge(hub.services)
    while judge.judge_pending(batches_max=1):
        pass
    assert counted(hub) == 5 and standings(hub) == {}


def test_who_has_nothing_in_hand_waits_for_few_signatures_only(
    hub: ProvinceHub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge stood still until the signatures of a whole batch were verified."""
    monkeypatch.setattr(service, "_FIRST_RECORDS", 2)
    for _ in range(20):
        receive(desk)
    while desk.sent < len(desk.log.records):
        hub.deliver(desk, stop=desk.sent + 1)
    judge, judged = Judge(hub.services), []
    while taken := judge.judge_pending(batches_max=1):
        judged.append(taken)
    assert judged == [2, 4, 8, 7]


def test_rebuilt_tables_are_the_tables_that_grew(hub: ProvinceHub) -> None:
    populate(hub, communes=3, a_day=2.0)
    hub.judge()
    grown = _tables(hub)
    assert len(grown["dossier"]) > 100 and len(grown["tally"]) > 100
    rebuild(hub.services)
    assert _tables(hub) == grown


def _tables(hub: ProvinceHub) -> dict[str, list[tuple[Any, ...]]]:
    with reading(hub.services.engine) as connection:
        return {
            table.name: sorted(tuple(row) for row in connection.execute(select(table))) for table in DERIVED
        }


class _OlderRules:
    """An older program, which looked at facts less closely."""

    def knows(self, kind: str) -> bool:
        return True

    def check(self, header: Any, content: Any) -> None:
        return None

    def roles(self, header: Any) -> Any:
        return RULES.roles(header)


def test_facts_that_an_older_program_let_in_have_no_effect_on_any_road(
    hub: ProvinceHub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge folds what it has checked without looking again; what it has not, it looks at as a PC does."""
    dossier = receive(desk)
    with monkeypatch.context() as older:
        older.setattr(deciding, "RULES", _OlderRules())
        older.setattr(projector, "fold_in_order", lambda order, refused, ill: fold_in_order(order, refused))
        odd = desk.log.write("dossier.assigned", dossier, {"officer": "somebody"}, {"note": "Xem giúp"})
        hub.deliver(desk)
        hub.judge()
    assert standings(hub) == {}
    note(desk, dossier)
    hub.deliver(desk)
    hub.judge()  # a program started anew: it reads the dossier from its logs
    with reading(hub.services.engine) as connection:
        grown = scope_digest(connection, HAI_CHAU)
        held = HubLogStore(connection, hub.services.opened).dossier_records(dossier)
    assert odd.id in {record.id for record in held}
    set_hash = record_set_hash(record.id for record in held)
    plain = dossier_digest(dossier, set_hash, FOLD_VERSION, state_hash(fold(held)))
    assert grown == to_bytes(plain)
    rebuild(hub.services)
    with reading(hub.services.engine) as connection:
        assert scope_digest(connection, HAI_CHAU) == grown


def test_another_life_of_the_hub_speaks_after_the_one_before(hub: ProvinceHub, desk: Desk) -> None:
    """Its clock stood an hour behind: its verdicts were earlier than those that they took the place of."""
    desk.log.write("dossier.noted", receive(desk), {"free": "text"}, {"note": "x"})
    hub.deliver(desk)
    hub.judge()
    with writing(hub.services.engine) as connection:
        put_setting(connection, EPOCH, "ab" * 16)
    hub.clock.now -= 3_600_000
    desk.log.write("dossier.noted", receive(desk), {"free": "text"}, {"note": "x"})
    hub.deliver(desk)
    hub.judge()
    with reading(hub.services.engine) as connection:
        store = HubLogStore(connection, hub.services.opened)
        own = [
            each
            for each in store.held_logs(commune=HAI_CHAU)
            if each.device == hub.services.keys.hub.public.id
        ]
        said = [[r.header.at for r in store.span(log.id, 0)] for log in own]
    assert len(said) == 2 and max(said[0]) < min(said[1])


def state_minh(desk: Desk, *roles: Role) -> None:
    """The unit's administrator says what Minh's key may do."""
    stated = KeyStatement(
        key=key_of("Lê Văn Minh").public,
        roles=frozenset(roles),
        unit=HAI_CHAU,
        officer="ab" * 16,
        device=desk.device,
        issuer=desk.log.officer.public.id,
        delegated=True,
    )
    facts = {**stated.facts(), "roles": sorted(role.value for role in roles)}
    desk.log.write("key.stated", None, facts, {"name": "Lê Văn Minh"})


@pytest.mark.parametrize("first", [(), (Role.RECEPTIONIST,)], ids=["key unknown", "role lacking"])
def test_a_key_that_gets_what_it_lacked_takes_along_what_waited(
    hub: ProvinceHub, desk: Desk, first: tuple[Role, ...]
) -> None:
    dossier = receive(desk)
    if first:
        state_minh(desk, *first)
    desk.log.write("dossier.moved", dossier, {"from": 2, "to": 4, "action": "forward"})
    facts = {"from": 4, "to": 4, "action": "submit"}
    moved = desk.log.write("dossier.moved", dossier, facts, signer=key_of("Lê Văn Minh"))
    after = note(desk, dossier)
    hub.deliver(desk)
    hub.judge()
    why = "RECORD_ROLE" if first else "RECORD_KEY_UNKNOWN"
    assert standings(hub) == {
        moved.id: ("quarantined", why),
        after: ("quarantined", "RECORD_PARENT_REFUSED"),
    }
    state_minh(desk, Role.RECEPTIONIST, Role.SPECIALIST)
    hub.deliver(desk)
    hub.judge()
    assert standings(hub) == {}
    given = verdicts(hub)
    assert {(moved.id, "applied", None), (after, "applied", None)} <= set(given)
    with reading(hub.services.engine) as connection:
        view = view_dossier(connection, hub.services, dossier)
    assert view is not None and view.status == 4 and len(view.notes) == 1


RETRIED = {
    "RECORD_KEY_UNKNOWN": "test_a_key_that_gets_what_it_lacked_takes_along_what_waited",
    "RECORD_ROLE": "test_a_key_that_gets_what_it_lacked_takes_along_what_waited",
    "RECORD_PARENT_PENDING": "test_a_record_waits_for_its_parent_and_is_then_applied",
    "RECORD_PARENT_REFUSED": "test_a_key_that_gets_what_it_lacked_takes_along_what_waited",
    "RECORD_FAULT": "test_a_fault_of_the_judge_holds_back_one_record_and_its_descendants",
    "RECORD_VERSION": "test_a_later_version_is_kept_waits_alone_and_is_judged_after_an_update",
    "RECORD_AFTER_CUT": "test_a_review_lets_late_records_stand",
    "RECORD_COPY": "test_a_key_that_a_copy_stated_counts_once_the_copy_is_confirmed",
}
"""Every cause that can go by itself or by a person's word, and the test that what waited for it is judged again."""
NOT_JUDGED = {"RECORD_BODY"}
"""Refused when it comes, so that the node sends it again; nothing of it is kept."""


def test_every_cause_that_can_go_has_a_test_that_it_is_tried_again() -> None:
    codes = {
        each.code for each in reasons.REASONS if each.retryable and each.code.startswith("RECORD_")
    } - NOT_JUDGED
    assert codes == set(RETRIED)
    tests = Path(__file__).parents[2]
    written = "\n".join(path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py"))
    assert {name for name in RETRIED.values() if f"def {name}(" not in written} == set()
