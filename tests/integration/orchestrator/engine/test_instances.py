"""Several instances of one service: the choice of an instance, and failures of one."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.fake_service import Down, FakeService, FaultPlan, Role, expected_text
from tests.support.fake_service.faults import Fault
from tests.support.orchestrator import Orchestrator, OwnProcess
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

_QUICK = {"stage_s": 0.2, "queued_s": 0.0, "honours_wait": True, "honours_idempotency": True}


@dataclass(frozen=True)
class Stack:
    """An orchestrator with two downloaders."""

    orchestrator: Orchestrator
    first: FakeService
    second: FakeService

    def jobs(self) -> tuple[int, int]:
        """Return how many jobs each downloader has received."""
        return _count(self.first), _count(self.second)

    def submit(self, name: str, count: int) -> dict[str, str]:
        """Submit jobs that share no work; return their videos by id."""
        names = [f"{name}-{number}" for number in range(count)]
        return {self.orchestrator.submit(one): self.orchestrator.video(one) for one in names}

    def assert_complete(self, jobs: dict[str, str], *, timeout_s: float = 30) -> None:
        """Wait until jobs have ended, and check their texts."""
        for job_id, video in jobs.items():
            job = self.orchestrator.await_status(job_id, "completed", "failed", timeout_s=timeout_s)
            assert job["transcription_text"] == expected_text(video), job["error_message"]


def _count(service: FakeService) -> int:
    return len(service.ledger().submissions)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two downloaders behind one variable."""
    with ExitStack() as ends:
        first, second = (
            ends.enter_context(FakeService(Role.DOWNLOADER, **_QUICK)) for _ in range(2)
        )
        orchestrator = Orchestrator(
            tmp_path_factory.mktemp("instances"),
            ends.enter_context(RedisServer()),
            services=_QUICK,
            VIDEO_DOWNLOADER_URL=f"{first.url}, {second.url}",
            RETRY_BACKOFF_BASE_SECONDS=0.1,
            HTTP_MAX_RETRIES=1,
            BREAKER_OPEN_SECONDS=1,
            TURN_SECONDS=3,
        )
        ends.enter_context(orchestrator)
        yield Stack(orchestrator, first, second)


@pytest.fixture
def stack(running: Stack) -> Stack:
    """The stack with healthy downloaders."""
    for service in (running.first, running.second):
        service.control(down=Down.NO, hold=False, faults=FaultPlan())
    wait_until(lambda: _breaker(running) == "closed", timeout_s=20, what="a closed breaker")
    return running


def _breaker(stack: Stack) -> str:
    """Allow a trial of an open breaker, and return the state of the service's."""
    with stack.orchestrator.redis() as client:
        for key in client.scan_iter("orchestrator:breaker:*"):
            client.delete(key)
    return str(stack.orchestrator.get("/health")["breakers"]["video-downloader"])


def test_a_job_goes_to_the_instance_with_the_fewest_jobs(stack: Stack) -> None:
    for service in (stack.first, stack.second):
        service.control(hold=True)
    before = stack.jobs()
    jobs = stack.submit("shared-out", 7)
    wait_until(
        lambda: sum(stack.jobs()) - sum(before) == 7, timeout_s=20, what="all to be submitted"
    )
    given = sorted(now - then for now, then in zip(stack.jobs(), before, strict=True))
    for service in (stack.first, stack.second):
        service.control(hold=False)
    stack.assert_complete(jobs)
    assert given == [3, 4]
    with stack.orchestrator.redis() as client:
        assert not list(client.scan_iter("orchestrator:placed:*"))


def test_a_failing_instance_gets_no_jobs_while_the_other_works(stack: Stack) -> None:
    stack.first.control(down=Down.UNAVAILABLE)
    for number in range(3):
        stack.assert_complete(stack.submit(f"left-out-{number}", 4))
    report = stack.orchestrator.get("/health")
    assert report["breakers"]["video-downloader"] == "closed"
    assert report["status"] == report["microservices"]["video-downloader"] == "degraded"
    assert report["instances"]["video-downloader"][stack.second.url] == "healthy"
    assert report["instances"]["video-downloader"][stack.first.url] != "healthy"


