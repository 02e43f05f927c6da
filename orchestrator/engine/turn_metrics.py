"""Metrics of one turn, counted in memory."""

import time
from collections.abc import Callable
from typing import Final

from orchestrator.domain.job import JobStatus
from orchestrator.domain.pipeline import Stage
from orchestrator.domain.transitions import Change, Due, End, Enter, Wake
from orchestrator.errors import (
    BreakerOpenError,
    OrchestratorError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceUnavailableError,
    SourceGoneError,
)
from orchestrator.store.leases import Claim
from orchestrator.telemetry.metrics import Counts
from orchestrator.telemetry.metrics.catalogue import RETRIES, STAGE_TIME, STAGE_WAIT, TURNS

__all__ = ["TurnMetrics", "name_class", "name_outcome"]

# The first match counts: BreakerOpenError is a ServiceUnavailableError, too.
_CLASSES: Final = (
    (BreakerOpenError, "breaker_open"),
    (ServiceOverloadedError, "overload"),
    (ServiceUnavailableError, "transient"),
    (RemoteJobLostError, "remote_job_lost"),
    (RemoteJobFailedError, "remote_job_failed"),
    (SourceGoneError, "source_gone"),
)


class TurnMetrics:
    """Counts one turn of a stage.

    Args:
        counts: The counters of this process.
        claim: The claim that started the turn.
        stage: The stage.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        counts: Counts,
        claim: Claim,
        stage: Stage,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counts = counts
        self._stage = stage
        self._monotonic = monotonic
        self._started = monotonic()
        started_at = claim.job.stages[stage.name].started_at
        self._age_s = (claim.now - started_at).total_seconds() if started_at else 0.0
        if claim.waited_s is not None:
            counts.observe(STAGE_WAIT, claim.waited_s, stage.name)

    def record_end(self, change: Change, error: OrchestratorError | None) -> None:
        """Count the outcome of the turn.

        Args:
            change: The last change of the turn.
            error: The error that caused it, if any.
        """
        outcome = name_outcome(change, error)
        self._counts.add(TURNS, self._stage.name, outcome)
        if outcome == "completed":
            took_s = self._age_s + self._monotonic() - self._started
            self._counts.observe(STAGE_TIME, took_s, self._stage.name)
        elif error is not None and isinstance(change.move, Due | Enter):
            self._counts.add(RETRIES, self._stage.service.name, name_class(error))


def name_outcome(change: Change, error: OrchestratorError | None) -> str:
    """Return the label for the outcome of a turn."""
    match change.move:
        case Wake():
            return "handed_back"
        case Enter() if error is None:
            return "completed"
        case End(status):
            return "completed" if status is JobStatus.COMPLETED else "failed"
        case Enter():
            return "sent_back"
        case _:
            return "waiting"


def name_class(error: OrchestratorError) -> str:
    """Return the label for the class of an error after which a stage is repeated."""
    return next((name for kind, name in _CLASSES if isinstance(error, kind)), "other")
