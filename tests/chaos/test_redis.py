"""Jobs and clients during an outage of Redis and right after it."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

import requests

from tests.support.chaos_damage import ChaosOrchestrator
from tests.support.fake_service import Role, expected_text
from tools.waiting import wait_until

LOGGER = logging.getLogger("chaos")
BACK_WITHIN_S = 10.0
ANSWERS_WITHIN_S = 5.0
ON_A_BUSY_MACHINE_S = 1.0


@dataclass
class Load:
    """Responses to a client that submits jobs continuously."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Job ids with their videos."""
    refusals: list[requests.Response] = field(default_factory=list)
    slowest_s: float = 0.0

    def await_accepted(self, count: int) -> None:
        wait_until(lambda: len(self.accepted) > count, timeout_s=20, what="load")


@contextmanager
def load(orchestrator: ChaosOrchestrator, name: str) -> Iterator[Load]:
    """Submit about ten jobs per second until the block exits."""
    seen, is_over = Load(), Event()

    def submit_continuously() -> None:
        number = 0
        while not is_over.wait(0.1):
            number += 1
            video = orchestrator.video(f"{name}-{number}")
            started = time.monotonic()
            answer = requests.post(
                f"{orchestrator.address}/pipeline", json={"youtube_url": video}, timeout=30
            )
            seen.slowest_s = max(seen.slowest_s, time.monotonic() - started)
            if answer.status_code == 202:
                seen.accepted[answer.json()["job_id"]] = video
            else:
                seen.refusals.append(answer)

    with ThreadPoolExecutor(1) as pool:
        running: Future[None] = pool.submit(submit_continuously)
        try:
            yield seen
        finally:
            is_over.set()
            running.result()


def assert_unavailable(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == "store_unavailable"


def assert_all_complete(orchestrator: ChaosOrchestrator, accepted: dict[str, str]) -> None:
    for job_id, video in accepted.items():
        job = orchestrator.await_status(job_id, "completed", "failed", timeout_s=30)
        assert job["transcription_text"] == expected_text(video), job["error_message"]


def time_until(condition: Callable[[], object], what: str) -> float:
    started = time.monotonic()
    wait_until(condition, timeout_s=BACK_WITHIN_S, what=what)
    return time.monotonic() - started


def is_accepted(orchestrator: ChaosOrchestrator) -> bool:
    body = {"youtube_url": orchestrator.video("after")}
    answer = requests.post(f"{orchestrator.address}/pipeline", json=body, timeout=30)
    return answer.status_code == 202


def test_no_accepted_job_is_lost_when_redis_is_killed(orchestrator: ChaosOrchestrator) -> None:
    with load(orchestrator, "outage") as seen:
        seen.await_accepted(10)
        orchestrator.redis_server.kill()
        wait_until(lambda: len(seen.refusals) > 10, timeout_s=20, what="refusals")
        time.sleep(1.0)  # an outage of about three seconds in all
        orchestrator.redis_server.start()
        before = len(seen.accepted)
        back_s = time_until(lambda: len(seen.accepted) > before, "the API to be back")
        newest = max(seen.accepted)
        orchestrator.await_status(newest, "completed", timeout_s=BACK_WITHIN_S + 5)
    LOGGER.info("API back after %.1f s; slowest answer %.1f s", back_s, seen.slowest_s)
    for answer in seen.refusals:
        assert_unavailable(answer)
    assert seen.slowest_s < ANSWERS_WITHIN_S + ON_A_BUSY_MACHINE_S
    assert_all_complete(orchestrator, seen.accepted)


def test_requests_fail_quickly_while_redis_hangs(orchestrator: ChaosOrchestrator) -> None:
    job_id = orchestrator.submit("before-the-pause")
    orchestrator.redis_server.pause()
    pages = ["/health", "/health/live", "/health/ready", f"/jobs/{job_id}", "/jobs"]

    def timed(call: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
        started = time.monotonic()
        return call(), time.monotonic() - started

    def get(page: str) -> tuple[requests.Response, float]:
        return timed(lambda: requests.get(f"{orchestrator.address}{page}", timeout=30))

    with ThreadPoolExecutor(len(pages) + 1) as pool:
        body = {"youtube_url": orchestrator.video("during-the-pause")}
        address = f"{orchestrator.address}/pipeline"
        posted = pool.submit(timed, lambda: requests.post(address, json=body, timeout=30))
        answers = dict(zip(pages, pool.map(get, pages), strict=True))
        answers["POST /pipeline"] = posted.result()
    orchestrator.redis_server.resume()

    LOGGER.info("%s", {page: round(took, 1) for page, (_, took) in answers.items()})
    assert max(took for _, took in answers.values()) < ANSWERS_WITHIN_S + ON_A_BUSY_MACHINE_S
    statuses = {page: answer.status_code for page, (answer, _) in answers.items()}
    assert statuses.pop("/health/live") == 200
    assert set(statuses.values()) == {503}
    refused = [answer for answer, _ in answers.values() if not answer.ok]
    assert all("Retry-After" in answer.headers for answer in refused)
    assert_unavailable(answers["POST /pipeline"][0])
    time_until(lambda: is_accepted(orchestrator), "the API to be back")
    orchestrator.await_status(job_id, "completed", timeout_s=BACK_WITHIN_S + 5)


def test_jobs_are_refused_while_redis_is_full_and_accepted_afterwards(
    orchestrator: ChaosOrchestrator,
) -> None:
    held = orchestrator.submit_held("room", 5)
    accepted = {job_id: orchestrator.video(name) for job_id, name in held.items()}
    with orchestrator.redis() as client:
        client.config_set("maxmemory", 1)
        orchestrator.services[Role.DOWNLOADER].control(hold=False)
        body = {"youtube_url": orchestrator.video("no-room")}
        for _ in range(5):
            answer = requests.post(f"{orchestrator.address}/pipeline", json=body, timeout=30)
            assert_unavailable(answer)
        cancelled = requests.post(
            f"{orchestrator.address}/jobs/{next(iter(accepted))}/cancel", timeout=30
        )
        assert_unavailable(cancelled)
        time.sleep(3.0)  # heartbeats, turns and the reconciler fail on the full Redis
        client.config_set("maxmemory", 0)
    back_s = time_until(lambda: is_accepted(orchestrator), "the API to be back")
    LOGGER.info("jobs were accepted %.1f s after memory was available", back_s)
    assert_all_complete(orchestrator, accepted)


def test_dropped_connections_cause_no_errors(orchestrator: ChaosOrchestrator) -> None:
    with load(orchestrator, "dropped") as seen, orchestrator.redis() as client:
        for wanted in (5, 10, 15):
            seen.await_accepted(wanted)
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    assert not seen.refusals, [answer.text for answer in seen.refusals]
    assert_all_complete(orchestrator, seen.accepted)