def test_an_instance_that_recovers_gets_jobs_again(stack: Stack) -> None:
    stack.first.control(down=Down.UNAVAILABLE)
    stack.assert_complete(stack.submit("falls-sick", 6))
    stack.first.control(down=Down.NO)
    before = stack.jobs()[0]

    def has_got_one() -> bool:
        stack.assert_complete(stack.submit(f"well-again-{stack.jobs()}", 2))
        return stack.jobs()[0] > before

    wait_until(has_got_one, timeout_s=20, what="a job for it")


def test_the_breaker_opens_when_all_instances_fail(stack: Stack) -> None:
    for service in (stack.first, stack.second):
        service.control(down=Down.RESETTING)
    jobs = stack.submit("all-sick", 4)

    def is_open() -> bool:
        health = stack.orchestrator.get("/health")
        return bool(health["breakers"]["video-downloader"] == "open")

    wait_until(is_open, timeout_s=20, what="an open breaker")
    for service in (stack.first, stack.second):
        service.control(down=Down.NO)
    stack.assert_complete(jobs)


def test_a_job_stays_with_the_instance_that_has_it(stack: Stack) -> None:
    stack.first.control(hold=True)
    stack.second.control(hold=True)
    before = stack.jobs()
    jobs = stack.submit("stays", 2)
    wait_until(lambda: sum(stack.jobs()) - sum(before) == 2, timeout_s=20, what="submissions")
    stack.first.control(down=Down.RESETTING)
    stack.second.control(hold=False)
    ids = {stack.orchestrator.get(f"/jobs/{one}")["stages"]["download"]["job_id"] for one in jobs}
    stack.first.control(down=Down.NO, hold=False)
    stack.assert_complete(jobs)
    after = {stack.orchestrator.get(f"/jobs/{one}")["stages"]["download"]["job_id"] for one in jobs}
    assert (ids, sum(stack.jobs()) - sum(before)) == (after, 2)


def test_a_submission_whose_response_was_lost_is_repeated_at_the_same_instance(
    stack: Stack,
) -> None:
    losing = FaultPlan(rates={Fault.LOST_REPLY: 1.0}, most_of_a_kind=2)
    for service in (stack.first, stack.second):
        service.control(faults=losing)
    before = sum(stack.jobs())
    jobs = stack.submit("lost-reply", 1)
    stack.assert_complete(jobs)
    assert sum(stack.jobs()) - before == 1
    accepted = [
        one
        for service in (stack.first, stack.second)
        for one in service.ledger().submissions
        if "lost-reply" in one.fields["url"]
    ]
    assert [one.replays for one in accepted] == [2]
    assert "parked" in stack.orchestrator.events(next(iter(jobs)))


def test_a_job_at_an_instance_that_left_the_list_is_still_polled(stack: Stack) -> None:
    for service in (stack.first, stack.second):
        service.control(hold=True)
    before = stack.jobs()
    jobs = stack.submit("leaves", 2)
    wait_until(lambda: sum(stack.jobs()) - sum(before) == 2, timeout_s=20, what="submissions")
    (old,) = stack.orchestrator.workers
    environment = {**stack.orchestrator.environment, "VIDEO_DOWNLOADER_URL": stack.second.url}
    log = Path(stack.orchestrator.environment["LOG_DIR"]) / "shorter.log"
    old.stop()
    new = OwnProcess(["celery", "-A", "tasks.app", "worker"], environment, log)
    stack.orchestrator.workers[:] = [new]
    for service in (stack.first, stack.second):
        service.control(hold=False)
    stack.assert_complete(jobs, timeout_s=60)
    assert sum(stack.jobs()) - sum(before) == 2
