"""The root ceremony at a hub: draft, signatures from several media, adoption; and what every node makes of it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from central_hub.cli import cli
from central_hub.doctor import Health, examine
from central_hub.keys import load_keys, load_root
from central_hub.registry.ceremony import CeremonyDraft, adopt, propose, signatures_missing
from central_hub.registry.snapshot import take_snapshot
from central_hub.services import Services, open_services
from central_hub.store.engine import reading, writing
from central_hub.tlog.sequencer import advance
from central_hub.verify.export import export_proof, provable
from dossiers.kinds import AUTHORITY
from signing.bundles import Broken, follow_bundles, open_bundle, open_unpinned_bundle
from signing.compact import SignedRegistryKey
from signing.console import BAD_INPUT, OK
from signing.cuts import Cause
from signing.errors import KeyLocked, TrustInvalid
from signing.keys import SigningKey, new_signing_key
from signing.report import Indication
from signing.roles import Role
from signing.snapshot import open_snapshot
from signing.verification import verify
from tests.support.hub import ProvinceHub, found_province, receive


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    return found_province(tmp_path)


@pytest.fixture
def root(hub: ProvinceHub, tmp_path: Path) -> SigningKey:
    return load_root(tmp_path / "root" / "root-1.key", passphrase="")


def proposed(services: Services, **changes: Any) -> CeremonyDraft:
    with writing(services.engine) as connection:
        return propose(connection, services, **changes)


def reopened(services: Services) -> Services:
    return replace(open_services(services.config), clock=services.clock)


def test_a_draft_collects_signatures_and_is_adopted_once_there_are_enough(
    hub: ProvinceHub, root: SigningKey
) -> None:
    services, second, third = hub.services, new_signing_key(), new_signing_key()
    first_bundle = services.keys.bundle
    draft = proposed(services, roots=[root.public, second.public, third.public], threshold=2)
    for signers, is_enough in (([], False), ([root], False), ([second, third], False), ([root, third], True)):
        signed = draft
        for signer in signers:
            signed = CeremonyDraft.decode(signed.sign(signer).encode())
        assert signatures_missing(signed, first_bundle) is not is_enough
        if not is_enough:
            with pytest.raises(TrustInvalid):
                adopt(services, signed)
    assert load_keys(services.config.keys).bundle == first_bundle
    adopt(services, signed)
    after = reopened(services)
    assert (after.keys.bundle.version, after.keys.bundle.threshold) == (2, 2)
    assert [open_unpinned_bundle(each).version for each in after.keys.versions] == [1, 2]
    assert follow_bundles(after.keys.versions, roots=first_bundle) == after.keys.bundle
    paper = SignedRegistryKey.decode((services.config.keys / "registry.compact").read_bytes())
    assert paper.verify(after.keys.bundle.roots, 2).bundle_version == 2
    with pytest.raises(TrustInvalid):
        adopt(after, CeremonyDraft(envelope=services.keys.envelope, paper=b""))


def test_a_new_registry_key_takes_over_and_the_old_one_is_cut_off(hub: ProvinceHub, root: SigningKey) -> None:
    services = hub.services
    desk = hub.enrol("20242")
    old = services.keys.registry.public
    draft = proposed(services, registry_cause=Cause.COMPROMISED).sign(root)
    adopt(services, draft)
    after = reopened(services)
    new = after.keys.registry.public
    assert new != old and after.keys.bundle.registry == (new,)
    assert [each.key for each in after.keys.bundle.former] == [old]
    with reading(after.engine) as connection:
        trust = after.trust.current(connection)
        assert trust.statement(desk.device) is not None
        assert not after.status.current(connection).is_silent(old.id)
    later = replace(hub, services=after, desks=[])
    other = later.enrol("20257")
    with reading(after.engine) as connection:
        statement = after.trust.current(connection).statement(other.device)
    assert statement is not None and statement.issuer == new.id
    assert not (services.config.keys / "next" / "registry.key").exists()


def test_whoever_had_the_disk_is_nobody_at_the_screen_once_the_registry_key_was_replaced(
    hub: ProvinceHub, root: SigningKey
) -> None:
    """The hub's one secret stays for good, and with it a thief made cookies for any account."""
    name = str(hub.app.config["SESSION_COOKIE_NAME"])
    thief = hub.app.test_client()
    with thief.session_transaction() as session:
        session.update(login="quantri", generation=1, until=2**52)
    cookie = thief.get_cookie(name)
    assert cookie is not None and thief.get("/administration").status_code == 200
    adopt(hub.services, proposed(hub.services, registry_cause=Cause.COMPROMISED).sign(root))
    later = replace(hub, services=reopened(hub.services)).app.test_client()
    later.set_cookie(name, cookie.value)
    assert later.get("/administration").status_code == 302


