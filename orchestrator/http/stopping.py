"""The stop signal of a process."""

import threading
from collections.abc import Callable

from orchestrator.errors import TurnInterruptedError

__all__ = ["StopSignal"]


class StopSignal:
    """Wakes sleeping threads and runs registered actions when the process stops; thread-safe."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._actions: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether the process is stopping."""
        return self._event.is_set()

    def on_set(self, action: Callable[[], None]) -> None:
        """Register an action that `set` calls."""
        self._actions.append(action)

    def set(self) -> None:
        """Send the signal and run the actions; repeated calls do nothing."""
        if not self._event.is_set():
            self._event.set()
            for action in self._actions:
                action()

    def sleep(self, seconds: float) -> None:
        """Sleep until the time is over or the process stops.

        Raises:
            TurnInterruptedError: The process is stopping.
        """
        if self._event.wait(seconds):
            raise TurnInterruptedError("The worker is stopping")

    def wait(self, seconds: float) -> bool:
        """Wait for the signal for at most `seconds`; return whether it was sent."""
        return self._event.wait(seconds)
