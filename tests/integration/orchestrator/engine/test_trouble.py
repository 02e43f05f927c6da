"""Failures of stages and services, and their effect on the job."""

import re
import time

from tests.support.fake_service import Down, Failure, JobForm, Role, expected_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until


def test_a_failed_remote_job_fails_the_job_with_stage_reason_and_code(
    orchestrator: Orchestrator,
) -> None:
    orchestrator.services[Role.DOWNLOADER].control(fail_next=1)
    job = orchestrator.await_status(orchestrator.submit("gone"), "failed", "completed")
    assert job["status"] == "failed"
    assert job["error_stage"] == "download"
    assert job["error_code"] == "video_unavailable"
    assert job["error_message"] == "This video is not available"
    assert job["stages"]["download"]["status"] == "failed"
    assert job["stages"]["normalization"]["status"] == "pending"
    assert job["transcription_text"] is None


def test_a_failure_without_a_code_still_has_one(orchestrator: Orchestrator) -> None:
    form = JobForm(error="error_message", is_extended=False)
    orchestrator.services[Role.NORMALIZER].control(fail_next=1, job_form=form)
    job = orchestrator.await_status(orchestrator.submit("codeless"), "failed", "completed")
    assert (job["error_stage"], job["error_code"]) == ("normalization", "remote_failure")
    assert job["error_message"] == "This video is not available"


def test_a_retryable_failure_gets_another_attempt(orchestrator: Orchestrator) -> None:
    flaky = Failure(code="rate_limited", message="Too many requests", is_retryable=True)
    orchestrator.services[Role.DOWNLOADER].control(fail_next=1, failure=flaky)
    job_id = orchestrator.submit("flaky")
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(orchestrator.video("flaky"))
    assert job["stages"]["download"]["attempt"] == 2
    assert "retrying" in orchestrator.events(job_id)


def test_attempts_are_bounded(orchestrator: Orchestrator) -> None:
    flaky = Failure(code="rate_limited", message="Too many requests", is_retryable=True)
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(fail_next=1000, failure=flaky)
    job = orchestrator.await_status(orchestrator.submit("hopeless"), "failed", "completed")
    downloader.control(fail_next=0)
    assert job["error_code"] == "rate_limited"
    assert job["stages"]["download"]["attempt"] == 3


def test_a_failed_job_is_retried_from_its_failed_stage(orchestrator: Orchestrator) -> None:
    transcriber = orchestrator.services[Role.TRANSCRIBER]
    transcriber.control(fail_next=1, failure=Failure(code="internal", message="It broke"))
    job_id = orchestrator.submit("second-chance")
    failed = orchestrator.await_status(job_id, "failed")

    assert orchestrator.post(f"/jobs/{job_id}/retry").status_code == 202
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(orchestrator.video("second-chance"))
    assert job["error_message"] is None
    for stage in ("download", "normalization"):
        assert job["stages"][stage]["job_id"] == failed["stages"][stage]["job_id"]


def test_a_retry_repeats_a_stage_whose_artifact_is_gone(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.NORMALIZER].control(fail_next=1)
    job_id = orchestrator.submit("vanished")
    failed = orchestrator.await_status(job_id, "failed")
    orchestrator.services[Role.DOWNLOADER].delete(failed["stages"]["download"]["job_id"])

    orchestrator.post(f"/jobs/{job_id}/retry")
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(orchestrator.video("vanished"))
    assert job["stages"]["download"]["attempt"] == 2
    assert "sent_back" in orchestrator.events(job_id)


