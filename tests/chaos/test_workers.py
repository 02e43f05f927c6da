"""Workers that die, receive SIGTERM, or lose a message."""

import json
import logging
import random
import signal
import time
from base64 import b64decode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from orchestrator.store.connection import Connection
from orchestrator.store.events import EventStore
from tests.support.chaos_damage import ChaosOrchestrator
from tests.support.chaos_recovery import RecoveryClock
from tests.support.fake_service import Role, expected_text
from tools.waiting import wait_until

LOGGER = logging.getLogger("chaos")
RECOVERED_WITHIN_S = 12.0
SENT_ON_WITHIN_S = 8.0
STOPS_WITHIN_S = 2.0
ON_A_BUSY_MACHINE_S = 2.0
QUEUE = "orchestrator:broker:stages"


def assert_completed_once(orchestrator: ChaosOrchestrator, jobs: dict[str, str]) -> None:
    """Check that jobs, by id with the names of their videos, complete with one submission each."""
    for job_id, name in jobs.items():
        job = orchestrator.await_status(job_id, "completed", "failed", timeout_s=60)
        assert job["transcription_text"] == expected_text(orchestrator.video(name))
    for role, service in orchestrator.services.items():
        keys = Counter(one.idempotency_key for one in service.ledger().submissions)
        for job_id in jobs:
            sent = {key: count for key, count in keys.items() if (key or "").startswith(job_id)}
            assert list(sent.values()) == [1], f"{role}: {sent}"


def take_messages(client: Any, count: int) -> set[str]:
    """Remove random messages from the queue and return the ids of their jobs."""
    taken = random.Random(7).sample(client.lrange(QUEUE, 0, -1), count)
    for message in taken:
        assert client.lrem(QUEUE, 1, message) == 1
    return {json.loads(b64decode(json.loads(one)["body"]))[0][0][0] for one in taken}


def test_jobs_of_a_dead_only_worker_continue_on_its_replacement(
    orchestrator: ChaosOrchestrator,
) -> None:
    jobs = orchestrator.submit_held("lonely", 20)
    (worker,) = orchestrator.workers
    with orchestrator.redis() as client:
        clock = RecoveryClock(client)
        worker.kill()
        name, held = clock.held_by(worker.pid)
        assert held == jobs.keys()
        clock.start(name, held, cause="kill the only worker")
        time.sleep(1.0)
        orchestrator.spawn_worker()
        wait_until(lambda: clock.is_idle, timeout_s=40, what="recovery")
        clock.stop()
    LOGGER.info("%s", clock)
    assert max(clock.seconds["kill the only worker"]) < RECOVERED_WITHIN_S + ON_A_BUSY_MACHINE_S
    assert all("recovered" in orchestrator.events(job_id) for job_id in jobs)
    orchestrator.services[Role.DOWNLOADER].control(hold=False)
    assert_completed_once(orchestrator, jobs)


def test_a_worker_killed_during_a_transfer_causes_no_second_submission(
    orchestrator: ChaosOrchestrator,
) -> None:
    size_bytes = 64_000_000  # more than the sockets' buffers hold
    orchestrator.services[Role.DOWNLOADER].control(artifact_bytes=size_bytes)
    orchestrator.services[Role.NORMALIZER].pause()
    job_id = orchestrator.submit("torn")
    orchestrator.await_status(job_id, "normalizing")
    downloader = orchestrator.services[Role.DOWNLOADER]
    remote_id = orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["job_id"]
    wait_until(lambda: downloader.ledger().of(remote_id).downloads, timeout_s=10, what="transfer")
    orchestrator.workers[0].kill()
    orchestrator.services[Role.NORMALIZER].resume()
    downloader.control(artifact_bytes=100_000)
    orchestrator.start_worker()

    job = orchestrator.await_status(job_id, "completed", "failed", timeout_s=40)
    video = orchestrator.video("torn")
    assert job["transcription_text"] == expected_text(video, audio_bytes=size_bytes)
    assert downloader.ledger().of(remote_id).downloads == 2
    assert orchestrator.submissions(Role.NORMALIZER, job_id) == 1


