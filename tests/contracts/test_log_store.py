"""What every store of logs must keep, run on each of them: a fake that passes is proven equal to the real."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from central_hub.store.engine import open_engine, sqlite_url
from central_hub.store.opened_runs import OpenedRuns
from central_hub.store.record_log import HubLogStore
from central_hub.store.schema import upgrade
from edge_node.store import SqliteLogStore, open_database
from edge_node.store.migrations import ensure_guards, store_migrations
from sync_protocol.erasure import Erasure
from sync_protocol.errors import LogForked, LogGap
from sync_protocol.log import Run, branch_id, make_seal, verify_seal
from sync_protocol.log_store import LogStore, MemoryLogStore
from sync_protocol.record import BodyState
from tests.support.log_builder import LogBuilder, hex32

Factory = Callable[[Path], LogStore]


def sqlite_store(folder: Path) -> LogStore:
    db = open_database(folder / "node.db")
    store_migrations.apply(db)
    ensure_guards(db)
    return SqliteLogStore(db)


def hub_store(folder: Path) -> LogStore:
    engine = open_engine(sqlite_url(folder / "hub.db"))
    upgrade(engine)
    return HubLogStore(engine.connect(), OpenedRuns())


FACTORIES: dict[str, Factory] = {
    "memory": lambda folder: MemoryLogStore(),
    "sqlite": sqlite_store,
    "hub": hub_store,
}


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LogStore:
    return FACTORIES[request.param](tmp_path)


@pytest.fixture
def log() -> LogBuilder:
    builder = LogBuilder()
    for number in range(9):
        builder.note(f"ghi chú {number}", dossier=hex32(f"dossier {number % 2}"))
    return builder


def test_an_empty_store_holds_nothing(store: LogStore) -> None:
    assert dict(store.frontier()) == {}
    assert store.span("0" * 32, 0) == []
    assert store.seal("0" * 32) is None
    assert store.link_at("0" * 32, 1) is None
    assert store.record("0" * 64) is None
    assert store.dossier_records("0" * 32) == []


def test_what_was_appended_comes_back_byte_for_byte(store: LogStore, log: LogBuilder) -> None:
    assert store.append(log.run()) == 10
    assert store.span(log.id, 0) == log.records
    assert [r.header_bytes for r in store.span(log.id, 0)] == [r.header_bytes for r in log.records]
    assert store.record(log.records[3].id) == log.records[3]


def test_the_frontier_is_length_and_head(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run(0, 4))
    entry = store.frontier()[log.id]
    assert (entry.base, entry.length, entry.head) == (0, 4, log.records[3].link)
    assert dict(store.frontier([log.id, "0" * 32])) == {log.id: entry}
    assert dict(store.frontier([])) == {}


def test_appending_again_changes_nothing(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    assert store.append(log.run()) == 0
    assert store.append(log.run(2, 5)) == 0
    assert store.frontier()[log.id].length == 10


def test_an_overlapping_run_adds_its_new_part(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run(0, 6))
    assert store.append(log.run(4)) == 4
    assert store.span(log.id, 0) == log.records


def test_a_run_beyond_the_end_is_a_gap(store: LogStore, log: LogBuilder) -> None:
    with pytest.raises(LogGap):
        store.append(log.run(3))
    store.append(log.run(0, 3))
    with pytest.raises(LogGap) as gap:
        store.append(log.run(5))
    assert gap.value.held == 3
    assert store.frontier()[log.id].length == 3


def test_another_branch_changes_nothing(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    other = LogBuilder()
    for number in range(12):
        other.note(f"nhánh khác {number}", dossier=hex32("dossier 0"))
    with pytest.raises(LogForked) as fork:
        store.append(other.run())
    assert fork.value.seq == 1
    assert store.span(log.id, 0) == log.records
    assert store.record(other.records[11].id) is None


def test_a_span_stops_where_it_is_told(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    assert store.span(log.id, 2, stop=5) == log.records[2:5]
    assert store.span(log.id, 2, bytes_max=1) == log.records[2:3]
    assert store.span(log.id, 10) == []
    two = sum(len(r.header_bytes) + 64 + (len(r.body.content) + 16 if r.body else 0) for r in log.records[:2])
    assert store.span(log.id, 0, bytes_max=two) == log.records[:2]


def test_link_at_a_length(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    assert store.link_at(log.id, 4) == log.records[3].link
    assert store.link_at(log.id, 0) is None
    assert store.link_at(log.id, 11) is None


def test_seals_are_kept_at_their_length(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run(0, 4, sealed=True))
    store.append(log.run(4, sealed=True))
    seal = store.seal(log.id)
    assert seal is not None and (seal.length, seal.head) == (10, log.records[9].link)
    earlier = store.seal(log.id, at_most=9)
    assert earlier is not None and earlier.length == 4
    assert store.seal(log.id, at_most=3) is None


def test_a_seal_may_come_twice_or_later(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    seal = make_seal(log.id, 6, log.records[5].link, log.device)
    store.add_seal(seal)
    store.add_seal(seal)
    assert store.seal(log.id) == seal


def test_a_seal_that_contradicts_the_log_is_refused(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run(0, 4))
    with pytest.raises(LogForked):
        store.add_seal(make_seal(log.id, 4, log.records[5].link, log.device))
    with pytest.raises(LogForked):
        store.add_seal(make_seal(log.id, 9, log.records[8].link, log.device))
    assert store.seal(log.id) is None


def test_records_of_a_dossier(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    found = store.dossier_records(hex32("dossier 0"))
    assert sorted(r.id for r in found) == sorted(r.id for r in log.records[1::2])


def test_logs_do_not_mix(store: LogStore, log: LogBuilder) -> None:
    other = LogBuilder(device="another device")
    store.append(log.run(0, 3))
    store.append(other.run())
    assert set(store.frontier()) == {log.id, other.id}
    assert store.span(other.id, 0) == other.records


@pytest.mark.parametrize("state", [BodyState.LOST, BodyState.WITHHELD])
def test_a_body_may_come_after_its_header(store: LogStore, log: LogBuilder, state: BodyState) -> None:
    run = log.run()
    bare = tuple(
        msgspec.structs.replace(r, body=None, body_state=state) if r.body else r for r in run.records
    )
    store.append(msgspec.structs.replace(run, records=bare))
    held = store.record(log.records[2].id)
    assert held is not None and (held.body, held.body_state) == (None, state)
    body = log.records[2].body
    assert body is not None
    store.put_body(log.records[2].id, body)
    store.put_body(log.records[2].id, body)
    assert store.record(log.records[2].id) == log.records[2]


def test_an_unknown_record_takes_no_body(store: LogStore, log: LogBuilder) -> None:
    body = log.records[2].body
    assert body is not None
    with pytest.raises(KeyError):
        store.put_body("0" * 64, body)


DOSSIER = hex32("dossier 0")
ORDER = "e" * 64


def order(
    log: LogBuilder, *numbers: int, commune: str = "", dossier: str = DOSSIER, name: str = ORDER
) -> Erasure:
    records = frozenset(log.records[number].id for number in numbers)
    return Erasure(order=name, commune=commune or log.commune, dossier=dossier, records=records)


def states(store: LogStore, log: LogBuilder) -> list[BodyState]:
    return [record.body_state for record in store.span(log.id, 0)]


def expected(log: LogBuilder, *erased: int, state: BodyState = BodyState.ERASED) -> list[BodyState]:
    return [state if i in erased else r.body_state for i, r in enumerate(log.records)]


def links(store: LogStore, log: LogBuilder) -> list[str]:
    return [record.link for record in store.span(log.id, 0)]


def test_an_order_erases_the_bodies_it_names_and_nothing_else(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run(sealed=True))
    store.erase(order(log, 1, 5))
    assert states(store, log) == expected(log, 1, 5)
    held = store.record(log.records[1].id)
    assert held is not None and held.body is None and held.header_bytes == log.records[1].header_bytes
    assert links(store, log) == [record.link for record in log.records]
    assert store.seal(log.id) == log.run(sealed=True).seal
    assert {r.id for r in store.dossier_records(DOSSIER)} == {log.records[n].id for n in (1, 3, 5, 7, 9)}


def test_an_order_without_records_erases_the_whole_dossier(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    store.erase(order(log))
    assert states(store, log) == expected(log, 1, 3, 5, 7, 9)


def test_an_order_that_came_first_holds_for_what_comes_later(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run(0, 4))
    store.erase(order(log))
    store.append(log.run(2))
    assert states(store, log) == expected(log, 1, 3, 5, 7, 9)


def test_neither_an_old_frame_nor_a_late_body_brings_an_erased_body_back(
    store: LogStore, log: LogBuilder
) -> None:
    store.append(log.run(0, 6))
    store.erase(order(log, 1))
    assert store.append(log.run(0, 6)) == 0
    body = log.records[1].body
    assert body is not None
    store.put_body(log.records[1].id, body)
    assert states(store, log) == expected(log, 1)[:6]


def test_an_order_erases_a_body_that_came_late(store: LogStore, log: LogBuilder) -> None:
    run, body = log.run(), log.records[1].body
    lost = msgspec.structs.replace(run.records[1], body=None, body_state=BodyState.LOST)
    store.append(msgspec.structs.replace(run, records=(run.records[0], lost, *run.records[2:])))
    assert body is not None
    store.put_body(log.records[1].id, body)
    store.erase(order(log, 1))
    assert states(store, log) == expected(log, 1)


def test_an_order_reaches_no_record_of_another_unit_or_dossier(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    store.erase(order(log, commune="20194"))
    store.erase(order(log, 2, name="d" * 64))
    assert states(store, log) == expected(log)


def test_erasing_twice_is_erasing_once(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    for _ in range(2):
        store.erase(order(log, 3))
    assert states(store, log) == expected(log, 3)


def test_nobody_can_pass_off_a_withheld_body_as_erased(store: LogStore, log: LogBuilder) -> None:
    run = log.run()
    told = msgspec.structs.replace(run.records[1], body=None, body_state=BodyState.ERASED)
    store.append(msgspec.structs.replace(run, records=(run.records[0], told, *run.records[2:])))
    assert states(store, log) == expected(log, 1, state=BodyState.LOST)
    store.erase(order(log, 1))
    assert states(store, log) == expected(log, 1)


def other_branch(log: LogBuilder, common: int) -> LogBuilder:
    """What a copy of the disk went on to write after the first `common` records."""
    twin = LogBuilder()
    twin.records = list(log.records[:common])
    for number in range(4):
        twin.note(f"bản sao {number}", dossier=hex32("dossier 0"))
    return twin


def branch_run(twin: LogBuilder, first: int, stop: int | None = None, *, common: int) -> Run:
    """The records of a copy in the form in which its branch is kept."""
    plain = twin.run(first, stop, sealed=True)
    name = branch_id(twin.id, twin.records[common].link)
    seal = msgspec.structs.replace(plain.seal, log=name) if plain.seal else None
    return msgspec.structs.replace(plain, log=name, seal=seal)


def test_a_branch_is_kept_beside_its_log(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    twin = other_branch(log, 6)
    assert store.append(branch_run(twin, 6, 8, common=6)) == 2
    run = branch_run(twin, 7, common=6)
    assert store.append(run) == 2
    assert store.append(run) == 0
    entry = store.frontier()[run.log]
    assert (entry.base, entry.length, entry.head) == (6, 10, twin.records[9].link)
    assert store.span(run.log, 0) == twin.records[6:]
    assert store.span(run.log, 8, stop=9) == twin.records[8:9]
    assert store.span(log.id, 0) == log.records
    assert [store.link_at(run.log, n) for n in (5, 6, 7, 10, 11)] == [
        None, log.records[5].link, twin.records[6].link, twin.records[9].link, None,
    ]  # fmt: skip
    assert store.record(twin.records[8].id) == twin.records[8]
    assert {r.id for r in twin.records[6:]} < {r.id for r in store.dossier_records(hex32("dossier 0"))}
    seal = store.seal(run.log)
    assert seal is not None
    verify_seal(seal, log.device.public, origin=log.id)


def test_a_branch_begins_with_the_record_that_names_it(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    twin = other_branch(log, 6)
    with pytest.raises(LogGap):
        store.append(branch_run(twin, 7, common=6))
    assert dict(store.frontier()).keys() == {log.id}


def test_a_branch_has_branches(store: LogStore, log: LogBuilder) -> None:
    store.append(log.run())
    twin = other_branch(log, 6)
    other = other_branch(twin, 8)
    other.note("khác nữa", dossier=hex32("dossier 1"))
    store.append(branch_run(twin, 6, common=6))
    with pytest.raises(LogForked) as fork:
        store.append(branch_run(other, 6, common=6))
    store.append(branch_run(other, fork.value.seq, common=fork.value.seq))
    assert len(store.frontier()) == 3
