"""Look the node over: every check says what it found and, where something is wrong, what to do. Changes nothing.

A check is ok, failed, or undecided (it could not be made, or the answer needs the province).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlite_utils import Database

from edge_node.backup.service import list_backups
from edge_node.enrolment.epochs import was_put_back
from edge_node.erasure.service import is_scrubbed, old_copies
from edge_node.files.copies import hub_epoch_of, to_send
from edge_node.files.disk import compare
from edge_node.files.service import vault_of
from edge_node.journal.stamp import offset_now
from edge_node.keyring import KeysMissing
from edge_node.projection import schema
from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts
from edge_node.store.local import read_office
from edge_node.store.migrations import missing_guards
from edge_node.store.space import MIB
from edge_node.sync.status import read_status
from signing.errors import SigningError
from signing.keys import SigningKey
from sync_protocol.errors import ProtocolError
from sync_protocol.log import Run, check_chain, verify_seal

DAY_MS: Final = 86_400_000
OFFSET_MS_MAX: Final = 5 * 60 * 1000
BACKUP_AGE_DAYS_MAX: Final = 3
SILENT_DAYS_MAX: Final = 7
_SPAN: Final = 2_000


class Health(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found, in both languages."""

    check: str
    health: Health
    vi: str
    en: str


def examine(db: Database, services: Services) -> Iterator[Finding]:
    """Every check, cheap ones first."""
    for check in _CHECKS:
        yield check(db, services)


def _ok(check: str, vi: str, en: str) -> Finding:
    return Finding(check=check, health=Health.OK, vi=vi, en=en)


def _failed(check: str, vi: str, en: str) -> Finding:
    return Finding(check=check, health=Health.FAILED, vi=vi, en=en)


def _undecided(check: str, vi: str, en: str) -> Finding:
    return Finding(check=check, health=Health.UNDECIDED, vi=vi, en=en)


def _keys(db: Database, services: Services) -> Finding:
    try:
        key: SigningKey = services.keyring.device
    except (KeysMissing, SigningError):
        return _failed(
            "keys",
            "Không mở được khóa của máy: thư mục keys bị thiếu hoặc của máy khác.",
            "The PC's key does not open: the keys folder is missing or belongs to another PC.",
        )
    return _ok("keys", f"Khóa máy {key.public.id}.", f"Device key {key.public.id}.")


def _enrolment(db: Database, services: Services) -> Finding:
    office = read_office(db)
    if office is None:
        return _undecided("enrolment", "Máy chưa ghi danh.", "The PC is not enrolled.")
    return _ok(
        "enrolment",
        f"Thuộc {office.unit_name} ({office.unit}).",
        f"Belongs to {office.unit_name} ({office.unit}).",
    )


def _database(db: Database, services: Services) -> Finding:
    result = db.conn.execute("PRAGMA quick_check").fetchone()[0]
    if result != "ok":
        return _failed(
            "database",
            "Tệp dữ liệu bị hỏng: dừng máy trạm và phục hồi bản sao lưu mới nhất.",
            f"The database is damaged ({result}): stop the node and restore the newest backup.",
        )
    if missing_guards(db):
        return _failed(
            "database",
            "Thiếu khóa chống sửa: khởi động lại máy trạm để đặt lại.",
            "Append-only guards are missing: restart the node to put them back.",
        )
    return _ok("database", "Tệp dữ liệu nguyên vẹn.", "The database is sound.")


def _chain(db: Database, services: Services) -> Finding:
    """Every link and the newest seal of the log being written."""
    office = read_office(db)
    if office is None:
        return _undecided("chain", "Chưa có nhật ký.", "There is no log yet.")
    store = SqliteLogStore(db)
    head, length = None, 0
    try:
        while records := store.span(office.log, length, stop=length + _SPAN):
            head = check_chain(Run(log=office.log, first=length, records=tuple(records)), head)  # type: ignore[arg-type]
            length += len(records)
        seal = store.seal(office.log)
        if seal:
            verify_seal(seal, services.keyring.device.public)
    except (ProtocolError, KeysMissing) as error:
        return _failed(
            "chain",
            "Chuỗi bản ghi không liền mạch: giữ nguyên máy và báo quản trị tỉnh.",
            f"The chain of records does not hold ({error}): leave the PC as it is and tell the province.",
        )
    return _ok("chain", f"Chuỗi {length} bản ghi liền mạch.", f"A chain of {length} records holds.")


def _epoch(db: Database, services: Services) -> Finding:
    if was_put_back(db, services):
        return _failed(
            "epoch",
            "Tệp dữ liệu cũ hơn dấu mốc: khởi động lại máy trạm để mở kỳ mới.",
            "The database is older than its watermark: restart the node to open a new epoch.",
        )
    return _ok("epoch", "Dấu mốc khớp.", "The watermark agrees.")


def _projection(db: Database, services: Services) -> Finding:
    if not schema.is_current(db):
        return _failed(
            "projection",
            "Bảng tra cứu cũ: chạy «motcua-node rebuild».",
            "Views are old: run «motcua-node rebuild».",
        )
    return _ok("projection", "Bảng tra cứu đúng phiên bản.", "Views are of this version.")


