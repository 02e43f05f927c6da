"""Limits of a service: its disk, how long and how much it keeps, who may call it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from orchestrator.errors import ServiceRejectedError
from services.kit.files.artifacts import STALE_S
from tests.support.client import make_client
from tests.support.services import ServiceProcesses
from tools.waiting import wait_until

Start = Callable[..., ServiceProcesses]


@pytest.fixture
def start(redis_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts the example service with the variables of a test."""
    started: list[ServiceProcesses] = []

    def start_service(*, has_worker: bool = True, **environment: str) -> ServiceProcesses:
        package = "tests.support.example_service"
        service = ServiceProcesses(
            package, redis_url, tmp_path, has_worker=has_worker, environment=environment
        )
        started.append(service)
        service.start()
        return service

    yield start_service
    for service in started:
        service.stop()


def test_a_full_disk_answers_503_and_creates_no_job(start: Start) -> None:
    service = start(has_worker=False, MIN_FREE_DISK_MB=str(10**9))
    service.wait_until_ready()
    answer = service.call("POST", "/jobs", json={"name": "you"})
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_low")
    assert answer.json()["retryable"]
    assert int(answer.headers["Retry-After"]) > 0
    assert service.call("GET", "/jobs").json()["total"] == 0
    ready = service.call("GET", "/health/ready")
    assert (ready.status_code, ready.json()["checks"]["disk"]) == (503, False)


def test_the_least_recently_used_job_is_evicted(start: Start) -> None:
    service = start(MAX_CACHE_GB=str(25 / 2**30))  # two greetings, and not a third one
    service.wait_until_ready()
    jobs = [service.follow(service.submit(json={"name": name})["id"]) for name in ("ann", "bob")]
    assert service.call("POST", "/admin/cleanup", json={}).json()["jobs_removed"] == 0
    service.call("GET", f"/jobs/{jobs[0]['id']}/download")
    jobs.append(service.follow(service.submit(json={"name": "eve"})["id"]))
    assert service.call("POST", "/admin/cleanup", json={}).json()["jobs_removed"] == 1
    statuses = [service.call("GET", f"/jobs/{job['id']}").status_code for job in jobs]
    assert statuses == [200, 404, 200]


def test_the_files_of_an_expired_job_are_removed(start: Start) -> None:
    service = start()
    service.wait_until_ready()
    job = service.follow(service.submit(json={"name": "you"})["id"])
    work = service.artifacts_dir / "work"
    wait_until(lambda: not list(work.iterdir()), timeout_s=5, what="the worker to tidy up")
    with redis.Redis.from_url(service.redis_url) as client:
        client.delete(f"example:job:{job['id']}")  # as when its time has come
    assert service.call("POST", "/admin/cleanup", json={}).json()["files_removed"] == 0
    for path in service.list_files():
        os.utime(path, (0, path.stat().st_mtime - STALE_S - 60))
    assert service.call("POST", "/admin/cleanup", json={}).json()["files_removed"] == 2
    assert service.list_files() == []


@pytest.mark.parametrize("token", ["secret", "wrong", ""])
def test_the_orchestrator_sends_the_token_to_its_services(start: Start, token: str) -> None:
    service = start(has_worker=False, SERVICE_TOKEN="secret")
    service.wait_until_ready()
    client = make_client(service.url, service_token=token or None)
    if token == "secret":
        assert client.submit({"name": "you"}, idempotency_key="k").job is not None
    else:
        with pytest.raises(ServiceRejectedError) as refusal:
            client.submit({"name": "you"}, idempotency_key="k")
        assert refusal.value.status_code == 401
