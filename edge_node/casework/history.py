"""A dossier's history as people read it: who stated what, what it changed, how far it has travelled, newest first.

Every entry is one signed record; cause stands before effect. Signatures were verified when the records came in, so what is
said here is whether the signer's entitlement is confirmed or only delegated. Identity numbers stay masked: whoever needs
one asks for it, and that is noted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.kinds import check_facts
from dossiers.merge import field_changes
from dossiers.presentation import fmt_date, fmt_datetime, fmt_money, mask_id
from dossiers.procedures import Procedure
from dossiers.units import Units
from dossiers.views import DossierView, FieldWrite, FileHeld, Standing, TimelineEntry
from edge_node.accounts.service import officer_names, signer_names
from edge_node.casework.labels import (
    KIND_ICONS,
    MOVE_ICONS,
    PAPER_FORM_LABELS,
    action_word,
    channel_word,
    delivery_method_word,
    field_label,
    field_text,
    kind_word,
    leg_step_word,
    payment_word,
    roles_word,
    spoken,
    status_word,
)
from edge_node.casework.whereabouts import Whereabouts, where_are_records
from edge_node.keyring.units import scope_of, units_at
from edge_node.projection.duplicates import Decided, decisions_about
from edge_node.projection.lists import dossier_row
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.store.local import read_local
from signing.trust import Trust
from sync_protocol.record import BodyState, Record

Change = tuple[str, str | None, str | None]
_ID_FIELDS: Final = frozenset({"applicant.id_number", "owner.id_number"})
_RECEIVED: Final = "dossier.received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the timeline, as `macros/timeline.html` reads it.

    Attributes:
        is_new: written by somebody else since the officer's form was shown.
    """

    record: str
    title: str
    icon: str
    name: str
    role: str
    at: int
    device: str
    changes: tuple[Change, ...]
    note: str
    where: Whereabouts
    signature: str
    superseded: bool
    standing: Standing
    raw_url: str = ""
    proof_url: str = ""
    bracket: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What entries are told with."""

    view: DossierView
    procedure: Procedure | None
    records: Mapping[str, Record]
    officers: Mapping[str, str]
    units: Units
    decisions: Mapping[str, Decided] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, tuple[tuple[str, FieldWrite | None, FieldWrite], ...]] = field(default_factory=dict)


def events_of(
    db: Database, services: Services, view: DossierView, procedure: Procedure | None
) -> list[Event]:
    """The dossier's history, newest first."""
    records = {record.id: record for record in SqliteLogStore(db).dossier_records(view.dossier)}
    units = units_at(db, services.clock())
    decisions = decisions_about(db, view)
    words = _Words(
        view=view,
        procedure=procedure,
        records=records,
        officers=officer_names(db),
        units=units,
        decisions=decisions,
        codes=_codes(db, decisions.values()),
    )
    signers, wheres = signer_names(db), where_are_records(db, view.dossier)
    trust = services.trust.trust(db)
    devices = dict(db.conn.execute("SELECT id, device FROM log").fetchall())
    events = []
    for entry in reversed(view.timeline):
        name, title = signers.get(entry.by, ("", ""))
        device = signers.get(devices.get(entry.log) or "", ("", ""))[0]
        events.append(
            Event(
                record=entry.record,
                title=_title(entry, words),
                icon=MOVE_ICONS.get(entry.action or "", KIND_ICONS.get(entry.kind, "signature")),
                name=name or _stranger(db, entry, units),
                role=title or _roles_of(trust, entry.by),
                at=entry.at_ms,
                device=device,
                changes=tuple(_changes(entry, words)),
                note=entry.words or _absent(entry),
                where=wheres.get(entry.record, Whereabouts()),
                signature=_signature(trust, entry.by),
                superseded=entry.standing is Standing.SUPERSEDED,
                standing=entry.standing,
            )
        )
    return events


def _stranger(db: Database, entry: TimelineEntry, units: Units) -> str:
    """Whom this PC knows no name of: an officer of another unit by the unit, anybody else by the key."""
    is_guest = entry.commune not in scope_of(db, read_local(db, "office.unit") or "")
    return units.name(entry.commune) if is_guest else _("Khóa %(key)s", key=entry.by[:8])


def news_since(db: Database, view: DossierView, seen: tuple[str, ...]) -> frozenset[str]:
    """Records that somebody who saw the heads `seen` has not seen."""
    records = {record.id: record for record in SqliteLogStore(db).dossier_records(view.dossier)}
    known: set[str] = set()
    waiting = list(seen)
    while waiting:
        record = waiting.pop()
        if record in known or record not in records:
            continue
        known.add(record)
        waiting.extend(records[record].header.parents)
    return frozenset(records.keys() - known)


def _codes(db: Database, decisions: Iterable[Decided]) -> dict[str, str]:
    """The codes of the dossiers that are gone on with."""
    rows = {each.goes_on: dossier_row(db, each.goes_on) for each in decisions if each.goes_on}
    return {dossier: row.display_code or "" for dossier, row in rows.items() if row}


