"""Monitoring: workers, queues, results of jobs, and Prometheus metrics."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from orchestrator.domain.access import make_key
from tests.support.api_process import Api, running_api
from tests.support.fake_service import Down, Role
from tests.support.metrics import Metrics, read_metrics
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

TOKEN = "only-for-figures"
STAGES = ["download", "normalization", "transcription"]
SERVICES = {"video-downloader", "audio-normalization", "audio-transcriber"}


@pytest.fixture(scope="module")
def idle_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API without a worker; submitted jobs stay queued."""
    with running_api(tmp_path_factory.mktemp("idle")) as api:
        yield api


def test_the_report_has_workers_and_results_of_jobs(orchestrator: Orchestrator) -> None:
    orchestrator.await_status(orchestrator.submit("watched"), "completed")
    orchestrator.services[Role.DOWNLOADER].control(fail_next=1)
    orchestrator.await_status(orchestrator.submit("watched-too"), "failed")
    wait_until(
        lambda: orchestrator.get("/admin/workers")["workers"][0]["turns_processed"] >= 4,
        timeout_s=10,
        what="the turns in a sign of life",
    )

    report = orchestrator.get("/admin/workers")

    assert set(report) == {
        *("workers", "queues", "broker_messages", "throughput", "failures_by_code", "breakers"),
    }
    (worker,) = report["workers"]
    assert set(worker) == {
        *("worker", "concurrency", "active_turns", "turns_processed"),
        *("heartbeat_age_s", "started_at"),
    }
    assert worker["concurrency"] == 32
    assert 0 <= worker["heartbeat_age_s"] < 8
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", worker["started_at"])
    assert [queue["stage"] for queue in report["queues"]] == STAGES
    assert set(report["broker_messages"]) == {"stages", "upkeep"}
    assert report["throughput"]["completed_last_hour"] >= 1
    assert report["throughput"]["failed_last_hour"] >= 1
    assert report["failures_by_code"]["video_unavailable"] >= 1
    assert set(report["breakers"]) == SERVICES
    assert set(report["breakers"].values()) <= {"closed", "open", "half-open"}


def test_queued_jobs_are_counted_by_stage_and_age(idle_api: Api) -> None:
    job_ids = [idle_api.submit() for _ in range(3)]

    report = idle_api.call("GET", "/admin/workers").json()

    assert report["workers"] == []
    assert report["broker_messages"]["stages"] == 3
    first, *others = report["queues"]
    assert (first["stage"], first["waiting"]) == ("download", 3)
    assert 0 <= first["oldest_wait_s"] < 60
    assert others == [{"stage": s, "waiting": 0, "oldest_wait_s": None} for s in STAGES[1:]]
    for job_id in job_ids:
        idle_api.call("POST", f"/jobs/{job_id}/cancel")
    left = idle_api.call("GET", "/admin/workers").json()["queues"][0]
    assert left == {"stage": "download", "waiting": 0, "oldest_wait_s": None}


def test_requests_are_counted_by_route_and_never_by_url(orchestrator: Orchestrator) -> None:
    before = read_metrics(orchestrator.address)
    for name in ("0123456789abcdef", "fedcba9876543210"):
        orchestrator.get(f"/jobs/{name}")
        requests.get(f"{orchestrator.address}/{name}", timeout=10)
    requests.request("BREW", f"{orchestrator.address}/pipeline", timeout=10)

    after = read_metrics(orchestrator.address)

    name = "ytcaption_http_requests_total"
    known = {"method": "GET", "route": "/jobs/<job_id>", "status": "404"}
    assert after.sum(name, **known) - before.sum(name, **known) == 2
    assert after.sum(name, route="none") - before.sum(name, route="none") >= 2
    assert not any("0123456789abcdef" in route for route in after.labels(name, "route"))
    assert "BREW" not in after.labels(name, "method")
    times = "ytcaption_http_request_duration_seconds"
    route = {"method": "GET", "route": "/jobs/<job_id>"}
    count = after.sum(f"{times}_count", **route)
    assert count == after.sum(f"{times}_bucket", **route, le="+Inf") >= 2
    assert after.sum(f"{times}_sum", **route) > 0


def test_the_api_exposes_the_metrics_of_all_jobs(orchestrator: Orchestrator) -> None:
    before = read_metrics(orchestrator.address)
    orchestrator.await_status(orchestrator.submit("figured"), "completed")

    after = read_metrics(orchestrator.address)

    ended = ("ytcaption_pipeline_jobs_ended_total", "completed")
    assert after.sum(ended[0], status=ended[1]) == before.sum(ended[0], status=ended[1]) + 1
    assert after.sum("ytcaption_pipeline_jobs", status="completed") >= 1
    assert after.sum("ytcaption_workers") == 1
    assert after.sum("ytcaption_redis_up") == 1
    assert after.labels("ytcaption_queue_jobs", "stage") == set(STAGES)
    assert after.sum("ytcaption_breaker_state", service="video-downloader") == 1, "in one state"


