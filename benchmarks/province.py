"""A hub in a folder of its own, for a benchmark: founded, the replayed catalogue published, PCs enrolled.

Everything goes through the hub's own functions; only the way there is shorter than over a network.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.workload import Author, catalogue
from central_hub.config import HubConfig
from central_hub.founding import RootCeremony, found_hub
from central_hub.publishing.service import publish_catalogue
from central_hub.registry.enrolment import enrol_device, issue_code
from central_hub.services import Services
from central_hub.store.engine import writing
from central_hub.sync.service import answer_round
from demo.catalogue import catalogue_file
from demo.processes import Server, free_port
from edge_node.sync.transport import Hello
from signing.keys import LockCost, SigningKey, new_box_key
from signing.roles import Role
from sync_protocol.enrolment import EnrolmentRequest, KeyOffer, parse_code, prove

LOGIN, PASSWORD = "quantri", "thu-nghiem-toc-do"
DESK_ROLES = tuple(
    sorted((Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK, Role.UNIT_ADMINISTRATOR))
)


def found_province(folder: Path) -> Services:
    """Found a hub in `folder`/hub."""
    config = HubConfig(data=folder / "hub")
    ceremony = RootCeremony(folder=folder / "root")
    # The cheapest lock: the administrator's password keeps nothing here.
    founded = found_hub(config, ceremony, administrator=LOGIN, password=PASSWORD, lock_cost=LockCost.TEST)
    with writing(founded.services.engine) as connection:
        publish_catalogue(connection, founded.services, catalogue_file(catalogue()))
    return founded.services


@contextmanager
def serving(hub: Services) -> Iterator[Server]:
    """The real command over the hub's folder, without TLS on a port of its own, for as long as the block runs."""
    port = free_port()
    server = Server(
        "central_hub",
        ["serve", "--http", "--port", str(port), "--data", str(hub.config.data)],
        url=f"http://127.0.0.1:{port}",
        log=hub.config.data.parent / "hub.log",
    )
    try:
        yield server.start()
    finally:
        server.stop()


def port_of(server: Server) -> int:
    """Where it listens."""
    return int(server.url.rpartition(":")[2])


def code_for(hub: Services, unit: str, device_name: str) -> str:
    """An enrolment code whose officer may do everything at the desk."""
    with writing(hub.engine) as connection:
        issued = issue_code(connection, hub, unit=unit, device_name=device_name, roles=DESK_ROLES)
    return issued.code


def enrol_author(hub: Services, author: Author) -> None:
    """Let the hub state the author's device and officer."""
    secret = parse_code(code_for(hub, author.unit.code, author.name)).secret

    def offer(key: SigningKey, name: str, holder: str | None, box: str | None) -> KeyOffer:
        bare = KeyOffer(key=key.public.hex, box=box, holder=holder, name=name, title="", proof="")
        return prove(secret, bare, key)

    request = EnrolmentRequest(
        secret=secret,
        device=offer(author.device, author.name, None, new_box_key().hex),
        officer=offer(author.signer, "Nguyễn Thị Lan", author.officer, None),
    )
    with writing(hub.engine) as connection:
        enrol_device(connection, hub, request, address="127.0.0.1")


class DirectLine:
    """A node's line to a hub in the same process: the same bytes, no network."""

    def __init__(self, hub: Services) -> None:
        self._hub = hub

    def post_round(self, payload: bytes) -> bytes:
        return answer_round(self._hub, payload)

    def hang_up(self) -> None:
        pass

    def is_up(self) -> bool:
        return True

    def hello(self) -> Hello:
        return Hello(self._hub.keys.envelope, "")

    def enrol_device(self, request: bytes) -> bytes:
        asked = msgspec.json.decode(request, type=EnrolmentRequest)
        with writing(self._hub.engine) as connection:
            return msgspec.json.encode(enrol_device(connection, self._hub, asked, address="127.0.0.1"))

    def close(self) -> None:
        """Nothing is open."""
