"""A stack of free things, and a line of those who wait for one: first come, first served."""

import threading
from collections import deque
from queue import Empty, Full
from typing import Any

__all__ = ["FairStack"]


class _Place:
    """One who waits, and what it was given."""

    def __init__(self) -> None:
        self.is_served = threading.Event()
        self.thing: Any = None


class FairStack:
    """Stands in for ``queue.LifoQueue``, which lets whoever runs overtake those who wait.

    Under load some wait for ever there: a thing that is put back is taken again before the one
    whom it wakes gets to run. Here it is handed over.

    Args:
        maxsize: How many things there are.
    """

    def __init__(self, maxsize: int) -> None:
        self.queue: list[Any] = []
        self._maxsize = maxsize
        self._line: deque[_Place] = deque()
        self._lock = threading.Lock()

    def put_nowait(self, thing: Any) -> None:
        """Give a thing back, to the first in line where there is one.

        Raises:
            Full: More come back than there are.
        """
        with self._lock:
            if self._line:
                place = self._line.popleft()
                place.thing = thing
                place.is_served.set()
            elif len(self.queue) >= self._maxsize:
                raise Full
            else:
                self.queue.append(thing)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002 - the signature of queue.Queue
        """Return the thing that was put back last, or wait for one.

        Raises:
            Empty: There was none in time.
        """
        with self._lock:
            if self.queue:
                return self.queue.pop()
            if not block:
                raise Empty
            place = _Place()
            self._line.append(place)
        place.is_served.wait(timeout)
        with self._lock:
            if place.is_served.is_set():
                return place.thing
            self._line.remove(place)
        raise Empty
