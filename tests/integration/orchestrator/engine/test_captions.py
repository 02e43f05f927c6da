"""The publisher's captions replace the transcription if the job prefers them."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.fake_service import Role, captions_segments, expected_text
from tests.support.orchestrator import Orchestrator

SKIPPED = {"normalization", "transcription"}


@pytest.fixture
def captioned(orchestrator: Orchestrator) -> Iterator[Orchestrator]:
    """An orchestrator whose downloader finds Brazilian captions for every video."""
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(captions="pt-BR")
    yield orchestrator
    downloader.reset()


def submissions(orchestrator: Orchestrator, role: Role, job_id: str) -> list[dict[str, str]]:
    """Return the submissions of a job to a service, in order."""
    return [
        one.fields
        for one in orchestrator.services[role].ledger().submissions
        if (one.idempotency_key or "").startswith(job_id)
    ]


def completed(orchestrator: Orchestrator, name: str, **options: Any) -> dict[str, Any]:
    return orchestrator.await_status(orchestrator.submit(name, **options), "completed")


def assert_transcribed(orchestrator: Orchestrator, job: dict[str, Any], language: str) -> None:
    assert job["captions_source"] == "transcription"
    assert job["captions_language"] is None
    url = job["youtube_url"]
    assert job["transcription_text"] == expected_text(url, language=language)
    assert orchestrator.get(f"/jobs/{job['job_id']}/transcript")["text"]


def test_the_publishers_captions_are_the_transcript(captioned: Orchestrator) -> None:
    job = completed(captioned, "captioned", captions="prefer", language="pt")
    assert job["captions_source"] == "publisher"
    assert (job["captions_language"], job["detected_language"]) == ("pt-BR", "pt")
    segments = captions_segments(job["youtube_url"])
    assert job["transcription_segments"] == segments
    assert job["transcription_text"] == " ".join(str(one["text"]) for one in segments)
    assert job["transcription_file"] == "transcription.srt"
    assert job["overall_progress"] == 100
    statuses = {name: stage["status"] for name, stage in job["stages"].items()}
    assert statuses == {"download": "completed", **dict.fromkeys(SKIPPED, "skipped")}
    for role in (Role.NORMALIZER, Role.TRANSCRIBER):
        assert submissions(captioned, role, job["job_id"]) == []


def test_captions_are_available_in_every_format_and_as_events(captioned: Orchestrator) -> None:
    job = completed(captioned, "captioned-files", captions="prefer", language="pt")
    path = f"{captioned.address}/jobs/{job['job_id']}"
    for kind in ("txt", "srt", "vtt", "json"):
        answer = requests.get(f"{path}/transcript", params={"format": kind}, timeout=10)
        assert answer.status_code == 200
        assert "captions" in answer.text
    history = captioned.get(f"/jobs/{job['job_id']}/events")["events"]
    assert "pt-BR" in next(one["reason"] for one in history if one["type"] == "completed")
    stream = requests.get(f"{path}/events", headers={"Accept": "text/event-stream"}, timeout=10)
    assert stream.text.count("event: segment") == len(job["transcription_segments"])


def test_a_job_with_captions_has_no_audio(captioned: Orchestrator) -> None:
    job = completed(captioned, "captioned-audio", captions="prefer", language="pt")
    assert job["audio_file"] is None
    answer = requests.get(f"{captioned.address}/jobs/{job['job_id']}/audio", timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_audio")


def test_captions_are_not_requested_unless_preferred(captioned: Orchestrator) -> None:
    job = completed(captioned, "not-preferred", language="pt")
    assert_transcribed(captioned, job, "pt")
    (sent,) = submissions(captioned, Role.DOWNLOADER, job["job_id"])
    assert "captions" not in sent


@pytest.mark.parametrize(("language", "asked"), [("en", "en"), ("auto", "auto")])
def test_captions_are_requested_in_the_language_of_the_text(
    captioned: Orchestrator, language: str, asked: str
) -> None:
    job = completed(captioned, f"asked-{language}", captions="prefer", language=language)
    (sent,) = submissions(captioned, Role.DOWNLOADER, job["job_id"])
    assert sent["captions"] == asked
    assert job["captions_source"] == ("publisher" if asked == "auto" else "transcription")


def test_a_translation_is_made_without_captions_in_its_language(captioned: Orchestrator) -> None:
    job = completed(captioned, "out", captions="prefer", language="pt", language_out="en")
    assert job["captions_source"] == "transcription"
    url = job["youtube_url"]
    assert job["transcription_text"] == expected_text(url, language="pt", language_out="en")


@pytest.mark.parametrize("answer", ["missing", "nonsense", "unavailable"])
def test_invalid_captions_do_not_stop_the_job(captioned: Orchestrator, answer: str) -> None:
    captioned.services[Role.DOWNLOADER].control(captions_answer=answer)
    job = completed(captioned, f"useless-{answer}", captions="prefer", language="pt")
    assert_transcribed(captioned, job, "pt")
    first, second = submissions(captioned, Role.DOWNLOADER, job["job_id"])
    assert ("captions" in first, "captions" in second) == (True, False)
    assert "retrying" in captioned.events(job["job_id"])


def test_a_service_that_refuses_the_option_gets_a_request_without_it(
    captioned: Orchestrator,
) -> None:
    captioned.services[Role.DOWNLOADER].control(refuses_captions=True)
    job = completed(captioned, "refused", captions="prefer", language="pt")
    assert_transcribed(captioned, job, "pt")


def test_two_jobs_for_the_same_video_share_the_captions(captioned: Orchestrator) -> None:
    first = completed(captioned, "captioned-twice", captions="prefer", language="pt")
    again = completed(captioned, "captioned-twice", captions="prefer", language="pt")
    assert again["transcription_text"] == first["transcription_text"]
    assert again["stages"]["download"]["job_id"] == first["stages"]["download"]["job_id"]
    assert again["captions_source"] == "publisher"


def test_a_cancelled_and_retried_job_uses_captions(captioned: Orchestrator) -> None:
    captioned.services[Role.DOWNLOADER].control(hold=True)
    job_id = captioned.submit("captioned-later", captions="prefer", language="pt")
    captioned.await_status(job_id, "downloading")
    assert captioned.post(f"/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    captioned.services[Role.DOWNLOADER].control(hold=False)
    assert captioned.post(f"/jobs/{job_id}/retry").status_code == 202
    assert captioned.await_status(job_id, "completed")["captions_source"] == "publisher"


def test_an_unknown_value_is_refused(orchestrator: Orchestrator) -> None:
    body = {"youtube_url": orchestrator.video("odd"), "captions": "always"}
    answer = requests.post(f"{orchestrator.address}/pipeline", json=body, timeout=10)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/captions"
