"""`motcua-verify FILE… --trust FILE`: verify proofs and exported records on a computer that needs no network and no account.

The only room of this package that reads files and a clock (the clock tells ages and serves the staleness of a status, nothing
else). A folder stands for every file in it. It prints one report for each file, as text or as one line of JSON, and ends with the
worst exit code: 0 all passed, 1 something failed, 2 something undecided, 3 a file or the trust bundle could not be used.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import orjson

from signing.bundles import BUNDLE_BYTES_MAX, TrustBundle, open_bundle, open_unpinned_bundle
from signing.errors import NotOpened, TrustInvalid
from signing.opening import INPUT_BYTES_MAX, opened_input
from signing.plain_text import Language, render
from signing.report import Exit, Report
from signing.report_schema import REPORT_SCHEMA
from signing.snapshot import SNAPSHOT_BYTES_MAX, Snapshot, open_snapshot
from signing.verification import VerifyPolicy, verify
from signing.version import __version__

_BY_GRAVITY: Final = (Exit.PASSED, Exit.INDETERMINATE, Exit.FAILED, Exit.BAD_INPUT)
_NEVER: Final = "none"


class _Unusable(click.ClickException):
    """An input that cannot be used; shown as one line."""

    exit_code = Exit.BAD_INPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What every file of one call is verified with."""

    bundle: TrustBundle
    status: Snapshot | None
    policy: VerifyPolicy
    now: int | None
    language: Language
    as_json: bool
    root_is_pinned: bool

    def report(self, data: bytes) -> Report:
        return verify(
            data,
            self.bundle,
            self.now,
            status=self.status,
            policy=self.policy,
            root_is_pinned=self.root_is_pinned,
        )

    def shown(self, file: Path, report: Report) -> str:
        if self.as_json:
            return orjson.dumps(report.json()).decode()
        return f"{file}: {render(report, self.language)}"


def _print_schema(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        click.echo(orjson.dumps(REPORT_SCHEMA, option=orjson.OPT_INDENT_2).decode())
        context.exit()


@click.command(
    name="motcua-verify",
    help="Kiểm tra tệp chứng minh, bản ghi đã xuất, mã trên giấy (văn bản, ảnh), PDF kết quả, cả thư mục. "
    "/ Verify proofs, exported records, codes on paper (text, picture), result PDFs, whole folders.",
)
@click.version_option(__version__)
@click.option(
    "--schema",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_schema,
    help="In lược đồ JSON của báo cáo. / Print the JSON schema of a report.",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Gói tin cậy của tỉnh. / The province's trust bundle.",
)
@click.option(
    "--root",
    metavar="FINGERPRINT",
    help="Dấu vân tay khóa gốc trên văn bản chính thức. / The root fingerprint of the official letter.",
)
@click.option(
    "--status",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Bản trạng thái khóa mới nhất của tỉnh. / The province's newest status of keys.",
)
@click.option(
    "--require-log",
    is_flag=True,
    help="Bắt buộc có trong nhật ký minh bạch. / Demand that the log is shown to hold the record.",
)
@click.option(
    "--at",
    metavar="MS",
    help="Tính tuổi đến thời điểm này (mili giây từ 1970; none: không tính). / Tell ages as of then (none: not at all).",
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
    files: tuple[Path, ...],
    trust: Path,
    root: str | None,
    status: Path | None,
    require_log: bool,
    at: str | None,
    as_json: bool,
    language: str | None,
) -> Exit:
    spoken = Language(language) if language else language_of(os.environ)
    bundle = _trusted(trust, None if root is None else "".join(root.split()), spoken)
    desk = _Desk(
        bundle=bundle,
        status=None if status is None else _status(status, bundle, spoken),
        policy=VerifyPolicy(require_log=require_log),
        now=_moment(at, spoken),
        language=spoken,
        as_json=as_json,
        root_is_pinned=root is not None,
    )
    worst = Exit.PASSED
    for file in _each(files):
        worst = max(worst, _verified(file, desk), key=_BY_GRAVITY.index)
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


def _status(path: Path, bundle: TrustBundle, language: Language) -> Snapshot:
    try:
        return open_snapshot(_read(path, SNAPSHOT_BYTES_MAX, language), bundle)
    except TrustInvalid as error:
        said = error.reason.vi if language is Language.VI else error.reason.en
        raise _Unusable(f"{path}: {said} ({error})") from error


def _moment(at: str | None, language: Language) -> int | None:
    if at is None:
        return time.time_ns() // 1_000_000
    if at == _NEVER:
        return None
    if not at.isascii() or not at.isdecimal():
        raise _Unusable("--at: số mili giây" if language is Language.VI else "--at: milliseconds")
    return int(at)


def _each(files: Sequence[Path]) -> Iterator[Path]:
    """The files, and those of every folder named, in the order of their names."""
    for file in files:
        if file.is_dir():
            yield from sorted(path for path in file.rglob("*") if path.is_file())
        else:
            yield file


def _verified(file: Path, desk: _Desk) -> Exit:
    """Print what is found about one file; one that cannot be read does not keep the others from being verified."""
    try:
        data = _opened(file, desk.language)
    except _Unusable as error:
        error.show()
        return Exit.BAD_INPUT
    report = desk.report(data)
    click.echo(desk.shown(file, report))
    return report.exit_code


def _opened(file: Path, language: Language) -> bytes:
    try:
        return opened_input(_read(file, INPUT_BYTES_MAX, language))
    except NotOpened as error:
        reason = error.reason
        said = (reason.vi, reason.next_vi) if language is Language.VI else (reason.en, reason.next_en)
        raise _Unusable(f"{file}: {' '.join(said)} ({reason.code})") from error


def _read(path: Path, bytes_max: int, language: Language) -> bytes:
    """The file, or one byte more than is allowed of it, which is enough to refuse it."""
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        said = "không đọc được tệp" if language is Language.VI else "the file cannot be read"
        raise _Unusable(f"{path}: {said} ({error.strerror})") from error


def _speak_utf8() -> None:
    """A pipe on Windows has a code page that lacks Vietnamese letters."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(
            stream, "reconfigure", None
        )  # a stream put in its place by a caller may lack it
        if reconfigure is not None:
            reconfigure(encoding="utf-8")
