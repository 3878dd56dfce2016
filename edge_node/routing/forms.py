"""What officers type about dossiers on their way."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from dossiers.legs import HandedPaper, LegStep, PapersHanded
from edge_node.entry import Entry, Rejected

CLOSING_MINUTES = 17 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """Whom to ask, what for, and until when within the house."""

    to: str
    ground: str
    deadline: int | None


def parse_referral(form: Mapping[str, str], units: Collection[str], *, now: int) -> Referral | Rejected:
    entry = Entry(form)
    to = entry.choice("to", units, needed=_("Chọn đơn vị phối hợp."))
    ground = entry.text("ground", needed=_("Nêu nội dung cần phối hợp, lấy ý kiến."))
    deadline = entry.moment("deadline", default_minutes=CLOSING_MINUTES)
    if deadline is not None and deadline <= now:
        entry.fail("deadline", _("Hạn trả lời phải sau lúc này."))
    return entry.rejected or Referral(to=to, ground=ground, deadline=deadline)


def parse_step(form: Mapping[str, str], step: LegStep) -> str | Rejected:
    """The words that go with a step: the reason of a return and the answer must be said."""
    entry = Entry(form)
    needed = {
        LegStep.RETURN: _("Nêu lý do trả lại."),
        LegStep.ANSWER: _("Nhập nội dung trả lời."),
    }.get(step, "")
    note = entry.text("note", needed=needed)
    return entry.rejected or note


def parse_missing(form: Mapping[str, str], handed: PapersHanded) -> tuple[HandedPaper, ...]:
    """Papers of one dossier that did not come: fields `missing.<record>.<paper>.<form>`, never more than were given."""
    entry = Entry(form)
    found = []
    for paper in handed.papers:
        name = f"missing.{handed.record}.{paper.paper}.{paper.form}"
        count = min(entry.whole(name), paper.count)
        if count:
            found.append(HandedPaper(paper.paper, paper.form, count))
    return tuple(found)
