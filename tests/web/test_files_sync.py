"""Files between a PC, the hub and the commune's other PCs: what travels, in which order, and what a bad line costs."""

from random import Random

import msgspec
import pytest
from sqlalchemy import update

from central_hub.app import create_app
from central_hub.files.service import vault_of as hub_vault
from central_hub.store.engine import writing
from central_hub.store.tables import FILE
from edge_node.files import service
from edge_node.files.capture import Captured
from edge_node.files.copies import copies_of, to_send, want
from edge_node.files.service import Placed, attach, vault_of
from edge_node.journal import Draft, write
from edge_node.projection.service import view
from edge_node.store.local import read_local, read_office, write_local
from edge_node.sync.runner import CHALLENGE
from edge_node.sync.status import read_status
from signing.sealed_file import seal_file
from sync_protocol import reasons
from sync_protocol.chunks import SLICE_BYTES, FileTree, Piece, open_piece
from sync_protocol.file_wire import (
    FileAsked,
    FilesAnswer,
    Standing,
    decode_files_answer,
    encode_files_request,
    first_request,
    open_files_request,
)
from tests.support.pair import Commune, Pc

KIB = 1024


def scan(size: int, seed: int = 1) -> Captured:
    return Captured(
        name=f"scan{seed}.pdf", type="pdf", content=b"%PDF-" + Random(seed).randbytes(size), pages=0
    )


def add(pc: Pc, dossier: str, *files: Captured, **placed: object) -> list[str]:
    record = attach(pc.db, pc.services, pc.lan, dossier, files, Placed(**placed))  # type: ignore[arg-type]
    assert record is not None
    return [each["file"] for each in record.header.facts["files"]]


def content_of(pc: Pc, dossier: str, file: str) -> bytes:
    found = view(pc.db, dossier)
    assert found is not None
    held = service.find_file(found, file)
    assert held is not None
    return service.read(pc.services, held)


def test_a_file_reaches_the_hub_and_another_pc_that_asks_for_it(commune: Commune, pc: Pc) -> None:
    other = commune.add()
    dossier, sent = pc.receive(), scan(300 * KIB)
    [file] = add(pc, dossier, sent)
    assert pc.waiting == 1
    assert pc.sync().is_done and not read_status(pc.db, now=pc.clock()).is_full
    assert pc.files().sent == 1 and pc.waiting == 0
    assert read_status(pc.db, now=pc.clock()).files == 0
    assert other.sync().is_done and other.files().fetched == 0
    want(other.db, file)
    assert other.files().fetched == 1
    assert content_of(other, dossier, file) == sent.content
    office = read_office(other.db)
    assert office is not None
    copy = copies_of(other.db, dossier, hub_epoch=office.hub_epoch)[file]
    assert (copy.is_here, copy.is_at_hub, copy.is_wanted) == (True, True, False)
    assert pc.files().requests == 0


@pytest.mark.parametrize(("lets_through", "share_max"), [(64 * KIB, 1.2), (40 * KIB, 1.2), (300 * KIB, 1.35)])
def test_a_line_that_resets_early_costs_little_and_ends(
    commune: Commune, pc: Pc, lets_through: int, share_max: float
) -> None:
    other = commune.add()
    dossier, sent = pc.receive(), scan(2_000 * KIB)
    [file] = add(pc, dossier, sent)
    pc.sync()
    pc.line.lets_through = lets_through
    before = pc.line.bytes_up
    assert pc.files().sent == 1
    assert pc.line.cuts >= 2
    size = vault_of(pc.services).path(file).stat().st_size
    assert pc.line.bytes_up - before <= share_max * size
    other.sync()
    other.line.lets_through = lets_through
    want(other.db, file)
    assert other.files().fetched == 1
    assert content_of(other, dossier, file) == sent.content