def test_only_a_job_that_failed_or_was_cancelled_can_be_retried(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("fine")
    orchestrator.await_status(job_id, "completed")
    answer = orchestrator.post(f"/jobs/{job_id}/retry")
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_service_that_is_down_is_waited_for(orchestrator: Orchestrator) -> None:
    normalizer = orchestrator.services[Role.NORMALIZER]
    normalizer.control(down=Down.RESETTING)
    job_id = orchestrator.submit("patience")
    wait_until(
        lambda: "parked" in orchestrator.events(job_id), timeout_s=20, what="the job to be parked"
    )
    assert orchestrator.get(f"/jobs/{job_id}")["status"] == "normalizing"
    normalizer.control(down=Down.NO)
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(orchestrator.video("patience"))


def test_a_breaker_opens_and_closes_again(orchestrator: Orchestrator) -> None:
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(down=Down.UNAVAILABLE)
    job_ids = [orchestrator.submit(f"breaker-{number}") for number in range(6)]
    with orchestrator.redis() as client:
        key = "orchestrator:breaker:video-downloader"
        wait_until(lambda: client.hexists(key, "opened_at"), timeout_s=20, what="the breaker")
        health = orchestrator.get("/health")
        assert health["status"] == "degraded"
        assert health["breakers"]["video-downloader"] == "open"
        downloader.control(down=Down.NO)
        for job_id in job_ids:
            orchestrator.await_status(job_id, "completed")
        assert not client.exists(key)


def test_a_job_waits_for_the_retry_after_of_an_overloaded_service(
    orchestrator: Orchestrator,
) -> None:
    orchestrator.services[Role.NORMALIZER].control(queue=1, stage_s=1.0)
    job_ids = [orchestrator.submit(f"crowd-{number}") for number in range(4)]
    for job_id in job_ids:
        job = orchestrator.await_status(job_id, "completed", "failed", timeout_s=60)
        assert job["status"] == "completed"
        assert job["stages"]["normalization"]["attempt"] == 1
    orchestrator.services[Role.NORMALIZER].control(queue=0)


def test_a_cancelled_job_ends_at_once_and_so_does_its_remote_job(
    orchestrator: Orchestrator,
) -> None:
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(hold=True)
    job_id = orchestrator.submit("unwanted")
    orchestrator.await_status(job_id, "downloading")
    wait_until(
        lambda: orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["job_id"],
        timeout_s=10,
        what="the remote job",
    )

    began = time.monotonic()
    answer = orchestrator.post(f"/jobs/{job_id}/cancel").json()
    assert time.monotonic() - began < 1.0
    assert answer["status"] == "cancelled"
    assert answer["stages"]["download"]["status"] == "cancelled"
    remote_id = answer["stages"]["download"]["job_id"]
    wait_until(lambda: downloader.ledger().of(remote_id).deletes, timeout_s=20, what="the deletion")
    assert orchestrator.post(f"/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    assert orchestrator.get(f"/jobs/{job_id}")["status"] == "cancelled"


def test_a_finished_job_can_be_deleted_and_a_running_one_cannot(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.DOWNLOADER].control(hold=True)
    job_id = orchestrator.submit("kept")
    assert orchestrator.delete(f"/jobs/{job_id}").status_code == 409
    orchestrator.services[Role.DOWNLOADER].control(hold=False)
    orchestrator.await_status(job_id, "completed")
    assert orchestrator.delete(f"/jobs/{job_id}").status_code == 204
    assert orchestrator.delete(f"/jobs/{job_id}").status_code == 404
    with orchestrator.redis() as client:
        assert not list(client.scan_iter(f"*{job_id}*"))


def test_a_job_id_is_16_hexadecimal_characters(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("name")
    assert re.fullmatch(r"[0-9a-f]{16}", job_id)
    orchestrator.await_status(job_id, "completed")


def test_a_job_waits_for_the_service_that_has_its_audio(orchestrator: Orchestrator) -> None:
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(hold=True)
    job_id = orchestrator.submit("source-down")
    wait_until(
        lambda: orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["job_id"],
        timeout_s=10,
        what="the download to begin",
    )
    with orchestrator.redis() as client:
        breaker = "orchestrator:breaker:video-downloader"
        client.hset(breaker, mapping={"failures": 5, "opened_at": 1, "probe_at": 10**14})
        downloader.control(hold=False)
        try:
            wait_until(
                lambda: client.hexists(f"orchestrator:job:{job_id}", "paused_at"),
                timeout_s=20,
                what="the clocks to stand still",
            )
        finally:
            client.delete(breaker)
    assert orchestrator.await_status(job_id, "completed", "failed")["status"] == "completed"


def test_every_entry_of_a_history_names_its_attempt(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("numbered")
    orchestrator.await_status(job_id, "completed")
    entries = orchestrator.get(f"/jobs/{job_id}/events")["events"]
    assert {entry["attempt"] for entry in entries if "stage" in entry} == {1}
