"""The code on paper: made from what the province stated about this PC, and read back from the print by two strangers."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import zxingcpp

from edge_node.casework.case import read_case
from edge_node.casework.paper_code import shortened
from edge_node.casework.papers import PaperName, paper_form
from edge_node.printing import forms, render_pdf
from edge_node.printing.qr import paper_symbol
from edge_node.search.service import find_one
from signing import qr
from signing.compact import CompactChain, DeviceKey, RegistryKey, sign_device_key, sign_registry_key
from signing.qr import PaperKind
from signing.roles import Role
from tests.support.node import hire, settle_dossier
from tests.support.office import Province, TestOffice, make_office
from tests.support.paper import paper_code

needs_pdftoppm = pytest.mark.skipif(
    not shutil.which("pdftoppm"), reason="poppler (pdftoppm) is not installed"
)
needs_zbar = pytest.mark.skipif(not shutil.which("zbarimg"), reason="zbar-tools (zbarimg) is not installed")

OFFICE = forms.Office(
    superior="Ủy ban nhân dân phường Hải Châu",
    name="Trung tâm Phục vụ hành chính công phường Hải Châu",
    place="Hải Châu",
)
PERSON = forms.Person(name="Nguyễn Thị Minh Nguyệt", address="Tổ 12, phường Hải Châu")
CODE = forms.DossierCode(text="H17.20242-261120-0001")
FRAME = {
    "office": OFFICE,
    "day": 20261120,
    "record": "3f" * 32,
    "code": CODE,
    "procedure": "Đăng ký khai sinh",
}


def slip(code: str) -> forms.Form:
    return forms.Slip(
        **FRAME, paper_code=code, submitter=PERSON, received=0, due=None, officer="Lê Thị Tâm",
        copies=(forms.Copy.GIVEN,),
    )  # fmt: skip


def hand_over(code: str) -> forms.Form:
    return forms.ResultHandOver(
        **FRAME, paper_code=code, owner=PERSON, receiver=PERSON, result_kind="Giấy khai sinh", returned=0,
        officer="Lê Thị Tâm", copies=(forms.Copy.GIVEN,),
    )  # fmt: skip


PAPERS = {"slip": slip, "result": hand_over}
CODES = {
    "an ordinary code": paper_code(),
    "the longest code": paper_code(
        code="H" * qr.CODE_BYTES_MAX, holder="N" * qr.HOLDER_BYTES_MAX, result="K" * qr.RESULT_BYTES_MAX
    ),
}


@cache
def printed(paper: str, code: str, dots_per_inch: int = 300) -> bytes:
    """The first page as a picture (PGM)."""
    return subprocess.run(
        ["pdftoppm", "-r", str(dots_per_inch), "-gray", "-f", "1", "-l", "1", "-"],
        input=render_pdf(PAPERS[paper](CODES[code])), capture_output=True, check=True, timeout=60,
    ).stdout  # fmt: skip


def pixels(picture: bytes) -> memoryview:
    header = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", picture)
    assert header is not None
    width, height = int(header[1]), int(header[2])
    return memoryview(picture)[header.end() :].cast("B", (height, width))


@needs_pdftoppm
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("paper", PAPERS)
def test_zxing_reads_the_printed_code(paper: str, code: str) -> None:
    found = zxingcpp.read_barcodes(pixels(printed(paper, code)))
    assert [(each.format.name, each.text) for each in found] == [("QRCode", CODES[code])]


@needs_pdftoppm
@needs_zbar
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("paper", PAPERS)
def test_zbar_reads_the_printed_code(paper: str, code: str, tmp_path: Path) -> None:
    picture = tmp_path / "page.pgm"
    picture.write_bytes(printed(paper, code))
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert read.stdout.decode("utf-8").strip() == CODES[code]


def dark_runs(row: bytes) -> list[int]:
    return [len(run) for run in re.findall(rb"[\x00-\x7f]+", row)]


@needs_pdftoppm
def test_every_module_is_four_dots_of_a_300_dpi_printer() -> None:
    """The top edge of a finder pattern is one dark run of seven modules."""
    picture = pixels(printed("slip", "an ordinary code"))
    position = zxingcpp.read_barcodes(picture)[0].position
    row = position.top_left.y + 2
    runs = dark_runs(bytes(picture[row, x] for x in range(position.top_left.x - 6, position.top_right.x + 6)))
    assert abs(runs[0] - 28) <= 1
    assert abs(runs[-1] - 28) <= 1
    modules = (position.top_right.x - position.top_left.x) / 4
    assert abs(modules - (paper_symbol(CODES["an ordinary code"]).width_mm * 300 / 25.4 / 4 - 8)) <= 1


def blurred(picture: memoryview, left: int, top: int, side: int) -> memoryview:
    """A square cut out, each pixel the mean of nine: a photograph out of focus."""
    rows = [bytes(picture[y, x] for x in range(left, left + side)) for y in range(top, top + side)]
    out = bytearray()
    for y in range(side):
        around = rows[max(0, y - 1) : y + 2]
        for x in range(side):
            window = b"".join(row[max(0, x - 1) : x + 2] for row in around)
            out.append(40 + sum(window) * 160 // (255 * len(window)))
    return memoryview(bytes(out)).cast("B", (side, side))


@needs_pdftoppm
def test_a_pale_unfocused_picture_of_450_pixels_is_enough() -> None:
    """The symbol and its quiet zone fill 450 pixels, so that no module is a whole number of pixels."""
    code = CODES["an ordinary code"]
    dots_per_inch = round(450 * 25.4 / paper_symbol(code).width_mm)
    page = pixels(printed("slip", "an ordinary code", dots_per_inch))
    corner = zxingcpp.read_barcodes(page)[0].position.top_left
    picture = blurred(page, corner.x - 16, corner.y - 16, 450)
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [code]


def test_the_largest_code_stays_within_forty_millimetres() -> None:
    assert paper_symbol(CODES["the longest code"]).width_mm <= 40


# --- from the records of an office ---------------------------------------------------------------------------------


class PaperProvince(Province):
    """A province whose roots have said, for paper, which key is the registry's."""

    def chain(self, office_key: DeviceKey) -> CompactChain:
        registry = RegistryKey(key=self.registry.public, province=self.code, bundle_version=1)
        return CompactChain(
            sign_registry_key(registry, [self.root]), sign_device_key(office_key, self.registry)
        )

    def state_device(self, office: TestOffice, *, key: DeviceKey | None = None) -> None:
        device = office.services.keyring.device
        stated = key or DeviceKey(
            key=device.public, unit=office.office.unit, unit_name="Phường Hải Châu", size=0
        )
        self.state(
            device,
            [Role.DEVICE],
            unit=office.office.unit,
            officer=None,
            name="PC1",
            more={"compact": self.chain(stated).hex()},
        )


