"""Real speech goes in at the API and comes out as text, segments and subtitles."""

from difflib import SequenceMatcher
from typing import Any

import pytest
import requests

from tests.support.api import await_end, submit
from tests.support.words import words
from tools.background import BackgroundStack

_JFK = (
    "And so my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)
_PANGRAM = "A rápida raposa marrom salta sobre o cachorro preguiçoso."
_END_TIMEOUT_S = 120.0


@pytest.fixture(scope="module")
def speech(stack: BackgroundStack, videos: str) -> dict[str, Any]:
    """The job of an English speech, when it has ended."""
    return _transcribe(stack, f"{videos}/jfk.wav")


def _transcribe(stack: BackgroundStack, video: str) -> dict[str, Any]:
    job = await_end(stack.address, submit(stack.address, video), timeout_s=_END_TIMEOUT_S)
    assert job["status"] == "completed", job
    return job


def _remote_job(stack: BackgroundStack, job: dict[str, Any]) -> str:
    """Return the URL of the transcriber's own job."""
    return f"{stack.service_address('transcriber')}/jobs/{job['stages']['transcription']['job_id']}"


def test_an_english_speech_is_understood_to_the_word(speech: dict[str, Any]) -> None:
    assert words(speech["transcription_text"]) == words(_JFK)


def test_a_portuguese_sentence_is_recognised_as_such(stack: BackgroundStack, videos: str) -> None:
    job = _transcribe(stack, f"{videos}/pt_pangrama.wav")
    likeness = SequenceMatcher(a=words(job["transcription_text"]), b=words(_PANGRAM))
    assert likeness.ratio() >= 0.8
    transcript = requests.get(f"{_remote_job(stack, job)}/transcription", timeout=10).json()
    assert transcript["detected_language"] == "pt"


def test_the_segments_carry_the_text_and_follow_one_another(speech: dict[str, Any]) -> None:
    segments = speech["transcription_segments"]
    assert words(" ".join(segment["text"] for segment in segments)) == words(_JFK)
    times = [time for segment in segments for time in (segment["start"], segment["end"])]
    assert times == sorted(times)
    assert 8 <= times[-1] <= 12
    for segment in segments:
        assert segment["duration"] == pytest.approx(segment["end"] - segment["start"], abs=0.01)


def test_every_stage_of_a_finished_job_has_run_and_says_when(speech: dict[str, Any]) -> None:
    assert list(speech["stages"]) == ["download", "normalization", "transcription"]
    for stage in speech["stages"].values():
        assert (stage["status"], stage["progress"]) == ("completed", 100.0)
        assert speech["created_at"] <= stage["started_at"] <= stage["completed_at"]
    assert speech["overall_progress"] == 100.0
    assert speech["audio_file"] == "audio_normalized.webm"


def test_the_subtitles_of_a_finished_job_can_be_fetched(
    stack: BackgroundStack, speech: dict[str, Any]
) -> None:
    subtitles = requests.get(f"{_remote_job(stack, speech)}/download", timeout=10).text
    assert speech["transcription_file"].endswith(".srt")
    assert subtitles.startswith("1\n00:00:0")
    assert " --> " in subtitles
