"""verify.html from the disk in real Chromium: the same findings as Python, no network, no complaint, readable by everybody."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import segno
from playwright.sync_api import Browser, expect

from edge_node.casework.proof_pdf import with_proof
from edge_node.printing import forms, render_pdf
from signing import base45, cose, qr
from signing.bundles import next_payload, open_unpinned_bundle, sign_bundle
from signing.compact import CompactChain, RegistryKey, sign_registry_key
from signing.compared import compared
from signing.cose import Sign1
from signing.cuts import Cause, Cut
from signing.evidence_findings import NO_STATUS
from signing.keys import SigningKey
from signing.next_steps import NextStep, next_step
from signing.opening import opened_input
from signing.report import Report
from signing.signatures import verify_batch
from signing.snapshot import open_snapshot, sign_snapshot
from signing.verification import VerifyPolicy, verify
from signing.verify_page import program_of
from tests.support import ed25519_vectors
from tests.support.browser import NARROW, WIDE, Tab, launch
from tests.support.corpus.cases import stored
from tests.support.ed25519_cases import mixed_order_cases
from tests.support.firefox import PROGRAM, launch_firefox
from tests.support.paper import (
    DEVICE,
    REGISTRY,
    ROOTS,
    SLIP,
    device_statement,
    paper_broken_bundle,
    paper_bundle,
    paper_code,
)
from tests.support.pdfs import hostile_pdfs, sample_pdfs, spoiled_pdfs
from tests.support.proof_world import key_of
from tests.support.records_to_compare import documents
from tests.support.verify_page import BUILT, FIND, JUDGE, as_case, found_by_page, opened_page, write_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CASES = list(stored())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launch() as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("page"), CASES[0]["trust_bytes"], CASES[0]["status_bytes"])


def report_by_python(case: dict[str, Any]) -> Report:
    bundle = open_unpinned_bundle(case["trust_bytes"])
    status = None if case["status_bytes"] is None else open_snapshot(case["status_bytes"], bundle)
    return verify(
        case["data"], bundle, case["now"], status=status,
        policy=VerifyPolicy(require_log=case["require_log"]), root_is_pinned=False,
    )  # fmt: skip


def by_python(case: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(orjson.dumps(report_by_python(case).json()))
    return found


def shown(tab: Tab) -> str:
    return tab.page.inner_text("#list article .verdict b")


def give(tab: Tab, name: str, data: bytes, kind: str = "application/json") -> None:
    before = tab.page.locator("#list article").count()
    tab.page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})
    tab.page.wait_for_function(
        "(before) => document.querySelectorAll('#list article').length > before", arg=before
    )


def test_the_page_is_small_and_whole() -> None:
    built = BUILT.read_bytes()
    assert len(built) <= 2_500_000
    assert b'http-equiv="Content-Security-Policy" content="default-src \'none\'' in built
    assert b"unsafe-inline" not in built
    assert b"<link" not in built
    assert b"<script src" not in built


def test_every_case_of_the_corpus_gives_the_same_json(browser: Browser, page: Path) -> None:
    cases = [
        as_case(each["data"], each["trust_bytes"], each["status_bytes"], now=each["now"], require_log=each["require_log"])
        for each in CASES
    ]  # fmt: skip
    with opened_page(browser, page) as tab:
        found = found_by_page(tab, cases)
        steps = tab.page.evaluate("(reports) => reports.map(motcua.nextStep)", found)
        assert tab.complained() == []
    assert steps == [next_step(report_by_python(each)).value for each in CASES]
    assert len({*steps}) == len(NextStep)
    other = [each["name"] for each, finding in zip(CASES, found, strict=True) if finding != by_python(each)]
    assert len(found) >= 200
    assert other == []


def under_former_registry(envelope: bytes, cause: Cause, size: int) -> bytes:
    """The same province one version later: its registry key was cut off by the roots, another one states keys."""
    registry = open_unpinned_bundle(envelope).registry[0]
    former = {"key": registry.hex, "cause": cause.value, **Cut.of(size).facts()}
    payload = next_payload(envelope, {"registry": [key_of("next registry").public.hex], "former": [former]})
    return sign_bundle(payload, [key_of("root")])


@pytest.mark.parametrize(
    ("cause", "size"), [(Cause.RETIRED, 1 << 30), (Cause.LOST, 30), (Cause.COMPROMISED, 0)]
)
def test_the_corpus_under_a_registry_that_the_roots_cut_off(
    browser: Browser, page: Path, cause: Cause, size: int
) -> None:
    """No answer is expected here but Python's: what a former registry stated is judged by position."""
    changed = [
        {**each, "trust_bytes": under_former_registry(each["trust_bytes"], cause, size)}
        for each in CASES
        if open_unpinned_bundle(each["trust_bytes"]).roots == (key_of("root").public,)
    ]
    cases = [
        as_case(each["data"], each["trust_bytes"], each["status_bytes"], now=each["now"], require_log=each["require_log"])
        for each in changed
    ]  # fmt: skip
    with opened_page(browser, page) as tab:
        found = found_by_page(tab, cases)
    wanted = [by_python(each) for each in changed]
    assert [a["name"] for a, b, c in zip(changed, found, wanted, strict=True) if b != c] == []
    assert len({each["indication"] for each in wanted}) > 1
    assert len(wanted) > 200


