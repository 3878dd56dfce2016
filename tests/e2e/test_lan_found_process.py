"""Two PCs of one office as real processes find each other by multicast DNS on the loopback interface, and exchange."""

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, Zeroconf

from demo.processes import Server, free_port
from edge_node.lan.peers import DONE, list_peers, switch
from edge_node.projection.lists import count_dossiers
from edge_node.store import open_database
from tests.support.pair import found_commune
from tests.support.running import NODE, NODE_SETTINGS
from tests.support.warm_starts import warm_start

pytestmark = pytest.mark.process
PATIENCE_S = 60.0
PROBE_S = 5.0
PROBE = "_motcua-probe._tcp.local."


def until(holds: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.25)
    return True


def multicast_passes() -> bool:
    """Whether an announcement on this machine's loopback interface is heard there."""
    heard: list[str] = []
    opened: list[Zeroconf] = []
    try:
        for _ in range(2):
            opened.append(Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only))
        info = ServiceInfo(PROBE, f"a.{PROBE}", addresses=[socket.inet_aton("127.0.0.1")], port=9)
        opened[0].register_service(info)
        ServiceBrowser(opened[1], PROBE, handlers=[lambda **said: heard.append(said["name"])])
        return until(lambda: bool(heard), seconds=PROBE_S)
    except OSError:
        return False
    finally:
        for each in opened:
            each.close()


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[list[Path]]:
    """The data folders of two enrolled PCs; the second has a dossier that the first lacks. Nobody has a line."""
    if not multicast_passes():
        pytest.skip("multicast does not pass on this machine's loopback interface")
    commune = found_commune(tmp_path / "commune")
    for _ in range(2):
        commune.add()
    for pc in commune.pcs:
        pc.sync()
        switch(pc.db, on=True)
    commune.pcs[1].receive()
    commune.close()
    found = [tmp_path / "one", tmp_path / "two"]
    for number, folder in enumerate(found, 1):
        shutil.copytree(tmp_path / "commune" / f"node{number}", folder)
    yield found


def test_two_pcs_find_each_other_and_exchange(folders: list[Path], tmp_path: Path) -> None:
    servers: list[Server] = []
    settings: list[dict[str, str]] = []

    def met(number: int) -> list[str]:
        """Addresses of PCs that were found and met."""
        db = open_database(folders[number] / "node.db")
        try:
            return [each.address for each in list_peers(db) if each.is_found and each.outcome == DONE]
        finally:
            db.conn.close()

    try:
        for number, folder in enumerate(folders):
            port, lan_port = free_port(), free_port()
            settings.append(
                {
                    **NODE_SETTINGS,
                    "MOTCUA_NODE_LAN_EVERY_S": "1",
                    "MOTCUA_NODE_LAN_HOST": "127.0.0.1",
                    "MOTCUA_NODE_LAN_PORT": str(lan_port),
                    "MOTCUA_NODE_HUB_URL": f"http://127.0.0.1:{free_port()}",
                }
            )
            servers.append(
                Server(
                    NODE,
                    ["serve", "--data", str(folder), "--port", str(port)],
                    url=f"http://127.0.0.1:{port}",
                    log=tmp_path / f"node{number}.log",
                    environment=settings[number],
                    start=warm_start,
                ).start()
            )
        assert until(lambda: bool(met(0) and met(1)), seconds=PATIENCE_S)
        assert met(0) == [f"127.0.0.1:{settings[1]['MOTCUA_NODE_LAN_PORT']}"]
        db = open_database(folders[0] / "node.db")
        assert count_dossiers(db) == 1
        db.conn.close()
    finally:
        for server in servers:
            server.stop()
