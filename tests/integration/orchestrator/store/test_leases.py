"""The behaviour of the lease store, real and fake, that the owner of a stage relies on."""

from collections.abc import Iterator
from typing import Any, Protocol, cast

import pytest

from orchestrator.domain.job import Job, JobRequest, JobStatus, StageStatus
from orchestrator.domain.pipeline import STAGES, Stage
from orchestrator.domain.sources import Source
from orchestrator.domain.transitions import (
    attached,
    completed,
    failed,
    handed_back,
    parked,
    progressed,
    started_over,
    submitted,
)
from orchestrator.domain.work_keys import derive_work_keys
from orchestrator.errors import (
    BreakerOpenError,
    DeadlineExceededError,
    LeaseLostError,
    RemoteJobLostError,
    SharedWorkError,
)
from orchestrator.settings import ServiceSettings, Settings
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.connection import connect
from orchestrator.store.jobs import JobStore
from orchestrator.store.leases import Attach, Claim, Follow, LeaseStore, Submit
from orchestrator.store.workers import WorkerStore
from tests.support.fake_stores import FakeLeaseStore
from tests.support.jobs import make_settings

FIRST, SECOND, THIRD = STAGES
JOB, TWIN, OTHER = "a" * 16, "b" * 16, "c" * 16
ONE, TWO = "http://127.0.0.1:1", "http://127.0.0.1:2"
REQUEST = JobRequest(Source("https://video.test/shared"))
WORKS = derive_work_keys(JOB, REQUEST, is_shared=True)


class Stores(Protocol):
    """A lease store, and the operations of the rest of the system on its jobs."""

    leases: LeaseStore
    breakers: BreakerStore

    def add(self, job_id: str, request: JobRequest = REQUEST) -> None: ...
    def get(self, job_id: str) -> Job: ...
    def cancel(self, job_id: str) -> None: ...
    def beat(self, worker: str) -> None: ...
    def end_interval(self) -> None: ...


class RealStores:
    def __init__(self, settings: Settings) -> None:
        connection = connect(settings)
        self.client: Any = connection.client
        self.leases = LeaseStore(connection, settings)
        self.breakers = BreakerStore(connection, settings)
        self._jobs = JobStore(connection, settings)
        self._workers = WorkerStore(connection, ttl_s=60)

    def add(self, job_id: str, request: JobRequest = REQUEST) -> None:
        self._jobs.create(job_id, request, derive_work_keys(job_id, request, is_shared=True))

    def get(self, job_id: str) -> Job:
        return self._jobs.get(job_id)

    def cancel(self, job_id: str) -> None:
        self._jobs.cancel(job_id)

    def beat(self, worker: str) -> None:
        self._workers.beat(worker, {})

    def end_interval(self) -> None:
        for key in self.client.scan_iter("orchestrator:breaker:*"):
            self.client.hdel(key, "probe_at")


class FakeStores:
    def __init__(self, settings: Settings) -> None:
        self._fake = FakeLeaseStore(settings)
        self.leases = cast("LeaseStore", self._fake)
        self.breakers = cast("BreakerStore", self._fake.breakers)
        self.get = self._fake.get
        self.cancel = self._fake.cancel
        self.beat = self._fake.alive.add
        self.end_interval = self._fake.breakers.end_interval

    def add(self, job_id: str, request: JobRequest = REQUEST) -> None:
        self._fake.add(job_id, request, derive_work_keys(job_id, request, is_shared=True))


@pytest.fixture(params=["real", "fake"])
def stores(request: pytest.FixtureRequest, redis_url: str) -> Iterator[Stores]:
    services = {
        stage.service.name: ServiceSettings(url=url, timeout=1)
        for stage, url in zip(STAGES, (f"{ONE},{TWO}", ONE, ONE), strict=True)
    }
    settings = make_settings(redis_url=redis_url, services=services, breaker_threshold=3)
    if request.param == "fake":
        yield FakeStores(settings)
        return
    real = RealStores(settings)
    yield real
    real.client.close()


def claim(stores: Stores, job_id: str = JOB, stage: Stage = FIRST, **by: str) -> Claim | None:
    return stores.leases.claim(job_id, stage, **{"worker": "w", "turn": "t", **by})


def hold(stores: Stores, job_id: str = JOB, stage: Stage = FIRST, **by: str) -> Claim:
    claimed = claim(stores, job_id, stage, **by)
    assert claimed is not None
    return claimed