def test_a_crash_in_the_middle_of_an_adoption_is_completed(
    hub: ProvinceHub, root: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = hub.services
    draft = proposed(services, registry_cause=Cause.RETIRED).sign(root)
    with monkeypatch.context() as patch:
        patch.setattr("central_hub.registry.ceremony.keep_envelope", _power_cut)
        with pytest.raises(InterruptedError):
            adopt(services, draft)
    half = reopened(services)
    assert half.keys.bundle == services.keys.bundle
    adopt(half, draft)
    assert reopened(services).keys.registry.public in reopened(services).keys.bundle.registry


def _power_cut(*_: object) -> None:
    raise InterruptedError


def test_what_is_no_draft_is_refused() -> None:
    for data in (
        b"",
        b"{}",
        b'{"format":"motcua-ceremony/1"}',
        b'{"format":"motcua-ceremony/1","envelope":"","paper":""}',
    ):
        with pytest.raises(TrustInvalid):
            CeremonyDraft.decode(data)


def test_the_snapshot_is_signed_by_the_status_key_and_follows_the_tree(hub: ProvinceHub) -> None:
    services = hub.services
    advance(services, at_once=True)
    with reading(services.engine) as connection:
        data = take_snapshot(connection, services)
    assert data is not None
    snapshot = open_snapshot(data, services.keys.bundle)
    assert services.tree is not None
    assert snapshot.status.size == services.tree.head().size
    assert snapshot.root == services.tree.head().root.hex()
    public = hub.app.test_client().get("/verify/status.json")
    assert open_snapshot(public.data, services.keys.bundle).status == snapshot.status


def test_a_hub_from_before_a_kind_is_told_to_hold_a_ceremony_which_lets_it_be_signed(
    hub: ProvinceHub, root: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = {kind: roles for kind, roles in AUTHORITY.items() if kind != "erasure.ordered"}
    with monkeypatch.context() as patch:
        patch.setattr("central_hub.registry.ceremony.AUTHORITY", older)
        adopt(hub.services, proposed(hub.services).sign(root))
    before = reopened(hub.services)
    (told,) = [each for each in examine(before) if each.check == "authority"]
    assert told.health is Health.UNDECIDED and "erasure.ordered" in told.vi and "trust draft" in told.en
    leader = frozenset({Role.LEADER})
    assert not before.keys.bundle.authority.get("erasure.ordered")
    adopt(before, proposed(before).sign(root))
    after = reopened(before)
    assert leader <= after.keys.bundle.authority["erasure.ordered"]
    assert follow_bundles(after.keys.versions, roots=hub.services.keys.bundle) == after.keys.bundle
    assert [each.health for each in examine(after) if each.check == "authority"] == [Health.OK]


# --- the commands ---


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_the_ceremony_by_command_over_separate_media(tmp_path: Path) -> None:
    media = [tmp_path / f"usb-{number}" / "root.key" for number in (1, 2, 3)]
    data = ["--data", str(tmp_path / "hub")]
    files = [part for path in media for part in ("--root-file", str(path))]
    code, said = run("init", *data, *files, "--threshold", "2", "--no-root-passphrase")
    assert code == OK and said["root_files"] == [str(path) for path in media]
    new = tmp_path / "usb-4" / "root.key"
    code, made = run("trust", "key", str(new), "--root-passphrase", "giữ kín")
    assert code == OK
    with pytest.raises(KeyLocked):
        load_root(new, passphrase="")
    kept = [load_root(path, passphrase="").public.hex for path in media[:2]]
    draft = str(tmp_path / "draft.json")
    roots = [part for root in (*kept, made["public"]) for part in ("--root", root)]
    assert run("trust", "draft", draft, *data, *roots)[0] == OK
    assert run("trust", "adopt", draft, *data)[0] == BAD_INPUT
    for path in media[:2]:
        assert run("trust", "sign", draft, "--root-file", str(path))[0] == OK
    code, adopted = run("trust", "adopt", draft, *data)
    assert (code, adopted["version"]) == (OK, 2)
    assert adopted["fingerprint"] != said["fingerprint"]
    assert run("trust", "adopt", draft, *data)[0] == OK  # once more changes nothing
    before = (tmp_path / "hub" / "keys" / "trust-1.json").read_bytes()
    open_bundle((tmp_path / "hub" / "keys" / "trust.json").read_bytes(), roots=open_unpinned_bundle(before))


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["--root-passphrase", ""],
        ["--root-passphrase", "  "],
        ["--root-passphrase", "a", "--no-root-passphrase"],
    ],
)
def test_a_root_file_without_a_passphrase_is_made_only_where_that_is_said(
    tmp_path: Path, given: list[str]
) -> None:
    target = tmp_path / "usb" / "root.key"
    for command in (
        ["init", "--data", str(tmp_path / "hub"), "--root-file", str(target)],
        ["trust", "key", str(target)],
    ):
        assert run(*command, *given)[0] == BAD_INPUT
        assert not target.exists() and not (tmp_path / "hub" / "keys").exists()


