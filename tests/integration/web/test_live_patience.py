"""Event streams: heartbeats, Redis outages and a thousand clients."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.support.event_stream import open_stream
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

STREAMS = 1000


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """An orchestrator with long turns, frequent heartbeats and a persistent Redis."""
    with (
        RedisServer(aof=True, arguments=["--appendfsync", "always"]) as server,
        Orchestrator(
            tmp_path_factory.mktemp("patient"),
            server,
            services={"stage_s": 0.2, "hold": True},
            TURN_SECONDS=60,
        ) as orchestrator,
    ):
        yield orchestrator


def submit_held(orchestrator: Orchestrator, name: str) -> str:
    """Submit a job that is held in its first stage until ``release``."""
    for service in orchestrator.services.values():
        service.control(hold=True)
    job_id = orchestrator.submit(name)
    wait_until(
        lambda: orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["progress"] == 95,
        timeout_s=20,
        what="the job to be held",
    )
    return job_id


def release(orchestrator: Orchestrator) -> None:
    for service in orchestrator.services.values():
        service.control(hold=False)


def test_an_idle_stream_sends_heartbeats(patient: Orchestrator) -> None:
    job_id = submit_held(patient, "silent")
    with open_stream(patient.address, job_id) as events:
        assert any(not event.kind for event in events)
        release(patient)
        assert [event for event in events if event.kind][-1].kind == "end"


def test_a_stream_survives_a_redis_outage(patient: Orchestrator) -> None:
    job_id = submit_held(patient, "outage")
    with open_stream(patient.address, job_id) as events:
        while not next(events).kind:
            pass
        patient.redis_server.kill()
        while next(events).kind:  # a heartbeat while Redis is down
            pass
        patient.redis_server.start()
        release(patient)
        assert [event for event in events if event.kind][-1].facts["status"] == "completed"


def test_a_thousand_streams_need_few_connections_and_block_nobody(patient: Orchestrator) -> None:
    job_id = submit_held(patient, "crowd")
    with patient.redis() as client:
        before = client.info("clients")["connected_clients"]
        port = patient.address.rpartition(":")[2]
        command = [sys.executable, "-m", "tests.support.crowd", port, job_id, str(STREAMS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "open\n"
            during = client.info("clients")["connected_clients"]
            assert requests.get(f"{patient.address}/health/live", timeout=5).ok
            release(patient)
            patient.await_status(job_id, "completed")
            most = client.info("clients")["connected_clients"]
            assert requests.get(f"{patient.address}/health/live", timeout=5).ok
            assert crowd.stdout.readline() == "ended\n"
        assert crowd.returncode == 0
    # Connections of 20 requests in flight, 16 readers, a subscription and the worker.
    assert max(during, most) - before <= 60, f"clients of Redis: {before}, {during}, {most}"
