"""Chapter 1: the province founds its hub, three PCs are enrolled with codes that are good once, officers log in."""

from demo.browser import Browser
from demo.story.desk import Desk
from demo.story.play import CAST, Play
from demo.story.stage import Pc, at_once, enrol, issue_code, place_pc


def play(play: Play) -> None:
    play.ledger.chapter("1. Dựng trung tâm tỉnh và ba máy trạm", "a hub and three PCs")
    _serve_hub(play)
    codes = _enrol_all(play)
    _refuse_used_code(play, codes[0])
    at_once(lambda pc: pc.server.start(), play.stage.pcs)
    _check_units(play)
    _log_in(play)


def _serve_hub(play: Play) -> None:
    hub = play.stage.hub
    hub.server.start()
    health = Browser(hub.url, authority=hub.authority).get("/health")
    play.ledger.check(
        "Trung tâm Thành phố Đà Nẵng chạy, nói https bằng chứng thư của chính mình",
        "the hub is up and speaks https under its own authority",
        '"status":"ok"' in health.text.replace(" ", ""),
        f"{hub.url}/health, dấu vân tay gốc (root fingerprint) {hub.founded['fingerprint'][:16]}…",
    )


def _enrol_all(play: Play) -> list[str]:
    """Each PC is enrolled through its own line; the code pins the roots, so the line need not be trusted."""
    pcs = [place_pc(play.stage, role) for role in CAST.values()]
    play.desks = dict(zip(CAST, map(Desk, pcs), strict=True))
    codes = at_once(lambda pc: issue_code(play.stage.hub, pc.role), pcs)
    enrolled = at_once(lambda pair: enrol(*pair), list(zip(pcs, codes, strict=True)))
    for pc, answer in zip(pcs, enrolled, strict=True):
        play.ledger.check(
            f"{pc.role.pc} đã thuộc {pc.role.unit.name}",
            "enrolled by its code",
            answer["unit"] == pc.role.unit.code and set(answer["roles"]) == set(pc.role.roles),
            f"{pc.role.name}: {', '.join(answer['roles'])}",
        )
    return codes


def _refuse_used_code(play: Play, code: str) -> None:
    pc = play.stage.pcs[0]
    answer = enrol(pc, code, data=play.stage.folder / "may-la", expect=1)
    play.ledger.check(
        "Mã ghi danh đã dùng không ghi danh được máy khác",
        "a used code enrols no other PC",
        not answer["ok"],
        answer["code"],
    )


def _check_units(play: Play) -> None:
    for pc in play.stage.pcs:
        health = Browser(pc.server.url).get("/health")
        play.ledger.check(
            f"Màn hình của {pc.name} mở được", "its screens are up",
            f'"{pc.role.unit.code}"' in health.text, _where(pc),
        )  # fmt: skip


def _log_in(play: Play) -> None:
    refused = play.lan.try_log_in("000000")
    play.ledger.check(
        "PIN sai không mở được khóa", "a wrong PIN opens no key",
        refused.path.startswith("/login"), f"HTTP {refused.status}",
    )  # fmt: skip
    pages = at_once(lambda desk: desk.log_in(), play.desks.values())
    opened = [
        desk.officer
        for desk, page in zip(play.desks.values(), pages, strict=True)
        if desk.officer in page.text
    ]
    play.ledger.equal(
        "Ba cán bộ đăng nhập bằng PIN của mình", "three officers log in", len(opened), len(CAST)
    )


def _where(pc: Pc) -> str:
    return f"{pc.server.url}, tiến trình (process) {pc.server.pid}"
