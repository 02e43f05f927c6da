"""Lease operations are repeated until Redis answers, and write once."""

import pytest

from orchestrator.domain.transitions import handed_back
from orchestrator.errors import StoreUnavailableError
from tests.support.fake_worker import JOB_ID, FakeWorker


def test_an_operation_is_repeated_until_redis_answers() -> None:
    worker = FakeWorker(instances=2)
    worker.store.failures = 2
    claim = worker.claim()
    worker.store.failures = 2
    assert worker.leases.place(claim.lease, worker.stage).instance
    worker.store.failures = 2
    assert worker.leases.commit(claim.lease, handed_back(), worker.stage).number
    assert worker.store.changes == [handed_back()]


def test_a_write_whose_answer_was_lost_is_not_done_twice() -> None:
    worker = FakeWorker()
    claim = worker.claim()
    worker.store.lost_replies = 1
    assert worker.leases.commit(claim.lease, handed_back(), worker.stage).number
    assert worker.store.changes == [handed_back()]


def test_a_worker_that_stops_waits_no_more_and_keeps_the_lease() -> None:
    worker = FakeWorker()
    claim = worker.claim()
    worker.stop.set()
    worker.store.failures = 1
    with pytest.raises(StoreUnavailableError):
        worker.leases.commit(claim.lease, handed_back(), worker.stage)
    again = worker.leases.claim(JOB_ID, worker.stage, worker="worker", turn="turn")
    assert again is not None
    assert again.lease.number == claim.lease.number
