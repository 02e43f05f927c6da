"""A turn takes a stage from its claim to a result, and returns what follows."""

from typing import Any

import pytest

from orchestrator.domain.job import JobStatus, Transcript, WakeUp, milliseconds
from orchestrator.domain.pipeline import STAGES
from orchestrator.engine.turn import Next, Outcome, build_turn
from orchestrator.errors import (
    Failure,
    LeaseLostError,
    RemoteJobLostError,
    ServiceRejectedError,
    ServiceUnavailableError,
)
from orchestrator.microservice import RemoteJob, RemoteStatus
from tests.support.fake_worker import INSTANCE, JOB_ID, FakeWorker
from tests.support.jobs import NOW, make_request

DOWNLOAD, NORMALIZATION, TRANSCRIPTION = STAGES
RUNNING = RemoteJob("r1", RemoteStatus.RUNNING)
COMPLETED = RemoteJob("r1", RemoteStatus.COMPLETED)
TWIN = "b" * 16


def take(worker: FakeWorker, turn: str = "turn") -> Outcome:
    return build_turn(worker.resources(), worker.claim(turn), worker.stage).take()


def outcomes(worker: FakeWorker) -> set[tuple[str, ...]]:
    return {key[1:] for key in worker.counts.take() if key[0] == "ytcaption_turns_total"}


def test_a_stage_is_submitted_polled_and_followed_by_the_next_one() -> None:
    worker = FakeWorker()
    worker.client.answers = [RUNNING, None, COMPLETED]
    outcome = take(worker)
    assert outcome.next is Next.FOLLOWING_STAGE
    assert outcome.number > 0
    assert worker.job.stage == NORMALIZATION.name
    assert outcomes(worker) == {("download", "completed")}


def test_the_last_stage_completes_the_job() -> None:
    worker = FakeWorker(TRANSCRIPTION)
    worker.store.set(JOB_ID, normalization__job_id="n1")
    worker.client.answers = [COMPLETED]
    worker.client.transcript = Transcript("text", ())
    assert take(worker) == Outcome()
    assert worker.job.status is JobStatus.COMPLETED


def test_a_turn_that_is_over_hands_back_and_the_next_one_does_not_submit() -> None:
    worker = FakeWorker(turn_s=0.001)
    worker.client.answers = [RUNNING]
    assert take(worker, "first").next is Next.SAME_STAGE
    assert worker.job.stages["download"].etag == "etag"
    worker.client.answers = [COMPLETED]
    assert take(worker, "second").next is Next.FOLLOWING_STAGE
    assert len(worker.client.submissions) == 1


def test_a_turn_hands_back_when_the_worker_stops_or_messages_wait() -> None:
    worker = FakeWorker()
    worker.client.answers = [RUNNING, AssertionError("polled again")]
    resources = worker.resources()
    with resources.turns.track(JOB_ID, "turn"):
        resources.turns.request_yield(1)
        turn = build_turn(resources, worker.claim(), DOWNLOAD)
        assert turn.take().next is Next.SAME_STAGE
    worker.stop.set()
    worker.client.answers = [RUNNING, AssertionError("polled again")]
    assert take(worker, "next").next is Next.SAME_STAGE


def test_a_job_whose_deadline_has_passed_fails_before_it_is_submitted() -> None:
    worker = FakeWorker()
    worker.store.set(JOB_ID, deadline__stage=str(milliseconds(NOW) - 1))
    error = take(worker).error
    assert error is not None
    assert error.code == "deadline_exceeded"
    assert worker.client.submissions == []


def test_a_deadline_that_passes_while_the_remote_job_runs_fails_the_job() -> None:
    worker = FakeWorker(turn_s=5)
    worker.store.set(JOB_ID, deadline__stage=str(milliseconds(NOW) + 20))
    worker.client.answers = [RUNNING]
    error = take(worker).error
    assert error is not None
    assert error.code == "deadline_exceeded"


def test_a_service_whose_breaker_is_open_is_not_called() -> None:
    worker = FakeWorker()
    worker.store.breakers.record_failure(DOWNLOAD.service.name)
    assert take(worker) == Outcome()
    assert worker.client.submissions == []
    assert outcomes(worker) == {("download", "waiting")}


def test_a_poll_that_succeeds_closes_the_breaker() -> None:
    worker = FakeWorker(breaker_threshold=2)
    worker.store.set(JOB_ID, download__job_id="r1")
    worker.store.breakers.record_failure(DOWNLOAD.service.name)
    worker.client.answers = [COMPLETED]
    take(worker)
    assert worker.store.breakers.failures == {}


def test_a_service_that_does_not_hold_polls_open_is_polled_after_waits() -> None:
    worker = FakeWorker()
    worker.client.holds_polls = False
    worker.client.answers = [RUNNING, RUNNING, COMPLETED]
    take(worker)
    assert len(worker.stop.slept) == 3


def test_a_job_follows_the_one_that_submits_the_same_work_and_then_attaches() -> None:
    worker = FakeWorker()
    worker.store.add(TWIN, make_request(), {"download": "digest"})
    twin = worker.leases.claim(TWIN, DOWNLOAD, worker="worker", turn="twin")
    assert twin is not None
    assert take(worker, "first") == Outcome()
    assert worker.client.submissions == []
    worker.client.answers = [COMPLETED]
    outcome = build_turn(worker.resources(), twin, DOWNLOAD).take()
    (call,) = outcome.calls
    assert call == WakeUp(JOB_ID, "download", call.number)
    assert take(worker, "second").next is Next.FOLLOWING_STAGE
    assert len(worker.client.submissions) == 1


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (ServiceUnavailableError(DOWNLOAD.service.name, "down"), JobStatus.DOWNLOADING, "waiting"),
        (ServiceRejectedError(DOWNLOAD.service.name, "no"), JobStatus.FAILED, "failed"),
    ],
)
def test_the_class_of_an_error_decides_what_follows(
    error: Any, status: JobStatus, word: str
) -> None:
    worker = FakeWorker()
    worker.client.on_submit = error
    assert take(worker).error is (error if word == "failed" else None)
    assert worker.job.status is status
    assert outcomes(worker) == {("download", word)}
    assert bool(worker.store.breakers.failures) == (word == "waiting")


def test_a_remote_job_that_failed_for_good_fails_the_job() -> None:
    worker = FakeWorker()
    failure = Failure("It is private", "private_video", retryable=False)
    worker.client.answers = [RemoteJob("r1", RemoteStatus.FAILED, failure=failure)]
    assert str(take(worker).error) == "It is private"
    assert worker.job.error_code == "private_video"


def test_a_source_that_is_gone_sends_the_job_one_stage_back() -> None:
    worker = FakeWorker(NORMALIZATION)
    outcome = take(worker)
    (call,) = outcome.calls
    assert call == WakeUp(JOB_ID, DOWNLOAD.name, call.number)
    assert outcome.next is Next.NOTHING
    assert worker.job.stage == DOWNLOAD.name


def test_a_lost_remote_job_gets_another_attempt() -> None:
    worker = FakeWorker()
    worker.store.set(JOB_ID, download__job_id="r1", download__instance=INSTANCE)
    worker.client.answers = [RemoteJobLostError(DOWNLOAD.service.name, "r1")]
    assert take(worker) == Outcome()
    assert worker.job.stages["download"].attempt == 2


def test_an_owner_that_was_replaced_writes_nothing() -> None:
    worker = FakeWorker()
    turn = build_turn(worker.resources(), worker.claim("old"), DOWNLOAD)
    worker.claim("new")
    with pytest.raises(LeaseLostError):
        turn.take()
    assert worker.store.changes == []
