"""The forms of actions on one dossier: show, read, sign, lead back; keep what was typed whatever happens.

One road for all of them: a form carries the heads it was shown with. Messages, news from colleagues and a refusal of the
journal all show the same form again with everything still in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from edge_node import session
from edge_node.accounts.openings import note_opening
from edge_node.casework.case import Case, read_case
from edge_node.casework.forms import parse_heads
from edge_node.casework.history import Event, events_of, news_since
from edge_node.casework.labels import reason_words
from edge_node.casework.service import Done, DossierChanged, Target
from edge_node.database import get_db, get_services
from edge_node.drafts.service import read_draft
from edge_node.entry import Rejected
from edge_node.journal import WriteRefused

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionForm:
    """What every action's template gets beside its own values.

    Attributes:
        values: what stands in the fields: as typed, else from the draft, else the defaults.
        news: what colleagues wrote since the form was shown.
        refusal: why the journal did not take it, and what to do.
    """

    case: Case
    action: str
    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    news: tuple[Event, ...] = ()
    refusal: tuple[str, str] | None = None
    draft_saved: int | None = None

    @property
    def draft(self) -> str:
        return draft_name(self.case.view.dossier, self.action)


def draft_name(dossier: str, action: str) -> str:
    return f"dossier.{dossier}.{action}"


def case_or_404(dossier: str) -> Case:
    """The dossier named in an address."""
    found = read_case(get_db(), get_services(), dossier) if _is_id(dossier) else None
    if found is None:
        abort(404)
    return found


def _is_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def show(
    case: Case, action: str, template: str, *, defaults: Mapping[str, str] | None = None, **more: Any
) -> str:
    """The empty form, or the officer's draft of it."""
    dossier, actor = case.view.dossier, session.required()
    note_opening(get_db(), actor, dossier, purpose="page", now=get_services().clock())
    draft = read_draft(get_db(), actor, draft_name(dossier, action))
    values = {**(defaults or {}), **(draft.content if draft else {})}
    # A draft remembers what its author had seen: what colleagues wrote since is told before it is signed.
    seen = parse_heads(draft.content) if draft else ()
    form = ActionForm(
        case=case,
        action=action,
        values=values,
        news=_news(case, seen) if seen and seen != case.view.heads else (),
        draft_saved=draft.saved if draft else None,
    )
    return render_template(template, form=form, **more)


def save(
    case: Case,
    action: str,
    template: str,
    parsed: Parsed | Rejected,
    do: Callable[[Target, Parsed], Done],
    *,
    done: str,
    **more: Any,
) -> ResponseReturnValue:
    """Sign what was read, or show the form again with the reason why not."""
    typed = request.form.to_dict()
    if isinstance(parsed, Rejected):
        form = ActionForm(case=case, action=action, values=typed, errors=parsed.errors)
        return render_template(template, form=form, **more), 422
    target = Target(
        dossier=case.view.dossier,
        seen=parse_heads(request.form),
        draft=draft_name(case.view.dossier, action),
    )
    try:
        result = do(target, parsed)
    except DossierChanged as changed:
        case = case_or_404(case.view.dossier)  # with the heads that the next try is signed upon
        form = ActionForm(case=case, action=action, values=typed, news=_news(case, changed.seen))
        return render_template(template, form=form, **more), 409
    except WriteRefused as refused:
        form = ActionForm(case=case, action=action, values=typed, refusal=reason_words(refused.reason))
        return render_template(template, form=form, **more), refused.reason.status
    flash(done, "done")
    printed = result.form.value if result.form else None
    if action == "return_result":
        printed = "bien-nhan"
    return redirect(url_for("casework.page", dossier=case.view.dossier, printed=printed), 303)


def _news(case: Case, seen: tuple[str, ...]) -> tuple[Event, ...]:
    new = news_since(get_db(), case.view, seen)
    events = events_of(get_db(), get_services(), case.view, case.procedure)
    return tuple(event for event in events if event.record in new)


def action_done(word: str) -> str:
    return _("Đã ghi và ký: %(action)s.", action=word)
