"""The admission queue: the limit of jobs in flight at a service, and their order."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

LIMIT = 2


class FromAddress(HTTPAdapter):
    """Sends requests from another loopback address, as a client on another host does."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)


@pytest.fixture
def crowded(
    tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer, redis_url: str
) -> Iterator[Orchestrator]:
    """An orchestrator whose downloader has two unfinished jobs in flight."""
    assert redis_url == redis_server.url
    with Orchestrator(
        tmp_path_factory.mktemp("crowded"),
        redis_server,
        services={"stage_s": 0.1, Role.DOWNLOADER: {"hold": True}},
        MAX_INFLIGHT_VIDEO_DOWNLOADER=LIMIT,
    ) as orchestrator:
        for number in range(LIMIT):
            orchestrator.submit(f"first-{number}")
        wait_until(lambda: accepted(orchestrator) == LIMIT, timeout_s=20, what="the first jobs")
        yield orchestrator


def accepted(orchestrator: Orchestrator) -> int:
    return len(orchestrator.services[Role.DOWNLOADER].ledger().submissions)


def position(orchestrator: Orchestrator, job_id: str) -> int | None:
    found: int | None = orchestrator.get(f"/jobs/{job_id}")["queue_position"]
    return found


def test_jobs_beyond_the_limit_wait_in_the_queue(crowded: Orchestrator) -> None:
    waiting = [crowded.submit(f"waiting-{number}") for number in range(3)]
    assert [position(crowded, job_id) for job_id in waiting] == [1, 2, 3]
    assert crowded.get(f"/jobs/{waiting[0]}")["status"] == "queued"
    assert accepted(crowded) == LIMIT
    with crowded.redis() as client:
        assert client.llen("orchestrator:broker:stages") == 0, "a queued job has no message"

    crowded.services[Role.DOWNLOADER].control(hold=False)
    for job_id in waiting:
        assert crowded.await_status(job_id, "completed")["queue_position"] is None
    with crowded.redis() as client:
        assert client.scard("orchestrator:inflight:video-downloader") == 0


def test_jobs_are_ordered_by_priority_then_age(crowded: Orchestrator) -> None:
    low = crowded.submit("low", priority="low")
    normal = crowded.submit("normal")
    high = crowded.submit("high", priority="high")
    assert [position(crowded, job_id) for job_id in (high, normal, low)] == [1, 2, 3]


def test_a_batch_of_one_client_does_not_starve_another(crowded: Orchestrator) -> None:
    batch = [crowded.submit(f"batch-{number}") for number in range(20)]
    with requests.Session() as other:
        other.mount("http://", FromAddress("127.0.0.2"))
        answer = other.post(
            f"{crowded.address}/pipeline", json={"youtube_url": crowded.video("single")}, timeout=10
        )
    single = answer.json()["job_id"]
    assert position(crowded, single) == 2
    assert position(crowded, batch[-1]) == 21


def test_a_cancelled_job_leaves_the_queue(crowded: Orchestrator) -> None:
    first, second = crowded.submit("leaving"), crowded.submit("staying")
    crowded.post(f"/jobs/{first}/cancel")
    assert position(crowded, second) == 1
    assert position(crowded, first) is None


def test_a_cancelled_job_frees_its_slot(crowded: Orchestrator) -> None:
    waiting = crowded.submit("next")
    jobs = crowded.get("/jobs?status=downloading")["jobs"]
    crowded.post(f"/jobs/{jobs[0]['job_id']}/cancel")
    crowded.await_status(waiting, "downloading")