def names_of(*wanted: str) -> list[dict[str, Any]]:
    by_indication: dict[str, dict[str, Any]] = {}
    for case in CASES:
        by_indication.setdefault(case["expected"]["indication"], case)
    return [by_indication[each] for each in wanted]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_person_sees_the_finding(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    words = {"PASSED": "HỢP LỆ", "FAILED": "KHÔNG HỢP LỆ", "INDETERMINATE": "CHƯA KẾT LUẬN ĐƯỢC"}
    for case in names_of("PASSED", "FAILED", "INDETERMINATE"):
        path = write_page(tmp_path, case["trust_bytes"], case["status_bytes"])
        with opened_page(browser, path, size=size) as tab:
            give(tab, "thu.motcua-proof.json", case["data"])
            if by_python(case)["exit_code"] != 3:
                assert shown(tab) == words[case["expected"]["indication"]]
            assert tab.overflow() == 0
            assert tab.grave_findings() == []
            tab.page.click("#language")
            assert tab.page.get_attribute("html", "lang") == "en"
            assert tab.grave_findings() == []
            assert tab.complained() == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(("where", "number"), [("first", 1), ("second", 2)])
def test_every_record_of_a_file_is_shown_to_compare(
    browser: Browser, tmp_path: Path, where: str, number: int, size: tuple[int, int]
) -> None:
    case = next(each for each in CASES if each["name"] == f"document-withdrawn-in-the-{where}-record")
    path = write_page(tmp_path, case["trust_bytes"], case["status_bytes"])
    with opened_page(browser, path, size=size) as tab:
        give(tab, "ho-so.motcua-proof.json", case["data"])
        assert shown(tab) == "KHÔNG CÒN HIỆU LỰC"
        assert f"(bản ghi {number})" in tab.page.inner_text("#list article .verdict")
        assert f"đã bị thu hồi (bản ghi {number})" in tab.page.inner_text("#list article .axes")
        blocks = tab.page.locator("#list article dl.compare").all_inner_texts()
        titles = tab.page.locator("#list article h4").all_inner_texts()
        assert titles[1 + number] == f"Bản ghi {number}: Ghi chú – Không còn hiệu lực"
        assert len(blocks) == 2
        assert titles[number - 1] == f"Bản ghi {number}: Ghi chú – đã bị thu hồi"
        assert titles[2 - number].endswith("Tiếp nhận hồ sơ – còn hiệu lực")
        for text in ("117/GXN-UBND", "21/11/2026", "Phạm Thị Bình", "Đã có kết quả", "Trần Minh Lan"):
            assert text in blocks[number - 1]
        assert "117/GXN-UBND" not in blocks[2 - number]
        assert tab.overflow() == 0
        assert tab.grave_findings() == []


def test_the_page_names_and_says_every_member_as_the_portal_does(browser: Browser, page: Path) -> None:
    """No code of a field, no id and no bare number of a list before whoever compares; the same words from page and Python."""
    records = list(documents())
    ask = "([records, language]) => records.map((each) => motcua.compared(each, language, (code) => code))"
    with opened_page(browser, page) as tab:
        for language in ("vi", "en"):
            found = tab.page.evaluate(ask, [[each.json() for each in records], language])
            for record, rows in zip(records, found, strict=True):
                wanted = compared(record, is_english=language == "en")
                assert [tuple(row) for row in rows] == wanted, record.kind
        assert tab.complained() == []


# --- the acceptance rule, by both engines ----------------------------------------------------------------------------

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"no published vectors at {VECTORS}")
ENGINES = ["WebCrypto", "tweetnacl"]
OWN = ed25519_vectors.stored()
OWN_TEXTS = [(each["key"], each["message"], each["signature"]) for each in OWN]