def test_what_came_through_before_a_cut_is_never_sent_again(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    add(pc, dossier, scan(1_500 * KIB))
    pc.sync()
    seen: list[int] = []

    def spy(payload: bytes) -> bytes:
        for frame in open_files_request(payload).said.pieces:
            seen.extend(open_piece(frame).slices)
        return send(payload)

    send = pc.line.post_files
    pc.line.post_files = spy  # type: ignore[method-assign]
    pc.line.loses_answers = 2
    assert pc.files().sent == 1
    assert sorted(seen) == sorted(set(seen))


def test_a_killed_sync_goes_on_where_it_was(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(1_000 * KIB))
    pc.sync()
    answered = 0

    def kill() -> None:
        nonlocal answered
        answered += 1
        if answered > 3:
            raise KeyboardInterrupt

    pc.line.before_answer = kill
    with pytest.raises(KeyboardInterrupt):
        pc.files()
    pc.line.before_answer, before = None, pc.line.bytes_up
    assert pc.files().sent == 1
    size = vault_of(pc.services).path(file).stat().st_size
    assert pc.line.bytes_up - before < size - 100 * KIB


def test_records_go_first_and_interrupt_files(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    add(pc, dossier, scan(900 * KIB))
    assert pc.files().must_yield
    pc.sync()
    wrote: list[bool] = []

    def write_meanwhile() -> None:
        if not wrote:
            wrote.append(True)
            note = Draft(kind="dossier.noted", dossier=dossier, facts={}, content={"note": "Đã gọi điện"})
            write(pc.db, pc.services, pc.lan, [note])

    pc.line.before_answer = write_meanwhile
    result = pc.files()
    assert result.must_yield and result.requests == 1 and result.sent == 0
    assert pc.sync().is_done and pc.files().sent == 1


def test_results_go_before_supporting_papers(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    small = add(pc, dossier, scan(10 * KIB, 1), paper="don")
    pc.clock.now += 90_000_000
    result = add(pc, dossier, scan(200 * KIB, 2), is_result=True)
    office = read_office(pc.db)
    assert office is not None
    assert [each.file for each in to_send(pc.db, hub_epoch=office.hub_epoch)] == [*result, *small]


def ask(pc: Pc, *frames: bytes, file: str, size: int) -> FilesAnswer:
    """A request as this PC would sign it."""
    challenge = bytes.fromhex(read_local(pc.db, CHALLENGE) or "")
    device = pc.services.keyring.device
    request = first_request(bytes.fromhex(device.public.id), challenge)
    asked = [FileAsked(bytes.fromhex(file), size)]
    request = msgspec.structs.replace(request, offered=asked, wanted=asked, pieces=list(frames))
    return decode_files_answer(pc.line.post_files(encode_files_request(request, device)))


def test_the_hub_takes_nothing_that_no_judged_record_states(commune: Commune, pc: Pc) -> None:
    pc.sync()
    sealed = seal_file(b"nobody stated this", bytes(32))
    tree = FileTree.of([sealed])
    piece = tree.encode(Piece(file=tree.id, size=tree.size, start=0, data=sealed))
    answer = ask(pc, piece, file=tree.id, size=tree.size)
    assert [each.standing for each in answer.stated] == [Standing.UNKNOWN, Standing.UNKNOWN]
    assert answer.pieces == [] and list(hub_vault(commune.hub).listed()) == []


def test_a_pc_of_another_commune_neither_sends_nor_fetches(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(20 * KIB))
    pc.sync()
    pc.files()
    size = vault_of(pc.services).path(file).stat().st_size
    assert ask(pc, file=file, size=size).pieces
    with writing(commune.hub.engine) as connection:
        connection.execute(update(FILE).values(commune="20200"))
    answer = ask(pc, file=file, size=size)
    assert answer.pieces == [] and answer.stated[0].standing == Standing.UNKNOWN


def test_a_damaged_piece_and_a_wrong_length_change_nothing(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(20 * KIB))
    pc.sync()
    vault = vault_of(pc.services)
    tree = vault.tree(file)
    data = vault.read(file)
    good = tree.encode(Piece(file=file, size=tree.size, start=0, data=data))
    damaged = ask(pc, good[:-1] + bytes([good[-1] ^ 1]), b"", file=file, size=tree.size)
    assert (damaged.stated[0].standing, damaged.stated[0].held) == (Standing.PARTIAL, b"")
    assert ask(pc, file=file, size=tree.size + 1).stated[0].problem == reasons.FILE_SIZE.code
    assert ask(pc, good, good, file=file, size=tree.size).stated[0].standing == Standing.WHOLE


def test_a_stale_challenge_costs_one_request(commune: Commune, pc: Pc) -> None:
    add(pc, pc.receive(), scan(20 * KIB))
    pc.sync()
    write_local(pc.db, CHALLENGE, "00" * 17)
    result = pc.files()
    assert (result.sent, result.requests) == (1, 3)


def test_a_file_that_was_replaced_is_not_sent_any_more(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    [bad] = add(pc, dossier, scan(400 * KIB, 1))
    found = view(pc.db, dossier)
    assert found is not None
    [good] = add(pc, dossier, scan(60 * KIB, 2), replaces=(found.files[0].record, bad))
    pc.sync()
    assert pc.files().sent == 1
    vault = hub_vault(commune.hub)
    sizes = {file: vault_of(pc.services).path(file).stat().st_size for file in (bad, good)}
    assert vault.has(good, sizes[good]) and not vault.has(bad, sizes[bad])


def test_one_file_spoilt_on_the_disk_keeps_no_other_back(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    bad, good = add(pc, dossier, scan(80 * KIB, 1), scan(90 * KIB, 2))
    path = vault_of(pc.services).path(bad)
    path.write_bytes(bytes(path.stat().st_size))
    pc.sync()
    assert pc.files().sent == 1
    office = read_office(pc.db)
    assert office is not None
    copies = copies_of(pc.db, dossier, hub_epoch=office.hub_epoch)
    assert (copies[bad].problem, copies[bad].is_here) == (reasons.FILE_PIECE.code, False)
    assert copies[good].is_at_hub


def test_a_hub_without_room_says_so_and_takes_it_later(
    commune: Commune, pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(50 * KIB))
    pc.sync()
    with monkeypatch.context() as full:
        full.setattr("central_hub.files.room._MIB", 1 << 60)
        assert pc.files().sent == 0
    office = read_office(pc.db)
    assert office is not None
    assert copies_of(pc.db, dossier, hub_epoch=office.hub_epoch)[file].problem == reasons.FILE_ROOM.code
    assert pc.files().sent == 1
    assert copies_of(pc.db, dossier, hub_epoch=office.hub_epoch)[file].problem == ""


def test_a_hub_put_back_is_given_the_files_again(commune: Commune, pc: Pc) -> None:
    dossier = pc.receive()
    [file] = add(pc, dossier, scan(50 * KIB))
    pc.sync()
    pc.files()
    office = read_office(pc.db)
    assert office is not None
    assert to_send(pc.db, hub_epoch=office.hub_epoch) == []
    assert [each.file for each in to_send(pc.db, hub_epoch="ab" * 16)] == [file]


def test_a_line_that_is_down_costs_nothing(pc: Pc) -> None:
    add(pc, pc.receive(), scan(SLICE_BYTES))
    pc.sync()
    pc.line.is_down = True
    assert pc.files().problem is reasons.LINE_DOWN
    assert pc.waiting == 1


def test_the_door_for_files_takes_a_signed_request_and_asks_for_no_token(commune: Commune, pc: Pc) -> None:
    add(pc, pc.receive(), scan(20 * KIB))
    pc.sync()
    door = create_app(commune.hub.config, commune.hub).test_client()

    def over_http(payload: bytes) -> bytes:
        answer = door.post("/sync/v1/files", data=payload, content_type="application/octet-stream")
        assert answer.status_code == 200, answer.text
        return answer.data

    pc.line.post_files = over_http  # type: ignore[method-assign]
    assert pc.files().sent == 1
    assert door.post("/sync/v1/files", data=b"x" * 100).status_code == 400


def test_a_file_goes_where_its_dossier_goes_and_nowhere_else(commune: Commune, pc: Pc) -> None:
    other, stranger = commune.add("20257"), commune.add("20209")
    dossier, sent = pc.receive(competent="20257"), scan(40 * KIB)
    (file,) = add(pc, dossier, sent)
    assert pc.sync().is_done and pc.files().sent == 1
    assert other.sync().is_done and stranger.sync().is_done
    want(other.db, file)
    assert other.files().fetched == 1 and content_of(other, dossier, file) == sent.content
    want(stranger.db, file)
    assert stranger.files().fetched == 0
    (back,) = add(other, dossier, scan(20 * KIB, seed=2))
    assert other.sync().is_done and other.files().sent == 1 and pc.sync().is_done
    want(pc.db, back)
    assert pc.files().fetched == 1
