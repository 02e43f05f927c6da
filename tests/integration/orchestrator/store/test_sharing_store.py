"""The last of several jobs that share a remote job deletes it."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.domain.job import JobRequest
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.sources import Source
from orchestrator.domain.transitions import attached, failed, handed_back, started_over, submitted
from orchestrator.domain.work_keys import derive_work_keys
from orchestrator.errors import DeadlineExceededError, RemoteJobLostError
from orchestrator.settings import ServiceSettings, load_settings
from orchestrator.store.connection import connect
from orchestrator.store.jobs import JobStore
from orchestrator.store.leases import Attach, Claim, LeaseStore, Submit
from orchestrator.store.wake_up_calls import WakeUpCallStore

STAGE = STAGES[0]
INSTANCE = "http://127.0.0.1:1"
JOBS = ("a" * 16, "b" * 16, "c" * 16)


class World:
    """Three jobs that share one remote job of their first stage."""

    def __init__(self, url: str) -> None:
        service = ServiceSettings(url=INSTANCE, timeout=1, max_inflight=len(JOBS) + 1)
        services = {stage.service.name: service for stage in STAGES}
        settings = load_settings(env_files=(), redis_url=url, services=services)
        connection = connect(settings)
        self.client: Any = connection.client
        self.client.flushdb()
        self.jobs = JobStore(connection, settings)
        self.leases = LeaseStore(connection, settings)
        self.calls = WakeUpCallStore(connection)
        self.turns = itertools.count()
        for job_id in JOBS:
            self.add(job_id)
            self.take_turn(job_id)

    def add(self, job_id: str) -> None:
        request = JobRequest(Source("http://video.test/shared"))
        self.jobs.create(job_id, request, derive_work_keys(job_id, request, is_shared=False))

    def take_turn(self, job_id: str, remote_id: str = "remote") -> None:
        """Submit the remote job, or attach to it."""
        claim = self.claim(job_id)
        if claim.sharing == Submit():
            change = submitted(claim.job, STAGE, remote_id=remote_id, instance=INSTANCE)
        else:
            assert claim.sharing == Attach(INSTANCE, remote_id)
            change = attached(claim.job, STAGE, remote_id=remote_id, instance=INSTANCE)
        self.leases.commit(claim.lease, change, STAGE)
        self.leases.commit(claim.lease, handed_back(), STAGE)

    def lose_remote(self, job_id: str) -> None:
        """Report that the service no longer has the remote job."""
        claim = self.claim(job_id)
        lost = RemoteJobLostError(STAGE.service.name, "remote")
        change = started_over(claim.job, STAGE, lost, in_s=0.0)
        self.leases.commit(claim.lease, change, STAGE)
        self.calls.wake_due()

    def claim(self, job_id: str) -> Claim:
        claim = self.leases.claim(job_id, STAGE, worker="worker", turn=f"turn-{next(self.turns)}")
        assert claim is not None
        return claim

    @property
    def deletions(self) -> set[str]:
        return {json.loads(one)[2] for one in self.client.zrange("orchestrator:deletions", 0, -1)}


@pytest.fixture
def world(redis_url: str) -> Iterator[World]:
    world = World(redis_url)
    yield world
    world.client.close()


def test_the_last_user_of_a_remote_job_deletes_it(world: World) -> None:
    first, second, third = JOBS
    world.jobs.cancel(first)
    world.jobs.cancel(second)
    assert world.deletions == set()
    world.jobs.cancel(third)
    assert world.deletions == {"remote"}


def test_a_job_that_abandons_a_remote_job_leaves_it_to_the_others(world: World) -> None:
    first, second, third = JOBS
    world.lose_remote(first)
    world.jobs.cancel(first)
    world.jobs.cancel(second)
    assert world.deletions == set(), "the third one still needs it"
    world.jobs.cancel(third)
    assert world.deletions == {"remote"}
    assert not world.client.keys("orchestrator:work:*")


def test_each_remote_job_is_deleted_with_its_last_user(world: World) -> None:
    """The first job replaces the remote job, and the second joins the new one."""
    first, second, third = JOBS
    world.lose_remote(first)
    world.take_turn(first, "new")
    world.lose_remote(second)
    world.take_turn(second, "new")
    world.jobs.cancel(first)
    assert world.deletions == set()
    world.jobs.cancel(second)
    assert world.deletions == {"new"}
    world.jobs.cancel(third)
    assert world.deletions == {"new", "remote"}
    assert not world.client.keys("orchestrator:work:*")


def test_users_of_the_old_remote_job_do_not_end_a_submission(world: World) -> None:
    first, second, third = JOBS
    world.lose_remote(first)
    assert world.claim(first).sharing == Submit()
    world.jobs.cancel(second)
    world.jobs.cancel(third)
    assert world.client.hget(next(world.client.scan_iter("orchestrator:work:*")), "holder") == first


def test_a_cancelled_job_that_had_only_joined_keeps_nothing(world: World) -> None:
    """The job was parked, or its turn died, before it stored the remote job."""
    first, second, third = JOBS
    world.add("d" * 16)
    assert world.claim("d" * 16).sharing == Attach(INSTANCE, "remote")
    for job_id in (first, second, third):
        world.jobs.cancel(job_id)
    assert world.deletions == set(), "the job may still attach to it"
    world.jobs.cancel("d" * 16)
    assert world.deletions == {"remote"}
    assert not world.client.keys("orchestrator:work:*")


def test_a_failed_job_that_had_only_joined_keeps_nothing(world: World) -> None:
    first, second, third = JOBS
    world.add("d" * 16)
    claim = world.claim("d" * 16)
    late = DeadlineExceededError("JOB_TIMEOUT_MINUTES", 1)
    world.leases.commit(claim.lease, failed(claim.job, STAGE, late), STAGE)
    for job_id in (first, second, third):
        assert world.deletions == set()
        world.jobs.cancel(job_id)
    assert world.deletions == {"remote"}


def test_a_submission_that_outlived_its_entry_replaces_no_remote_job(world: World) -> None:
    first, second, third = JOBS
    world.lose_remote(first)
    slow = world.claim(first)
    assert slow.sharing == Submit()
    world.client.delete(
        f"orchestrator:work:{slow.job.stages[STAGE.name].work}"
    )  # as its expiry would
    for job_id in (second, third):
        world.lose_remote(job_id)
        world.take_turn(job_id, "other")
    late = submitted(slow.job, STAGE, remote_id="late", instance=INSTANCE)
    world.leases.commit(slow.lease, late, STAGE)
    world.jobs.cancel(second)
    assert world.deletions == set(), "the third one still needs it"
    world.jobs.cancel(third)
    assert world.deletions == {"other"}
    world.jobs.cancel(first)
    assert world.deletions == {"other", "late"}
