"""Other sources: the publisher's own subtitles, the videos of a playlist."""

from pathlib import Path
from typing import Any

import requests

from tests.support.api import await_end, submit
from tools.background import BackgroundStack
from tools.file_server import serve_directory
from tools.ports import LOOPBACK
from tools.waiting import wait_until

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Talks</title>
<item><title>One</title><link>{0}/talk.html?1</link></item>
<item><title>Two</title><link>{0}/talk.html?2</link></item></channel></rss>"""


def test_a_video_with_subtitles_is_not_transcribed(stack: BackgroundStack, videos: str) -> None:
    job_id = submit(stack.address, f"{videos}/talk.html", captions="prefer", language="en")
    job = await_end(stack.address, job_id, timeout_s=60)
    assert job["status"] == "completed", job
    assert (job["captions_source"], job["captions_language"]) == ("publisher", "en-US")
    assert job["transcription_text"] == "Ask not what"
    assert job["video"]["title"]
    address = f"{stack.address}/jobs/{job_id}/transcript?format=srt"
    assert "00:00:01,000 --> 00:00:03,000\nAsk not what" in requests.get(address, timeout=10).text


def test_a_video_whose_subtitles_are_in_another_language_is_transcribed(
    stack: BackgroundStack, videos: str
) -> None:
    job_id = submit(stack.address, f"{videos}/talk.html", captions="prefer", language="pt")
    job = await_end(stack.address, job_id, timeout_s=120)
    assert (job["status"], job["captions_source"]) == ("completed", "transcription")


def test_the_videos_of_a_feed_become_a_batch(
    stack: BackgroundStack, videos: str, tmp_path: Path
) -> None:
    (tmp_path / "feed.xml").write_text(FEED.format(videos))
    with serve_directory(tmp_path) as site:
        assert LOOPBACK in site
        body = {"playlist_url": f"{site}/feed.xml", "captions": "prefer", "language": "en"}
        answer = requests.post(f"{stack.address}/batches", json=body, timeout=10)
        assert answer.status_code == 202, answer.text
        batch: dict[str, Any] = {}

        def is_over() -> bool:
            path = answer.headers["Location"]
            batch.update(requests.get(f"{stack.address}{path}", timeout=10).json())
            return batch["status"] not in {"listing", "running"}

        wait_until(is_over, timeout_s=60, what="the batch")
    assert batch["status"] == "completed", batch
    assert batch["counts"] == {"completed": 2}
    assert batch["playlist"]["title"] == "Talks"
