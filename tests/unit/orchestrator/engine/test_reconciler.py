"""Jobs that no worker will continue are re-enqueued, by one process at a time."""

import math
from collections.abc import Mapping
from typing import cast

import pytest

from orchestrator.domain.job import WakeUp
from orchestrator.engine.reconciler import Reconciler
from orchestrator.store.wake_up_calls import WakeUpCallStore
from orchestrator.store.workers import WorkerStore
from tests.support.jobs import make_settings

INTERVAL_S = 2.0
TURN_S = 60.0


def call_for(job_id: str, number: int = 1) -> WakeUp:
    return WakeUp(job_id, "download", number)


class Workers:
    """Dead workers with their jobs, and the holder of the lock."""

    def __init__(self) -> None:
        self.holder: str | None = None
        self.lock_s = 0.0
        self.leases: dict[str, set[str]] = {}
        self.forgotten: list[str] = []

    def lock_round(self, worker: str, *, seconds: float) -> bool:
        self.lock_s = seconds
        self.holder = self.holder or worker
        return self.holder == worker

    def dead(self) -> dict[str, frozenset[str]]:
        return {worker: frozenset(jobs) for worker, jobs in self.leases.items()}

    def recover(self, job_id: str, worker: str) -> WakeUp | None:
        if job_id not in self.leases.get(worker, ()):
            return None
        self.leases[worker].remove(job_id)
        return None if job_id.startswith("ended") else call_for(job_id)

    def forget(self, worker: str) -> None:
        assert not self.leases.pop(worker)
        self.forgotten.append(worker)


class Calls:
    """Jobs by what they wait for."""

    def __init__(self) -> None:
        self.due_jobs: list[str] = []
        self.waiting: dict[str, int] = {}
        self.admitted: Mapping[str, int] = {}
        self.longest_wait_s = 0.0

    def wake_due(self) -> tuple[WakeUp, ...]:
        due, self.due_jobs = self.due_jobs, []
        return tuple(map(call_for, due))

    def waiting_below(self, number: float) -> dict[str, int]:
        return {job_id: own for job_id, own in self.waiting.items() if own < number}

    def resend(self, lost: Mapping[str, int]) -> tuple[WakeUp, ...]:
        for job_id, number in lost.items():
            assert self.waiting[job_id] == number
            self.waiting[job_id] = number + 1000
        return tuple(call_for(job_id, self.waiting[job_id]) for job_id in lost)

    def admit(self, limits: Mapping[str, int]) -> tuple[WakeUp, ...]:
        self.admitted = limits
        return (call_for("admitted"),)

    def inspect(self, *, longest_wait_s: float) -> tuple[WakeUp, ...]:
        self.longest_wait_s = longest_wait_s
        return (call_for("inspected"),)