def asked(tab: Tab, engine: str, cases: list[tuple[str, str, str]], *, is_key_read: bool) -> list[bool]:
    """The engine's answers; with `is_key_read` as records meet the rule, where a key must be acceptable first."""
    answers: list[bool] = tab.page.evaluate(JUDGE, [engine, cases, is_key_read])
    return answers


@pytest.mark.parametrize("engine", ENGINES)
def test_mixed_order_cases_as_python_judges_them(browser: Browser, page: Path, engine: str) -> None:
    cases = list(mixed_order_cases(SigningKey.from_seed(bytes(range(32)))))
    python = verify_batch((case.key, case.message, case.signature) for case in cases)
    texts = [(case.key.hex(), case.message.hex(), case.signature.hex()) for case in cases]
    with opened_page(browser, page) as tab:
        assert asked(tab, engine, texts, is_key_read=False) == python
        assert asked(tab, engine, texts, is_key_read=True) == python
    assert python.count(True) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_our_own_vectors_by_each_engine(browser: Browser, page: Path, engine: str) -> None:
    """What published vectors are for, from files of our own: so it runs wherever the tests run."""
    with opened_page(browser, page) as tab:
        for member, is_key_read in (("holds", False), ("holds_enrolled", True)):
            found = asked(tab, engine, OWN_TEXTS, is_key_read=is_key_read)
            other = [
                each["name"] for each, holds in zip(OWN, found, strict=True) if holds is not each[member]
            ]
            assert other == [], (engine, member)


@needs_vectors
@pytest.mark.parametrize("engine", ENGINES)
def test_wycheproof_by_each_engine(browser: Browser, page: Path, engine: str) -> None:
    groups = json.loads((VECTORS / "wycheproof/ed25519_test.json").read_text(encoding="utf-8"))["testGroups"]
    tests = [(group["publicKey"]["pk"], test) for group in groups for test in group["tests"]]
    with opened_page(browser, page) as tab:
        texts = [(key, test["msg"], test["sig"]) for key, test in tests]
        answers = asked(tab, engine, texts, is_key_read=True)
    assert len(answers) == 151
    assert [
        test["tcId"]
        for (_, test), holds in zip(tests, answers, strict=True)
        if holds is not (test["result"] == "valid")
    ] == []


@needs_vectors
@pytest.mark.parametrize("engine", ENGINES)
def test_speccheck_accepts_case_3_alone(browser: Browser, page: Path, engine: str) -> None:
    cases = json.loads((VECTORS / "ed25519-speccheck/cases.json").read_text(encoding="utf-8"))
    texts = [(case["pub_key"], case["message"], case["signature"]) for case in cases]
    with opened_page(browser, page) as tab:
        assert asked(tab, engine, texts, is_key_read=False) == [at == 3 for at in range(12)]
        assert not any(asked(tab, engine, texts, is_key_read=True))


def test_the_page_chooses_webcrypto_where_it_is(browser: Browser, page: Path) -> None:
    with opened_page(browser, page) as tab:
        assert "WebCrypto" in tab.page.inner_text("#trust")


# --- papers ----------------------------------------------------------------------------------------------------------


