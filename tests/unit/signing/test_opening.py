"""What a person hands over: the picture of a code, a PDF with a proof inside, or the thing itself."""

import io
import time
import tracemalloc
import zlib
from dataclasses import replace

import pytest
import segno
from PIL import Image

from signing import opening, reasons
from signing.errors import NotOpened
from signing.opening import opened_input
from signing.proof_file import PROOF_BYTES_MAX, encode_proof
from signing.report import Indication
from signing.verification import verify
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.paper import paper_code
from tests.support.pdfs import hostile_pdfs, pdf, sample_pdfs
from tests.support.proof_world import ProofWorld

WORLD = ProofWorld()
PROOF = encode_proof(WORLD.proof(WORLD.record("Lan"), statements=[WORLD.lan()]))


def picture(text: str, kind: str = "png") -> bytes:
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=5, border=4)
    if kind == "png":
        return drawn.getvalue()
    other = io.BytesIO()
    Image.open(drawn).convert("RGB").save(other, format=kind)
    return other.getvalue()


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "bmp", "gif"])
def test_the_code_of_a_picture_is_its_text(kind: str) -> None:
    code = paper_code()
    assert opened_input(picture(code, kind)) == code.encode()


@pytest.mark.parametrize("text", ["https://motcua.example/verify", "MC2:ABC"])
def test_a_code_that_is_not_ours_is_no_text(text: str) -> None:
    sent = picture(text)
    assert opened_input(sent) == sent


@pytest.mark.parametrize("wrap", [bytes, zlib.compress], ids=["plain", "deflated"])
def test_the_proof_inside_a_pdf_is_found(wrap: object) -> None:
    sent = pdf(b"BT (page) ET", wrap(PROOF))  # type: ignore[operator]
    assert opened_input(sent) == PROOF


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        PROOF,
        b"MC1:ABC",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        picture(paper_code())[:300],
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"%PDF-1.7",
        pdf(b"no proof", b"\x78\x9cbroken"),
        pdf(zlib.compress(bytes(20 * PROOF_BYTES_MAX))),
        pdf(*[b"x"] * 3_000),
    ],
    ids=lambda sent: repr(sent[:12]),
)
def test_anything_else_stays_as_it_is(sent: bytes) -> None:
    assert opened_input(sent) == sent


def test_what_is_found_in_a_pdf() -> None:
    found = {name: opened_input(sent) == PROOF for name, sent in sample_pdfs(PROOF).items()}
    assert {name for name, is_found in found.items() if not is_found} == {
        "too many decoys", "cut", "wrong sum", "changed within", "a dictionary asked for", "no header", "mark only",
        "nothing", "empty streams",
    }  # fmt: skip


def laid_over(data: bytes, *streams: bytes) -> bytes:
    """The PDF with an incremental update behind it: another look for its page, perhaps other files."""
    objects = b"".join(b"4 0 obj<<>>stream\r\n" + each + b"\r\nendstream endobj\n" for each in streams)
    return data + objects + b"xref\n0 1\n0000000000 65535 f \ntrailer<</Prev 9>>\nstartxref\n9\n%%EOF\n"


def test_a_page_laid_over_a_pdf_changes_no_finding() -> None:
    """What pages show is never believed: the finding is the proof's, and says that the PDF's own signature is another matter."""
    whole = pdf(b"BT (granted to Lan) ET", zlib.compress(PROOF))
    bundle = WORLD.bundle()
    report = verify(opened_input(whole), bundle)
    for streams in (
        [b"BT (granted to somebody else) ET"],
        [b"BT (x) ET", zlib.compress(b'{"format":"motcua-proof/1"}')],
    ):
        changed = laid_over(whole, *streams)
        assert verify(opened_input(changed), bundle) == report
    assert "legal_signature" in {each.id for each in report.not_checked}


def test_a_proof_changed_within_a_pdf_is_found_out() -> None:
    record = WORLD.record("Lan", content=CONTENT, facts=FACTS)
    proof = encode_proof(WORLD.proof(record, statements=[WORLD.lan()]))
    assert verify(opened_input(pdf(zlib.compress(proof))), WORLD.bundle()).indication is Indication.PASSED
    forged = encode_proof(
        WORLD.proof(replace(record, content=record.content.replace(b"An", b"Ba")), statements=[WORLD.lan()])  # type: ignore[union-attr]
    )
    for sent in (pdf(zlib.compress(forged)), pdf(zlib.compress(forged), zlib.compress(proof))):
        assert verify(opened_input(sent), WORLD.bundle()).indication is Indication.FAILED


@pytest.mark.parametrize("name", list(hostile_pdfs(1_000)))
def test_a_hostile_pdf_costs_little_and_holds_nothing(name: str) -> None:
    sent = hostile_pdfs()[name]
    tracemalloc.start()
    began = time.process_time()
    assert opened_input(sent) == sent
    seconds, (_, most) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 1.0 and most < 16 * 1024 * 1024


def test_a_picture_too_large_is_not_read() -> None:
    drawn = io.BytesIO()
    Image.new("1", (5_000, 4_000)).save(drawn, format="png")
    assert opened_input(drawn.getvalue()) == drawn.getvalue()


def test_without_the_extra_a_picture_is_said_not_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not "unreadable": that would blame the paper or the photograph."""
    monkeypatch.setattr(opening, "zxingcpp", None)
    with pytest.raises(NotOpened) as found:
        opened_input(picture(paper_code()))
    assert found.value.reason is reasons.PICTURES_UNREAD
    for sent in (b"BM is how a text may begin", b"\x89PNG\r\n\x1a\n" + bytes(100)):
        assert opened_input(sent) == sent


def test_a_code_that_a_typing_program_changed_is_named_and_not_guessed() -> None:
    for typed in ("MC1:6BFÂ", "MC1:Đ", "MC1:6Á"):
        with pytest.raises(NotOpened) as found:
            opened_input(typed.encode())
        assert found.value.reason is reasons.TYPED_OVER
    drawn = picture("MC1:6BFÂ")
    assert opened_input(drawn) == "MC1:6BFÂ".encode()