def _space(db: Database, services: Services) -> Finding:
    free = services.space.free_bytes // MIB
    if not services.space.is_writable:
        return _failed(
            "space", f"Ổ đĩa đầy (còn {free} MB): chỉ đọc.", f"The disk is full ({free} MB left): read-only."
        )
    return _ok("space", f"Còn {free} MB.", f"{free} MB free.")


def _clock(db: Database, services: Services) -> Finding:
    offset = offset_now(db, services.clock())
    if offset is None:
        return _undecided("clock", "Chưa đo được giờ của tỉnh.", "The province's time was never measured.")
    seconds = offset[0] // 1000
    if abs(offset[0]) > OFFSET_MS_MAX:
        return _failed(
            "clock",
            f"Giờ máy lệch {seconds} giây: chỉnh giờ Windows.",
            f"The clock is off by {seconds} s: set it.",
        )
    return _ok("clock", f"Giờ máy lệch {seconds} giây.", f"The clock is off by {seconds} s.")


def _backups(db: Database, services: Services) -> Finding:
    backups = list_backups(services)
    if not backups:
        return _undecided("backup", "Chưa có bản sao lưu.", "There is no backup yet.")
    days = max(0, services.clock() - backups[0].taken_ms) // DAY_MS
    vi, en = f"Bản mới nhất: {days} ngày trước.", f"The newest is {days} days old."
    return (_failed if days > BACKUP_AGE_DAYS_MAX else _ok)("backup", vi, en)


def _files(db: Database, services: Services) -> Finding:
    """Every encrypted file that is said to be here, from its bytes; and whether the next backup has room for what waits."""
    found = compare(db, vault_of(services), is_deep=True)
    bad = (*found.missing, *found.damaged)
    if bad:
        names = ", ".join(file[:16] for file in bad[:3])
        missing, damaged = len(found.missing), len(found.damaged)
        return _failed(
            "files",
            f"{missing} tệp đính kèm không còn trên đĩa, {damaged} tệp hỏng ({names}): chạy «motcua-node rebuild» rồi đồng bộ, "
            "máy tải lại từ tỉnh; tệp nào tỉnh cũng không có thì quét lại.",
            f"{missing} files are not on the disk any more, {damaged} are damaged ({names}): run «motcua-node rebuild» and sync, they "
            "are fetched from the province; scan again what the province does not hold either.",
        )
    waiting_mb = sum(each.size for each in to_send(db, hub_epoch=hub_epoch_of(db) or "")) // MIB
    if waiting_mb > services.config.backup_files_mb:
        return _undecided(
            "files",
            f"{waiting_mb} MB tệp chưa về tỉnh, bản sao lưu chỉ chứa {services.config.backup_files_mb} MB: đồng bộ, chép gói USB, "
            "hoặc tăng backup_files_mb.",
            f"{waiting_mb} MB of files are not at the province, a backup takes {services.config.backup_files_mb} MB: sync, use a USB "
            "stick, or raise backup_files_mb.",
        )
    return _ok("files", "Tệp đính kèm khớp với đĩa.", "Files agree with the disk.")


def _erasure(db: Database, services: Services) -> Finding:
    if not is_scrubbed(db):
        return _undecided(
            "erasure",
            "Nội dung đã xóa theo quyết định nhưng tệp dữ liệu chưa dọn xong; máy tự thử lại sau ít giây.",
            "Content was erased by order and the file is not cleaned yet; the node tries again by itself.",
        )
    copies = old_copies(db, services)
    if copies:
        names = ", ".join(path.name for path in copies[:3])
        return _undecided(
            "erasure",
            f"{len(copies)} bản sao có trước quyết định xóa gần nhất ({names}); xóa bằng tay hoặc chờ hết hạn lưu.",
            f"{len(copies)} copies are older than the newest erasure order ({names}); delete them, or wait for rotation.",
        )
    return _ok("erasure", "Không còn dấu vết của nội dung đã xóa.", "Nothing is left of erased content.")


def _sync(db: Database, services: Services) -> Finding:
    status = read_status(db, now=services.clock())
    standing = alerts.list_alerts(db)
    if standing:
        names = ", ".join(alert.code for alert in standing)
        return _failed("sync", f"Cần báo quản trị tỉnh: {names}.", f"Tell the province: {names}.")
    vi = f"{status.waiting} bản ghi chưa về tỉnh, cũ nhất {status.oldest_days} ngày."
    en = f"{status.waiting} not yet at the province, the oldest {status.oldest_days} days."
    if status.last is None or status.oldest_days > SILENT_DAYS_MAX:
        return _undecided("sync", vi, en)
    return _ok("sync", vi, en)


_CHECKS: Final[tuple[Callable[[Database, Services], Finding], ...]] = (
    _keys,
    _enrolment,
    _epoch,
    _space,
    _clock,
    _backups,
    _erasure,
    _projection,
    _sync,
    _database,
    _chain,
    _files,
)
