"""Deadlines of stages and jobs, and the memory of a worker."""

import pytest

from tests.support.fake_service import Role, expected_text
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

LARGE_BYTES = 300_000_000


@pytest.fixture
def server(redis_server: RedisServer, redis_url: str) -> RedisServer:
    """An empty Redis server."""
    assert redis_url == redis_server.url
    return redis_server


def test_a_stage_fails_at_its_deadline(
    tmp_path_factory: pytest.TempPathFactory, server: RedisServer
) -> None:
    with Orchestrator(
        tmp_path_factory.mktemp("stage"),
        server,
        services={Role.DOWNLOADER: {"hold": True}},
        POLL_INTERVAL=0.5,
        MAX_POLL_ATTEMPTS=4,
        POLL_WAIT_SECONDS=1,
    ) as orchestrator:
        job_id = orchestrator.submit("slow")
        job = orchestrator.await_status(job_id, "failed", "completed")
        assert job["error_code"] == "deadline_exceeded"
        assert "MAX_POLL_ATTEMPTS" in job["error_message"]
        assert job["error_stage"] == "download"
        downloader = orchestrator.services[Role.DOWNLOADER]
        orchestrator.start_beat()
        remote_id = job["stages"]["download"]["job_id"]
        wait_until(
            lambda: downloader.ledger().of(remote_id).deletes, timeout_s=30, what="the deletion"
        )


def test_deadlines_do_not_count_time_in_the_services_queue(
    tmp_path_factory: pytest.TempPathFactory, server: RedisServer
) -> None:
    with Orchestrator(
        tmp_path_factory.mktemp("queued"),
        server,
        services={"stage_s": 0.2, Role.DOWNLOADER: {"queued_s": 5.0}},
        POLL_INTERVAL=0.5,
        MAX_POLL_ATTEMPTS=6,
        TURN_SECONDS=2,
        POLL_WAIT_SECONDS=1,
    ) as orchestrator:
        job = orchestrator.await_status(orchestrator.submit("in-line"), "failed", "completed")
        assert job["status"] == "completed"


def test_a_job_fails_at_its_deadline_even_while_its_service_is_down(
    tmp_path_factory: pytest.TempPathFactory, server: RedisServer
) -> None:
    with Orchestrator(
        tmp_path_factory.mktemp("job"),
        server,
        JOB_TIMEOUT_MINUTES=0.05,
        RETRY_BACKOFF_BASE_SECONDS=0.2,
    ) as orchestrator:
        orchestrator.services[Role.DOWNLOADER].kill()
        job = orchestrator.await_status(orchestrator.submit("down"), "failed", "completed")
        assert job["error_code"] == "deadline_exceeded"
        assert "JOB_TIMEOUT_MINUTES" in job["error_message"]


def test_a_workers_memory_does_not_grow_with_the_audio(
    tmp_path_factory: pytest.TempPathFactory, server: RedisServer
) -> None:
    with Orchestrator(
        tmp_path_factory.mktemp("large"),
        server,
        services={"stage_s": 0.1, Role.DOWNLOADER: {"artifact_bytes": LARGE_BYTES}},
    ) as orchestrator:
        orchestrator.await_status(orchestrator.submit("warm-up"), "completed", timeout_s=60)
        (worker,) = orchestrator.workers
        before = worker.peak_memory_bytes()
        job = orchestrator.await_status(orchestrator.submit("large"), "completed", timeout_s=60)
        grown = worker.peak_memory_bytes() - before
        text = expected_text(orchestrator.video("large"), audio_bytes=LARGE_BYTES)
        assert job["transcription_text"] == text
        assert grown <= 32_000_000, f"grew by {grown / 1e6:.1f} MB"
        sent = orchestrator.services[Role.NORMALIZER].ledger().submissions
        assert sent[-1].upload_bytes == LARGE_BYTES
