"""Chapter 6: the province's figures against what was done, the same state on both sides, and a record anybody can check."""

import json
from pathlib import Path

from demo.processes import run_json
from demo.story.hub import metrics, report
from demo.story.play import Play


def play(play: Play) -> None:
    play.ledger.chapter("6. Số liệu của tỉnh và xác minh", "the figures, and verification")
    _figures(play)
    _nothing_is_left(play)
    _same_state(play)
    _verify_offline(play)


def _figures(play: Play) -> None:
    told = report(play.stage.hub, play.today, "commune")
    found = {
        row["key"]: {name: row[name] for name in ("received", "solved", "processing")} for row in told["rows"]
    }
    play.ledger.equal(
        "Số liệu từng xã đúng với việc đã làm", "figures by commune", found, play.tally.counts()
    )
    by_procedure = report(play.stage.hub, play.today, "procedure")
    rows = {row["key"]: row["received"] for row in by_procedure["rows"]}
    play.ledger.equal("Số liệu từng thủ tục cũng vậy", "and by procedure", rows, play.tally.by_procedure())
    rate = told["total"]["rate_a"]
    play.ledger.equal(
        "Tỷ lệ trước hạn, đúng hạn trên số đã giải quyết", "early or on time of those solved",
        (rate["numerator"], rate["denominator"]), (len(play.tally.solved), len(play.tally.solved)),
    )  # fmt: skip


def _nothing_is_left(play: Play) -> None:
    counted = metrics(play.stage.hub)
    play.ledger.check(
        "Mọi bản ghi đã về đều được xét, không bản ghi nào bị từ chối", "all judged, none refused",
        counted["records_unjudged"] == counted["records_standing"] == counted["runs_set_aside"] == 0
        and counted["records_judged"] == counted["records_stored"],
        f"{counted['records_judged']:,} bản ghi (records), {counted['rounds']:,} rounds",
    )  # fmt: skip


def _same_state(play: Play) -> None:
    """Each node compares the digest of its dossiers with the hub's at the end of a sync; the hub notes the outcome."""
    findings = play.stage.hub.command("doctor", "--deep", expect=0)["findings"]
    wrong = [finding["check"] for finding in findings if finding["health"] != "ok"]
    play.ledger.check(
        "Trung tâm tự khám: sổ, chữ ký, số liệu khớp nhau", "the hub's own deep check finds nothing wrong",
        not wrong, ", ".join(wrong) or f"{len(findings)} mục (checks)",
    )  # fmt: skip
    for desk in play.desks.values():
        page = desk.browser.get("/sync").text
        play.ledger.check(
            f"{desk.pc.name}: sổ của máy khớp với tỉnh", "the node's state equals the province's",
            "Đối chiếu sổ với tỉnh Khớp" in page, "Đối chiếu sổ với tỉnh: Khớp",
        )  # fmt: skip


def _verify_offline(play: Play) -> None:
    """A record leaves the system as a file; who holds the root keys' fingerprint can check it without any network."""
    if play.clash is None:
        raise LookupError("no dossier to verify")
    page = play.lan.open(play.clash)
    exported = play.lan.browser.get(page.links(r"/records/[0-9a-f]{64}/export$")[0]).content
    file = play.stage.folder / "ban-ghi.json"
    file.write_bytes(exported)
    trust = str(play.stage.hub.data / "keys" / "trust.json")
    good = run_json("signing", str(file), "--trust", trust)
    play.ledger.check("Tệp chứng minh của một bản ghi được xác minh ngoại tuyến", "a record verified offline",
                      _outcome(good) == "PASSED", _outcome(good))  # fmt: skip
    forged = _altered(file)
    bad = run_json("signing", str(forged), "--trust", trust, expect=1)
    play.ledger.check("Sửa một chữ trong tệp thì không còn hợp lệ", "one altered character is found out",
                      _outcome(bad) == "FAILED", _outcome(bad))  # fmt: skip


def _outcome(answer: object) -> str:
    return str(answer)


def _altered(file: Path) -> Path:
    content = json.loads(file.read_text(encoding="utf-8"))
    header = content["record"]["header"]
    content["record"]["header"] = header[:-8] + ("A" if header[-8] != "A" else "B") + header[-7:]
    forged = file.with_name("ban-ghi-sua.json")
    forged.write_text(json.dumps(content), encoding="utf-8")
    return forged
