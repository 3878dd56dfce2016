"""Chapter 5: results are issued and handed over, on whichever PC of the ward the citizen comes to."""

from demo.story.desk import Desk, Filed
from demo.story.papers import is_pdf
from demo.story.play import Play
from demo.story.stage import at_once


def play(play: Play) -> None:
    play.ledger.chapter("5. Trả kết quả", "results are handed over")
    if play.clash is None:
        raise LookupError("no dossier to hand over")
    _issue(play, play.hung, play.clash, "57/UBND-HT")
    _hand_over_at_the_other_pc(play, play.clash)
    for number, filed in enumerate(_of_mai(play)[:2], 1):
        play.mai.step(filed, "forward")
        _issue(play, play.mai, filed, f"{number:02d}/UBND-TM")
        play.mai.hand_over(filed)
        play.tally.handed_over.add(filed.dossier)
    play.lan.push("the hand-over on its way", lambda: play.lan.waiting() == 0)
    at_once(Desk.await_full, play.desks.values())
    clash = play.clash
    play.hung.push("the hand-over", lambda: "Đã trả kết quả" in play.hung.open(clash).text)
    done = [filed for filed in play.tally.everything if filed.dossier in play.tally.handed_over]
    play.ledger.check(
        "Kết quả đã trao hiện đúng trên mọi máy của đơn vị", "handed over, and every PC of the unit says so",
        all(_is_handed_over(play, filed) for filed in done), f"{len(done)} hồ sơ (dossiers)",
    )  # fmt: skip


def _issue(play: Play, desk: Desk, filed: Filed, number: str) -> None:
    desk.finish(filed, number)
    play.tally.solved.add(filed.dossier)


def _hand_over_at_the_other_pc(play: Play, filed: Filed) -> None:
    """Hùng issued it at Quầy 2; the citizen comes to Quầy 1."""
    play.hung.push("the result on its way", lambda: play.hung.waiting() == 0)
    play.lan.push("the result", lambda: "Đã có kết quả" in play.lan.open(filed).text)
    play.lan.hand_over(filed)
    play.tally.handed_over.add(filed.dossier)
    paper = play.lan.paper(filed, "bien-nhan")
    play.ledger.check(
        f"Hồ sơ {filed.code}: Quầy 2 ban hành, Quầy 1 trao tay, in biên nhận",
        "issued at one PC, handed over at the other",
        "Đã trả kết quả" in play.lan.open(filed).text and is_pdf(paper), f"PDF {len(paper):,} B",
    )  # fmt: skip


def _of_mai(play: Play) -> list[Filed]:
    received = play.tally.received[play.mai.pc.role.unit.code]
    return [filed for filed in received if not filed.settled]


def _is_handed_over(play: Play, filed: Filed) -> bool:
    unit = next(code for code, each in play.tally.received.items() if filed in each)
    desks = [desk for desk in play.desks.values() if desk.pc.role.unit.code == unit]
    return all("Đã trả kết quả" in desk.open(filed).text for desk in desks)
