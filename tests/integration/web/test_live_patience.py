"""Following jobs for long, through an outage, and a thousand at once."""

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
    """Long turns, short silences, and a Redis that keeps what it has."""
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


def held(orchestrator: Orchestrator, name: str) -> str:
    """Submit a job that stands still in its first stage, until ``let_go``."""
    for service in orchestrator.services.values():
        service.control(hold=True)
    job_id = orchestrator.submit(name)
    wait_until(
        lambda: orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["progress"] == 95,
        timeout_s=20,
        what="the job to stand still",
    )
    return job_id


def let_go(orchestrator: Orchestrator) -> None:
    for service in orchestrator.services.values():
        service.control(hold=False)


def test_a_silent_stream_gives_signs_of_life(patient: Orchestrator) -> None:
    job_id = held(patient, "silent")
    with open_stream(patient.address, job_id) as events:
        assert any(not event.kind for event in events)
        let_go(patient)
        assert [event for event in events if event.kind][-1].kind == "end"


def test_a_stream_outlives_an_outage_of_redis(patient: Orchestrator) -> None:
    job_id = held(patient, "outage")
    with open_stream(patient.address, job_id) as events:
        while not next(events).kind:
            pass
        patient.redis_server.kill()
        while next(events).kind:  # a sign of life while Redis is away
            pass
        patient.redis_server.start()
        let_go(patient)
        assert [event for event in events if event.kind][-1].facts["status"] == "completed"


def test_a_thousand_streams_cost_neither_connections_nor_the_others(patient: Orchestrator) -> None:
    job_id = held(patient, "crowd")
    with patient.redis() as client:
        before = client.info("clients")["connected_clients"]
        port = patient.address.rpartition(":")[2]
        command = [sys.executable, "-m", "tests.support.crowd", port, job_id, str(STREAMS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crowd:
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == "open\n"
            during = client.info("clients")["connected_clients"]
            assert requests.get(f"{patient.address}/health/live", timeout=5).ok
            let_go(patient)
            patient.await_status(job_id, "completed")
            most = client.info("clients")["connected_clients"]
            assert requests.get(f"{patient.address}/health/live", timeout=5).ok
            assert crowd.stdout.readline() == "ended\n"
        assert crowd.returncode == 0
    # What 20 requests in flight, 16 readers and a subscription take, and the worker's own.
    assert max(during, most) - before <= 60, f"clients of Redis: {before}, {during}, {most}"
