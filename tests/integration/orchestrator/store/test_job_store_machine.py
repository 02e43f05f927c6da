"""No sequence of operations by two owners breaks an invariant of the store."""

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import DataObject, booleans, data, integers, sampled_from

from orchestrator.domain.job import Acceptance, JobRequest, JobStatus, Priority, WakeUp
from orchestrator.domain.pipeline import STAGES, Stage, stage_named
from orchestrator.domain.sources import Source
from orchestrator.domain.transitions import Change, Stay
from orchestrator.domain.work_keys import derive_work_keys
from orchestrator.errors import (
    IllegalTransitionError,
    JobNotFoundError,
    LeaseLostError,
    StoreUnavailableError,
)
from orchestrator.settings import ServiceSettings, Settings, load_settings
from orchestrator.store.connection import connect
from orchestrator.store.jobs import JobStore
from orchestrator.store.leases import Claim, LeaseStore
from orchestrator.store.wake_up_calls import WakeUpCallStore
from orchestrator.store.workers import WorkerStore
from tests.support.chaos_invariants import Snapshot, find_broken
from tests.support.chaos_turns import INSTANCE, Owner, possible_changes

LIMIT = 2
WORKERS = ("worker-a", "worker-b")
LIMITS = {stage.service.name: LIMIT for stage in STAGES}
FEW_JOBS = integers(0, 5)
STEPS = sampled_from([3, 6, 2, 1, 0])  # an unhindered turn takes three


def settings_for(url: str) -> Settings:
    services = {
        name: ServiceSettings(url=INSTANCE, timeout=1, max_inflight=LIMIT) for name in LIMITS
    }
    return load_settings(env_files=(), redis_url=url, services=services)


