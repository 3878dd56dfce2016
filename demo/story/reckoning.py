"""Chapter 6: the province's figures against what was done, the same state on both sides, and a record anybody can check."""

import base64
import json
import re
from pathlib import Path

from demo.browser import Browser
from demo.processes import run_installed
from demo.story.hub import metrics, report
from demo.story.play import Play
from demo.story.stage import HUB_LOGIN, HUB_PASSWORD

_CHECKS = ("chains", "digests", "figures")
_PASSED, _FAILED, _UNDECIDED = 0, 1, 2


def play(play: Play) -> None:
    play.ledger.chapter("6. Số liệu của tỉnh và xác minh", "the figures, and verification")
    _figures(play)
    _nothing_is_left(play)
    _same_state(play)
    _screens(play)
    _verify_offline(play)


def _figures(play: Play) -> None:
    by_commune = report(play.stage.hub, "commune")
    found = {
        unit: {"received": row.received, "solved": row.solved, "processing": row.processing}
        for unit, row in sorted(by_commune.rows.items())
    }
    play.ledger.equal(
        "Số liệu từng xã đúng với việc đã làm", "figures by commune", found, play.tally.counts()
    )
    by_procedure = report(play.stage.hub, "procedure").counts("received")
    play.ledger.equal(
        "Số liệu từng thủ tục cũng vậy", "and by procedure", by_procedure, play.tally.by_procedure()
    )
    total, solved = by_commune.total, len(play.tally.solved)
    play.ledger.check(
        "Trước hạn và đúng hạn trên số đã giải quyết", "early or on time of those solved",
        (total.in_time, total.solved) == (solved, solved), f"{total.in_time}/{total.solved} = {total.rate}",
    )  # fmt: skip


def _nothing_is_left(play: Play) -> None:
    counted = metrics(play.stage.hub)
    left = {name: counted[name] for name in ("records_unjudged", "records_standing", "runs_set_aside")}
    play.ledger.check(
        "Mọi bản ghi đã về đều được xét, không bản ghi nào bị từ chối", "all judged, none refused",
        not any(left.values()) and counted["records_judged"] == counted["records_stored"],
        f"{counted['records_judged']:,} bản ghi (records), {counted['rounds']:,} rounds",
    )  # fmt: skip


def _same_state(play: Play) -> None:
    """Each node compares the digest of its dossiers with the hub's at the end of a sync; the hub notes the outcome."""
    examined = play.stage.hub.command("doctor", "--deep", expect=(_PASSED, _UNDECIDED))["findings"]
    findings = {finding["check"]: finding for finding in examined}
    play.ledger.check(
        "Trung tâm tự khám: chuỗi bản ghi nguyên vẹn, số liệu khớp hồ sơ, máy và tỉnh cùng một trạng thái",
        "the hub's deep check: chains whole, figures equal the dossiers, equal digests",
        all(findings[name]["health"] == "ok" for name in _CHECKS),
        "; ".join(findings[name]["vi"] for name in _CHECKS),
    )
    for desk in play.desks.values():
        page = desk.browser.get("/sync").text
        play.ledger.check(
            f"{desk.pc.name}: sổ của máy khớp với tỉnh", "the node's state equals the province's",
            "Đối chiếu sổ với tỉnh Khớp" in page, "Đối chiếu sổ với tỉnh: Khớp",
        )  # fmt: skip


def _screens(play: Play) -> None:
    """What an administrator of the province sees."""
    hub = play.stage.hub
    browser = Browser(hub.url, authority=hub.authority)
    overview = browser.send(browser.get("/login"), r"^/login", {"login": HUB_LOGIN, "password": HUB_PASSWORD})
    nodes = browser.get("/nodes").text
    play.ledger.check(
        "Trang của tỉnh nêu đủ ba máy, đều bình thường", "the province's page lists the three PCs as well",
        overview.status == 200 and all(pc.role.pc in nodes for pc in play.stage.pcs)
        and nodes.count("Bình thường") >= len(play.stage.pcs),
        f"{hub.url}/nodes",
    )  # fmt: skip


def _verify_offline(play: Play) -> None:
    """A record leaves the system as a proof file; whoever holds the province's trust file checks it without any network."""
    if play.clash is None:
        raise LookupError("no dossier to verify")
    page = play.lan.open(play.clash)
    address, record = page.links(r"/proof\?record=[0-9a-f]{64}$")[0].split("?record=")
    file = play.stage.folder / "ban-ghi.motcua-proof.json"
    file.write_bytes(play.lan.browser.get(f"{address}/file?record={record}&disclose={record}").content)
    trust = play.stage.hub.data / "keys" / "trust.json"
    found = _verified(file, trust, expect=_PASSED)
    play.ledger.equal(
        "Tệp chứng minh của một bản ghi hợp lệ, xác minh không cần mạng",
        "a record verified offline",
        found,
        "PASSED",
    )
    found = _verified(_altered(file), trust, expect=_FAILED)
    play.ledger.equal(
        "Sửa một chữ số trong tệp thì bị phát hiện", "one altered digit is found out", found, "FAILED"
    )


def _verified(file: Path, trust: Path, *, expect: int) -> str:
    printed = run_installed("motcua-verify", str(file), "--trust", str(trust), "--json", expect=expect)
    return str(json.loads(printed)["indication"])


def _altered(file: Path) -> Path:
    """The same file, but for one digit: the signed time of the record is a millisecond later."""
    text = file.read_text(encoding="utf-8")
    signed = json.loads(text)["records"][0]["header"]
    header = re.sub(
        rb'"at":\[(\d+)', lambda found: b'"at":[%d' % (int(found[1]) + 1), base64.b64decode(signed)
    )
    altered = file.with_name("ban-ghi-sua.motcua-proof.json")
    altered.write_text(text.replace(signed, base64.b64encode(header).decode()), encoding="utf-8")
    return altered
