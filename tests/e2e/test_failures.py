"""Jobs without a transcript fail with the stage, the reason and a code."""

import pytest
import requests

from tests.support.api import await_end, submit
from tools.background import BackgroundStack

_END_TIMEOUT_S = 60.0


@pytest.mark.parametrize(
    ("path", "stage", "code"),
    [
        pytest.param("gone.wav", "download", "video_unavailable", id="a dead link"),
        pytest.param("page.html", "download", "unsupported_url", id="a page without a video"),
        pytest.param("not_audio.wav", "download", "not_audio", id="a file that is no audio"),
    ],
)
def test_a_job_that_cannot_be_done_says_where_it_ended_and_why(
    stack: BackgroundStack, videos: str, path: str, stage: str, code: str
) -> None:
    job = await_end(
        stack.address, submit(stack.address, f"{videos}/{path}"), timeout_s=_END_TIMEOUT_S
    )
    assert job["status"] == "failed"
    assert (job["error_stage"], job["error_code"]) == (stage, code)
    assert job["stages"][stage]["status"] == "failed"
    assert job["error_message"]
    assert "Traceback" not in job["error_message"]


def test_an_address_that_is_no_videos_is_refused_at_once(stack: BackgroundStack) -> None:
    answer = requests.post(
        f"{stack.address}/pipeline",
        json={"youtube_url": "https://videos.example/watch"},
        timeout=10,
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["Content-Type"] == "application/problem+json"
