"""Scans on a stick: after the records, as far as there is room, checked piece by piece, and back to whoever asked."""

from pathlib import Path
from random import Random

from central_hub.files.service import vault_of as hub_vault
from central_hub.sync.carried_files import take_files
from central_hub.sync.parcels import judge_now, take_parcels
from central_hub.sync.stick import answer_on, files_on, newest_asked
from edge_node.files.capture import Captured
from edge_node.files.copies import want
from edge_node.files.service import Placed, attach, vault_of
from edge_node.projection.service import view
from edge_node.sync.parcels import Carried, export_parcel, import_parcels
from edge_node.sync.status import read_status
from sync_protocol.carried_files import MARK
from tests.support.log_builder import COMMUNE
from tests.support.pair import Commune, Pc

KIB = 1024


def attach_scans(pc: Pc, *sizes: int) -> list[str]:
    dossier = pc.receive()
    for number, size in enumerate(sizes):
        content = b"%PDF-" + Random(number).randbytes(size)
        scan = Captured(name=f"scan{number}.pdf", type="pdf", content=content, pages=0)
        attach(pc.db, pc.services, pc.lan, dossier, [scan], Placed())
    found = view(pc.db, dossier)
    assert found is not None
    return [each.file for each in found.files]


def to_province(commune: Commune, stick: Path) -> None:
    """What `motcua-hub import` does."""
    taken = take_parcels(commune.hub, files_on(stick))
    judge_now(commune.hub, {COMMUNE})
    files = take_files(commune.hub, files_on(stick))
    for asked in newest_asked(taken):
        answer_on(commune.hub, stick, asked, files=files.get(asked.device))


def carry(pc: Pc, stick: Path, **options: int) -> Carried:
    return export_parcel(pc.db, pc.services, stick, **options)


def sizes_at_hub(commune: Commune, files: list[str]) -> list[bool]:
    return [hub_vault(commune.hub).path(file).is_file() for file in files]


def test_scans_go_with_the_records_and_the_status_knows(commune: Commune, tmp_path: Path) -> None:
    pc, stick = commune.add(), tmp_path / "usb"
    files = attach_scans(pc, 3 * KIB, 300 * KIB, 1500 * KIB)
    written = carry(pc, stick)
    assert (written.files, written.files_total) == (3, 3)
    to_province(commune, stick)
    assert sizes_at_hub(commune, files) == [True] * 3
    here, there = vault_of(pc.services), hub_vault(commune.hub)
    assert all(there.path(file).read_bytes() == here.read(file) for file in files)
    assert read_status(pc.db, now=pc.clock()).files == 3, "not before the province says so"
    import_parcels(pc.db, pc.services, stick)
    status = read_status(pc.db, now=pc.clock())
    assert (status.files, status.waiting) == (0, 0)


def test_what_does_not_fit_waits_and_keeps_no_smaller_one_back(commune: Commune, tmp_path: Path) -> None:
    pc, stick = commune.add(), tmp_path / "usb"
    files = attach_scans(pc, 900 * KIB, 20 * KIB, 30 * KIB, 40 * KIB)
    written = carry(pc, stick, files_bytes_max=200 * KIB)
    assert (written.files, written.files_total) == (3, 4)
    to_province(commune, stick)
    import_parcels(pc.db, pc.services, stick)
    assert sum(sizes_at_hub(commune, files)) == 3
    assert read_status(pc.db, now=pc.clock()).files == 1
    assert carry(pc, stick, files_bytes_max=0).files == 0
    assert carry(pc, stick).files == 1


def test_a_scan_that_somebody_asked_for_comes_back_on_the_stick(commune: Commune, tmp_path: Path) -> None:
    pc, other, stick = commune.add(), commune.add(), tmp_path / "usb"
    (file,) = attach_scans(pc, 1300 * KIB)
    assert pc.sync().is_done and pc.sync().is_done
    assert pc.files().sent == 1
    assert other.sync().is_done
    want(other.db, file)
    carry(other, stick)
    to_province(commune, stick)
    (taken,) = import_parcels(other.db, other.services, stick)
    assert taken.files == 1
    assert vault_of(other.services).read(file) == vault_of(pc.services).read(file)


def test_a_stick_that_comes_twice_or_is_cut_changes_nothing_wrong(commune: Commune, tmp_path: Path) -> None:
    pc, stick = commune.add(), tmp_path / "usb"
    files = attach_scans(pc, 600 * KIB, 700 * KIB)
    carry(pc, stick)
    (part,) = (stick / "motcua").iterdir()
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    to_province(commune, stick)
    import_parcels(pc.db, pc.services, stick)
    assert sum(sizes_at_hub(commune, files)) <= 1
    part.write_bytes(whole)
    to_province(commune, stick)
    to_province(commune, stick)
    assert sizes_at_hub(commune, files) == [True, True]


def test_nobody_else_reads_a_scan_on_the_way(commune: Commune, tmp_path: Path) -> None:
    pc, stick = commune.add(), tmp_path / "usb"
    (file,) = attach_scans(pc, 60 * KIB)
    carry(pc, stick)
    data = b"".join(path.read_bytes() for path in (stick / "motcua").iterdir())
    sealed = vault_of(pc.services).read(file)
    assert MARK not in data and sealed[1000:1100] not in data and bytes.fromhex(file) not in data
