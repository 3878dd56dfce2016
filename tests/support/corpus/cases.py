"""The golden corpus of verification: named inputs, the trust they are verified under, and the finding that every verifier gives.

`python -m tests.support.corpus` writes `tests/golden/verification/` anew; a test proves that the committed files are
what this program writes. What is expected is stated here by hand, case by case, never taken from a verifier.

    cases.json            [{"name","input","trust","status","now","require_log","pad_bytes","expected":{…}}, …]
    inputs/<finding>-<name>.bytes     what is verified, byte for byte (`pad_bytes` spaces are added before verifying)
    trust/<name>.bytes    trust bundles; status/<name>.bytes: snapshots that the verifier has of its own
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import orjson

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "golden" / "verification"
PASSED, FAILED, OPEN = "PASSED", "FAILED", "INDETERMINATE"
EXITS: Final = {PASSED: 0, FAILED: 1, OPEN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input and what is expected of it."""

    name: str
    data: bytes
    indication: str
    sub_indications: tuple[str, ...]
    exit_code: int
    trust: str = "province"
    status: str | None = None
    now: int | None = None
    require_log: bool = False
    pad_bytes: int = 0
    in_force: str = "unknown"

    @property
    def file_name(self) -> str:
        return f"{self.indication.lower()}-{self.name}.bytes"

    @property
    def input(self) -> bytes:
        """What a verifier gets."""
        return self.data + b" " * self.pad_bytes

    def line(self) -> dict[str, Any]:
        """The case as the list of cases tells it."""
        return {
            "name": self.name,
            "input": f"inputs/{self.file_name}",
            "trust": f"trust/{self.trust}.bytes",
            "status": None if self.status is None else f"status/{self.status}.bytes",
            "now": self.now,
            "require_log": self.require_log,
            "pad_bytes": self.pad_bytes,
            "expected": {
                "indication": self.indication,
                "sub_indications": [*self.sub_indications],
                "exit_code": self.exit_code,
                "in_force": self.in_force,
            },
        }


@dataclass
class Corpus:
    """The cases, and the trust and status files that they name."""

    cases: list[Case] = field(default_factory=list)
    trust: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, data: bytes, indication: str, *subs: str, exit_code: int | None = None, **options: Any) -> None:  # fmt: skip
        assert all(case.name != name for case in self.cases), name
        code = EXITS[indication] if exit_code is None else exit_code
        self.cases.append(
            Case(name=name, data=data, indication=indication, sub_indications=subs, exit_code=code, **options)
        )

    def passed(self, name: str, data: bytes, **options: Any) -> None:
        self.add(name, data, PASSED, **options)

    def failed(self, name: str, data: bytes, *subs: str, **options: Any) -> None:
        self.add(name, data, FAILED, *subs, **options)

    def open(self, name: str, data: bytes, *subs: str, **options: Any) -> None:
        self.add(name, data, OPEN, *subs, **options)

    def bad_input(self, name: str, data: bytes, **options: Any) -> None:
        self.add(name, data, FAILED, "FORMAT_FAILURE", exit_code=3, **options)

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Every file of the folder by its name."""
        lines = b"[\n" + b",\n".join(orjson.dumps(case.line()) for case in self.cases) + b"\n]\n"
        return (
            {"cases.json": lines}
            | {f"inputs/{case.file_name}": case.data for case in self.cases}
            | {f"trust/{name}.bytes": data for name, data in self.trust.items()}
            | {f"status/{name}.bytes": data for name, data in self.status.items()}
        )


def stored() -> Iterator[dict[str, Any]]:
    """The committed cases, with the bytes of their files: `data`, `trust_bytes`, `status_bytes`."""
    for line in orjson.loads((FOLDER / "cases.json").read_bytes()):
        data = (FOLDER / line["input"]).read_bytes() + b" " * line["pad_bytes"]
        status = None if line["status"] is None else (FOLDER / line["status"]).read_bytes()
        yield line | {
            "data": data,
            "trust_bytes": (FOLDER / line["trust"]).read_bytes(),
            "status_bytes": status,
        }
