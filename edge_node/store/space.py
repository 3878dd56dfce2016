"""Watches the disk: a reserve file that is given up when the disk is full, and what follows from it.

One fact decides: while the reserve file stands, the node writes; when it is gone, the node is read-only. A write that
failed for want of room was rolled back, so nothing is half done; giving up the reserve leaves room to read, sync what is
recorded and make a copy. The way back: free some room; the next look puts the reserve back and the node writes again
(lessons 47).
"""

import os
import shutil
from pathlib import Path
from typing import Final

from edge_node.store.connection import StorageFull

MIB: Final = 1024 * 1024


class Space:
    """The reserve of one data folder."""

    def __init__(self, reserve: Path, *, size_bytes: int) -> None:
        self._reserve = reserve
        self._size_bytes = size_bytes
        self._is_held = False

    @property
    def is_writable(self) -> bool:
        """Whether new records may be written; tries to restore the reserve when it is gone."""
        return not self._is_held and (self._reserve.exists() or self.refill())

    @property
    def is_held(self) -> bool:
        """Whether a new epoch has to be opened first, which a full disk did not allow."""
        return self._is_held

    def hold(self) -> None:
        """Stay read-only, whatever room there is, until `let_go`: a record written now would take a taken place."""
        self._is_held = True

    def let_go(self) -> None:
        """The new epoch is open."""
        self._is_held = False

    @property
    def free_bytes(self) -> int:
        return shutil.disk_usage(self._reserve.parent).free

    @property
    def lacking_bytes(self) -> int:
        """How much room is lacking until the reserve can be put back; 0 where there is enough."""
        return max(0, 2 * self._size_bytes - self.free_bytes)

    def release(self) -> None:
        """Give the reserve up: from now on the node is read-only."""
        self._reserve.unlink(missing_ok=True)

    def refill(self) -> bool:
        """Put the reserve back if as much room again stays free beside it."""
        if self._reserve.exists():
            return True
        if self.lacking_bytes:
            return False
        return self._write()

    def check(self) -> None:
        """Raise StorageFull while the node is read-only."""
        if not self.is_writable:
            raise StorageFull("the reserve is given up")

    def _write(self) -> bool:
        # Written block by block, not as a hole: only blocks that are really taken can be given back.
        unfinished = self._reserve.with_suffix(".part")
        block = bytes(MIB)
        try:
            with unfinished.open("wb") as file:
                for _ in range(-(-self._size_bytes // MIB)):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._reserve)
        except OSError:
            unfinished.unlink(missing_ok=True)
            return False
        return True
