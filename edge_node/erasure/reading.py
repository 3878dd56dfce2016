"""What the pages show of erasure: the records that can be chosen, the legal grounds, the orders given about a dossier."""

from dataclasses import dataclass

from sqlite_utils import Database

from dossiers.erasures import GROUNDS
from dossiers.kinds import KINDS, check_facts
from dossiers.presentation import fmt_date, fmt_datetime
from edge_node.accounts.service import signer_names
from edge_node.casework.case import Case
from edge_node.casework.labels import action_word, kind_word, pick
from edge_node.erasure.service import erasable_records, orders_of
from sync_protocol.record import Header


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChoice:
    """A record whose content can be erased, as the form names it: what, when, by whom; never its content."""

    record: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOrder:
    """An order that was carried out. `count` is 0 for the whole dossier."""

    at: int
    name: str
    number: str
    date: str
    ground: str
    law: str
    count: int


def choices_of(db: Database, case: Case) -> list[RecordChoice]:
    """The records of a dossier, oldest first."""
    signers = signer_names(db)
    return [
        RecordChoice(
            record=record.id,
            text=" · ".join(
                part
                for part in (
                    _title(record.header),
                    fmt_datetime(record.header.corrected_ms),
                    signers.get(record.header.by, ("", ""))[0],
                )
                if part
            ),
        )
        for record in erasable_records(db, case.view.dossier)
    ]


def ground_choices() -> list[tuple[str, str]]:
    """(code, words with the law) of every legal ground."""
    return [(ground.code, f"{pick((ground.vi, ground.en))} ({ground.law})") for ground in GROUNDS.values()]


def shown_orders(db: Database, dossier: str) -> list[ShownOrder]:
    """The orders about a dossier, newest first."""
    signers = signer_names(db)
    shown = []
    for record in reversed(orders_of(db, dossier)):
        facts, content = record.header.facts, record.content or {}
        ground = GROUNDS[facts["ground"]]
        shown.append(
            ShownOrder(
                at=record.header.corrected_ms,
                name=signers.get(record.header.by, ("", ""))[0],
                number=str(content.get("number", "")),
                date=fmt_date(content["date"]) if "date" in content else "",
                ground=pick((ground.vi, ground.en)),
                law=ground.law,
                count=len(facts["records"]),
            )
        )
    return shown


def _title(header: Header) -> str:
    """Refused records and those of a later version can be chosen too: of what they say, only the kind is certain."""
    is_read = header.kind in KINDS and check_facts(header.kind, header.facts) is None
    action = header.facts.get("action") if is_read else None
    return action_word(action) if action else kind_word(header.kind)
