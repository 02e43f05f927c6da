"""A full queue refuses an upload before it is read, but not a repeated submission."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import ServiceOverloadedError
from tests.support.client import make_client, source_of
from tests.support.fake_service import FakeService
from tests.support.service_cases import SAMPLES, upload
from tests.support.services import ServiceProcesses

JFK = SAMPLES / "jfk.wav"
KEY = {"Idempotency-Key": "first"}


@pytest.fixture
def full(redis_url: str, tmp_path: Path) -> Iterator[ServiceProcesses]:
    """A normalizer without a worker, whose queue of one job is full."""
    package, room = "services.normalizer", {"MAX_QUEUE": "1"}
    with ServiceProcesses(
        package, redis_url, tmp_path, has_worker=False, environment=room
    ) as service:
        service.submit(**upload(JFK), headers=KEY)
        yield service


def test_an_upload_for_a_full_queue_is_refused_unread(full: ServiceProcesses) -> None:
    before = full.list_files()
    connection = http.client.HTTPConnection("127.0.0.1", full.port, timeout=20)
    connection.putrequest("POST", "/jobs")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders()  # and not a byte of the gigabyte follows
    response = connection.getresponse()
    assert response.status == 429
    assert int(response.headers["Retry-After"]) > 0
    assert b"queue_full" in response.peek()
    connection.close()
    assert full.list_files() == before


def test_a_repeated_submission_is_accepted_by_a_full_queue(full: ServiceProcesses) -> None:
    (job,) = full.call("GET", "/jobs").json()["jobs"]
    assert full.submit(**upload(JFK), headers=KEY)["id"] == job["id"]
    other = full.call("POST", "/jobs", **upload(JFK), headers={"Idempotency-Key": "second"})
    assert (other.status_code, other.json()["code"]) == (429, "queue_full")


def test_a_purge_cancels_waiting_jobs_and_removes_their_files(full: ServiceProcesses) -> None:
    (job,) = full.call("GET", "/jobs").json()["jobs"]
    assert full.list_files()
    cleaned = full.call("POST", "/admin/cleanup", json={"purge_celery_queue": True}).json()
    assert (cleaned["tasks_purged"], cleaned["files_removed"]) == (1, 1)
    assert full.list_files() == []
    assert full.get(job["id"])["status"] == "cancelled"


def test_the_orchestrator_gets_retry_after_while_it_is_still_uploading(
    full: ServiceProcesses,
) -> None:
    with FakeService("downloader", stage_s=0, artifact_bytes=20_000_000) as downloader:
        source = make_client(downloader.url)
        poll = source.submit({"url": "http://video.test/a"}, idempotency_key="audio")
        assert poll.job is not None
        audio = source_of(source, poll.job.job_id)
        with pytest.raises(ServiceOverloadedError) as refusal:
            make_client(full.url).submit({}, idempotency_key="third", source=audio)
    assert refusal.value.retry_after_s == 5
