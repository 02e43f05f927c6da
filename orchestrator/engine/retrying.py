"""What becomes of a stage after an error: its class decides, never its text."""

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
    """Return the change that an error brings about.

    ======================  ====================================================================
    the worker stops        handed back at once
    overload                parked as long as the service says; clocks stand still
    breaker open            parked until about the next trial; clocks stand still
    transient               parked with growing waits; clocks run on
    remote job lost         another attempt, up to `STAGE_MAX_ATTEMPTS`
    remote job failed       the same where the service says `retryable`
    model cannot be loaded  another attempt that does not count; clocks stand still
    artifact of before gone the stage before is done again, up to `STAGE_MAX_ATTEMPTS`
    captions of no use      the stage is done again without them, also where a service that does
                            not know the wish has refused the submission
    everything else         the job fails
    ======================  ====================================================================
    """
    if _is_about_captions(error, job, stage):
        return without_captions(job, stage, error)
    return _decide_by_class(error, job, stage, settings)


def _is_about_captions(error: OrchestratorError, job: Job, stage: Stage) -> bool:
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
            return _try_again(error, job, stage, settings)
    return failed(job, stage, error)


def _try_again(error: RemoteJobFailedError, job: Job, stage: Stage, settings: Settings) -> Change:
    """Give the stage another remote job, if it has attempts left or waits for a model."""
    record = job.stages[stage.name]
    if error.code == _MODEL_UNAVAILABLE:
        wait_s = park_s(record.attempt - 1, settings, longest_s=_LONGEST_MODEL_WAIT_S)
        return awaiting_model(job, stage, error, in_s=wait_s)
    if _has_attempts(job, stage, settings):
        return started_over(job, stage, error, in_s=park_s(record.failures, settings))
    return failed(job, stage, error)


def _park(error: OrchestratorError, job: Job, stage: Stage, settings: Settings) -> Change:
    """Put the job aside; who is told to wait, or not even asks, does not spend its time."""
    match error:
        case ServiceOverloadedError():
            wait_s, stands_still = error.retry_after_s, True
        case BreakerOpenError():
            # Spread over one trial's interval, so that all do not come back at once.
            spread = 1 + random.random()  # noqa: S311
            wait_s, stands_still = settings.breaker_open_s * spread, True
        case _:
            wait_s, stands_still = park_s(job.stages[stage.name].parks, settings), False
    return parked(job, stage, error, in_s=wait_s, clocks_paused=stands_still)


def _has_attempts(job: Job, stage: Stage, settings: Settings) -> bool:
    return job.stages[stage.name].failures + 1 < settings.stage_max_attempts
