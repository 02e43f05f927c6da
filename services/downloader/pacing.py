"""Space out the downloads from one site, across all workers."""

import random
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from redis import Redis

JITTER = 1 / 3
_CHECK_INTERVAL_S = 0.5


class Pacer:
    """Limits how often downloads from one site start.

    Args:
        redis: The Redis that all workers share.
        interval_s: Average time between two downloads from one site; 0 for none.
    """

    def __init__(self, redis: Redis, interval_s: float) -> None:
        self._redis = redis
        self._interval_s = interval_s

    def wait(self, url: str, on_wait: Callable[[], None]) -> None:
        """Block until a download from a site may start.

        Args:
            url: The URL of the video.
            on_wait: Called at least every half second; its exceptions end the wait.
        """
        key = f"downloader:pace:{urlsplit(url).hostname}"
        while self._interval_s and not self._redis.set(key, "1", nx=True, px=self._draw_ms()):
            on_wait()
            time.sleep(min(_CHECK_INTERVAL_S, max(self._redis.pttl(key), 1) / 1000))

    def _draw_ms(self) -> int:
        factor = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret
        return max(1, round(1000 * self._interval_s * factor))