def _title(entry: TimelineEntry, words: _Words) -> str:
    if entry.record in words.decisions and entry.standing is Standing.WITHOUT_EFFECT:
        is_about_code = words.decisions[entry.record].is_about_code
        return _("Thống nhất về mã hồ sơ trùng") if is_about_code else _("Thống nhất về hồ sơ có thể trùng")
    title = action_word(entry.action) if entry.action else kind_word(entry.kind)
    if entry.standing is Standing.QUARANTINED:
        return _("%(title)s (tỉnh chưa chấp nhận)", title=title)
    if entry.standing is Standing.HELD:
        return _("%(title)s (tạm giữ, chờ kết luận của bản ghi trước)", title=title)
    if entry.standing is Standing.DISPUTED:
        return _("%(title)s (cần thống nhất)", title=title)
    if entry.standing is Standing.UNREAD:
        return _("%(title)s (của phiên bản mới hơn, máy này chưa hiểu)", title=title)
    if entry.standing is Standing.WITHOUT_EFFECT:
        return _("%(title)s (không có hiệu lực)", title=title)
    return title


def _absent(entry: TimelineEntry) -> str:
    match entry.body_state:
        case BodyState.ERASED:
            return _("Nội dung đã xóa theo quyết định; chữ ký vẫn kiểm tra được.")
        case BodyState.WITHHELD:
            return _("Nội dung do đơn vị khác giữ.")
        case BodyState.LOST:
            return _("Nội dung chưa có ở máy này.")
        case _:
            return ""


def _signature(trust: Trust, key: str) -> str:
    statement = trust.statement(key)
    if statement is None:
        return "unchecked"
    return "delegated" if statement.delegated else "valid"


def _roles_of(trust: Trust, key: str) -> str:
    statement = trust.statement(key)
    return roles_word(statement.roles) if statement else ""


def _changes(entry: TimelineEntry, words: _Words) -> list[Change]:
    record = words.records.get(entry.record)
    if record is None or check_facts(record.header.kind, record.header.facts) is not None:
        return []
    facts, content = record.header.facts, record.content or {}
    match entry.kind:
        case "dossier.received":
            return _received(facts, words)
        case "dossier.settled" if entry.record in words.decisions:
            decided = words.decisions[entry.record]
            goes_on = decided.goes_on
            if decided.is_about_code:
                is_this = goes_on in (None, words.view.dossier)
                return [
                    (
                        _("Mã trên giấy tiếp nhận"),
                        None,
                        _("giữ mã này") if is_this else _("nhường mã cho hồ sơ khác"),
                    )
                ]
            code = words.codes.get(goes_on) or _("(chưa có mã)") if goes_on else _("Tất cả, giải quyết riêng")
            return [(_("Hồ sơ được tiếp tục"), None, code)]
        case "dossier.amended" | "dossier.settled":
            return _fields(entry.record, words)
        case "dossier.moved":
            return _moved(facts, content, words)
        case "dossier.assigned":
            return [(_("Giao cho"), None, words.officers.get(facts["officer"], facts["officer"][:8]))]
        case "dossier.extended":
            return [(_("Ngày hẹn trả kết quả"), fmt_datetime(facts["previous"]), fmt_datetime(facts["due"]))]
        case "dossier.paid":
            return _paid(facts, content)
        case "dossier.paper_added":
            return [(_("Giấy tờ"), None, paper_text(paper, words.procedure)) for paper in facts["papers"]]
        case "dossier.paper_removed":
            return [(_("Giấy tờ"), paper_name(facts["paper"], words.procedure), _("đã bỏ"))]
        case "dossier.file_added" | "dossier.file_removed":
            return _files(entry.record, words)
        case "dossier.referred":
            return [(_("Đơn vị phối hợp"), None, words.units.name(facts["to"]))]
        case "dossier.routed":
            return [(_("Bước"), None, leg_step_word(facts["step"]))]
        case "dossier.papers_given":
            given = [(_("Bên nhận"), None, words.units.name(facts["to"]))]
            return given + [
                (_("Giấy tờ"), None, paper_text(each, words.procedure)) for each in facts["papers"]
            ]
        case "dossier.papers_taken":
            return [(_("Thiếu"), None, paper_text(each, words.procedure)) for each in facts["missing"]]
        case "dossier.numbered":
            return [(_("Mã hồ sơ"), facts["provisional"], facts["code"])]
        case _:
            return []


def _received(facts: Mapping[str, Any], words: _Words) -> list[Change]:
    changes: list[Change] = [
        (_("Trạng thái"), None, status_word(facts["status"])),
        (_("Mã hồ sơ"), None, facts["code"] or facts["provisional"] or _("chưa cấp")),
        (_("Hình thức nộp"), None, channel_word(facts["channel"])),
    ]
    if facts["due"] is not None:
        changes.append((_("Ngày hẹn trả kết quả"), None, fmt_datetime(facts["due"])))
    if facts["papers"]:
        changes.append(
            (_("Giấy tờ"), None, _("%(count)s loại", count=len({p["paper"] for p in facts["papers"]})))
        )
    return changes


