"""What this package raises: one base, one child per kind of fault, each carrying a reason from the catalogue.

`detail` is for logs and engineers, in English; it never quotes content. The words for people are in the reason.
"""

from __future__ import annotations

from signing import reasons
from signing.reasons import Reason


class SigningError(Exception):
    """The base of every fault of this package."""

    default: Reason = reasons.FORMAT

    def __init__(self, detail: str, *, reason: Reason | None = None) -> None:
        self.reason = self.default if reason is None else reason
        self.detail = detail
        super().__init__(f"{self.reason.code}: {detail}")


class NotCanonical(SigningError):
    """A value or its bytes are outside the restricted canonical form."""


class SignatureInvalid(SigningError):
    """The signature, or the key it is checked with, does not pass the acceptance rule."""

    default = reasons.SIGNATURE


class KeyLocked(SigningError):
    """A secret could not be opened with what was given."""

    default = reasons.KEY_LOCKED


class NotEntitled(SigningError):
    """The key is unknown, or may not do this."""

    default = reasons.ROLE


class TrustInvalid(SigningError):
    """A trust bundle or a key statement is malformed, unsigned or stale."""

    default = reasons.TRUST_FORMAT


class LogInvalid(SigningError):
    """A note, checkpoint, tile or proof of the transparency log is malformed or does not hold."""


class NotOpened(SigningError):
    """What somebody handed over did not come to be read; nothing is said about the paper or file itself."""

    default = reasons.PICTURES_UNREAD
