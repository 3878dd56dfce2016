"""The faults of this package under one base. Refusals an officer meets are values (`Reason`), not exceptions."""

from typing import ClassVar

from dossiers import reasons
from signing.reasons import Reason


class DossierError(Exception):
    """Base of every fault raised here; `detail` is English, for logs, and quotes no personal content."""

    reason: ClassVar[Reason] = reasons.FACTS

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"{self.reason.code}: {detail}")


class CalendarInvalid(DossierError):
    """Calendar data that cannot be used: the calendar before it stays in force."""

    reason = reasons.CALENDAR


class CatalogueInvalid(DossierError):
    """Catalogue data that cannot be used: the catalogue before it stays in force."""

    reason = reasons.CATALOGUE


class CodeInvalid(DossierError):
    """A code pattern, lease or number outside what dossier codes can carry."""

    reason = reasons.CODE