def test_without_redis_the_metrics_report_it_as_down(idle_api: Api) -> None:
    server = idle_api.orchestrator.redis_server
    server.stop()
    try:
        figures = read_metrics(idle_api.orchestrator.address)
        assert [family.name for family in figures.families] == ["ytcaption_redis_up"]
        assert figures.sum("ytcaption_redis_up") == 0
    finally:
        server.start()


def test_the_metrics_token_permits_the_metrics_only(tmp_path: Path) -> None:
    clear, reader = make_key("ann", ["read"])
    with running_api(tmp_path, API_KEYS=str(reader), METRICS_TOKEN=TOKEN) as api:
        assert api.call("GET", "/metrics", key=TOKEN).status_code == 200
        assert api.call("GET", "/metrics", headers={"X-API-Key": TOKEN}).status_code == 200
        assert api.call("GET", "/metrics").status_code == 401
        assert api.call("GET", "/metrics", key=f"{TOKEN}x").status_code == 401
        assert api.call("GET", "/metrics", key=clear).status_code == 403
        assert api.call("GET", "/admin/workers", key=TOKEN).status_code == 401
        assert api.call("GET", "/jobs", key=TOKEN).status_code == 401


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orchestrator, str]]:
    """An orchestrator with two workers, and the URL of their metrics."""
    port = free_port()
    with (
        RedisServer() as server,
        Orchestrator(
            tmp_path_factory.mktemp("watched"),
            server,
            services={"stage_s": 0.1},
            WORKER_METRICS_PORT=port,
            METRICS_TOKEN=TOKEN,
            RETRY_BACKOFF_BASE_SECONDS=0.05,
        ) as orchestrator,
    ):
        orchestrator.start_worker()
        yield orchestrator, f"http://{LOOPBACK}:{port}"


def test_the_workers_of_a_host_share_one_metrics_page(watched: tuple[Orchestrator, str]) -> None:
    orchestrator, address = watched
    orchestrator.services[Role.NORMALIZER].control(down=Down.UNAVAILABLE)
    job_id = orchestrator.submit("shared")
    await_metric(address, "ytcaption_retries_total", 1, **{"class": "transient"})
    orchestrator.services[Role.NORMALIZER].control(down=Down.NO)
    orchestrator.await_status(job_id, "completed")
    figures = await_metric(address, "ytcaption_stage_duration_seconds_count", 3)

    assert figures.sum("ytcaption_worker_processes") == 2
    assert figures.sum("ytcaption_turns_capacity") == 64
    assert figures.labels("ytcaption_stage_duration_seconds_count", "stage") == set(STAGES)
    assert figures.sum("ytcaption_stage_wait_seconds_count") == 3
    assert figures.sum("ytcaption_turns_total", outcome="completed") == 3
    assert figures.labels("ytcaption_polls_total", "service") == SERVICES
    assert figures.sum("ytcaption_streamed_bytes_total", service="video-downloader") > 0
    assert figures.sum("ytcaption_retries_total", **{"class": "call"}) >= 1
    assert requests.get(f"{address}/metrics", timeout=10).status_code == 401
    assert requests.get(address, timeout=10).status_code == 404


def test_another_worker_takes_over_the_metrics_port_without_losing_counts(
    watched: tuple[Orchestrator, str],
) -> None:
    orchestrator, address = watched
    orchestrator.await_status(orchestrator.submit("before"), "completed")
    ended = {"outcome": "completed"}
    before = await_metric(address, "ytcaption_turns_total", 3, **ended)
    holder, _ = orchestrator.workers  # the port was free when it came
    holder.kill()

    after = await_metric(address, "ytcaption_worker_processes", 1)

    completed = before.sum("ytcaption_turns_total", **ended)
    assert after.sum("ytcaption_turns_total", **ended) >= completed
    orchestrator.await_status(orchestrator.submit("after"), "completed")
    await_metric(address, "ytcaption_turns_total", completed + 3, **ended)


def await_metric(address: str, name: str, value: float, **labels: str) -> Metrics:
    """Wait until a metric of the workers has reached a value, and return the page."""
    seen: list[Metrics] = []

    def is_reached() -> bool:
        try:
            seen[:] = [read_metrics(address, token=TOKEN)]
        except requests.ConnectionError:
            return False
        found = seen[0].sum(name, **labels)
        return found == value if name.endswith("processes") else found >= value

    wait_until(is_reached, timeout_s=30, what=f"{name} to be {value}")
    return seen[0]
