"""How often to come back while the API is away."""

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

__all__ = ["Patience"]

_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0
_PASSING: Final = (UnreachableError, ServerError, TooManyRequestsError)


class Patience:
    """Waits out what passes by waiting, for a while.

    Args:
        limit_s: How long the API may be away, in seconds.
        clock: Tells the time, in seconds.
        sleep: Waits for some seconds.
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
        self.restore()

    def restore(self) -> None:
        """Begin anew: the API has answered."""
        self._tries = count()
        self._away_since_s: float | None = None

    def bear(self, error: YTCaptionError) -> None:
        """Pause before the next try, longer each time, or as long as the API has asked for.

        Raises:
            YTCaptionError: The same, where it does not pass by waiting, or not in time.
        """
        now_s = self._clock()
        self._away_since_s = now_s if self._away_since_s is None else self._away_since_s
        left_s = self._away_since_s + self._limit_s - now_s
        if left_s <= 0 or not isinstance(error, _PASSING):
            raise error
        asked_s = error.problem.retry_after_s if isinstance(error, ApiError) else None
        pause_s = asked_s or min(_FIRST_PAUSE_S * 2 ** next(self._tries), _LONGEST_PAUSE_S)
        self._sleep(min(pause_s, left_s))
