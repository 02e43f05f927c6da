"""Counters and histograms of one process, in memory until they are taken."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from orchestrator.telemetry.metrics.catalogue import Metric

__all__ = ["BOUND", "SUM", "Counts", "Key"]

Key = tuple[str, ...]
"""A metric's name and labels, followed by the part of a histogram."""

BOUND: Final = "le="
SUM: Final = "sum"


class Counts:
    """Counts since the last ``take``; thread-safe."""

    def __init__(self) -> None:
        self._values: defaultdict[Key, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, metric: Metric, *labels: str, amount: float = 1) -> None:
        """Increase a counter.

        Args:
            metric: The counter.
            labels: The value of each label, in order.
            amount: The increment.
        """
        key = (metric.name, *labels)
        with self._lock:
            self._values[key] += amount

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Record an observation.

        Args:
            metric: The histogram.
            value: The observed value, in the metric's unit.
            labels: The value of each label, in order.
        """
        index = bisect_left(metric.buckets, value)
        bound = str(metric.buckets[index]) if index < len(metric.buckets) else "+Inf"
        name = (metric.name, *labels)
        with self._lock:
            self._values[*name, BOUND + bound] += 1
            self._values[*name, SUM] += value

    def take(self) -> dict[Key, float]:
        """Return the counts since the last call, and reset them."""
        with self._lock:
            taken, self._values = self._values, defaultdict(float)
        return dict(taken)

    def restore(self, taken: Mapping[Key, float]) -> None:
        """Add counts that were taken but could not be stored."""
        with self._lock:
            for key, amount in taken.items():
                self._values[key] += amount
