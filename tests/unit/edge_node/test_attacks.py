"""What a node does with records that well-placed liars send it: a colleague's PC that plays the province, a hub that forges."""

from pathlib import Path

import msgspec
import pytest

from edge_node.projection.service import quarantined_of, rebuild
from edge_node.store import SqliteLogStore
from edge_node.sync.absorb import absorb
from signing.roles import Role
from sync_protocol.frame import encode_run
from sync_protocol.log import Run, make_seal
from sync_protocol.record import Record, compose, record_link, unverified
from tests.support.log_builder import LogBuilder, key
from tests.support.office import TestOffice, make_office


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


@pytest.fixture
def rogue(office: TestOffice) -> LogBuilder:
    """A second PC of the same unit, enrolled and then turned."""
    log = LogBuilder(device="PC2", commune=office.office.unit)
    office.province.state(log.device, [Role.DEVICE], unit=office.office.unit, officer=None, name="PC2")
    take_all(office)
    return log


def take_all(office: TestOffice) -> None:
    run = office.province.log.run(sealed=True)
    absorb(office.db, office.services, office.office, [encode_run(run)])


def deliver(office: TestOffice, log: LogBuilder) -> list[str]:
    """The hub hands this log on; returns why it was not taken."""
    found = absorb(office.db, office.services, office.office, [encode_run(log.run(sealed=True))])
    return [problem.reason.code for problem in found.problems]


def test_a_colleagues_pc_gives_no_verdict(office: TestOffice, rogue: LogBuilder) -> None:
    """A PC of the unit signs «the province refuses this»: the record is kept in its chain and has no effect."""
    dossier = office.receive("Nguyễn Thị Hoa")
    (record,) = SqliteLogStore(office.db).dossier_records(dossier)
    facts = {
        "record": record.id, "log": record.header.log, "seq": record.header.seq, "outcome": "quarantined",
        "code": "RECORD_ROLE", "retryable": False, "unit": office.office.unit,
    }  # fmt: skip
    rogue.add("verdict.given", facts)
    assert deliver(office, rogue) == []
    assert SqliteLogStore(office.db).record(rogue.records[-1].id) is not None
    assert quarantined_of(office.db, dossier) == frozenset()
    rebuild(office.db)
    assert quarantined_of(office.db, dossier) == frozenset()


def test_a_hub_cannot_write_in_an_officers_name(office: TestOffice, rogue: LogBuilder) -> None:
    """The hub holds every chain and can seal none of them; a record under another's key does not verify."""
    honest = rogue.note("Đã gọi điện", "d" * 32)
    signature = key("hub").sign("motcua.record", honest.header_bytes)
    link = record_link(honest.id, signature)
    forged = Record(
        honest.header, honest.header_bytes, signature, honest.id, link, honest.body, honest.body_state
    )
    rogue.records[-1] = forged
    assert deliver(office, rogue) != []
    assert SqliteLogStore(office.db).record(honest.id) is None


def test_a_hub_cannot_change_what_it_handed_on(office: TestOffice, rogue: LogBuilder) -> None:
    """A second version of a record that is held here is another branch, never a replacement."""
    rogue.note("Đã gọi điện", "d" * 32)
    assert deliver(office, rogue) == []
    before = SqliteLogStore(office.db).span(rogue.id, 0)
    old = rogue.records[-1]
    changed = compose(
        msgspec.structs.replace(old.header, at=(old.header.at[0] + 1, 0)), old.body, rogue.device
    )
    seal = make_seal(rogue.id, len(rogue.records), changed.link, rogue.device)
    records = tuple(map(unverified, (*rogue.records[:-1], changed)))
    frame = encode_run(Run(log=rogue.id, first=0, records=records, seal=seal))
    found = absorb(office.db, office.services, office.office, [frame])
    assert rogue.id in found.forked
    assert SqliteLogStore(office.db).span(rogue.id, 0) == before


def test_a_seal_of_the_hub_closes_no_log_of_a_pc(office: TestOffice, rogue: LogBuilder) -> None:
    rogue.note("Đã gọi điện", "d" * 32)
    seal = make_seal(rogue.id, len(rogue.records), rogue.records[-1].link, key("hub"))
    frame = encode_run(msgspec.structs.replace(rogue.run(), seal=seal))
    found = absorb(office.db, office.services, office.office, [frame])
    assert [problem.reason.code for problem in found.problems] != []
    assert SqliteLogStore(office.db).frontier([rogue.id]) == {}