class World:
    """A reconciler with its stores."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.oldest: float | None = math.inf
        self.workers, self.calls = Workers(), Calls()
        self.settings = make_settings(
            heartbeat_interval_s=INTERVAL_S, turn_s=TURN_S, max_wait_hours=24
        )
        self.reconciler = Reconciler(
            "me",
            cast("WorkerStore", self.workers),
            cast("WakeUpCallStore", self.calls),
            self.settings,
            lambda: self.oldest,
            lambda: self.now_s,
        )

    def round_after(
        self, seconds: float = INTERVAL_S, *, may_declare_dead: bool = True
    ) -> list[str]:
        """Run a round, and return the jobs that it re-enqueues, without those of every round."""
        self.now_s += seconds
        calls = self.reconciler.run_round(may_declare_dead=may_declare_dead)
        return [call.job_id for call in calls if call.job_id not in {"admitted", "inspected"}]


@pytest.fixture
def world() -> World:
    return World()


def test_the_jobs_of_a_dead_worker_are_re_enqueued_and_it_is_forgotten(world: World) -> None:
    world.workers.leases = {"other": {"b2", "a1"}}
    assert world.round_after() == ["a1", "b2"]
    assert world.workers.forgotten == ["other"]


def test_re_enqueued_jobs_are_counted_by_reason(world: World) -> None:
    world.workers.leases = {"other": {"b2", "a1", "ended"}}
    world.calls.waiting = {"c3": 7}
    for _ in range(3):
        world.round_after()
    assert world.reconciler.recoveries == {"dead_worker": 2, "lost_message": 1}


def test_an_ended_job_of_a_dead_worker_is_not_re_enqueued(world: World) -> None:
    world.workers.leases = {"other": {"ended", "a1"}}
    assert world.round_after() == ["a1"]


def test_each_dead_worker_is_logged_with_its_number_of_jobs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.workers.leases = {"one": {"a1", "b2"}, "two": {"c3"}, "idle": set()}
    world.round_after()
    assert [record.getMessage() for record in caplog.records] == [
        "Worker one has no heartbeat; re-enqueued its jobs: jobs=2",
        "Worker two has no heartbeat; re-enqueued its jobs: jobs=1",
    ]


def test_a_process_that_was_cut_off_declares_nobody_dead(world: World) -> None:
    world.workers.leases = {"other": {"a1"}}
    assert world.round_after(may_declare_dead=False) == []
    assert world.workers.leases == {"other": {"a1"}}


def test_a_process_that_was_cut_off_enqueues_due_jobs(world: World) -> None:
    world.calls.due_jobs = ["a1"]
    assert world.round_after(may_declare_dead=False) == ["a1"]


def test_a_process_without_the_lock_does_nothing(world: World) -> None:
    world.workers.holder = "somebody else"
    world.calls.due_jobs = ["a1"]
    assert world.reconciler.run_round(may_declare_dead=True) == ()
    assert world.calls.due_jobs == ["a1"]


def test_the_lock_outlives_two_missed_rounds_but_not_its_owner(world: World) -> None:
    world.round_after()
    assert 2 * INTERVAL_S < world.workers.lock_s < world.settings.heartbeat_ttl_s


def test_jobs_are_admitted_up_to_the_limit_of_each_service(world: World) -> None:
    world.round_after()
    limits = {name: one.max_inflight for name, one in world.settings.services.items()}
    assert world.calls.admitted == limits
    assert len(limits) == 3


def test_a_wait_is_inspected_against_its_limit_in_seconds(world: World) -> None:
    world.round_after()
    assert world.calls.longest_wait_s == 86400


def test_a_message_that_is_missing_in_two_rounds_is_sent_again(world: World) -> None:
    world.calls.waiting, world.oldest = {"a1": 5}, 6
    assert world.round_after() == []
    assert world.round_after() == ["a1"]


def test_a_message_that_was_sent_again_is_not_sent_a_third_time_at_once(world: World) -> None:
    world.calls.waiting, world.oldest = {"a1": 5}, 6
    sent = [world.round_after() for _ in range(4)]
    assert sent == [[], ["a1"], [], []]


def test_a_message_that_is_still_in_the_queue_is_not_sent_again(world: World) -> None:
    world.calls.waiting, world.oldest = {"a1": 5, "b2": 7}, 5
    assert [world.round_after() for _ in range(4)] == [[]] * 4


def test_a_job_that_waits_while_the_queue_is_empty_has_lost_its_message(world: World) -> None:
    world.calls.waiting, world.oldest = {"a1": 5}, math.inf
    assert [world.round_after() for _ in range(2)] == [[], ["a1"]]


def test_a_job_that_was_claimed_between_two_rounds_is_no_suspect(world: World) -> None:
    world.calls.waiting = {"a1": 5}
    world.round_after()
    world.calls.waiting = {}
    world.round_after()
    world.calls.waiting = {"a1": 5}
    assert world.round_after() == []


def test_a_job_that_waits_under_a_new_number_is_a_new_suspect(world: World) -> None:
    world.calls.waiting = {"a1": 5}
    world.round_after()
    world.calls.waiting = {"a1": 8}
    assert world.round_after() == []


def test_a_round_that_comes_early_does_not_count_as_the_second(world: World) -> None:
    world.calls.waiting = {"a1": 5}
    world.round_after()
    assert world.round_after(0.1) == []


def test_a_process_that_lost_the_lock_forgets_its_suspects(world: World) -> None:
    world.calls.waiting = {"a1": 5}
    world.round_after()
    world.workers.holder = "somebody else"
    world.round_after()
    world.workers.holder = "me"
    assert world.round_after() == []


def test_a_queue_that_cannot_be_inspected_gives_messages_the_length_of_a_turn(world: World) -> None:
    world.calls.waiting, world.oldest = {"a1": 5}, None
    assert world.round_after() == []
    assert world.round_after(TURN_S - 1) == []
    assert world.round_after(1) == ["a1"]
