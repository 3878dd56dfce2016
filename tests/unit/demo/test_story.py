"""The parts of the story that need no process: what is typed, what is counted, what a paper shows, and how it ends."""

import io
from datetime import date
from pathlib import Path
from random import Random

import pytest

import demo.__main__ as story
from demo.cases import COPY_OF_ORIGINAL, MARITAL_STATUS, make_case
from demo.claims import Ledger
from demo.processes import Server
from demo.story import papers
from demo.story.desk import Desk, Filed, typed_form
from demo.story.play import CAST, HAI_CHAU, PROCEDURES, TRA_MY, unit
from demo.story.stage import Pc
from demo.story.tally import Tally

TODAY = date(2026, 11, 22)
SERVER = Server("edge_node", [], url="http://127.0.0.1:1", log=Path())
VISITED = ("2.000815", "1.001193", "1.004873", "2.000635", "2.000884", "1.000894")


def case(procedure: str, seed: int = 1) -> Filed:
    made = make_case(Random(seed), PROCEDURES[procedure], unit(HAI_CHAU), today=TODAY)
    return Filed(dossier=f"{seed:032x}", code=f"H17.20242-261122-{seed:04d}", case=made)


def test_dates_are_typed_as_people_write_them() -> None:
    filed = case(MARITAL_STATUS)
    typed = typed_form(filed.case)
    born = date.fromisoformat(filed.case.fields["applicant.birth_date"])
    assert typed["applicant.birth_date"] == f"{born:%d/%m/%Y}"
    assert typed["form.person_birth_date"] == typed["applicant.birth_date"]
    assert typed["form.person_name"] == filed.case.applicant.name


def test_fees_are_typed_by_their_units() -> None:
    typed = typed_form(case(COPY_OF_ORIGINAL).case)
    assert int(typed["fee.page.units"]) == int(typed["form.pages"]) * int(typed["form.copies"])
    assert typed["paid"] == "1"


def test_the_tally_counts_by_unit_and_procedure() -> None:
    tally = Tally()
    for number in range(3):
        tally.add(HAI_CHAU, case(COPY_OF_ORIGINAL, number))
    settled = case(MARITAL_STATUS, 9)
    tally.add(TRA_MY, Filed(dossier=settled.dossier, code=settled.code, case=settled.case, settled=True))
    tally.solved.add(case(COPY_OF_ORIGINAL, 1).dossier)
    assert tally.counts() == {
        HAI_CHAU: {"received": 3, "solved": 1, "processing": 2},
        TRA_MY: {"received": 1, "solved": 1, "processing": 0},
    }
    assert tally.by_procedure() == {COPY_OF_ORIGINAL: 3, MARITAL_STATUS: 1}


def test_the_cast_sits_in_two_communes() -> None:
    assert [role.unit.code for role in CAST.values()] == [HAI_CHAU, HAI_CHAU, TRA_MY]
    assert len({role.pin for role in CAST.values()}) == len(CAST)


@pytest.mark.parametrize("content", [b"", b"<html>", b"%PDF-1.7 cut off"])
def test_what_is_no_pdf(content: bytes) -> None:
    assert not papers.is_pdf(content)
    assert not papers.shows(content, "H17")


def test_a_paper_without_the_code_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "words_of", lambda content: "GIẤY TIẾP NHẬN H17.20242-261122-0001")
    paper = b"%PDF-1.7 ... %%EOF\n"
    assert papers.shows(paper, "H17.20242-261122-0001")
    assert not papers.shows(paper, "H17.20242-261122-0002")


def told(monkeypatch: pytest.MonkeyPatch, *chapters: object) -> tuple[int, list[str]]:
    """Play some other chapters; the exit code and what did not hold."""
    monkeypatch.setattr(story, "CHAPTERS", [(f"Chương {n}", each) for n, each in enumerate(chapters, 1)])
    ledger = Ledger(out=io.StringIO())
    play = story.Play(ledger=ledger, stage=None, today=TODAY)  # type: ignore[arg-type]
    return story._tell(play), [claim.vi for claim in ledger.failed]


def holds(play: story.Play) -> None:
    play.ledger.check("Đúng", "right", True, "1 = 1")


def breaks_off(play: story.Play) -> None:
    raise TimeoutError("the line")


def test_a_story_whose_claims_hold_ends_with_0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, holds, holds) == (0, [])


def test_a_chapter_that_breaks_off_ends_the_story_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(play: story.Play) -> None:
        raise AssertionError("played on")

    assert told(monkeypatch, holds, breaks_off, never) == (1, ["Chương 2 đi tới cuối"])


def test_a_claim_that_fails_does_not_stop_the_story_but_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(play: story.Play) -> None:
        play.ledger.check("Sai", "wrong", False, "1 = 2")

    assert told(monkeypatch, wrong, holds) == (1, ["Sai"])


def test_no_two_visitors_have_one_name() -> None:
    play = story.Play(ledger=Ledger(out=io.StringIO()), stage=None, today=TODAY)  # type: ignore[arg-type]
    desks = [Desk(Pc(role=role, data=Path(), line=None, server=SERVER)) for role in CAST.values()]  # type: ignore[arg-type]
    names = [play.visit(desk, procedure).applicant.name for desk in desks for procedure in VISITED]
    assert len(set(names)) == len(names) == 18