def test_a_locked_root_file_signs_with_its_passphrase_alone(hub: ProvinceHub, tmp_path: Path) -> None:
    target, draft = tmp_path / "usb" / "root.key", tmp_path / "draft.json"
    code, made = run("trust", "key", str(target), "--root-passphrase", "giữ kín")
    assert code == OK
    data = ["--data", str(hub.services.config.data)]
    assert run("trust", "draft", str(draft), *data, "--root", made["public"])[0] == OK
    for wrong in ([], ["--root-passphrase", "khác"]):
        assert run("trust", "sign", str(draft), "--root-file", str(target), *wrong)[0] != OK
    assert (
        run("trust", "sign", str(draft), "--root-file", str(target), "--root-passphrase", "giữ kín")[0] == OK
    )


def test_a_broken_algorithm_is_declared_by_the_roots_and_what_was_logged_before_stands(
    hub: ProvinceHub, root: SigningKey, tmp_path: Path
) -> None:
    desk = hub.enrol("20195")
    early = receive(desk, hub.clock.now - 60_000, 1)
    hub.deliver(desk)
    hub.judge()
    advance(hub.services, at_once=True)
    tree = hub.services.tree
    assert tree is not None
    size = tree.head().size
    late = receive(desk, hub.clock.now - 30_000, 2)
    hub.deliver(desk)
    hub.judge()
    advance(hub.services, at_once=True)
    with pytest.raises(TrustInvalid):
        proposed(hub.services, broken_from=tree.head().size + 1)
    draft = proposed(hub.services, broken_from=size).sign(root)
    adopt(hub.services, draft)
    services = reopened(hub.services)
    assert services.keys.bundle.broken == Broken(
        suite="ed25519", origin=tree.origin, size=size, root=tree.root_at(size).hex()
    )
    with reading(services.engine) as connection:
        found = {
            dossier: verify(
                export_proof(
                    services, connection, dossier,
                    disclosed=[each.id for each in provable(services, connection, dossier)],
                ),
                services.keys.bundle,
            )
            for dossier in (early, late)
        }  # fmt: skip
    assert found[early].indication is Indication.PASSED, found[early].vi
    assert found[late].sub_indications == ("CRYPTO_CONSTRAINTS_FAILURE_NO_POE",)
    assert proposed(services).bundle.broken == services.keys.bundle.broken


@pytest.mark.parametrize("cause", [Cause.RETIRED, Cause.COMPROMISED])
def test_a_new_status_key_takes_over_and_a_stolen_one_vouches_for_nothing(
    hub: ProvinceHub, root: SigningKey, cause: Cause
) -> None:
    former = hub.services.keys.status
    with reading(hub.services.engine) as connection:
        old = take_snapshot(connection, hub.services)
    assert former is not None and old is not None
    draft = proposed(hub.services, status_cause=cause).sign(root)
    waiting = reopened(hub.services).keys.status
    assert waiting is not None and waiting.public == former.public, "until the draft is adopted"
    bundle = adopt(hub.services, draft)
    services = reopened(hub.services)
    assert services.keys.status is not None and services.keys.status.public != former.public
    assert bundle.status[0] == services.keys.status.public
    with reading(services.engine) as connection:
        new = take_snapshot(connection, services)
    assert new is not None and open_snapshot(new, bundle).province == "48"
    if cause is Cause.RETIRED:
        assert open_snapshot(old, bundle).province == "48"
    else:
        with pytest.raises(TrustInvalid):
            open_snapshot(old, bundle)
    assert not (services.config.keys / "next" / "status.key").exists()
    after = proposed(services).bundle
    assert after.status == bundle.status
