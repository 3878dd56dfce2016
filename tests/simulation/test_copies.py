"""Copied disks, told as stories: two PCs go on from one disk, and one that was put back with its watermark."""

import random
from collections.abc import Callable

import pytest

from central_hub.projection.twins import open_duplicates as duplicates_at_hub
from dossiers.conflicts import Conflict, ConflictKind
from edge_node.enrolment.identity import take_new_identity
from edge_node.journal import WriteRefused
from edge_node.journal.service import require_office
from edge_node.projection.duplicates import open_duplicates
from edge_node.projection.service import digest_total
from edge_node.receive.forms import Reception
from edge_node.receive.service import receive
from edge_node.store import alerts
from edge_node.store.local import ADOPTED_DEVICE, read_local, read_office
from edge_node.sync.runner import Rounds
from signing.roles import Role
from sync_protocol.log import LogOpening, OpeningReason
from tests.simulation import invariants
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk
from tests.simulation.world import World

HAI_CHAU, HOA_CUONG = "20242", "20257"


def work(world: World, node: SimNode, *, seed: int, acts: int = 6) -> None:
    for number in range(acts):
        Desk(node, random.Random(f"{seed} {number}"), world.communes).act()
        world.note_records(node)


def codes_of(node: SimNode) -> set[str]:
    return {alert.code for alert in alerts.list_alerts(node.db)}


def held_ids(node: SimNode) -> set[str]:
    return {row[0].hex() for row in node.db.conn.execute("SELECT id FROM record").fetchall()}


def own_ids(node: SimNode) -> set[str]:
    return {record.id for log in node.own_logs() for record in node.store.span(log, 0)}


def two_from_one(make_world: Callable[..., World]) -> tuple[World, SimNode, SimNode]:
    """A commune of two PCs, and a copy of the first one's disk; both the first and its copy have gone on working."""
    world = make_world(HAI_CHAU, HAI_CHAU)
    world.heal()
    first = world.nodes[0]
    clone = world.clone_node(first)
    work(world, first, seed=1)
    work(world, clone, seed=2)
    return world, first, clone


def test_both_branches_are_kept_and_merged(make_world: Callable[..., World]) -> None:
    """Lesson 1: no record is lost, all PCs come to hold the same, whoever comes first."""
    world, first, clone = two_from_one(make_world)
    written = own_ids(first) | own_ids(clone)
    world.note_result(first, first.sync())
    world.note_result(clone, clone.sync())
    world.hub.judge()
    assert clone.status().waiting == 0, "a suspected copy delivers at once"
    with world.hub.reading() as (_, store):
        assert all(store.record(record) for record in written)
    world.hub.review_copies(stands=True)
    world.heal()
    invariants.check_end(world)
    assert len({digest_total(node.db) for node in world.nodes}) == 1
    assert all(written <= held_ids(node) for node in world.nodes)


def test_a_suspected_copy_reads_nothing_until_it_is_confirmed(make_world: Callable[..., World]) -> None:
    world, first, clone = two_from_one(make_world)
    world.note_result(first, first.sync())
    world.hub.judge()
    before = held_ids(clone)
    for _ in range(3):
        world.note_result(clone, clone.sync())
        work(world, world.nodes[1], seed=3)
        world.note_result(world.nodes[1], world.nodes[1].sync())
        world.hub.judge()
    assert held_ids(clone) == before | own_ids(clone)
    assert {alerts.FORK, alerts.COPY_WAITING} <= codes_of(clone)
    assert alerts.COPY_WAITING not in codes_of(first)
    assert len(world.hub.suspected()) == 1
    world.hub.review_copies(stands=True)
    world.note_result(clone, clone.sync())
    assert own_ids(first) <= held_ids(clone)
    assert alerts.COPY_CONFIRMED in codes_of(clone)
    world.heal()
    invariants.check_end(world)


def test_the_copy_goes_on_in_a_new_epoch_that_names_its_branch(make_world: Callable[..., World]) -> None:
    world, first, clone = two_from_one(make_world)
    log = require_office(first.db).log
    world.note_result(first, first.sync())
    world.note_result(clone, clone.sync())
    present = require_office(clone.db).log
    assert require_office(first.db).log == log and present != log
    opening = LogOpening.from_header(clone.store.span(present, 0, stop=1)[0].header)
    branches = [each for each in clone.store.family_of(log) if each != log]
    assert opening.reason is OpeningReason.CLONE
    assert {log, *branches} <= {each.log for each in opening.predecessors}
    entry = clone.store.frontier(branches)[branches[0]]
    assert entry.base == clone.store.frontier([log])[log].length