def _fields(record: str, words: _Words) -> list[Change]:
    return [
        (field_label(code, words.procedure), _told(code, before, words), _told(code, after, words))
        for code, before, after in field_changes(words.view, record)
    ]


def _files(record: str, words: _Words) -> list[Change]:
    """Which files a record brought and which it took out, each beside the paper that it shows."""
    held = [*words.view.files, *words.view.files_removed]
    gone = [each for each in held if each.removed_by == record]
    come = [each for each in held if each.record == record]
    if len(come) == len(gone) == 1:
        return [(_shelf(come[0], words), _file_name(gone[0]), _file_name(come[0]))]
    added = [(_shelf(each, words), None, _file_name(each)) for each in come]
    return [*added, *((_shelf(each, words), _file_name(each), _("đã bỏ")) for each in gone)]


def _shelf(held: FileHeld, words: _Words) -> str:
    if held.is_result:
        return _("Kết quả giải quyết")
    return paper_name(held.paper, words.procedure) if held.paper else _("Tệp khác")


def _file_name(held: FileHeld) -> str:
    if held.state is BodyState.ERASED:
        return _("(đã xóa theo quy định)")
    return held.name or _("(nội dung không có ở máy này)")


def _told(code: str, write: FieldWrite | None, words: _Words) -> str | None:
    if write is None:
        return None
    if write.state is not BodyState.PRESENT and not isinstance(write.value, int):
        return _("(nội dung không có ở máy này)")
    if code in _ID_FIELDS and isinstance(write.value, str):
        return mask_id(write.value)
    if code == "competent":
        return words.units.name(str(write.value))
    if code == "fee_due":
        return fmt_money(int(write.value or 0))
    if code == "due":
        return fmt_datetime(int(write.value)) if write.value else None
    return field_text(code, write.value, words.procedure)


def _moved(facts: Mapping[str, Any], content: Mapping[str, Any], words: _Words) -> list[Change]:
    changes: list[Change] = []
    if facts["from"] != facts["to"]:
        changes.append((_("Trạng thái"), status_word(facts["from"]), status_word(facts["to"])))
    if facts.get("officer"):
        changes.append((_("Giao cho"), None, words.officers.get(facts["officer"], facts["officer"][:8])))
    if facts.get("due") is not None:
        changes.append((_("Ngày hẹn trả kết quả"), None, fmt_datetime(facts["due"])))
    if facts.get("frozen"):
        changes.append((_("Thời gian còn lại"), None, frozen_text(facts["frozen"])))
    if facts.get("deadline") is not None:
        changes.append((_("Hạn bổ sung"), None, fmt_date(facts["deadline"])))
    for item in content.get("items", ()):
        changes.append((_("Cần bổ sung"), None, item if isinstance(item, str) else item["name"]))
    changes += _result(content.get("result") or {})
    taker = content.get("received_by") or {}
    if taker.get("name"):
        changes.append((_("Người nhận"), None, taker["name"]))
    if facts.get("method"):
        changes.append((_("Hình thức trả"), None, delivery_method_word(facts["method"])))
    return changes


def _result(result: Mapping[str, Any]) -> list[Change]:
    changes: list[Change] = []
    if result.get("number"):
        changes.append((_("Số kết quả"), None, result["number"]))
    if result.get("date"):
        day = result["date"]
        changes.append((_("Ngày ký"), None, fmt_date(day) if isinstance(day, int) else day))
    if result.get("signer"):
        changes.append((_("Người ký"), None, result["signer"]))
    return changes


def _paid(facts: Mapping[str, Any], content: Mapping[str, Any]) -> list[Change]:
    changes: list[Change] = [
        (_("Số tiền"), None, fmt_money(facts["amount"])),
        (_("Cách nộp"), None, payment_word(facts["method"])),
    ]
    if content.get("receipt_number"):
        changes.append((_("Số biên lai"), None, content["receipt_number"]))
    return changes


def frozen_text(frozen: Mapping[str, Any]) -> str:
    """The time that was left when the clock stopped."""
    amount = int(frozen["amount"])
    if frozen["unit"] == "days":
        return _("%(count)s ngày", count=amount)
    sign = "-" if amount < 0 else ""
    hours, minutes = divmod(abs(amount), 60)
    return _("%(sign)s%(hours)s giờ %(minutes)s phút làm việc", sign=sign, hours=hours, minutes=minutes)


def paper_name(code: str, procedure: Procedure | None) -> str:
    found = procedure.paper(code) if procedure else None
    return spoken(found.name) if found else _("Giấy tờ khác (%(code)s)", code=code)


def paper_text(paper: Mapping[str, Any], procedure: Procedure | None) -> str:
    """ "Giấy chứng sinh: 1 bản chính"."""
    form = next(_(label) for known, label in PAPER_FORM_LABELS.items() if known == paper["form"])
    return f"{paper_name(paper['paper'], procedure)}: {paper['count']} {form}"
