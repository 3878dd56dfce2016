"""A result PDF with its proof inside: made by screen, API and command, read by `motcua-verify`; and PDFs that cannot take one."""

import io
import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from pypdf import PdfReader, PdfWriter

from edge_node import reasons
from edge_node.casework.proof_pdf import NotCarried, carriers, with_proof
from edge_node.cli import cli
from edge_node.files import service
from edge_node.files.capture import capture
from signing.cli import main as verify_command
from signing.opening import opened_input
from tests.support.counter import open_office, seen
from tests.support.node import Browser, Cast, browse, receive, settle_dossier
from tests.support.office import TestOffice

PROOF = b'{"format":"motcua-proof/1"}'


@cache
def scan(pages: int = 1) -> bytes:
    """A PDF as a scanner writes it."""
    made, page = io.BytesIO(), Image.effect_noise((400, 560), 80)
    page.save(made, format="PDF", save_all=True, append_images=[page] * (pages - 1))
    return made.getvalue()


def written(**how: Any) -> bytes:
    """The scan as another program writes it."""
    writer, made = PdfWriter(clone_from=PdfReader(io.BytesIO(scan()))), io.BytesIO()
    if "password" in how:
        writer.encrypt(how["password"])
    if "attached" in how:
        writer.add_attachment("khac.json", how["attached"])
    writer.write(made)
    return made.getvalue()


