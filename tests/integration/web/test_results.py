"""Transcript and audio downloads."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pysubs2
import pytest
import requests
import webvtt

from orchestrator.captions import CueStyle, make_cues
from tests.support.fake_service import Down, FaultPlan, Role, expected_text, with_words
from tests.support.fake_service.artifacts import DEFAULT_BYTES, downloaded, normalized
from tests.support.fake_service.faults import Fault
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until

MEDIA_TYPES = {
    "json": "application/json",
    "txt": "text/plain",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
}
MANY_BYTES = 60_000_000


@pytest.fixture
def done(orchestrator: Orchestrator) -> str:
    """The id of a completed job."""
    job_id = orchestrator.submit("results")
    orchestrator.await_status(job_id, "completed")
    return job_id


def fetch(orchestrator: Orchestrator, path: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"{orchestrator.address}/jobs/{path}", headers=named, timeout=30)


def remote_id(orchestrator: Orchestrator, job_id: str) -> str:
    return str(orchestrator.get(f"/jobs/{job_id}")["stages"]["normalization"]["job_id"])


@contextmanager
def changed_normalizer(orchestrator: Orchestrator, **settings: Any) -> Iterator[None]:
    """Change the normalizer's behaviour for the duration of a block."""
    service = orchestrator.services[Role.NORMALIZER]
    service.control(**settings)
    try:
        yield
    finally:
        service.reset()


@pytest.mark.parametrize(("kind", "media_type"), MEDIA_TYPES.items())
def test_the_query_and_accept_choose_the_same_formats(
    orchestrator: Orchestrator, done: str, kind: str, media_type: str
) -> None:
    by_query = fetch(orchestrator, f"{done}/transcript?format={kind}", Accept="image/png")
    by_accept = fetch(orchestrator, f"{done}/transcript", Accept=f"{media_type}, */*;q=0.1")
    assert by_query.status_code == by_accept.status_code == 200
    assert by_query.content == by_accept.content
    charset = "" if kind == "json" else "; charset=utf-8"
    assert by_query.headers["Content-Type"] == media_type + charset
    name = f'attachment; filename="{done}.{kind}"'
    assert by_query.headers["Content-Disposition"] == name
    assert "Accept" in by_query.headers["Vary"]


def test_every_format_contains_all_words(orchestrator: Orchestrator, done: str) -> None:
    text = expected_text(orchestrator.video("results"))
    parts = {kind: fetch(orchestrator, f"{done}/transcript?format={kind}") for kind in MEDIA_TYPES}
    assert parts["txt"].text == f"{text}\n"
    subrip = pysubs2.SSAFile.from_string(parts["srt"].text, format_="srt")
    assert " ".join(event.plaintext for event in subrip).split() == text.split()
    captions = webvtt.from_string(parts["vtt"].text).captions
    assert " ".join(caption.text for caption in captions).split() == text.split()

    document = parts["json"].json()
    assert (document["job_id"], document["text"]) == (done, text)
    stored = orchestrator.get(f"/jobs/{done}")["transcription_segments"]
    assert not any("words" in segment for segment in stored)
    assert document["segments"] == with_words(stored)
    cues = make_cues(document["segments"], CueStyle())
    assert document["cues"] == [
        {
            "start": cue.start_ms / 1000,
            "end": cue.end_ms / 1000,
            "lines": list(cue.lines),
            "speaker": None,
        }
        for cue in cues
    ]


def test_the_default_format_is_json(orchestrator: Orchestrator, done: str) -> None:
    answer = fetch(orchestrator, f"{done}/transcript")
    assert answer.headers["Content-Type"] == "application/json"


def test_files_are_named_after_their_recording(orchestrator: Orchestrator) -> None:
    title = "Reunião de março: 1/2 \u202e\r\nX-Evil: yes"
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(title=title)
    try:
        job_id = orchestrator.submit("results-named")
        orchestrator.await_status(job_id, "completed")
    finally:
        downloader.reset()
    encoded = "Reuni%C3%A3o%20de%20mar%C3%A7o-%201-2%20X-Evil-%20yes"
    subrip = fetch(orchestrator, f"{job_id}/transcript?format=srt")
    assert subrip.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{encoded}.srt")
    assert "X-Evil" not in subrip.headers
    audio = fetch(orchestrator, f"{job_id}/audio")
    assert audio.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{encoded}.webm")


def test_cue_limits_can_be_set(orchestrator: Orchestrator, done: str) -> None:
    query = "format=vtt&max_line_chars=12&max_lines=1"
    captions = webvtt.from_string(fetch(orchestrator, f"{done}/transcript?{query}").text).captions
    assert len(captions) > 3
    assert all(len(line) <= 12 for caption in captions for line in caption.lines)


