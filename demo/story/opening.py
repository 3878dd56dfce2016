"""Chapter 1: the province founds its hub, three PCs are enrolled with codes that are good once, officers log in."""

from typing import Any

from demo.browser import Browser
from demo.story.desk import Desk
from demo.story.play import CAST, Play
from demo.story.stage import Pc, Role, all_at_once, at_once, enrol, issue_code, place_pc


def play(play: Play) -> None:
    play.ledger.chapter("1. Dựng trung tâm tỉnh và ba máy trạm", "a hub and three PCs")
    codes = _serve_hub(play)
    _enrol_all(play, codes)
    _start_nodes(play, codes[0])
    _log_in(play)


def _serve_hub(play: Play) -> list[str]:
    """Start the hub; meanwhile its administrator issues the codes."""
    hub = play.stage.hub
    _, *codes = all_at_once(hub.server.start, *(_issuing(play, role) for role in CAST.values()))
    health = Browser(hub.url, authority=hub.authority).get("/health")
    play.ledger.check(
        "Trung tâm Thành phố Đà Nẵng chạy, nói https bằng chứng thư của chính mình",
        "the hub is up and speaks https under its own authority",
        '"status":"ok"' in health.text.replace(" ", ""),
        f"{hub.url}/health, dấu vân tay gốc (root fingerprint) {hub.founded['fingerprint'][:16]}…",
    )
    return codes


def _issuing(play: Play, role: Role) -> Any:
    return lambda: issue_code(play.stage.hub, role)


def _enrol_all(play: Play, codes: list[str]) -> None:
    """Each PC is enrolled through its own line; the code pins the roots, so the line need not be trusted."""
    pcs = [place_pc(play.stage, role) for role in CAST.values()]
    play.desks = dict(zip(CAST, map(Desk, pcs), strict=True))
    enrolled = at_once(lambda pair: enrol(*pair), list(zip(pcs, codes, strict=True)))
    for pc, answer in zip(pcs, enrolled, strict=True):
        play.ledger.check(
            f"{pc.role.pc} đã thuộc {pc.role.unit.name}",
            "enrolled by its code",
            answer["unit"] == pc.role.unit.code and set(answer["roles"]) == set(pc.role.roles),
            f"{pc.role.name}: {', '.join(answer['roles'])}",
        )


def _start_nodes(play: Play, used_code: str) -> None:
    """The nodes are started; meanwhile somebody tries a code that was used."""
    pcs = play.stage.pcs
    stranger = play.stage.folder / "may-la"
    answer, *_ = all_at_once(
        lambda: enrol(pcs[0], used_code, data=stranger, expect=1), *(pc.server.start for pc in pcs)
    )
    play.ledger.check(
        "Mã ghi danh đã dùng không ghi danh được máy khác", "a used code enrols no other PC",
        not answer["ok"], answer["code"],
    )  # fmt: skip
    for pc in pcs:
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
        desk for desk, page in zip(play.desks.values(), pages, strict=True) if desk.officer in page.text
    ]
    play.ledger.equal(
        "Ba cán bộ đăng nhập bằng PIN của mình", "three officers log in", len(opened), len(CAST)
    )


def _where(pc: Pc) -> str:
    return f"{pc.server.url}, tiến trình (process) {pc.server.pid}"
