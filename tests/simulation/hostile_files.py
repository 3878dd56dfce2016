"""Hostile files for the verifier: proofs, codes, PDFs, pictures, bundles and statuses, changed at random, a seed at a time.

Each file must get an answer within one second of processor time and 100 MB, whatever it is; and a record may be found genuine only
as it was signed: its header, signature and body stand, byte for byte, in the file that was changed. One seed runs in a process of
its own, so that a crash or a hang is seen from outside, and memory is the kernel's figure.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import click
import segno
from PIL import Image

from signing.bundles import TrustBundle, open_unpinned_bundle
from signing.errors import NotOpened, SigningError
from signing.opening import INPUT_BYTES_MAX, opened_input
from signing.report import Indication
from signing.snapshot import Snapshot, open_snapshot
from signing.verification import read_input, verify
from tests.support.corpus.cases import stored
from tests.support.hostile import NASTY_TEXTS
from tests.support.paper import paper_bundle, paper_code
from tests.support.pdfs import hostile_pdfs, pdf

COMMAND: Final = "python -m tests.simulation.hostile_files"
FILES_AT_ONCE: Final = 200
SECONDS_MAX: Final = 1.0
MEMORY_MB_MAX: Final = 100.0
_ROOT: Final = Path(__file__).resolve().parents[2]
_PROCESS: Final = Path("/proc/self")


class Lied(AssertionError):
    """Something was found genuine that nobody signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a batch of files came to; `problem` is one line, empty where every promise held."""

    files: int = 0
    slowest_ms: float = 0.0
    most_mb: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """A file as it was made, and what it is verified under."""

    name: str
    data: bytes
    bundle: TrustBundle
    status: Snapshot | None


@cache
def bases() -> tuple[Base, ...]:
    """The golden corpus, and a code on paper as text and as a picture."""
    found = []
    for case in stored():
        bundle = open_unpinned_bundle(case["trust_bytes"])
        status = None if case["status_bytes"] is None else open_snapshot(case["status_bytes"], bundle)
        found.append(Base(case["name"], case["data"], bundle, status))
    paper = open_unpinned_bundle(paper_bundle())
    code = paper_code()
    drawn = io.BytesIO()
    segno.make(code, error="q", boost_error=False).save(drawn, kind="png", scale=3, border=4)
    found.append(Base("code", code.encode(), paper, None))
    found.append(Base("picture", drawn.getvalue(), paper, None))
    return tuple(found)


def made(chance: Random) -> tuple[Base, bytes]:
    """One hostile file, and the one it was made of."""
    base = chance.choice(bases()) if chance.random() < 0.8 else bases()[-chance.randrange(1, 3)]
    if chance.random() < 0.01:
        return base, chance.choice(list(hostile_pdfs().values()))
    data = base.data
    if base.name == "picture" and chance.random() < 0.5:
        kind = chance.choice(("jpeg", "gif", "bmp", "webp", "png"))
        other = io.BytesIO()
        Image.open(io.BytesIO(data)).convert("RGB").save(other, kind)
        data = other.getvalue()
    for _ in range(chance.randrange(1, 4)):
        data = chance.choice(_CHANGES)(chance, data)
    if chance.random() < 0.15:
        data = pdf(zlib.compress(data) if chance.random() < 0.7 else data)
        if chance.random() < 0.5:
            data = _flipped(chance, data)
    return base, data[:INPUT_BYTES_MAX]


def _flipped(chance: Random, data: bytes) -> bytes:
    changed = bytearray(data or b"x")
    for _ in range(chance.randrange(1, 8)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: Random, data: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[last:] if chance.random() < 0.5 else data[:last]


def _spliced(chance: Random, data: bytes) -> bytes:
    other = chance.choice(bases()).data
    first, last = sorted(chance.randrange(len(other) + 1) for _ in range(2))
    at = chance.randrange(len(data) + 1)
    return data[:at] + other[first:last] + data[at:]


def _repeated(chance: Random, data: bytes) -> bytes:
    first = chance.randrange(len(data) + 1)
    piece = data[first : first + chance.randrange(1, 200)]
    times = chance.choice((2, 100, 20_000))
    return (data[:first] + piece * times + data[first:])[:INPUT_BYTES_MAX]


def _replaced(chance: Random, data: bytes) -> bytes:
    """Another value in the place of some member; anything that is not JSON is left to the other changes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _flipped(chance, data)
    places = list(_places(value))
    if not places:
        return data
    parent, key = chance.choice(places)
    parent[key] = _nasty(chance, parent[key])
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.append((value, key))
        found += _places(item)
    return found


