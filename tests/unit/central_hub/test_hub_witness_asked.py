"""A witness that only answers (C2SP tlog-witness) is brought the newest checkpoint, and how it grew from the one it holds."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from central_hub.cli import cli
from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import CHECKPOINT
from central_hub.tlog.asking import Answer, ask_witness, post
from central_hub.tlog.sequencer import Step, advance
from central_hub.tlog.tree import Tree
from central_hub.tlog.witnesses import cosigners, kept_note
from signing.console import BAD_INPUT, FAILED
from signing.errors import LogInvalid
from signing.keys import SigningKey
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.cosignature import cosign
from signing.tlog.note import COSIGNATURE, Note, VerifierKey, decode_base64
from signing.tlog.policy import Policy
from tests.support.hub import NOW_MS, ProvinceHub, found_province, receive

KEY = SigningKey.from_seed(b"w" * 32)
NAMED = VerifierKey("thanh-tra.example", KEY.public, COSIGNATURE)
URL = "https://thanh-tra.example/motcua"


@dataclass
class Witness:
    """As the specification says what a witness does; `asked` are the sizes from which it was asked."""

    policy: Policy
    size: int = 0
    root: bytes = b""
    name: str = NAMED.name

    def __post_init__(self) -> None:
        self.asked: list[int] = []

    def take(self, url: str, data: bytes) -> Answer:
        assert url == f"{URL}/add-checkpoint"
        request, _, note = data.partition(b"\n\n")
        first, *proof = request.decode().split("\n")
        old = int(first.removeprefix("old "))
        self.asked.append(old)
        head = self.policy.open_unwitnessed(Note.parse(note))
        if old != self.size:
            return Answer(409, f"{self.size}\n".encode())
        if self.size:
            merkle.verify_consistency(
                old, self.root, head.size, head.root, [decode_base64(each) for each in proof]
            )
        self.size, self.root = head.size, head.root
        return Answer(200, f"{cosign(head, self.name, 1_790_000_000, KEY)}".encode())


@pytest.fixture
def hub(tmp_path: Path) -> ProvinceHub:
    found = found_province(tmp_path / "hub")
    policy = found.services.keys.bundle.policy
    assert policy is not None
    named = Policy.parse(f"log {policy.logs[0]}\nwitness w {NAMED}\nquorum w\n")
    bundle = replace(found.services.keys.bundle, policy=named)
    services = replace(found.services, keys=replace(found.services.keys, bundle=bundle))
    return ProvinceHub(services=services, clock=found.clock)


def grow(hub: ProvinceHub) -> int:
    desk = hub.enrol("20242", f"PC {len(hub.desks)}")
    receive(desk, NOW_MS, 1)
    hub.deliver(desk)
    while advance(hub.services, at_once=True) is not Step.IDLE:
        pass
    assert hub.services.tree is not None
    return hub.services.tree.head().size


def policy_of(services: Services) -> Policy:
    assert services.keys.bundle.policy is not None
    return services.keys.bundle.policy


def test_it_is_asked_from_what_it_holds_and_its_word_is_kept(hub: ProvinceHub) -> None:
    witness = Witness(policy_of(hub.services))
    first = grow(hub)
    assert ask_witness(hub.services, URL, send=witness.take) == [NAMED.name]
    second = grow(hub)
    assert ask_witness(hub.services, URL + "/", send=witness.take) == [NAMED.name]
    assert witness.asked == [0, first] and witness.size == second > first
    with reading(hub.services.engine) as connection:
        note = kept_note(connection, second)
    assert note is not None and policy_of(hub.services).open(note).checkpoint.size == second
    assert ask_witness(hub.services, URL, send=witness.take) == [NAMED.name]  # nothing new: again harmless


def test_where_it_holds_another_size_it_is_asked_once_more(hub: ProvinceHub) -> None:
    tree = hub.services.tree
    grow(hub)
    assert tree is not None
    witness = Witness(policy_of(hub.services), size=3, root=tree.root_at(3))
    assert ask_witness(hub.services, URL, send=witness.take) == [NAMED.name]
    assert witness.asked == [0, 3]


def test_what_does_not_hold_is_not_kept(hub: ProvinceHub) -> None:
    size = grow(hub)
    witness = Witness(policy_of(hub.services), size=size + 1)
    with pytest.raises(LogInvalid, match="holds"):
        ask_witness(hub.services, URL, send=witness.take)
    stranger = Witness(policy_of(hub.services), name="stranger.example")
    for answer in (
        Answer(403, b""),
        Answer(302, b""),
        Answer(409, b"x\n"),
        Answer(409, b"\xff"),
        Answer(200, b""),
        Answer(200, b"x" * 70_000),
    ):
        with pytest.raises(LogInvalid):
            ask_witness(hub.services, URL, send=lambda _url, _data, said=answer: said)
    with pytest.raises(LogInvalid, match="nobody"):
        ask_witness(hub.services, URL, send=stranger.take)
    with reading(hub.services.engine) as connection:
        note = kept_note(connection, size)
    assert note is None or len(note.signatures) == 1


def test_a_log_that_grows_while_it_is_shown_keeps_the_checkpoint_that_was_shown(
    hub: ProvinceHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name was told as of one whose line is kept, and nothing was kept."""
    first, witness = grow(hub), Witness(policy_of(hub.services))
    with writing(hub.services.engine) as connection:
        connection.execute(CHECKPOINT.delete())
    signed, looks = Tree.signed, [0]

    def growing(tree: Tree) -> tuple[bytes, Checkpoint]:
        looks[0] += 1
        if looks[0] == 2:
            grow(hub)
        return signed(tree)

    monkeypatch.setattr(Tree, "signed", growing)
    assert ask_witness(hub.services, URL, send=witness.take) == [NAMED.name]
    with reading(hub.services.engine) as connection:
        note = kept_note(connection, first)
    assert witness.size == first and note is not None and cosigners(note, [NAMED]) == [NAMED]


def test_a_command_says_that_the_witness_did_not_answer(hub: ProvinceHub) -> None:
    grow(hub)
    data = ["--data", str(hub.services.config.data), "--json"]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    said = CliRunner().invoke(cli, ["witnesses", "--ask", address, *data])
    assert (said.exit_code, json.loads(said.stdout)["code"]) == (FAILED, "HUB_WITNESS")
    both = CliRunner().invoke(cli, ["witnesses", "--ask", address, "--commune", "20242", *data])
    assert both.exit_code == BAD_INPUT


def test_one_request_over_a_real_socket_follows_nobody_elsewhere_and_reads_no_more_than_it_may() -> None:
    seen: list[bytes] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(302 if self.path == "/elsewhere" else 409)
            self.send_header("Location", "/")
            if self.path == "/broken":
                self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"5\n" * (1 if self.path == "/broken" else 100_000))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert post(f"{address}/elsewhere", b"x").status == 302
        answer = post(address, b"old 0\n\n")
        with pytest.raises(OSError):
            post(f"{address}/broken", b"x")
        server.shutdown()
    assert (answer.status, len(answer.body), seen) == (409, 64 * 1024 + 1, [b"x", b"old 0\n\n", b"x"])
