"""The class of an error decides what follows."""

from dataclasses import replace

import pytest

from orchestrator.domain.job import CaptionsChoice, Job, JobOptions, JobStatus
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.transitions import Change, Due, End, Enter, Wake
from orchestrator.engine.retrying import decide
from orchestrator.errors import (
    BreakerOpenError,
    CaptionsUnusableError,
    DeadlineExceededError,
    Failure,
    OrchestratorError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    SourceGoneError,
    StageError,
    TurnInterruptedError,
)
from tests.support.jobs import make_job, make_request, make_settings, with_stage

DOWNLOAD, NORMALIZATION, _ = STAGES
SERVICE = "audio-normalization"
SETTINGS = make_settings(stage_max_attempts=3, retry_backoff_base_s=1.5, breaker_open_s=10)
LOST = RemoteJobLostError(SERVICE, "norm_1")
GONE = SourceGoneError("download", "x_audio")


def remote_failure(*, retryable: bool) -> RemoteJobFailedError:
    return RemoteJobFailedError(SERVICE, Failure("It failed", "internal", retryable=retryable))


def decided(error: OrchestratorError, job: Job | None = None) -> Change:
    return decide(error, job or make_job("normalization"), NORMALIZATION, SETTINGS)


def wait_of(change: Change) -> float:
    assert isinstance(change.move, Due)
    return change.move.in_s


def failures(stage: str, count: int) -> Job:
    return with_stage(make_job("normalization"), stage, failures=count, attempt=count + 1)


def test_a_worker_that_stops_hands_its_job_back_at_once() -> None:
    assert decided(TurnInterruptedError("Told to stop")).move == Wake()


def test_overload_parks_for_as_long_as_the_service_says() -> None:
    change = decided(ServiceOverloadedError(SERVICE, "full", 7.5))
    assert wait_of(change) == 7.5
    assert change.clocks_paused is True


def test_overload_costs_no_attempt() -> None:
    change = decided(ServiceOverloadedError(SERVICE, "full", 7.5), failures("normalization", 2))
    assert "normalization.attempt" not in change.values
    assert "normalization.failures" not in change.values


def test_an_open_breaker_parks_until_about_the_next_trial_and_pauses_deadlines() -> None:
    changes = [decided(BreakerOpenError(SERVICE, "left alone")) for _ in range(100)]
    waits = [wait_of(change) for change in changes]
    assert min(waits) >= 10
    assert 18 < max(waits) <= 20
    assert all(change.clocks_paused for change in changes)


@pytest.mark.parametrize(("parks", "longest_s"), [(0, 1.5), (1, 3.0), (4, 24.0), (9, 30.0)])
def test_a_transient_error_parks_with_backoff_and_does_not_pause_deadlines(
    parks: int, longest_s: float
) -> None:
    job = with_stage(make_job("normalization"), "normalization", parks=parks)
    change = decided(ServiceUnavailableError(SERVICE, "away", 502), job)
    assert longest_s / 2 <= wait_of(change) <= longest_s
    assert change.clocks_paused is False


def test_a_transient_error_never_fails_a_job_however_often_it_comes() -> None:
    job = with_stage(make_job("normalization"), "normalization", parks=10_000, failures=2)
    assert isinstance(decided(ServiceUnavailableError(SERVICE, "away"), job).move, Due)


@pytest.mark.parametrize("count", [0, 1])
def test_a_lost_remote_job_gets_another_attempt_at_once(count: int) -> None:
    change = decided(LOST, failures("normalization", count))
    assert wait_of(change) == 0
    assert change.values["normalization.attempt"] == count + 2


def test_a_remote_job_that_is_lost_too_often_fails_the_job() -> None:
    change = decided(LOST, failures("normalization", 2))
    assert change.move == End(JobStatus.FAILED)
    assert change.values["error_code"] == "remote_job_lost"


def test_a_remote_failure_that_is_retryable_gets_another_attempt_after_a_wait() -> None:
    change = decided(remote_failure(retryable=True), failures("normalization", 1))
    assert 1.5 <= wait_of(change) <= 3.0
    assert change.values["normalization.attempt"] == 3


def test_a_remote_failure_that_is_retryable_fails_the_job_in_the_end() -> None:
    change = decided(remote_failure(retryable=True), failures("normalization", 2))
    assert change.move == End(JobStatus.FAILED)