def submit(stores: Stores, held: Claim, stage: Stage = FIRST, remote_id: str = "r1") -> None:
    change = submitted(held.job, stage, remote_id=remote_id, instance=ONE)
    stores.leases.commit(held.lease, change, stage)


# --- claims -----------------------------------------------------------------------------------


def test_a_claim_starts_the_stage(stores: Stores) -> None:
    stores.add(JOB)
    first = hold(stores)
    record = first.job.stages[FIRST.name]
    assert first.job.status is FIRST.running
    assert record.status is StageStatus.PROCESSING
    assert record.started_at == first.now
    assert first.waited_s is not None
    assert first.job.job_limit_s > first.job.stage_limit_s > 0


def test_a_repeated_claim_of_one_turn_changes_nothing(stores: Stores) -> None:
    stores.add(JOB)
    first, again = hold(stores), hold(stores)
    assert again.lease.number == first.lease.number
    assert again.waited_s is None


def test_another_stage_and_an_unknown_job_cannot_be_claimed(stores: Stores) -> None:
    stores.add(JOB)
    assert claim(stores, JOB, SECOND) is None
    assert claim(stores, OTHER) is None


def test_a_living_owner_keeps_its_stage_and_a_dead_one_loses_it(stores: Stores) -> None:
    stores.add(JOB)
    stores.beat("alive")
    first = hold(stores, worker="alive")
    assert claim(stores, worker="other") is None
    submit(stores, first)
    stores.leases.commit(first.lease, handed_back(), FIRST)
    second = hold(stores, worker="dead")
    third = hold(stores, worker="other")
    assert first.lease.number < second.lease.number < third.lease.number
    assert third.waited_s is None
    with pytest.raises(LeaseLostError):
        stores.leases.commit(second.lease, handed_back(), FIRST)