def test_the_copy_that_comes_first_makes_the_other_the_branch(make_world: Callable[..., World]) -> None:
    world, first, clone = two_from_one(make_world)
    world.note_result(clone, clone.sync())
    world.note_result(first, first.sync())
    world.hub.judge()
    assert alerts.COPY_WAITING in codes_of(first)
    world.hub.review_copies(stands=True)
    world.heal()
    invariants.check_end(world)


def test_a_branch_reaches_a_pc_without_a_line(make_world: Callable[..., World]) -> None:
    """A branch begins where it comes off its log; whoever holds nothing of it gets it from there on, from a colleague as from the hub."""
    world = make_world(HAI_CHAU, HAI_CHAU, HAI_CHAU)
    first, middle, far = world.nodes
    clone = world.clone_node(first)
    work(world, first, seed=1)
    work(world, clone, seed=2)
    for node in (first, clone):
        world.note_result(node, node.sync())
    world.hub.judge()
    world.hub.review_copies(stands=True)
    world.heal_only(middle)
    branches = set(middle.store.frontier()) & {log for node in (first, clone) for log in node.own_logs()}
    assert any(middle.store.origin_of(log) != log for log in branches)
    world.meet(far, middle, random.Random("far"))
    assert all(far.store.frontier()[log] == middle.store.frontier()[log] for log in branches)
    assert own_ids(first) | own_ids(clone) <= held_ids(far)


def test_a_pc_whose_colleague_was_copied_does_not_say_that_it_was(make_world: Callable[..., World]) -> None:
    """It holds what the first wrote, the province what the copy wrote: it sorts them, and says nothing of its own disk."""
    world, first, clone = two_from_one(make_world)
    colleague = world.nodes[1]
    world.meet(colleague, first, random.Random("colleague"))
    world.heal_only(clone)
    world.heal_only(colleague)
    assert alerts.FORK not in codes_of(colleague)
    with world.hub.reading() as (_, store):
        assert all(store.record(record) for record in own_ids(first) | own_ids(clone))
    assert alerts.FORK not in codes_of(clone), "it was first"
    world.heal_only(first)
    assert alerts.FORK in codes_of(first)


def test_a_receipt_of_the_other_copys_records_hides_no_difference(make_world: Callable[..., World]) -> None:
    """A colleague passed on how far the province holds the log that both copies write; the one that wrote less must deliver all the same."""
    world = make_world(HAI_CHAU, HAI_CHAU)
    world.heal()
    first, colleague = world.nodes
    clone = world.clone_node(first)
    work(world, first, seed=1, acts=3)
    work(world, clone, seed=2, acts=9)
    written = own_ids(first) | own_ids(clone)
    world.heal_only(clone)
    world.heal_only(colleague)
    world.meet(colleague, first, random.Random("receipt"))
    assert first.is_put_back is False and require_office(first.db).log != require_office(clone.db).log
    carried = Rounds(first.db, first.services).requests(first.store.frontier(), require_office(first.db))
    assert sum(records for _, records in carried) == len(own_ids(first)), "a stick brings all of it"
    world.heal_only(first)
    world.hub.review_copies(stands=True)
    assert first.status().waiting == 0
    with world.hub.reading() as (_, store):
        assert all(store.record(record) for record in written)
    world.heal()
    invariants.check_end(world)


def take_in_the_same(node: SimNode) -> None:
    """The same person comes with the same matter on the same day."""
    office = require_office(node.db)
    reception = Reception(
        procedure=node.services.references.catalogue(node.db).procedures[0],
        is_accepted=True,
        channel=1,
        competent=office.unit,
        sets=1,
        fee_due=0,
        fields={
            "applicant.name": "Nguyễn Thị Hoa",
            "applicant.id_number": "048200998877",
            "summary": "Đất ở",
        },
        papers=({"paper": "giay_to", "form": 1, "count": 1, "digitised": False, "reused": False},),
        verification=False,
        agreed_ms=None,
        payment=None,
        settlement=None,
        is_repeated=False,
    )
    desk = next(node.actor(each) for each in node.officers if Role.RECEPTIONIST in node.actor(each).roles)
    receive(node.db, node.services, desk, reception)


