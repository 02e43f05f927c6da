"""A monotonic clock controlled by tests."""

__all__ = ["Monotonic"]


class Monotonic:
    """A clock that changes only when it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds
