"""The log lines of a job have its request id and trace, and no secrets."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

_SECRET = "s3cr3tS1gnature"
_PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def read_log(orchestrator: Orchestrator) -> str:
    return Path(orchestrator.environment["LOG_DIR"], "orchestrator.log").read_text()


def submit(orchestrator: Orchestrator, video: str, **headers: str) -> str:
    body = {"youtube_url": orchestrator.video(video)}
    answer = requests.post(
        f"{orchestrator.address}/pipeline", json=body, headers=headers, timeout=10
    )
    return str(answer.json()["job_id"])


@pytest.fixture
def failing(orchestrator: Orchestrator) -> Iterator[Orchestrator]:
    """An orchestrator whose downloader fails at the next video and quotes its URL."""
    url = f"{orchestrator.video('signed')}?token={_SECRET}"
    downloader = orchestrator.services[Role.DOWNLOADER]
    message = f"ERROR: unable to download {url}: HTTP Error 403"
    downloader.control(fail_next=1, failure={"message": message})
    yield orchestrator
    downloader.reset()


def test_every_line_of_a_job_has_its_request_id(orchestrator: Orchestrator) -> None:
    job_id = submit(orchestrator, "asked-for", **{"X-Request-ID": "web-42"})
    orchestrator.await_status(job_id, "completed")
    done = f"Pipeline completed for job {job_id}"
    wait_until(lambda: done in read_log(orchestrator), timeout_s=5, what="the last line")
    lines = [line for line in read_log(orchestrator).splitlines() if f"job_id={job_id}" in line]
    assert len(lines) >= 5
    assert all(re.search(r" attempt=1 request_id=web-42\]$", line) for line in lines)


def test_the_url_of_a_job_is_logged_without_its_token(failing: Orchestrator) -> None:
    job_id = submit(failing, f"signed?token={_SECRET}")
    failing.await_status(job_id, "failed")
    told = f"Pipeline failed for job {job_id}"
    wait_until(lambda: told in read_log(failing), timeout_s=5, what="the line of the failure")
    assert failing.api is not None
    written = [process.log_text() for process in (failing.api, *failing.workers)]
    assert "/signed?token=*** HTTP Error 403" in read_log(failing)
    assert _SECRET not in "".join([read_log(failing), *written])


def test_the_trace_of_a_client_is_passed_to_the_services_and_the_log(
    orchestrator: Orchestrator,
) -> None:
    job_id = submit(orchestrator, "traced", traceparent=_PARENT)
    orchestrator.await_status(job_id, "completed")
    for role in Role:
        traces = orchestrator.services[role].ledger().traces
        assert [trace for key, trace in traces.items() if key.startswith(job_id)] == [_PARENT]
    assert f"trace={_PARENT.split('-')[1]}]" in read_log(orchestrator)


def test_an_invalid_trace_header_is_dropped(orchestrator: Orchestrator) -> None:
    job_id = submit(orchestrator, "not-traced", traceparent=_PARENT.upper())
    orchestrator.await_status(job_id, "completed")
    for role in Role:
        traces = orchestrator.services[role].ledger().traces
        assert not [key for key in traces if key.startswith(job_id)]


@pytest.fixture(scope="module")
def untraceable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """An orchestrator that logs JSON and whose trace collector is unreachable."""
    directory = tmp_path_factory.mktemp("untraceable")
    settings: dict[str, Any] = {
        "LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{free_port()}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with RedisServer() as server, Orchestrator(directory, server, **settings) as orchestrator:
        yield orchestrator


def test_a_json_log_has_one_object_per_line_with_fields(
    untraceable: Orchestrator,
) -> None:
    job_id = submit(untraceable, "as-json", **{"X-Request-ID": "web-43"})
    untraceable.await_status(job_id, "completed")
    done = f"Pipeline completed for job {job_id}"
    wait_until(lambda: done in read_log(untraceable), timeout_s=5, what="the last line")
    records = [json.loads(line) for line in read_log(untraceable).splitlines()]
    (record,) = (record for record in records if record["message"] == done)
    assert record["level"] == "INFO"
    assert record["logger"] == "modules.orchestrator"
    facts = {"job_id": job_id, "stage": "transcription", "attempt": 1, "request_id": "web-43"}
    assert facts.items() <= record.items()
    assert re.fullmatch(r"[0-9a-f]{32}", record["trace"])


def test_an_unreachable_collector_delays_neither_jobs_nor_shutdown(
    untraceable: Orchestrator,
) -> None:
    untraceable.await_status(untraceable.submit("not-collected"), "completed")
    (worker,) = untraceable.workers
    began = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - began < 10
