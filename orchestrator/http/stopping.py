"""The sign that a process is to stop, and what is to happen at once when it is given."""

import threading
from collections.abc import Callable

from orchestrator.errors import TurnInterruptedError

__all__ = ["StopSignal"]


class StopSignal:
    """Set once, seen by every thread; sleeping threads wake up at once."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._actions: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether the process is to stop."""
        return self._event.is_set()

    def on_set(self, action: Callable[[], None]) -> None:
        """Have something done when the sign is given, in the thread that gives it."""
        self._actions.append(action)

    def set(self) -> None:
        """Give the sign; giving it again does nothing new."""
        if not self._event.is_set():
            self._event.set()
            for action in self._actions:
                action()

    def sleep(self, seconds: float) -> None:
        """Sleep, unless the process is to stop.

        Raises:
            TurnInterruptedError: It is.
        """
        if self._event.wait(seconds):
            raise TurnInterruptedError("The worker was told to stop")

    def wait(self, seconds: float) -> bool:
        """Wait for the sign for some seconds; return whether it was given."""
        return self._event.wait(seconds)
