"""Parcels in memory: `written(messages)` gives the parts as bytes, `read(part)` what could be read and why it stopped."""

from collections.abc import Iterable
from io import BytesIO

from signing.keys import BoxKey, SigningKey
from sync_protocol.errors import RemoteFault
from sync_protocol.parcel import REQUESTS, Label, ParcelWriter, Part, Stretch, enclose
from tests.support.device_log import HAI_CHAU, MORNING_MS, key_of

HUB_BOX = BoxKey.from_seed(b"h" * 32)
HUB = key_of("hub").public.id
KEY = b"k" * 32
ENCLOSED = enclose(KEY, HUB, HUB_BOX.hex)
"""Sealing draws randomness: once, so that two labels are equal."""


class Kept(BytesIO):
    """What was written, still there after it was closed."""

    def close(self) -> None:
        self.content = self.getvalue()


def a_label(**changes: object) -> Label:
    fields: dict[str, object] = {
        "parcel": "ab" * 16,
        "part": 1,
        "content": REQUESTS,
        "sender": key_of("PC1").public.id,
        "unit": HAI_CHAU,
        "recipients": [ENCLOSED],
        "logs": [Stretch(log="cd" * 16, first=3, length=10, head="ef" * 32)],
        "at": MORNING_MS,
    }
    return Label(**{**fields, **changes})  # type: ignore[arg-type]


def written(
    messages: Iterable[bytes],
    *,
    part_bytes_max: int = 1 << 20,
    label: Label | None = None,
    sender: SigningKey | None = None,
) -> list[bytes]:
    """The parts of a parcel from PC1 for the hub."""
    sinks: list[Kept] = []

    def open_part(_: int) -> Kept:
        sinks.append(Kept())
        return sinks[-1]

    writer = ParcelWriter(
        label or a_label(),
        key=KEY,
        sender=sender or key_of("PC1"),
        open_part=open_part,
        part_bytes_max=part_bytes_max,
    )
    for message in messages:
        writer.add(message)
    writer.close()
    return [sink.content for sink in sinks]


def read(part: bytes, *, recipient: str = HUB, box: BoxKey = HUB_BOX) -> tuple[list[bytes], str]:
    """The messages that could be read, and the code of the reason why no more ("" for the end of the part)."""
    found: list[bytes] = []
    try:
        for message in Part(BytesIO(part)).messages(recipient, box):
            found.append(message)
    except RemoteFault as error:
        return found, error.reason.code
    return found, ""
