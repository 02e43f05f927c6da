"""Retries of calls, with the `backoff` library."""

from collections.abc import Callable
from typing import Any, TypeVar

import backoff

from orchestrator.errors import ServiceUnavailableError
from orchestrator.http.stopping import StopSignal
from orchestrator.settings import Settings
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Counts
from orchestrator.telemetry.metrics.catalogue import RETRIES

__all__ = ["Retries"]

Result = TypeVar("Result")


class Retries:
    """Repeats calls to one service after transient errors, with exponential backoff.

    Args:
        name: The service's name.
        settings: `HTTP_MAX_RETRIES` and `RETRY_BACKOFF_BASE_SECONDS`.
        stop: Ends waits.
        counts: Counts the retries.
    """

    def __init__(self, name: str, settings: Settings, stop: StopSignal, counts: Counts) -> None:
        self._name = name
        self._tries = settings.http_max_retries + 1
        self._base_s = settings.retry_backoff_base_s
        self._stop = stop
        self._counts = counts

    def run(self, call: Callable[[], Result]) -> Result:
        """Make a call, and repeat it while it fails with `ServiceUnavailableError`.

        Raises:
            OrchestratorError: The error of the last call.
            TurnInterruptedError: The worker is stopping.
        """
        wait = _Wait(self._stop)

        def record(details: Any) -> None:
            self._counts.add(RETRIES, self._name, "call")
            LOGGER.info(
                "Call to %s failed; retrying in %.1f s (attempt=%d of %d): %s",
                self._name,
                wait.seconds,
                details["tries"],
                self._tries,
                details["exception"],
            )

        retry = backoff.on_exception(
            backoff.expo,
            ServiceUnavailableError,
            max_tries=self._tries,
            jitter=wait.draw,
            on_backoff=[record, wait.sleep],
            logger=None,
            factor=self._base_s,
        )
        return retry(call)()


class _Wait:
    """A wait with full jitter that ends when the worker stops.

    backoff 2.2 always sleeps with `time.sleep`, which another thread cannot end. So its wait is
    0, and its `on_backoff` handler sleeps.
    """

    def __init__(self, stop: StopSignal) -> None:
        self.seconds = 0.0
        self._stop = stop

    def draw(self, longest_s: float) -> float:
        """Draw the wait; return the time that backoff itself has to sleep, which is 0."""
        self.seconds = backoff.full_jitter(longest_s)
        return 0.0

    def sleep(self, _details: Any) -> None:
        """Wait.

        Raises:
            TurnInterruptedError: The worker is stopping.
        """
        self._stop.sleep(self.seconds)