def test_an_ended_job_can_be_neither_claimed_nor_written(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    stores.cancel(JOB)
    assert claim(stores, turn="another") is None
    with pytest.raises(LeaseLostError):
        stores.leases.commit(held.lease, handed_back(), FIRST)
    with pytest.raises(LeaseLostError):
        stores.leases.place(held.lease, FIRST)
    assert stores.get(JOB).status is JobStatus.CANCELLED


# --- writes -----------------------------------------------------------------------------------


def test_a_write_sets_stamps_and_clears_fields(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    submit(stores, held)
    progress = progressed(stores.get(JOB), FIRST, 40.0, is_queued=True)
    assert stores.leases.commit(held.lease, progress, FIRST).number is None
    job = stores.get(JOB)
    record = job.stages[FIRST.name]
    assert (record.job_id, record.instance, record.progress) == ("r1", ONE, 40.0)
    assert record.submitted_at is not None
    assert job.paused_at is not None
    lost = RemoteJobLostError(FIRST.service.name, "r1")
    stores.leases.commit(held.lease, started_over(job, FIRST, lost, in_s=0), FIRST)
    job = stores.get(JOB)
    record = job.stages[FIRST.name]
    assert (record.job_id, record.submitted_at, record.attempt) == (None, None, 2)
    assert job.paused_at is None


def test_a_repeated_write_returns_the_first_reply_and_writes_once(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    prepared = stores.leases.prepare(held.lease, handed_back(), FIRST)
    first = stores.leases.write(held.lease, prepared)
    assert first.number
    assert stores.leases.write(held.lease, prepared) == first
    assert hold(stores, turn="next").lease.number == held.lease.number + 1


def test_a_released_lease_cannot_write(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    stores.leases.commit(held.lease, handed_back(), FIRST)
    with pytest.raises(LeaseLostError):
        stores.leases.commit(held.lease, handed_back(), FIRST)


def test_a_completed_stage_is_followed_by_the_next_one(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    submit(stores, held)
    done = completed(stores.get(JOB), FIRST, filename="audio.webm")
    assert stores.leases.commit(held.lease, done, FIRST).number
    assert claim(stores) is None
    following = hold(stores, stage=SECOND, turn="next")
    assert following.job.stages[FIRST.name].filename == "audio.webm"
    assert following.job.status is SECOND.running
    assert following.waited_s is not None


def test_a_parked_job_waits_until_it_is_due(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    parking = parked(held.job, FIRST, SharedWorkError(), in_s=60, clocks_paused=False)
    assert stores.leases.commit(held.lease, parking, FIRST).number is None
    assert claim(stores, turn="next") is None


def test_a_failed_job_has_ended(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    failure = failed(held.job, FIRST, DeadlineExceededError("JOB_TIMEOUT_MINUTES", 1))
    assert stores.leases.commit(held.lease, failure, FIRST).number is None
    job = stores.get(JOB)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "deadline_exceeded")


# --- shared work ------------------------------------------------------------------------------


def test_one_job_submits_shared_work_and_the_others_follow_and_attach(stores: Stores) -> None:
    stores.add(JOB)
    stores.add(TWIN)
    first, twin = hold(stores), hold(stores, TWIN)
    assert first.sharing == Submit()
    assert twin.sharing == Follow()
    follow = parked(
        *(twin.job, FIRST, SharedWorkError()),
        in_s=60,
        clocks_paused=False,
        follow=WORKS[FIRST.name],
    )
    stores.leases.commit(twin.lease, follow, FIRST)
    change = submitted(first.job, FIRST, remote_id="r1", instance=ONE)
    (call,) = stores.leases.commit(first.lease, change, FIRST).calls
    assert (call.job_id, call.stage) == (TWIN, FIRST.name)
    twin = hold(stores, TWIN, turn="next")
    assert twin.sharing == Attach(ONE, "r1")
    attach = attached(twin.job, FIRST, remote_id="r1", instance=ONE)
    stores.leases.commit(twin.lease, attach, FIRST)
    assert stores.get(TWIN).stages[FIRST.name].job_id == "r1"


def test_an_abandoned_remote_job_is_no_longer_shared(stores: Stores) -> None:
    stores.add(JOB)
    stores.add(TWIN)
    held = hold(stores)
    submit(stores, held)
    lost = RemoteJobLostError(FIRST.service.name, "r1")
    over = started_over(stores.get(JOB), FIRST, lost, in_s=0)
    stores.leases.commit(held.lease, over, FIRST)
    assert hold(stores, TWIN).sharing == Submit()


# --- instances and breakers -------------------------------------------------------------------


def test_remote_jobs_are_distributed_over_instances_and_stay_there(stores: Stores) -> None:
    chosen = []
    for job_id in (JOB, TWIN):
        stores.add(job_id)
        held = hold(stores, job_id)
        placement = stores.leases.place(held.lease, FIRST)
        assert stores.leases.place(held.lease, FIRST) == placement
        assert stores.get(job_id).stages[FIRST.name].instance == placement.instance
        chosen.append(placement.instance)
    assert chosen == [ONE, TWO]


def test_an_instance_that_fails_is_avoided_until_its_trial(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    stores.breakers.record_failure(FIRST.service.name, ONE)
    assert stores.leases.place(held.lease, FIRST).has_failures
    stores.breakers.record_failure(FIRST.service.name, ONE)
    assert stores.leases.place(held.lease, FIRST).instance == TWO
    for _ in range(2):
        stores.breakers.record_failure(FIRST.service.name, TWO)
    with pytest.raises(BreakerOpenError):
        stores.leases.place(held.lease, FIRST)
    stores.end_interval()
    assert stores.leases.place(held.lease, FIRST).has_failures


def test_a_claim_reports_the_breakers_of_its_service_and_of_its_source(stores: Stores) -> None:
    stores.add(JOB)
    held = hold(stores)
    submit(stores, held)
    done = completed(stores.get(JOB), FIRST, filename="a")
    stores.leases.commit(held.lease, done, FIRST)
    quiet = hold(stores, stage=SECOND)
    assert (quiet.breaker.has_failures, quiet.breaker.is_open, quiet.is_source_open) == (0, 0, 0)
    stores.breakers.record_failure(SECOND.service.name, ONE)
    for _ in range(2):
        stores.breakers.record_failure(FIRST.service.name, ONE)
    failing = hold(stores, stage=SECOND)
    assert (failing.breaker.has_failures, failing.breaker.is_open) == (True, False)
    assert failing.is_source_open
    for _ in range(2):
        stores.breakers.record_failure(SECOND.service.name, ONE)
    assert hold(stores, stage=SECOND).breaker.is_open
    stores.breakers.record_success(SECOND.service.name, ONE)
    assert not hold(stores, stage=SECOND).breaker.has_failures


def test_an_open_breaker_allows_one_trial_per_interval(stores: Stores) -> None:
    for _ in range(3):
        stores.breakers.record_failure(SECOND.service.name)
    assert not stores.breakers.may_probe(SECOND.service.name)
    stores.end_interval()
    assert stores.breakers.may_probe(SECOND.service.name)
    assert not stores.breakers.may_probe(SECOND.service.name)
