"""Findings of the services about a recording are part of the job that clients read."""

from typing import Any

import requests

from tests.support.event_stream import read_stream
from tests.support.fake_service import Failure, Role
from tests.support.orchestrator import Orchestrator
from tests.support.receiver import Receiver
from tools.waiting import wait_until

TRUNCATED = {"code": "truncated_source", "detail": "The source ends early.", "start": 61.5}
CLIPPED = {"code": "clipped", "detail": "The recording is clipped."}
UNSURE = {"code": "low_confidence", "detail": "Hard to hear.", "start": 1.5, "end": 3.0}
TRACKS = [
    {
        "number": 1,
        "language": "por",
        "title": None,
        "codec": "aac",
        "channels": 2,
        "default": True,
        "chosen": True,
    }
]
QUALITY = {"speech_s": 9.0, "transcribed_s": 8.5, "mean_confidence": 0.91}
LANGUAGES = [{"code": "pt", "seconds": 6.0}, {"code": "en", "seconds": 3.0}]


def warn(orchestrator: Orchestrator) -> None:
    """Configure every service to report findings."""
    services = orchestrator.services
    services[Role.DOWNLOADER].control(warnings=[TRUNCATED])
    services[Role.NORMALIZER].control(warnings=[CLIPPED], findings={"audio_tracks": TRACKS})
    services[Role.TRANSCRIBER].control(
        warnings=[UNSURE], findings={"quality": QUALITY, "languages": LANGUAGES}
    )


def found(job: dict[str, Any]) -> list[Any]:
    return [job[name] for name in ("warnings", "quality", "languages", "audio_tracks")]


ALL = [[TRUNCATED, CLIPPED, UNSURE], QUALITY, LANGUAGES, TRACKS]


def test_a_job_shows_the_findings_of_all_services(orchestrator: Orchestrator) -> None:
    warn(orchestrator)
    job = orchestrator.await_status(orchestrator.submit("findings-found"), "completed")
    assert found(job) == ALL
    listed = orchestrator.get("/jobs?limit=1")["jobs"][0]
    assert (listed["job_id"], listed["warning_count"]) == (job["job_id"], 3)
    again = orchestrator.get(f"/jobs/{orchestrator.submit('findings-found')}")
    assert found(again) == ALL, "of work that was done before"


def test_a_transcript_as_json_has_marks_and_findings(orchestrator: Orchestrator) -> None:
    warn(orchestrator)
    job = orchestrator.await_status(
        orchestrator.submit("findings-marked", language="pt", language_out="en"), "completed"
    )
    document = orchestrator.get(f"/jobs/{job['job_id']}/transcript?format=json")
    assert [document["warnings"], document["quality"], document["languages"]] == ALL[:3]
    for segment in (*document["segments"], *job["transcription_segments"]):
        assert (segment["language"], segment["confidence"], segment["no_speech"]) == (
            "en",
            0.9,
            0.01,
        )


def test_the_events_of_a_job_have_its_warnings(orchestrator: Orchestrator) -> None:
    warn(orchestrator)
    job_id = orchestrator.submit("findings-told")
    followed = read_stream(orchestrator.address, job_id)
    for events in (followed, read_stream(orchestrator.address, job_id)):
        completed = [
            event.facts["warnings"] for event in events if event.facts.get("type") == "completed"
        ]
        assert completed == [[TRUNCATED], [CLIPPED], [UNSURE]]
        assert events[-1].facts["warnings"] == ALL[0]


def test_a_repeated_stage_replaces_its_warnings(orchestrator: Orchestrator) -> None:
    normalizer, transcriber = (orchestrator.services[role] for role in list(Role)[1:])
    warn(orchestrator)
    transcriber.control(fail_next=1, failure=Failure(code="internal").model_dump())
    job_id = orchestrator.submit("again-normalized")
    job = orchestrator.await_status(job_id, "failed")
    assert job["warnings"] == [TRUNCATED, CLIPPED]
    assert (job["error_code"], job["error_retryable"]) == ("internal", False)
    normalizer.control(warnings=[], findings={})
    normalizer.delete(job["stages"]["normalization"]["job_id"])
    orchestrator.post(f"/jobs/{job_id}/retry")
    job = orchestrator.await_status(job_id, "completed")
    assert job["warnings"] == [TRUNCATED, UNSURE], "the download was kept"
    assert job["audio_tracks"] == []
    assert job["error_retryable"] is None


