"""A worker renews its heartbeat, recovers dead leases, and knows when it was cut off."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from orchestrator.domain.job import WakeUp
from orchestrator.engine.heartbeat import Heartbeat
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.errors import StoreUnavailableError
from orchestrator.store.workers import WorkerStore

WORKER = "here:1:a"
TTL_S = 8.0


class Workers:
    """The leases of one worker by job, and the facts of its last heartbeat."""

    def __init__(self, **leases: str) -> None:
        self.leases = leases
        self.facts: Mapping[str, Any] = {}
        self.is_away = False

    def beat(self, worker: str, facts: Mapping[str, Any]) -> frozenset[str]:
        if self.is_away:
            raise StoreUnavailableError("Redis is away")
        assert worker == WORKER
        self.facts = facts
        return frozenset(self.leases)

    def turn_of(self, job_id: str) -> str | None:
        return self.leases.get(job_id)

    def recover(self, job_id: str, worker: str, *, turn: str) -> WakeUp | None:
        assert worker == WORKER
        if self.leases.get(job_id) != turn:
            return None
        del self.leases[job_id]
        return WakeUp(job_id, "download", 1)


class Worker:
    """A heartbeat with its store, its turns and its clock."""

    def __init__(self, **leases: str) -> None:
        self.now_s = 1000.0
        self.store = Workers(**leases)
        self.turns = RunningTurns(WORKER, capacity=256)
        self.heartbeat = Heartbeat(
            cast("WorkerStore", self.store), self.turns, ttl_s=TTL_S, monotonic=lambda: self.now_s
        )

    def beat_after(self, seconds: float) -> list[str]:
        """Renew the heartbeat, and return the jobs to re-enqueue."""
        self.now_s += seconds
        return [call.job_id for call in self.heartbeat.beat()]


def test_a_heartbeat_carries_the_worker_s_statistics() -> None:
    worker = Worker()
    with worker.turns.track("a1", "turn 1"):
        worker.beat_after(0)
    assert worker.store.facts["active"] == 1
    assert worker.store.facts["concurrency"] == 256
    assert worker.store.facts["processed"] == 0


def test_a_lease_whose_turn_runs_stays() -> None:
    worker = Worker(a1="turn 1")
    with worker.turns.track("a1", "turn 1"):
        assert [worker.beat_after(2) for _ in range(3)] == [[], [], []]


def test_a_lease_without_a_turn_is_recovered_at_the_second_heartbeat() -> None:
    worker = Worker(a1="turn 1")
    assert worker.beat_after(2) == []
    assert worker.beat_after(2) == ["a1"]
    assert worker.beat_after(2) == []


def test_a_lease_with_a_new_owner_stays() -> None:
    worker = Worker(a1="turn 1")
    worker.beat_after(2)
    worker.store.leases["a1"] = "turn 2"
    assert worker.beat_after(2) == []


def test_a_lease_that_was_released_between_two_heartbeats_is_forgotten() -> None:
    worker = Worker(a1="turn 1")
    worker.beat_after(2)
    worker.store.leases.clear()
    assert worker.beat_after(2) == []
    worker.store.leases["a1"] = "turn 1"
    assert worker.beat_after(2) == []


def test_a_lease_that_another_process_recovers_first_returns_no_call() -> None:
    worker = Worker(a1="turn 1")
    worker.beat_after(2)
    worker.store.recover("a1", WORKER, turn="turn 1")
    assert worker.beat_after(2) == []


def test_a_worker_declares_nobody_dead_before_its_own_first_heartbeat() -> None:
    worker = Worker()
    assert not worker.heartbeat.may_declare_dead
    worker.beat_after(0)
    assert worker.heartbeat.may_declare_dead


def test_a_worker_with_a_heartbeat_may_declare_others_dead() -> None:
    worker = Worker()
    for _ in range(10):
        worker.beat_after(TTL_S - 1)
        assert worker.heartbeat.may_declare_dead


def test_a_worker_whose_heartbeat_expired_declares_nobody_dead_before_the_next_one() -> None:
    worker = Worker()
    worker.beat_after(0)
    worker.now_s += TTL_S + 1
    assert not worker.heartbeat.may_declare_dead


def test_a_worker_that_was_cut_off_declares_nobody_dead_for_one_heartbeat_ttl() -> None:
    worker = Worker()
    worker.beat_after(0)
    worker.beat_after(TTL_S + 1)
    assert not worker.heartbeat.may_declare_dead
    worker.beat_after(TTL_S - 1)
    assert not worker.heartbeat.may_declare_dead
    worker.beat_after(1)
    assert worker.heartbeat.may_declare_dead


def test_a_heartbeat_that_redis_did_not_store_does_not_count() -> None:
    worker = Worker()
    worker.beat_after(0)
    worker.store.is_away = True
    for _ in range(5):
        with pytest.raises(StoreUnavailableError):
            worker.beat_after(2)
    worker.store.is_away = False
    worker.beat_after(2)
    assert not worker.heartbeat.may_declare_dead
