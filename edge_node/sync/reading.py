"""The sync page as values: what has not arrived, what was refused and why, what stands to be looked at.

Everything is said in the office's words with a next step; codes and details of the transport stay in the system log.
"""

from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlite_utils import Database

from edge_node.accounts.service import signer_names
from edge_node.casework import labels
from edge_node.copies.service import list_copies
from edge_node.journal.stamp import offset_now
from edge_node.projection.lists import DossierRow, dossier_row
from edge_node.relay.queue import Carrying, carrying
from edge_node.services import Services
from edge_node.shell import device_name
from edge_node.store import SqliteLogStore, alerts
from edge_node.store.local import Office
from edge_node.sync.service import ACKNOWLEDGED_BY, Attempt, Refusal, list_attempts, list_refusals
from edge_node.sync.status import SyncStatus, read_status
from signing.roles import Role
from sync_protocol.reasons import LINE_DOWN

ATTEMPTS_SHOWN: Final = 10
OFFSET_FINE_MS: Final = 2_000
OFFSET_WRONG_MS: Final = 5 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRecord:
    """A record that stands refused or undecided, with where to go from here."""

    refusal: Refusal
    what: str
    dossier: DossierRow | None
    name: str
    at_ms: int | None
    why: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something that a person has to look at; `acknowledged_by` are the roles of whom a look is all it needs."""

    code: str
    title: str
    next_step: str
    at: int
    acknowledged_by: frozenset[Role] = frozenset()
    href: str = ""

    @property
    def is_grave(self) -> bool:
        return self.code in alerts.GRAVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Province time minus this PC's time, when it was last measured."""

    offset_ms: int
    age_ms: int

    @property
    def is_fine(self) -> bool:
        return abs(self.offset_ms) < OFFSET_FINE_MS

    @property
    def is_wrong(self) -> bool:
        return abs(self.offset_ms) >= OFFSET_WRONG_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPage:
    status: SyncStatus
    attempts: tuple[Attempt, ...]
    refused: tuple[RefusedRecord, ...]
    warnings: tuple[Caution, ...]
    clock: Clock | None
    codes_left: int
    carrying: Carrying

    @property
    def last(self) -> Attempt | None:
        return self.attempts[0] if self.attempts else None

    @property
    def is_different(self) -> bool:
        """Whether the books here and at the province gave different figures."""
        return any(warning.code == alerts.DIGEST for warning in self.warnings)

    @property
    def is_line_down(self) -> bool:
        return self.last is not None and self.last.outcome == LINE_DOWN.code

    @property
    def stopped(self) -> str:
        """What to do about what stopped the last sync, in words; "" where nothing did, or only the line."""
        if self.last is None or self.last.reason is None or self.is_line_down:
            return ""
        return labels.reason_words(self.last.reason)[1]


def read_page(db: Database, services: Services, office: Office) -> SyncPage:
    now = services.clock()
    offset = offset_now(db, now)
    warnings = [*_copies(db), *(_warning(alert) for alert in alerts.list_alerts(db))]
    return SyncPage(
        status=read_status(db, now=now),
        attempts=tuple(list_attempts(db, limit=ATTEMPTS_SHOWN)),
        refused=tuple(_refused(db, each) for each in list_refusals(db)),
        warnings=tuple(sorted(warnings, key=lambda each: not each.is_grave)),
        clock=Clock(offset_ms=offset[0], age_ms=offset[1] * 1000) if offset else None,
        codes_left=services.references.codes_left(db, office, now_ms=now),
        carrying=carrying(db),
    )


def outcome_words(attempt: Attempt) -> str:
    """How a sync ended."""
    if attempt.outcome == "done":
        return _("Xong")
    if attempt.reason is None:
        return _("Chưa xong, máy tự thử lại")
    return labels.reason_words(attempt.reason)[0]


def _refused(db: Database, refusal: Refusal) -> RefusedRecord:
    record = SqliteLogStore(db).record(refusal.record)
    name = signer_names(db).get(record.header.by, ("", ""))[0] if record else ""
    if refusal.reason is not None:
        why, next_step = labels.reason_words(refusal.reason)
    else:
        why = _("Tỉnh chưa nói rõ lý do.")
        next_step = _("Mở hồ sơ và gọi quản trị tỉnh kèm mã hồ sơ.")
    return RefusedRecord(
        refusal=refusal,
        what=labels.kind_word(refusal.kind) if refusal.kind else _("Bản ghi chưa về máy này"),
        dossier=dossier_row(db, refusal.dossier) if refusal.dossier else None,
        name=name,
        at_ms=record.header.corrected_ms if record else None,
        why=why,
        next_step=next_step,
    )


def _copies(db: Database) -> list[Caution]:
    """Suspected copies of the unit's PCs of which the province has told."""
    return [
        Caution(
            code="copy_seen",
            title=_(
                "Có máy chạy từ bản sao ổ đĩa của «%(name)s»; tỉnh chưa gửi gì cho máy đó.",
                name=device_name(db, copy.device) or _("Máy chưa có tên"),
            ),
            next_step=_("Quản trị đơn vị xác nhận đó có phải máy của đơn vị không."),
            at=copy.since_ms,
            href=f"/copies/{copy.life}",
        )
        for copy in list_copies(db)
        if copy.waits
    ]


