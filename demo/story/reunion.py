"""Chapter 4: the line is back. Records travel by themselves, the clash is shown on both PCs, an officer settles it."""

from demo.story.desk import Desk, Filed, wait_for
from demo.story.offline import HUNG_PHONE, LAN_PHONE
from demo.story.play import Play
from demo.story.stage import at_once

_GROUND = "Đã gọi người nộp đối chiếu: số của quầy 2 đúng; giấy tờ thực tế đã đủ"


def play(play: Play) -> None:
    play.ledger.chapter("4. Có mạng lại, thống nhất khác biệt", "the line is back, the difference is settled")
    filed = play.clash
    if filed is None:
        raise LookupError("no dossier to settle")
    _reconnect(play)
    links = _see_differences(play, filed)
    _settle(play, filed, links)
    _agree(play, filed)


def _reconnect(play: Play) -> None:
    both = [play.lan, play.hung]
    waiting = [desk.waiting() for desk in both]
    for desk in both:
        desk.pc.line.restore()
    for desk, count, sentence in zip(both, waiting, at_once(Desk.await_full, both), strict=True):
        play.ledger.check(
            f"{desk.pc.name}: {count} bản ghi tự về tỉnh", "records travelled by themselves",
            count > 0 and desk.waiting() == 0, sentence,
        )  # fmt: skip


def _see_differences(play: Play, filed: Filed) -> dict[str, str]:
    """Both PCs show the same differences, each with both signed values; returns their addresses by subject."""

    def shown(desk: Desk) -> bool:
        return len(desk.differences(filed)) == 2

    for desk in (play.lan, play.hung):
        wait_for(f"differences at {desk.pc.name}", lambda desk=desk: shown(desk))  # type: ignore[misc]
    at_lan, at_hung = play.lan.differences(filed), play.hung.differences(filed)
    pages = [play.lan.browser.get(link).text for link in at_lan]
    play.ledger.check(
        "Hai máy cùng nêu đúng hai khác biệt: số điện thoại và trạng thái",
        "both PCs show the same two differences",
        set(at_lan) == set(at_hung) and any(LAN_PHONE in page and HUNG_PHONE in page for page in pages),
        f"{filed.code}: {len(at_lan)} việc (questions), cả hai giá trị đã ký đều còn (both signed values kept)",
    )
    by_phone = {HUNG_PHONE in page: link for page, link in zip(pages, at_lan, strict=True)}
    return {"phone": by_phone[True], "step": by_phone[False]}


def _settle(play: Play, filed: Filed, links: dict[str, str]) -> None:
    """Hùng, who may decide on steps, settles both and signs."""
    play.hung.settle(links["phone"], HUNG_PHONE, _GROUND)
    play.hung.settle(links["step"], "Đang xử lý", _GROUND)
    play.hung.push("the settlement on its way", lambda: play.hung.waiting() == 0)
    play.lan.push("the settlement", lambda: not play.lan.differences(filed))
    left = [len(desk.differences(filed)) for desk in (play.lan, play.hung)]
    play.ledger.equal("Thống nhất xong trên cả hai máy", "settled on both PCs", left, [0, 0])


def _agree(play: Play, filed: Filed) -> None:
    lan, hung = play.lan.open(filed).text, play.hung.open(filed).text
    play.ledger.check(
        "Hai máy cùng một nội dung, cùng trạng thái", "both PCs say the same",
        all(HUNG_PHONE in page and "Đang xử lý" in page for page in (lan, hung)),
        f"{HUNG_PHONE}, Đang xử lý (being settled)",
    )  # fmt: skip
    play.ledger.check(
        "Giá trị không được chọn vẫn còn trong lịch sử", "the value that lost stays in the history",
        LAN_PHONE in lan and LAN_PHONE in hung, LAN_PHONE,
    )  # fmt: skip
