"""Carries what a process has counted to the store, so that others can show it."""

import threading
from typing import Final

from orchestrator.errors import StoreError
from orchestrator.store.statistics import FigureStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Counts

__all__ = ["Bookkeeper"]

_INTERVAL_S: Final = 2.0  # below the interval of any scrape


class Bookkeeper:
    """Adds one process's counts to those of its place; what ends at once loses two seconds' worth.

    Args:
        counts: What the process counts.
        figures: Where the sums are.
        place: Whose sums they are.
    """

    def __init__(self, counts: Counts, figures: FigureStore, place: str) -> None:
        self._counts = counts
        self._figures = figures
        self._place = place
        self._has_started = False
        self._lock = threading.Lock()

    def carry(self) -> None:
        """Add what was counted since the last time.

        Raises:
            StoreError: Redis did not take it; it is carried with what comes next.
        """
        counted = self._counts.take()
        if not counted:
            return
        try:
            self._figures.add(self._place, counted)
        except StoreError:
            self._counts.give_back(counted)
            raise

    def keep_carrying(self) -> None:
        """Do so in a thread from now on; asking again changes nothing."""
        if self._has_started:
            return
        with self._lock:
            if not self._has_started:
                self._has_started = True
                threading.Thread(target=self._repeat, name="bookkeeper", daemon=True).start()

    def _repeat(self) -> None:
        pause = threading.Event()  # a wait that gevent knows
        while not pause.wait(_INTERVAL_S):
            try:
                self.carry()
            except StoreError as error:
                LOGGER.debug("Figures are carried later: %s", error)
