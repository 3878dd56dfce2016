"""The slip as paper, and the queue as a table: what is printed and saved of dossiers on their way."""

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlite_utils import Database

from dossiers.local_time import local, local_date, to_yyyymmdd
from edge_node.accounts.service import signer_names
from edge_node.keyring.units import office_at, scope_of
from edge_node.printing import forms, render_pdf
from edge_node.printing.letterhead import letterhead
from edge_node.routing.reading import Lists, ShownHanded, SlipPage
from edge_node.services import Services
from edge_node.store.local import Office


def slip_paper(db: Database, services: Services, office: Office, slip: SlipPage) -> bytes:
    """Giấy bàn giao hồ sơ, for both sides to sign; papers are Vietnamese whatever the screen says."""
    signers = signer_names(db)
    first = slip.lines[0][2].handed
    scope = scope_of(db, office.unit)
    acting = next((unit for unit in (first.sender, first.unit) if unit in scope), office.unit)
    rows = tuple(
        forms.HandOverRow(
            code=forms.DossierCode(
                text=view.display_code or "", provisional=bool(view.provisional and not view.code)
            ),
            procedure=name,
            owner=view.text("owner.name") or view.text("applicant.name") or "",
            sets=view.sets or 1,
            due=view.due,
            note=_note(shown),
        )
        for view, name, shown in slip.lines
    )
    form = forms.DossierHandOver(
        office=letterhead(office_at(db, office, acting, slip.at), services.config),
        day=to_yyyymmdd(local_date(slip.at)),
        record=first.record,
        number=f"{slip.slip[:8].upper()}/BG",
        giver=slip.sender,
        receiver=slip.unit,
        giver_name=signers.get(first.by, ("", ""))[0],
        receiver_name=signers.get(first.taken_by or "", ("", ""))[0],
        handed=slip.at,
        rows=rows,
    )
    return render_pdf(form)


def _note(shown: ShownHanded) -> str:
    """What the paper's last column says: what is missing, else how many copies are handed over."""
    if shown.missing:
        return "Thiếu " + "; ".join(shown.missing)
    return f"{sum(each.count for each in shown.handed.papers)} bản"


def csv_header() -> list[str]:
    return [
        _("Mã hồ sơ"), _("Thủ tục"), _("Từ đơn vị"), _("Đến đơn vị"), _("Mục đích"), _("Tình trạng"), _("Chuyển lúc"),
        _("Hạn trả lời"), _("Kết thúc lúc"), _("Hẹn trả"),
    ]  # fmt: skip


def csv_rows(lists: Lists) -> Iterable[list[object]]:
    """Times as a spreadsheet reads them."""
    for line in lists.lines:
        yield [
            line.row.display_code, line.procedure, line.sender, line.unit, line.purpose, line.state, _time(line.leg.at),
            _time(line.leg.deadline), _time(line.leg.ended), _time(line.row.due),
        ]  # fmt: skip


def _time(ms: int | None) -> str:
    return "" if ms is None else f"{local(ms):%d/%m/%Y %H:%M}"
