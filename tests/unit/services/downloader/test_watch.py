"""A download reports its video's metadata and enforces its limits."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.downloader.watch import Watch
from services.kit.work import WorkError

VIDEO = {"title": "A talk", "duration": 60, "uploader": "Ann", "language": "en", "id": "x"}


class Shown:
    """Remembers what was reported."""

    def __init__(self) -> None:
        self.progress = 0.0
        self.details: dict[str, Any] = {}

    def __call__(
        self,
        progress: float,
        *,
        status: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Take one report; see ``services.kit.work.Report``."""
        assert status == "downloading"
        self.progress = progress
        self.details.update(details or {})


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def watch(shown: Shown) -> Watch:
    return Watch(shown, max_bytes=1000, max_duration_s=3600)


def test_a_video_is_described_before_it_is_downloaded(watch: Watch, shown: Shown) -> None:
    chapters = [{"title": "One", "start_time": 0.0, "end_time": 9.0}]
    video = VIDEO | {"chapters": chapters, "thumbnail": "https://a/b.jpg", "formats": ["many"]}
    watch.check_video(video, incomplete=False)
    assert shown.details == {
        "title": "A talk",
        "duration": 60,
        "uploader": "Ann",
        "language": "en",
        "chapters": chapters,
        "thumbnail": "https://a/b.jpg",
    }


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"is_live": True}, "live_not_ended"),
        ({"live_status": "is_live"}, "live_not_ended"),
        ({"live_status": "is_upcoming"}, "live_not_ended"),
        ({"live_status": "post_live"}, "live_not_ended"),
        ({"duration": 3601}, "file_too_large"),
    ],
)
def test_an_unsupported_video_is_refused_before_it_is_downloaded(
    watch: Watch, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(WorkError) as refusal:
        watch.check_video(VIDEO | more, incomplete=True)
    assert (refusal.value.code, refusal.value.retryable) == (code, False)


@pytest.mark.parametrize("more", [{}, {"live_status": "was_live"}, {"duration": 3600}])
def test_an_ended_live_stream_and_the_longest_video_are_accepted(
    watch: Watch, more: dict[str, Any]
) -> None:
    watch.check_video(VIDEO | more, incomplete=False)


def test_progress_is_measured_in_bytes(watch: Watch, shown: Shown) -> None:
    watch.on_progress({"downloaded_bytes": 250, "total_bytes": 1000})
    assert shown.progress == 25
    watch.on_progress({"downloaded_bytes": 500, "total_bytes_estimate": 1000.0})
    assert shown.progress == 50
    watch.on_progress({"downloaded_bytes": 600})
    assert shown.progress == 50


@pytest.mark.parametrize("event", [{"total_bytes": 1001}, {"downloaded_bytes": 1001}])
def test_a_file_that_is_or_grows_too_large_is_refused(watch: Watch, event: dict[str, int]) -> None:
    with pytest.raises(WorkError) as refusal:
        watch.on_progress(event)
    assert refusal.value.code == "file_too_large"


def test_every_byte_that_is_read_counts(watch: Watch) -> None:
    watch.count(600)
    watch.count(-500)  # thrown away; they come again
    watch.count(900)
    with pytest.raises(WorkError) as refusal:
        watch.count(1)
    assert refusal.value.code == "file_too_large"


@pytest.mark.parametrize(
    ("event", "code", "is_retryable"),
    [
        ({"downloaded_bytes": 5, "total_bytes": 100}, "download_timeout", True),
        ({"downloaded_bytes": 5}, "live_not_ended", False),
    ],
)
def test_a_download_ends_at_its_time_limit(
    shown: Shown, event: dict[str, int], code: str, *, is_retryable: bool
) -> None:
    now = [100.0]
    watch = Watch(shown, 1000, 3600, timeout_s=60, clock=lambda: now[0])
    watch.count(1)
    watch.on_progress(event)
    now[0] += 60
    watch.count(1)
    now[0] += 0.1
    with pytest.raises(WorkError) as refusal:
        watch.count(0)
    assert (refusal.value.code, refusal.value.retryable) == (code, is_retryable)


def test_no_url_of_the_details_shows_a_login(watch: Watch, shown: Shown) -> None:
    video = VIDEO | {"webpage_url": "http://u:p@a/b", "thumbnail": "https://u:p@a/b.jpg"}
    watch.check_video(video, incomplete=False)
    assert shown.details["webpage_url"] == "http://a/b"
    assert shown.details["thumbnail"] == "https://a/b.jpg"


def test_an_invalid_thumbnail_url_does_not_fail_the_download(watch: Watch, shown: Shown) -> None:
    watch.check_video(VIDEO | {"thumbnail": "https://[domain]/b.jpg"}, incomplete=False)
    assert shown.details["thumbnail"] == "https://[domain]/b.jpg"
