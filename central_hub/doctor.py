"""Look the hub over: every check says what it found and, where something is wrong, what to do. Changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from shutil import disk_usage

from sqlalchemy import Connection, func, select

from central_hub.backup.service import list_backups
from central_hub.files.room import bytes_held
from central_hub.files.sweep import FilesFound, look_over
from central_hub.projection.refolding import refolding
from central_hub.services import Services
from central_hub.settings import JUDGE_SEEN, TREE_PROBLEM, get_setting
from central_hub.statistics.lists import Figure, count_by_scan, value_of
from central_hub.statistics.periods import Period
from central_hub.statistics.service import Filter, Group, Statistics
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from central_hub.store.schema import GuardMissing, check_guards, is_current
from central_hub.store.tables import LOG, RUN, SET_ASIDE
from central_hub.sync.fleet import list_devices
from central_hub.tlog.origin import is_overdue
from central_hub.tlog.places import matched_size
from central_hub.tlog.tree import TreeUnusable
from dossiers.kinds import AUTHORITY
from dossiers.local_time import local_date, to_yyyymmdd
from signing.names import kind_named
from sync_protocol.errors import ProtocolError
from sync_protocol.log import Run, check_chain

_MIB = 1 << 20
_DISK_FREE_MB_MIN = 1024
_BACKUP_AGE_MS_MAX = 3 * 24 * 60 * 60 * 1000
_JUDGE_LATE_MS = 60_000
_SPAN = 2_048
_QUOTA_SHARE_MAX = 0.9


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


def examine(services: Services, *, is_deep: bool = False) -> Iterator[Finding]:
    """Every check, cheap ones first; the deep ones read every record."""
    yield _schema(services)
    with reading(services.engine) as connection:
        for check in (*_CHECKS, *(_DEEP_CHECKS if is_deep else ())):
            yield check(connection, services)


def _finding(check: str, *, is_ok: bool, vi: str, en: str, otherwise: Health = Health.FAILED) -> Finding:
    return Finding(check=check, health=Health.OK if is_ok else otherwise, vi=vi, en=en)


def _schema(services: Services) -> Finding:
    is_ok = is_current(services.engine)
    vi = "đúng phiên bản" if is_ok else "chưa nâng cấp; chạy «motcua-hub serve» hoặc «rebuild»"
    en = "up to date" if is_ok else "not upgraded; run «motcua-hub serve» or «rebuild»"
    return _finding("schema", is_ok=is_ok, vi=vi, en=en)


def _guards(connection: Connection, _: Services) -> Finding:
    try:
        check_guards(connection)
    except GuardMissing as error:
        return _finding("guards", is_ok=False, vi=f"thiếu: {error}", en=f"missing: {error}")
    return _finding("guards", is_ok=True, vi="nhật ký chỉ ghi thêm", en="the logs are append-only")


def _database(connection: Connection, _: Services) -> Finding:
    if connection.dialect.name != "sqlite":
        return _finding("database", is_ok=True, vi="máy chủ PostgreSQL", en="a PostgreSQL server")
    answer = str(connection.exec_driver_sql("PRAGMA quick_check").scalar())
    return _finding("database", is_ok=answer == "ok", vi=answer, en=answer)


def _judge(connection: Connection, services: Services) -> Finding:
    unjudged = connection.scalar(select(func.sum(LOG.c.length - LOG.c.judged))) or 0
    seen = get_setting(connection, JUDGE_SEEN)
    is_late = bool(unjudged) and (seen is None or services.clock() - int(seen) > _JUDGE_LATE_MS)
    return _finding(
        "judge",
        is_ok=not is_late,
        vi=f"{unjudged} bản ghi chờ xét" + ("; hãy chạy «motcua-hub serve»" if is_late else ""),
        en=f"{unjudged} records to judge" + ("; run «motcua-hub serve»" if is_late else ""),
        otherwise=Health.UNDECIDED,
    )


def _refolding(connection: Connection, _: Services) -> Finding:
    """Dossiers that another version of the program folded: the judge folds them anew by itself."""
    found = refolding(connection)
    if found is None:
        vi, en = "mọi hồ sơ do phiên bản này tính", "every dossier was folded by this version"
        return _finding("refolding", is_ok=True, vi=vi, en=en)
    if found.left:
        return _finding(
            "refolding",
            is_ok=False,
            vi=f"đang tính lại hồ sơ sau khi nâng cấp: {found.done}/{found.total}; tự chạy khi «motcua-hub serve» chạy",
            en=f"folding dossiers anew after an update: {found.done}/{found.total}; by itself while «motcua-hub serve» runs",
            otherwise=Health.UNDECIDED,
        )
    return _finding(
        "refolding",
        is_ok=False,
        vi=f"{found.failed} hồ sơ không tính lại được, còn như trước khi nâng cấp; gửi nhật ký máy chủ cho nhóm phát triển",
        en=f"{found.failed} dossiers cannot be folded anew and stand as before the update; send the server's log to the developers",
    )


def _log(connection: Connection, services: Services) -> Finding:
    """The province's log: its files hold together, and this database has caught up with them."""
    tree = services.tree
    if tree is None:
        return _finding(
            "log",
            is_ok=False,
            vi="khóa gốc chưa nêu nhật ký minh bạch trong gói tin cậy",
            en="the roots name no log in the trust bundle",
            otherwise=Health.UNDECIDED,
        )
    try:
        size = tree.head().size
        problem = get_setting(connection, TREE_PROBLEM) or tree.stopped() or ""
    except TreeUnusable as error:
        size, problem = 0, str(error)
    missing = max(0, size - matched_size(connection))
    vi = f"nhật ký minh bạch: {size} bản ghi"
    en = f"the log holds {size} leaves"
    if missing:
        vi, en = f"{vi}, còn chờ máy trạm gửi lại {missing}", f"{en}, waits for nodes to send {missing} again"
    if is_overdue(connection, services):
        vi, en = (
            f"{vi}; chờ đã quá hạn, xem «mở sổ mới»",
            f"{en}; awaited too long, see «open another origin»",
        )
    if problem:
        vi, en = f"{vi}; đang dừng: {problem}", f"{en}; stopped: {problem}"
    return _finding("log", is_ok=not problem and not missing, vi=vi, en=en)


