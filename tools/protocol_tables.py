"""The tables of PROTOCOL.md that are what the code says: limits, reasons, and every message member by member.

`make reference` writes them between their marks; a test compares. The words about a member are those of its docstring.
"""

import inspect
import re
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec

from sync_protocol import limits
from sync_protocol.carried import CarriedBeacon
from sync_protocol.columns import Columns
from sync_protocol.direct_beacon import DirectAnswer, DirectBeacon
from sync_protocol.file_wire import FileAsked, FilesAnswer, FilesRequest, FileStated
from sync_protocol.files_held import FilesHeld
from sync_protocol.frame import _BranchFrame, _Table
from sync_protocol.lan import Hello, LanAnswer, LanRequest, PlacesTold, SealEntry, TreeStep
from sync_protocol.lan_files import LanFilesAnswer, LanFilesRequest
from sync_protocol.lan_relay import LanRelayRequest
from sync_protocol.reasons import REASONS
from sync_protocol.relay import AnswerTold, RelayAnswer, RelayRequest
from sync_protocol.snapshot import Base, SnapshotHead, SnapshotMessage, _Loose
from sync_protocol.versions import Versions
from sync_protocol.wire import Beacon, Entry, ForkTold, Inclusion, RoundAnswer, RoundRequest, Unproven

DOCUMENT: Final = Path(__file__).parents[1] / "sync_protocol" / "PROTOCOL.md"
_UNITS = {"BYTES": "bytes", "RECORDS": "records", "MS": "milliseconds", "S": "seconds"}


def unit_of(name: str) -> str:
    """Units stand last in a limit's name, before MAX, MIN or START; what has none is a count."""
    words = [word for word in name.split("_") if word not in ("MAX", "MIN", "START")]
    return next((_UNITS[word] for word in reversed(words) if word in _UNITS), "a count")


def limits_table() -> str:
    rows = [
        f"| `limits.{name}` | {value} | {unit_of(name)} |"
        for name, value in sorted(vars(limits).items())
        if name.isupper()
    ]
    return "\n".join(("| limit | value | unit |", "|---|---|---|", *rows))


def reasons_table() -> str:
    rows = [
        f"| `{reason.code}` | {reason.status} | {'yes' if reason.retryable else 'no'} | {reason.en} |"
        for reason in REASONS
    ]
    return "\n".join(("| code | status | try again | meaning |", "|---|---|---|---|", *rows))


def said_of(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Member by member what its docstring says (its `Attributes:`)."""
    attributes = inspect.cleandoc(struct.__doc__ or "").partition("Attributes:")[2]
    joined = " ".join(line.strip() for line in attributes.splitlines())
    names = "|".join(field.name for field in msgspec.structs.fields(struct))
    parts = re.split(rf"(?:^|(?<=[.;])) ?\b({names}): ", joined)
    return {name: text.strip().rstrip(";.") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


_WORDS = {bytes: "bin", str: "str", int: "int", bool: "bool", Any: "any", type(None): "nil"}


def written(kind: Any) -> str:
    """A type as MessagePack writes it."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if kind in _WORDS:
        return _WORDS[kind]
    inner = [written(each) for each in get_args(kind) if each is not Ellipsis]
    if get_origin(kind) in (list, dict):
        return f"array of {inner[0]}" if get_origin(kind) is list else f"map of {inner[0]} to {inner[1]}"
    if get_origin(kind) is tuple:
        return f"[{', '.join(inner)}]"
    if inner:
        return " or ".join(inner)
    return str(kind.__name__).lstrip("_")


def messages_table() -> str:
    """Every message that is an array, member by member, in order."""
    parts = []
    for section, struct in MESSAGES:
        said, hints = said_of(struct), get_type_hints(struct, include_extras=True)
        rows = [
            f"**{struct.__name__.lstrip('_')}** (§{section})",
            "",
            "| # | member | type | since | meaning |",
            "|---|---|---|---|---|",
        ]
        for number, field in enumerate(msgspec.structs.fields(struct)):
            since = "later" if not field.required and struct is not _BranchFrame else "1"
            meaning = said.get(field.name, "").replace("|", "\\|")
            rows.append(f"| {number} | `{field.name}` | {written(hints[field.name])} | {since} | {meaning} |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


MESSAGES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("4", _BranchFrame), ("4", _Table), ("4", Columns),
    ("5", RoundRequest), ("5", RoundAnswer), ("5", Entry), ("5", Beacon), ("5", Unproven), ("5", Inclusion), ("5", ForkTold),
    ("13", Versions),
    ("11", FilesRequest), ("11", FilesAnswer), ("11", FileAsked), ("11", FileStated),
    ("16", Hello), ("16", LanRequest), ("16", LanAnswer), ("16", SealEntry), ("16", TreeStep), ("16", PlacesTold),
    ("16", CarriedBeacon), ("16", LanFilesRequest), ("16", LanFilesAnswer), ("16", FilesHeld),
    ("17", SnapshotMessage), ("17", SnapshotHead), ("17", Base), ("17", _Loose),
    ("18", DirectBeacon), ("18", DirectAnswer),
    ("21", RelayRequest), ("21", RelayAnswer), ("21", AnswerTold), ("22", LanRelayRequest),
)  # fmt: skip


def with_tables(text: str) -> str:
    """The document with its tables as the code has them."""
    for mark, table in (
        ("limits", limits_table()),
        ("reasons", reasons_table()),
        ("messages", messages_table()),
    ):
        before, begin, rest = text.partition(f"<!-- {mark}:begin -->\n")
        _, end, after = rest.partition(f"<!-- {mark}:end -->")
        text = f"{before}{begin}{table}\n{end}{after}"
    return text
