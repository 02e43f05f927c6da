"""Periodic flush of a process's metrics to Redis, where any process can read them."""

import threading
from typing import Final

from orchestrator.errors import StoreError
from orchestrator.store.statistics import StatisticsStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Counts

__all__ = ["MetricsFlusher"]

_INTERVAL_S: Final = 2.0  # shorter than any scrape interval


class MetricsFlusher:
    """Adds the metrics of one process to sums in Redis.

    A process that is killed loses the metrics of the last two seconds.

    Args:
        counts: The process's metrics.
        sums: The store of the sums.
        key: The key of the sums: the API's or those of one worker host.
    """

    def __init__(self, counts: Counts, sums: StatisticsStore, key: str) -> None:
        self._counts = counts
        self._sums = sums
        self._key = key
        self._has_started = False
        self._lock = threading.Lock()

    def flush(self) -> None:
        """Add what was counted since the last flush.

        Raises:
            StoreError: Redis failed; the next flush includes these counts.
        """
        counted = self._counts.take()
        if not counted:
            return
        try:
            self._sums.add(self._key, counted)
        except StoreError:
            self._counts.restore(counted)
            raise

    def start(self) -> None:
        """Start a thread that flushes periodically. Idempotent."""
        if self._has_started:
            return
        with self._lock:
            if not self._has_started:
                self._has_started = True
                threading.Thread(target=self._run, name="metrics-flusher", daemon=True).start()

    def _run(self) -> None:
        stop = threading.Event()  # never set; its wait yields to gevent
        while not stop.wait(_INTERVAL_S):
            try:
                self.flush()
            except StoreError as error:
                LOGGER.debug("Could not flush metrics, will retry: %s", error)
