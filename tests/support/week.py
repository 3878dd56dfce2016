"""The believable week of `tests.support.node` with every kind of work on it: a dossier in each status, papers of every form,
differences open and settled, a refused record, drafts, a program's token. For tests that look at every page.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dossiers.codes import provisional_code
from dossiers.local_time import local_date
from dossiers.states import Status
from edge_node.accounts.service import list_officers
from edge_node.api.tokens import Scope, make_token
from edge_node.casework.service import Target, extend, note, pay
from edge_node.drafts.service import keep_draft
from edge_node.keyring import Actor
from edge_node.projection.service import view as view_of
from edge_node.store import SqliteLogStore
from signing.roles import OFFICE_ROLES
from tests.support.node import HOUR, PEOPLE, Cast, make_week, receive, step
from tests.support.office import TestOffice

MARITAL = "1.004873"
_RESULT = {"number": "141/UBND-XN", "date": 20261214, "signer": "Trần Quốc Hưng", "kind": "Văn bản"}
_PERSON = {"name": PEOPLE[0][0], "id_number": PEOPLE[0][1]}


@dataclass
class Week:
    """A node with something on every page.

    Attributes:
        van: an officer with every role of an office.
        by_status: a dossier in each status of the life cycle.
        for_paper: a dossier that each paper, by the word in its address, can be printed about.
        token: what a program says to the node's interface.
    """

    office: TestOffice
    cast: Cast
    van: Actor
    dossiers: list[str]
    by_status: dict[Status, str]
    for_paper: dict[str, str]
    token: str

    def records(self, dossier: str) -> list[str]:
        return [record.id for record in SqliteLogStore(self.office.db).dossier_records(dossier)]

    def officers(self) -> list[str]:
        return [each.officer for each in list_officers(self.office.db, self.office.services)]


def furnish(folder: Path) -> Week:
    """The week, and one more hour in which everything else happens."""
    office, cast, dossiers = make_week(folder)
    van = office.actor("Hoàng Thị Vân", *OFFICE_ROLES)
    by_status = _one_of_each_status(office, van)
    for_paper = {
        "mau01": by_status[Status.RECEIVED],
        "mau02": by_status[Status.SUPPLEMENT],
        "mau03": by_status[Status.REFUSED],
        "mau04": _late(office, van),
        "mau05": by_status[Status.WITHDRAWN],
        "mau06": by_status[Status.PROCESSING],
        "bien-nhan": by_status[Status.RETURNED],
    }
    _refuse(office, by_status[Status.SOLVED])
    now = office.clock()
    typed = {"applicant.name": "Bùi Thị Kim Thoa", "applicant.phone": "0906871255"}
    keep_draft(office.db, van, f"receive.{MARITAL}", typed, now=now)
    keep_draft(office.db, van, f"dossier.{by_status[Status.PROCESSING]}.note", {"text": "Hẹn gọi lại"}, now=now)  # fmt: skip
    token = make_token(office.db, office.services, van, name="Phần mềm hộ tịch", scope=Scope.READ)
    return Week(office, cast, van, dossiers, by_status, for_paper, token)


_WAYS: dict[Status, tuple[tuple[str, dict[str, Any]], ...]] = {
    Status.NEW: (),
    Status.RECEIVED: (),
    Status.REFUSED: (("refuse", {"ground": "Không thuộc thẩm quyền của phường."}),),
    Status.PROCESSING: (("forward", {}),),
    Status.SUPPLEMENT: (
        ("request_supplement", {"ground": "Thiếu bản chính.", "items": ["Giấy chứng sinh"]}),
    ),
    Status.PAYMENT: (("forward", {}), ("request_payment", {})),
    Status.WITHDRAWN: (("withdraw", {"ground": "Công dân đề nghị rút hồ sơ."}),),
    Status.PAUSED: (("forward", {}), ("pause", {"ground": "Chờ xác minh nơi cư trú cũ."})),
    Status.SOLVED: (("forward", {}), ("finish", {"result": _RESULT})),
    Status.RETURNED: (
        ("forward", {}), ("finish", {"result": _RESULT}), ("return_result", {"method": 1, "received_by": _PERSON}),
    ),
}  # fmt: skip


def _one_of_each_status(office: TestOffice, van: Actor) -> dict[Status, str]:
    papers = [{"paper": "form", "form": 1, "count": 1, "digitised": False, "reused": False}]
    found: dict[Status, str] = {}
    for who, (status, way) in enumerate(_WAYS.items()):
        is_new = status in (Status.NEW, Status.REFUSED)
        more: dict[str, Any] = {"status": 1, "due": None} if is_new else {"papers": papers}
        dossier = found[status] = receive(office, who, MARITAL, **more)
        for action, content in way:
            office.clock.advance(HOUR // 12)
            step(office, van, dossier, action, **content)
        view = view_of(office.db, dossier)
        assert view and view.status == status, (status, view and view.status)
    return found


def _late(office: TestOffice, van: Actor) -> str:
    """Without a number of its own yet, extended with an apology, paid and noted."""
    now = office.clock()
    code = provisional_code(office.office.unit, office.office.log, local_date(now), 1)
    dossier = receive(office, 3, MARITAL, code=None, provisional=code, fee_due=15_000)
    step(office, van, dossier, "forward")
    view = view_of(office.db, dossier)
    assert view and view.due
    target = Target(dossier=dossier)
    extend(office.db, office.services, van, target, until=view.due + 72 * HOUR, ground="Chờ nơi khác trả lời xác minh.")  # fmt: skip
    pay(office.db, office.services, van, target, amount=15_000, method=1, fee="le_phi", receipt_number="0012")
    note(office.db, office.services, van, target, text="Đã gọi điện báo người nộp.")
    return dossier


def _refuse(office: TestOffice, dossier: str) -> None:
    """The province's standing verdict on the dossier's newest record."""
    record = SqliteLogStore(office.db).dossier_records(dossier)[-1]
    office.db.conn.execute(
        "INSERT INTO verdict (record, outcome, code, retryable, at, rank, log, seq) VALUES (?, 'quarantined', 'RECORD_ROLE', 0, ?, '', ?, ?)",
        (bytes.fromhex(record.id), office.clock(), record.header.log, record.header.seq),
    )
    office.db.conn.commit()
