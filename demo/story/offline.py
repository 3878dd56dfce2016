"""Chapter 3: the line of a ward is cut. Two PCs work on alone, and both change one dossier without knowing it."""

import socket

from demo.cases import BIRTH, COPY_OF_ORIGINAL, EXTRACT, SIGNATURE
from demo.story.hub import metrics
from demo.story.morning import check_slips
from demo.story.play import Play
from demo.story.stage import Pc

LAN_PHONE = "0951112233"
HUNG_PHONE = "0954445566"


def play(play: Play) -> None:
    play.ledger.chapter("3. Mất mạng cả phường, vẫn làm việc", "the ward's line is cut, work goes on")
    cut = [play.lan.pc, play.hung.pc]
    for pc in cut:
        pc.line.cut()
    play.ledger.check(
        "Đường truyền của hai máy bị cắt thật", "the lines of both PCs are really cut",
        not any(map(_gets_through, cut)) and _gets_through(play.mai.pc),
        "từ chối kết nối (refused): " + ", ".join(str(pc.line.port) for pc in cut),
    )  # fmt: skip
    before = metrics(play.stage.hub)
    _work(play)
    _clash(play)
    _lose_power(play)
    _tell_the_truth(play, before)


def _work(play: Play) -> None:
    """A day's work without the province: codes from the leased numbers, papers printed, results given."""
    for desk, received, settled in (
        (play.lan, (BIRTH, EXTRACT), (COPY_OF_ORIGINAL,)),
        (play.hung, (SIGNATURE, EXTRACT), (COPY_OF_ORIGINAL, COPY_OF_ORIGINAL)),
    ):
        filed = [play.receive(desk, procedure) for procedure in received]
        filed += [play.receive(desk, procedure, settle=True) for procedure in settled]
        check_slips(play, desk, filed)
    codes = [filed.code for filed in play.tally.everything]
    play.ledger.check(
        "Mã cấp khi mất mạng là mã chính thức và không trùng", "codes given offline are official and unique",
        len(set(codes)) == len(codes) and all(code.startswith("H17.") for code in codes), f"{len(codes)} mã (codes)",
    )  # fmt: skip
    online = play.receive(play.mai, COPY_OF_ORIGINAL, settle=True)
    play.ledger.check(
        "Xã khác vẫn có mạng, vẫn làm như thường", "the other commune goes on online",
        bool(play.mai.await_full()), online.code,
    )  # fmt: skip


def _clash(play: Play) -> None:
    """Lan and Hùng change the telephone number of one dossier and take another step each."""
    filed = play.clash
    if filed is None:
        raise LookupError("no dossier to clash on")
    play.lan.amend(filed, {"applicant.phone": LAN_PHONE, "ground": "Người nộp báo số mới qua điện thoại"})
    play.lan.step(filed, "forward", {"note": "Chuyển chuyên viên xác minh"})
    play.hung.amend(filed, {"applicant.phone": HUNG_PHONE, "ground": "Theo tờ khai bổ sung tại quầy 2"})
    play.hung.step(
        filed, "request_supplement",
        {"ground": "Tờ khai chưa có chữ ký của người yêu cầu", "further": "Tờ khai theo mẫu, có chữ ký"},
    )  # fmt: skip
    lan, hung = play.lan.open(filed).text, play.hung.open(filed).text
    play.ledger.check(
        f"Hai máy cùng sửa hồ sơ {filed.code}, chưa máy nào biết máy kia", "two PCs change one dossier unseen",
        LAN_PHONE in lan and HUNG_PHONE not in lan and HUNG_PHONE in hung and LAN_PHONE not in hung,
        f"Lan: {LAN_PHONE}, Đang xử lý; Hùng: {HUNG_PHONE}, Yêu cầu bổ sung",
    )  # fmt: skip
    paper = play.hung.paper(filed, "mau02")
    play.ledger.check(
        "Phiếu yêu cầu bổ sung (Mẫu 02) in được khi mất mạng", "the supplement request prints offline",
        paper.startswith(b"%PDF"), f"{len(paper):,} B",
    )  # fmt: skip


def _lose_power(play: Play) -> None:
    """A power cut at Quầy 2: what was shown as done is on the disk."""
    desk = play.hung
    mine = [f for f in play.tally.everything if desk.has(f)]
    waiting = desk.waiting()
    desk.pc.server.kill()
    desk.pc.server.start()
    desk.log_in()
    kept = [filed for filed in mine if desk.has(filed)]
    play.ledger.check(
        "Quầy 2 mất điện đột ngột, bật lại không mất gì", "a power cut loses nothing that was shown as done",
        len(kept) == len(mine) and desk.waiting() == waiting,
        f"kill -9; {len(kept)}/{len(mine)} hồ sơ, {waiting} bản ghi chờ gửi (records waiting)",
    )  # fmt: skip


def _tell_the_truth(play: Play, before: dict[str, int]) -> None:
    """The sentence on the screen is computed from facts, and the province has nothing of it."""
    for desk in (play.lan, play.hung):
        waiting = desk.waiting()
        play.ledger.check(
            f"{desk.pc.name} nói thật: còn bao nhiêu chưa về tỉnh", "the screen tells what has not arrived",
            waiting > 0 and f"Còn {waiting} bản ghi" in desk.sentence(), desk.sentence(),
        )  # fmt: skip
    after = metrics(play.stage.hub)
    play.ledger.equal(
        "Tỉnh chỉ nhận thêm hồ sơ của xã còn mạng", "the province got only the online commune's dossier",
        after["dossiers"] - before["dossiers"], 1,
    )  # fmt: skip


def _gets_through(pc: Pc) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", pc.line.port), timeout=2):
            return True
    except OSError:
        return False
