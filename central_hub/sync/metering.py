"""How far the reading of parcels has come, in bytes, told after each message: a stick often carries one large parcel."""

from collections.abc import Callable

from sync_protocol.parcel import Source

Progress = Callable[[int, int], None]
"""(done, total) in bytes."""


class Meter:
    """What was read of so many bytes; `say` tells it, `settle` counts a whole file, however much of it could be read."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total, self._progress = total, progress
        self._settled = self._read = self._said = 0

    def through(self, source: Source) -> Source:
        """The same source, counted."""
        return _Metered(source, self)

    def count(self, size: int) -> None:
        """So much more was read of the file at hand."""
        self._read += size

    def say(self) -> None:
        """Tell how far it is, where that is further than was told."""
        done = min(self._settled + self._read, self._total)
        if self._progress is not None and done > self._said:
            self._said = done
            self._progress(done, self._total)

    def settle(self, size: int) -> None:
        """The file at hand, of this size, is done with."""
        self._settled, self._read = self._settled + size, 0
        self.say()


class _Metered:
    def __init__(self, source: Source, meter: Meter) -> None:
        self._source, self._meter = source, meter

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self._meter.count(len(data))
        return data
