"""Files of a dossier, as officers attach, see, replace and take them out; and what a hostile file can do: nothing."""

import hashlib
import io
import re
from pathlib import Path
from random import Random

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from edge_node.files import service
from edge_node.files.copies import copies_of, files_waiting, note_at_hub, note_problem, to_fetch
from edge_node.keyring.trust import newest_bundle
from edge_node.store.local import read_office
from signing.proof_file import decode_proof
from signing.report import Indication
from signing.sealed_file import seal_file
from signing.verification import verify
from sync_protocol.reasons import FILE_SIZE
from tests.support.counter import open_office, seen
from tests.support.node import Browser, Cast, browse, receive
from tests.support.office import TestOffice

PAPER = {"paper": "giay_to_1", "form": 1, "count": 1, "digitised": False, "reused": False}
PDF = b"%PDF-1.7\n1 0 obj << >> endobj\ntrailer << >>\n%%EOF\n"


def picture(form: str = "JPEG", size: tuple[int, int] = (900, 1200), *, seed: int = 0) -> bytes:
    """A scan: grey noise, so that it does not compress to nothing."""
    image = Image.frombytes(
        "L", (size[0] // 8, size[1] // 8), Random(seed).randbytes((size[0] // 8) * (size[1] // 8))
    )
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Phone of Nguyen Van A"
    image.resize(size).save(out, form, **({"exif": exif} if form == "JPEG" else {}))
    return out.getvalue()


@pytest.fixture
def opened(tmp_path: Path) -> tuple[TestOffice, Cast]:
    return open_office(tmp_path)


@pytest.fixture
def office(opened: tuple[TestOffice, Cast]) -> TestOffice:
    return opened[0]


@pytest.fixture
def lan(office: TestOffice) -> Browser:
    return browse(office)


@pytest.fixture
def dossier(office: TestOffice, lan: Browser) -> str:
    made = receive(office, 1, "2.000815", papers=[PAPER, {**PAPER, "paper": "giay_to_2"}])
    lan.get(f"/dossiers/{made}/files")
    return made


def send(browser: Browser, dossier: str, *files: tuple[bytes, str], **form: str) -> TestResponse:
    # Encoded here: the client would put a large form into a temporary file and leave it open.
    values = {
        "csrf_token": browser.token,
        **form,
        "file": [FileStorage(io.BytesIO(c), name) for c, name in files],
    }
    boundary, body = encode_multipart(values)
    kind = f"multipart/form-data; boundary={boundary}"
    return browser.client.post(f"/dossiers/{dossier}/files", data=body, content_type=kind)


def first_paper(office: TestOffice, dossier: str) -> str:
    return seen(office, dossier).papers[0].paper


def test_a_scan_is_attached_seen_and_counted(office: TestOffice, lan: Browser, dossier: str) -> None:
    paper = first_paper(office, dossier)
    assert (
        send(lan, dossier, (picture(), "Giấy chứng sinh.jpg"), (PDF, "don.pdf"), place=paper).status_code
        == 303
    )
    held = seen(office, dossier).files
    assert [(each.name, each.type, each.paper, each.pages) for each in held] == [
        ("Giấy chứng sinh.jpg", "jpeg", paper, 1),
        ("don.pdf", "pdf", paper, 0),
    ]
    page = lan.get(f"/dossiers/{dossier}/files")
    papers = len({each.paper for each in seen(office, dossier).papers})
    assert f"1/{papers} giấy tờ có bản chụp" in page and "chờ gửi tỉnh" in page
    shown = lan.client.get(f"/dossiers/{dossier}/files/{held[0].file}")
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    shown.headers["Content-Disposition"].encode("latin-1")
    assert "Gi%E1%BA%A5y%20ch%E1%BB%A9ng%20sinh.jpg" in shown.headers["Content-Disposition"]
    assert "Phone of" not in shown.get_data(as_text=False).decode("latin-1")
    assert "Giấy chứng sinh.jpg" in lan.get(f"/dossiers/{dossier}")
    assert files_waiting(office.db) == 2


def test_nothing_readable_lies_on_the_disk(office: TestOffice, lan: Browser, dossier: str) -> None:
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    stored = [path.read_bytes() for path in office.services.config.files.rglob("*") if path.is_file()]
    assert len(stored) == 1
    assert b"%PDF" not in stored[0] and b"endobj" not in stored[0]


def test_a_pdf_is_handed_out_and_a_picture_shown_without_any_rights(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    send(lan, dossier, (PDF, "Đơn đề nghị.pdf"), (picture("PNG"), "<script>.png"), place=":other")
    pdf, image = seen(office, dossier).files
    answer = lan.client.get(f"/dossiers/{dossier}/files/{pdf.file}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    shown = lan.client.get(f"/dossiers/{dossier}/files/{image.file}")
    assert shown.headers["Content-Disposition"].startswith("inline;")
    for each in (answer, shown):
        assert each.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert each.headers["Cache-Control"] == "no-store"
    assert "<script>.png" not in lan.get(f"/dossiers/{dossier}/files")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"<html><script>alert(1)</script>", "anh.jpg", "không phải PDF, JPEG hay PNG"),
        (b"", "anh.jpg", "Tệp rỗng"),
        (b"%PDF-1.7 cut off", "don.pdf", "bị hỏng"),
        (picture()[:900], "anh.jpg", "bị hỏng"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "anh.png", "bị hỏng"),
    ],
)
def test_one_bad_file_is_named_and_keeps_nothing_else_back(
    office: TestOffice, lan: Browser, dossier: str, content: bytes, name: str, words: str
) -> None:
    answer = send(lan, dossier, (content, name), (PDF, "tot.pdf"), place=":other")
    assert answer.status_code == 422 and words in answer.text and name in answer.text
    assert [held.name for held in seen(office, dossier).files] == ["tot.pdf"]