def papers() -> tuple[bytes, dict[str, str]]:
    """A bundle, and codes under it: good ones, and one for every link of the chain that may be wrong."""
    good = paper_code()
    payload = qr.read(good).signed.payload
    thief = SigningKey.from_seed(b"thief".ljust(32, b"."))
    forged = qr.PREFIX + base45.encode(Sign1(payload, cose.sign(thief, qr.PURPOSE, payload)).encode())
    return paper_bundle(), {
        "good": good,
        "of the next registry": chained(by=thief, bundle_version=2),
        "forged": forged,
        "cut": good[:-3],
        "no code": "MC1:",
        "of foreign roots": chained(by=thief, root=thief),
        "of another province": chained(by=thief, province="79", bundle_version=2),
        "stated by a thief": chained(key=REGISTRY, by=thief),
        "of the registry itself": chained(key=REGISTRY, by=REGISTRY, device=REGISTRY),
        "of a registry that was replaced": chained(by=thief),
    }


def chained(
    *,
    by: SigningKey,
    key: SigningKey | None = None,
    root: SigningKey = ROOTS[0],
    device: SigningKey = DEVICE,
    province: str = "48",
    bundle_version: int = 1,
) -> str:
    """A code whose registry statement is about `key`, and whose device statement was signed by `by`."""
    registry = RegistryKey(key=(key or by).public, province=province, bundle_version=bundle_version)
    chain = CompactChain(sign_registry_key(registry, [root]), device_statement(by=by, key=device))
    return qr.make(SLIP, chain=chain, signer=device)


def test_papers_give_the_same_json(browser: Browser, tmp_path: Path) -> None:
    bundle, codes = papers()
    path = write_page(tmp_path, bundle)
    now = 1_800_000_000_000
    with opened_page(browser, path) as tab:
        found = found_by_page(
            tab,
            [
                as_case(text.encode() + end, bundle, now=now)
                for text in codes.values()
                for end in (b"", b"\r\n")
            ],
        )
    opened = open_unpinned_bundle(bundle)
    wanted = [
        json.loads(orjson.dumps(verify(text.encode() + end, opened, now, root_is_pinned=False).json()))
        for text in codes.values()
        for end in (b"", b"\r\n")
    ]
    assert found == wanted
    assert [each["indication"] for each in wanted] == ["PASSED"] * 4 + ["FAILED"] * 14 + ["INDETERMINATE"] * 2


