"""Time: one true time that only the world advances, and clocks of machines that are wrong about it."""

START_MS = 1_795_401_000_000
"""08:30 on Monday 23/11/2026 in Việt Nam."""
SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS
DAY_MS = 24 * HOUR_MS
YEAR_MS = 365 * DAY_MS


class WorldTime:
    """What time it really is."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def pass_ms(self, ms: int) -> None:
        self.now_ms += max(0, ms)


class SimClock:
    """The wall clock of one machine: the true time and an error that somebody may change."""

    def __init__(self, time: WorldTime, *, error_ms: int = 0) -> None:
        self._time = time
        self.error_ms = error_ms

    def __call__(self) -> int:
        return self._time.now_ms + self.error_ms

    def seconds(self) -> float:
        """Seconds that never jump."""
        return self._time.now_ms / SECOND_MS

    def set_wrong_by(self, error_ms: int) -> None:
        self.error_ms = error_ms
