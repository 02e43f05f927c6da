"""How long to wait between polls, and before a parked job is tried again."""

import math
import random
from collections.abc import Iterator
from itertools import islice

import backoff

from orchestrator.settings import Settings

__all__ = ["foreseen_wait_s", "park_s", "poll_waits"]

_FIRST_POLL_S = 1.0  # short jobs are noticed quickly, and a poll is seldom wasted on longer ones
_SHORTEST_FORESEEN_S = 0.25  # an end that is due, but late, is looked for so often
_LONGEST_FORESEEN = 1.5  # poll intervals: where the end is known, polls before it tell little
_FIRST_PROGRESS = 5.0  # points; less says too little about the end
_LONGEST_PARK_S = 30.0  # a service that comes back is noticed within half a minute
_PARKS_THAT_GROW = 10  # 2^10 times the first wait is beyond every bound


def _growing(*, factor_s: float, longest_s: float) -> Iterator[float]:
    """Yield ``factor_s`` × 2^n, up to a bound."""
    waits = backoff.expo(factor=factor_s, max_value=longest_s)
    next(waits)  # the generator's first value only starts it
    yield from waits


def poll_waits(settings: Settings) -> Iterator[float]:
    """Yield the waits between polls of a service that does not hold them open, in seconds.

    Each is drawn from half up to the whole of its bound: with less, many polls would come to
    nothing.
    """
    first_s = min(_FIRST_POLL_S, settings.poll_interval)
    for longest_s in _growing(factor_s=first_s, longest_s=settings.poll_interval):
        yield _half_to_whole(longest_s)


def foreseen_wait_s(progress: float, elapsed_s: float, settings: Settings) -> float | None:
    """Return the wait before the next poll, where progress lets the end be foreseen.

    The time that is left is divided evenly, so that the last poll comes just after the end.

    Args:
        progress: How far the remote job is, 0 to 100.
        elapsed_s: Since when it has run, in seconds.
        settings: Give the poll interval.
    """
    if progress < _FIRST_PROGRESS:
        return None
    left_s = elapsed_s * (100.0 - progress) / progress
    polls = max(1, math.ceil(left_s / (settings.poll_interval * _LONGEST_FORESEEN)))
    spread = random.uniform(1.0, 1.05)  # noqa: S311 - keeps jobs apart, hides nothing
    return max(left_s / polls * spread, _SHORTEST_FORESEEN_S)


def park_s(parks: int, settings: Settings, *, longest_s: float = _LONGEST_PARK_S) -> float:
    """Return for how long a job is put aside when its service cannot be used, in seconds.

    Args:
        parks: How often in a row that has happened before.
        settings: Gives the first wait.
        longest_s: The bound of the growing waits.
    """
    bounds = _growing(factor_s=settings.retry_backoff_base_s, longest_s=longest_s)
    return _half_to_whole(next(islice(bounds, min(parks, _PARKS_THAT_GROW), None)))


def _half_to_whole(longest_s: float) -> float:
    return float(longest_s + backoff.full_jitter(longest_s)) / 2
