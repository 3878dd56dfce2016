"""Scans within the office: by a colleague's line to the province, to whoever asked for one, and what nobody is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from edge_node.files.capture import Captured
from edge_node.files.copies import copies_of, files_waiting, note_not_at_hub, to_send, want
from edge_node.files.service import Placed, attach, vault_of
from edge_node.files.words import take_words, words_of
from edge_node.journal import require_office
from edge_node.lan.asking import Met, meet
from edge_node.lan.carrying import Carried, carry_files
from edge_node.lan.colleagues import find_colleague
from edge_node.lan.files import files_offered, keep_pieces, pieces_of
from edge_node.sync.status import read_status
from edge_node.sync.transport import LineFault
from signing.status import Status
from sync_protocol import reasons
from sync_protocol.chunks import SLICE_BYTES, open_piece
from sync_protocol.file_wire import FileAsked
from sync_protocol.files_held import FilesHeld, open_files_held, sign_files_held
from tests.support.cable import Cable, met_with_files
from tests.support.pair import Commune, Pc, founded_office

KIB = 1024


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Commune:
    return founded_office(tmp_path_factory.mktemp("commune"), "20242", "20242", "20257")


@pytest.fixture
def commune(founded: Commune, tmp_path: Path) -> Iterator[Commune]:
    """Two PCs of one commune and one of another; none has a line now."""
    made = founded.copied(tmp_path / "commune")
    for pc in made.pcs:
        pc.line.is_down = True
    yield made
    made.close()


@dataclass
class Scanned:
    """A scan at the first PC, stated by a record that both PCs of the commune have."""

    dossier: str
    file: str
    content: bytes


def scan_at(pc: Pc, size: int, seed: int = 1, dossier: str = "", **placed: object) -> Scanned:
    content = b"%PDF-" + Random(seed).randbytes(size)
    dossier = dossier or pc.receive()
    captured = Captured(name=f"scan{seed}.pdf", type="pdf", content=content, pages=0)
    record = attach(pc.db, pc.services, pc.lan, dossier, [captured], Placed(**placed))  # type: ignore[arg-type]
    assert record is not None
    return Scanned(dossier, record.header.facts["files"][0]["file"], content)


def has(pc: Pc, scanned: Scanned) -> bool:
    copy = copies_of(pc.db, scanned.dossier, hub_epoch=require_office(pc.db).hub_epoch).get(scanned.file)
    return copy is not None and copy.is_here and vault_of(pc.services).path(scanned.file).exists()


def carry(here: Pc, there: Pc, outcome: Met, cable: Cable | None = None) -> Carried:
    office = require_office(here.db)
    colleague = find_colleague(here.db, here.services, office, require_office(there.db).device)
    return carry_files(here.db, here.services, cable or Cable(there), colleague, outcome.known.challenge)


@pytest.mark.parametrize("is_holder_asking", [True, False])
def test_a_scan_reaches_the_province_by_a_colleagues_line_and_the_provinces_word_comes_back(
    commune: Commune, is_holder_asking: bool
) -> None:
    far, near, _ = commune.pcs
    scanned = scan_at(far, 300 * KIB)
    pair = (far, near) if is_holder_asking else (near, far)
    assert met_with_files(*pair).files == 1 and has(near, scanned)
    assert files_waiting(far.db) == files_waiting(near.db) == 1
    near.line.is_down = False
    assert near.sync().is_done and near.files().sent == 1 and near.sync().is_done
    assert files_waiting(near.db) == 0 and files_waiting(far.db) == 1
    met_with_files(*pair)
    assert files_waiting(far.db) == 0
    status = read_status(far.db, now=far.clock())
    assert (status.waiting, status.files) == (0, 0)


def test_what_somebody_asked_for_comes_from_whoever_of_the_office_has_it(commune: Commune) -> None:
    far, near, _ = commune.pcs
    scanned = scan_at(near, 200 * KIB)
    near.line.is_down = False
    assert near.sync().is_done and near.files().sent == 1 and near.sync().is_done
    met_with_files(far, near)
    assert not has(far, scanned)  # at the province: nobody here asked for it
    want(far.db, scanned.file)
    assert met_with_files(far, near).files == 1 and has(far, scanned)


def test_an_idle_meeting_asks_nothing_about_files(commune: Commune) -> None:
    far, near, _ = commune.pcs
    cable = Cable(near)
    assert meet(far.db, far.services, cable).problem is None
    assert cable.files == 0 and met_with_files(far, near).files == 0


def test_results_go_first_and_what_came_through_before_a_cut_is_never_sent_again(commune: Commune) -> None:
    far, near, _ = commune.pcs
    paper = scan_at(far, 2_500 * KIB)
    result = scan_at(far, 200 * KIB, seed=2, dossier=paper.dossier, is_result=True)
    outcome = meet(far.db, far.services, Cable(near))
    sent: list[tuple[str, int]] = []
    cable = Cable(near)
    post = cable.post_files

    def cut_after(requests: int) -> Callable[[bytes], bytes]:
        def posted(sealed: bytes) -> bytes:
            if cable.files >= requests:
                raise LineFault(reasons.LINE_DOWN, was_cut=True)
            return post(sealed)

        return posted

    def spied(db: object, services: object, files: object, *, bytes_max: int) -> list[bytes]:
        found = pieces_of(db, services, files, bytes_max=bytes_max)  # type: ignore[arg-type]
        sent.extend((piece.file, number) for piece in map(open_piece, found) for number in piece.slices)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edge_node.lan.carrying.pieces_of", spied)
        cable.post_files = cut_after(3)  # type: ignore[method-assign]
        carry(far, near, outcome, cable)
        assert has(near, result) and not has(near, paper)
        assert sent[0][0] == result.file
        sent.clear()
        before = vault_of(near.services).held(paper.file, _size(far, paper))
        carry(far, near, outcome)
    assert (
        has(near, paper)
        and before
        and vault_of(near.services).read(paper.file) == vault_of(far.services).read(paper.file)
    )
    assert all(not before >> number & 1 for file, number in sent if file == paper.file)
    assert len(sent) == len(set(sent)) and SLICE_BYTES * len(sent) < _size(far, paper)


def _size(pc: Pc, scanned: Scanned) -> int:
    return vault_of(pc.services).path(scanned.file).stat().st_size


def test_a_file_that_no_record_here_states_is_neither_taken_nor_given(commune: Commune) -> None:
    far, near, _ = commune.pcs
    scanned = scan_at(far, 20 * KIB)
    asked = FileAsked(bytes.fromhex(scanned.file), _size(far, scanned))
    [piece] = pieces_of(far.db, far.services, [asked], bytes_max=1 << 20)
    office = require_office(near.db)
    assert keep_pieces(near.db, near.services, office, [piece]) == (0, set())
    stray = vault_of(near.services).keep(b"x" * 40_000)
    assert (
        pieces_of(near.db, near.services, [FileAsked(bytes.fromhex(stray.id), stray.size)], bytes_max=1 << 20)
        == []
    )
    meet(near.db, near.services, Cable(far))
    damaged = piece[:-1] + bytes([piece[-1] ^ 1])
    assert keep_pieces(near.db, near.services, office, [damaged]) == (0, set())
    assert keep_pieces(near.db, near.services, office, [piece]) == (1, {scanned.file})


def test_that_a_file_is_at_the_province_only_the_province_says(commune: Commune) -> None:
    far, near, _ = commune.pcs
    scanned = scan_at(far, 20 * KIB)
    epoch = bytes.fromhex(require_office(far.db).hub_epoch)
    said = FilesHeld(epoch=epoch, at=far.clock(), files=[bytes.fromhex(scanned.file)])
    forged = sign_files_held(said, near.services.keyring.device)
    assert take_words(far.db, far.services, [forged, b"", b"x" * 70]) == 0
    assert files_waiting(far.db) == 1
    other_life = sign_files_held(
        FilesHeld(epoch=bytes(len(epoch)), at=far.clock(), files=said.files), commune.hub.keys.hub
    )
    assert take_words(far.db, far.services, [other_life]) == 0 and files_waiting(far.db) == 1
    assert take_words(far.db, far.services, [sign_files_held(said, commune.hub.keys.hub)]) == 1
    assert files_waiting(far.db) == 0


def test_an_old_word_does_not_bring_back_what_the_province_has_lost(commune: Commune) -> None:
    far, _, _ = commune.pcs
    scanned = scan_at(far, 20 * KIB)
    epoch, file = bytes.fromhex(require_office(far.db).hub_epoch), bytes.fromhex(scanned.file)
    early, late = (
        sign_files_held(FilesHeld(epoch=epoch, at=at, files=[file]), commune.hub.keys.hub) for at in (5, 6)
    )
    assert take_words(far.db, far.services, [late]) == 1
    assert words_of(far.db, [file]) == [late]
    note_not_at_hub(far.db, scanned.file)
    assert words_of(far.db, [file]) == []
    assert take_words(far.db, far.services, [early, late]) == 0
    assert [each.file for each in to_send(far.db, hub_epoch=epoch.hex())] == [scanned.file]
    assert open_files_held(early, commune.hub.keys.hub.public).files == [file]


def test_a_stranger_and_a_pc_of_another_commune_get_nothing(commune: Commune) -> None:
    far, near, stranger = commune.pcs
    scan_at(near, 20 * KIB)
    colleague = find_colleague(far.db, far.services, require_office(far.db), require_office(near.db).device)
    cable = Cable(near)
    assert carry_files(stranger.db, stranger.services, cable, colleague, b"").requests == 0
    assert cable.files == 1 and len(cable.heard) == 1


def test_a_pc_that_is_cut_off_may_deliver_files_and_is_told_nothing(
    commune: Commune, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near, _ = commune.pcs
    mine, theirs = scan_at(near, 20 * KIB), scan_at(far, 20 * KIB, seed=2)
    outcome = meet(far.db, far.services, Cable(near))
    cut_off = require_office(far.db).device
    silent = Status.is_silent
    monkeypatch.setattr(Status, "is_silent", lambda self, key: key != cut_off and silent(self, key))
    carry(far, near, outcome)
    assert has(near, theirs) and not has(far, mine)


def test_another_copy_of_a_disk_is_told_nothing(commune: Commune, monkeypatch: pytest.MonkeyPatch) -> None:
    far, near, _ = commune.pcs
    mine = scan_at(near, 20 * KIB)
    outcome = meet(far.db, far.services, Cable(near))
    monkeypatch.setattr("edge_node.lan.serving.is_another_branch", lambda store, stands, device: True)
    carry(far, near, outcome)
    assert not has(far, mine)


def test_a_record_that_waits_interrupts_files(commune: Commune) -> None:
    far, near, _ = commune.pcs
    scan_at(far, 3_000 * KIB)
    outcome = meet(far.db, far.services, Cable(near))
    office = require_office(far.db)
    colleague = find_colleague(far.db, far.services, office, require_office(near.db).device)
    cable = Cable(near)
    carry_files(
        far.db, far.services, cable, colleague, outcome.known.challenge, must_yield=lambda: cable.files >= 2
    )
    assert cable.files == 2 and len(files_offered(far.db, office)) == 1
