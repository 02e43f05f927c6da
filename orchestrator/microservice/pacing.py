"""Waits between polls, and before a parked job is tried again."""

import math
import random
from collections.abc import Iterator
from itertools import islice

import backoff

from orchestrator.settings import Settings

__all__ = ["expected_wait_s", "park_s", "poll_waits"]

_FIRST_POLL_S = 1.0  # notices short jobs soon, and wastes few polls on long ones
_MIN_EXPECTED_S = 0.25  # the interval once a job is late
_MAX_EXPECTED_INTERVALS = 1.5  # poll intervals: polls long before the expected end are wasted
_MIN_PROGRESS = 5.0  # points; less predicts the end badly
_MAX_PARK_S = 30.0  # a service that recovers is noticed within half a minute
_MAX_PARKS = 10  # 2^10 times the first wait exceeds every bound


def _growing(*, factor_s: float, longest_s: float) -> Iterator[float]:
    """Yield `factor_s` × 2^n, up to `longest_s`."""
    waits = backoff.expo(factor=factor_s, max_value=longest_s)
    next(waits)  # the generator's first value only starts it
    yield from waits


def poll_waits(settings: Settings) -> Iterator[float]:
    """Yield the waits between polls of a service that does not hold them open, in seconds.

    The bound grows exponentially up to `POLL_INTERVAL`. Each wait is drawn from half the bound to
    the bound: shorter waits would waste polls.
    """
    first_s = min(_FIRST_POLL_S, settings.poll_interval)
    for longest_s in _growing(factor_s=first_s, longest_s=settings.poll_interval):
        yield _half_to_whole(longest_s)


def expected_wait_s(progress: float, elapsed_s: float, settings: Settings) -> float | None:
    """Return the wait before the next poll, if progress predicts the end; else ``None``.

    The remaining time is divided evenly, so that the last poll comes just after the expected end.

    Args:
        progress: The progress of the remote job, 0 to 100.
        elapsed_s: How long it has run, in seconds.
        settings: `POLL_INTERVAL`.
    """
    if progress < _MIN_PROGRESS:
        return None
    left_s = elapsed_s * (100.0 - progress) / progress
    polls = max(1, math.ceil(left_s / (settings.poll_interval * _MAX_EXPECTED_INTERVALS)))
    spread = random.uniform(1.0, 1.05)  # noqa: S311 - desynchronizes jobs, hides nothing
    return max(left_s / polls * spread, _MIN_EXPECTED_S)


def park_s(parks: int, settings: Settings, *, longest_s: float = _MAX_PARK_S) -> float:
    """Return how long to park a job whose service is unavailable, in seconds.

    Args:
        parks: How often in a row the job was parked before.
        settings: `RETRY_BACKOFF_BASE_SECONDS`.
        longest_s: The bound of the exponential backoff.
    """
    bounds = _growing(factor_s=settings.retry_backoff_base_s, longest_s=longest_s)
    return _half_to_whole(next(islice(bounds, min(parks, _MAX_PARKS), None)))


def _half_to_whole(longest_s: float) -> float:
    return float(longest_s + backoff.full_jitter(longest_s)) / 2
