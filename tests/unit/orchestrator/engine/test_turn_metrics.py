"""Turns are counted by their outcome and the class of their error."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.transitions import (
    Change,
    completed,
    failed,
    handed_back,
    parked,
    sent_back,
    started_over,
)
from orchestrator.engine.turn_metrics import TurnMetrics, name_class
from orchestrator.errors import (
    BreakerOpenError,
    CaptionsUnusableError,
    OrchestratorError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceUnavailableError,
    SourceGoneError,
    TurnInterruptedError,
)
from orchestrator.errors.stages import Failure
from orchestrator.store.leases import BreakerState, Claim, Lease, Submit
from orchestrator.telemetry.metrics import Counts, Key
from tests.support.jobs import NOW, make_job, with_stage

DOWNLOAD, NORMALIZATION, TRANSCRIPTION = STAGES
LOST = RemoteJobLostError("s", "r1")
AWAY = ServiceUnavailableError("s", "it cannot be reached")
JOB = with_stage(make_job("normalization"), "normalization", started_at=NOW)


def claim_of(*, waited_s: float | None = None, age_s: float = 0.0) -> Claim:
    return Claim(
        lease=Lease(JOB.job_id, "w", "t", 1),
        job=JOB,
        now=NOW + timedelta(seconds=age_s),
        breaker=BreakerState(),
        is_source_open=False,
        sharing=Submit(),
        waited_s=waited_s,
    )


def count(change: Change, error: OrchestratorError | None = None) -> dict[Key, float]:
    """Return the metrics of a turn that took 2 s."""
    counts, clock = Counts(), iter([100.0, 102.0])
    turn = TurnMetrics(counts, claim_of(age_s=5.0), NORMALIZATION, monotonic=lambda: next(clock))
    turn.record_end(change, error)
    return counts.take()


def outcome(word: str) -> Key:
    return ("ytcaption_turns_total", "normalization", word)


def retried(word: str) -> Key:
    return ("ytcaption_retries_total", "audio-normalization", word)


def test_a_completed_stage_is_counted_with_its_time() -> None:
    counted = count(completed(JOB, NORMALIZATION, filename="a"))
    assert counted[outcome("completed")] == 1
    assert counted["ytcaption_stage_duration_seconds", "normalization", "sum"] == 7.0
    assert not [key for key in counted if key[0] == "ytcaption_retries_total"]


def test_the_last_stage_is_completed_too() -> None:
    counts = Counts()
    job = with_stage(make_job("transcription"), "transcription", started_at=NOW)
    claim = replace(claim_of(), job=job)
    TurnMetrics(counts, claim, TRANSCRIPTION).record_end(
        completed(job, TRANSCRIPTION, filename="a"), None
    )
    assert counts.take()["ytcaption_turns_total", "transcription", "completed"] == 1


@pytest.mark.parametrize(
    ("change", "error", "expected"),
    [
        (handed_back(), None, {outcome("handed_back"): 1}),
        (handed_back(), TurnInterruptedError("stop"), {outcome("handed_back"): 1}),
        (failed(JOB, NORMALIZATION, LOST), LOST, {outcome("failed"): 1}),
        (
            parked(JOB, NORMALIZATION, AWAY, in_s=1, clocks_paused=False),
            AWAY,
            {outcome("waiting"): 1, retried("transient"): 1},
        ),
        (
            started_over(JOB, NORMALIZATION, LOST, in_s=0),
            LOST,
            {outcome("waiting"): 1, retried("remote_job_lost"): 1},
        ),
        (
            sent_back(JOB, NORMALIZATION, DOWNLOAD, SourceGoneError("download", "r")),
            SourceGoneError("download", "r"),
            {outcome("sent_back"): 1, retried("source_gone"): 1},
        ),
        (
            parked(JOB, NORMALIZATION, AWAY, in_s=5, clocks_paused=False, follow="d"),
            None,
            {outcome("waiting"): 1},
        ),
    ],
)
def test_a_turn_is_counted_by_its_outcome(
    change: Change, error: OrchestratorError | None, expected: dict[Key, float]
) -> None:
    assert count(change, error) == expected


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (BreakerOpenError("s", "open"), "breaker_open"),
        (ServiceOverloadedError("s", "later", 1), "overload"),
        (AWAY, "transient"),
        (LOST, "remote_job_lost"),
        (RemoteJobFailedError("s", Failure("r", "made-up", retryable=True)), "remote_job_failed"),
        (SourceGoneError("download", "r"), "source_gone"),
        (CaptionsUnusableError("no"), "other"),
    ],
)
def test_the_class_of_an_error_decides_and_never_its_code(
    error: OrchestratorError, word: str
) -> None:
    assert name_class(error) == word


def test_the_wait_for_the_first_turn_is_observed_once() -> None:
    counts = Counts()
    TurnMetrics(counts, claim_of(waited_s=3.5), NORMALIZATION)
    TurnMetrics(counts, claim_of(waited_s=None), NORMALIZATION)
    counted = counts.take()
    assert counted == {
        ("ytcaption_stage_wait_seconds", "normalization", "le=5.0"): 1,
        ("ytcaption_stage_wait_seconds", "normalization", "sum"): 3.5,
    }
