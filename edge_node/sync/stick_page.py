"""The page «Mang bằng USB» as values: which sticks there are, what lies on the chosen one, what was carried before."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from edge_node.casework import labels
from edge_node.relay.queue import Carrying, carrying
from edge_node.services import Services
from edge_node.store.local import Office
from edge_node.sync.drives import Drive, list_drives
from edge_node.sync.parcels import Carried, list_carried, taken_whole
from edge_node.sync.status import SyncStatus, own_logs, read_status
from edge_node.sync.stick import FoundPart, list_parts
from sync_protocol.errors import RemoteFault
from sync_protocol.parcel import REQUESTS, Label
from sync_protocol.snapshot import SNAPSHOT

OTHER: Final = "other"
SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OnStick:
    """One parcel on the stick, for people. `tone` and `icon` as the badges take them."""

    what: str
    word: str
    tone: str
    icon: str
    at: int | None
    records: int
    parts: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StickPage:
    status: SyncStatus
    drives: tuple[Drive, ...]
    chosen: Path | None
    folder: str
    fault: str
    found: tuple[OnStick, ...]
    carried: tuple[Carried, ...]
    carrying: Carrying
    new_pcs: tuple[tuple[str, str, str], ...] = ()


def chosen_folder(drive: str, typed: str) -> Path | None:
    """The folder that a form names; None where nothing was chosen."""
    text = typed.strip() if drive == OTHER or not drive else drive
    return Path(text) if text else None


def read_stick_page(db: Database, services: Services, office: Office, chosen: Path | None) -> StickPage:
    """What the page shows; a stick that cannot be read says so and hides nothing else."""
    drives = list_drives()
    if chosen is None and len(drives) == 1:
        chosen = drives[0].path
    fault, parts = "", []
    if chosen is not None:
        try:
            parts = list_parts(chosen)
        except RemoteFault as error:
            fault = labels.reason_words(error.reason)[0]
    is_drive = chosen in [drive.path for drive in drives]
    return StickPage(
        status=read_status(db, now=services.clock()),
        drives=tuple(drives),
        chosen=chosen,
        folder="" if is_drive or chosen is None else str(chosen),
        fault=fault,
        found=tuple(_grouped(parts, office, taken_whole(db), {each.log: each.held for each in own_logs(db)})),
        carried=tuple(list_carried(db, limit=SHOWN)),
        new_pcs=tuple(_other_pcs(db, office)),
        carrying=carrying(db),
    )


def _other_pcs(db: Database, office: Office) -> list[tuple[str, str, str]]:
    """The unit's other PCs, the newest first, as choices: (device, name, begins of its number)."""
    rows = db.conn.execute(
        "SELECT key, name FROM key_holder WHERE officer IS NULL AND is_stated = 1 AND key <> ? ORDER BY number DESC",
        (office.device,),
    )
    return [(key, name or key[:8], key[:8]) for key, name in rows]


def carried_words(carried: Carried) -> str:
    """What came of it."""
    if carried.reason is not None:
        return labels.reason_words(carried.reason)[0]
    return _("Đã ghi ra USB") if carried.direction == "out" else _("Đã nhập đủ")


def _grouped(
    parts: list[FoundPart], office: Office, taken: frozenset[str], held: Mapping[str, int]
) -> list[OnStick]:
    parcels: dict[str, list[FoundPart]] = {}
    for part in parts:
        parcels.setdefault(part.label.parcel if part.label else part.path.name, []).append(part)
    return [_on_stick(group, office, taken, held) for group in parcels.values()]


def _on_stick(
    parts: list[FoundPart], office: Office, taken: frozenset[str], held: Mapping[str, int]
) -> OnStick:
    """`taken`: parcels that were read whole here; `held`: how much of its own logs this PC has a receipt for."""
    label = parts[0].label
    if label is None:
        what, word, tone, icon = (
            parts[0].path.name,
            _("Tệp hỏng hoặc không phải gói USB"),
            "refused",
            "refused",
        )
    elif label.content == SNAPSHOT and label.enclosed_for(office.device) is not None:
        what = _("Bản khởi tạo cho máy này")
        is_in = label.parcel in taken
        word, tone, icon = (_("Đã nhập đủ"), "fact", "done") if is_in else (_("Nhập được"), "wait", "inbox")
    elif label.content == SNAPSHOT:
        what, word, tone, icon = (
            _("Bản khởi tạo cho máy khác"),
            _("Để nguyên, mang đúng nơi nhận"),
            "soon",
            "note",
        )
    elif label.sender == office.device and _has_arrived(label, held):
        what, word, tone, icon = _("Từ máy này gửi tỉnh"), _("Tỉnh đã nhận đủ bản ghi"), "fact", "done"
    elif label.sender == office.device:
        what, word, tone, icon = _("Từ máy này gửi tỉnh"), _("Chờ mang về tỉnh"), "wait", "pc"
    elif label.parcel in taken:
        what, word, tone, icon = _("Tỉnh trả lời máy này"), _("Đã nhập đủ"), "fact", "done"
    elif label.enclosed_for(office.device) is not None:
        what, word, tone, icon = _("Tỉnh trả lời máy này"), _("Nhập được"), "wait", "inbox"
    elif label.content == REQUESTS:
        what = _("Đơn vị khác gửi tỉnh")
        word, tone, icon = _("Máy này chuyển giúp được"), "soon", "note"
    else:
        what, word, tone, icon = _("Của nơi khác"), _("Để nguyên, mang đúng nơi nhận"), "soon", "note"
    return OnStick(
        what=what,
        word=word,
        tone=tone,
        icon=icon,
        at=label.at if label else None,
        records=label.records if label else 0,
        parts=len(parts),
        size_bytes=sum(part.size_bytes for part in parts),
    )


def _has_arrived(label: Label, held: Mapping[str, int]) -> bool:
    """Whether the province holds every record that the parcel brings; nothing is said of a parcel that brings none."""
    return bool(label.logs) and all(stretch.length <= held.get(stretch.log, 0) for stretch in label.logs)
