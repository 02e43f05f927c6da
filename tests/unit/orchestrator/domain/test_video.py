"""Video metadata, in the forms in which downloaders report it."""

from typing import Any

import pytest

from orchestrator.domain.job import Video
from orchestrator.microservice.responses import parse_job

REPORTED = {
    "title": "A talk",
    "duration": 11,
    "uploader": "Somebody",
    "thumbnail": "http://x/y.jpg",
}
VIDEO = Video("A talk", 11.0, "Somebody", "http://x/y.jpg")


def parse(**fields: Any) -> Video | None:
    return parse_job({"id": "dl_1", "status": "downloading", **fields}).video


def test_a_video_is_read_from_the_job_itself() -> None:
    assert parse(**REPORTED) == VIDEO


def test_a_video_is_read_from_the_details_of_a_job() -> None:
    assert parse(details=REPORTED) == VIDEO


def test_a_job_without_metadata_has_no_video() -> None:
    assert parse(details={"extractor": "generic"}) is None


@pytest.mark.parametrize("odd", [None, "", 7, ["a"], {"a": 1}])
def test_a_value_that_is_not_text_is_omitted(odd: object) -> None:
    assert parse(title=odd, uploader="Somebody") == Video(uploader="Somebody")


def test_a_long_title_is_truncated() -> None:
    video = parse(title="x" * 10_000)
    assert video is not None
    assert video.title == "x" * 500
