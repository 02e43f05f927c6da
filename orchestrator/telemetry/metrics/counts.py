"""What one process counts: plain numbers in memory, collected when somebody asks for them."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from orchestrator.telemetry.metrics.catalogue import Metric

__all__ = ["BOUND", "SUM", "Counts", "Key"]

Key = tuple[str, ...]
"""A figure's name and its labels; of a histogram with one of its parts behind them."""

BOUND: Final = "le="
SUM: Final = "sum"


class Counts:
    """Numbers that only grow, until they are taken; safe for all threads."""

    def __init__(self) -> None:
        self._values: defaultdict[Key, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Count something.

        Args:
            metric: A counter.
            labels: A value for each of its labels, in their order.
            amount: How much of it.
        """
        key = (metric.name, *labels)
        with self._lock:
            self._values[key] += amount

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Note one observation.

        Args:
            metric: A histogram.
            value: What was observed, in the figure's unit.
            labels: A value for each of its labels, in their order.
        """
        place = bisect_left(metric.buckets, value)
        bound = str(metric.buckets[place]) if place < len(metric.buckets) else "+Inf"
        name = (metric.name, *labels)
        with self._lock:
            self._values[*name, BOUND + bound] += 1
            self._values[*name, SUM] += value

    def take(self) -> dict[Key, float]:
        """Return what was counted since the last time, and begin anew."""
        with self._lock:
            taken, self._values = self._values, defaultdict(float)
        return dict(taken)

    def give_back(self, taken: Mapping[Key, float]) -> None:
        """Count what was taken once more, since it came to nothing."""
        with self._lock:
            for key, amount in taken.items():
                self._values[key] += amount
