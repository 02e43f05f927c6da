"""The writes of the kit's job store, on a real Redis."""

import threading

import pytest
import redis
from redis.client import PubSub

from services.kit.jobs.changes import ChangeFeed
from services.kit.jobs.job import Status
from services.kit.jobs.keys import Keys
from services.kit.jobs.redis_client import connect
from services.kit.jobs.store import JobStore, NewJob, SubmitOutcome

KEYS = Keys("shelf")
SUBMISSION = NewJob(options={"name": "you"}, fingerprint="f", idempotency_key="k")


@pytest.fixture
def raw(redis_url: str) -> redis.Redis:
    return connect(redis_url)


@pytest.fixture
def store(raw: redis.Redis) -> JobStore:
    return JobStore(raw, KEYS, id_prefix="shelf_", retention_s=100)


@pytest.fixture
def job_id(store: JobStore) -> str:
    """A running job of the owner ``me``."""
    job_id = store.new_id()
    assert store.submit(job_id, SUBMISSION, max_queue=1) == (SubmitOutcome.CREATED, job_id)
    assert store.claim(job_id, "me")
    return job_id


@pytest.mark.parametrize("end", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_terminal_job_never_changes(store: JobStore, job_id: str, end: Status) -> None:
    if end is Status.CANCELLED:
        assert store.cancel(job_id)
    else:
        assert store.finish(job_id, "me", end, {"error": "told"})
    before = store.get(job_id)
    other = Status.FAILED if end is Status.COMPLETED else Status.COMPLETED
    assert not store.report(job_id, "me", "late", 50, {})
    assert not store.finish(job_id, "me", other, {})
    assert not store.cancel(job_id)
    assert not store.claim(job_id, "you")
    assert store.get(job_id) == before


def test_a_removed_job_is_never_recreated(store: JobStore, job_id: str, raw: redis.Redis) -> None:
    assert store.remove(job_id)
    assert not store.report(job_id, "me", "late", 50, {})
    assert not store.finish(job_id, "me", Status.COMPLETED, {})
    assert not store.cancel(job_id)
    assert not store.claim(job_id, "you")
    assert raw.keys("shelf:*") == []


def test_a_job_belongs_to_the_first_run_that_claims_it(store: JobStore, job_id: str) -> None:
    assert not store.claim(job_id, "you")
    assert not store.report(job_id, "you", "working", 50, {})
    assert not store.finish(job_id, "you", Status.COMPLETED, {})
    assert store.report(job_id, "me", "working", 50, {"a": 1})
    job = store.get(job_id)
    assert job
    assert (job.status, job.progress, job.details) == ("working", 50, {"a": 1})


def test_a_write_may_be_repeated_when_its_reply_was_lost(store: JobStore, job_id: str) -> None:
    assert store.claim(job_id, "me")
    assert store.finish(job_id, "me", Status.COMPLETED, {"filename": "a"})
    assert store.finish(job_id, "me", Status.COMPLETED, {"filename": "a"})


@pytest.mark.parametrize("key", [None, "k"])
def test_a_submission_may_be_repeated_when_its_reply_was_lost(
    store: JobStore, key: str | None
) -> None:
    job_id = store.new_id()
    new = NewJob(options={}, fingerprint="f", idempotency_key=key)
    assert store.submit(job_id, new, max_queue=1) == (SubmitOutcome.CREATED, job_id)
    assert store.submit(job_id, new, max_queue=1) == (SubmitOutcome.CREATED, job_id)
    assert store.count_waiting() == 1


def test_a_waiting_job_counts_until_it_is_started_or_cancelled(
    store: JobStore, job_id: str
) -> None:
    assert store.count_waiting() == 0
    other, new = store.new_id(), NewJob(options={}, fingerprint="f")
    assert store.submit(other, new, max_queue=1)[0] is SubmitOutcome.CREATED
    assert store.submit(store.new_id(), new, max_queue=1) == (SubmitOutcome.FULL, "")
    assert store.count_waiting() == 1
    store.cancel(other)
    assert store.count_waiting() == 0
    assert store.report(job_id, "me", "working", 1, {})


def test_an_idempotency_key_is_free_again_when_its_job_is_removed(
    store: JobStore, job_id: str
) -> None:
    assert store.submit(store.new_id(), SUBMISSION, max_queue=9) == (SubmitOutcome.EXISTING, job_id)
    store.remove(job_id)
    again = store.new_id()
    assert store.submit(again, SUBMISSION, max_queue=9) == (SubmitOutcome.CREATED, again)


def test_every_key_of_a_job_has_a_lifetime(store: JobStore, job_id: str, raw: redis.Redis) -> None:
    assert raw.ttl(KEYS.job(job_id)) > 100
    # As long as the job may wait, run and be kept, or a repetition would make a second one.
    assert raw.ttl(KEYS.idempotency("k")) >= raw.ttl(KEYS.job(job_id)) + 100 - 1
    store.finish(job_id, "me", Status.COMPLETED, {})
    assert 0 < raw.ttl(KEYS.job(job_id)) <= 100


def test_expired_jobs_are_found(store: JobStore, job_id: str, raw: redis.Redis) -> None:
    assert store.list_expired() == []
    raw.delete(KEYS.job(job_id))
    assert store.list_expired() == [job_id]


def test_a_feed_wakes_only_those_who_wait_for_the_changed_job(
    store: JobStore, job_id: str, raw: redis.Redis
) -> None:
    feed = ChangeFeed(raw, KEYS.changes)
    with feed.watch(job_id) as changed, feed.watch("another") as unchanged:
        # The beginning of the subscription wakes everybody once.
        assert changed.wait(5)
        assert unchanged.wait(5)
        changed.clear()
        unchanged.clear()
        store.report(job_id, "me", "working", 50, {})
        assert changed.wait(5)
        assert not unchanged.is_set()


def test_a_feed_uses_one_connection_for_all(raw: redis.Redis) -> None:
    feed = ChangeFeed(raw, "a-channel-of-its-own")
    before = threading.active_count()
    with feed.watch("a") as first, feed.watch("b"), feed.watch("c"):
        assert first.wait(5)
        assert raw.pubsub_numsub("a-channel-of-its-own") == [("a-channel-of-its-own", 1)]
        assert threading.active_count() == before + 1


def test_progress_steps_below_five_points_wake_no_client(
    store: JobStore, job_id: str, raw: redis.Redis
) -> None:
    store.report(job_id, "me", "working", 20, {})
    with PubSub(raw.connection_pool, ignore_subscribe_messages=True) as channel:
        channel.subscribe(KEYS.changes)
        channel.get_message(timeout=5)  # the subscription holds
        store.report(job_id, "me", "working", 24, {})
        store.report(job_id, "me", "working", 25, {})
        raw.publish(KEYS.changes, "last")
        heard = [channel.get_message(timeout=5) for _ in range(2)]
    assert [message and message["data"] for message in heard] == [job_id, "last"]
