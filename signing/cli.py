"""`motcua-verify FILE… --trust FILE`: verify exported records on a computer that needs no network and no account.

The only room of this package that reads files and a clock (the clock tells the age of the trust bundle, nothing else).
It prints one report for each file, as text or as one line of JSON, and ends with the worst exit code: 0 all passed,
1 something failed, 2 something undecided, 3 a file or the trust bundle could not be used.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import orjson

from signing.bundles import BUNDLE_BYTES_MAX, TrustBundle, open_bundle, open_unpinned_bundle
from signing.errors import TrustInvalid
from signing.exported import EXPORT_BYTES_MAX
from signing.plain_text import Language, render
from signing.report import Exit, Report
from signing.verification import verify
from signing.version import __version__

_BY_GRAVITY: Final = (Exit.PASSED, Exit.INDETERMINATE, Exit.FAILED, Exit.BAD_INPUT)


class _Unusable(click.ClickException):
    """An input that cannot be used; shown as one line."""

    exit_code = Exit.BAD_INPUT


@click.command(name="motcua-verify", help="Kiểm tra bản ghi đã xuất. / Verify exported records.")
@click.version_option(__version__)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Tệp tin cậy của tỉnh. / The province's trust bundle.",
)
@click.option(
    "--root",
    metavar="FINGERPRINT",
    help="Dấu vân tay khóa gốc trên văn bản chính thức. / The root fingerprint of the official letter.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Mỗi tệp một dòng JSON. / One line of JSON for each file."
)
@click.option(
    "--lang",
    "language",
    type=click.Choice([language.value for language in Language]),
    help="Ngôn ngữ. / Language.",
)
def _command(
    files: tuple[Path, ...], trust: Path, root: str | None, as_json: bool, language: str | None
) -> Exit:
    spoken = Language(language) if language else language_of(os.environ)
    bundle = _trusted(trust, root, spoken)
    worst = Exit.PASSED
    for file in files:
        exit_code = _verified(file, bundle, spoken, root_is_pinned=root is not None, as_json=as_json)
        worst = max(worst, exit_code, key=_BY_GRAVITY.index)
    return worst


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    _speak_utf8()
    try:
        return int(_command.main(arguments, prog_name="motcua-verify", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        return Exit.BAD_INPUT
    except click.Abort:
        return Exit.FAILED


def language_of(environment: Mapping[str, str]) -> Language:
    """English where the environment asks for it, Vietnamese everywhere else."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return Language.EN if environment[name].startswith("en") else Language.VI
    return Language.VI


def _trusted(path: Path, root: str | None, language: Language) -> TrustBundle:
    envelope = _read(path, BUNDLE_BYTES_MAX, language)
    try:
        return open_unpinned_bundle(envelope) if root is None else open_bundle(envelope, roots=root)
    except TrustInvalid as error:
        said = error.reason.vi if language is Language.VI else error.reason.en
        raise _Unusable(f"{path}: {said} ({error})") from error


def _verified(
    file: Path, bundle: TrustBundle, language: Language, *, root_is_pinned: bool, as_json: bool
) -> Exit:
    """Print what is found about one file; one that cannot be read does not keep the others from being verified."""
    try:
        data = _read(file, EXPORT_BYTES_MAX, language)
    except _Unusable as error:
        error.show()
        return Exit.BAD_INPUT
    report = verify(data, bundle, _now_ms(), root_is_pinned=root_is_pinned)
    click.echo(_shown(file, report, language, as_json=as_json))
    return report.exit_code


def _read(path: Path, bytes_max: int, language: Language) -> bytes:
    """The file, or one byte more than is allowed of it, which is enough to refuse it."""
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        said = "không đọc được tệp" if language is Language.VI else "the file cannot be read"
        raise _Unusable(f"{path}: {said} ({error.strerror})") from error


def _shown(file: Path, report: Report, language: Language, *, as_json: bool) -> str:
    return orjson.dumps(report.json()).decode() if as_json else f"{file}: {render(report, language)}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _speak_utf8() -> None:
    """A pipe on Windows has a code page that lacks Vietnamese letters."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(
            stream, "reconfigure", None
        )  # a stream put in its place by a caller may lack it
        if reconfigure is not None:
            reconfigure(encoding="utf-8")