def _authority(_: Connection, services: Services) -> Finding:
    """Kinds of record that this version knows and that the roots have not yet said who may sign."""
    lacking = sorted(AUTHORITY.keys() - services.keys.bundle.authority.keys())
    vi_names, en_names = (
        ", ".join(kind_named(kind, is_english=is_english) for kind in lacking) for is_english in (False, True)
    )
    return _finding(
        "authority",
        is_ok=not lacking,
        vi=f"gói tin cậy chưa nêu ai được ký: {vi_names}; chạy «motcua-hub trust draft TỆP» rồi cho người giữ khóa gốc ký"
        if lacking
        else "gói tin cậy nêu đủ các loại bản ghi",
        en=f"the trust bundle does not say who may sign: {en_names}; run «motcua-hub trust draft FILE» and have the root keys sign"
        if lacking
        else "the trust bundle knows every kind of record",
        otherwise=Health.UNDECIDED,
    )


def _set_aside(connection: Connection, _: Services) -> Finding:
    count = connection.scalar(select(func.count()).select_from(SET_ASIDE)) or 0
    return _finding(
        "set_aside",
        is_ok=count == 0,
        vi=f"{count} gói bị để riêng",
        en=f"{count} runs set aside",
        otherwise=Health.UNDECIDED,
    )


def _digests(connection: Connection, services: Services) -> Finding:
    different = [
        d.name
        for d in list_devices(connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms)
        if d.digest_state == 2
    ]
    names = ", ".join(different)
    return _finding(
        "digests",
        is_ok=not different,
        vi=f"khác kết quả gộp: {names}" if different else "các máy trạm có cùng kết quả gộp",
        en=f"folded state differs: {names}" if different else "nodes fold to the same state",
    )


def _copies(connection: Connection, services: Services) -> Finding:
    """PCs whose data was put back or goes on in two ways, until an administrator has looked into it."""
    devices = list_devices(connection, now_ms=services.clock(), silent_ms=services.config.silent_after_ms)
    found = ", ".join(
        f"{services.units.name(d.unit)} · {d.name}"
        for d in devices
        if d.is_put_back or d.is_forked or d.copies
    )
    return _finding(
        "copies",
        is_ok=not found,
        vi=f"phục hồi hoặc sao đĩa, chưa ai xem: {found}; mở trang của máy trạm"
        if found
        else "không có máy trạm phục hồi hay sao đĩa mà chưa ai xem",
        en=f"put back or copied, and nobody has looked: {found}; open the page of the PC"
        if found
        else "no PC was put back or copied without anybody having looked",
        otherwise=Health.UNDECIDED,
    )


def _disk(_: Connection, services: Services) -> Finding:
    free = disk_usage(services.config.data).free // _MIB
    is_ok = free >= _DISK_FREE_MB_MIN
    return _finding("disk", is_ok=is_ok, vi=f"còn {free} MB", en=f"{free} MB free")


