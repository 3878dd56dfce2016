"""Whether a proof is whole before somebody carries it away: what it still lacks, why, and what to do, in both languages.

Read off the report of the file alone, under the bundle of whoever writes it, with the log demanded: so it says what a verifier without a
line will be able to say. Bodies that were not disclosed are no lack: they were left out on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from signing import evidence_findings
from signing.bundles import TrustBundle
from signing.canonical import Json
from signing.report import Report, SubIndication
from signing.verification import VerifyPolicy, verify

LACKS_HEADER: Final = "Motcua-Proof-Lacks"
"""Header beside a proof file in an API's answer: the lacks, separated by commas; empty for a complete one."""


class Lack(StrEnum):
    """What a proof lacks that waiting or a sync will bring."""

    PLACE = "place"
    WITNESSES = "witnesses"
    STATUS = "status"
    REVIEW = "review"


class Writer(StrEnum):
    """Where the file is written, and so what helps."""

    NODE = "node"
    HUB = "hub"


_COMPLETE: Final = (
    "Tệp đủ bằng chứng: nơi nhận kết luận được ngay, không cần mạng.",
    "The file is complete: whoever receives it can decide at once, without a connection.",
)
_LACKS: Final = {
    Lack.PLACE: (
        "chưa có bằng chứng mọi bản ghi nằm trong nhật ký minh bạch của tỉnh",
        "not every record is shown to be in the province's transparency log",
    ),
    Lack.WITNESSES: (
        "nhật ký minh bạch của tỉnh chưa đủ bên chứng kiến",
        "the province's transparency log lacks witnesses",
    ),
    Lack.STATUS: (
        "trạng thái khóa và văn bản kèm theo chưa tới các bản ghi này",
        "the status of keys and documents in it does not reach these records yet",
    ),
    Lack.REVIEW: (
        "có bản ghi mà tỉnh chưa công nhận hoặc không công nhận",
        "there is a record that the province has not recognised, or does not recognise",
    ),
}
_NO_REVIEW: Final = frozenset(
    {SubIndication.SIGNED_DATA_NOT_FOUND, SubIndication.MC_NOT_LOGGED, SubIndication.MC_QUORUM}
)
_OPEN: Final = (
    "Tệp còn thiếu: {lacks}. Nơi nhận có thể chưa kết luận được, hoặc chưa biết văn bản còn hiệu lực hay không. {then}",
    "The file still lacks something: {lacks}. Whoever receives it may not be able to decide yet, or to know whether the "
    "document is in force. {then}",
)
_THEN: Final = {
    Writer.NODE: ("Đồng bộ với tỉnh rồi xuất lại.", "Sync with the province and write the file again."),
    Writer.HUB: (
        "Đợi tỉnh ký điểm chốt tiếp theo (vài phút) rồi xuất lại.",
        "Wait for the next checkpoint of the province (some minutes) and write the file again.",
    ),
}


READINESS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["complete", "lacks", "vi", "en"],
    "properties": {
        "complete": {"type": "boolean"},
        "lacks": {"type": "array", "items": {"type": "string", "enum": [*Lack]}},
        "vi": {"type": "string"},
        "en": {"type": "string"},
    },
}
"""The JSON schema of what `Readiness.json` gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What a proof still lacks; nothing where it is complete. `vi` and `en` say it and what to do."""

    lacks: tuple[Lack, ...]
    vi: str
    en: str

    @property
    def is_complete(self) -> bool:
        """Whether a verifier without a line can decide."""
        return not self.lacks

    def json(self) -> dict[str, Json]:
        """For programs."""
        return {"complete": self.is_complete, "lacks": [*self.lacks], "vi": self.vi, "en": self.en}


def readiness_of(data: bytes, bundle: TrustBundle, writer: Writer) -> Readiness:
    """What this proof file lacks under this bundle."""
    policy = VerifyPolicy(require_log=bundle.policy is not None)
    lacks = [
        lack
        for lack in lacks_of(verify(data, bundle, policy=policy))
        if lack is not Lack.STATUS or bundle.status
    ]
    if not lacks:
        return Readiness(lacks=(), vi=_COMPLETE[0], en=_COMPLETE[1])
    vi, en = (
        _OPEN[language].format(
            lacks="; ".join(_LACKS[lack][language] for lack in lacks), then=_THEN[writer][language]
        )
        for language in (0, 1)
    )
    return Readiness(lacks=tuple(lacks), vi=vi, en=en)


def lacks_of(report: Report) -> tuple[Lack, ...]:
    """What a report of a file alone, with the log demanded, says that it lacks."""
    found = {
        Lack.PLACE: SubIndication.MC_NOT_LOGGED in report.sub_indications,
        Lack.WITNESSES: SubIndication.MC_QUORUM in report.sub_indications,
        Lack.STATUS: _is_short_of_status(report),
        Lack.REVIEW: bool({*report.sub_indications} - _NO_REVIEW),
    }
    return tuple(lack for lack in Lack if found[lack])


def _is_short_of_status(report: Report) -> bool:
    """Whether there are records of which no status in the file speaks yet; those without a place are another lack."""
    if report.status is None or any(each.id == evidence_findings.NO_STATUS.id for each in report.not_checked):
        return True
    return any(each.log is not None and each.log.index >= report.status.as_of_size for each in report.records)
