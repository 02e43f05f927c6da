"""The metrics of a service, and the traces in its log."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.services import ServiceProcesses

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> ServiceProcesses:
    return ServiceProcesses("tests.support.example_service", redis_url, tmp_path)


def read_metrics(service: ServiceProcesses) -> dict[tuple[str, str], float]:
    """Return all metrics by name and status."""
    answer = service.call("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, sample.labels.get("status", "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.labels["service"] == "example"
    }


def test_the_metrics_follow_the_jobs(service: ServiceProcesses, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("7")
    with service:
        running = service.submit(json={"name": "you", "script": str(script)})
        service.wait_for_status(running["id"], "greeting")
        waiting = service.submit(json={"name": "you"})
        metrics = read_metrics(service)
        assert metrics["ytcaption_service_up", ""] == 1
        assert metrics["ytcaption_service_jobs_running", ""] == 1
        assert metrics["ytcaption_service_jobs_waiting", ""] == 1
        assert metrics["ytcaption_service_oldest_waiting_seconds", ""] > 0
        assert metrics["ytcaption_service_disk_free_bytes", ""] > 0
        assert metrics["ytcaption_jobs", "greeting"] == 1
        script.write_text("fail")
        assert service.follow(running["id"])["status"] == "failed"
        assert service.follow(waiting["id"])["status"] == "completed"
        service.call("DELETE", f"/jobs/{waiting['id']}")
        metrics = read_metrics(service)
    assert metrics["ytcaption_service_jobs_running", ""] == 0
    assert metrics["ytcaption_service_jobs_waiting", ""] == 0
    assert metrics["ytcaption_jobs_ended_total", "completed"] == 1  # although it was removed
    assert metrics["ytcaption_jobs_ended_total", "failed"] == 1


@pytest.mark.parametrize("is_valid", [True, False])
def test_the_callers_trace_is_named_by_api_and_worker(
    service: ServiceProcesses, *, is_valid: bool
) -> None:
    version = "00" if is_valid else "ff"
    headers = {"traceparent": f"{version}-{TRACE_ID}-00f067aa0ba902b7-01"}
    with service:
        job_id = service.submit(json={"name": "you"}, headers=headers)["id"]
        service.follow(job_id)
        for process in ("api", "worker"):
            assert f"job={job_id}" in service.read_log(process)
            assert (f"trace={TRACE_ID}" in service.read_log(process)) is is_valid