def test_a_remote_failure_that_is_not_retryable_fails_the_job_at_once() -> None:
    change = decided(remote_failure(retryable=False))
    assert change.move == End(JobStatus.FAILED)
    assert (change.values["error_message"], change.values["error_code"]) == (
        "It failed",
        "internal",
    )


def test_a_source_that_is_gone_sends_the_job_one_stage_back() -> None:
    change = decided(GONE)
    assert change.move == Enter(DOWNLOAD)
    assert change.values["download.attempt"] == 2


def test_a_source_that_is_gone_too_often_fails_the_job() -> None:
    assert decided(GONE, failures("download", 2)).move == End(JobStatus.FAILED)


def test_failures_of_a_stage_do_not_count_for_the_stage_before() -> None:
    assert decided(GONE, failures("normalization", 2)).move == Enter(DOWNLOAD)


@pytest.mark.parametrize(
    "error",
    [
        ServiceRejectedError(SERVICE, "not audio", 422, "not_audio"),
        DeadlineExceededError("JOB_TIMEOUT_MINUTES", 3600.0),
        StageError("It cannot go on"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_other_error_fails_the_job(error: OrchestratorError) -> None:
    change = decided(error)
    assert change.move == End(JobStatus.FAILED)
    assert (change.values["error_message"], change.values["error_code"]) == (
        str(error),
        error.code,
    )


def test_one_attempt_allows_no_second() -> None:
    settings = make_settings(stage_max_attempts=1)
    change = decide(LOST, make_job("normalization"), NORMALIZATION, settings)
    assert change.move == End(JobStatus.FAILED)


def preferring(**facts: object) -> Job:
    """Return a job whose download asks for captions."""
    options = JobOptions(captions=CaptionsChoice.PREFER)
    return with_stage(make_job(request=make_request(options=options)), "download", **facts)


@pytest.mark.parametrize("attempt", [1, 7])
def test_unusable_captions_never_fail_a_job(attempt: int) -> None:
    job = preferring(job_id="dl_1", attempt=attempt, failures=attempt - 1)
    change = decide(CaptionsUnusableError("gone"), job, DOWNLOAD, SETTINGS)
    assert change.values["lacks_captions"] == 1


def test_a_rejected_submission_is_repeated_without_asking_for_captions() -> None:
    refused = ServiceRejectedError(SERVICE, "captions: unknown", 422)
    assert "lacks_captions" in decide(refused, preferring(), DOWNLOAD, SETTINGS).values
    later = decide(refused, preferring(job_id="dl_1"), DOWNLOAD, SETTINGS)
    assert later.move == End(JobStatus.FAILED)
    declined = replace(preferring(), lacks_captions=True)
    assert decide(refused, declined, DOWNLOAD, SETTINGS).move == End(JobStatus.FAILED)


@pytest.mark.parametrize(("attempt", "longest_s"), [(1, 1.5), (4, 12.0), (20, 300.0)])
def test_a_stage_waits_for_a_model_that_cannot_be_loaded_now(
    attempt: int, longest_s: float
) -> None:
    failure = Failure("The model cannot be loaded", "model_unavailable", retryable=True)
    job = with_stage(make_job("normalization"), "normalization", attempt=attempt, failures=2)
    change = decided(RemoteJobFailedError(SERVICE, failure), job)
    assert longest_s / 2 <= wait_of(change) <= longest_s
    assert change.clocks_paused is True
    assert change.values["normalization.failures"] == 2


def test_a_model_that_is_not_installed_fails_the_job() -> None:
    failure = Failure("Not installed", "model_unavailable", retryable=False)
    change = decided(RemoteJobFailedError(SERVICE, failure))
    assert change.move == End(JobStatus.FAILED)
    assert change.values["error_code"] == "model_unavailable"


@pytest.mark.parametrize("code", ["incomplete_download", "a_code_of_next_year", "internal"])
def test_any_code_that_is_retryable_gets_another_attempt(code: str) -> None:
    failure = Failure("The source ended early", code, retryable=True)
    change = decided(RemoteJobFailedError(SERVICE, failure))
    assert change.values["normalization.attempt"] == 2
    last = decided(RemoteJobFailedError(SERVICE, failure), failures("normalization", 2))
    assert (last.values["error_code"], last.values["error_retryable"]) == (code, 1)
