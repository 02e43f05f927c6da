"""The decision what follows an error of a stage: by the error's class, never by its text."""

import random
from typing import Final

from orchestrator.domain.job import Job, StageStatus
from orchestrator.domain.pipeline import STAGES, Stage, asks_for_captions
from orchestrator.domain.transitions import (
    Change,
    awaiting_model,
    failed,
    handed_back,
    parked,
    sent_back,
    started_over,
    without_captions,
)
from orchestrator.errors import (
    BreakerOpenError,
    CaptionsUnusableError,
    OrchestratorError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    SourceGoneError,
    TurnInterruptedError,
)
from orchestrator.microservice import park_s
from orchestrator.settings import Settings

__all__ = ["decide"]

_MODEL_UNAVAILABLE: Final = "model_unavailable"
_LONGEST_MODEL_WAIT_S: Final = 300.0  # each attempt sends the audio again


def decide(error: OrchestratorError, job: Job, stage: Stage, settings: Settings) -> Change:
    """Return the change that follows an error.

    ======================  ====================================================================
    worker is stopping      hand back at once
    overload                park for as long as the service says; deadlines are paused
    breaker open            park until about the next trial; deadlines are paused
    transient               park with exponential backoff; deadlines are not paused
    remote job lost         another attempt, up to `STAGE_MAX_ATTEMPTS`
    remote job failed       the same, if the service reports the failure as `retryable`
    model unavailable       another attempt that does not count; deadlines are paused
    source gone             repeat the stage before, up to `STAGE_MAX_ATTEMPTS`
    captions unusable       repeat the stage without captions; the same if the service rejected
                            a submission that asked for captions, which it may not support
    everything else         fail the job
    ======================  ====================================================================
    """
    if _concerns_captions(error, job, stage):
        return without_captions(job, stage, error)
    return _decide_by_class(error, job, stage, settings)


def _concerns_captions(error: OrchestratorError, job: Job, stage: Stage) -> bool:
    match error:
        case CaptionsUnusableError():
            return True
        case ServiceRejectedError() if asks_for_captions(stage, job):
            return job.stages[stage.name].job_id is None
    return False


def _decide_by_class(
    error: OrchestratorError, job: Job, stage: Stage, settings: Settings
) -> Change:
    match error:
        case TurnInterruptedError():
            return handed_back()
        case ServiceOverloadedError() | ServiceUnavailableError():
            return _park(error, job, stage, settings)
        case SourceGoneError():
            source = STAGES[STAGES.index(stage) - 1]
            is_skipped = job.stages[source.name].status is StageStatus.SKIPPED
            if not is_skipped and _has_attempts(job, source, settings):
                return sent_back(job, stage, source, error)
        case RemoteJobLostError() if _has_attempts(job, stage, settings):
            return started_over(job, stage, error, in_s=0)
        case RemoteJobFailedError() if error.failure.retryable:
            return _retry_remote_job(error, job, stage, settings)
    return failed(job, stage, error)


def _retry_remote_job(
    error: RemoteJobFailedError, job: Job, stage: Stage, settings: Settings
) -> Change:
    """Start another attempt, if the stage has attempts left or waits for a model."""
    record = job.stages[stage.name]
    if error.code == _MODEL_UNAVAILABLE:
        wait_s = park_s(record.attempt - 1, settings, longest_s=_LONGEST_MODEL_WAIT_S)
        return awaiting_model(job, stage, error, in_s=wait_s)
    if _has_attempts(job, stage, settings):
        return started_over(job, stage, error, in_s=park_s(record.failures, settings))
    return failed(job, stage, error)


def _park(error: OrchestratorError, job: Job, stage: Stage, settings: Settings) -> Change:
    """Park the job; deadlines are paused if the service was not called or asked to wait."""
    match error:
        case ServiceOverloadedError():
            wait_s, is_paused = error.retry_after_s, True
        case BreakerOpenError():
            # Spread over one interval between trials, so that not all jobs return at once.
            spread = 1 + random.random()  # noqa: S311
            wait_s, is_paused = settings.breaker_open_s * spread, True
        case _:
            wait_s, is_paused = park_s(job.stages[stage.name].parks, settings), False
    return parked(job, stage, error, in_s=wait_s, clocks_paused=is_paused)


def _has_attempts(job: Job, stage: Stage, settings: Settings) -> bool:
    return job.stages[stage.name].failures + 1 < settings.stage_max_attempts
