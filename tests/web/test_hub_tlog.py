"""The province's log over HTTP: plain files that prove themselves, cacheable, and the door for outside witnesses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import delete
from werkzeug.serving import make_server

from central_hub.app import create_app
from central_hub.doctor import Health, examine
from central_hub.settings import TREE_PROBLEM, put_setting
from central_hub.store.engine import writing
from central_hub.store.tables import LEAF
from central_hub.tlog.sequencer import Step, advance
from signing.bundles import TrustBundle
from signing.keys import SigningKey
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.note import COSIGNATURE, Note, VerifierKey, with_signatures
from signing.tlog.policy import Policy
from signing.tlog.tiles import ENTRIES, Tile, decode_entries, hash_reader, tiles_of
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