def test_without_findings_all_fields_are_empty(orchestrator: Orchestrator) -> None:
    job = orchestrator.await_status(orchestrator.submit("nothing-found"), "completed")
    assert found(job) == [[], None, [], []]


def test_a_completed_job_without_text_states_the_reason(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.TRANSCRIBER].control(is_silent=True)
    job = orchestrator.await_status(orchestrator.submit("findings-silent"), "completed")
    assert job["transcription_text"] == ""
    assert [warning["code"] for warning in job["warnings"]] == ["no_speech"]


def test_a_webhook_has_the_warnings(orchestrator: Orchestrator) -> None:
    warn(orchestrator)
    with Receiver() as receiver:
        orchestrator.submit("findings-hooked", callback_url=receiver.url)
        wait_until(lambda: receiver.notices, timeout_s=20, what="the webhook")
    data = receiver.notices[0].content["data"]
    assert (data["warnings"], data["warning_count"]) == (ALL[0], 3)


def test_a_model_that_is_temporarily_unavailable_costs_no_attempt(
    orchestrator: Orchestrator,
) -> None:
    failure = Failure(code="model_unavailable", message="Not now", is_retryable=True)
    orchestrator.services[Role.TRANSCRIBER].control(fail_next=3, failure=failure.model_dump())
    job = orchestrator.await_status(orchestrator.submit("findings-model"), "completed", "failed")
    assert (job["status"], job["stages"]["transcription"]["attempt"]) == ("completed", 4)


def test_channels_and_track_reach_their_services(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit(
        "findings-tracks", channels="separate", audio_track="por", language="por"
    )
    job = orchestrator.await_status(job_id, "completed")

    def sent(role: Role, stage: str) -> dict[str, Any]:
        remote_id = job["stages"][stage]["job_id"]
        return dict(orchestrator.services[role].ledger().of(remote_id).fields)

    normalization = sent(Role.NORMALIZER, "normalization")
    assert [normalization[name] for name in ("channels", "audio_track", "language")] == [
        "separate",
        "pt",
        "pt",
    ]
    assert sent(Role.TRANSCRIBER, "transcription") == {"language_in": "pt", "channels": "separate"}


def test_credentials_in_a_url_are_sent_only_to_the_service(
    orchestrator: Orchestrator,
) -> None:
    url = "http://user:s3cret@video.test/protected"
    downloader = orchestrator.services[Role.DOWNLOADER]
    failure = Failure(code="login_required", message=f"{url} wants a login")
    downloader.control(fail_next=1, failure=failure.model_dump())
    answer = requests.post(
        f"{orchestrator.address}/pipeline", json={"youtube_url": url}, timeout=10
    )
    job_id = answer.json()["job_id"]
    job = orchestrator.await_status(job_id, "failed")
    assert job["youtube_url"] == "http://video.test/protected"
    assert job["error_message"] == "http://video.test/protected wants a login"
    batch = requests.post(
        f"{orchestrator.address}/batches", json={"youtube_urls": [url]}, timeout=10
    )
    shown = [
        answer.text,
        *(
            requests.get(f"{orchestrator.address}{path}", timeout=10).text
            for path in (
                f"/jobs/{job_id}",
                f"/jobs/{job_id}/events",
                "/jobs",
                batch.headers["Location"],
                "/metrics",
            )
        ),
        *(worker.log_text() for worker in (*orchestrator.workers, orchestrator.api) if worker),
    ]
    assert not [text for text in shown if "s3cret" in text or "user:" in text]
    assert downloader.ledger().of(job["stages"]["download"]["job_id"]).fields["url"] == url
