"""What the demo says of itself: claims with the evidence that was read back, and whether all of them held.

One line per claim, Vietnamese with a short English gloss: `✔ claim — evidence`, or `✘` where it did not hold. A claim that
failed does not stop the story; the exit code names it at the end.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TextIO

_TOLD: Final = "─" * 78


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim and what was seen."""

    vi: str
    en: str
    held: bool
    evidence: str


@dataclass(slots=True)
class Ledger:
    """Prints claims as they are checked and remembers them."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    claims: list[Claim] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def check(self, vi: str, en: str, held: bool, evidence: object) -> bool:
        """Put a claim on record; returns whether it held."""
        claim = Claim(vi=vi, en=en, held=held, evidence=str(evidence))
        self.claims.append(claim)
        self.say(f"  {'✔' if held else '✘'} {vi} ({en}) — {claim.evidence}")
        return held

    def equal(self, vi: str, en: str, found: object, expected: object) -> bool:
        """A claim that two values are the same."""
        held = found == expected
        return self.check(vi, en, held, found if held else f"{found}, expected {expected}")

    def chapter(self, vi: str, en: str) -> None:
        """Begin a part of the story."""
        self.say(f"\n{_TOLD}\n{vi} · {en}   [{time.monotonic() - self.began:.0f} s]")

    def say(self, text: str = "") -> None:
        """A line of the story."""
        print(text, file=self.out, flush=True)

    @contextmanager
    def attempt(self, vi: str, en: str) -> Iterator[None]:
        """Whatever goes wrong inside is itself a claim that failed, and the story goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 — the demo reports every failure, whatever it is
            self.check(vi, en, False, f"{type(error).__name__}: {error}")

    @property
    def failed(self) -> list[Claim]:
        return [claim for claim in self.claims if not claim.held]

    def verdict(self) -> int:
        """Sum up; the exit code: 0 when there were claims and all held."""
        kept = len(self.claims) - len(self.failed)
        self.say(f"\n{_TOLD}\n{kept}/{len(self.claims)} điều đã nêu đều đúng (claims held)")
        for claim in self.failed:
            self.say(f"  ✘ {claim.vi} ({claim.en}) — {claim.evidence}")
        return 0 if self.claims and not self.failed else 1
