"""Keeps a distance between calls to one site, over all workers."""

import random
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from redis import Redis

JITTER = 1 / 3
_TICK_S = 0.5


class Pacer:
    """Lets one download begin at a time.

    Args:
        redis: Where all workers meet.
        interval_s: Average time between two downloads from one site; 0 for none.
    """

    def __init__(self, redis: Redis, interval_s: float) -> None:
        self._redis = redis
        self._interval_s = interval_s

    def wait(self, url: str, tick: Callable[[], None]) -> None:
        """Return when a download from a site may begin.

        Args:
            url: The video's address, which names the site.
            tick: Called at least every half second meanwhile; what it raises ends the wait.
        """
        key = f"downloader:pace:{urlsplit(url).hostname}"
        while self._interval_s and not self._redis.set(key, "1", nx=True, px=self._draw_ms()):
            tick()
            time.sleep(min(_TICK_S, max(self._redis.pttl(key), 1) / 1000))

    def _draw_ms(self) -> int:
        factor = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - nobody is to guess it
        return max(1, round(1000 * self._interval_s * factor))
