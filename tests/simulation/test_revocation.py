"""Somebody who lost the right goes on offline (lesson 38): what was written before the cut stands, what was written after it
waits for a review, nothing is lost, and no clock has a word in it."""

import random
from collections.abc import Callable

import pytest

from edge_node.journal import Draft, WriteRefused, write
from edge_node.projection.service import view as view_of
from edge_node.store import SqliteLogStore
from signing.cuts import Cause
from sync_protocol.reasons import RECORD_AFTER_CUT, RECORD_PARENT_REFUSED, RECORD_REVOKED
from sync_protocol.record import Record
from tests.simulation import invariants
from tests.simulation.clock import YEAR_MS
from tests.simulation.node import SimNode
from tests.simulation.officers import Desk
from tests.simulation.world import World

HAI_CHAU, HOA_CUONG = "20242", "20257"
CLOCKS = (0, 10 * YEAR_MS, -10 * YEAR_MS)


def work(world: World, node: SimNode, *, seed: int, acts: int = 8) -> None:
    for number in range(acts):
        Desk(node, random.Random(f"{seed} {number}"), world.communes).act()
        world.note_records(node)


def written(node: SimNode, since: int) -> list[Record]:
    return SqliteLogStore(node.db).span(node.office.log, since)


def length(node: SimNode) -> int:
    return SqliteLogStore(node.db).frontier()[node.office.log].length


def standing(world: World, code: str) -> set[str]:
    with world.hub.reading() as (connection, _):
        rows = connection.exec_driver_sql("SELECT record FROM standing WHERE code = ?", (code,))
        return {row[0] for row in rows}


def exchange(world: World, *nodes: SimNode) -> None:
    for node in nodes:
        world.note_result(node, node.sync())
    world.hub.judge()
    for node in nodes:
        world.note_result(node, node.sync())


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    world = make_world(HAI_CHAU, HAI_CHAU, HOA_CUONG)
    world.heal()
    return world


@pytest.mark.parametrize("wrong_by_ms", CLOCKS, ids=["right clock", "ten years ahead", "ten years behind"])
def test_an_officer_who_was_cut_off_goes_on_offline(world: World, wrong_by_ms: int) -> None:
    node, colleague, _ = world.nodes
    node.clock.set_wrong_by(wrong_by_ms)
    work(world, node, seed=1)
    exchange(world, node)
    cut = length(node)
    officer = node.actor(node.officers[0])
    world.hub.revoke([officer.key], Cause.LOST)
    work(world, node, seed=2)
    work(world, colleague, seed=3)
    after = [record.id for record in written(node, cut) if record.header.by == officer.key]
    assert after, "the story needs work after the cut"
    exchange(world, node, colleague)
    assert standing(world, RECORD_AFTER_CUT.code) == set(after)
    assert node.status().undecided >= len(after) and node.status().waiting == 0
    with pytest.raises(WriteRefused, match="NODE_KEY_REVOKED"):
        write(
            node.db,
            node.services,
            officer,
            [Draft(kind="dossier.noted", dossier=after_dossier(node), facts={}, content={"note": "zq"})],
        )

    first, rest = after[: len(after) // 2], after[len(after) // 2 :]
    world.hub.review(rest, stands=False)
    if first:
        world.hub.review(first, stands=True)
    world.ledger.reviewed_away |= set(rest)
    world.heal()
    invariants.check_end(world)
    assert standing(world, RECORD_AFTER_CUT.code) == set()
    assert set(rest) <= standing(world, RECORD_REVOKED.code) | standing(world, RECORD_PARENT_REFUSED.code)


def after_dossier(node: SimNode) -> str:
    row = node.db.conn.execute("SELECT id FROM dossier ORDER BY number LIMIT 1").fetchone()
    dossier = row[0].hex()
    assert view_of(node.db, dossier) is not None
    return str(dossier)


def test_what_a_stolen_key_wrote_since_an_earlier_moment_is_taken_back(world: World) -> None:
    """Compromised since this morning: what the hub had applied since then is put in question again, and refused."""
    node, colleague, _ = world.nodes
    work(world, node, seed=1)
    exchange(world, node, colleague)
    world.time.pass_ms(60_000)
    morning, cut = world.time.now_ms, length(node)
    world.time.pass_ms(60_000)
    work(world, node, seed=2)
    exchange(world, node, colleague)
    work(world, colleague, seed=3)
    exchange(world, node, colleague)
    officer = node.actor(node.officers[0])
    since = [record.id for record in written(node, cut) if record.header.by == officer.key]
    world.hub.revoke([officer.key], Cause.COMPROMISED, since_ms=morning)
    exchange(world, node, colleague)
    in_question = standing(world, RECORD_AFTER_CUT.code) | standing(world, RECORD_REVOKED.code)
    assert set(since) <= in_question
    waiting = sorted(standing(world, RECORD_AFTER_CUT.code))
    if waiting:
        world.hub.review(waiting, stands=False)
    world.ledger.reviewed_away |= in_question
    world.heal()
    invariants.check_end(world)
