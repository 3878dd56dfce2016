"""The data folders of an office and its hub as one version of Motcua left them, kept for ever in tests/golden/data.

`python -m tests.support.released NAME` records them with the version that runs it (docs/development.md, at every release):
an office with dossiers that are at the province and dossiers that are not, both programs stopped. A later version must
start over a copy of them, add no record, and deliver what waits. The keys inside were drawn for the recording alone.
"""

import contextlib
import io
import json
import sqlite3
import tarfile
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import zstandard

from edge_node.store.headers import as_signed
from tests.support.running import Counter, Ledger, Program, Running, Syncer, running_office

RECORDINGS: Final = Path(__file__).resolve().parents[1] / "golden" / "data"
_SEED: Final = 7
_LEFT_OUT: Final = ("backups", "node.log", "hub.log", "pages")


def unpack(name: str, folder: Path) -> dict[str, Any]:
    """Put a recording's `hub` and `node` folders into `folder`; returns what was true when it was made."""
    packed = (RECORDINGS / f"{name}.tar.zst").read_bytes()
    with tarfile.TarFile(fileobj=io.BytesIO(zstandard.decompress(packed))) as archive:
        archive.extractall(folder, filter="data")
    expected: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return expected


def facts_of(node_data: Path) -> dict[str, Any]:
    """What a node's database holds that no later version may change: its records, byte for byte, and its papers' codes."""
    with closing(sqlite3.connect(f"file:{node_data / 'node.db'}?mode=ro", uri=True)) as db:
        records = db.execute("SELECT header, signature FROM record ORDER BY id").fetchall()
        dossiers = db.execute("SELECT code, applicant, status FROM dossier ORDER BY code").fetchall()
    total = sha256()
    for header, signature in records:
        total.update(as_signed(header) + signature)
    return {"records": len(records), "sha256": total.hexdigest(), "dossiers": [list(row) for row in dossiers]}


def _work(office: Running) -> None:
    """Some dossiers of every length; half of them delivered."""
    ledger = Ledger()
    program, counter = Program(office, ledger, 1, _SEED), Counter(office, ledger, 2, _SEED)
    syncer = Syncer(office, ledger, 3, _SEED)
    program.random = Random(_SEED)
    for client in (program,) * 8 + (counter,) * 4 + (syncer,):
        client.work()
    while office.status()["unjudged"]:
        time.sleep(0.2)
        syncer.work()
    office.hub.stop()  # or a slow machine's own schedule delivers what is to wait
    for client in (program,) * 6 + (counter,) * 2:
        client.work()
    if ledger.surprises:
        raise RuntimeError(ledger.surprises[0])


def _pack(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.TarFile(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if inside.parts[0] in ("hub", "node") and not set(inside.parts) & set(_LEFT_OUT):
                archive.add(path, arcname=inside.as_posix(), recursive=False, filter=_nobody)
    return zstandard.ZstdCompressor(level=19).compress(buffer.getvalue())


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


@click.command()
@click.argument("name")
def main(name: str) -> None:
    """Record the data folders of this version as NAME."""
    RECORDINGS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with running_office(folder) as office:
            _work(office)
            status = office.status()
        for database in (folder / "node" / "node.db", folder / "hub" / "hub.db"):
            with contextlib.closing(sqlite3.connect(database)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                db.execute("VACUUM")
        expected = facts_of(folder / "node") | {"waiting": status["waiting"]}
        (RECORDINGS / f"{name}.tar.zst").write_bytes(_pack(folder))
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (RECORDINGS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    size = (RECORDINGS / f"{name}.tar.zst").stat().st_size
    click.echo(f"{name}: {expected['records']} records, {expected['waiting']} waiting, {size} bytes")


if __name__ == "__main__":
    main()
