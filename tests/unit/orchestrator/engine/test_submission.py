"""A remote job is submitted once per attempt, and its id is stored before it is polled."""

import logging

import pytest

from orchestrator.domain.pipeline import STAGES
from orchestrator.engine.turn import build_turn
from orchestrator.errors import ServiceOverloadedError, ServiceUnavailableError
from orchestrator.microservice import RemoteJob, RemoteStatus
from orchestrator.store.leases import Attach
from tests.support.fake_worker import INSTANCE, JOB_ID, SECOND_INSTANCE, FakeWorker
from tests.support.jobs import NOW, URL

DOWNLOAD, NORMALIZATION, _ = STAGES


def submit(worker: FakeWorker) -> None:
    build_turn(worker.resources(), worker.claim(), worker.stage).submission.submit()


def test_the_remote_job_is_stored_with_its_instance(caplog: pytest.LogCaptureFixture) -> None:
    worker = FakeWorker()
    with caplog.at_level(logging.INFO):
        submit(worker)
    key, instance, fields = worker.client.submissions[0]
    assert (key, instance, fields["url"]) == (f"{JOB_ID}:download:1", INSTANCE, URL)
    record = worker.job.stages["download"]
    assert (record.job_id, record.instance, record.submitted_at) == ("r1", INSTANCE, NOW)
    assert [one.getMessage() for one in caplog.records] == [
        f"Starting pipeline for job {JOB_ID}",
        "Video job submitted: r1",
    ]


def test_audio_is_sent_and_the_name_that_its_service_gave_is_stored() -> None:
    worker = FakeWorker(NORMALIZATION)
    worker.store.set(JOB_ID, download__job_id="d1")
    submit(worker)
    assert worker.client.received == b"audio"
    assert worker.job.stages["download"].filename == "sent-audio"


def test_a_submission_that_is_repeated_goes_to_the_same_instance_with_the_same_key() -> None:
    worker = FakeWorker(instances=2)
    worker.client.on_submit = ServiceOverloadedError("video-downloader", "full", 5)
    for _ in range(2):
        with pytest.raises(ServiceOverloadedError):
            submit(worker)
    first, second = worker.client.submissions
    assert first == second
    assert worker.job.stages["download"].instance == first[1]


def test_a_response_without_a_job_is_a_transient_error() -> None:
    worker = FakeWorker()
    worker.client.on_submit = None  # type: ignore[assignment]  # what no client should return
    with pytest.raises(ServiceUnavailableError, match="contains no job"):
        submit(worker)
    assert worker.job.stages["download"].job_id is None


def test_a_remote_job_of_another_job_is_attached_to() -> None:
    worker = FakeWorker()
    turn = build_turn(worker.resources(), worker.claim(), worker.stage)
    turn.submission.attach(Attach(SECOND_INSTANCE, "r9"))
    for record in (turn.held.record, worker.job.stages["download"]):
        assert (record.job_id, record.instance) == ("r9", SECOND_INSTANCE)
    assert worker.client.submissions == []


def test_a_queued_remote_job_pauses_the_deadlines_and_is_the_first_poll() -> None:
    worker = FakeWorker()
    worker.store.set(JOB_ID, download__parks="2")
    worker.client.on_submit = RemoteJob("r1", RemoteStatus.QUEUED)
    worker.client.submission_etag = "tag"
    turn = build_turn(worker.resources(), worker.claim(), worker.stage)
    turn.submission.submit()
    assert turn.deadlines.is_paused
    assert worker.job.paused_at == NOW
    assert turn.held.record.parks == worker.job.stages["download"].parks == 0
    assert turn.polling.poll().job == worker.client.on_submit


def test_a_success_closes_the_breaker() -> None:
    worker = FakeWorker(NORMALIZATION)
    worker.store.breakers.failures = {NORMALIZATION.service.name: 1, DOWNLOAD.service.name: 1}
    worker.store.breakers.end_interval()
    worker.store.set(JOB_ID, download__job_id="d1")
    worker.client.on_submit = RemoteJob("n1", RemoteStatus.QUEUED)
    submit(worker)
    assert worker.store.breakers.failures == {}
