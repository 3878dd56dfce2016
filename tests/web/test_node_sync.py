"""Rounds with the real hub's code in one process: what is sent, what comes back, and what a fault leaves behind."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from central_hub.accounts.service import Account
from central_hub.config import HubConfig
from central_hub.events import list_events
from central_hub.founding import RootCeremony, found_hub
from central_hub.judge.service import judge_pending
from central_hub.judge.standings import standings_after_cuts
from central_hub.keys import load_root
from central_hub.nodes.keys import confirm
from central_hub.registry.ceremony import adopt, propose
from central_hub.registry.enrolment import enrol_by_file, enrol_device, issue_code
from central_hub.registry.revocation import Act, replace_device, review_records
from central_hub.services import Services as HubServices
from central_hub.services import open_services
from central_hub.store.engine import reading, writing
from central_hub.sync.fleet import list_devices
from central_hub.sync.service import answer_round
from edge_node import reasons as node_reasons
from edge_node.accounts.service import add_officer, current_actor, list_officers, log_in
from edge_node.config import EdgeConfig
from edge_node.enrolment.service import Wish, enrol, enrol_from_file, initialise, request_file
from edge_node.journal import Draft, WriteRefused, write, write_with
from edge_node.keyring import Actor
from edge_node.migrations import prepare
from edge_node.projection.lists import Trail, dossier_row
from edge_node.projection.service import ensure_current, view
from edge_node.scheduler import Schedule
from edge_node.services import Services, build_services
from edge_node.store import SqliteLogStore, alerts, open_database
from edge_node.store.local import read_local, read_office, write_local
from edge_node.sync.pace import START, Pace
from edge_node.sync.runner import CHALLENGE, PACE, SyncResult, sync
from edge_node.sync.service import list_attempts, list_refusals, sync_now
from edge_node.sync.status import read_status
from edge_node.sync.transport import Hello, LineFault
from signing.bundles import open_unpinned_bundle
from signing.keys import LockCost
from signing.roles import Role
from sync_protocol import reasons
from sync_protocol.enrolment import EnrolmentRequest, make_code
from sync_protocol.errors import RemoteFault
from sync_protocol.wire import decode_answer, encode_answer, open_request
from tests.support.log_builder import COMMUNE, key
from tests.support.office import Clock

PIN = "246810"


@dataclass
class HubInProcess:
    """The hub behind the two doors that a node knows."""

    services: HubServices
    answers_at_all: bool = True
    requests: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    before_answer: Callable[[], None] | None = None

    def post_round(self, payload: bytes) -> bytes:
        if not self.answers_at_all:
            raise LineFault(reasons.LINE_DOWN)
        self.requests.append(payload)
        if self.before_answer:
            self.before_answer()
        answer = answer_round(self.services, payload)
        judge_pending(self.services)
        self.answers.append(answer)
        return answer

    def hang_up(self) -> None:
        pass

    def is_up(self) -> bool:
        return self.answers_at_all

    def hello(self) -> Hello:
        return Hello(self.services.keys.envelope, "")

    def enrol_device(self, request: bytes) -> bytes:
        with writing(self.services.engine) as connection:
            answer = enrol_device(
                connection,
                self.services,
                msgspec.json.decode(request, type=EnrolmentRequest),
                address="127.0.0.1",
            )
        return msgspec.json.encode(answer)

    def close(self) -> None:
        pass


@dataclass
class Node:
    """A PC that enrolled itself at the hub in process."""

    db: Database
    services: Services
    hub: HubInProcess
    clock: Clock
    administrator: str

    def sync(self) -> SyncResult:
        return sync(self.db, self.services, self.hub)

    def actor(self, officer: str | None = None) -> Actor:
        token = log_in(self.db, self.services, officer=officer or self.administrator, pin=PIN, address="::1")
        found = current_actor(self.db, self.services, token)
        assert found is not None
        return found

    def receptionist(self) -> Actor:
        roles = frozenset({Role.RECEPTIONIST, Role.SPECIALIST})
        officer = add_officer(
            self.db, self.services, self.actor(), name="Trần Thị Lan", title="Công chức", roles=roles, pin=PIN
        )
        return self.actor(officer)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's data folder, founded once and copied for each test."""
    folder = tmp_path_factory.mktemp("founded")
    ceremony = RootCeremony(folder=folder / "roots")
    found_hub(HubConfig(data=folder / "hub"), ceremony, lock_cost=LockCost.TEST).services.engine.dispose()
    return folder / "hub"


