"""Papers after a root ceremony: an old PC is stated again, hears of it with its sync, and its codes verify by the roots alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from central_hub.journal.service import Draft, write
from central_hub.keys import load_root
from central_hub.registry.ceremony import adopt, propose
from central_hub.registry.restating import restate_when_needed
from central_hub.registry.revocation import Act, reinstate_keys, revoke_device
from central_hub.services import open_services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import KEY
from edge_node.casework.paper_code import compact_chain, paper_code
from edge_node.cli import cli
from signing import qr
from signing.console import OK
from signing.cuts import Cause
from signing.keys import LockCost, SigningKey, new_signing_key
from signing.qr import PaperKind
from signing.report import Indication
from signing.roles import Role
from signing.statements import KeyStatement
from signing.verification import verify
from tests.support.log_builder import COMMUNE
from tests.support.pair import Commune, Pc, found_commune


def hold_ceremony(commune: Commune, *others: SigningKey, **changes: Any) -> None:
    """The next bundle, signed by the present root and by the others, adopted; the hub starts again."""
    root = load_root(commune.folder / "roots" / "root-1.key", passphrase="")
    with writing(commune.hub.engine) as connection:
        draft = propose(connection, commune.hub, **changes)
    for signer in (root, *others):
        draft = draft.sign(signer)
    adopt(commune.hub, draft)
    clock = commune.hub.clock
    commune.hub = replace(open_services(commune.hub.config, lock_cost=LockCost.TEST), clock=clock)
    for pc in commune.pcs:
        pc.line.hub = commune.hub


def slip_code(pc: Pc, dossier: str) -> str:
    return paper_code(
        pc.db, pc.services, kind=PaperKind.SLIP, record=dossier * 2, code="H17.20242-261120-0001",
        procedure="1.001193", issued_ms=pc.clock(),
    )  # fmt: skip


@pytest.mark.parametrize("cause", [Cause.RETIRED, Cause.COMPROMISED])
def test_after_a_change_of_the_registry_key_the_slip_of_an_old_pc_verifies_from_the_roots_alone(
    commune: Commune, cause: Cause
) -> None:
    pc = commune.add()
    dossier = pc.receive()
    before = slip_code(pc, dossier)
    hold_ceremony(commune, registry_cause=cause)
    bundle = commune.hub.keys.bundle
    assert verify(before.encode(), bundle).indication is Indication.INDETERMINATE
    assert len(restate_when_needed(commune.hub)) == 1
    assert restate_when_needed(commune.hub) == []
    assert pc.sync().problem is None
    after = slip_code(pc, dossier)
    paper = qr.read(after).verify(roots=bundle.roots, threshold=bundle.threshold)
    assert paper.record.hex() == dossier * 2
    assert verify(after.encode(), bundle).indication is Indication.PASSED
    assert qr.read(after).chain.registry.stated.bundle_version == bundle.version


def test_after_a_change_of_the_roots_too(commune: Commune) -> None:
    pc = commune.add()
    dossier, second = pc.receive(), new_signing_key()
    hold_ceremony(commune, second, roots=[second.public], threshold=1)
    bundle = commune.hub.keys.bundle
    assert len(restate_when_needed(commune.hub)) == 1
    assert pc.sync().problem is None
    assert verify(slip_code(pc, dossier).encode(), bundle).indication is Indication.PASSED


def test_a_new_pc_prints_codes_under_the_new_registry_key(commune: Commune) -> None:
    hold_ceremony(commune, registry_cause=Cause.RETIRED)
    pc = commune.add()
    assert restate_when_needed(commune.hub) == []
    code = slip_code(pc, pc.receive())
    assert verify(code.encode(), commune.hub.keys.bundle).indication is Indication.PASSED


def test_until_it_was_stated_again_a_pc_prints_the_plain_code(commune: Commune) -> None:
    pc = commune.add()
    hold_ceremony(commune, registry_cause=Cause.RETIRED)
    assert pc.sync().problem is None
    assert compact_chain(pc.db, pc.services) is None and slip_code(pc, pc.receive()) == ""


def test_a_pc_that_was_cut_off_is_not_stated_again_until_it_is_reinstated(commune: Commune) -> None:
    pc = commune.add()
    device, act = pc.services.keyring.device.public.id, Act(actor="khoa", ground="Nghi mất máy")
    with writing(commune.hub.engine) as connection:
        revoke_device(connection, commune.hub, device, cause=Cause.SUSPENDED, act=act)
    hold_ceremony(commune, registry_cause=Cause.RETIRED)
    assert restate_when_needed(commune.hub) == []
    with writing(commune.hub.engine) as connection:
        reinstate_keys(connection, commune.hub, [device], act=act)
    assert len(restate_when_needed(commune.hub)) == 1


def test_what_a_thief_of_the_registry_key_stated_is_not_stated_again(commune: Commune) -> None:
    commune.add()
    since = commune.clock()
    commune.clock.now += 60_000
    commune.add()  # stated after the moment from which the registry key is not trusted
    hold_ceremony(commune, registry_cause=Cause.COMPROMISED, since_ms=since + 1)
    stated = restate_when_needed(commune.hub)
    first = commune.pcs[0].services.keyring.device.public.hex
    assert [record.header.facts["key"] for record in stated] == [first]


# --- what a PC makes of a former registry key ---


def thief_states(commune: Commune, registry: SigningKey) -> SigningKey:
    """Somebody with the old registry key, and the hub in hand, states a leader of their own."""
    stolen = new_signing_key()
    statement = KeyStatement(
        key=stolen.public, roles=frozenset({Role.LEADER}), unit=COMMUNE, officer="e" * 32,
        issuer=registry.public.id,
    )  # fmt: skip
    facts = {**statement.facts(), "roles": ["leader"]}
    draft = Draft(kind="key.stated", facts=facts, content={"name": "Kẻ gian"}, signer=registry)
    with writing(commune.hub.engine) as connection:
        write(connection, commune.hub, commune=commune.hub.province, drafts=[draft])
    return stolen


@pytest.mark.parametrize("cause", [Cause.RETIRED, Cause.COMPROMISED])
def test_a_pc_does_not_believe_what_a_former_registry_key_states_after_its_cut(
    commune: Commune, cause: Cause
) -> None:
    pc, registry = commune.add(), commune.hub.keys.registry
    hold_ceremony(commune, registry_cause=cause)
    stolen = thief_states(commune, registry)
    assert pc.sync().problem is None
    trust = pc.services.trust.trust(pc.db)
    assert trust.statement(stolen.public.id) is None
    # What the same key said inside the cut is believed as ever.
    assert trust.statement(pc.services.keyring.device.public.id) is not None
    pc.receive()


def test_a_review_lets_a_pc_believe_it_after_all(commune: Commune) -> None:
    pc, registry = commune.add(), commune.hub.keys.registry
    hold_ceremony(commune, registry_cause=Cause.COMPROMISED)
    honest = thief_states(commune, registry)
    with reading(commune.hub.engine) as connection:
        record = connection.scalar(select(KEY.c.record).where(KEY.c.id == honest.public.id))
    facts = {"records": [record], "stands": True, "unit": commune.hub.province}
    review = Draft(kind="review.given", facts=facts, signer=commune.hub.keys.registry)
    with writing(commune.hub.engine) as connection:
        write(connection, commune.hub, commune=commune.hub.province, drafts=[review])
    assert pc.sync().problem is None
    assert pc.services.trust.trust(pc.db).statement(honest.public.id) is not None


# --- a bundle on a stick ---


def take(pc: Pc, *files: Path) -> tuple[int, dict[str, Any]]:
    arguments = ["trust", "--data", str(pc.services.config.data), "--json", *map(str, files)]
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_a_pc_takes_newer_bundles_from_a_stick_and_never_goes_back(commune: Commune, tmp_path: Path) -> None:
    pc = commune.add()
    for _ in range(2):
        hold_ceremony(commune)
    keys = commune.hub.config.keys
    first, second, third = (keys / f"trust-{number}.json" for number in (1, 2, 3))
    code, said = take(pc, third, second)
    assert (code, said["before"], said["version"]) == (OK, 1, 3)
    assert pc.services.trust.trust(pc.db).bundle == commune.hub.keys.bundle
    for older in (first, second):
        code, said = take(pc, older)
        assert code != OK and said["code"] == "MC_TRUST_ROLLBACK"
    other = found_commune(tmp_path / "other")
    code, said = take(pc, other.hub.config.keys / "trust.json")
    other.close()
    assert code != OK
    (tmp_path / "no bundle").write_bytes(b"{}")
    assert take(pc, tmp_path / "no bundle")[0] != OK
    assert pc.services.trust.trust(pc.db).bundle.version == 3