def _backups(_: Connection, services: Services) -> Finding:
    found = list_backups(services.config)
    now_ms = services.clock()
    is_ok = bool(found) and now_ms - found[0].path.stat().st_mtime_ns // 1_000_000 < _BACKUP_AGE_MS_MAX
    name = found[0].path.name if found else "–"
    return _finding(
        "backup",
        is_ok=is_ok,
        vi=f"bản mới nhất: {name}",
        en=f"the newest: {name}",
        otherwise=Health.UNDECIDED,
    )


def _files(connection: Connection, services: Services) -> Finding:
    """Every stated file by its length; how many are not here yet, and the room that all take."""
    return _files_finding("files", look_over(connection, services, is_deep=False), services)


def _files_deep(connection: Connection, services: Services) -> Finding:
    """Every file that is here, from its bytes."""
    return _files_finding("files_bytes", look_over(connection, services, is_deep=True), services)


def _files_finding(check: str, found: FilesFound, services: Services) -> Finding:
    names = ", ".join(file[:16] for file in found.damaged[:3])
    if found.damaged:
        return _finding(
            check,
            is_ok=False,
            vi=f"{len(found.damaged)} tệp hỏng ({names}): chạy «motcua-hub rebuild»; máy trạm đang giữ sẽ gửi lại",
            en=f"{len(found.damaged)} files are damaged ({names}): run «motcua-hub rebuild»; the PCs that hold them send them again",
        )
    held, quota = bytes_held(services), services.config.files_quota_mb
    used = held // _MIB
    if quota and held >= quota * _MIB * _QUOTA_SHARE_MAX:
        return _finding(
            check,
            is_ok=False,
            vi=f"tệp chiếm {used}/{quota} MB: thêm đĩa rồi tăng files_quota_mb; tệp mới chờ ở máy trạm",
            en=f"files take {used} of {quota} MB: add disk and raise files_quota_mb; new files wait at the PCs",
            otherwise=Health.UNDECIDED,
        )
    return _finding(
        check,
        is_ok=True,
        vi=f"{found.whole} tệp đủ, {found.absent} tệp chưa về, {found.unstated} tệp không bản ghi nào nêu; {used} MB",
        en=f"{found.whole} files whole, {found.absent} not here yet, {found.unstated} that no record states; {used} MB",
    )


def _chains(connection: Connection, services: Services) -> Finding:
    """Every stored record, from its bytes: chains hold and heads are what the table of logs says."""
    store = HubLogStore(connection, services.opened)
    broken = [held.id for held in store.held_logs() if not _chain_holds(store, held.id, held.length)]
    runs = connection.scalar(select(func.count()).select_from(RUN)) or 0
    return _finding(
        "chains",
        is_ok=not broken,
        vi=f"hỏng: {', '.join(broken)}" if broken else f"{runs} gói nguyên vẹn",
        en=f"broken: {', '.join(broken)}" if broken else f"{runs} runs whole",
    )


def _chain_holds(store: HubLogStore, log: str, length: int) -> bool:
    prev: str | None = None
    try:
        for first in range(0, length, _SPAN):
            records = store.span(log, first, stop=min(length, first + _SPAN))
            prev = check_chain(Run(log=log, first=first, records=tuple(records)), prev)  # type: ignore[arg-type]
    except ProtocolError:
        return False
    return prev == store.link_at(log, length)


def _figures(connection: Connection, services: Services) -> Finding:
    """The counters against a count of the dossiers themselves."""
    today = to_yyyymmdd(local_date(services.clock()))
    statistics = Statistics(connection, catalogue=services.catalogue, units=services.units, today=today)
    period = Period(first=today // 10000 * 10000 + 101, last=today)
    row = statistics.report(period, Group.COMMUNE).total
    wrong = [
        figure.value
        for figure in Figure
        if count_by_scan(connection, statistics, period, figure, Filter(), today=today)
        != value_of(row, figure)
    ]
    return _finding(
        "figures",
        is_ok=not wrong,
        vi=f"lệch: {', '.join(wrong)}; chạy «motcua-hub rebuild»" if wrong else "số liệu khớp với hồ sơ",
        en=f"differ: {', '.join(wrong)}; run «motcua-hub rebuild»" if wrong else "figures equal the dossiers",
    )


_Check = Callable[[Connection, Services], Finding]
_CHECKS: tuple[_Check, ...] = (
    _guards,
    _database,
    _judge,
    _refolding,
    _log,
    _authority,
    _set_aside,
    _digests,
    _copies,
    _disk,
    _backups,
    _files,
)
_DEEP_CHECKS: tuple[_Check, ...] = (_chains, _figures, _files_deep)
