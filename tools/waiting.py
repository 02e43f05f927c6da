"""Waiting for a condition, with a timeout and a name for the error."""

import time
from collections.abc import Callable

_PAUSE_S = 0.02


def wait_until(condition: Callable[[], object], *, timeout_s: float, what: str) -> None:
    """Return as soon as ``condition()`` is true.

    Args:
        condition: Called about fifty times a second.
        timeout_s: Seconds before the error.
        what: Names the condition in the error, e.g. ``"Redis on port 6379"``.

    Raises:
        TimeoutError: The condition was still false after ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(_PAUSE_S)
