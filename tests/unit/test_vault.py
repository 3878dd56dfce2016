"""The store of encrypted files: pieces in any order, power cuts, several writers at once."""

import os
import threading
from pathlib import Path

import pytest

from sync_protocol.chunks import CHUNK_BYTES, SLICE_BYTES, SLICES_IN_CHUNK, FileTree, Piece, open_piece
from vault import Vault

SLICES = SLICES_IN_CHUNK + 2
SIZE = (SLICES - 1) * SLICE_BYTES + 77
CONTENT = bytes(n * n % 251 for n in range(SIZE))
TREE = FileTree.of([CONTENT])
ORDER = (3, 0, 9, 5, 1, 8, 4, 7, 2, 6)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "files")


def piece(start: int, slices: int = 1) -> Piece:
    data = CONTENT[start * SLICE_BYTES : (start + slices) * SLICE_BYTES]
    return Piece(file=TREE.id, size=SIZE, start=start, data=data)


def take_all(vault: Vault) -> None:
    for start in ORDER:
        vault.take(piece(start))


def test_pieces_in_any_order_become_the_file(vault: Vault) -> None:
    became = [vault.take(piece(start)) for start in ORDER]
    assert became == [False] * (SLICES - 1) + [True]
    assert vault.has(TREE.id, SIZE)
    assert vault.path(TREE.id).read_bytes() == CONTENT
    assert vault.tree(TREE.id).id == TREE.id
    assert not vault.take(piece(0)), "a piece of a whole file changes nothing"


def test_pieces_may_overlap_and_come_twice(vault: Vault) -> None:
    for part in (piece(2), piece(0, SLICES_IN_CHUNK), piece(0, SLICES_IN_CHUNK), piece(9), piece(1)):
        assert not vault.take(part)
    assert vault.take(piece(8))
    assert vault.path(TREE.id).read_bytes() == CONTENT


def test_what_is_held_is_read_from_the_disk(vault: Vault, tmp_path: Path) -> None:
    vault.take(piece(1))
    vault.take(piece(5))
    assert vault.held(TREE.id, SIZE) == 0b10_0010
    assert Vault(tmp_path / "files").held(TREE.id, SIZE) == 0b10_0010
    take_all(vault)
    assert vault.held(TREE.id, SIZE) == (1 << SLICES) - 1


def test_a_piece_that_the_disk_spoilt_costs_the_pieces_and_not_the_truth(vault: Vault) -> None:
    vault.take(piece(0))
    spoilt = vault.path(TREE.id).parent.parent / "pieces" / TREE.id / "0"
    spoilt.write_bytes(bytes(SLICE_BYTES))
    take_all_but_first = [vault.take(piece(start)) for start in range(1, SLICES)]
    assert not any(take_all_but_first)
    assert not vault.has(TREE.id, SIZE) and vault.held(TREE.id, SIZE) == 0
    take_all(vault)
    assert vault.path(TREE.id).read_bytes() == CONTENT


def test_a_part_of_a_whole_file_goes_out_as_a_piece_that_proves_itself(vault: Vault) -> None:
    take_all(vault)
    data = vault.part(TREE.id, 0, CHUNK_BYTES)
    sent = vault.tree(TREE.id).encode(Piece(file=TREE.id, size=SIZE, start=0, data=data))
    assert open_piece(sent).data == CONTENT[:CHUNK_BYTES]


def test_removing_forgets_file_and_pieces(vault: Vault) -> None:
    vault.take(piece(0))
    vault.remove(TREE.id)
    assert vault.held(TREE.id, SIZE) == 0
    take_all(vault)
    vault.remove(TREE.id)
    vault.remove(TREE.id)
    assert not vault.has(TREE.id, SIZE) and list(vault.listed()) == []


def test_listed_names_whole_and_unfinished_files(vault: Vault) -> None:
    vault.take(piece(0))
    assert [name for name, _ in vault.listed()] == [TREE.id]
    take_all(vault)
    assert [name for name, _ in vault.listed()] == [TREE.id]


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "g" * 64, "0" * 63, "0" * 65])
def test_only_ids_are_names(vault: Vault, name: str) -> None:
    with pytest.raises(ValueError):
        vault.path(name)


def test_a_full_disk_leaves_nothing_half_written(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(descriptor: int) -> None:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match="no space"):
            vault.take(piece(0))
    assert vault.held(TREE.id, SIZE) == 0
    assert not list(vault.path(TREE.id).parent.parent.rglob("*.part"))


def test_a_folder_that_another_writer_takes_away_is_made_again(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`mkdir` met the folder, looked again whether it is one, and it was gone: a scan's piece was refused."""
    mkdir, seen = os.mkdir, []

    def gone_again(path: Path, mode: int = 0o777) -> None:
        if Path(path).name == TREE.id and not seen:
            seen.append(path)
            raise FileExistsError(path)
        mkdir(path, mode)

    monkeypatch.setattr(os, "mkdir", gone_again)
    take_all(vault)
    assert seen
    assert vault.path(TREE.id).read_bytes() == CONTENT


def test_a_file_in_the_place_of_the_folder_is_an_error_and_no_endless_loop(
    vault: Vault, tmp_path: Path
) -> None:
    folder = tmp_path / "files" / "pieces"
    folder.mkdir(parents=True)
    (folder / TREE.id).write_bytes(b"")
    with pytest.raises(FileExistsError):
        vault.take(piece(0))


def test_the_same_pieces_from_two_sides_at_once_make_one_file(vault: Vault) -> None:
    threads = [threading.Thread(target=take_all, args=(vault,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    take_all(vault)
    assert vault.path(TREE.id).read_bytes() == CONTENT