class JobStoreMachine(RuleBasedStateMachine):
    """Clients, two workers and a reconciler, in any order."""

    def __init__(self, url: str) -> None:
        super().__init__()
        chosen = settings_for(url)
        connection = connect(chosen)
        self.client: Any = connection.client
        self.jobs = JobStore(connection, chosen)
        self.leases = LeaseStore(connection, chosen)
        self.workers = WorkerStore(connection, ttl_s=3600)
        self.calls = WakeUpCallStore(connection)
        self.job_ids: list[str] = []
        self.messages: list[WakeUp] = []
        self.owners: list[Owner] = []
        self.holders: dict[str, Owner] = {}
        self.ended: dict[str, JobStatus] = {}
        self.removed: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.turns = itertools.count()

    @initialize()
    def begin(self) -> None:
        self.client.flushdb()
        for worker in WORKERS:
            self.workers.beat(worker, {})
        for video, force in (("x", False), ("x", False), ("y", True)):
            self.submit_one(JobRequest(Source(video), force=force))

    def teardown(self) -> None:
        self.client.close()

    # --- clients --------------------------------------------------------------------------

    @rule(
        video=sampled_from("xy"),
        priority=sampled_from(Priority),
        client=sampled_from(["ann", "bob"]),
        force=booleans(),
    )
    def submit(self, video: str, priority: Priority, client: str, force: bool) -> None:  # noqa: FBT001
        if len(self.job_ids) < 8:
            self.submit_one(
                JobRequest(Source(video), priority=priority, client=client, force=force)
            )

    def submit_one(self, request: JobRequest) -> None:
        job_id = f"{len(self.job_ids):016x}"
        works = derive_work_keys(job_id, request, is_shared=False)
        self.job_ids.append(job_id)
        accepted, call = self.jobs.create(job_id, request, works)
        self.take_calls(call)
        job = self.jobs.get(job_id)
        assert accepted == Acceptance(job_id, job.request, job.status, job.overall_progress)
        assert self.jobs.create(job_id, request, works) == (accepted, None)
        if job.status.is_terminal:
            self.ended[job_id] = job.status

    @rule(which=FEW_JOBS)
    def cancel(self, which: int) -> None:
        if job_id := self.pick_job(which):
            if job_id in self.removed:
                with pytest.raises(JobNotFoundError):
                    self.jobs.cancel(job_id)
                return
            was_running, calls = self.jobs.cancel(job_id)
            assert was_running == (job_id not in self.ended)
            self.take_calls(*calls)
            self.ended.setdefault(job_id, JobStatus.CANCELLED)
            self.holders.pop(job_id, None)

    @precondition(lambda self: self.ended)
    @rule(which=FEW_JOBS)
    def retry(self, which: int) -> None:
        job_id = sorted(self.ended)[which % len(self.ended)]
        job = self.jobs.get(job_id)
        if self.ended[job_id] is JobStatus.COMPLETED:
            with pytest.raises(IllegalTransitionError):
                self.jobs.retry(job)
            return
        self.take_calls(self.jobs.retry(job))
        del self.ended[job_id]

    @rule(which=FEW_JOBS)
    def remove(self, which: int) -> None:
        job_id = self.pick_job(which)
        if job_id in self.ended:
            self.jobs.remove(job_id)
            del self.ended[job_id]
            self.removed.add(job_id)
        elif job_id:
            expected = JobNotFoundError if job_id in self.removed else IllegalTransitionError
            with pytest.raises(expected):
                self.jobs.remove(job_id)

    # --- workers --------------------------------------------------------------------------

    @precondition(lambda self: self.messages)
    @rule(worker=sampled_from(WORKERS), turns=integers(1, 6), choices=data())
    def take_turns(self, worker: str, turns: int, choices: DataObject) -> None:
        """Deliver messages to a worker, which runs each turn partly or completely."""
        for _ in range(turns):
            if not self.messages:
                return
            call = self.messages[choices.draw(integers(0, len(self.messages) - 1))]
            if choices.draw(integers(0, 3)):  # else it is delivered again
                self.messages.remove(call)
            if owner := self.claim(call, worker):
                self.drive(owner, choices.draw(STEPS), choices)

    def claim(self, call: WakeUp, worker: str) -> Owner | None:
        stage, turn = stage_named(call.stage), f"turn-{next(self.turns)}"
        held = self.holders.get(call.job_id)
        claim = self.leases.claim(call.job_id, stage, worker=worker, turn=turn)
        if claim is None:
            return None
        assert call.job_id not in self.ended
        assert call.job_id not in self.removed
        if held:
            assert held.lease.worker not in self.workers.alive(), "taken from a living owner"
        repeated = self.leases.claim(call.job_id, stage, worker=worker, turn=turn)
        assert repeated is not None
        assert repeated.lease.number == claim.lease.number
        assert claim.lease.number > self.numbers.get(call.job_id, 0)
        self.numbers[call.job_id] = claim.lease.number
        return self.hold(claim, stage)

    def hold(self, claim: Claim, stage: Stage) -> Owner:
        owner = Owner(claim.lease, stage, claim.job, claim.sharing)
        self.holders[claim.job.job_id] = owner
        self.owners.append(owner)
        return owner

    @precondition(lambda self: self.owners)
    @rule(which=integers(0, 3), steps=STEPS, choices=data())
    def go_on(self, which: int, steps: int, choices: DataObject) -> None:
        """Continue a current or an outdated turn by some steps."""
        self.drive(self.owners[-1 - which % min(4, len(self.owners))], steps, choices)

    def drive(self, owner: Owner, steps: int, choices: DataObject) -> None:
        for _ in range(steps):
            if owner not in self.owners:
                return
            self.write(owner, choices.draw(sampled_from(possible_changes(owner))))

    def write(self, owner: Owner, change: Change) -> None:
        is_holder = self.holders.get(owner.job.job_id) is owner
        before = None if is_holder else self.dump(owner.job.job_id)
        try:
            prepared = self.leases.prepare(owner.lease, change, owner.stage)
            done = self.leases.write(owner.lease, prepared)
        except LeaseLostError:
            assert not is_holder
            assert self.dump(owner.job.job_id) == before
            self.owners.remove(owner)
            return
        assert is_holder, "a write of an old owner was accepted"
        self.take_calls(*done.calls)
        after = self.dump(owner.job.job_id)
        assert self.leases.write(owner.lease, prepared) == done
        assert self.dump(owner.job.job_id) == after
        self.update_model(owner, change, done.number)

    def update_model(self, owner: Owner, change: Change, number: int | None) -> None:
        """Update the model after an accepted write."""
        job_id = owner.job.job_id
        owner.job = self.jobs.get(job_id)
        if isinstance(change.move, Stay):
            return
        del self.holders[job_id]
        if number:
            self.take_calls(WakeUp(job_id, owner.job.stage, number))
        if owner.job.status.is_terminal:
            self.ended[job_id] = owner.job.status

    @rule(worker=sampled_from(WORKERS))
    def die(self, worker: str) -> None:
        self.workers.leave(worker)

    @rule(worker=sampled_from(WORKERS))
    def live(self, worker: str) -> None:
        held = self.workers.beat(worker, {})
        holding = {k for k, owner in self.holders.items() if owner.lease.worker == worker}
        assert held == holding

    @precondition(lambda self: self.holders)
    @rule(which=FEW_JOBS)
    def be_replaced(self, which: int) -> None:
        """Freeze a worker, recover its jobs, and let the other worker claim one."""
        owner = list(self.holders.values())[which % len(self.holders)]
        frozen = owner.lease.worker
        (other,) = set(WORKERS) - {frozen}
        self.workers.leave(frozen)
        self.workers.beat(other, {})
        self.recover_dead_workers()
        self.workers.beat(frozen, {})
        assert self.claim(self.messages.pop(), other)

    # --- the reconciler -------------------------------------------------------------------

    @rule()
    def recover_dead_workers(self) -> None:
        for worker, job_ids in self.workers.dead().items():
            for job_id in job_ids:
                self.take_calls(self.workers.recover(job_id, worker))
                self.holders.pop(job_id, None)
            self.workers.forget(worker)

    @precondition(lambda self: self.holders)
    @rule(which=FEW_JOBS)
    def hand_back(self, which: int) -> None:
        """Recover a job from a dead turn of a living worker."""
        owner = list(self.holders.values())[which % len(self.holders)]
        lease = owner.lease
        assert self.workers.recover(lease.job_id, lease.worker, turn="another") is None
        call = self.workers.recover(lease.job_id, lease.worker, turn=lease.turn)
        assert call is not None
        self.take_calls(call)
        del self.holders[lease.job_id]

    @rule()
    def look_after_calls(self) -> None:
        self.take_calls(*self.calls.wake_due(), *self.calls.admit(LIMITS))
        self.take_calls(*self.calls.inspect(longest_wait_s=3600))

    @precondition(lambda self: self.messages)
    @rule(which=integers(0, 30))
    def lose_a_message(self, which: int) -> None:
        lost = self.messages.pop(which % len(self.messages))
        number = self.calls.waiting_below(float("inf")).get(lost.job_id)
        calls = self.calls.resend({lost.job_id: lost.number})
        assert [call.job_id for call in calls] == ([lost.job_id] if number == lost.number else [])
        self.take_calls(*calls)

    @precondition(lambda self: self.job_ids)
    @rule(which=FEW_JOBS, at=integers(0, 30))
    def be_full(self, which: int, at: int) -> None:
        """Check that a full Redis applies a step completely or not at all."""
        job_id = self.job_ids[which % len(self.job_ids)]
        call = self.messages[at % len(self.messages)] if self.messages else None
        before = self.dump(job_id)
        self.client.config_set("maxmemory", 1)
        try:
            with pytest.raises(StoreUnavailableError):
                self.jobs.cancel(job_id)
            with pytest.raises(StoreUnavailableError):
                self.calls.wake_due()
            for worker, job_ids in self.workers.dead().items():
                for one in job_ids:
                    with pytest.raises(StoreUnavailableError):
                        self.workers.recover(one, worker)
            if call:
                with pytest.raises(StoreUnavailableError):
                    self.leases.claim(
                        call.job_id, stage_named(call.stage), worker=WORKERS[0], turn="full"
                    )
        finally:
            self.client.config_set("maxmemory", 0)
        assert self.dump(job_id) == before

    # --- invariants -----------------------------------------------------------------------

    @invariant()
    def nothing_is_broken(self) -> None:
        seen = Snapshot.read(self.client, self.job_ids, WORKERS)
        assert find_broken(seen, limit=LIMIT) == []
        assert seen.jobs.keys() == set(self.job_ids) - self.removed
        assert {
            job_id: JobStatus(job["status"])
            for job_id, job in seen.jobs.items()
            if JobStatus(job["status"]).is_terminal
        } == self.ended
        for job_id, job in seen.jobs.items():
            number = int(job["lease.number"])
            assert number >= self.numbers.get(job_id, 0), "a fencing number decreased"
            self.numbers[job_id] = number

    def pick_job(self, which: int) -> str | None:
        return self.job_ids[which % len(self.job_ids)] if self.job_ids else None

    def take_calls(self, *calls: WakeUp | None) -> None:
        self.messages += [call for call in calls if call]

    def dump(self, job_id: str) -> object:
        """Read the data that a refused or a repeated write must not change."""
        waiting = self.client.zrange("orchestrator:waiting", 0, -1, withscores=True)
        due = self.client.zrange("orchestrator:due", 0, -1)
        history = (
            self.client.xlen(f"orchestrator:job:{job_id}:events"),
            self.client.hget(f"orchestrator:job:{job_id}:result", "history"),
        )
        return self.client.hgetall(f"orchestrator:job:{job_id}"), waiting, due, history


def test_two_owners_never_break_an_invariant(redis_url: str) -> None:
    class Machine(JobStoreMachine):
        def __init__(self) -> None:
            super().__init__(redis_url)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=45,
            stateful_step_count=60,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
