"""The files of parcels in a folder of this machine, usually a USB stick: reading them, and writing answers that last."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from central_hub.services import Services
from central_hub.sync.carried_files import AskedFiles, files_answers
from central_hub.sync.parcels import Asked, GivenFile, TakenParcel, WrittenAnswer, write_answer
from central_hub.sync.snapshots import Progress, WrittenSnapshot, write_snapshot
from sync_protocol.errors import RemoteFault
from sync_protocol.limits import PART_SIZE_BYTES_MAX
from sync_protocol.parcel import ANSWERS, FOLDER, SUFFIX, Label, Part, part_name
from sync_protocol.reasons import PARCEL_NONE, PARCEL_STICK
from sync_protocol.snapshot import SNAPSHOT

FILES_MAX: Final = 20_000


class _AnswerFile:
    """A file being written; what is closed is on the stick as far as the system can tell."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, data: bytes, /) -> object:
        return self._file.write(data)

    def close(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Let go of the file however far it came; nothing happens where it was closed."""
        self._file.close()


def parcel_folder(chosen: Path) -> Path:
    """The folder of parcels on a stick (or in the folder) that somebody chose."""
    return chosen if chosen.name.lower() == FOLDER else chosen / FOLDER


def files_on(chosen: Path) -> list[GivenFile]:
    """Every file that may be a part; raises RemoteFault (PARCEL_STICK, PARCEL_NONE)."""
    with _stick_faults():
        folder = parcel_folder(chosen)
        paths = sorted(folder.glob(f"*{SUFFIX}"))[:FILES_MAX] if folder.is_dir() else []
        found = [_given(path) for path in paths if path.is_file()]
    if not found:
        raise RemoteFault(PARCEL_NONE, str(folder))
    return found


def answer_on(
    services: Services,
    chosen: Path,
    asked: Asked,
    *,
    part_bytes_max: int = PART_SIZE_BYTES_MAX,
    files: AskedFiles | None = None,
) -> WrittenAnswer:
    """Write the answer for one device beside its parcel, read it back, and drop older answers for that device."""
    with _written_on(services, chosen, ANSWERS, asked.device) as open_part:
        then = files_answers(services, asked.device, files) if files else ()
        return write_answer(services, asked, open_part, part_bytes_max=part_bytes_max, then=then)


def snapshot_on(
    services: Services,
    chosen: Path,
    device: str,
    *,
    part_bytes_max: int = PART_SIZE_BYTES_MAX,
    progress: Progress | None = None,
) -> WrittenSnapshot:
    """Write the snapshot for a new PC, read it back, and drop older ones for that PC."""
    with _written_on(services, chosen, SNAPSHOT, device) as open_part:
        return write_snapshot(services, device, open_part, part_bytes_max=part_bytes_max, progress=progress)


@contextmanager
def _written_on(
    services: Services, chosen: Path, content: str, device: str
) -> Iterator[Callable[[Label, int], _AnswerFile]]:
    """Where parts go; at the end they are read back, and older parcels of that content for the device are dropped."""
    folder = parcel_folder(chosen)
    paths: list[Path] = []

    with _stick_faults(), ExitStack() as opened:

        def open_part(label: Label, number: int) -> _AnswerFile:
            paths.append(folder / part_name(label, number))
            part = _AnswerFile(paths[-1])
            opened.callback(part.abandon)
            return part

        folder.mkdir(parents=True, exist_ok=True)
        before = [path for path in folder.glob(f"*{SUFFIX}") if _is_for(services, path, content, device)]
        yield open_part
        for path in paths:
            with path.open("rb") as file:
                Part(file).skim()
        for path in before:
            path.unlink(missing_ok=True)


def newest_asked(taken: list[TakenParcel]) -> list[Asked]:
    """One request a device, the one written last."""
    found = {parcel.asked.device: parcel.asked for parcel in taken if parcel.asked is not None}
    return list(found.values())


def _given(path: Path) -> GivenFile:
    return GivenFile(name=path.name, size_bytes=path.stat().st_size, reader=lambda: path.open("rb"))


def _is_for(services: Services, path: Path, content: str, device: str) -> bool:
    try:
        with path.open("rb") as file:
            label = Part(file).label
    except RemoteFault:
        return False
    is_ours = label.content == content and label.sender == services.keys.hub.public.id
    return is_ours and label.enclosed_for(device) is not None


@contextmanager
def _stick_faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RemoteFault(PARCEL_STICK, f"{type(error).__name__}: {error.strerror or error}") from error