def office_of(folder: Path, *, stated: bool = True) -> tuple[TestOffice, PaperProvince]:
    province = PaperProvince()
    office = make_office(folder, province=province)
    if stated:
        province.state_device(office)
        office.take_news()
    return office, province


def printed_slip(office: TestOffice) -> forms.Slip:
    dossier = office.receive("Nguyễn Thị Hoa", code="H17.20242-261120-0001")
    case = read_case(office.db, office.services, dossier)
    assert case is not None
    form = paper_form(office.db, office.services, case.view, PaperName.SLIP)
    assert isinstance(form, forms.Slip)
    return form


def test_a_slip_verifies_with_the_root_key_alone(tmp_path: Path) -> None:
    office, province = office_of(tmp_path)
    form = printed_slip(office)
    paper = qr.read(form.paper_code).verify(roots={province.root.public}, threshold=1)
    assert (paper.kind, paper.record.hex(), paper.code) == (PaperKind.SLIP, form.record, form.code.text)
    assert (paper.procedure, paper.holder) == ("1.001193", "Nguyễn Thị Hoa")


BORN = {
    "applicant.name": "Nguyễn Thị Hoa",
    "applicant.id_number": "048187001234",
    "applicant.birth_date": "1987-05-01",
}
"""The applicant as the desk types her."""


