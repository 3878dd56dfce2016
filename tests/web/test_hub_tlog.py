"""The province's log over HTTP: plain files that prove themselves, cacheable, and the door for outside witnesses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete
from werkzeug.serving import make_server

from central_hub.app import create_app
from central_hub.cli import cli
from central_hub.doctor import Health, examine
from central_hub.registry.ceremony import propose
from central_hub.registry.revocation import Act, revoke_device
from central_hub.settings import TREE_PROBLEM, put_setting
from central_hub.store.engine import writing
from central_hub.store.tables import LEAF
from central_hub.tlog.sequencer import Step, advance
from central_hub.tlog.witnesses import add_cosignature
from signing.bundles import TrustBundle
from signing.cuts import Cause
from signing.errors import LogInvalid
from signing.keys import SigningKey
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.note import COSIGNATURE, Note, VerifierKey, with_signatures
from signing.tlog.policy import Policy
from signing.tlog.proof import TlogProof
from signing.tlog.tiles import ENTRIES, Tile, decode_entries, hash_reader, tiles_of
from sync_protocol.witness import witness_key
from tests.support.hub import NOW_MS, ProvinceHub, found_province, receive

WITNESS = SigningKey.from_seed(b"w" * 32)
WITNESS_KEY = VerifierKey("thanh-tra.example", WITNESS.public, COSIGNATURE)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> ProvinceHub:
    hub = found_province(tmp_path_factory.mktemp("province"))
    policy = hub.services.keys.bundle.policy
    assert policy is not None
    witnessed = Policy.parse(f"log {policy.logs[0]}\nwitness w {WITNESS_KEY}\nquorum w\n")
    bundle: TrustBundle = replace(hub.services.keys.bundle, policy=witnessed)
    services = replace(hub.services, keys=replace(hub.services.keys, bundle=bundle))
    return ProvinceHub(services=services, clock=hub.clock)


def grow(hub: ProvinceHub, dossiers: int = 300) -> None:
    desk = hub.enrol("20242", f"PC {len(hub.desks)}")
    for number in range(dossiers):
        receive(desk, NOW_MS, number)
    hub.deliver(desk)
    while (step := advance(hub.services, at_once=True)) is not Step.IDLE:
        assert step is Step.SIGNED


@pytest.fixture(scope="module")
def address(hub: ProvinceHub) -> Iterator[str]:
    """The hub behind a real socket."""
    grow(hub)
    server = make_server("127.0.0.1", 0, create_app(hub.services.config, hub.services), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/tlog"
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(url: str) -> tuple[bytes, dict[str, str]]:
    with urlopen(url, timeout=10) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


def head_of(hub: ProvinceHub, address: str) -> Checkpoint:
    note = Note.parse(fetch(f"{address}/checkpoint")[0])
    policy = hub.services.keys.bundle.policy
    assert policy is not None
    return policy.open_unwitnessed(note)


def test_a_stranger_can_check_the_whole_log(hub: ProvinceHub, address: str) -> None:
    head = head_of(hub, address)
    assert head.size > 256
    files = {tile: fetch(f"{address}/{tile.path}")[0] for tile in tiles_of(head.size)}
    assert merkle.read_edge(head.size, hash_reader(head.size, files.__getitem__)).root == head.root
    hashes = b"".join(files[tile] for tile in files if tile.level == 0)
    leaves: list[bytes] = []
    for tile in [Tile(ENTRIES, tile.index, tile.width) for tile in files if tile.level == 0]:
        leaves += decode_entries(fetch(f"{address}/{tile.path}")[0], width=tile.width)
    assert b"".join(map(merkle.leaf_hash, leaves)) == hashes


def test_files_say_how_long_they_may_be_kept(address: str) -> None:
    _, checkpoint = fetch(f"{address}/checkpoint")
    assert checkpoint["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint["cache-control"] == "public, max-age=5"
    _, tile = fetch(f"{address}/tile/0/000")
    assert tile["content-type"] == "application/octet-stream"
    assert "immutable" in tile["cache-control"]
    for each in (checkpoint, tile):
        assert "set-cookie" not in each
        assert each.get("vary") in (None, "")


@pytest.mark.parametrize(
    "path",
    ["tile/0/999", "tile/0/..%2f..%2fcheckpoint", "tile/9/000", "lock", "tile/0/000.p/3", "tile/0/000.part"],
)
def test_nothing_else_is_served(address: str, path: str) -> None:
    with pytest.raises(HTTPError) as refused:
        fetch(f"{address}/{path}")
    with refused.value:
        assert refused.value.code == 404


def post(address: str, note: Note) -> int:
    request = Request(f"{address}/checkpoint", data=note.encode(), method="POST")
    try:
        with urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_an_outside_witness_cosigns(hub: ProvinceHub, address: str) -> None:
    policy = hub.services.keys.bundle.policy
    assert policy is not None
    head, note = head_of(hub, address), Note.parse(fetch(f"{address}/checkpoint")[0])
    cosigned = with_signatures(note, [cosign(head, WITNESS_KEY.name, 1_790_000_000, WITNESS)])
    assert post(address, cosigned) == 204
    assert post(address, cosigned) == 204
    assert policy.open(Note.parse(fetch(f"{address}/checkpoint")[0])).checkpoint == head


def leaves_of(tree_size: int, address: str) -> list[bytes]:
    return [
        leaf
        for tile in tiles_of(tree_size)
        if tile.level == 0
        for leaf in decode_entries(
            fetch(f"{address}/{Tile(ENTRIES, tile.index, tile.width).path}")[0], width=tile.width
        )
    ]


def test_anybody_gets_a_leafs_proof_under_the_newest_checkpoint_with_the_quorum(
    hub: ProvinceHub, address: str
) -> None:
    policy = hub.services.keys.bundle.policy
    assert policy is not None
    head, note = head_of(hub, address), Note.parse(fetch(f"{address}/checkpoint")[0])
    assert (
        post(address, with_signatures(note, [cosign(head, WITNESS_KEY.name, 1_790_000_000, WITNESS)])) == 204
    )
    grow(hub, 3)  # nobody has cosigned this one yet
    newer = head_of(hub, address)
    assert newer.size > head.size
    leaves = leaves_of(newer.size, address)
    for index in (0, 1, 255, 256, head.size - 1):
        data, headers = fetch(f"{address}/proof/{index}")
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert headers["cache-control"] == "public, max-age=60"
        assert "set-cookie" not in headers
        proof = TlogProof.parse(data)
        assert proof.index == index
        assert proof.verify(leaves[index], policy).checkpoint == head
        with pytest.raises(LogInvalid):
            proof.verify(leaves[index + 1], policy)
    for nothing in (head.size, newer.size, "x", -1, 2**70):
        with pytest.raises(HTTPError) as refused:
            fetch(f"{address}/proof/{nothing}")
        with refused.value:
            assert refused.value.code == 404


def under_policy(hub: ProvinceHub, text: str) -> ProvinceHub:
    bundle = replace(hub.services.keys.bundle, policy=Policy.parse(text))
    services = replace(hub.services, keys=replace(hub.services.keys, bundle=bundle))
    return ProvinceHub(services=services, clock=hub.clock)


def test_a_proof_waits_for_a_quorum_where_one_is_demanded_and_only_there(
    hub: ProvinceHub, address: str
) -> None:
    policy = hub.services.keys.bundle.policy
    assert policy is not None
    head = head_of(hub, address)
    log, stranger = policy.logs[0], SigningKey.from_seed(b"x" * 32).public
    witness = VerifierKey("stranger.example", stranger, COSIGNATURE)
    waiting = under_policy(hub, f"log {log}\nwitness s {witness}\nquorum s\n").browser(None)
    assert waiting.get("/tlog/proof/0").status_code == 404
    alone = under_policy(hub, f"log {log}\nquorum none\n")
    data = alone.browser(None).get(f"/tlog/proof/{head.size - 1}").data
    believed = alone.services.keys.bundle.policy
    assert believed is not None
    assert TlogProof.parse(data).verify(leaves_of(head.size, address)[-1], believed).checkpoint == head


def test_a_cosignature_of_nobody_named_or_of_something_else_is_refused(
    hub: ProvinceHub, address: str
) -> None:
    head, note = head_of(hub, address), Note.parse(fetch(f"{address}/checkpoint")[0])
    note = Note(note.text, note.signatures[:1])
    stranger = SigningKey.from_seed(b"x" * 32)
    older = cosign(Checkpoint(head.origin, 1, head.root), WITNESS_KEY.name, 1, WITNESS)
    for bad in (
        note,
        with_signatures(note, [cosign(head, "stranger.example", 1, stranger)]),
        with_signatures(note, [older]),
        Note("anything\n", note.signatures),
    ):
        assert post(address, bad) == 422
    kept = {line.name for line in Note.parse(fetch(f"{address}/checkpoint")[0]).signatures}
    assert kept <= {head.origin, WITNESS_KEY.name}


def test_the_page_shows_size_witnesses_and_what_stands_in_the_way(hub: ProvinceHub, address: str) -> None:
    head = head_of(hub, address)
    visitor = hub.browser("thongke")
    page = visitor.page("/transparency")
    assert head.root.hex() in page
    assert head.origin in page
    assert ">w<" in page  # the witness that the policy names
    assert "Sổ đang dừng" not in page
    assert "/transparency" not in visitor.page("/")
    with writing(hub.services.engine) as connection:
        put_setting(connection, TREE_PROBLEM, "files were put back")
    assert "files were put back" in visitor.page("/transparency")
    assert "Nhật ký minh bạch đang dừng" in visitor.page("/")
    (finding,) = [each for each in examine(hub.services) if each.check == "log"]
    assert (finding.health, "files were put back" in finding.vi) == (Health.FAILED, True)
    with writing(hub.services.engine) as connection:
        put_setting(connection, TREE_PROBLEM, "")
    (finding,) = [each for each in examine(hub.services) if each.check == "log"]
    assert finding.health is Health.OK


def test_a_database_that_lags_behind_the_log_is_shown(hub: ProvinceHub, address: str) -> None:
    with writing(hub.services.engine) as connection:
        connection.execute(delete(LEAF).where(LEAF.c.position > 5))
    assert "Đang khớp lại" in hub.browser("quantri").page("/transparency")
    (finding,) = [each for each in examine(hub.services) if each.check == "log"]
    assert finding.health is Health.FAILED


def test_a_policy_that_names_pcs_is_written_for_the_ceremony(tmp_path: Path) -> None:
    province = found_province(tmp_path / "hub")
    grow(province, 1)
    grow(province, 1)
    other = province.enrol("20257", "PC quầy 2")
    data, target = ["--data", str(province.services.config.data)], tmp_path / "policy.txt"

    def run(*options: str) -> Result:
        return CliRunner().invoke(cli, ["witnesses", *options, *data])

    listed = json.loads(run("--json").stdout.splitlines()[-1])["witnesses"]
    assert len(listed) == 3 and {each["is_named"] for each in listed} == {False}
    assert all(each["line"] in run().stdout for each in listed)
    outside = f"thanh-tra {WITNESS_KEY}"
    done = run("--commune", "20257", "--outside", outside, "--quorum", "2", "--out", str(target))
    assert done.exit_code == 0, done.output
    policy = Policy.parse(target.read_text(encoding="utf-8"))
    present = province.services.keys.bundle.policy
    assert present is not None and policy.logs == present.logs
    keys = set(policy.witnesses.values())
    assert keys == {WITNESS_KEY, witness_key(province.services.province, other.log.device.public)}
    assert policy.is_met(keys) and not policy.is_met({WITNESS_KEY})
    for wrong in (
        ["--quorum", "9", "--out", str(target)],
        ["--quorum", "1"],
        ["--outside", outside],
        ["--outside", "no key", "--quorum", "1", "--out", str(target)],
        ["--outside", "", "--quorum", "1", "--out", str(target)],
    ):
        assert run(*wrong).exit_code == 3, wrong
    with writing(province.services.engine) as connection:
        draft = propose(connection, province.services, policy=target.read_text(encoding="utf-8"))
    assert draft.bundle.policy == policy
    act = Act(actor="quantri", ground="Mất máy")
    with writing(province.services.engine) as connection:
        revoke_device(connection, province.services, other.device, cause=Cause.LOST, act=act)
    assert len(json.loads(run("--json").stdout.splitlines()[-1])["witnesses"]) == 2, (
        "one that is cut off is left out"
    )


def test_room_on_a_checkpoint_is_kept_for_whom_the_policy_names(tmp_path: Path) -> None:
    hub = found_province(tmp_path / "hub")
    grow(hub, 1)
    assert hub.services.tree is not None
    head = hub.services.tree.head()
    named = [VerifierKey(f"w{n}", SigningKey.from_seed(bytes([n]) * 32).public, COSIGNATURE) for n in (1, 2)]

    def add(number: int, name: str) -> bool:
        key = SigningKey.from_seed(number.to_bytes(32, "big") if number > 2 else bytes([number]) * 32)
        line = cosign(head, name, 1_790_000_000, key)
        witness = VerifierKey(name, key.public, COSIGNATURE)
        with writing(hub.services.engine) as connection:
            return add_cosignature(connection, head.size, line, witness, named=named)

    kept = [add(number, f"pc-{number}") for number in range(3, 120)]
    assert sum(kept) == 100 - 1 - len(named)
    assert add(1, "w1") and add(2, "w2")