@pytest.mark.parametrize("query", ["format=doc", "format=", "max_lines=0", "max_line_chars=1e9"])
def test_an_invalid_query_parameter_is_named(
    orchestrator: Orchestrator, done: str, query: str
) -> None:
    answer = fetch(orchestrator, f"{done}/transcript?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"query:{query.partition('=')[0]}"


def test_an_unsupported_media_type_is_not_acceptable(orchestrator: Orchestrator, done: str) -> None:
    answer = fetch(orchestrator, f"{done}/transcript", Accept="application/pdf")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_a_current_etag_returns_304(orchestrator: Orchestrator, done: str) -> None:
    tags = {
        kind: fetch(orchestrator, f"{done}/transcript?format={kind}").headers["ETag"]
        for kind in MEDIA_TYPES
    }
    assert len(set(tags.values())) == len(MEDIA_TYPES)
    again = fetch(orchestrator, f"{done}/transcript?format=srt", If_None_Match=tags["srt"])
    assert (again.status_code, again.content) == (304, b"")
    other = fetch(orchestrator, f"{done}/transcript?format=vtt", If_None_Match=tags["srt"])
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["transcript", "audio"])
def test_results_of_an_unknown_job_are_not_found(orchestrator: Orchestrator, path: str) -> None:
    answer = fetch(orchestrator, f"0123456789abcdef/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_results_that_do_not_exist_yet_are_a_conflict(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.TRANSCRIBER].control(hold=True)
    job_id = orchestrator.submit("results-early")
    audio = fetch(orchestrator, f"{job_id}/audio", Accept_Language="en")
    assert (audio.status_code, audio.json()["code"]) == (409, "not_completed")
    assert "its normalization has not completed" in audio.json()["detail"]

    orchestrator.await_status(job_id, "transcribing")
    wait_until(lambda: fetch(orchestrator, f"{job_id}/audio").ok, timeout_s=10, what="the audio")
    transcript = fetch(orchestrator, f"{job_id}/transcript", Accept_Language="en")
    assert (transcript.status_code, transcript.json()["code"]) == (409, "not_completed")
    assert f"Job {job_id} is transcribing" in transcript.json()["detail"]
    orchestrator.post(f"/jobs/{job_id}/cancel")


def test_the_audio_is_the_normalizers_artifact(orchestrator: Orchestrator, done: str) -> None:
    answer = fetch(orchestrator, f"{done}/audio")
    made = normalized(downloaded(orchestrator.video("results")).sha256())
    assert sha256(answer.content).hexdigest() == made.sha256()
    assert answer.headers["Content-Type"] == "audio/webm"
    assert answer.headers["Content-Length"] == str(made.size_bytes)


def test_the_head_of_the_audio_has_its_length_and_no_body(
    orchestrator: Orchestrator, done: str
) -> None:
    answer = requests.head(f"{orchestrator.address}/jobs/{done}/audio", timeout=30)
    assert (answer.headers["Content-Length"], answer.content) == (str(DEFAULT_BYTES), b"")


def test_audio_deleted_by_its_service_is_gone(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("results-gone")
    orchestrator.await_status(job_id, "completed")
    orchestrator.services[Role.NORMALIZER].delete(remote_id(orchestrator, job_id))
    answer = fetch(orchestrator, f"{job_id}/audio")
    assert (answer.status_code, answer.json()["code"]) == (410, "artifact_gone")


@pytest.mark.parametrize("down", [Down.UNAVAILABLE, Down.RESETTING])
def test_audio_of_a_service_that_is_down_is_unavailable(
    orchestrator: Orchestrator, done: str, down: Down
) -> None:
    with changed_normalizer(orchestrator, down=down):
        answer = fetch(orchestrator, f"{done}/audio")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_truncated_audio_raises_an_error_at_the_client(
    orchestrator: Orchestrator, done: str
) -> None:
    always = FaultPlan(rates={Fault.TRUNCATED: 1.0}, most_of_a_kind=10_000, horizon=10_000)
    with changed_normalizer(orchestrator, faults=always), pytest.raises(requests.RequestException):
        fetch(orchestrator, f"{done}/audio")
    assert fetch(orchestrator, f"{done}/audio").ok


def test_the_memory_of_the_api_does_not_grow_with_the_audio(orchestrator: Orchestrator) -> None:
    with changed_normalizer(orchestrator, artifact_bytes=MANY_BYTES):
        job_id = orchestrator.submit("results-large")
        orchestrator.await_status(job_id, "completed")
    before = memory_bytes(orchestrator)
    address = f"{orchestrator.address}/jobs/{job_id}/audio"
    with requests.get(address, stream=True, timeout=30) as answer:
        count = sum(len(chunk) for chunk in answer.iter_content(1_000_000))
    assert count == MANY_BYTES
    assert memory_bytes(orchestrator) - before < MANY_BYTES / 4


def memory_bytes(orchestrator: Orchestrator) -> int:
    """Return the peak memory of the API's only worker process."""
    assert orchestrator.api
    (server,) = (
        Path(f"/proc/{orchestrator.api.pid}/task/{orchestrator.api.pid}/children")
        .read_text()
        .split()
    )
    status = Path(f"/proc/{server}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
