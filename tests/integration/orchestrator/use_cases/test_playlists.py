"""Batches of the videos of a playlist."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.fake_service import Down, FakeService, Role, expected_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until

LIST = "http://video.test/list"


@pytest.fixture
def downloader(orchestrator: Orchestrator) -> Iterator[FakeService]:
    service = orchestrator.services[Role.DOWNLOADER]
    yield service
    service.reset()


def submit(orchestrator: Orchestrator, url: str, **options: Any) -> requests.Response:
    body = {"playlist_url": url, **options}
    return requests.post(f"{orchestrator.address}/batches", json=body, timeout=10)


def accepted(orchestrator: Orchestrator, name: str, **options: Any) -> str:
    """Submit a playlist and return the path of its batch."""
    answer = submit(orchestrator, orchestrator.video(name), **options)
    assert answer.status_code == 202, answer.text
    assert answer.json() | {"batch_id": ""} == {"batch_id": "", "status": "listing", "total": 0}
    return answer.headers["Location"]


def awaited(orchestrator: Orchestrator, path: str, *statuses: str) -> dict[str, Any]:
    wait_until(
        lambda: orchestrator.get(path)["status"] in statuses, timeout_s=40, what=f"{statuses}"
    )
    batch: dict[str, Any] = orchestrator.get(path)
    return batch


def listings(service: FakeService, path: str) -> list[Any]:
    key = f"{path.rpartition('/')[2]}:listing"
    found = service.ledger().submissions
    return [one for one in found if (one.idempotency_key or "").startswith(key)]


def test_every_video_of_a_playlist_gets_a_job(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    urls = [orchestrator.video(f"listed-{number}") for number in range(3)]
    downloader.control(playlist=[*urls, urls[0], "http://elsewhere.test/1"])
    path = accepted(orchestrator, "talks", language="pt", metadata={"series": "talks"})
    batch = awaited(orchestrator, path, "completed")
    assert [item["youtube_url"] for item in batch["items"]] == urls
    assert batch["counts"] == {"completed": 3}
    assert batch["playlist"] == {
        "url": orchestrator.video("talks"), "title": "Talks", "truncated": False, "skipped": 1
    }  # fmt: skip
    job = orchestrator.get(f"/jobs/{batch['items'][0]['job_id']}")
    assert job["transcription_text"] == expected_text(urls[0], language="pt")
    assert job["metadata"] == {"series": "talks"}


def test_the_remote_job_of_a_listing_is_deleted_when_it_is_done(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    downloader.control(playlist=[orchestrator.video("listed-once")])
    path = accepted(orchestrator, "once")
    awaited(orchestrator, path, "running", "completed")
    wait_until(
        lambda: [one.deletes for one in listings(downloader, path)] == [1],
        timeout_s=30,
        what="its deletion",
    )


@pytest.mark.parametrize(("is_tagged", "polls"), [(True, 0), (False, 1)])
def test_a_remote_job_that_is_completed_at_once_is_not_polled(
    orchestrator: Orchestrator, downloader: FakeService, *, is_tagged: bool, polls: int
) -> None:
    urls = [orchestrator.video(f"at-once-{is_tagged}")]
    downloader.control(playlist=urls, stage_s=0, tags_submissions=is_tagged)
    path = accepted(orchestrator, f"quick-{is_tagged}")
    awaited(orchestrator, path, "running", "completed")
    assert [one.polls for one in listings(downloader, path)] == [polls]


def test_a_truncated_playlist_is_marked(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    urls = [orchestrator.video("cut")]
    downloader.control(playlist=urls, is_playlist_truncated=True)
    path = accepted(orchestrator, "long")
    batch = awaited(orchestrator, path, "completed", "running")
    assert batch["playlist"]["truncated"] is True


def test_a_service_without_playlists_fails_the_batch_with_a_reason(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    downloader.control(playlist=None)
    batch = awaited(orchestrator, accepted(orchestrator, "unknown"), "failed")
    assert batch["error_code"] == "playlists_unsupported"
    assert batch["error_message"] == "video-downloader does not support playlists"
    assert (batch["total"], batch["items"]) == (0, [])


def test_a_playlist_without_allowed_videos_fails_the_batch(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    downloader.control(playlist=["http://elsewhere.test/1"])
    batch = awaited(orchestrator, accepted(orchestrator, "empty"), "failed")
    assert batch["error_code"] == "empty_playlist"


def test_a_retryable_failure_of_a_listing_is_retried(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    urls = [orchestrator.video("listed-again")]
    retryable = {"code": "rate_limited", "message": "Slower, please", "is_retryable": True}
    downloader.control(playlist=urls, fail_next=1, failure=retryable)
    path = accepted(orchestrator, "unlucky")
    batch = awaited(orchestrator, path, "running", "completed")
    assert [item["youtube_url"] for item in batch["items"]] == urls
    assert len(listings(downloader, path)) == 2

    awaited(orchestrator, path, "completed")  # or its video would take the next failure
    gone = {"code": "video_unavailable", "message": "It is private", "is_retryable": False}
    downloader.control(fail_next=1, failure=gone)
    batch = awaited(orchestrator, accepted(orchestrator, "gone"), "failed")
    assert (batch["error_code"], batch["error_message"]) == ("video_unavailable", "It is private")


def test_a_listing_waits_for_a_service_that_is_down(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    downloader.control(playlist=[orchestrator.video("patient")], down=Down.UNAVAILABLE)
    path = accepted(orchestrator, "patient-list")
    batch_id = path.rpartition("/")[2]

    def has_been_parked() -> bool:
        with orchestrator.redis() as client:
            return int(client.hget(f"orchestrator:batch:{batch_id}", "listing.parks") or 0) > 0

    wait_until(has_been_parked, timeout_s=20, what="a turn that came to nothing")
    assert orchestrator.get(path)["status"] == "listing"
    downloader.control(down=Down.NO)
    awaited(orchestrator, path, "running", "completed")


def test_cancelling_a_batch_cancels_its_listing(
    orchestrator: Orchestrator, downloader: FakeService
) -> None:
    downloader.control(playlist=[orchestrator.video("never")], hold=True)
    path = accepted(orchestrator, "dropped-list")
    wait_until(lambda: listings(downloader, path), timeout_s=20, what="the remote listing")
    batch = orchestrator.post(f"{path}/cancel").json()
    assert (batch["status"], batch["total"]) == ("cancelled", 0)
    assert orchestrator.post(f"{path}/cancel").json() == batch
    wait_until(
        lambda: [one.deletes for one in listings(downloader, path)] == [1],
        timeout_s=30,
        what="its deletion",
    )
    assert orchestrator.get(path) == batch
    with orchestrator.redis() as client:
        assert client.zscore("orchestrator:listings", path.rpartition("/")[2]) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_request"),
        ({"youtube_urls": ["http://video.test/1"], "playlist_url": LIST}, "invalid_request"),
        ({"playlist_url": "http://elsewhere.test/list"}, "unsupported_url"),
        ({"playlist_url": "https://youtu.be/dQw4w9WgXcQ?list=PL1"}, "unsupported_url"),
        ({"playlist_url": LIST, "callback_url": "mailto:x"}, "invalid_request"),
    ],
)
def test_a_url_that_is_no_playlist_is_refused(
    orchestrator: Orchestrator, body: dict[str, Any], code: str
) -> None:
    answer = requests.post(f"{orchestrator.address}/batches", json=body, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