def test_a_paper_under_a_broken_algorithm_gives_the_same_json(browser: Browser, tmp_path: Path) -> None:
    bundle, code = paper_broken_bundle(), paper_code().encode()
    with opened_page(browser, write_page(tmp_path, bundle)) as tab:
        (found,) = found_by_page(tab, [as_case(code, bundle, now=None)])
    report = verify(code, open_unpinned_bundle(bundle), root_is_pinned=False)
    assert found == json.loads(orjson.dumps(report.json()))
    assert found["sub_indications"] == ["CRYPTO_CONSTRAINTS_FAILURE_NO_POE"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_scanner_types_a_code_and_the_reader_sees_what_to_compare(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    bundle, codes = papers()
    with opened_page(browser, write_page(tmp_path, bundle), size=size) as tab:
        tab.page.keyboard.type(codes["good"] + "\n")  # the field has the focus already
        tab.page.wait_for_selector("article.PASSED")
        compared = tab.page.inner_text(".compare")
        for text in (
            "H17.20242-261120-0001",
            "Phường Hải Châu",
            "Nguyễn Thị Minh Nguyệt",
            "20/11/2026",
            "1987",
        ):
            assert text in compared
        assert tab.overflow() == 0
        assert tab.grave_findings() == []
        assert tab.complained() == []


def found_count(tab: Tab, count: int) -> None:
    expect(tab.page.locator("#list article")).to_have_count(count)


def test_a_queue_is_scanned_paper_after_paper_wherever_the_focus_is(browser: Browser, tmp_path: Path) -> None:
    """After a finding the focus is on it (a screen reader is there); a scanner's letters still reach the field."""
    bundle, codes = papers()
    good, forged = codes["good"] + "\n", codes["forged"] + "\n"
    with opened_page(browser, write_page(tmp_path, bundle)) as tab:
        tab.page.keyboard.type(good)
        found_count(tab, 1)
        assert tab.page.evaluate("document.activeElement.id") == "findings-title"
        tab.page.keyboard.type(forged)
        found_count(tab, 2)
        assert shown(tab) == "KHÔNG HỢP LỆ"
        tab.page.focus("#language")  # a code has blanks in it, which would press a button
        tab.page.keyboard.type(good + forged + good)  # faster than the page verifies
        found_count(tab, 5)
        assert tab.page.get_attribute("html", "lang") == "vi"
        assert tab.page.locator("article.PASSED").count() == 3
        assert tab.page.input_value("#text") == ""
        tab.page.keyboard.type("MC2:")  # no code: keys keep their meaning
        assert tab.page.input_value("#text") == ""
        assert tab.complained() == []


def test_a_code_changed_by_a_vietnamese_typing_program_is_no_finding(
    browser: Browser, tmp_path: Path
) -> None:
    bundle, codes = papers()
    changed = codes["good"][:40] + "ÂĐ" + codes["good"][42:]
    with opened_page(browser, write_page(tmp_path, bundle)) as tab:
        message = tab.page.locator("#message")
        tab.page.keyboard.type(changed + "\n")
        expect(message).to_contain_text("tắt bộ gõ tiếng Việt")
        found_count(tab, 0)
        tab.page.keyboard.type(codes["good"] + "\n")
        found_count(tab, 1)
        expect(message).to_have_text("")
        tab.page.set_input_files(
            "#file", {"name": "scan.txt", "mimeType": "text/plain", "buffer": changed.encode()}
        )
        expect(message).to_contain_text("tắt bộ gõ tiếng Việt")
        found_count(tab, 1)
        assert shown(tab) == "HỢP LỆ"
        assert tab.complained() == []


def test_a_picture_of_a_code_is_read(browser: Browser, tmp_path: Path) -> None:
    bundle, codes = papers()
    picture = io.BytesIO()
    segno.make(codes["good"], error="q", boost_error=False).save(picture, kind="png", scale=4, border=4)
    with opened_page(browser, write_page(tmp_path, bundle)) as tab:
        give(tab, "slip.png", picture.getvalue(), "image/png")
        assert shown(tab) == "HỢP LỆ"
        tab.page.set_input_files(
            "#photo", {"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}
        )
        expect(tab.page.locator("#message")).to_contain_text("Không mở được")
        assert tab.complained() == []


GREEN = "rgb(10, 92, 54)"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_cannot_be_read_never_stands_beside_the_green_finding_of_another_paper(
    browser: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    bundle, codes = papers()
    bad = {"name": "IMG_1.heic", "mimeType": "image/heic", "buffer": b"no picture"}
    good = {"name": "ma.txt", "mimeType": "text/plain", "buffer": codes["good"].encode()}
    with opened_page(browser, write_page(tmp_path, bundle), size=size) as tab:
        message, verdict = tab.page.locator("#message"), tab.page.locator("#list .verdict").first
        title = tab.page.locator("#findings-title")
        tab.page.set_input_files("#file", [good])
        expect(verdict).to_have_css("background-color", GREEN)
        tab.page.set_input_files("#file", [bad])
        expect(message).to_contain_text("IMG_1.heic: Không mở được ảnh này, nên chưa kiểm tra gì.")
        expect(message).to_be_in_viewport()
        expect(verdict).not_to_have_css("background-color", GREEN)
        expect(title).to_have_text("Kết quả các lần trước, không phải của thứ vừa đưa vào")
        assert tab.grave_findings() == []
        tab.page.click("#language")
        expect(title).to_contain_text("not about what was given just now")
        expect(message).to_contain_text("could not be opened")
        tab.page.set_input_files("#file", [bad, good])  # the one that was left out is still told of
        found_count(tab, 2)
        expect(verdict).to_have_css("background-color", GREEN)
        expect(message).to_contain_text("IMG_1.heic")
        expect(message).to_be_in_viewport()
        tab.page.keyboard.type(codes["good"] + "\n")
        found_count(tab, 3)
        expect(message).to_have_text("")
        assert tab.overflow() == 0


# --- PDFs ------------------------------------------------------------------------------------------------------------


def pdf_cases() -> tuple[bytes, list[bytes]]:
    """A bundle, and PDFs: as programs write them, spoiled in places, and hostile."""
    case = next(each for each in CASES if each["expected"]["indication"] == "PASSED")
    proof = case["data"]
    sent = [
        *sample_pdfs(proof).values(),
        *spoiled_pdfs(proof, seed=3, count=30),
        *hostile_pdfs(1 << 19).values(),
    ]
    return case["trust_bytes"], sent


def pdfs_by_python(bundle: bytes, sent: list[bytes]) -> list[dict[str, Any]]:
    opened = open_unpinned_bundle(bundle)
    return [
        json.loads(orjson.dumps(verify(opened_input(each), opened, root_is_pinned=False).json()))
        for each in sent
    ]


def test_a_pdf_gives_the_finding_of_the_proof_inside(browser: Browser, tmp_path: Path) -> None:
    bundle, sent = pdf_cases()
    with opened_page(browser, write_page(tmp_path, bundle)) as tab:
        found = found_by_page(tab, [as_case(each, bundle, now=None) for each in sent])
        give(tab, "ket-qua.pdf", sent[0], "application/pdf")
        assert shown(tab) == "HỢP LỆ"
        assert tab.complained() == []
    wanted = pdfs_by_python(bundle, sent)
    assert [number for number, (a, b) in enumerate(zip(found, wanted, strict=True)) if a != b] == []
    assert [each["indication"] for each in wanted].count("PASSED") >= 10


def test_a_receipt_as_the_office_makes_it_gives_the_finding_of_the_proof_inside(
    browser: Browser, tmp_path: Path
) -> None:
    """The other end of `edge_node.casework.proof_pdf`."""
    case = next(each for each in CASES if each["expected"]["indication"] == "PASSED")
    person = forms.Person(name="Nguyễn Thị Minh Nguyệt")
    receipt = forms.ResultHandOver(
        office=forms.Office(superior="Ủy ban nhân dân phường Hải Châu", name="Trung tâm", place="Hải Châu"),
        day=20261120, record="3f" * 32, code=forms.DossierCode(text="H17.20242-261120-0001"), procedure="Đăng ký khai sinh",
        owner=person, receiver=person, result_kind="Giấy khai sinh", returned=0, officer="Lê Thị Tâm",
    )  # fmt: skip
    made = with_proof(render_pdf(receipt), case["data"])
    with opened_page(browser, write_page(tmp_path, case["trust_bytes"], case["status_bytes"])) as tab:
        give(tab, "bien-nhan.pdf", made, "application/pdf")
        assert shown(tab) == "HỢP LỆ"
        (found,) = found_by_page(
            tab, [as_case(made, case["trust_bytes"], case["status_bytes"], now=case["now"])]
        )
        assert tab.complained() == []
    assert found == by_python(case)


def test_a_page_without_trust_says_so_and_takes_a_bundle(browser: Browser, tmp_path: Path) -> None:
    bundle, codes = papers()
    path = tmp_path / "verify.html"
    path.write_bytes(BUILT.read_bytes())
    with opened_page(browser, path) as tab:
        assert "chưa kèm gói tin cậy" in tab.page.inner_text("#message")
        tab.page.fill("#text", codes["good"])
        tab.page.click("#check")
        assert tab.page.locator("article").count() == 0
        tab.page.set_input_files(
            "#file", {"name": "trust.json", "mimeType": "application/json", "buffer": bundle}
        )
        tab.page.wait_for_function(
            "document.getElementById('message').textContent.includes('so dấu vân tay')"
        )
        assert open_unpinned_bundle(bundle).fingerprint[:4] + " " in tab.page.inner_text("#trust")
        tab.page.fill("#text", codes["good"])
        tab.page.click("#check")
        tab.page.wait_for_selector("article.PASSED")
        assert tab.complained() == []


def test_a_status_from_a_stick_is_taken_and_an_older_one_is_not(browser: Browser, tmp_path: Path) -> None:
    case = next(each for each in CASES if each["status_bytes"] is not None)
    bundle = open_unpinned_bundle(case["trust_bytes"])
    newer = open_snapshot(case["status_bytes"], bundle)
    older = sign_snapshot(
        replace(newer, status=replace(newer.status, size=newer.status.size - 1)), key_of("status")
    )
    with opened_page(browser, write_page(tmp_path, case["trust_bytes"])) as tab:
        for data, says in ((case["status_bytes"], "Đã nạp"), (older, "cũ hơn")):
            tab.page.set_input_files(
                "#file", {"name": "s.json", "mimeType": "application/json", "buffer": data}
            )
            tab.page.wait_for_function(
                "(says) => document.getElementById('message').textContent.includes(says)", arg=says
            )
            assert f"đến bản ghi thứ {newer.status.size}" in tab.page.inner_text("#trust")
        give(tab, "x.json", case["data"])
        assert tab.page.locator("article").count() == 1
        assert tab.complained() == []


def test_a_page_that_came_with_a_status_uses_it_from_the_first_paper_on(
    browser: Browser, tmp_path: Path
) -> None:
    case = next(each for each in CASES if each["name"] == "status-same-day")
    unchecked, used = NO_STATUS.vi, "Trạng thái khóa và văn bản đã dùng: đến bản ghi thứ 64"
    for status, has_status in (
        (case["status_bytes"], True),
        (None, False),
        (case["status_bytes"].replace(b"a", b"b", 1), False),
    ):
        path = write_page(tmp_path, case["trust_bytes"], status)
        with opened_page(browser, path) as tab:
            assert ("không kèm theo" in tab.page.inner_text("#trust")) is not has_status
            assert ("đến bản ghi thứ 64, " in tab.page.inner_text("#trust")) is has_status
            named = program_of(BUILT.read_bytes())
            assert named.version in tab.page.inner_text("#trust")
            assert named.sha256 in tab.page.inner_text("#trust").replace(" ", "")
            give(tab, "thu.motcua-proof.json", case["data"])
            finding = tab.page.inner_text("#list article")
            assert (used in finding) is has_status
            assert (unchecked in finding) is not has_status
            assert tab.complained() == []


def test_what_a_file_says_is_text_and_never_markup(browser: Browser, tmp_path: Path) -> None:
    bundle = paper_bundle()
    code = paper_code(holder="<img src=x onerror=alert(1)>", result="https://example.com/<b>x</b>")
    with opened_page(browser, write_page(tmp_path, bundle)) as tab:
        tab.page.fill("#text", code)
        tab.page.click("#check")
        tab.page.wait_for_selector("article.PASSED")
        assert "<img src=x" in tab.page.inner_text(".compare")
        assert tab.page.locator("#list img, #list a, #list b b").count() == 0
        assert tab.complained() == []


# --- Firefox ---------------------------------------------------------------------------------------------------------

needs_firefox = pytest.mark.skipif(PROGRAM is None, reason="Firefox (firefox-esr) is not installed")


@needs_firefox
def test_firefox_opens_pdfs_the_same(tmp_path: Path) -> None:
    bundle, sent = pdf_cases()
    with launch_firefox() as firefox:
        firefox.go(write_page(tmp_path, bundle).as_uri())
        firefox.evaluate("() => motcua.start.then(() => null)")
        found = firefox.evaluate(FIND, [as_case(each, bundle, now=None) for each in sent])
    assert found == pdfs_by_python(bundle, sent)


@needs_firefox
def test_firefox_gives_the_same_findings_and_judges_signatures_the_same(tmp_path: Path) -> None:
    cases = [
        as_case(each["data"], each["trust_bytes"], each["status_bytes"], now=each["now"], require_log=each["require_log"])
        for each in CASES
    ]  # fmt: skip
    path = write_page(tmp_path, CASES[0]["trust_bytes"], CASES[0]["status_bytes"])
    disagreements = list(mixed_order_cases(SigningKey.from_seed(bytes(range(32)))))
    python = verify_batch((case.key, case.message, case.signature) for case in disagreements)
    texts = [(case.key.hex(), case.message.hex(), case.signature.hex()) for case in disagreements]
    with launch_firefox() as firefox:
        firefox.go(path.as_uri())
        firefox.evaluate("() => motcua.start.then(() => null)")
        found = firefox.evaluate(FIND, cases)
        for engine in ENGINES:
            assert firefox.evaluate(JUDGE, [engine, texts, False]) == python
            assert firefox.evaluate(JUDGE, [engine, OWN_TEXTS, False]) == [each["holds"] for each in OWN]
            assert firefox.evaluate(JUDGE, [engine, OWN_TEXTS, True]) == [
                each["holds_enrolled"] for each in OWN
            ]
    other = [each["name"] for each, finding in zip(CASES, found, strict=True) if finding != by_python(each)]
    assert other == []
