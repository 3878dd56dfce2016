"""What a world says when a promise does not hold."""


class Broken(AssertionError):
    """An invariant is broken: `name` is its short name, the same however the plan is shortened."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


def require(holds: bool, name: str, detail: object = "") -> None:
    """Raise Broken unless the invariant holds."""
    if not holds:
        raise Broken(name, str(detail))