# --- a PDF of any kind -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pdf", [scan(), scan(3), written(), written(attached=b"another file")],
    ids=["a scan", "three pages", "another writer", "one that has an attachment"],
)  # fmt: skip
def test_a_pdf_grows_by_the_proof_and_stays_as_it_was(pdf: bytes) -> None:
    made = with_proof(pdf, PROOF)
    assert made.startswith(pdf) and made[len(pdf.rstrip()) :][:1] == b"\n"
    assert opened_input(made) == PROOF
    assert PdfReader(io.BytesIO(made)).attachments["chung-minh.motcua-proof.json"] == [PROOF]
    assert len(PdfReader(io.BytesIO(made)).pages) == len(PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.skipif(not shutil.which("pdfdetach"), reason="poppler (pdfdetach) is not installed")
def test_another_program_takes_the_proof_out_again(tmp_path: Path) -> None:
    (tmp_path / "made.pdf").write_bytes(with_proof(scan(), PROOF))
    subprocess.run(
        ["pdfdetach", "-save", "1", "-o", "out.json", "made.pdf"], cwd=tmp_path, check=True, timeout=30
    )
    assert (tmp_path / "out.json").read_bytes() == PROOF


@pytest.mark.parametrize(
    ("pdf", "reason"),
    [
        (scan() + b"1 0 obj<</Type/Sig/ByteRange[0 1 2 3]>>endobj\n%%EOF\n", reasons.PDF_SIGNED),
        (written(password="bi-mat"), reasons.PDF_UNFIT),
        (b"%PDF-1.7\n%%EOF\n", reasons.PDF_UNFIT),
        (scan() + bytes(3 << 20), reasons.PDF_UNFIT),
        (b"%PDF-1.7\n" + b"stream\nx\nendstream\n" * 2_100 + scan(), reasons.PDF_UNFIT),
        (written(attached=b'{"format":"motcua-proof/1","other":1}'), reasons.PDF_UNFIT),
    ],
    ids=["signed", "encrypted", "damaged", "too large", "too many streams", "another proof inside"],
)  # fmt: skip
def test_a_pdf_that_no_verifier_would_read_is_refused(pdf: bytes, reason: object) -> None:
    """A file is only handed out if a verifier finds this proof in it."""
    with pytest.raises(NotCarried) as found:
        with_proof(pdf, PROOF)
    assert found.value.reason is reason


# --- from the records of an office -----------------------------------------------------------------------------------


@pytest.fixture
def opened(tmp_path: Path) -> tuple[TestOffice, Cast]:
    return open_office(tmp_path / "node")


@pytest.fixture
def office(opened: tuple[TestOffice, Cast], tmp_path: Path) -> TestOffice:
    office = opened[0]
    (tmp_path / "trust.json").write_bytes(office.province.envelope())
    return office


@pytest.fixture
def dossier(opened: tuple[TestOffice, Cast], office: TestOffice) -> str:
    """One whose result is handed over."""
    dossier = receive(office, 1, "2.000815")
    settle_dossier(office, opened[1], dossier, "88/CT-UBND")
    return dossier


@pytest.fixture
def lan(office: TestOffice) -> Browser:
    return browse(office)


def result_of(office: TestOffice, dossier: str) -> str:
    result = seen(office, dossier).result
    assert result is not None
    return result.record


def is_passed(tmp_path: Path, made: bytes, capsys: pytest.CaptureFixture[str]) -> bool:
    (tmp_path / "ket-qua.pdf").write_bytes(made)
    capsys.readouterr()
    code = verify_command([str(tmp_path / "ket-qua.pdf"), "--trust", str(tmp_path / "trust.json"), "--json"])
    report = json.loads(capsys.readouterr().out)
    return code == 0 and report["document"]["content"]["result"]["number"] == "88/CT-UBND"


def test_the_receipt_with_the_proof_convinces(
    office: TestOffice, dossier: str, lan: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = result_of(office, dossier)
    page = lan.get(f"/dossiers/{dossier}/proof?record={record}")
    address = re.search(r'formaction="([^"]+)"', page)
    assert address and "PDF kết quả kèm chứng minh" in page
    assert re.findall(r'<option value="([^"]+)"', page) == ["bien-nhan"]
    chosen = f"{address[1]}?carrier=bien-nhan&record={record}&disclose={record}"
    answer = lan.client.get(chosen)
    assert answer.content_type == "application/pdf"
    assert answer.headers["Content-Disposition"].endswith('-kem-chung-minh.pdf"')
    assert is_passed(tmp_path, answer.data, capsys)
    assert lan.client.get(f"{address[1]}?carrier=mau01&record={record}").status_code == 404


def test_an_attached_result_takes_the_proof_and_a_signed_one_stays_as_it_is(
    office: TestOffice, dossier: str, lan: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = scan() + b"<</Type/Sig/ByteRange[0 1 2 3]>>%%EOF\n"
    for content, name in ((scan(), "Quyết định.pdf"), (signed, "Có chữ ký.pdf")):
        placed = service.Placed(is_result=True)
        service.attach(office.db, office.services, office.lan, dossier, [capture(content, name)], placed)
    service.attach(
        office.db, office.services, office.lan, dossier, [capture(scan(2), "đơn.pdf")], service.Placed()
    )
    found = {each.name: each.id for each in carriers(seen(office, dossier))}
    assert list(found) == [None, "Quyết định.pdf", "Có chữ ký.pdf"]
    record = result_of(office, dossier)
    query = f"record={record}&disclose={record}"
    made = lan.client.get(f"/dossiers/{dossier}/proof/pdf?carrier={found['Quyết định.pdf']}&{query}").data
    assert made.startswith(scan()) and is_passed(tmp_path, made, capsys)
    refused = lan.client.get(f"/dossiers/{dossier}/proof/pdf?carrier={found['Có chữ ký.pdf']}&{query}")
    assert refused.status_code == 409 and "sửa sau khi ký" in refused.text


def test_the_command_writes_the_pdf(
    office: TestOffice, dossier: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record, target = result_of(office, dossier), tmp_path / "x.pdf"
    data = ["--data", str(office.services.config.data), "--json"]
    chosen = ["--record", record, "--disclose", record, "--out", str(target)]
    done = CliRunner().invoke(cli, ["proof", dossier, *data, *chosen, "--into", "bien-nhan"])
    assert done.exit_code == 0, done.output
    assert is_passed(tmp_path, target.read_bytes(), capsys)
    refused = CliRunner().invoke(cli, ["proof", dossier, *data, *chosen, "--into", "mau01"])
    assert refused.exit_code == 1 and "NODE_NOT_FOUND" in refused.output


def test_a_dossier_without_a_result_offers_no_pdf(office: TestOffice, lan: Browser) -> None:
    dossier = receive(office, 2, "2.000815")
    assert "kèm chứng minh" not in lan.get(f"/dossiers/{dossier}/proof")
    assert lan.client.get(f"/dossiers/{dossier}/proof/pdf?carrier=bien-nhan").status_code == 404
