"""What an office gets: a wheel with every browser file and licence in it, a lock that installs on Windows, clean files.

The wheel is built from a clean clone (committed files only), because a file that git ignores is easily forgotten
by the build; it is installed into a fresh environment from which npm cannot be reached.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
APPS = ("edge_node", "central_hub")
SERVED = (*APPS, "look")
"""The packages with files for browsers."""
SHIPPED = ("signing", "sync_protocol", "dossiers", *SERVED)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VENDOR = tomllib.loads((ROOT / "assets" / "vendor.toml").read_text(encoding="utf-8"))


def _run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@functools.cache
def _tracked(tree: Path = ROOT) -> list[str]:
    return _run("git", "ls-files", "-z", cwd=tree).rstrip("\0").split("\0")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


# --- the wheel -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is committed and nothing else."""
    folder = tmp_path_factory.mktemp("clone") / "motcua"
    _run("git", "clone", "--quiet", "--no-hardlinks", ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a clean clone, with the browser files fetched into the clone by its own tool."""
    dist = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "tools/fetch_assets.py", cwd=clone, npm_config_prefer_offline="true")
    _run(sys.executable, "-m", "tools.build_verify_page", cwd=clone)
    _run(sys.executable, "tools/translations.py", "compile", cwd=clone)
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist, cwd=clone)
    return next(dist.glob("motcua-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with that wheel; its dependencies are lent by the development environment (a path file),
    the tree itself is not: what is imported as `edge_node` can only come from the wheel."""
    environment = tmp_path_factory.mktemp("office")
    _run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    packages = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    pip = (sys.executable, "-m", "pip", f"--python={python}", "install", "--quiet", "--no-deps", "--no-index")
    _run(*pip, wheel, PATH=str(python.parent))
    lender = Path(pytest.__file__).resolve().parent.parent
    (packages / "lent.pth").write_text(f"{lender}\n", encoding="utf-8")
    return python


def _vendor_files(app: str) -> set[str]:
    """What `assets/vendor.toml` promises for one package, relative to its static folder."""
    files: set[str] = set()
    for name, entry in VENDOR.items():
        if app in entry["packages"]:
            chosen = [Path(path).name for path in entry.get("files", [])] + (
                ["icons.svg"] if "sprite" in entry else []
            )
            files |= {f"vendor/{name}/{file}" for file in [*chosen, *entry["licences"]]}
            files.add("vendor/THIRD-PARTY.txt")
    return files


_GET_ALL = """
import json, pathlib, sys, flask
app = sys.argv[1]
package = __import__(app)
assert pathlib.Path(package.__file__).is_relative_to(sys.prefix), package.__file__
client = flask.Flask(app).test_client()
answers = {}
for path in json.loads(sys.argv[2]):
    with client.get("/static/" + path) as answer:
        answers[path] = [answer.status_code, len(answer.data)]
print(json.dumps(answers))
"""


@pytest.mark.slow
def test_the_wheel_carries_the_offline_page(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        page = archive.read("signing/web/verify.html")
    assert page.count(b'id="trust-slot">null<') == 1
    assert len(page) > 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize("app", SERVED)
def test_an_installed_wheel_serves_every_asset(installed: Path, clone: Path, app: str) -> None:
    own = {p.removeprefix(f"{app}/static/") for p in _tracked(clone) if p.startswith(f"{app}/static/")}
    wanted = _vendor_files(app) | own | _static_files_named_in_templates(clone, app)
    answers = _office(installed, "-c", _GET_ALL, app, json.dumps(sorted(wanted)))
    bad = {path: answer for path, answer in json.loads(answers).items() if answer[0] != 200 or answer[1] == 0}
    assert not bad


def _office(python: Path, *arguments: str) -> str:
    """Run in the fresh environment: nothing on the PATH but itself, so no npm."""
    assert shutil.which("npm", path=str(python.parent)) is None
    return _run(python, "-W", "error", *arguments, cwd=python.parent, PATH=str(python.parent), PYTHONPATH="")


def _serves(app: str, page: Path, clone: Path) -> bool:
    """Whether a page can ask this package for a file: both applications' pages ask the look."""
    return app == "look" or page.is_relative_to(clone / app)


def _static_files_named_in_templates(clone: Path, app: str) -> set[str]:
    pages = [path for package in SERVED for path in (clone / package).rglob("*.html")]
    endpoint = r"look\.static" if app == "look" else "static"
    wanted = re.compile(rf"""['"]{endpoint}['"],\s*filename=['"]([^'"]+)['"]""")
    named = (wanted.findall(path.read_text(encoding="utf-8")) for path in pages if _serves(app, path, clone))
    return {file for files in named for file in files}


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(PROJECT["project"]["scripts"]))
def test_an_installed_command_answers(installed: Path, command: str) -> None:
    script = installed.parent / command
    assert script.exists() or script.with_suffix(".exe").exists()
    module, _, function = PROJECT["project"]["scripts"][command].partition(":")
    call = f"import sys; sys.argv = [{command!r}, '--help']; from {module} import {function} as main; sys.exit(main())"
    assert command in _office(installed, "-c", call)


@pytest.mark.slow
def test_the_wheel_carries_licences_data_and_translations(wheel: Path, clone: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(n for n in names if n.endswith(".dist-info/METADATA"))).decode("utf-8")
    assert "License-Expression: Apache-2.0" in metadata
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    catalogues = {p.removesuffix(".po") + ".mo" for p in _tracked(clone) if p.endswith(".po")}
    shipped = {
        p for p in _tracked(clone) if p.startswith(tuple(f"{p}/" for p in SHIPPED)) and not p.endswith(".po")
    }
    assert not sorted((catalogues | shipped) - names)
    assert not [
        name for name in names if name.startswith(("tests/", "demo/", "tools/", "benchmarks/", "assets/"))
    ]


@pytest.mark.slow
def test_every_bundled_file_has_its_notice_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for app in {each for entry in VENDOR.values() for each in entry["packages"]}:
            index = archive.read(f"{app}/static/vendor/THIRD-PARTY.txt").decode("utf-8")
            for name, entry in VENDOR.items():
                if app in entry["packages"]:
                    assert entry["package"] in index
                    for licence in entry["licences"]:
                        text = archive.read(f"{app}/static/vendor/{name}/{licence}").decode("utf-8")
                        assert re.search(r"copyright|permission|licen[sc]e", text, re.IGNORECASE), licence


# --- the locks -------------------------------------------------------------------------------------------------------


def _locked() -> dict[str, str]:
    """Name of each locked package → its whole entry (version, marker, hashes)."""
    entries = re.split(r"\n(?=[a-z0-9])", _text("requirements.lock").strip())
    return {re.split(r"==", entry)[0]: entry for entry in entries}


def test_every_locked_package_is_pinned_with_hashes() -> None:
    for name, entry in _locked().items():
        assert re.match(r"[a-z0-9.-]+==[\w.]+( ;.*)? \\\n", entry), name
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", entry)) >= 1, name


def test_every_declared_dependency_is_locked() -> None:
    declared = list(PROJECT["project"]["dependencies"])
    for extra in PROJECT["project"]["optional-dependencies"].values():
        declared += extra
    names = {re.split(r"[<>=!~\[; ]", requirement)[0].lower() for requirement in declared}
    assert not names - set(_locked())


def test_the_lock_knows_windows() -> None:
    """Resolved for all platforms: what only Windows needs is there, what Windows cannot have is marked."""
    locked = _locked()
    for name in ("colorama", "tzdata"):
        assert "sys_platform == 'win32'" in locked[name].splitlines()[0]
    assert "sys_platform != 'win32'" in locked["gunicorn"].splitlines()[0]


_WINDOWS = {
    "implementation_name": "cpython",
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "python_full_version": "3.11.9",
    "python_version": "3.11",
    "sys_platform": "win32",
}
_LINUX = _WINDOWS | {
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_system": "Linux",
    "sys_platform": "linux",
}


@pytest.mark.parametrize("platform", [_WINDOWS, _LINUX], ids=["windows", "linux"])
def test_the_lock_is_complete_and_free_of_conflicts_on(platform: dict[str, str]) -> None:
    """Walks what each package says it needs there. (That wheels for Windows exist is asked of the index when the
    lock is made: `make lock`.)"""
    locked = {name: _pin(entry) for name, entry in _locked().items()}
    waiting = [("motcua", "hub"), ("motcua", "dev"), ("motcua", "")]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        for need in _needs(name, platform | {"extra": extra}):
            pin = locked[canonicalize_name(need.name)]
            assert pin.marker is None or pin.marker.evaluate(platform), (
                f"{need} of {name} is not for this platform"
            )
            assert need.specifier.contains(str(pin.specifier).removeprefix("==")), (
                f"{need} of {name}, not {pin}"
            )
            new = {(canonicalize_name(need.name), part) for part in (*need.extras, "")} - seen
            seen |= new
            waiting += sorted(new)


def _pin(entry: str) -> Requirement:
    return Requirement(entry.splitlines()[0].removesuffix("\\").strip())


def _needs(name: str, platform: dict[str, str]) -> list[Requirement]:
    try:
        declared = importlib.metadata.distribution(name).requires or []
    except importlib.metadata.PackageNotFoundError:
        return []  # only for another platform than the one this runs on
    requirements = map(Requirement, declared)
    return [need for need in requirements if need.marker is None or need.marker.evaluate(platform)]


LOCKS = ("requirements-node.lock", "requirements-hub.lock", "requirements-verify.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_what_an_office_installs_is_a_part_of_what_is_tested(lock: str) -> None:
    """No development tool reaches an office PC, and nothing that the tests did not run with."""
    entries = re.split(r"\n(?=[a-z0-9])", _text(f"deploy/{lock}").strip())
    pins = {entry.split("==")[0]: entry.splitlines()[0].split(";")[0].strip(" \\") for entry in entries}
    locked = {name: entry.splitlines()[0].split(";")[0].strip(" \\") for name, entry in _locked().items()}
    assert all("--hash=sha256:" in entry for entry in entries)
    assert {name: pin for name, pin in pins.items() if locked.get(name) != pin} == {}
    assert not {"pytest", "playwright", "mypy"} & pins.keys()
    assert ("sqlalchemy" in pins) == ("hub" in lock)


def _deployed(lock: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9.-]+)==", _text(f"deploy/{lock}"), re.MULTILINE))


def test_a_hub_and_an_agency_can_read_pictures() -> None:
    """Both are installed with `--no-deps` from these locks: what is not in them is not there."""
    assert "zxing-cpp" in _deployed("requirements-hub.lock") & _deployed("requirements-verify.lock")


def test_an_agency_gets_what_the_verifier_needs_and_no_more() -> None:
    group = PROJECT["dependency-groups"]["verifier"]
    declared = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["verify"]
    assert set(group) <= set(declared)
    needed = {canonicalize_name(Requirement(each).name) for each in group}
    waiting = sorted(needed)
    while waiting:
        new = {
            canonicalize_name(each.name) for each in _needs(waiting.pop(), _WINDOWS | {"extra": ""})
        } - needed
        needed |= new
        waiting += sorted(new)
    assert _deployed("requirements-verify.lock") == needed


def test_the_npm_lock_has_hashes_and_no_addresses() -> None:
    lock = json.loads(_text("assets/package-lock.json"))
    assert lock["lockfileVersion"] == 3  # what npm 9 (Debian 12) and npm 11 both read
    packages: dict[str, dict[str, Any]] = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name
        assert not entry.get("hasInstallScript"), name


def test_every_npm_package_is_pinned_and_licensed() -> None:
    declared = json.loads(_text("assets/package.json"))
    versions = declared["dependencies"] | declared["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    assert versions["htmx.org"].startswith("2.")
    assert {entry["package"] for entry in VENDOR.values()} <= set(declared["dependencies"])
    for entry in VENDOR.values():
        assert set(entry["packages"]) <= set(SERVED)
        assert "LICENSE" in entry["licences"]


# --- the settings that would fail silently ---------------------------------------------------------------------------


def test_the_pure_packages_are_checked_as_strictly_as_mypy_can(tmp_path: Path) -> None:
    """`strict` cannot be set for some modules only, so its flags are spelt out there, and each effect is tried out."""
    for package in ("signing", "sync_protocol", "dossiers"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "loose.py").write_text(_LOOSE, encoding="utf-8")
    (tmp_path / "untyped_part.py").write_text(
        "# mypy: ignore-errors\ndef untyped(x): return x\n", encoding="utf-8"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        str(ROOT / "pyproject.toml"),
        "--cache-dir",
        os.devnull,
    ]
    modules = [f"{package}/loose.py" for package in ("signing", "sync_protocol", "dossiers")]
    done = subprocess.run(
        [*command, "untyped_part.py", *modules],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    for module in modules:
        codes = set(re.findall(rf"{module}:\d+: error: .*\[([a-z-]+)\]", done.stdout))
        assert codes >= _STRICT_CODES, done.stdout + done.stderr


_STRICT_CODES = {
    "type-arg",
    "no-untyped-call",
    "no-untyped-def",
    "untyped-decorator",
    "comparison-overlap",
    "misc",
} | {
    "no-any-return",
    "unused-ignore",
    "redundant-cast",
}
_LOOSE = """
from typing import Any, cast
from untyped_part import untyped

x: list = []
y = 1  # type: ignore
z = cast(int, 1)

def bare(a): ...

def calls() -> None:
    untyped(1)

@untyped
def decorated() -> None: ...

def compares() -> bool:
    return 1 == "1"

def leaks(value: Any) -> int:
    return value

base: Any = object
class Child(base): ...
"""


def test_warnings_are_errors_and_markers_are_closed() -> None:
    options = PROJECT["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    assert {"--strict-markers", "--strict-config", "--import-mode=importlib"} <= set(options["addopts"])


# --- clean files -----------------------------------------------------------------------------------------------------

# One letter of each stands in brackets, so that this file does not find itself.
_REGISTRY = re.compile(
    r"py[p]i\.org|python[h]osted|registry\.[n]pmjs|deb\.[d]ebian\.org|[n]pmmirror|crates\.[i]o"
)
_MACHINE_PATH = re.compile(r"(?<![\w.${}*/-])/(?:[w]ork|[f]arm|[r]oot|[h]ome|[U]sers)/\w")


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in _tracked():
        if not (ROOT / path).is_file():
            continue
        lines = enumerate(_text(path).splitlines(), start=1)
        found += [f"{path}:{number}: {line[:120]}" for number, line in lines if pattern.search(line)]
    return found


def test_the_searches_for_machine_paths_and_registries_bite() -> None:
    assert _REGISTRY.search("https://files.python{}.org/x".format("hosted"))
    assert _MACHINE_PATH.search("open('/{}/main/x')".format("work"))
    assert not _MACHINE_PATH.search("https://example.vn/home/page and docs/work/x")


def test_no_tracked_file_names_a_path_of_somebodys_machine() -> None:
    assert not _lines_with(_MACHINE_PATH)


def test_no_tracked_file_names_a_package_registry() -> None:
    assert not _lines_with(_REGISTRY)


def test_no_page_loads_anything_from_the_internet() -> None:
    remote = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//(?!127\.|localhost)""")
    loads = re.compile(r"<(?:script|link|img|iframe|form|source)\b")
    pages = [path for path in _tracked() if path.endswith(".html") and path.startswith(SERVED)]
    assert not [
        p for p in pages for line in _text(p).splitlines() if remote.search(line) and loads.search(line)
    ]


def test_nothing_made_by_the_set_up_is_tracked() -> None:
    made = re.compile(
        r"static/vendor|node_modules|\.mo$|\.egg-info|__pycache__|benchmarks/results\.json|^\.venv"
    )
    assert not [path for path in _tracked() if made.search(path)]


def test_every_tracked_text_file_is_utf8_and_ends_with_a_newline() -> None:
    text = re.compile(r"\.(py|md|html|css|js|json|toml|po|sh|txt|lock|typ)$|^Makefile$|^\.ci/run$")
    for path in filter(text.search, _tracked()):
        if (ROOT / path).is_file() and (content := (ROOT / path).read_bytes()):
            content.decode("utf-8")
            assert content.endswith(b"\n"), path
            assert b"\r\n" not in content, path


def test_no_large_file_is_tracked() -> None:
    present = [path for path in _tracked() if (ROOT / path).is_file()]
    assert not [path for path in present if (ROOT / path).stat().st_size > 1_500_000]


# --- what a newcomer types -------------------------------------------------------------------------------------------


def test_ci_runs_the_debian_packages_and_then_exactly_make_test() -> None:
    steps = [line for line in _text(".ci/run").splitlines() if line and not line.startswith("#")]
    assert steps[-1] == "exec make test"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    installed = set(" ".join(steps).replace('"', " ").split())
    needed = set(re.findall(r"\bneed ([a-z][a-z0-9-]+)$", _text("tools/setup.sh"), re.MULTILINE))
    assert "chromium" in needed
    assert needed <= installed


def test_make_alone_lists_every_target() -> None:
    listed = set(re.findall(r"^  make ([a-z-]+)\s+\S", _run("make", "--no-print-directory"), re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", _text("Makefile"), re.MULTILINE)
    assert phony is not None
    assert listed == set(phony[1].split())


def test_the_set_up_prints_one_apt_line_where_it_may_not_install(tmp_path: Path) -> None:
    """Without root it stops with the command to type, and changes nothing."""
    if sys.platform == "win32":
        pytest.skip("the set-up script is for Debian")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "sha256sum", "printf", "python3"):
        (tools / name).symlink_to(shutil.which(name) or "")
    (tools / "id").write_text("#!/bin/sh\necho 1000\n", encoding="utf-8")
    (tools / "id").chmod(0o755)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "setup.sh", tmp_path / "tools" / "setup.sh")
    done = subprocess.run(
        [shutil.which("sh") or "sh", "tools/setup.sh"],
        cwd=tmp_path,
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("apt-get update && apt-get install -y --no-install-recommends ")
    assert {"nodejs", "npm", "chromium", "poppler-utils"} <= set(line.split())
    assert not (tmp_path / ".venv").exists()