def test_a_worker_that_receives_sigterm_releases_its_polling_jobs(
    orchestrator: ChaosOrchestrator,
) -> None:
    jobs = orchestrator.submit_held("handed-over", 20)
    first = orchestrator.workers[0]
    orchestrator.start_worker()
    started = time.monotonic()
    assert first.stop() == 0
    took_s = time.monotonic() - started
    LOGGER.info("SIGTERM to exit: %.1f s", took_s)
    assert took_s < STOPS_WITHIN_S + ON_A_BUSY_MACHINE_S

    with orchestrator.redis() as client:
        workers = [client.hget(f"orchestrator:job:{job_id}", "lease.worker") for job_id in jobs]
        wait_until(
            lambda: all(client.hget(f"orchestrator:job:{one}", "lease.worker") for one in jobs),
            timeout_s=SENT_ON_WITHIN_S,
            what=f"the other worker to have all: {workers}",
        )
    assert not any("recovered" in orchestrator.events(job_id) for job_id in jobs)
    orchestrator.services[Role.DOWNLOADER].control(hold=False)
    assert_completed_once(orchestrator, jobs)


def test_a_running_transfer_completes_before_its_worker_exits(
    orchestrator: ChaosOrchestrator,
) -> None:
    orchestrator.services[Role.NORMALIZER].pause()
    job_id = orchestrator.submit("last-act")
    orchestrator.await_status(job_id, "normalizing")
    downloader = orchestrator.services[Role.DOWNLOADER]
    remote_id = orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["job_id"]
    wait_until(lambda: downloader.ledger().of(remote_id).downloads, timeout_s=10, what="transfer")
    first = orchestrator.workers[0]
    orchestrator.start_worker()
    first.send(signal.SIGTERM)
    time.sleep(3.0)
    assert first.is_running, "the worker exited during a transfer"
    orchestrator.services[Role.NORMALIZER].resume()
    started = time.monotonic()
    assert first.stop() == 0
    assert time.monotonic() - started < STOPS_WITHIN_S + ON_A_BUSY_MACHINE_S
    assert_completed_once(orchestrator, {job_id: "last-act"})
    assert "recovered" not in orchestrator.events(job_id)


def test_a_rolling_restart_needs_no_recovery(orchestrator: ChaosOrchestrator) -> None:
    jobs: dict[str, str] = {}
    for number in range(3):
        before = list(orchestrator.workers)
        jobs |= {
            orchestrator.submit(f"rolling-{number}-{n}"): f"rolling-{number}-{n}" for n in range(10)
        }
        orchestrator.start_worker()
        for worker in before:
            assert worker.stop() == 0
            orchestrator.workers.remove(worker)
    assert_completed_once(orchestrator, jobs)
    assert not any("recovered" in orchestrator.events(job_id) for job_id in jobs)


def test_exactly_the_lost_messages_are_sent_again(orchestrator: ChaosOrchestrator) -> None:
    worker = orchestrator.workers[0]
    worker.send(signal.SIGSTOP)
    with ThreadPoolExecutor(8) as pool:
        jobs = list(pool.map(orchestrator.submit, [f"unheard-{number}" for number in range(150)]))
    with orchestrator.redis() as client:
        lost = take_messages(client, 25)
        numbers = [client.zscore("orchestrator:waiting", job_id) for job_id in lost]
        worker.send(signal.SIGCONT)

        def is_passed() -> bool:
            waiting = client.zrange("orchestrator:waiting", 0, 0, withscores=True)
            return not waiting or waiting[0][1] > max(numbers)

        wait_until(is_passed, timeout_s=30, what="all lost messages to be sent again")
        events = EventStore(Connection(client))
        histories = {job_id: events.history(job_id) for job_id in jobs}
    resent = Counter(
        job_id
        for job_id, history in histories.items()
        for event in history
        if event["type"] == "resent"
    )
    assert resent == Counter(dict.fromkeys(lost, 1))