def of_persons(found: list[Conflict]) -> list[Conflict]:
    return [each for each in found if each.kind is ConflictKind.DUPLICATE_DOSSIER]


def test_one_person_taken_in_by_both_is_a_duplicate_to_settle_here_and_at_the_hub(
    make_world: Callable[..., World],
) -> None:
    """Both PCs write the log that both name; neither desk could be asked."""
    world, first, clone = two_from_one(make_world)
    take_in_the_same(first)
    take_in_the_same(clone)
    for node in (first, clone):
        world.note_result(node, node.sync())
    world.hub.judge()
    world.hub.review_copies(stands=True)
    world.heal()
    invariants.check_end(world)
    with world.hub.reading() as (connection, _):
        (at_hub,) = of_persons(duplicates_at_hub(connection))
    for node in world.nodes:
        (here,) = of_persons(open_duplicates(node.db))
        assert (here.id, here.provisional, here.unit) == (at_hub.id, at_hub.provisional, HAI_CHAU)


def test_three_from_one_disk(make_world: Callable[..., World]) -> None:
    """The third is copied from the second after it went its own way: a branch of a branch."""
    world, first, clone = two_from_one(make_world)
    third = world.clone_node(clone)
    work(world, clone, seed=4)
    work(world, third, seed=5)
    for node in (first, clone, third):
        world.note_result(node, node.sync())
    world.hub.judge()
    assert len(world.hub.suspected()) == 2
    world.hub.review_copies(stands=True)
    world.heal()
    invariants.check_end(world)


def test_a_whole_disk_put_back_with_its_watermark_is_found_at_the_first_contact(
    make_world: Callable[..., World],
) -> None:
    """Lesson 2: nothing on the PC knows of it; what was written before the contact becomes a branch, nothing is lost."""
    world = make_world(HAI_CHAU, HAI_CHAU)
    world.heal()
    node = world.nodes[0]
    node.copy()
    work(world, node, seed=1)
    world.heal()
    node.put_back(whole=True)
    log = require_office(node.db).log
    work(world, node, seed=2)
    world.note_result(node, node.sync())
    assert require_office(node.db).log != log
    world.hub.review_copies(stands=True)
    world.heal()
    invariants.check_end(world)


def test_a_pc_that_was_put_back_while_its_other_life_goes_on(make_world: Callable[..., World]) -> None:
    """A copy that wrote nothing looks like a PC put back; when the other one comes again, two are alive."""
    world = make_world(HAI_CHAU, HAI_CHAU)
    world.heal()
    first = world.nodes[0]
    clone = world.clone_node(first)
    work(world, first, seed=1)
    world.heal_only(first)
    world.note_result(clone, clone.sync())
    assert world.hub.suspected() == []
    world.time.pass_ms(120_000)
    for seed in (2, 3):
        work(world, first, seed=seed)
        world.note_result(first, first.sync())
    assert len(world.hub.suspected()) == 1
    world.hub.judge()
    before = held_ids(clone)
    world.note_result(clone, clone.sync())
    assert held_ids(clone) == before | own_ids(clone) and alerts.COPY_WAITING in codes_of(clone)
    world.hub.review_copies(stands=True)
    world.heal()
    invariants.check_end(world)


def test_a_confirmed_copy_takes_an_identity_of_its_own(make_world: Callable[..., World]) -> None:
    """Two PCs must not go on with one key: fresh keys, the old logs read-only, and a log that names them."""
    world, first, clone = two_from_one(make_world)
    world.note_result(first, first.sync())
    world.note_result(clone, clone.sync())
    world.hub.judge()
    before = require_office(clone.db)
    with pytest.raises(WriteRefused):
        take_new_identity(clone.db, clone.services)
    world.hub.review_copies(stands=True)
    world.note_result(clone, clone.sync())
    aside = take_new_identity(clone.db, clone.services)
    assert aside.is_dir() and read_office(clone.db) is None
    fresh = clone.services.keyring.files.device().public.id
    assert fresh != before.device and read_local(clone.db, ADOPTED_DEVICE) == before.device
    assert own_ids(first) <= held_ids(clone), "what the office has stays readable"