def test_a_large_picture_is_made_small_and_a_small_one_is_not_blown_up(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    send(
        lan,
        dossier,
        (picture("PNG", (4000, 5600)), "to.png"),
        (picture("PNG", (320, 320), seed=2), "nho.png"),
    )
    sizes = []
    for held in seen(office, dossier).files:
        content = lan.client.get(f"/dossiers/{dossier}/files/{held.file}").data
        sizes.append(Image.open(io.BytesIO(content)).size)
    assert sizes == [(2506, 3508), (320, 320)]


def test_two_files_never_share_a_key(office: TestOffice, lan: Browser, dossier: str) -> None:
    """Nonces repeat from file to file, so a key that sealed two contents would give both away."""
    send(lan, dossier, (PDF, "a.pdf"), (PDF + b"%other", "b.pdf"), (picture(), "c.jpg"), place=":other")
    keys = [each.key for each in seen(office, dossier).files]
    assert len(keys) == len(set(keys)) == 3


def test_the_key_of_a_file_is_drawn_for_it(
    office: TestOffice, lan: Browser, dossier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bytes] = []
    draw = office.services.random_bytes

    def noted(size: int) -> bytes:
        drawn.append(draw(size))
        return drawn[-1]

    monkeypatch.setattr(type(office.services), "random_bytes", property(lambda _: noted))
    send(lan, dossier, (PDF, "a.pdf"), (picture(), "b.jpg"), place=":other")
    keys = {each.key for each in seen(office, dossier).files}
    assert len(keys) == 2 and keys <= {each.hex() for each in drawn}


def test_the_same_scan_is_stored_once(office: TestOffice, lan: Browser, dossier: str) -> None:
    paper = first_paper(office, dossier)
    send(lan, dossier, (PDF, "a.pdf"), (PDF, "b.pdf"), place=":other")
    send(lan, dossier, (PDF, "c.pdf"), place=paper)
    send(lan, dossier, (PDF, "d.pdf"), place=paper)
    held = seen(office, dossier).files
    assert [each.paper for each in held] == [None, paper]
    assert len({each.file for each in held}) == 1
    assert len([path for path in office.services.config.files.rglob("*") if path.is_file()]) == 1


def test_a_file_is_replaced_and_taken_out(office: TestOffice, lan: Browser, dossier: str) -> None:
    send(lan, dossier, (PDF, "cu.pdf"), place=first_paper(office, dossier))
    old = seen(office, dossier).files[0]
    answer = send(lan, dossier, (picture(), "moi.jpg"), replaces=f"{old.record}.{old.file}")
    assert answer.status_code == 303
    new = seen(office, dossier).files[0]
    assert (new.name, new.paper) == ("moi.jpg", old.paper)
    assert len(seen(office, dossier).files) == 1
    lan.post(f"/dossiers/{dossier}/files/{new.file}/remove", {"record": new.record})
    assert seen(office, dossier).files == ()
    assert files_waiting(office.db) == 0
    assert [held.name for held in seen(office, dossier).files_removed] == ["cu.pdf", "moi.jpg"]


def test_a_file_that_is_not_here_is_asked_for(office: TestOffice, lan: Browser, dossier: str) -> None:
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    held = seen(office, dossier).files[0]
    service.vault_of(office.services).remove(held.file)
    office.db.conn.execute("DELETE FROM file_copy")
    answer = lan.client.get(f"/dossiers/{dossier}/files/{held.file}")
    assert answer.status_code == 404 and "chưa có trên máy này" in answer.text
    assert "Tải về máy này" in lan.get(f"/dossiers/{dossier}/files")
    lan.post(f"/dossiers/{dossier}/files/{held.file}/fetch")
    assert [each.file for each in to_fetch(office.db)] == [held.file]


def test_a_file_spoilt_on_the_disk_is_taken_away_so_that_it_can_come_again(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    held = seen(office, dossier).files[0]
    path = service.vault_of(office.services).path(held.file)
    path.write_bytes(bytes(held.size))
    answer = lan.client.get(f"/dossiers/{dossier}/files/{held.file}")
    assert answer.status_code == 422 and "Tải lại tệp" in answer.text
    assert not path.exists()
    epoch = getattr(read_office(office.db), "hub_epoch", "")
    assert not copies_of(office.db, dossier, hub_epoch=epoch)[held.file].is_here


def test_ciphertext_that_nobody_can_read_is_swept_away(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    vault = service.vault_of(office.services)
    orphan = vault.keep(seal_file(b"never stated", bytes(32)))
    assert service.sweep(office.db, office.services) == 0
    office.clock.now = int(vault.path(orphan.id).stat().st_mtime * 1000) + 25 * 3_600_000
    assert service.sweep(office.db, office.services) == 1
    assert not vault.path(orphan.id).exists()
    held = seen(office, dossier).files[0]
    office.db.conn.execute("UPDATE file SET is_open = 0")
    assert service.sweep(office.db, office.services) == 1
    assert not vault.path(held.file).exists()


def test_a_scan_that_is_attached_while_ciphertext_is_swept_stays(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    """Every sync sweeps. The scan of an officer who attached just then was removed, and there was no other copy of it."""
    asked: list[str] = []

    def attach_after_the_first_question(statement: str) -> None:
        asked.append(statement)
        if len(asked) == 2:
            send(lan, dossier, (PDF, "don.pdf"), place=":other")

    office.db.conn.set_trace_callback(attach_after_the_first_question)
    try:
        removed = service.sweep(office.db, office.services)
    finally:
        office.db.conn.set_trace_callback(None)
    held = seen(office, dossier).files[0]
    assert removed == 0 and service.vault_of(office.services).has(held.file, held.size)


def test_only_who_may_sign_it_attaches(opened: tuple[TestOffice, Cast], dossier: str) -> None:
    office, cast = opened
    other = browse(office, cast.ha)
    page = other.get(f"/dossiers/{dossier}/files")
    is_offered = 'id="attach"' in page
    answer = send(other, dossier, (PDF, "don.pdf"), place=":other")
    assert answer.status_code == (303 if is_offered else 403)


def test_an_upload_without_the_token_or_beyond_the_limit_is_refused(
    office: TestOffice, lan: Browser, dossier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, lan.token = lan.token, "0" * 32
    assert send(lan, dossier, (PDF, "don.pdf")).status_code == 400
    lan.token = token
    assert (
        send(lan, dossier, (PDF + bytes(3_000_000) + b"%%EOF", "don.pdf"), place=":other").status_code == 303
    )
    monkeypatch.setattr("edge_node.protection._BYTES_MAX", {"attach_files": 1000})
    refused = send(lan, dossier, (PDF + bytes(2000), "don.pdf"))
    assert refused.status_code == 413 and FILE_SIZE.vi in refused.text and FILE_SIZE.next_vi in refused.text


@pytest.mark.parametrize("file", ["0" * 64, "x", "..%2f..%2fnode.db"])
def test_an_unknown_file_is_not_found(lan: Browser, dossier: str, file: str) -> None:
    assert lan.client.get(f"/dossiers/{dossier}/files/{file}").status_code == 404


def test_a_proof_names_the_digests_of_the_files_whose_record_is_disclosed(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    record = seen(office, dossier).files[0].record
    address = f"/dossiers/{dossier}/proof/file?record={record}"
    assert decode_proof(lan.client.get(address).data).attachments == ()
    data = lan.client.get(f"{address}&disclose={record}").data
    digest = hashlib.sha256(PDF).hexdigest()
    assert [(each.record, each.sha256) for each in decode_proof(data).attachments] == [(0, digest)]
    report = verify(data, newest_bundle(office.db))
    assert report.indication is Indication.PASSED, report.vi
    assert report.document is not None and report.document.files == (digest,)
    assert "files" in {each.id for each in report.not_checked}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (FILE_SIZE.code, f"{FILE_SIZE.vi} {FILE_SIZE.next_vi}"),
        ("SOMETHING_NEW", "Tỉnh chưa nói rõ lý do. Máy tự thử lại khi đồng bộ"),
    ],
)
def test_a_file_that_the_province_does_not_take_says_why_and_what_to_do(
    office: TestOffice, lan: Browser, dossier: str, code: str, said: str
) -> None:
    """It said «tỉnh chưa nhận» and nothing more."""
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    file = seen(office, dossier).files[0].file
    note_problem(office.db, file, code)
    page = lan.get(f"/dossiers/{dossier}/files")
    assert "tỉnh chưa nhận" in page and said in page and code not in page
    note_at_hub(office.db, file, hub_epoch=getattr(read_office(office.db), "hub_epoch", ""))
    assert "mc-file-why" not in lan.get(f"/dossiers/{dossier}/files")


def test_the_history_names_the_files_that_came_went_and_were_replaced(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    """It said «Đính kèm tệp» five times over and never which."""
    paper = first_paper(office, dossier)
    send(lan, dossier, (PDF, "don.pdf"), place=paper)
    old = seen(office, dossier).files[0]
    send(lan, dossier, (PDF + b"%2", "don-moi.pdf"), replaces=f"{old.record}.{old.file}")
    send(lan, dossier, (PDF + b"%3", "so-do.pdf"), place=":other")
    other = next(each for each in seen(office, dossier).files if each.name == "so-do.pdf")
    lan.post(f"/dossiers/{dossier}/files/{other.file}/remove", {"record": other.record})
    history = lan.get(f"/dossiers/{dossier}").partition('class="mc-timeline"')[2]
    told = re.findall(
        r'mc-changes-label">([^<]+)</span>(?:<del>([^<]+)</del>)?.*?<ins>([^<]+)</ins>', history
    )
    shelf = told[2][0]
    assert shelf != "Tệp khác"
    assert told[:4] == [
        ("Tệp khác", "so-do.pdf", "đã bỏ"),
        ("Tệp khác", "", "so-do.pdf"),
        (shelf, "don.pdf", "don-moi.pdf"),
        (shelf, "", "don.pdf"),
    ]


def test_the_dossiers_page_says_that_the_province_does_not_take_a_file(
    office: TestOffice, lan: Browser, dossier: str
) -> None:
    send(lan, dossier, (PDF, "don.pdf"), place=":other")
    told = "1 tệp tỉnh chưa nhận, xem lý do ở tệp."
    pages = (f"/dossiers/{dossier}", f"/dossiers/{dossier}/files")
    assert all(told not in lan.get(page) for page in pages)
    note_problem(office.db, seen(office, dossier).files[0].file, FILE_SIZE.code)
    assert all(told in lan.get(page) for page in pages)
