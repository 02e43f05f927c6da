"""A service reports an outage of Redis or its worker, and recovers from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer
from tests.support.services import ServiceProcesses

TOKEN = {"Authorization": "Bearer secret"}


def start_alone(redis_server: RedisServer, directory: Path) -> ServiceProcesses:
    """Return the example's API with a token and without a worker."""
    return ServiceProcesses(
        "tests.support.example_service",
        redis_server.url,
        directory,
        has_worker=False,
        environment={"SERVICE_TOKEN": "secret"},
    )


@pytest.fixture(scope="module")
def lonely_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def lonely(
    lonely_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcesses]:
    with start_alone(lonely_redis, tmp_path_factory.mktemp("lonely")) as service:
        yield service


def test_without_the_token_only_the_probes_answer(lonely: ServiceProcesses) -> None:
    wrong = {"Authorization": "Bearer secreT"}
    for headers in ({}, wrong):
        response = lonely.call("GET", "/jobs", headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert lonely.call("GET", "/jobs", headers=TOKEN).status_code == 200
    assert lonely.call("GET", "/health").status_code == 200


def test_without_a_worker_a_service_is_degraded_and_not_ready(lonely: ServiceProcesses) -> None:
    health = lonely.call("GET", "/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert lonely.call("GET", "/health/ready").status_code == 503


def test_jobs_continue_after_an_outage_of_redis(tmp_path: Path) -> None:
    with RedisServer(aof=True) as server, start_alone(server, tmp_path) as service:
        early = service.submit(json={"name": "early"}, headers=TOKEN)
        server.kill()
        response = service.call("POST", "/jobs", json={"name": "refused"}, headers=TOKEN)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert response.json()["retryable"]
        assert int(response.headers["Retry-After"]) > 0
        health = service.call("GET", "/health")
        assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
        service.start_worker()  # which has to wait for Redis
        server.start()
        service.wait_until_ready()
        assert service.follow(early["id"], headers=TOKEN)["status"] == "completed"
        script = tmp_path / "script"
        script.write_text("7")
        running = service.submit(json={"name": "r", "script": str(script)}, headers=TOKEN)
        service.wait_for_status(running["id"], "greeting", headers=TOKEN)
        server.kill()
        script.write_text("done")  # the work ends while Redis is away
        server.start()
        assert service.follow(running["id"], headers=TOKEN)["status"] == "completed"
        late = service.submit(json={"name": "late"}, headers=TOKEN)
        assert service.follow(late["id"], headers=TOKEN)["status"] == "completed"


def test_a_frozen_redis_does_not_hang_the_health_check(
    lonely: ServiceProcesses, lonely_redis: RedisServer
) -> None:
    lonely_redis.pause()
    try:
        response = lonely.call("GET", "/health")
    finally:
        lonely_redis.resume()
    assert response.json()["status"] == "unhealthy"
    assert response.elapsed.total_seconds() < 3
