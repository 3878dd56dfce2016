"""The form of an erasure order, read into what the service takes, or into messages per field."""

from collections.abc import Collection, Mapping
from typing import Final

from flask_babel import gettext as _

from dossiers.erasures import GROUNDS
from edge_node.entry import Entry, Rejected
from edge_node.erasure.service import Wish

WHOLE: Final = "whole"
CHOSEN: Final = "chosen"


def parse_order(form: Mapping[str, str], *, dossier: str, erasable: Collection[str]) -> Wish | Rejected:
    """The order; `erasable` are the ids of the records that may be chosen."""
    entry = Entry(form)
    scope = entry.choice("scope", (WHOLE, CHOSEN), needed=_("Chọn phạm vi xóa."))
    records = tuple(sorted(record for record in erasable if entry.flag(f"record.{record}")))
    if scope == CHOSEN and not records:
        entry.fail("scope", _("Chọn ít nhất một bản ghi."))
    wish = Wish(
        dossier=dossier,
        records=records if scope == CHOSEN else (),
        ground=entry.choice("ground", GROUNDS, needed=_("Chọn căn cứ pháp lý.")),
        number=entry.line("number", needed=_("Nhập số quyết định."), most=200),
        date=entry.day("date", needed=_("Nhập ngày quyết định.")) or 0,
        signer=entry.line("signer"),
        note=entry.text("note"),
    )
    if not entry.flag("understood"):
        entry.fail("understood", _("Xác nhận rằng nội dung đã xóa không khôi phục được."))
    return entry.rejected or wish