def papers_of(office: TestOffice, procedure: str, **more: str) -> tuple[qr.Paper, qr.Paper]:
    """What the codes on the slip and on the hand-over receipt of one dossier say, from its records."""
    fields = BORN | {code.replace("__", "."): text for code, text in more.items()}
    dossier = office.receive(answers=fields, procedure=procedure, code="H17.20242-261120-0001")
    settle_dossier(office, hire(office), dossier, "88/CT-UBND")
    case = read_case(office.db, office.services, dossier)
    assert case is not None
    found = []
    for name in (PaperName.SLIP, PaperName.HAND_OVER):
        form = paper_form(office.db, office.services, case.view, name)
        assert isinstance(form, forms.Slip | forms.ResultHandOver)
        assert qr.level(form.paper_code) is qr.Level.Q
        assert paper_symbol(form.paper_code).width_mm <= 40
        found.append(qr.read(form.paper_code).paper)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("procedure", "more", "years"),
    [
        ("2.000815", {}, (1987, 1987)),
        ("1.001193", {"form__child_name": "Lê An", "form__birth_date": "2026-11-01"}, (1987, None)),
        ("2.000815", {"owner__name": "Lê Văn Ba"}, (None, None)),
    ],
    ids=["about the applicant", "about her child", "somebody else's dossier"],
)
def test_the_code_has_the_holders_year_of_birth_and_nobody_elses(
    tmp_path: Path, procedure: str, more: dict[str, str], years: tuple[int | None, int | None]
) -> None:
    slip, result = papers_of(office_of(tmp_path)[0], procedure, **more)
    assert (slip.kind, result.kind) == (PaperKind.SLIP, PaperKind.RESULT)
    assert (slip.birth_year, result.birth_year) == years
    assert slip.holder == result.holder == more.get("owner__name", "Nguyễn Thị Hoa")


def test_the_code_holds_no_identity_number_and_no_address(tmp_path: Path) -> None:
    office, _ = office_of(tmp_path)
    form = printed_slip(office)
    assert form.submitter.id_number == "048200001234"
    assert b"048200001234" not in qr.read(form.paper_code).signed.payload


def test_a_pc_without_a_statement_for_paper_prints_the_plain_code(tmp_path: Path) -> None:
    office, _ = office_of(tmp_path, stated=False)
    assert printed_slip(office).paper_code == ""


def test_a_statement_under_other_roots_is_not_printed(tmp_path: Path) -> None:
    office, province = office_of(tmp_path, stated=False)
    province.root = province.hub
    province.state_device(office)
    office.take_news()
    assert printed_slip(office).paper_code == ""


def test_a_statement_about_another_key_is_not_printed(tmp_path: Path) -> None:
    office, province = office_of(tmp_path, stated=False)
    province.state_device(
        office, key=DeviceKey(key=province.hub.public, unit="20242", unit_name="Phường Hải Châu", size=0)
    )
    office.take_news()
    assert printed_slip(office).paper_code == ""


def test_the_desks_scanner_finds_the_dossier_by_the_code_on_its_slip(tmp_path: Path) -> None:
    office, _ = office_of(tmp_path)
    form = printed_slip(office)
    found = find_one(office.db, office.services, form.paper_code)
    assert found is not None
    assert find_one(office.db, office.services, form.code.text) == found


@pytest.mark.parametrize(
    ("text", "bytes_max", "short"),
    [
        ("Nguyễn Thị Hoa", 64, "Nguyễn Thị Hoa"),
        ("  Nguyễn\n Thị   Hoa ", 64, "Nguyễn Thị Hoa"),
        ("Nguyễn Thị Hoa", 16, "Nguyễn…"),
        ("ễễễễễ", 9, "ễễ…"),
        ("", 9, ""),
    ],
)
def test_long_words_are_cut_where_a_reader_sees_it(text: str, bytes_max: int, short: str) -> None:
    assert shortened(text, bytes_max=bytes_max) == short
    assert len(short.encode()) <= bytes_max
