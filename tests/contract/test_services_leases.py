"""The leases of running and waiting jobs, on a real Redis."""

import pytest
import redis

from services.downloader.network import guarded
from services.kit.jobs.job import Status
from services.kit.jobs.keys import MAX_RUNS, Keys
from services.kit.jobs.leases import Leases, RequeueOutcome
from services.kit.jobs.redis_client import connect
from services.kit.jobs.store import JobStore, NewJob
from services.kit.running.exemption import exempt
from services.kit.running.lease_renewal import LeaseRenewal
from tools.waiting import wait_until

KEYS = Keys("shelf")


@pytest.fixture
def raw(redis_url: str) -> redis.Redis:
    return connect(redis_url)


@pytest.fixture
def store(raw: redis.Redis) -> JobStore:
    return JobStore(raw, KEYS, id_prefix="shelf_", retention_s=100)


@pytest.fixture
def leases(raw: redis.Redis) -> Leases:
    return Leases(raw, KEYS)


@pytest.fixture
def job_id(store: JobStore) -> str:
    """A running job."""
    job_id = store.new_id()
    store.submit(job_id, NewJob(options={}, fingerprint="f"), max_queue=9)
    assert store.claim(job_id, "me", "a-worker")
    return job_id


def expire(raw: redis.Redis, job_id: str) -> None:
    """Expire the lease of a job."""
    raw.zadd(KEYS.running, {job_id: 1})


def test_a_job_whose_owner_lives_is_kept(leases: Leases, job_id: str) -> None:
    assert leases.requeue(job_id) is RequeueOutcome.KEPT
    assert leases.renew(job_id, "me")


def test_a_renewed_lease_has_not_run_out(leases: Leases, raw: redis.Redis, job_id: str) -> None:
    expire(raw, job_id)
    assert leases.renew(job_id, "me")
    assert leases.requeue(job_id) is RequeueOutcome.KEPT


def test_a_job_whose_lease_has_run_out_waits_again_and_its_owner_is_refused(
    leases: Leases, store: JobStore, raw: redis.Redis, job_id: str
) -> None:
    expire(raw, job_id)
    assert leases.requeue(job_id) is RequeueOutcome.REQUEUED
    assert not leases.renew(job_id, "me")
    assert not store.report(job_id, "me", "late", 50, {})
    assert not store.finish(job_id, "me", Status.COMPLETED, {})
    job = store.get(job_id)
    assert job is not None
    assert (job.status, job.progress, job.tag) == ("queued", 0, "queued-0")
    assert [waiting for waiting, _ in leases.list_waiting()] == [job_id]
    assert leases.list_running() == []


def test_a_job_has_a_limited_number_of_runs(
    leases: Leases, store: JobStore, raw: redis.Redis, job_id: str
) -> None:
    for run in range(1, MAX_RUNS):
        expire(raw, job_id)
        assert leases.requeue(job_id) is RequeueOutcome.REQUEUED
        assert store.claim(job_id, f"owner {run}")
    expire(raw, job_id)
    assert leases.requeue(job_id) is RequeueOutcome.EXHAUSTED
    assert store.fail_abandoned(job_id)
    assert leases.requeue(job_id) is RequeueOutcome.KEPT


def test_a_run_that_was_handed_back_does_not_count(
    leases: Leases, store: JobStore, raw: redis.Redis, job_id: str
) -> None:
    for _ in range(MAX_RUNS + 1):
        assert leases.requeue(job_id, worker="another") is RequeueOutcome.KEPT
        assert leases.requeue(job_id, worker="a-worker") is RequeueOutcome.REQUEUED
        assert store.claim(job_id, "me", "a-worker")
    assert raw.hget(KEYS.job(job_id), "runs") == "1"


def test_a_repeated_claim_counts_once(store: JobStore, raw: redis.Redis, job_id: str) -> None:
    assert store.claim(job_id, "me", "a-worker")  # the first reply was lost
    assert raw.hget(KEYS.job(job_id), "runs") == "1"


@pytest.mark.parametrize("end", ["completed", "cancelled", "removed"])
def test_a_job_that_has_ended_has_no_lease(
    leases: Leases, store: JobStore, job_id: str, end: str
) -> None:
    if end == "completed":
        store.finish(job_id, "me", Status.COMPLETED, {})
    elif end == "cancelled":
        store.cancel(job_id)
    else:
        store.remove(job_id)
    assert leases.list_running() == []
    assert not leases.renew(job_id, "me")
    assert leases.requeue(job_id, worker="a-worker") is RequeueOutcome.KEPT


def test_a_lease_is_renewed_while_the_job_may_connect_to_nothing(
    redis_url: str, raw: redis.Redis, job_id: str
) -> None:
    expire(raw, job_id)
    own_connection = Leases(connect(redis_url), KEYS)
    with (
        guarded(lambda _: False),
        LeaseRenewal(own_connection, job_id, "me", kill=lambda: None),
        exempt(),  # for this test's own reads
    ):
        wait_until(lambda: raw.zscore(KEYS.running, job_id) != 1, timeout_s=10, what="renewal")
