"""The base contract and its extensions, for each of the three services."""

import hashlib
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
import redis

from tests.support.service_cases import Case
from tests.support.services import as_object
from tools.waiting import wait_until

pytest_plugins = ["tests.support.service_fixtures"]


@pytest.fixture
def done(case: Case) -> dict[str, Any]:
    """A job that has completed; the same one for all tests of a service."""
    options = case.quick() | {"headers": {"Idempotency-Key": "done"}}
    return case.service.follow(case.service.submit(**options)["id"])


def test_a_submission_is_accepted_with_its_location(case: Case) -> None:
    response = case.service.call("POST", "/jobs", **case.quick())
    job = as_object(response)
    assert response.status_code == 202
    assert response.headers["Location"] == f"/jobs/{job['id']}"
    assert job["id"] == job["job_id"]
    assert job["id"].startswith(case.id_prefix)
    assert len(job["id"]) == len(case.id_prefix) + 12
    assert (job["status"], job["progress"], job["completed_at"]) == ("queued", 0, None)
    case.service.call("DELETE", f"/jobs/{job['id']}")


def test_all_fields_of_a_completed_job_are_consistent(done: dict[str, Any]) -> None:
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert (done["error"], done["error_code"], done["retryable"]) == (None, None, None)
    times = [done["created_at"], done["completed_at"], done["updated_at"]]
    assert times == sorted(times)
    for time in times:
        assert time.endswith("Z")
        assert len(time) == len("2025-10-29T10:00:00.123Z")
        assert datetime.fromisoformat(time)


def test_the_artifact_is_downloaded_with_name_length_and_checksums(
    case: Case, done: dict[str, Any]
) -> None:
    response = case.service.call("GET", f"/jobs/{done['id']}/download")
    digest = hashlib.sha256(response.content)
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) == len(response.content) == done["size_bytes"]
    assert "attachment" in response.headers["Content-Disposition"]
    assert done["filename"] in response.headers["Content-Disposition"]
    strong = b64encode(digest.digest()).decode()
    cheap = b64encode(zlib.adler32(response.content).to_bytes(4, "big")).decode()
    assert response.headers["Repr-Digest"] == f"sha-256=:{strong}:, adler=:{cheap}:"
    assert response.headers["ETag"] == f'"{digest.hexdigest()}"'


def test_a_broken_download_is_resumed(case: Case, done: dict[str, Any]) -> None:
    path = f"/jobs/{done['id']}/download"
    whole = case.service.call("GET", path)
    headers = {"Range": "bytes=100-", "If-Range": whole.headers["ETag"]}
    rest = case.service.call("GET", path, headers=headers)
    assert rest.status_code == 206
    assert whole.content[:100] + rest.content == whole.content
    assert rest.headers["Repr-Digest"] == whole.headers["Repr-Digest"]


def test_a_range_in_an_unknown_unit_is_ignored(case: Case, done: dict[str, Any]) -> None:
    path = f"/jobs/{done['id']}/download"
    answer = case.service.call("GET", path, headers={"Range": "items=0-5"})
    assert (answer.status_code, len(answer.content)) == (200, done["size_bytes"])
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_an_unchanged_artifact_is_not_sent_again(case: Case, done: dict[str, Any]) -> None:
    path = f"/jobs/{done['id']}/download"
    tag = case.service.call("HEAD", path).headers["ETag"]
    assert case.service.call("GET", path, headers={"If-None-Match": tag}).status_code == 304


def test_a_finished_job_leaves_no_upload_and_no_work_behind(
    case: Case, done: dict[str, Any]
) -> None:
    needed = {"upload", "checkpoint.json"}
    wait_until(
        lambda: not needed & list_names(case, done["id"]), timeout_s=5, what="only results to stay"
    )
    assert "artifact" in list_names(case, done["id"])
    folders = [path.parent for path in case.service.list_files() if done["id"] in str(path)]
    assert len(set(folders)) == 1  # that of the run that made them
    assert not [path for path in case.service.list_files() if "incoming" in path.parts]


def list_names(case: Case, job_id: str) -> set[str]:
    """Return the names of a job's files."""
    return {path.name for path in case.service.list_files() if job_id in str(path.parent)}


def test_a_job_is_listed(case: Case, done: dict[str, Any]) -> None:
    listed = as_object(case.service.call("GET", "/jobs", params={"limit": 200}))
    assert done["id"] in [job["id"] for job in listed["jobs"]]
    assert listed["total"] >= 1


