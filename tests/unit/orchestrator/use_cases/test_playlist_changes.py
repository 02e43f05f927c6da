"""Selection of the videos that a batch takes from a playlist."""

import json
from typing import Any

from orchestrator.microservice import Playlist
from orchestrator.use_cases.playlist_changes import listed
from tests.support.jobs import make_settings

WATCH = "https://www.youtube.com/watch?v="


def fields(*urls: str, is_truncated: bool = False, **settings: Any) -> dict[str, str | int]:
    playlist = Playlist("Talks", urls, is_truncated=is_truncated)
    return dict(listed(playlist, make_settings(**settings)).set)


def test_each_allowed_video_is_taken_once_in_playlist_order() -> None:
    found = fields("https://youtu.be/b", f"{WATCH}a", f"{WATCH}b&list=PL1", "http://10.0.0.1/c")
    assert json.loads(str(found["urls"])) == [f"{WATCH}b", f"{WATCH}a"]
    assert (found["listing.skipped"], found["listing.is_truncated"]) == (1, 0)
    assert (found["listing.status"], found["listing.title"]) == ("done", "Talks")


def test_a_batch_takes_the_first_videos_up_to_its_limit() -> None:
    found = fields(f"{WATCH}a", f"{WATCH}b", f"{WATCH}c", max_batch_items=2)
    assert json.loads(str(found["urls"])) == [f"{WATCH}a", f"{WATCH}b"]
    assert found["listing.is_truncated"] == 1


def test_a_playlist_truncated_by_the_service_is_marked_truncated() -> None:
    assert fields(f"{WATCH}a", is_truncated=True)["listing.is_truncated"] == 1


def test_a_playlist_without_allowed_videos_fails() -> None:
    for urls in ((), ("http://elsewhere.test/1",)):
        assert fields(*urls)["listing.error_code"] == "empty_playlist"
