"""The stage: a hub, three office PCs and a line for each of them, all real processes on loopback.

Nothing here knows what is played. Each PC reaches the hub through a line of its own, which can be cut.
"""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from demo.line import Line
from demo.processes import Server, free_port, run_json
from dossiers.units import Unit

HUB: Final = "central_hub"
NODE: Final = "edge_node"
HUB_LOGIN: Final = "quantri"
HUB_PASSWORD: Final = "mot-cua-da-nang"
# A demo is watched: nodes look for the line every second and sync every five, not every twenty and three hundred; and the
# hub does not ask them to wait longer.
_BRISK: Final = {"MOTCUA_NODE_PROBE_EVERY_S": "1", "MOTCUA_NODE_SYNC_EVERY_S": "5"}
_HUB_SETTINGS: Final = {"MOTCUA_HUB_NEXT_SYNC_AFTER_S": "5", "MOTCUA_HUB_PUBLIC_STATISTICS": "1"}
Answer = TypeVar("Answer")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Somebody of the cast: where they sit, what they may do, and the PIN of their key."""

    pc: str
    unit: Unit
    name: str
    title: str
    roles: tuple[str, ...]
    pin: str


@dataclass(slots=True)
class Pc:
    """An office PC with its line to the province."""

    role: Role
    data: Path
    line: Line
    server: Server

    @property
    def name(self) -> str:
        return f"{self.role.pc}, {self.role.unit.name}"

    def command(self, name: str, *options: str, expect: int | Collection[int] = 0) -> Any:
        """Run `motcua-node NAME … --json` on this PC."""
        return run_json(NODE, name, "--data", str(self.data), *options, expect=expect)


@dataclass(slots=True)
class Hub:
    """The province's hub."""

    data: Path
    port: int
    server: Server
    founded: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def authority(self) -> Path:
        """The certificate that browsers of the province trust (nodes got it when they were enrolled)."""
        return self.data / "keys" / "ca.pem"

    def command(self, name: str, *options: str, expect: int | Collection[int] = 0) -> Any:
        """Run `motcua-hub NAME … --json`."""
        return run_json(HUB, name, "--data", str(self.data), *options, expect=expect)


@dataclass(slots=True)
class Stage:
    """Everything that runs."""

    folder: Path
    hub: Hub
    pcs: list[Pc] = field(default_factory=list)

    def stop(self) -> None:
        """End every process that was started, nodes first."""
        for pc in self.pcs:
            pc.line.cut()
        at_once(lambda server: server.stop(), [pc.server for pc in self.pcs])
        self.hub.server.stop()


def found_hub(folder: Path) -> Stage:
    """Found the hub of Thành phố Đà Nẵng; nothing is served yet."""
    data, port = folder / "hub", free_port()
    founded = run_json(HUB, "init", "--data", str(data), "--password", HUB_PASSWORD, "--no-root-passphrase")
    server = Server(
        HUB,
        ["serve", "--data", str(data), "--port", str(port)],
        url=f"https://127.0.0.1:{port}",
        log=folder / "hub.log",
        environment=_HUB_SETTINGS,
        authority=data / "keys" / "ca.pem",
    )
    return Stage(folder=folder, hub=Hub(data=data, port=port, server=server, founded=founded))


def place_pc(stage: Stage, role: Role) -> Pc:
    """Put a PC into an office: keys of its own, and a line to the hub; it belongs to no unit yet."""
    number = len(stage.pcs) + 1
    data, port = stage.folder / f"may-{number}", free_port()
    server = Server(
        NODE,
        ["serve", "--data", str(data), "--port", str(port)],
        url=f"http://127.0.0.1:{port}",
        log=stage.folder / f"may-{number}.log",
        environment=_BRISK,
    )
    pc = Pc(role=role, data=data, line=Line(stage.hub.port), server=server)
    stage.pcs.append(pc)
    return pc


def issue_code(hub: Hub, role: Role) -> str:
    """An enrolment code from the hub's command."""
    options = [option for each in role.roles for option in ("--role", each)]
    issued = hub.command("enrol", "--commune", role.unit.code, "--device-name", role.pc, *options)
    return str(issued["code"])


def enrol(pc: Pc, code: str, *, data: Path | None = None, expect: int = 0) -> dict[str, Any]:
    """Run the node's `init` and `enrol` through its line; in another folder `data` it is another PC."""
    place, role = str(data or pc.data), pc.role
    run_json(NODE, "init", "--data", place)
    enrolled: dict[str, Any] = run_json(
        NODE, "enrol", "--data", place, "--hub", f"https://127.0.0.1:{pc.line.port}", "--code", code,
        "--device-name", role.pc, "--officer-name", role.name, "--officer-title", role.title, "--pin", role.pin,
        expect=expect,
    )  # fmt: skip
    return enrolled


def all_at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Do several things at the same time; their answers in order."""
    return at_once(lambda job: job(), jobs)


def at_once(do: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
    """Do something for each at the same time; answers in the order of the items."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(do, items))