def _warning(alert: alerts.Alert) -> Caution:
    title, next_step = {
        alerts.DIGEST: (
            _("Sổ ở máy này và ở tỉnh tính ra khác nhau dù đã trao đổi đủ bản ghi."),
            _("Không mất gì. Báo người cài đặt chạy «motcua-node rebuild»; nếu vẫn còn, gọi quản trị tỉnh."),
        ),
        alerts.FORK: (
            _("Có một bản sao của dữ liệu máy này đã từng đồng bộ."),
            _(
                "Mọi bản ghi đều được giữ. Kiểm tra xem có máy nào khác dùng bản sao của ổ đĩa này rồi báo quản trị tỉnh."
            ),
        ),
        alerts.COPY_WAITING: (
            _("Máy này có vẻ chạy từ bản sao ổ đĩa của một máy khác; tỉnh chưa gửi dữ liệu mới về đây."),
            _(
                "Việc đã ghi ở đây không mất và vẫn gửi về tỉnh. Nhờ quản trị đơn vị xác nhận ở một máy khác của đơn vị, hoặc báo quản trị tỉnh; sau đó máy tự nhận đủ dữ liệu. Hồ sơ mới tạm dùng số tạm."
            ),
        ),
        alerts.COPY_CONFIRMED: (
            _("Máy này đã được xác nhận là máy của đơn vị; máy đang nhận lại đủ dữ liệu."),
            _(
                "Cần làm một lần: tắt phần mềm, chạy «motcua-node new-identity» rồi ghi danh bằng mã mà tỉnh cấp, để hai máy không dùng chung một khóa."
            ),
        ),
        alerts.COPY_REFUSED: (
            _("Tỉnh không nhận máy này: khóa của máy đã bị thu hồi."),
            _("Không ghi thêm gì ở máy này. Bản ghi đã gửi chờ tỉnh xét duyệt; gọi quản trị tỉnh."),
        ),
        alerts.RUN_REFUSED: (
            _("Một phần dữ liệu từ tỉnh về không kiểm tra được nên chưa dùng."),
            _("Máy tự lấy lại ở lần đồng bộ sau; nếu còn sau một ngày, gọi quản trị tỉnh."),
        ),
        alerts.BUNDLE_REFUSED: (
            _("Tỉnh gửi một gói tin cậy không nối tiếp gói máy này đang tin; máy giữ gói cũ."),
            _(
                "Gọi quản trị tỉnh theo số chính thức và đối chiếu dấu vân tay khóa gốc trước khi làm gì khác."
            ),
        ),
        alerts.PUT_BACK: (
            _("Dữ liệu máy này vừa được phục hồi từ bản sao lưu."),
            _("Máy đang lấy lại phần đã gửi về tỉnh. Xem lại các hồ sơ làm sau lúc sao lưu."),
        ),
        alerts.PROJECTION: (
            _("Có hồ sơ mà phần mềm chưa tính được tình trạng mới nhất."),
            _(
                "Bản ghi vẫn được giữ đủ. Cập nhật phần mềm rồi chạy «motcua-node rebuild», hoặc gọi quản trị tỉnh."
            ),
        ),
        alerts.NEWER: (
            _("Có bản ghi do phiên bản phần mềm mới hơn ghi mà máy này chưa hiểu."),
            _(
                "Bản ghi vẫn được giữ và chuyển tiếp nguyên vẹn. Cập nhật phần mềm trên máy này; sau đó máy tự tính lại."
            ),
        ),
        alerts.LOG_SPLIT: (
            _("Nhật ký minh bạch của tỉnh cho máy này xem một lịch sử khác với lịch sử đã ký trước đó."),
            _(
                "Máy đã giữ hai bản có chữ ký làm bằng chứng và đã báo tỉnh. Báo ngay bên giám sát; đừng xóa thư mục dữ liệu."
            ),
        ),
        alerts.STATUS_SPLIT: (
            _(
                "Tỉnh gửi bản trạng thái khóa và văn bản của một nhật ký minh bạch khác với nhật ký máy này đang theo dõi."
            ),
            _(
                "Máy không dùng bản đó và đã giữ hai bản có chữ ký làm bằng chứng. Báo ngay bên giám sát; đừng xóa thư mục dữ liệu."
            ),
        ),
        alerts.LOG_BEHIND: (
            _("Nhật ký minh bạch của tỉnh ngắn hơn bản mà tỉnh đã ký cho máy này."),
            _("Máy đã gửi lại bản có chữ ký đó. Báo quản trị tỉnh kiểm tra máy chủ."),
        ),
        alerts.UNIT_CHANGED: (
            _("Đơn vị của máy này đã được sắp xếp lại: máy đang làm việc cho đơn vị mới."),
            _(
                "Hồ sơ cũ giữ nguyên mã và vẫn xử lý như thường; hồ sơ mới mang mã của đơn vị mới. Không phải làm gì thêm: kiểm tra tên đơn vị ở đầu trang rồi bấm «Tôi đã xem»."
            ),
        ),
        alerts.NOT_LOGGED: (
            _("Có bản ghi tỉnh đã nhận hơn một tuần mà chưa thấy trong nhật ký minh bạch."),
            _("Bản ghi vẫn ở máy này và ở tỉnh. Báo quản trị tỉnh xem trang Nhật ký minh bạch."),
        ),
    }.get(alert.code, (_("Có việc cần người cài đặt xem."), _("Chạy «motcua-node doctor» trên máy này.")))
    return Caution(
        code=alert.code,
        title=title,
        next_step=next_step,
        at=alert.at,
        acknowledged_by=ACKNOWLEDGED_BY.get(alert.code, frozenset()),
    )