def _nasty(chance: Random, old: Any) -> Any:
    if isinstance(old, list) and old and chance.random() < 0.5:
        return old * chance.choice((0, 2, 70)) if chance.random() < 0.5 else old[::-1]
    if isinstance(old, int) and chance.random() < 0.6:
        return chance.choice((old + 1, old - 1, -old, 2**53, 2**64, 10**400, 0))
    if isinstance(old, str) and old and chance.random() < 0.5:
        at = chance.randrange(len(old))
        return old[:at] + chance.choice("Aa0+/=\n\x00é") + old[at + 1 :]
    nested: Any = chance.choice(list(NASTY_TEXTS.values()))
    for _ in range(chance.choice((0, 1, 15, 400))):
        nested = [nested]
    return chance.choice((None, True, 1.5, [], {}, nested, {"a": nested}))


_CHANGES: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    _flipped, _flipped, _replaced, _replaced, _cut, _spliced, _repeated,
)  # fmt: skip


def judge(base: Base, data: bytes) -> None:
    """Whatever is found, nothing is genuine that was not signed."""
    try:
        opened = opened_input(data)
    except NotOpened:
        opened = data  # whoever sent it is told so; the verifier bears it all the same
    report = verify(opened, base.bundle, 1_800_000_000_000, status=base.status)
    json.dumps(report.json())
    genuine = [each for each in report.records if each.indication is Indication.PASSED]
    if genuine and base.name in ("code", "picture"):
        if opened.strip(b"\r\n") != paper_code().encode():
            raise Lied("a code that nobody signed")
    elif genuine:
        signed = {(r.record.header, r.record.signature, r.record.content) for r in _all_records()}
        for found, proven in zip(report.records, read_input(opened).records, strict=True):
            record = proven.record
            if (
                found.indication is Indication.PASSED
                and (record.header, record.signature, record.content) not in signed
            ):
                raise Lied("a record that nobody signed")
    for read in (open_unpinned_bundle, lambda raw: open_snapshot(raw, base.bundle)):
        try:
            read(data)
        except SigningError:
            continue


@cache
def _all_records() -> tuple[Any, ...]:
    found: list[Any] = []
    for base in bases():
        try:
            found += read_input(base.data).records
        except SigningError:
            continue
    return tuple(found)


def try_files(seed: int, count: int) -> Tried:
    """In this process: try them one after the other, and measure each."""
    bases(), _all_records()
    slowest, most = 0.0, 0.0
    for number in range(count):
        base, data = made(Random(f"{seed}/{number}"))
        resident = _start_measuring()
        began = time.process_time()
        try:
            judge(base, data)
            problem = ""
        except Exception as error:  # noqa: BLE001 — whatever the verifier raises is a finding
            place = traceback.extract_tb(error.__traceback__)[-1]
            problem = f"{type(error).__name__} in {Path(place.filename).name}:{place.name}: {error}"
        seconds, grown = time.process_time() - began, _most_since(resident)
        slowest, most = max(slowest, 1000 * seconds), max(most, grown)
        if not problem and seconds > SECONDS_MAX:
            problem = f"{seconds:.2f} s"
        if not problem and grown > MEMORY_MB_MAX:
            problem = f"{grown:.0f} MB"
        if problem:
            line = f"file {seed}/{number} of {base.name!r}: {' '.join(problem.split())[:300]}; replay: {COMMAND} --seed {seed}"
            return Tried(files=number + 1, slowest_ms=slowest, most_mb=most, problem=line)
    return Tried(files=count, slowest_ms=slowest, most_mb=most)


def _start_measuring() -> float:
    """Resident memory now, in MB; from here on the kernel's peak counts anew. 0 where there is no such kernel."""
    if not (_PROCESS / "clear_refs").exists():
        return 0.0
    (_PROCESS / "clear_refs").write_text("5", encoding="ascii")
    return _status_mb("VmRSS")


def _most_since(resident: float) -> float:
    return max(0.0, _status_mb("VmHWM") - resident) if resident else 0.0


def _status_mb(name: str) -> float:
    lines = (_PROCESS / "status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000


def attempt_files(seed: int, *, count: int = FILES_AT_ONCE) -> Tried:
    """The same in a process of its own; one that dies or hangs is a problem too."""
    command = [sys.executable, "-m", "tests.simulation.hostile_files", "--seed", str(seed), "--count", str(count), "--json"]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=_ROOT, capture_output=True, timeout=60 + 5 * count * SECONDS_MAX, check=True
        )
    except subprocess.SubprocessError as error:
        return Tried(problem=f"files of seed {seed}: {error}; replay: {COMMAND} --seed {seed}")
    return Tried(**json.loads(done.stdout))


@click.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--count", type=int, default=FILES_AT_ONCE, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(seed: int, count: int, as_json: bool) -> None:
    """Try the files of one seed; exit code 1 when a promise was broken (with --json always 0)."""
    tried = try_files(seed, count)
    if as_json:
        members = {"files": tried.files, "slowest_ms": tried.slowest_ms, "most_mb": tried.most_mb}
        click.echo(json.dumps({**members, "problem": tried.problem}))
        return
    click.echo(
        tried.problem or f"{tried.files} files, {tried.slowest_ms:.0f} ms, {tried.most_mb:.0f} MB at most"
    )
    sys.exit(1 if tried.problem else 0)


if __name__ == "__main__":
    main()
