"""The rules of the house that a reader can rely on: who imports whom, what is pure, what a Windows office can run.

Each rule is a function from source text to the lines that break it; the first half of the file shows each of them
biting on a small bad example, the second half asks it of the tree.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SHIPPED = ("signing", "sync_protocol", "dossiers", "look", "vault", "edge_node", "central_hub")
PURE = SHIPPED[:3]
FLOORS = {
    "signing": {"signing"},
    "sync_protocol": {"signing", "sync_protocol"},
    "dossiers": {"signing", "sync_protocol", "dossiers"},
    "look": {"signing", "look"},
    "vault": {"signing", "sync_protocol", "vault"},
    "edge_node": {"signing", "sync_protocol", "dossiers", "look", "vault", "edge_node"},
    "central_hub": {"signing", "sync_protocol", "dossiers", "look", "vault", "central_hub"},
}
NEVER_SHIPPED = {"tests", "demo", "benchmarks", "tools"}

# What a pure package may import beside the packages below it. A list of what is allowed, not of what is forbidden:
# a module that is new here has to be looked at once.
PURE_STANDARD = _words("""
    __future__ abc base64 binascii bisect collections contextlib dataclasses datetime decimal enum
    fractions functools graphlib hashlib heapq hmac itertools json math operator re string struct
    types typing unicodedata
""")
PURE_LIBRARIES = {
    "signing": {"nacl", "cryptography", "orjson"},
    "sync_protocol": {"msgspec", "orjson", "zstandard"},
    "dossiers": {"msgspec", "orjson"},
}
# The places where a pure package touches the world, and with what.
PURE_EXCEPTIONS = {
    "signing/keys.py": {"secrets", "os"},  # making and locking a key needs randomness
    # what a person hands over: a deflated stream of a PDF, a picture (with the extra `verify`)
    "signing/opening.py": {"PIL", "io", "zlib", "zxingcpp"},
    "signing/cli.py": {"click", "os", "pathlib", "sys", "time"},  # the command `motcua-verify` itself
    "signing/console.py": {"click", "pathlib", "sys"},  # how the commands of both applications answer
    "signing/__main__.py": {"sys"},
    "sync_protocol/dictionaries/__init__.py": {"importlib"},  # the packaged dictionaries
    "dossiers/data/__init__.py": {"importlib"},  # the packaged catalogue, calendar and units
}
# One job, one library, one place.
OWNERS = {
    "requests": ("edge_node/sync/transport.py", "central_hub/tlog/asking.py"),
    "apscheduler": ("edge_node/scheduler.py", "central_hub/scheduler.py"),
    "nacl": ("signing/",),
    "cryptography": ("signing/", "central_hub/tls.py"),
    "sqlite_utils": ("edge_node/",),
    "sqlalchemy": ("central_hub/",),
    "alembic": ("central_hub/",),
    "waitress": ("edge_node/",),
    "gunicorn": ("central_hub/",),
    "typst": ("edge_node/printing/",),
    "PIL": ("edge_node/files/capture.py", "signing/opening.py"),
}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
POSIX_MODULES = _words("""
    fcntl grp gunicorn posix pty pwd resource syslog termios tty uwsgi
""")
POSIX_NAMES = _words("""
    os.O_DIRECTORY os.WNOHANG os.chown os.fchmod os.fchown os.fork os.forkpty os.getegid os.geteuid
    os.getgid os.getloadavg os.getpgid os.getuid os.killpg os.mkfifo os.mknod os.nice os.pread
    os.pwrite os.sched_getaffinity os.sched_setaffinity os.setgid os.setpgid os.setsid os.setuid
    os.statvfs os.sync os.sysconf os.uname os.wait signal.SIGALRM signal.SIGCHLD signal.SIGHUP
    signal.SIGKILL signal.SIGQUIT signal.SIGUSR1 signal.SIGUSR2 signal.alarm signal.pause
    signal.setitimer signal.sigwait socket.AF_UNIX time.clock_settime time.tzset
