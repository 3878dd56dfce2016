"""Chapter 2: a morning with the line up. Dossiers are received and printed; the province has them without a button."""

from demo.cases import BIRTH, COPY_OF_ORIGINAL, EXTRACT, MARITAL_STATUS, MARRIAGE, POOR_HOUSEHOLD, SIGNATURE
from demo.story.desk import Desk, Filed
from demo.story.hub import dossiers_at_hub
from demo.story.papers import how_read, is_pdf, shows
from demo.story.play import Play
from demo.story.stage import at_once

_LAN = (MARITAL_STATUS, EXTRACT, BIRTH, COPY_OF_ORIGINAL)
_HUNG = (SIGNATURE, MARRIAGE, EXTRACT)
_MAI = (BIRTH, POOR_HOUSEHOLD, MARITAL_STATUS)


def play(play: Play) -> None:
    play.ledger.chapter("2. Buổi sáng, có mạng", "a morning online")
    for desk, procedures in ((play.lan, _LAN), (play.hung, _HUNG), (play.mai, _MAI)):
        filed = [play.receive(desk, procedure) for procedure in procedures]
        check_slips(play, desk, filed)
    play.clash = play.tally.everything[0]
    _arrive(play)
    _see_each_other(play)


def check_slips(play: Play, desk: Desk, filed: list[Filed]) -> None:
    """Every dossier got a code and a printed slip (Mẫu 01) that says code and name."""
    slips = [desk.slip(each) for each in filed]
    good = [shows(slip, each.code, each.case.applicant.name) for each, slip in zip(filed, slips, strict=True)]
    size = sum(map(len, slips)) // len(slips)
    play.ledger.check(
        f"{desk.pc.name}: {len(filed)} hồ sơ có giấy tiếp nhận in ra, ghi đúng mã và tên",
        "slips printed",
        all(good),
        f"{sum(map(is_pdf, slips))} PDF, ~{size:,} B, {how_read()}",
    )


def _arrive(play: Play) -> None:
    sentences = at_once(lambda desk: desk.await_full(), play.desks.values())
    for desk, sentence in zip(play.desks.values(), sentences, strict=True):
        play.ledger.check(
            f"{desk.pc.name}: mọi việc đã về tỉnh, không ai bấm gì", "everything arrived by itself",
            desk.waiting() == 0, sentence,
        )  # fmt: skip
    play.ledger.equal(
        "Trung tâm có đủ số hồ sơ đã tiếp nhận", "the hub has as many dossiers",
        dossiers_at_hub(play.stage.hub), len(play.tally.everything),
    )  # fmt: skip


def _see_each_other(play: Play) -> None:
    """PCs of one commune share dossiers through the hub; another commune never gets them."""
    hai_chau = play.tally.received[play.lan.pc.role.unit.code]
    theirs = [filed for filed in hai_chau if play.hung.has(filed) and play.lan.has(filed)]
    play.ledger.equal(
        "Hai máy của phường thấy hồ sơ của nhau", "PCs of one ward share", len(theirs), len(hai_chau)
    )
    leaked = [filed for filed in hai_chau if play.mai.has(filed)]
    play.ledger.equal(
        "Máy của xã khác không có hồ sơ nào của phường", "another commune has none", len(leaked), 0
    )