@pytest.fixture
def hub(founded: Path, tmp_path: Path) -> Iterator[HubInProcess]:
    shutil.copytree(founded, tmp_path / "hub")
    opened = open_services(HubConfig(data=tmp_path / "hub"), lock_cost=LockCost.TEST)
    services = replace(opened, clock=Clock())
    yield HubInProcess(services)
    services.engine.dispose()


def make_node(hub: HubInProcess, folder: Path, name: str = "Quầy 1") -> Node:
    clock = hub.services.clock
    assert isinstance(clock, Clock)
    services = build_services(EdgeConfig(data=folder, reserve_mb=1), clock=clock, lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    with writing(hub.services.engine) as connection:
        code = issue_code(connection, hub.services, unit=COMMUNE, device_name=name).code
    wish = Wish(hub_url="http://hub", code=code, device_name=name, officer_name="Lê Văn Quý", pin=PIN)
    enrolled = enrol(db, services, wish, lambda url, ca: hub)
    return Node(db, services, hub, clock, enrolled.officer)


@pytest.fixture
def node(hub: HubInProcess, tmp_path: Path) -> Iterator[Node]:
    made = make_node(hub, tmp_path / "node")
    made.sync()
    yield made
    made.db.conn.close()


def receive(node: Node, actor: Actor, name: str = "Nguyễn Thị Hoa") -> str:
    now = node.clock()
    facts = {
        "procedure": "1.001193", "procedure_version": 1, "channel": 1, "code": None, "provisional": None,
        "receiving": COMMUNE, "competent": COMMUNE, "received": now, "due": now + 86_400_000,
        "rule": "working_days", "status": 2, "sets": 1, "fee_due": 0, "fields": ["applicant.name"], "papers": [],
    }  # fmt: skip
    drafts = [Draft(kind="dossier.received", facts=facts, content={"fields": {"applicant.name": name}})]
    dossier = write(node.db, node.services, actor, drafts)[0].header.dossier
    assert dossier
    return dossier


def receive_with_code(node: Node, actor: Actor) -> str:
    """As the counter does: the code comes from the leases, inside the transaction."""
    office = read_office(node.db)
    assert office is not None
    now = node.clock()

    def decide(db: Database) -> list[Draft]:
        allocated = node.services.references.allocate_code(db, office, received_ms=now)
        facts = {
            "procedure": "1.001193", "procedure_version": 1, "channel": 1, "code": allocated.code,
            "provisional": allocated.provisional, "receiving": COMMUNE, "competent": COMMUNE, "received": now,
            "due": now + 86_400_000, "rule": "working_days", "status": 2, "sets": 1, "fee_due": 0,
            "fields": ["applicant.name"], "papers": [],
        }  # fmt: skip
        return [Draft(kind="dossier.received", facts=facts, content={"fields": {"applicant.name": "Hoa"}})]

    dossier = write_with(node.db, node.services, actor, decide)[0].header.dossier
    assert dossier
    return dossier


def note(text: str, dossier: str) -> Draft:
    return Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": text})


def test_enrolment_brings_the_unit_and_its_first_administrator(node: Node) -> None:
    office = read_office(node.db)
    assert office is not None and (office.unit, office.unit_name) == (COMMUNE, "Phường Hải Châu")
    officers = list_officers(node.db, node.services)
    assert [(o.name, o.roles, o.is_here) for o in officers] == [
        ("Lê Văn Quý", frozenset({Role.UNIT_ADMINISTRATOR}), True)
    ]


def test_everything_written_arrives_is_judged_and_shown_so(node: Node) -> None:
    dossier = receive(node, node.receptionist())
    row = dossier_row(node.db, dossier)
    assert row is not None and row.trail is Trail.HERE
    assert read_status(node.db, now=node.clock()).waiting > 0
    assert node.sync().is_done
    node.sync()
    status = read_status(node.db, now=node.clock())
    assert (status.waiting, status.unjudged, status.refused) == (0, 0, 0)
    assert status.is_full
    row = dossier_row(node.db, dossier)
    assert row is not None and row.trail is Trail.JUDGED
    assert alerts.list_alerts(node.db) == []


def test_an_idle_sync_is_one_small_request(node: Node) -> None:
    receive(node, node.receptionist())
    for _ in range(4):
        node.sync()
    node.hub.requests.clear()
    node.hub.answers.clear()
    result = node.sync()
    assert (result.rounds, result.sent, result.received) == (1, 0, 0)
    assert len(node.hub.requests[0]) <= 600
    assert len(node.hub.answers[0]) <= 300


def test_both_sides_compare_their_state(node: Node) -> None:
    receive(node, node.receptionist())
    node.sync()
    node.sync()
    answer = decode_answer(node.hub.answers[-1])
    assert answer.digest_state == 1
    node.db.execute("UPDATE digest_total SET total = zeroblob(32)")
    node.sync()
    assert [alert.code for alert in alerts.list_alerts(node.db)] == [alerts.DIGEST]


def test_a_dead_line_changes_nothing_and_says_so(node: Node) -> None:
    receive(node, node.receptionist())
    before = read_status(node.db, now=node.clock()).waiting
    node.hub.answers_at_all = False
    result = node.sync()
    assert result.problem is reasons.LINE_DOWN
    assert read_status(node.db, now=node.clock()).waiting == before
    node.hub.answers_at_all = True
    assert node.sync().is_done


def test_an_answer_that_is_lost_is_made_up_for(node: Node) -> None:
    receive(node, node.receptionist())
    post = node.hub.post_round

    def lose(payload: bytes) -> bytes:
        post(payload)
        raise LineFault(reasons.LINE_DOWN, was_cut=True)

    node.hub.post_round = lose  # type: ignore[method-assign]
    assert node.sync().problem is reasons.LINE_DOWN
    assert Pace.parse(read_local(node.db, PACE)).budget == START * 3 // 4
    node.hub.post_round = post  # type: ignore[method-assign]
    assert node.sync().is_done
    assert read_status(node.db, now=node.clock()).waiting == 0


def test_a_stale_challenge_costs_one_request(node: Node) -> None:
    node.sync()
    write_local(node.db, CHALLENGE, "00" * 17)
    result = node.sync()
    assert result.is_done and result.rounds == 2


def test_two_pcs_of_one_office_see_each_others_dossiers(
    node: Node, hub: HubInProcess, tmp_path: Path
) -> None:
    other = make_node(hub, tmp_path / "other", "Quầy 2")
    other.sync()
    dossier = receive(node, node.receptionist())
    node.sync()
    other.sync()
    found = view(other.db, dossier)
    assert found is not None and found.text("applicant.name") == "Nguyễn Thị Hoa"
    row = dossier_row(other.db, dossier)
    assert row is not None and row.trail is Trail.JUDGED
    node.sync()
    other.sync()
    assert alerts.list_alerts(other.db) == []
    other.db.conn.close()


def test_two_syncs_of_one_pc_at_once_do_not_end_in_a_refusal(
    node: Node, hub: HubInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by `serve`, one by a command: what the other heard first is no news for the province, which wrote it."""
    post, heard = hub.post_round, iter([True])

    def beside(payload: bytes) -> bytes:
        answer = post(payload)
        if next(heard, False):
            make_node(hub, tmp_path / "other", "Quầy 2").db.conn.close()  # a statement in the province's log
            assert node.sync().received
        return answer

    monkeypatch.setattr(hub, "post_round", beside)
    result = node.sync()
    assert (result.problem, result.sent) == (None, 0)


def test_what_the_province_refuses_is_shown_and_does_not_stop_the_rest(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = node.receptionist()
    dossier, other = receive(node, actor), receive(node, actor, "Trần Văn Bình")
    stranger = replace(actor, signer=key("stranger"), key=key("stranger").public.id)
    with monkeypatch.context() as patch:
        patch.setattr("edge_node.journal.service._Writer._check_authority", lambda self, draft: None)
        refused = write(node.db, node.services, stranger, [note("lạ", dossier)])[0]
    held = write(node.db, node.services, actor, [note("sau bản ghi lạ", dossier)])[0]
    write(node.db, node.services, actor, [note("hồ sơ khác", other)])
    for _ in range(3):
        assert node.sync().is_done
    refusals = {refusal.record: refusal for refusal in list_refusals(node.db)}
    assert refusals[refused.id].reason is reasons.RECORD_KEY_UNKNOWN
    assert refusals[held.id].reason is reasons.RECORD_PARENT_REFUSED
    row, untouched = dossier_row(node.db, dossier), dossier_row(node.db, other)
    assert row is not None and row.refused == 2
    assert untouched is not None and untouched.refused == 0
    assert read_status(node.db, now=node.clock()).refused == 2
    # The officer goes on without the refused record, and what follows is taken.
    again = write(node.db, node.services, actor, [note("ghi lại", dossier)])[0]
    assert refused.id not in again.header.parents
    for _ in range(2):
        node.sync()
    assert again.id not in {refusal.record for refusal in list_refusals(node.db)}
    assert alerts.list_alerts(node.db) == []


def test_a_damaged_log_stops_the_sync_with_a_reason(node: Node) -> None:
    write(node.db, node.services, node.receptionist(), [])
    node.db.execute("DROP TRIGGER record_no_update")
    node.db.execute(
        "UPDATE record SET signature = zeroblob(64) WHERE number = (SELECT max(number) FROM record)"
    )
    assert node.sync().problem is reasons.LOG_CHAIN


def test_a_database_put_back_goes_on_in_a_new_epoch(node: Node, tmp_path: Path) -> None:
    actor = node.receptionist()
    receive(node, actor, "Trước bản sao")
    node.sync()
    copy = tmp_path / "copy.db"
    node.db.conn.execute("VACUUM INTO ?", (str(copy),))
    after = receive(node, actor, "Sau bản sao")
    node.sync()
    office = read_office(node.db)
    node.db.conn.close()
    for suffix in ("", "-wal", "-shm"):
        node.services.config.database.with_name(f"node.db{suffix}").unlink(missing_ok=True)
    copy.rename(node.services.config.database)
    node.db = open_database(node.services.config.database)
    prepare(node.db)
    assert node.sync().is_done
    again = read_office(node.db)
    assert office and again and again.log != office.log
    found = view(node.db, after)
    assert found is not None and found.text("applicant.name") == "Sau bản sao"
    receive(node, node.actor(actor.officer), "Kỳ mới")
    assert node.sync().is_done
    node.sync()
    status = read_status(node.db, now=node.clock())
    assert (status.waiting, status.refused) == (0, 0)
    assert [alert.code for alert in alerts.list_alerts(node.db)] == [alerts.PUT_BACK]
    with reading(node.hub.services.engine) as connection:
        (told,) = list_devices(connection, now_ms=node.hub.services.clock(), silent_ms=86_400_000)
        diary = [event.action for event in list_events(connection)]
    assert told.is_put_back and told.logs == 2, "the province tells it, too"
    assert diary.count("device.restored") == 1


def test_a_lease_that_arrives_gives_waiting_dossiers_their_official_code(
    hub: HubInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody called the numbering after a sync: provisional codes stayed until an officer pressed a button."""
    hub.services = replace(hub.services, config=replace(hub.services.config, lease_size=1))
    node = make_node(hub, tmp_path / "node")
    monkeypatch.setattr("edge_node.sync.service.hub_line", lambda services, office: hub)
    sync_now(node.db, node.services)
    actor = node.receptionist()
    first, second = receive_with_code(node, actor), receive_with_code(node, actor)
    rows = [dossier_row(node.db, dossier) for dossier in (first, second)]
    assert [bool(row and row.code) for row in rows] == [True, False]
    for _ in range(3):
        sync_now(node.db, node.services)
    row = dossier_row(node.db, second)
    assert row is not None and row.code is not None and row.provisional is not None
    node.db.conn.close()


def test_a_sync_that_was_stopped_before_it_numbered_is_made_good_by_the_next(
    hub: HubInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease was there and nothing new came: provisional codes stayed until something else arrived."""
    hub.services = replace(hub.services, config=replace(hub.services.config, lease_size=1))
    node = make_node(hub, tmp_path / "node")
    monkeypatch.setattr("edge_node.sync.service.hub_line", lambda services, office: hub)
    sync_now(node.db, node.services)
    actor = node.receptionist()
    _, second = receive_with_code(node, actor), receive_with_code(node, actor)
    with monkeypatch.context() as killed:
        killed.setattr("edge_node.sync.service.number_waiting", lambda *_: 0)
        for _ in range(3):
            sync_now(node.db, node.services)
    row = dossier_row(node.db, second)
    assert row is not None and row.code is None
    sync_now(node.db, node.services)
    row = dossier_row(node.db, second)
    assert row is not None and row.code is not None
    node.db.conn.close()


def test_the_clock_offset_is_measured(node: Node) -> None:
    receive(node, node.receptionist())
    store = SqliteLogStore(node.db)
    office = read_office(node.db)
    assert office
    offset = store.span(office.log, 0)[-1].header.offset
    assert offset is not None and abs(offset[0]) < 2_000 and offset[1] == 0


def test_an_absurd_hub_time_is_no_clock_offset(node: Node, hub: HubInProcess) -> None:
    """One flipped bit in an answer was kept as offset, signed, and made the log unreadable for good."""
    node.hub.post_round = lambda payload: encode_answer(  # type: ignore[method-assign]
        msgspec.structs.replace(decode_answer(answer_round(hub.services, payload)), now_ms=2**60)
    )
    node.sync()
    dossier = receive(node, node.receptionist())
    assert view(node.db, dossier) is not None


def test_requests_carry_the_beacon_and_the_frontier(node: Node) -> None:
    receive(node, node.receptionist())
    node.sync()
    node.sync()
    request = open_request(node.hub.requests[-1]).said
    assert request.beacon.unsent == 0 and request.beacon.codes_left > 0
    assert len(request.frontier) == 3


def test_a_code_for_another_province_is_refused_before_the_secret_is_sent(
    hub: HubInProcess, tmp_path: Path
) -> None:
    services = build_services(EdgeConfig(data=tmp_path / "x", reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    wish = Wish(
        hub_url="http://hub", code=make_code(b"12345", bytes(32)), device_name="x", officer_name="y", pin=PIN
    )
    hub.enrol_device = lambda request: pytest.fail("the secret was sent")  # type: ignore[method-assign]
    with pytest.raises(RemoteFault, match="ENROLMENT_ROOTS"):
        enrol(db, services, wish, lambda url, ca: hub)
    db.conn.close()


def test_an_enrolment_whose_answer_was_lost_is_repeated(hub: HubInProcess, tmp_path: Path) -> None:
    services = build_services(EdgeConfig(data=tmp_path / "x", reserve_mb=1), lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    with writing(hub.services.engine) as connection:
        code = issue_code(connection, hub.services, unit=COMMUNE, device_name="Quầy 1").code
    wish = Wish(hub_url="http://hub", code=code, device_name="Quầy 1", officer_name="Lê Văn Quý", pin=PIN)
    enrol_device_there = hub.enrol_device

    def lose(request: bytes) -> bytes:
        enrol_device_there(request)
        raise LineFault(reasons.LINE_DOWN)

    hub.enrol_device = lose  # type: ignore[method-assign]
    with pytest.raises(LineFault):
        enrol(db, services, wish, lambda url, ca: hub)
    hub.enrol_device = enrol_device_there  # type: ignore[method-assign]
    with pytest.raises(WriteRefused) as refused:
        enrol(db, services, replace(wish, pin="135791"), lambda url, ca: hub)
    assert refused.value.reason is node_reasons.LOGIN_FAILED
    enrolled = enrol(db, services, wish, lambda url, ca: hub)
    sync(db, services, hub)
    assert [o.officer for o in list_officers(db, services) if o.roles] == [enrolled.officer]
    db.conn.close()


def test_on_a_full_disk_what_is_recorded_still_goes_out(
    node: Node, hub: HubInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_node(hub, tmp_path / "other", "Quầy 2")
    other.sync()
    receive(other, other.receptionist(), "Của máy khác")
    receive(node, node.receptionist(), "Của máy này")
    other.sync()
    before = len(SqliteLogStore(node.db).frontier())
    node.services.space.release()
    monkeypatch.setattr("edge_node.store.space.Space.free_bytes", 1024)
    assert node.sync().problem is node_reasons.DISK_FULL
    assert read_status(node.db, now=node.clock()).waiting == 0
    assert len(SqliteLogStore(node.db).frontier()) == before
    monkeypatch.undo()
    assert node.sync().is_done
    assert len(SqliteLogStore(node.db).frontier()) == before + 1
    other.db.conn.close()


def test_a_damaged_run_blocks_only_itself(node: Node, hub: HubInProcess, tmp_path: Path) -> None:
    office = read_office(node.db)
    assert office is not None
    other = make_node(hub, tmp_path / "other", "Quầy 2")
    other.sync()
    dossier = receive(other, other.receptionist())
    other.sync()
    answers: list[list[bytes]] = []

    def damaged(payload: bytes) -> bytes:
        answer = decode_answer(HubInProcess.post_round(hub, payload))
        answers.append(answer.runs)
        runs = [
            run[:-9] + bytes(9) if number == len(answer.runs) - 1 else run
            for number, run in enumerate(answer.runs)
        ]
        return encode_answer(msgspec.structs.replace(answer, runs=runs, more=False))

    hub.post_round = damaged  # type: ignore[method-assign]
    assert node.sync().problem is not None
    assert len(answers[0]) > 1
    assert view(node.db, dossier) is None
    assert [alert.code for alert in alerts.list_alerts(node.db)] == [alerts.RUN_REFUSED]
    del hub.post_round
    assert node.sync().is_done
    assert view(node.db, dossier) is not None
    assert alerts.list_alerts(node.db) == []
    other.db.conn.close()


def test_the_schedule_syncs_when_the_line_returns(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    receive(node, node.receptionist())
    monkeypatch.setattr("edge_node.sync.service.hub_line", lambda services, office: node.hub)
    monkeypatch.setattr("edge_node.scheduler.hub_line", lambda services, office: node.hub)
    schedule = Schedule(node.services)
    node.hub.answers_at_all = False
    schedule.sync_tick(node.db)
    waiting = read_status(node.db, now=node.clock()).waiting
    schedule.sync_tick(node.db)
    assert read_status(node.db, now=node.clock()).waiting == waiting > 0
    attempts = len(list_attempts(node.db))
    schedule.sync_tick(node.db)
    assert len(list_attempts(node.db)) == attempts
    node.hub.answers_at_all = True
    schedule.sync_tick(node.db)
    assert read_status(node.db, now=node.clock()).waiting == 0
    assert [attempt.outcome for attempt in list_attempts(node.db)[:2]] == ["done", "LINE_DOWN"]


def rotate(hub: HubInProcess, founded: Path, *, drop: bool = False) -> None:
    """A root ceremony at the hub: the next version of the bundle, signed by the root, adopted."""
    with writing(hub.services.engine) as connection:
        draft = propose(connection, hub.services)
    root = load_root(founded.parent / "roots" / "root-1.key", passphrase="")
    adopt(hub.services, draft.sign(root))
    services = open_services(hub.services.config, lock_cost=LockCost.TEST)
    if drop:
        keys = replace(services.keys, versions=services.keys.versions[:1])
        services = replace(services, keys=keys)
    hub.services = replace(services, clock=hub.services.clock)


def test_newer_trust_bundles_come_with_the_sync(node: Node, hub: HubInProcess, founded: Path) -> None:
    rotate(hub, founded)
    rotate(hub, founded)
    assert node.services.trust.trust(node.db).bundle.version == 1
    assert node.sync().problem is None
    assert node.services.trust.trust(node.db).bundle == hub.services.keys.bundle
    assert hub.services.keys.bundle.version == 3
    receive(node, node.receptionist())
    assert node.sync().problem is None


def test_a_bundle_that_does_not_follow_is_refused_and_told(
    node: Node, hub: HubInProcess, tmp_path: Path
) -> None:
    other = found_hub(
        HubConfig(data=tmp_path / "other"), RootCeremony(folder=tmp_path / "thief"), lock_cost=LockCost.TEST
    ).services
    with writing(other.engine) as connection:
        draft = propose(connection, other)
    forged = draft.sign(load_root(tmp_path / "thief" / "root-1.key", passphrase="")).envelope
    before = node.services.trust.trust(node.db).bundle
    newer = replace(hub.services.keys.bundle, version=open_unpinned_bundle(forged).version)
    keys = replace(hub.services.keys, versions=(forged,), bundle=newer)
    honest, hub.services = hub.services, replace(hub.services, keys=keys)
    node.sync()
    assert node.services.trust.trust(node.db).bundle == before
    assert [alert.code for alert in alerts.list_alerts(node.db)] == ["bundle_refused"]
    hub.services = honest


def test_a_lost_pc_is_replaced_and_what_it_still_held_waits_for_a_review(
    node: Node, hub: HubInProcess, tmp_path: Path
) -> None:
    lan = node.receptionist()
    known = receive(node, lan)
    assert node.sync().problem is None
    late = receive(node, lan, "Phạm Văn Bình")
    device = node.services.keyring.device.public.id
    with writing(hub.services.engine) as connection:
        issued = replace_device(connection, hub.services, device, act=Act(actor="khoa", ground="Mất máy"))
    # The PC turns up again: it may deliver, learns of it, and signs nothing more.
    node.sync()
    with pytest.raises(WriteRefused) as refused:
        receive(node, lan)
    assert refused.value.reason.code == "NODE_DEVICE_REVOKED"
    with reading(hub.services.engine) as connection:
        waiting = standings_after_cuts(connection)
    assert [each.dossier for each in waiting] == [late]
    # The PC in its place has the dossiers of the unit, and once reviewed the late one, too.
    clock = hub.services.clock
    assert isinstance(clock, Clock)
    config = EdgeConfig(data=tmp_path / "new", reserve_mb=1)
    services = build_services(config, clock=clock, lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(config.database)
    prepare(db)
    ensure_current(db)
    wish = Wish(
        hub_url="http://hub", code=issued.code, device_name="Quầy 1", officer_name="Lê Văn Quý", pin=PIN
    )
    officer = enrol(db, services, wish, lambda url, ca: hub).officer
    new = Node(db, services, hub, clock, officer)
    new.sync()
    assert view(new.db, known) is not None
    with writing(hub.services.engine) as connection:
        review_records(
            connection, hub.services, [each.record for each in waiting], stands=True, act=Act(actor="khoa")
        )
    judge_pending(hub.services)
    new.sync()
    assert view(new.db, late) is not None
    receive(new, new.receptionist())
    assert new.sync().problem is None
    db.conn.close()


def fresh_pc(hub: HubInProcess, folder: Path) -> tuple[Database, Services, Wish]:
    """A PC without a line, and what the technician will type."""
    clock = hub.services.clock
    assert isinstance(clock, Clock)
    services = build_services(EdgeConfig(data=folder, reserve_mb=1), clock=clock, lock_cost=LockCost.TEST)
    initialise(services)
    db = open_database(services.config.database)
    prepare(db)
    ensure_current(db)
    with writing(hub.services.engine) as connection:
        code = issue_code(connection, hub.services, unit=COMMUNE, device_name="Quầy 3").code
    wish = Wish(hub_url="http://hub", code=code, device_name="Quầy 3", officer_name="Lê Văn Quý", pin=PIN)
    return db, services, wish


def test_enrolment_by_files_on_a_usb_stick(hub: HubInProcess, tmp_path: Path) -> None:
    db, services, wish = fresh_pc(hub, tmp_path / "pc")
    request = request_file(db, services, wish)
    assert PIN.encode() not in request
    request = request_file(db, services, wish)  # asking again is allowed
    with writing(hub.services.engine) as connection:
        answer = enrol_by_file(connection, hub.services, request, address="file")
    with writing(hub.services.engine) as connection:
        assert enrol_by_file(connection, hub.services, request, address="file")  # an answer that got lost
    enrolled = enrol_from_file(db, services, answer)
    assert (enrolled.unit, enrolled.roles) == (COMMUNE, ("unit_administrator",))
    node = Node(db, services, hub, services.clock, enrolled.officer)  # type: ignore[arg-type]
    assert node.sync().problem is None
    receive(node, node.receptionist())
    assert node.sync().problem is None
    with pytest.raises(WriteRefused):
        enrol_from_file(db, services, answer)
    db.conn.close()


def test_an_answer_file_that_was_touched_or_is_anothers_is_refused(hub: HubInProcess, tmp_path: Path) -> None:
    db, services, wish = fresh_pc(hub, tmp_path / "pc")
    other_db, other, other_wish = fresh_pc(hub, tmp_path / "other")
    with pytest.raises(WriteRefused):
        enrol_from_file(db, services, b"{}")
    request = request_file(db, services, wish)
    request_file(other_db, other, other_wish)
    with writing(hub.services.engine) as connection:
        answer = enrol_by_file(connection, hub.services, request, address="file")
    moved = answer.replace(f'"unit":"{COMMUNE}"'.encode(), b'"unit":"20293"')
    assert moved != answer
    for wrong, code in (
        (moved, "ENROLMENT_ROOTS"),
        (b"{}", "ENROLMENT_FILE"),
        (bytes(600_000), "ENROLMENT_FILE"),
    ):
        with pytest.raises(RemoteFault) as refused:
            enrol_from_file(db, services, wrong)
        assert refused.value.reason.code == code
    with pytest.raises(RemoteFault) as refused:
        enrol_from_file(other_db, other, answer)
    assert refused.value.reason.code == "ENROLMENT_FILE"
    assert enrol_from_file(db, services, answer).unit == COMMUNE
    db.conn.close()
    other_db.conn.close()


def test_a_delegated_officer_is_confirmed_by_the_province(node: Node, hub: HubInProcess) -> None:
    lan = node.receptionist()
    assert next(o for o in list_officers(node.db, node.services) if o.key == lan.key).standing == "delegated"
    node.sync()
    with writing(hub.services.engine) as connection:
        account = Account(
            login="khoa", name="Khoa", roles=frozenset(), generation=1, is_active=True, seen_ms=None
        )
        assert confirm(connection, hub.services, lan.key, account=account)
        assert not confirm(connection, hub.services, lan.key, account=account)
    node.sync()
    assert next(o for o in list_officers(node.db, node.services) if o.key == lan.key).standing == "confirmed"