""")
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|PRAGMA|BEGIN)\s", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Import:
    module: str
    line: int

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def _package(path: str) -> str:
    return path.partition("/")[0]


def imports(source: str, path: str = "room/module.py") -> Iterator[Import]:
    """Every import, wherever it stands; `from a import b` also as `a.b`, because b may be a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = path.split("/")[: -node.level] if node.level else []
            origin = ".".join([*around, *([node.module] if node.module else [])])
            yield from (Import(f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def breaks_floor(path: str, source: str) -> list[str]:
    foreign = (set(SHIPPED) | NEVER_SHIPPED) - FLOORS[_package(path)]
    return [f"{i.line}: {i.module}" for i in imports(source, path) if i.top in foreign]


def breaks_purity(path: str, source: str) -> list[str]:
    package = _package(path)
    allowed = PURE_STANDARD | PURE_LIBRARIES[package] | FLOORS[package] | PURE_EXCEPTIONS.get(path, set())
    found = [f"{i.line}: import {i.module}" for i in imports(source, path) if i.top not in allowed]
    if path != "signing/keys.py":
        found += [
            f"{i.line}: import {i.module}" for i in imports(source) if i.module.startswith("nacl.utils")
        ]
    return found + ([] if path in PURE_EXCEPTIONS else list(_impure_calls(source)))


def _impure_calls(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called in {"open", "print", "input", "exec", "eval"} or called.endswith(
            (".now", ".utcnow", ".today")
        ):
            yield f"{node.lineno}: {called}()"


def breaks_ownership(path: str, source: str) -> list[str]:
    return [
        f"{i.line}: {i.module} belongs to {' or '.join(OWNERS[i.top])}"
        for i in imports(source, path)
        if i.top in OWNERS and not path.startswith(OWNERS[i.top])
    ]


class _PosixFinder(ast.NodeVisitor):
    """Names of POSIX-only things, except under an `if` that asks for the platform."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_If(self, node: ast.If) -> None:
        if not re.search(r"sys\.platform|os\.name|hasattr\((os|signal|socket)", ast.unparse(node.test)):
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = ast.unparse(node)
        if name in POSIX_NAMES:
            self.found.append(f"{node.lineno}: {name}")
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        names = [alias.name for alias in node.names]
        self.found += [f"{node.lineno}: {name}" for name in names if name.partition(".")[0] in POSIX_MODULES]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        hits = [name for name in names if name in POSIX_NAMES or name.partition(".")[0] in POSIX_MODULES]
        self.found += [f"{node.lineno}: {name}" for name in hits]


def posix_only(source: str) -> list[str]:
    finder = _PosixFinder()
    finder.visit(ast.parse(source))
    return finder.found


def silent_encodings(source: str) -> list[str]:
    """Text files opened without saying UTF-8: on a Vietnamese Windows that means code page 1258."""
    return [
        f"{node.lineno}: {ast.unparse(node.func)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and _is_text_opening(node)
        and "encoding" not in {k.arg for k in node.keywords}
    ]


def _is_text_opening(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    if name in {"read_text", "write_text"}:
        # importlib.metadata's read_text(name) knows its own encoding and takes no argument for it
        return not any(isinstance(a, ast.Constant) and a.value in {"METADATA", "RECORD"} for a in node.args)
    if name in {"run", "Popen", "check_output"}:
        return any(k.arg in {"text", "universal_newlines"} for k in node.keywords)
    if name != "open":
        return False
    modes = [*node.args[0 if isinstance(node.func, ast.Attribute) else 1 :]][:1]
    modes += [k.value for k in node.keywords if k.arg == "mode"]
    written = [m.value for m in modes if isinstance(m, ast.Constant) and isinstance(m.value, str)]
    if isinstance(node.func, ast.Attribute) and modes and not (written and set(written[0]) <= set("rwaxbt+")):
        return False  # somebody else's open(): a sealed box, an archive member
    return not any("b" in mode for mode in written)


def reads_environment(source: str) -> list[str]:
    tree = ast.parse(source)
    names = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return [name for name in names if name in {"os.environ", "os.getenv"}]


def sql_in(source: str) -> list[str]:
    texts = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [f"{t.lineno}: {t.value[:40]!r}" for t in texts if isinstance(t.value, str) and SQL.match(t.value)]


# --- each rule bites -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("signing/keys.py", "from sync_protocol.record import Record"),
        ("sync_protocol/log.py", "import dossiers.kinds"),
        ("dossiers/merge.py", "from edge_node import create_app"),
        ("edge_node/cli.py", "from central_hub.app import create_app"),
        ("central_hub/cli.py", "def f():\n    from edge_node.store import x"),
        ("edge_node/desk/routes.py", "from tests.support import cast"),
        ("edge_node/desk/routes.py", "from ...central_hub import tls"),
    ],
)
def test_the_floor_rule_bites(path: str, line: str) -> None:
    assert breaks_floor(path, line)


@pytest.mark.parametrize(
    "line",
    [
        "import socket",
        "from time import time",
        "import random",
        "from pathlib import Path",
        "open('x', 'rb')",
        "from datetime import datetime\nx = datetime.now()",
        "from nacl.utils import random",
        "import importlib.resources",
    ],
)
def test_the_purity_rule_bites(line: str) -> None:
    assert breaks_purity("signing/canonical.py", line)


def test_the_ownership_rule_bites() -> None:
    assert breaks_ownership("edge_node/desk/service.py", "import requests")
    assert breaks_ownership("central_hub/fleet/service.py", "from nacl.signing import SigningKey")
    assert not breaks_ownership("edge_node/sync/transport.py", "import requests")


def test_the_windows_rule_bites_and_sees_a_guard() -> None:
    assert posix_only("import fcntl")
    assert posix_only("import os\nos.fork()")
    assert posix_only("from signal import SIGKILL")
    assert not posix_only("import os, sys\nif sys.platform != 'win32':\n    os.fork()")


@pytest.mark.parametrize(
    "line",
    [
        "open('x')",
        "open('x', 'w')",
        "path.open()",
        "path.open('a')",
        "path.read_text()",
        "subprocess.run([], text=True)",
    ],
)
def test_the_encoding_rule_bites(line: str) -> None:
    assert silent_encodings(line)


@pytest.mark.parametrize(
    "line",
    [
        "open('x', 'rb')",
        "path.open('rb')",
        "path.read_text(encoding='utf-8')",
        "box.open(sealed)",
        "a.open('é')",
    ],
)
def test_the_encoding_rule_leaves_the_rest_alone(line: str) -> None:
    assert not silent_encodings(line)


def test_the_rules_about_environment_and_sql_bite() -> None:
    assert reads_environment("import os\nx = os.environ['HOME']")
    assert sql_in("x = 'SELECT 1 FROM t'")
    assert not sql_in("x = 'Selected dossiers'")


# --- and the tree keeps them -----------------------------------------------------------------------------------------


def _modules(*packages: str) -> list[str]:
    files = (path for package in packages for path in (ROOT / package).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in files if "node_modules" not in path.parts)


def _source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _broken(found: dict[str, list[str]]) -> list[str]:
    return [f"{path}:{line}" for path, lines in found.items() for line in lines]


def test_imports_go_down_one_floor() -> None:
    assert not _broken({path: breaks_floor(path, _source(path)) for path in _modules(*SHIPPED)})


def test_pure_packages_touch_nothing() -> None:
    assert not _broken({path: breaks_purity(path, _source(path)) for path in _modules(*PURE)})


def test_each_library_has_one_place() -> None:
    assert not _broken({path: breaks_ownership(path, _source(path)) for path in _modules(*SHIPPED)})


def test_what_the_node_imports_runs_on_windows() -> None:
    assert not _broken({path: posix_only(_source(path)) for path in _modules("edge_node", *PURE)})


def test_every_text_file_is_opened_as_utf8() -> None:
    everywhere = _modules(*SHIPPED, "demo", "benchmarks", "tools", "tests")
    assert not _broken({path: silent_encodings(_source(path)) for path in everywhere})


def test_only_config_reads_the_environment() -> None:
    apps = [path for path in _modules("edge_node", "central_hub") if Path(path).name not in {"config.py"}]
    assert not _broken({path: reads_environment(_source(path)) for path in apps})


def test_routes_hold_no_sql() -> None:
    routes = [path for path in _modules("edge_node", "central_hub") if Path(path).name == "routes.py"]
    assert not _broken({path: sql_in(_source(path)) for path in routes})


def test_rooms_do_not_reach_into_each_others_routes_or_queries() -> None:
    def intrusions(path: str) -> list[str]:
        app, room = path.split("/")[:2]
        inner = [
            i for i in imports(_source(path), path) if re.match(rf"{app}\.\w+\.(routes|queries)\b", i.module)
        ]
        return [f"{i.line}: {i.module}" for i in inner if i.module.split(".")[1] != room]

    rooms = [path for path in _modules("edge_node", "central_hub") if path.count("/") > 1]
    assert not _broken({path: intrusions(path) for path in rooms})


def test_no_module_without_a_subject() -> None:
    everywhere = _modules(*SHIPPED, "demo", "benchmarks", "tools", "tests")
    assert not [path for path in everywhere if NAMELESS & {Path(path).stem, *Path(path).parts[:-1]}]


def test_every_room_is_a_package() -> None:
    rooms = {(ROOT / path).parent for path in _modules(*SHIPPED)}
    assert not [room for room in rooms if not (room / "__init__.py").exists()]


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in _modules(*SHIPPED, "demo", "benchmarks", "tools") if _source(path).strip()]
    assert not [path for path in silent if not ast.get_docstring(ast.parse(_source(path)))]


def test_every_library_that_is_imported_is_declared() -> None:
    """An import that works only because a development tool brings the library would fail at the office."""
    settings = tomllib.loads(_source("pyproject.toml"))
    project = settings["project"]
    core = _distributions(project["dependencies"])
    allowed = dict.fromkeys(SHIPPED, core) | {
        "signing": _distributions(settings["dependency-groups"]["verifier"]),
        "central_hub": core | _distributions(project["optional-dependencies"]["hub"]),
    }
    undeclared = {
        path: [
            f"{i.line}: {i.module}"
            for i in imports(_source(path), path)
            if i.top not in sys.stdlib_module_names
            and i.top not in SHIPPED
            and _distribution_of(i.top) not in allowed[_package(path)]
        ]
        for path in _modules(*SHIPPED)
    }
    assert not _broken(undeclared)


# Libraries that a declared one is built on and hands out as its own interface.
_PART_OF = {
    "werkzeug": "flask",
    "jinja2": "flask",
    "markupsafe": "flask",
    "itsdangerous": "flask",
    "babel": "flask-babel",
}
_DISTRIBUTION = {
    "nacl": "pynacl",
    "PIL": "pillow",
    "flask_babel": "flask-babel",
    "sqlite_utils": "sqlite-utils",
    "prometheus_client": "prometheus-client",
    "zxingcpp": "zxing-cpp",
}


def _distribution_of(module: str) -> str:
    return _PART_OF.get(module) or _DISTRIBUTION.get(module, module)


def _distributions(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in requirements}
