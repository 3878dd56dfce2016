"""What is typed and not saved waits for the officer who typed it, and for nobody else."""

from pathlib import Path

import pytest

from edge_node.drafts.service import list_drafts, read_draft
from tests.support.counter import open_office
from tests.support.node import Browser, browse
from tests.support.office import TestOffice

FORM = "receive.2.001019"


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return open_office(tmp_path)[0]


@pytest.fixture
def lan(office: TestOffice) -> Browser:
    return browse(office)


def test_a_draft_is_kept_as_typed_and_replaced(office: TestOffice, lan: Browser) -> None:
    lan.post(f"/drafts/{FORM}", {"applicant.name": " Lê  Hoàng Nam", "summary": "một"})
    assert (
        lan.post(f"/drafts/{FORM}", {"applicant.name": " Lê  Hoàng Nam", "summary": "hai"}).status_code == 204
    )
    draft = read_draft(office.db, office.lan, FORM)
    assert draft is not None and draft.content == {"applicant.name": " Lê  Hoàng Nam", "summary": "hai"}


def test_nobody_else_reads_it_not_even_in_the_file(office: TestOffice, lan: Browser, tmp_path: Path) -> None:
    lan.post(f"/drafts/{FORM}", {"applicant.name": "Lê Hoàng Nam"})
    other = office.actor("Lê Văn Minh 2")
    assert read_draft(office.db, other, FORM) is None
    row = office.db.execute("SELECT sealed FROM draft").fetchone()
    assert "Hoàng Nam".encode() not in row[0]
    stolen = office.db.execute("SELECT officer FROM draft").fetchone()[0]
    assert stolen == office.lan.officer


def test_a_draft_is_thrown_away_on_request(office: TestOffice, lan: Browser) -> None:
    lan.post(f"/drafts/{FORM}", {"applicant.name": "Lê Hoàng Nam"})
    answer = lan.post(f"/drafts/{FORM}/discard", {"next": "/receive"})
    assert (answer.status_code, answer.location) == (303, "/receive")
    assert list_drafts(office.db, office.lan) == []


@pytest.mark.parametrize("name", ["Receive", "receive..x", "receive." + "x" * 60, "a" * 40])
def test_only_names_of_our_forms_are_kept(lan: Browser, name: str) -> None:
    assert lan.post(f"/drafts/{name}", {"a": "b"}).status_code == 422


def test_a_draft_has_a_bound(office: TestOffice, lan: Browser) -> None:
    assert lan.post(f"/drafts/{FORM}", {"summary": "x" * 300_000}).status_code == 413
    assert lan.post(f"/drafts/{FORM}", {f"f{n}": "" for n in range(500)}).status_code == 422
    assert list_drafts(office.db, office.lan) == []


def test_a_locked_screen_keeps_nothing_and_says_so(office: TestOffice, lan: Browser) -> None:
    office.clock.advance(16 * 60_000)
    assert lan.post(f"/drafts/{FORM}", {"summary": "x"}).status_code == 401
