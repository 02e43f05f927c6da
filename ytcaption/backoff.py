"""Exponential backoff while the API is unavailable."""

import time
from collections.abc import Callable
from itertools import count
from typing import Final

from ytcaption.errors import (
    ApiError,
    ServerError,
    TooManyRequestsError,
    UnreachableError,
    YTCaptionError,
)

__all__ = ["Backoff"]

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0
_TRANSIENT: Final = (UnreachableError, ServerError, TooManyRequestsError)


class Backoff:
    """Waits between attempts after transient errors, up to a total time.

    Args:
        limit_s: How long the API may be unavailable, in seconds.
        clock: A monotonic clock, in seconds.
        sleep: Sleeps for a number of seconds.
    """

    def __init__(
        self,
        limit_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limit_s = limit_s
        self._clock = clock
        self._sleep = sleep
        self.reset()

    def reset(self) -> None:
        """Start again with the first pause, after a response of the API."""
        self._tries = count()
        self._away_since_s: float | None = None

    def wait(self, error: YTCaptionError) -> None:
        """Pause before the next attempt: twice as long each time, or ``Retry-After``.

        Raises:
            YTCaptionError: ``error`` itself, if it is permanent or the time limit has passed.
        """
        now_s = self._clock()
        self._away_since_s = now_s if self._away_since_s is None else self._away_since_s
        left_s = self._away_since_s + self._limit_s - now_s
        if left_s <= 0 or not isinstance(error, _TRANSIENT):
            raise error
        retry_after_s = error.problem.retry_after_s if isinstance(error, ApiError) else None
        pause_s = retry_after_s or min(_FIRST_PAUSE_S * 2 ** next(self._tries), _LONGEST_PAUSE_S)
        self._sleep(min(pause_s, left_s))
