"""Rates as operators write them, e.g. ``100 per minute; 1000 per day``, and their counts."""

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

__all__ = ["RateCounter", "Window", "read_rates"]

_NONE: Final = "none"


@dataclass(frozen=True)
class Window:
    """The current window of one rate for one caller."""

    policy: str
    rate: RateLimitItem
    remaining: int
    """Requests left; 0 also where this one was refused."""
    left_s: int
    """Whole seconds until the window has ended: at least 1."""
    is_refused: bool = False


class RateCounter:
    """Counts requests in Redis, in fixed windows that start with their first request.

    Counting takes one round trip. When a window ends is read from Redis once by each process, and
    remembered, because it does not change.

    Args:
        connection: The connection to Redis; its pool is shared.
        most_windows: For how many windows to remember the end; 10,000 take a few megabytes.
    """

    def __init__(self, connection: Connection, *, most_windows: int = 10_000) -> None:
        pool = connection.client.connection_pool
        self._connection = connection
        self._storage = RedisStorage("redis://", connection_pool=pool, key_prefix=keys.LIMITS)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._most_windows = most_windows
        self._ends: dict[str, float] = {}  # by key, on the clock of time.monotonic

    def hit(self, policy: str, rate: RateLimitItem, caller: str) -> Window:
        """Count a request and return the caller's window.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        key = rate.key_for(policy, caller)
        with self._connection.commands():
            # As FixedWindowRateLimiter.hit does, which does not return the count.
            count = self._storage.incr(key, rate.get_expiry())
        ends_at = self._ends.get(key, 0.0)
        if ends_at <= time.monotonic():
            ends_at = time.monotonic() + self.look(policy, rate, caller).left_s
            self._remember(key, ends_at)
        left_s = max(1, ceil(ends_at - time.monotonic()))
        remaining = rate.amount - count
        return Window(policy, rate, max(0, remaining), left_s, is_refused=remaining < 0)

    def look(self, policy: str, rate: RateLimitItem, caller: str) -> Window:
        """Return the caller's window without counting a request.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        with self._connection.commands():
            stats = self._limiter.get_window_stats(rate, policy, caller)
        # Redis rounds to whole seconds: add one, or a client might come back too early.
        left_s = min(ceil(stats.reset_time - time.time()) + 1, rate.get_expiry())
        return Window(policy, rate, stats.remaining, max(1, left_s))

    def has_counted(self, policy: str, rate: RateLimitItem, caller: str) -> bool:
        """Whether this process has counted a request in the caller's current window."""
        return self._ends.get(rate.key_for(policy, caller), 0.0) > time.monotonic()

    def _remember(self, key: str, ends_at: float) -> None:
        self._ends.pop(key, None)
        if len(self._ends) >= self._most_windows:
            del self._ends[next(iter(self._ends))]  # the oldest
        self._ends[key] = ends_at


def read_rates(variable: str, text: str) -> list[RateLimitItem]:
    """Return the rates that a setting names, each of which holds; none for ``none``.

    Raises:
        SettingsError: It cannot be read.
    """
    if text.strip().lower() == _NONE:
        return []
    try:
        return parse_many(text)
    except ValueError as error:
        raise SettingsError(f"{variable}: {text!r} is not a limit, e.g. 100 per minute") from error
