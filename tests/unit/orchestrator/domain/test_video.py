"""What a downloader tells of a video, in the forms in which services tell it."""

from typing import Any

import pytest

from orchestrator.domain.job import Video
from orchestrator.microservice.responses import parse_job

TOLD = {"title": "A talk", "duration": 11, "uploader": "Somebody", "thumbnail": "http://x/y.jpg"}
KNOWN = Video("A talk", 11.0, "Somebody", "http://x/y.jpg")


def parse(**fields: Any) -> Video | None:
    return parse_job({"id": "dl_1", "status": "downloading", **fields}).video


def test_a_video_is_read_from_the_job_itself() -> None:
    assert parse(**TOLD) == KNOWN


def test_a_video_is_read_from_the_details_of_a_job() -> None:
    assert parse(details=TOLD) == KNOWN


def test_a_job_that_tells_nothing_has_no_video() -> None:
    assert parse(details={"extractor": "generic"}) is None


@pytest.mark.parametrize("odd", [None, "", 7, ["a"], {"a": 1}])
def test_what_is_no_line_of_text_is_left_out(odd: object) -> None:
    assert parse(title=odd, uploader="Somebody") == Video(uploader="Somebody")


def test_an_endless_title_is_cut() -> None:
    video = parse(title="x" * 10_000)
    assert video is not None
    assert video.title == "x" * 500
