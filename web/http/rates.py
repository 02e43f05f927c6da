"""Rate limits such as ``100 per minute; 1000 per day``, and the request counts in Redis."""

import time
from dataclasses import dataclass
from math import ceil
from typing import Final

from limits import RateLimitItem, parse_many
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from orchestrator.errors import SettingsError
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["RateCounter", "Window", "parse_rates"]

_NONE: Final = "none"


@dataclass(frozen=True)
class Window:
    """A caller's current window of one rate limit."""

    policy: str
    rate: RateLimitItem
    remaining: int
    """Requests left in the window."""
    reset_s: int
    """Seconds until the window ends, rounded up; at least 1."""
    is_refused: bool = False


class RateCounter:
    """Counts requests in Redis, in fixed windows that start with the first request.

    Counting takes one round trip. Each process reads the end of a window once and caches it.

    Args:
        connection: The Redis connection, whose pool is shared.
        max_cached_windows: How many window ends to cache; 10,000 take a few megabytes.
    """

    def __init__(self, connection: Connection, *, max_cached_windows: int = 10_000) -> None:
        pool = connection.client.connection_pool
        self._connection = connection
        self._storage = RedisStorage("redis://", connection_pool=pool, key_prefix=keys.LIMITS)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._max_cached_windows = max_cached_windows
        self._ends: dict[str, float] = {}  # by key, on the clock of time.monotonic

    def hit(self, policy: str, rate: RateLimitItem, caller: str) -> Window:
        """Count a request and return the caller's window.

        Raises:
            StoreUnavailableError: Redis is unreachable.
        """
        key = rate.key_for(policy, caller)
        with self._connection.commands():
            # FixedWindowRateLimiter.hit does the same, but does not return the count.
            count = self._storage.incr(key, rate.get_expiry())
        ends_at = self._ends.get(key, 0.0)
        if ends_at <= time.monotonic():
            ends_at = time.monotonic() + self.peek(policy, rate, caller).reset_s
            self._cache_end(key, ends_at)
        reset_s = max(1, ceil(ends_at - time.monotonic()))
        remaining = rate.amount - count
        return Window(policy, rate, max(0, remaining), reset_s, is_refused=remaining < 0)

    def peek(self, policy: str, rate: RateLimitItem, caller: str) -> Window:
        """Return the caller's window without counting a request.

        Raises:
            StoreUnavailableError: Redis is unreachable.
        """
        with self._connection.commands():
            stats = self._limiter.get_window_stats(rate, policy, caller)
        # Redis rounds to whole seconds; one more keeps clients from retrying too early.
        reset_s = min(ceil(stats.reset_time - time.time()) + 1, rate.get_expiry())
        return Window(policy, rate, stats.remaining, max(1, reset_s))

    def has_counted(self, policy: str, rate: RateLimitItem, caller: str) -> bool:
        """Whether this process has counted a request in the caller's current window."""
        return self._ends.get(rate.key_for(policy, caller), 0.0) > time.monotonic()

    def _cache_end(self, key: str, ends_at: float) -> None:
        self._ends.pop(key, None)
        if len(self._ends) >= self._max_cached_windows:
            del self._ends[next(iter(self._ends))]  # the oldest
        self._ends[key] = ends_at


def parse_rates(variable: str, text: str) -> list[RateLimitItem]:
    """Return the rates of a setting, all of which apply; none for ``none``.

    Raises:
        SettingsError: The setting cannot be parsed.
    """
    if text.strip().lower() == _NONE:
        return []
    try:
        return parse_many(text)
    except ValueError as error:
        raise SettingsError(
            f"{variable} must be a rate such as `100 per minute`, or `none` (got {text!r})"
        ) from error
