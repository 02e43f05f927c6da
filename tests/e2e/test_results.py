"""Captions and audio of real speech, fetched as a player would."""

from typing import Any

import pysubs2
import pytest
import requests

from tests.support.api import await_end, submit
from tests.support.words import words
from tools.background import BackgroundStack


@pytest.fixture(scope="module")
def job(stack: BackgroundStack, videos: str) -> dict[str, Any]:
    """A finished job."""
    return await_end(stack.address, submit(stack.address, f"{videos}/jfk.wav"), timeout_s=120)


@pytest.fixture
def audio(stack: BackgroundStack, job: dict[str, Any]) -> str:
    """The URL of the job's audio."""
    return f"{stack.address}/jobs/{job['job_id']}/audio"


def get(address: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(address, headers=named, timeout=30)


def test_the_captions_of_a_speech_have_all_of_its_words_as_they_are_spoken(
    stack: BackgroundStack, job: dict[str, Any]
) -> None:
    address = f"{stack.address}/jobs/{job['job_id']}/transcript"
    subtitles = pysubs2.SSAFile.from_string(get(f"{address}?format=srt").text, format_="srt")
    text = " ".join(event.plaintext for event in subtitles)
    assert words(text) == words(job["transcription_text"])
    timed = [word for one in get(address).json()["segments"] for word in one["words"]]
    assert len(subtitles) > 1
    for event in subtitles:
        spoken = next(word for word in timed if event.plaintext.startswith(word["word"]))
        assert event.start <= spoken["start"] * 1000
        timed = timed[len(event.plaintext.split()) :]


def test_a_part_of_the_audio_is_the_same_as_in_the_whole(audio: str) -> None:
    whole = get(audio)
    part = get(audio, Range="bytes=100-199")
    assert (whole.status_code, part.status_code) == (200, 206)
    assert part.content == whole.content[100:200]
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.content)}"
    assert part.headers["Content-Type"].startswith(("audio/", "video/webm"))
    assert whole.headers["Accept-Ranges"] == "bytes"


def test_a_part_beyond_the_end_is_refused_with_the_length(audio: str) -> None:
    length = len(get(audio).content)
    answer = get(audio, Range=f"bytes={length}-")
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{length}"


def test_a_download_goes_on_only_while_the_audio_is_the_same(audio: str) -> None:
    tag = get(audio).headers["ETag"]
    assert get(audio, Range="bytes=0-9", If_Range=tag).status_code == 206
    assert get(audio, Range="bytes=0-9", If_Range='"other"').status_code == 200


def test_audio_that_is_known_is_not_sent_again(audio: str) -> None:
    again = get(audio, If_None_Match=get(audio).headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
