"""A job through all three stages, over real processes."""

import re
from pathlib import Path

import pytest

from tests.support.fake_service import JobForm, Role, expected_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until

FORMS = {
    "as_ours": JobForm(),
    "job_id_and_state": JobForm(identity="job_id", state="state"),
    "upper_case": JobForm(is_upper_case=True),
    "success": JobForm(done="success", running="downloading"),
    "done_with_fractions": JobForm(done="done", progress="fraction"),
    "finished_without_progress": JobForm(done="finished", progress="absent"),
    "garbage_progress": JobForm(progress="garbage", is_extended=False),
}


def submissions(orchestrator: Orchestrator, role: Role, job_id: str) -> int:
    found = orchestrator.services[role].ledger().submissions
    return sum((one.idempotency_key or "").startswith(job_id) for one in found)


def polls(orchestrator: Orchestrator, job_id: str) -> list[int]:
    """Return how often each service was polled for the job."""
    ledgers = [orchestrator.services[role].ledger().submissions for role in Role]
    return [
        sum(one.polls for one in ledger if (one.idempotency_key or "").startswith(job_id))
        for ledger in ledgers
    ]


def test_a_job_ends_with_the_text_of_its_video(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("plain")
    job = orchestrator.await_status(job_id, "completed", "failed")

    assert job["status"] == "completed"
    assert job["transcription_text"] == expected_text(orchestrator.video("plain"))
    assert [segment["duration"] for segment in job["transcription_segments"]] == [1.5] * 6
    assert job["overall_progress"] == 100.0
    assert all(stage["status"] == "completed" for stage in job["stages"].values())
    assert job["transcription_file"] == "transcription.srt"
    assert re.fullmatch(r"norm_\w+_normalized\.webm", job["audio_file"])


def test_every_stage_is_submitted_once(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("once")
    orchestrator.await_status(job_id, "completed")
    assert [submissions(orchestrator, role, job_id) for role in Role] == [1, 1, 1]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_job_object_is_understood(orchestrator: Orchestrator, form: JobForm) -> None:
    for service in orchestrator.services.values():
        service.control(job_form=form)
    video = f"form-{form.model_dump_json().encode().hex()[:80]}"
    job = orchestrator.await_status(orchestrator.submit(video), "completed", "failed")
    assert job["transcription_text"] == expected_text(orchestrator.video(video))


def test_services_that_do_not_hold_polls_open_are_polled(orchestrator: Orchestrator) -> None:
    for service in orchestrator.services.values():
        service.control(honours_wait=False, honours_idempotency=False)
    job_id = orchestrator.submit("polled")
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(orchestrator.video("polled"))


def test_a_stage_that_outlasts_its_turn_continues_in_another(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.DOWNLOADER].control(stage_s=5)
    job_id = orchestrator.submit("long")
    orchestrator.await_status(job_id, "completed")
    with orchestrator.redis() as client:
        turns = int(client.hget(f"orchestrator:job:{job_id}", "lease.number") or 0)
    assert turns >= 4, "one more than the stages: the download took two turns"
    assert submissions(orchestrator, Role.DOWNLOADER, job_id) == 1


def test_options_reach_the_services(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit(
        "options", language="pt", language_out="en", remove_noise=False, apply_highpass_filter=True
    )
    job = orchestrator.await_status(job_id, "completed")
    text = expected_text(orchestrator.video("options"), language="pt", language_out="en")
    assert job["transcription_text"] == text
    (sent,) = [
        one
        for one in orchestrator.services[Role.NORMALIZER].ledger().submissions
        if (one.idempotency_key or "").startswith(job_id)
    ]
    assert sent.fields == {
        "remove_noise": "false",
        "convert_to_mono": "true",
        "apply_highpass_filter": "true",
        "set_sample_rate_16k": "true",
        "isolate_vocals": "false",
        "language": "pt",
    }


def test_the_log_has_the_documented_lines(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("logged")
    job = orchestrator.await_status(job_id, "completed")
    log = Path(orchestrator.environment["LOG_DIR"], "orchestrator.log").read_text()

    time, suffix = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", rf" \[job_id={job_id} stage="
    remote_id = job["stages"]["download"]["job_id"]
    for message in (
        f"Starting pipeline for job {job_id}",
        f"Video job submitted: {remote_id}",
        f"Transcription text retrieved: {len(job['transcription_text'])} chars",
    ):
        start = rf"^{time} - modules\.orchestrator - INFO - "
        line = rf"{start}{re.escape(message)}{suffix}\w+ attempt=1 request_id=\w+\]$"
        assert re.search(line, log, re.MULTILINE), message


def test_a_status_is_read_without_the_text(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("apart")
    job = orchestrator.await_status(job_id, "completed")
    with orchestrator.redis() as client:
        fields = client.hgetall(f"orchestrator:job:{job_id}")
        transcript = client.hgetall(f"orchestrator:job:{job_id}:result")
    assert job["transcription_text"] not in fields.values()
    assert transcript["text"] == job["transcription_text"]


@pytest.mark.parametrize(
    ("is_tagged", "stage_s", "expected"),
    [(True, 0.5, [1, 1, 1]), (False, 0.5, [1, 1, 1]), (True, 0.0, [0, 0, 0])],
    ids=["running", "without an ETag", "done already"],
)
def test_the_response_to_a_submission_with_an_etag_is_the_first_poll(
    orchestrator: Orchestrator, *, is_tagged: bool, stage_s: float, expected: list[int]
) -> None:
    for service in orchestrator.services.values():
        service.control(stage_s=stage_s, progress_step=100, tags_submissions=is_tagged)
    job_id = orchestrator.submit(f"tagged-{is_tagged}-{stage_s}")
    job = orchestrator.await_status(job_id, "completed", "failed")
    assert (job["status"], polls(orchestrator, job_id)) == ("completed", expected)


def test_deadlines_are_paused_once_the_service_queues_a_submission(
    orchestrator: Orchestrator,
) -> None:
    orchestrator.services[Role.DOWNLOADER].control(queued_s=1.5, progress_step=100)
    job_id = orchestrator.submit("queued-there")

    def state() -> list[str | None]:
        with orchestrator.redis() as client:
            key = f"orchestrator:job:{job_id}"
            return list(client.hmget(key, "download.job_id", "paused_at"))

    wait_until(lambda: state()[0], timeout_s=10, what="the submission")
    assert state()[1], "the clocks run"
    wait_until(lambda: not state()[1], timeout_s=10, what="the clocks to go on")
    orchestrator.await_status(job_id, "completed")
    assert polls(orchestrator, job_id)[0] == 2
