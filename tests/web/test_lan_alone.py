"""A PC that meets nobody but its office's other PCs: it knows what they know of the province, and says nothing that is not so."""

import pytest
from msgspec.structs import replace

from central_hub.tlog.sequencer import Step, advance
from edge_node.journal import require_office
from edge_node.lan.asking import meet
from edge_node.projection.service import digest_total
from edge_node.store import SqliteLogStore, alerts
from edge_node.sync.status import Said, read_status
from edge_node.witness.places import Places
from edge_node.witness.service import take_places, take_step
from edge_node.witness.sharing import places_for, steps_for
from edge_node.witness.state import read_seen
from edge_node.witness.status import held_status
from edge_node.witness.steps import own_mark, wanted_step
from sync_protocol.record import Record
from sync_protocol.wire import Unproven
from tests.support.cable import Cable, met
from tests.support.pair import Commune, Pc, Unpacked


def grow(commune: Commune) -> None:
    """The hub logs everything that it has receipted, and signs."""
    while (step := advance(commune.hub, at_once=True)) is not Step.IDLE:
        assert step is Step.SIGNED


def worked(commune: Commune, pc: Pc) -> str:
    """A dossier that is at the province, judged and logged; the PC has the checkpoint."""
    dossier = pc.receive()
    for _ in range(2):
        assert pc.sync().is_done
    grow(commune)
    assert pc.sync().is_done
    return dossier


def size_at(pc: Pc | Unpacked) -> int:
    seen = read_seen(pc.services.config.keys)
    return seen[0].size if seen else 0


def placed(pc: Pc, record: Record) -> bool:
    policy = pc.services.trust.trust(pc.db).bundle.policy
    return Places(pc.db, policy).of(record) is not None


@pytest.mark.parametrize("is_alone_asking", [True, False])
def test_a_pc_that_never_had_a_line_says_the_same_as_its_colleague(
    two_pcs: Commune, is_alone_asking: bool
) -> None:
    near = two_pcs.pcs[0]
    worked(two_pcs, near)
    box = two_pcs.unpack()
    assert near.sync().is_done
    box.line.is_down = True
    first = meet(box.db, box.services, Cable(near))
    assert first.problem is None and size_at(box) == size_at(near) > 0
    alone = two_pcs.staff(box)
    pair = (alone, near) if is_alone_asking else (near, alone)
    mine = alone.receive()
    for _ in range(3):
        met(*pair)
        assert near.sync().is_done
        grow(two_pcs)
    assert near.sync().is_done
    met(*pair)
    status = read_status(alone.db, now=alone.clock())
    assert (status.waiting, status.unjudged) == (0, 0)
    assert status.said == (Said.ALL_THERE,) and status.is_full
    assert digest_total(alone.db) == digest_total(near.db)
    assert own_mark(alone.services) == own_mark(near.services)
    bundle = alone.services.trust.trust(alone.db).bundle
    assert held_status(alone.db, bundle) is not None
    record = SqliteLogStore(alone.db).dossier_records(mine)[0]
    assert placed(alone, record)
    known = met(*pair).known
    asking, asked = pair
    assert meet(asking.db, asking.services, Cable(asked), known).rounds == 1


def test_a_receipt_that_does_not_cover_what_is_here_makes_nothing_full(two_pcs: Commune) -> None:
    near, far = two_pcs.pcs
    far.line.is_down = True
    far.db.conn.execute("DELETE FROM local WHERE name = 'sync.last_full'")
    far.db.conn.commit()
    far.receive()
    worked(two_pcs, near)
    met(far, near)
    status = read_status(far.db, now=far.clock())
    assert status.waiting > 0 and status.last is None and not status.is_full


def test_the_log_is_followed_step_by_step_with_its_proofs(two_pcs: Commune) -> None:
    near, far = two_pcs.pcs
    worked(two_pcs, near)
    far.line.is_down = True
    met(far, near)
    for _ in range(3):
        worked(two_pcs, near)
    behind = own_mark(far.services)
    assert len(steps_for(near.db, near.services, behind)) == 3
    met(far, near)
    assert own_mark(far.services) == own_mark(near.services) != behind
    assert alerts.list_alerts(far.db) == []


def test_where_nobody_here_has_a_step_the_next_sync_asks_the_province(two_pcs: Commune) -> None:
    near, far = two_pcs.pcs
    worked(two_pcs, near)
    worked(two_pcs, far)
    far.receive()
    assert far.sync().is_done
    far.line.is_down = True
    grow(two_pcs)  # so that the other never sees the size at which this one stands
    worked(two_pcs, near)
    stands = own_mark(far.services)
    met(far, near)
    assert own_mark(far.services) == stands and wanted_step(near.db) == stands
    for _ in range(2):
        assert near.sync().is_done
    assert wanted_step(near.db) == b"" and near.sync().rounds == 1
    met(far, near)
    assert own_mark(far.services) == own_mark(near.services) != stands


def test_a_step_or_place_that_does_not_hold_changes_nothing(two_pcs: Commune) -> None:
    near, far = two_pcs.pcs
    worked(two_pcs, near)
    far.line.is_down = True
    met(far, near)
    dossier = worked(two_pcs, near)
    stands, office = own_mark(far.services), require_office(far.db)
    (step,) = steps_for(near.db, near.services, stands)
    assert step.proof
    take_step(far.db, far.services, office, step.note, [bytes(32)] * len(step.proof))
    take_step(far.db, far.services, office, step.note.replace(step.note[-30:-20], b"A" * 10), step.proof)
    assert own_mark(far.services) == stands and alerts.list_alerts(far.db) == []
    met(far, near)
    record = SqliteLogStore(far.db).dossier_records(dossier)[0]
    near_places = places_for(near.db, [Unproven(bytes.fromhex(record.header.log), record.header.seq)])
    (told,) = near_places
    moved = [replace(each, position=each.position + 1) for each in told.inclusions]
    take_places(far.db, far.services, told.note, moved)
    assert not placed(far, record)
    take_places(far.db, far.services, told.note, told.inclusions)
    assert placed(far, record)
