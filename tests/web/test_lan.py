"""PCs of one office among themselves: what goes over their network, what each believes, and what reaches the province."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from central_hub.settings import EPOCH, put_setting
from central_hub.store.engine import reading, writing
from central_hub.sync.carried import take_carried
from central_hub.sync.fleet import list_devices
from edge_node.journal import Draft, write
from edge_node.journal.service import unverified
from edge_node.lan.asking import meet
from edge_node.lan.beacons import own_beacon
from edge_node.lan.exchange import take_receipt
from edge_node.lan.serving import Serving
from edge_node.projection.lists import DossierFilter, Trail, count_dossiers, dossier_row, find_dossiers
from edge_node.store import SqliteLogStore, alerts, open_database
from edge_node.store.local import read_office
from edge_node.sync.absorb import absorb
from edge_node.sync.receipt import signed_receipt
from edge_node.sync.service import list_refusals
from edge_node.sync.status import read_status
from signing.status import Status
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.frame import encode_run
from sync_protocol.log import Run
from sync_protocol.receipts import Receipt, ReceiptEntry, sign_receipt
from tests.support.cable import Cable, met
from tests.support.log_builder import COMMUNE, key
from tests.support.pair import Commune, Pc, found_commune, founded_office


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    return founded_office(tmp_path_factory.mktemp("commune"), lease_size=5)


@pytest.fixture
def commune(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    """Two PCs with five numbers a day each, that know each other from the province and have no line to it now."""
    made = founded.copied(tmp_path / "commune")
    for pc in made.pcs:
        pc.line.is_down = True
    yield made
    made.close()


def waiting(pc: Pc) -> int:
    return read_status(pc.db, now=pc.clock()).waiting


def note(pc: Pc, dossier: str, text: str) -> None:
    write(
        pc.db,
        pc.services,
        pc.lan,
        [Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})],
    )


def test_a_colleagues_dossiers_are_in_lists_search_and_counts_at_once(commune: Commune) -> None:
    here, there = commune.pcs
    dossier = there.receive()
    assert count_dossiers(here.db) == 0
    outcome = met(here, there)
    assert outcome.problem is None and outcome.received > 0
    row = dossier_row(here.db, dossier)
    assert row is not None and row.applicant == "Nguyễn Thị Hoa"
    assert [each.id for each in find_dossiers(here.db, DossierFilter(text="hoa"))] == [dossier]
    assert count_dossiers(here.db, DossierFilter(is_unsent=True)) == 1
    assert row.trail is Trail.HERE


def test_whoever_asks_both_sides_end_with_the_same(commune: Commune) -> None:
    here, there = commune.pcs
    there.receive()
    mine = here.receive()
    note(here, mine, "gọi lại chiều nay")
    assert met(here, there).problem is None
    one, other = SqliteLogStore(here.db), SqliteLogStore(there.db)
    assert dict(one.frontier()) == dict(other.frontier())
    again = met(here, there)
    assert (again.sent, again.received) == (0, 0)


def test_an_idle_meeting_is_one_request(commune: Commune) -> None:
    here, there = commune.pcs
    known = met(here, there).known
    cable = Cable(there)
    again = meet(here.db, here.services, cable, known)
    assert again.problem is None and again.rounds == 1
    assert len(cable.heard) == 2


def test_not_yet_at_the_province_counts_what_colleagues_wrote(commune: Commune) -> None:
    here, there = commune.pcs
    before = waiting(here)
    there.receive()
    met(here, there)
    status = read_status(here.db, now=here.clock())
    assert status.waiting == before + 1 and status.others >= 1
    assert not status.is_full


def test_a_pc_without_a_line_reaches_the_province_through_a_colleague(commune: Commune) -> None:
    here, there = commune.pcs
    dossier = there.receive()
    note(there, dossier, "qua mạng cơ quan")
    met(here, there)
    here.line.is_down = False
    assert here.sync().is_done
    here.sync()
    assert waiting(here) == 0
    assert waiting(there) == 2
    assert met(there, here).problem is None
    status = read_status(there.db, now=there.clock())
    assert (status.waiting, status.unjudged) == (0, 0)
    row = dossier_row(there.db, dossier)
    assert row is not None and row.trail is Trail.JUDGED
    assert signed_receipt(there.db) == signed_receipt(here.db)
    assert alerts.list_alerts(there.db) == alerts.list_alerts(here.db) == []


def give_out_numbers(pc: Pc) -> list[str | None]:
    """Receive until the leased numbers are used up, and one more."""
    given: list[str | None] = []
    while not given or given[-1] is not None:
        office = read_office(pc.db)
        assert office is not None
        allocated = pc.services.references.allocate_code(pc.db, office, received_ms=pc.clock())
        given.append(allocated.code)
        receive_with(pc, allocated.code, allocated.provisional)
    return given


def receive_with(pc: Pc, code: str | None, provisional: str | None) -> None:
    now = pc.clock()
    facts = {
        "procedure": "1.001193", "procedure_version": 1, "channel": 1, "code": code, "provisional": provisional,
        "receiving": COMMUNE, "competent": COMMUNE, "received": now, "due": now + 86_400_000,
        "rule": "working_days", "status": 2, "sets": 1, "fee_due": 0, "fields": ["applicant.name"], "papers": [],
    }  # fmt: skip
    content = {"fields": {"applicant.name": "Đặng Văn Nam"}}
    write(pc.db, pc.services, pc.lan, [Draft(kind="dossier.received", facts=facts, content=content)])


def test_numbers_come_over_a_colleague_when_only_one_pc_has_a_line(commune: Commune) -> None:
    here, there = commune.pcs
    first = give_out_numbers(there)
    assert len(first) == 6
    met(here, there)
    assert count_dossiers(here.db) == 6
    here.line.is_down = False
    assert here.sync().is_done
    here.sync()
    here.sync()
    met(there, here)
    more = give_out_numbers(there)
    codes = [code for code in [*first, *more] if code is not None]
    assert len(codes) > len(set(first)) and len(set(codes)) == len(codes)
    assert not find_dossiers(there.db, DossierFilter(text="Đặng"), limit=1)[
        0
    ].code  # the last one waits again
    numbered = [row.code for row in find_dossiers(there.db, limit=50)]
    assert sum(code is None for code in numbered) == 1


def test_pcs_of_one_office_draw_numbers_from_ranges_of_their_own(commune: Commune) -> None:
    here, there = commune.pcs
    given = [code for pc in (here, there) for code in give_out_numbers(pc) if code is not None]
    assert len(given) == 10 and len(set(given)) == 10
    met(here, there)
    assert count_dossiers(here.db) == count_dossiers(there.db) == 12
    assert not any(row.conflicts for row in find_dossiers(here.db, limit=20))


def test_the_province_hears_of_a_pc_that_has_no_line(commune: Commune) -> None:
    here, there = commune.pcs
    there.receive()
    met(here, there)
    commune.clock.advance(3 * 86_400_000)
    here.line.is_down = False
    here.sync()
    with reading(commune.hub.engine) as connection:
        states = {
            each.id: each for each in list_devices(connection, now_ms=commune.clock(), silent_ms=86_400_000)
        }
    other = states[read_office(there.db).device]  # type: ignore[union-attr]
    assert not other.is_silent and other.unsent >= 1


def test_a_beacon_that_comes_again_is_nothing_new(commune: Commune) -> None:
    here, there = commune.pcs
    met(here, there)
    here.line.is_down = False
    here.sync()
    office = read_office(there.db)
    assert office is not None
    old = own_beacon(there.db, there.services, office)
    commune.clock.advance(3 * 86_400_000)
    assert take_carried(commune.hub, [old], unit=COMMUNE, bringer="", now_ms=commune.clock()) == 0
    forged = bytes([old[0] ^ 1]) + old[1:]
    assert take_carried(commune.hub, [forged], unit=COMMUNE, bringer="", now_ms=commune.clock()) == 0


def test_one_bad_record_of_a_pc_without_a_line_keeps_nothing_back(
    commune: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = commune.pcs
    dossier = there.receive()
    met(here, there)
    stranger = replace(there.lan, signer=key("stranger"), key=key("stranger").public.id)
    with monkeypatch.context() as patch:
        patch.setattr("edge_node.journal.service._Writer._check_authority", lambda self, draft: None)
        said = [Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": "lạ"})]
        refused = write(there.db, there.services, stranger, said)[0]
    met(here, there)
    after = there.receive()
    for _ in range(2):
        assert met(here, there).problem is reasons.RECORD_KEY_UNKNOWN
    assert dossier_row(here.db, after) is None
    here.line.is_down = False
    here.sync()
    here.sync()
    assert met(here, there).problem is None
    assert dossier_row(here.db, after) is not None
    status = read_status(there.db, now=there.clock())
    assert (status.waiting, status.unjudged, status.refused) == (0, 0, 1)
    assert [each.record for each in list_refusals(there.db)] == [refused.id]
    here.sync()
    assert here.db.conn.execute("SELECT count(*) FROM lan_aside").fetchone()[0] == 0


# --- nothing is believed because of the network ---


def test_nobody_on_the_network_reads_a_word(commune: Commune) -> None:
    here, there = commune.pcs
    there.receive()
    cable = Cable(there)
    assert meet(here.db, here.services, cable).received
    heard = b"".join(cable.heard)
    record = SqliteLogStore(there.db).dossier_records(find_dossiers(there.db)[0].id)[0]
    assert record.body is not None
    for secret in (record.signature, record.body.content, record.header_bytes[:64], "Nguyễn".encode()):
        assert secret not in heard


def test_a_changed_or_foreign_answer_is_not_believed(commune: Commune) -> None:
    here, there = commune.pcs
    there.receive()
    flipped = Cable(there, twist=lambda answer: answer[:-1] + bytes([answer[-1] ^ 1]))
    assert meet(here.db, here.services, flipped).problem is reasons.ROUND_SIGNATURE
    kept: list[bytes] = []

    def replay(answer: bytes) -> bytes:
        kept.append(answer)
        return kept[0]

    assert meet(here.db, here.services, Cable(there)).problem is None
    there.receive()
    again = meet(here.db, here.services, Cable(there, twist=replay))
    assert again.problem is reasons.ROUND_SIGNATURE  # the first answer to another request
    assert count_dossiers(here.db) <= 2


def test_a_stranger_is_refused_whatever_it_says_of_itself(commune: Commune, tmp_path: Path) -> None:
    here, _ = commune.pcs
    province = found_commune(tmp_path / "elsewhere")
    stranger = province.add()
    assert met(stranger, here).problem is reasons.ROUND_DEVICE
    assert met(here, stranger).problem is reasons.ROUND_DEVICE
    province.close()


def test_a_pc_of_another_commune_is_refused(commune: Commune) -> None:
    here, _ = commune.pcs
    other = commune.add(unit="20257")
    here.line.is_down = False
    here.sync()
    before = dict(SqliteLogStore(here.db).frontier())
    assert met(other, here).problem is reasons.ROUND_DEVICE
    assert met(here, other).problem is reasons.ROUND_DEVICE
    assert dict(SqliteLogStore(here.db).frontier()) == before


def test_a_new_pc_shows_the_registrys_word_to_one_that_has_not_heard_of_it(commune: Commune) -> None:
    here, _ = commune.pcs
    new = commune.add()
    dossier = new.receive()
    assert met(new, here).problem is None
    assert dossier_row(here.db, dossier) is not None
    assert met(here, commune.add()).problem is None


def test_a_request_for_another_pc_is_refused(commune: Commune) -> None:
    here, there = commune.pcs
    third = commune.add()
    met(here, third)
    cable = Cable(there)
    meet(here.db, here.services, cable)
    with pytest.raises(RemoteFault):
        Serving(third.services, bytes(32)).answer(third.db, cable.heard[0])


def test_a_stale_challenge_costs_one_request(commune: Commune) -> None:
    here, there = commune.pcs
    known = met(here, there).known
    again = meet(here.db, here.services, Cable(there, secret=b"x" * 32), known)
    assert again.problem is None and again.rounds == 2


def test_a_pc_that_is_cut_off_may_deliver_and_learns_nothing(
    commune: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = commune.pcs
    mine, theirs = here.receive(), there.receive()
    cut_off = read_office(there.db)
    assert cut_off is not None
    silent = Status.is_silent
    monkeypatch.setattr(Status, "is_silent", lambda self, key: key != cut_off.device and silent(self, key))
    cable = Cable(here)
    meet(there.db, there.services, cable)
    assert dossier_row(there.db, mine) is None
    met(here, there)
    assert dossier_row(here.db, theirs) is not None
    assert dossier_row(there.db, mine) is None


def test_a_colleagues_receipt_counts_only_under_the_hubs_signature(commune: Commune) -> None:
    here, there = commune.pcs
    there.receive()
    met(here, there)
    office = read_office(here.db)
    assert office is not None
    logs = SqliteLogStore(here.db).frontier()
    said = {log: ReceiptEntry(entry.length, entry.head, entry.length) for log, entry in logs.items()}
    forged = sign_receipt(
        Receipt(
            at=2**50, commune=COMMUNE, epoch=office.hub_epoch, hub=commune.hub.keys.hub.public.id, logs=said
        ),
        there.services.keyring.device,
    )
    before = waiting(here)
    with pytest.raises(RemoteFault):
        take_receipt(here.db, here.services, office, forged)
    assert waiting(here) == before > 0


def test_of_two_receipts_of_one_moment_the_one_that_says_more_stays(commune: Commune) -> None:
    here, there = commune.pcs
    old = signed_receipt(there.db)
    there.receive()
    there.line.is_down = False
    there.sync()
    there.sync()
    new, office = signed_receipt(there.db), read_office(there.db)
    assert old != new and office is not None
    assert take_receipt(there.db, there.services, office, old) is False
    assert take_receipt(here.db, here.services, office, new) is True
    assert signed_receipt(here.db) == signed_receipt(there.db) == new


def test_a_receipt_of_an_earlier_life_of_the_hub_does_not_come_back(commune: Commune) -> None:
    here, there = commune.pcs
    here.line.is_down = there.line.is_down = False
    there.receive()
    there.sync()
    there.sync()
    old = signed_receipt(there.db)
    with writing(commune.hub.engine) as connection:
        put_setting(connection, EPOCH, "ab" * 16)
    commune.clock.advance(1_000)
    here.sync()
    office = read_office(here.db)
    assert office is not None and office.hub_epoch == "ab" * 16
    assert take_receipt(here.db, here.services, office, old) is False
    assert met(there, here).problem is None
    after = read_office(there.db)
    assert after is not None and after.hub_epoch == "ab" * 16


def test_a_run_without_its_devices_seal_is_not_taken_from_a_colleague(commune: Commune) -> None:
    here, there = commune.pcs
    there.receive()
    office = read_office(here.db)
    assert office is not None
    store, log = SqliteLogStore(there.db), read_office(there.db).log  # type: ignore[union-attr]
    held = SqliteLogStore(here.db).frontier()[log].length
    records = tuple(unverified(record) for record in store.span(log, held))
    absorbed = absorb(
        here.db, here.services, office, [encode_run(Run(log=log, first=held, records=records))], is_lan=True
    )
    assert [problem.reason for problem in absorbed.problems] == [reasons.LOG_SEAL]
    assert absorbed.records == 0


# --- disks that were put back or copied ---


def test_a_pc_that_was_put_back_gets_its_tail_from_a_colleague(commune: Commune, tmp_path: Path) -> None:
    here, there = commune.pcs
    database = there.services.config.database
    there.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(database, tmp_path / "old.db")
    dossier = there.receive()
    met(here, there)
    there.db.conn.close()
    for path in database.parent.glob("node.db*"):
        path.unlink()
    shutil.copy(tmp_path / "old.db", database)
    there.db = open_database(database)
    assert dossier_row(there.db, dossier) is None
    before = read_office(there.db)
    assert met(there, here).problem is None
    after = read_office(there.db)
    assert before is not None and after is not None and after.log != before.log
    assert dossier_row(there.db, dossier) is not None
    assert [alert.code for alert in alerts.list_alerts(there.db)] == [alerts.PUT_BACK]
    # The same, found out by whoever is asked.
    fresh = there.receive()
    assert met(here, there).problem is None
    assert dossier_row(here.db, fresh) is not None


@pytest.mark.parametrize("more", [0, 1])
def test_two_branches_of_one_log_are_told_by_the_pcs_own_seal(
    commune: Commune, tmp_path: Path, more: int
) -> None:
    here, there = commune.pcs
    database = there.services.config.database
    there.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(database, tmp_path / "old.db")
    there.receive()
    met(here, there)
    there.db.conn.close()
    for path in database.parent.glob("node.db*"):
        path.unlink()
    shutil.copy(tmp_path / "old.db", database)
    there.db = open_database(database)
    other = there.receive()
    for _ in range(more):
        there.receive()
    meeting = met(here, there)
    assert meeting.problem is None
    assert alerts.FORK in [alert.code for alert in alerts.list_alerts(there.db)]
    # Which of the two is the copy is for the province to say: until then neither learns anything from a colleague.
    mine = here.receive()
    note(there, other, "viết sau khi mở sổ mới")
    assert met(here, there).problem is met(there, here).problem is None
    assert (dossier_row(there.db, mine) is None) == (
        more == 0
    )  # where it is longer, no proof of it has been shown here
