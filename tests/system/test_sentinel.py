"""Failover with Sentinel: the primary dies during jobs, and a replica takes over."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import redis
import requests

from orchestrator.errors import StoreUnavailableError
from orchestrator.settings import load_settings
from orchestrator.store.connection import Connection, connect, connect_bounded
from tests.support.fake_service import expected_text
from tests.support.orchestrator import Orchestrator
from tests.support.sentinels import WatchedRedis
from tools.waiting import wait_until

LOGGER = logging.getLogger("system")


@pytest.fixture
def watched() -> Iterator[WatchedRedis]:
    """One primary, one replica, three sentinels."""
    with WatchedRedis() as servers:
        yield servers


@pytest.fixture
def orchestrator(watched: WatchedRedis, tmp_path: Path) -> Iterator[Orchestrator]:
    """API, two workers and services; Redis's URL is that of the sentinels."""
    services = {"stage_s": 1.0, "progress_step": 25.0}
    with Orchestrator(
        tmp_path,
        watched.primary,
        services=services,
        REDIS_URL=watched.url,
        RETRY_BACKOFF_BASE_SECONDS=0.1,
        ENVIRONMENT="test",
    ) as running:
        running.start_worker()
        yield running


def test_jobs_go_on_with_the_replica_when_the_primary_is_killed(
    orchestrator: Orchestrator, watched: WatchedRedis
) -> None:
    accepted: dict[str, tuple[float, str]] = {}
    refused: list[float] = []
    is_over = Event()

    def submit_on() -> None:
        number = 0
        while not is_over.wait(0.05):
            number += 1
            body = {"youtube_url": orchestrator.video(f"failover-{number}")}
            answer = requests.post(f"{orchestrator.address}/pipeline", json=body, timeout=30)
            if answer.status_code == 202:
                accepted[answer.json()["job_id"]] = (time.monotonic(), body["youtube_url"])
            else:
                assert answer.status_code == 503, answer.text
                refused.append(time.monotonic())

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(submit_on)
        try:
            wait_until(lambda: len(accepted) >= 40, timeout_s=30, what="load")
            watched.primary.kill()
            killed = time.monotonic()
            wait_until(
                lambda: watched.primary_port() == watched.replica.port,
                timeout_s=60,  # a vote that nobody won is held again after twenty seconds
                what="another primary",
            )
            promoted_s = time.monotonic() - killed
            before = len(accepted)
            wait_until(lambda: len(accepted) >= before + 20, timeout_s=30, what="jobs after it")
        finally:
            is_over.set()
            running.result()

    instants = sorted(at for at, _ in accepted.values())
    back_s = next(at for at in instants if at > max(refused, default=killed)) - killed
    lost = [job_id for job_id in accepted if not _is_known(watched, job_id)]
    LOGGER.info(
        "%d jobs accepted, %d refused; another primary after %.1f s, accepted again after %.1f s; "
        "%d lost: %s s before the kill",
        *(len(accepted), len(refused), promoted_s, back_s, len(lost)),
        [round(killed - accepted[job_id][0], 3) for job_id in lost],
    )
    # Replication lags by a few milliseconds: only what was acknowledged just then may be gone.
    assert all(0 < killed - accepted[job_id][0] < 0.5 for job_id in lost), lost
    assert len(lost) <= 5
    for job_id, (_, video) in accepted.items():
        if job_id not in lost:
            job = orchestrator.await_status(job_id, "completed", "failed", timeout_s=60)
            assert job["transcription_text"] == expected_text(video), job["error_message"]


def _is_known(watched: WatchedRedis, job_id: str) -> bool:
    with watched.client() as client:
        return bool(client.exists(f"orchestrator:job:{job_id}"))


def test_a_worker_finds_the_primary_where_one_sentinel_is_away(
    orchestrator: Orchestrator, watched: WatchedRedis
) -> None:
    with redis.Redis(port=watched.sentinel_ports[0]) as client:
        client.shutdown()
    orchestrator.start_worker()
    job_id = orchestrator.submit("one-sentinel-less")
    orchestrator.await_status(job_id, "completed")


def stores(watched: WatchedRedis) -> list[Connection]:
    settings = load_settings(env_files=(), redis_url=watched.url, redis_timeout_s=0.5)
    return [connect(settings), connect_bounded(settings)]


def read(store: Connection, key: str) -> dict[str, str]:
    with store.commands() as client:
        found: dict[str, str] = client.hgetall(key)
    return found


def test_an_answer_that_comes_too_late_is_nobody_elses(watched: WatchedRedis) -> None:
    with watched.client() as client:
        client.hset("one", "answer", "the first")
        client.hset("other", "answer", "the second")
    for store in stores(watched):
        assert read(store, "one") == {"answer": "the first"}
        watched.primary.pause()
        try:
            with pytest.raises(StoreUnavailableError):
                read(store, "one")
        finally:
            watched.primary.resume()
        assert read(store, "other") == {"answer": "the second"}
        store.client.close()


def test_once_there_is_another_primary_no_idle_connection_leads_to_the_old_one(
    watched: WatchedRedis,
) -> None:
    opened = stores(watched)
    for store in opened:
        pool = store.client.connection_pool
        for connection in [pool.get_connection() for _ in range(5)]:
            pool.release(connection)
    watched.primary.pause()  # its connections stay open, and nothing answers
    try:
        wait_until(
            lambda: watched.primary_port() == watched.replica.port,
            timeout_s=60,
            what="another primary",
        )
        for store in opened:
            with pytest.raises(StoreUnavailableError):
                store.now_ms()
            store.now_ms()  # asks the sentinels, and closes what leads elsewhere
            with ThreadPoolExecutor(5) as callers:
                assert all(callers.map(lambda _, one=store: one.now_ms(), range(20)))
            store.client.close()
    finally:
        watched.primary.resume()


def test_an_outage_of_the_sentinels_leaves_no_connection_behind(watched: WatchedRedis) -> None:
    store = connect_bounded(load_settings(env_files=(), redis_url=watched.url))
    for port in watched.sentinel_ports:
        with redis.Redis(port=port) as client:
            client.shutdown()
    pool = store.client.connection_pool
    for _ in range(10):
        with pytest.raises(StoreUnavailableError):
            store.now_ms()
    assert sum(count for count, _ in pool.get_connection_count()) == 1
    store.client.close()