def test_celery_knows_the_result_under_the_jobs_id(case: Case, done: dict[str, Any]) -> None:
    with redis.Redis.from_url(case.service.redis_url) as client:
        key = f"celery-task-meta-{done['id']}"
        wait_until(lambda: b"SUCCESS" in (client.get(key) or b""), timeout_s=5, what=key)


def test_a_deleted_job_is_removed_with_its_files(case: Case) -> None:
    job = case.service.follow(case.service.submit(**case.quick())["id"])
    path = f"/jobs/{job['id']}"
    assert case.service.call("DELETE", path).status_code == 200
    assert case.service.call("GET", path).status_code == 404
    assert case.service.call("DELETE", path).status_code == 404
    assert not [path for path in case.service.list_files() if job["id"] in str(path)]


def test_cancelling_a_running_job_stops_its_work_and_frees_its_files(case: Case) -> None:
    job = case.service.submit(**case.long())
    wait_until(
        lambda: (
            case.service.get(job["id"])["status"] not in {"queued", "processing"}
            or case.service.get(job["id"])["progress"] > 0
        ),
        timeout_s=30,
        what="the work to begin",
    )
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(case.service.follow, job["id"])
        deleted = as_object(case.service.call("DELETE", f"/jobs/{job['id']}"))
        told = waiting.result(timeout=5)
    assert deleted["status"] == told["status"] == "cancelled"
    assert (told["error_code"], told["retryable"]) == ("cancelled", False)
    follower = case.service.follow(case.service.submit(**case.brief())["id"])
    assert follower["status"] == "failed"  # so the worker was free for it
    assert not [path for path in case.service.list_files() if job["id"] in str(path)]
    assert case.service.get(job["id"])["status"] == "cancelled"


def test_cancelling_a_waiting_job_frees_its_files(case: Case) -> None:
    running = case.service.submit(**case.long())
    waiting = case.service.submit(**case.other())
    cancelled = as_object(case.service.call("DELETE", f"/jobs/{waiting['id']}"))
    assert cancelled["status"] == "cancelled"
    assert not [path for path in case.service.list_files() if waiting["id"] in str(path)]
    case.service.call("DELETE", f"/jobs/{running['id']}")


def test_the_same_idempotency_key_and_body_give_the_same_job(case: Case) -> None:
    headers = {"Idempotency-Key": "same"}
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(case.service.submit, **case.quick(), headers=headers) for _ in "1234"]
        ids = {call.result()["id"] for call in calls}
    assert len(ids) == 1
    job_id = ids.pop()
    assert all(job_id in str(path) for path in case.service.list_files() if path.name == "upload")
    assert case.service.call("DELETE", f"/jobs/{job_id}").status_code == 200


def test_the_same_idempotency_key_with_another_body_is_refused(
    case: Case, done: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "done"}
    response = case.service.call("POST", "/jobs", **case.other(), headers=headers)
    assert response.status_code == 422
    assert as_object(response)["code"] == "idempotency_mismatch"
    assert case.service.get(done["id"]) == done


def test_an_unknown_job_is_a_problem(case: Case) -> None:
    response = case.service.call("GET", f"/jobs/{case.id_prefix}000000000000")
    problem = as_object(response)
    assert response.status_code == problem["status"] == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["retryable"]) == ("not_found", False)


def test_an_empty_submission_is_a_problem(case: Case) -> None:
    response = case.service.call("POST", "/jobs", json={})
    assert response.status_code in {415, 422}
    assert as_object(response)["code"] == "invalid_request"


def test_health_reports_name_and_checks(case: Case) -> None:
    titles = {"dl_": "video-downloader", "norm_": "audio-normalization"}
    health = as_object(case.service.call("GET", "/health"))
    assert health["status"] == "healthy"
    assert health["service"] == titles.get(case.id_prefix, "audio-transcriber")
    assert health["checks"] == {"redis": True, "worker": True, "disk": True}
    assert case.service.call("GET", "/health/live").status_code == 200
    assert case.service.call("GET", "/health/ready").status_code == 200


def test_the_statistics_count_jobs_and_files(case: Case, done: dict[str, Any]) -> None:
    stats = as_object(case.service.call("GET", "/admin/stats"))
    assert stats["jobs"]["by_status"][done["status"]] >= 1
    assert stats["artifacts"]["files"] == len(case.service.list_files())
