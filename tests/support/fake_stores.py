"""In-memory lease and breaker stores.

The tests of the real stores, tests/integration/orchestrator/store/test_leases.py, run on them, too.
They omit admission, events, transcripts and deletions, which no owner of a stage reads back.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.job import Job, JobRequest, JobStatus, StageStatus, WakeUp, milliseconds
from orchestrator.domain.pipeline import STAGES, Stage, stage_before, stages_of
from orchestrator.domain.transitions import Change, Due, End, Enter, Shared, Stay, Wake
from orchestrator.errors import BreakerOpenError, LeaseLostError, StoreUnavailableError
from orchestrator.settings import Settings
from orchestrator.store.commands import CommitChange
from orchestrator.store.leases import (
    Attach,
    BreakerState,
    Claim,
    Committed,
    Follow,
    Lease,
    Placement,
    Sharing,
    Submit,
)
from orchestrator.store.records import decode_job, encode_request
from tests.support.jobs import NOW

__all__ = ["FakeBreakerStore", "FakeLeaseStore"]

_NOW_MS = str(milliseconds(NOW))


class FakeBreakerStore:
    """Circuit breakers in memory; the interval between trials ends when a test says so."""

    def __init__(self, settings: Settings) -> None:
        self.failures: dict[str, int] = {}
        self._trials: set[str] = set()
        self._settings = settings

    def record_failure(self, service: str, instance: str | None = None) -> None:
        name = self._name(service, instance)
        self.failures[name] = self.failures.get(name, 0) + 1

    def record_success(self, service: str, instance: str | None = None) -> None:
        self.failures.pop(self._name(service, instance), None)

    def may_probe(self, service: str, instance: str | None = None) -> bool:
        name = self._name(service, instance)
        is_due = name in self._trials
        self._trials.discard(name)
        return is_due

    def end_interval(self) -> None:
        """Allow one trial of each open breaker."""
        self._trials = set(self.failures)

    def state(self, service: str, instance: str | None) -> BreakerState:
        name = self._name(service, instance)
        threshold = self._settings.breaker_threshold if name == service else 2
        failures = self.failures.get(name, 0)
        return BreakerState(has_failures=failures > 0, is_open=failures >= threshold)

    def _name(self, service: str, instance: str | None) -> str:
        has_several = len(self._settings.services[service].urls) > 1
        return f"{service}@{instance}" if instance and has_several else service


@dataclass
class _StoredJob:
    record: dict[str, str]
    number: int = 0
    holder: tuple[str, str] | None = None
    is_waiting: bool = True
    last_write: tuple[str, Committed] | None = None


@dataclass
class _Work:
    holder: str | None = None
    attach: Attach | None = None
    followers: list[str] = field(default_factory=list)


class FakeLeaseStore:
    """Jobs, leases and shared work in memory.

    Args:
        settings: The services' instances, and the threshold of the breakers.
    """

    def __init__(self, settings: Settings) -> None:
        self.breakers = FakeBreakerStore(settings)
        self.alive: set[str] = set()
        """Workers with a heartbeat."""
        self.failures = 0
        """How many of the next calls find Redis unavailable."""
        self.lost_replies = 0
        """How many of the next writes are done, but not answered."""
        self.changes: list[Change] = []
        """The changes that were written."""
        self._settings = settings
        self._jobs: dict[str, _StoredJob] = {}
        self._works: dict[str, _Work] = {}
        self._placed: dict[str, str] = {}
        self._prepared: dict[str, Change] = {}
        self._numbers = itertools.count(1)

    def add(self, job_id: str, request: JobRequest, works: Mapping[str, str]) -> None:
        """Store a new job that waits for its first stage."""
        first = stages_of(request)[0]
        record = encode_request(request) | {"stage": first.name, "status": JobStatus.QUEUED}
        record |= {f"{name}.work": digest for name, digest in works.items()}
        record |= {"created_at": _NOW_MS, "updated_at": _NOW_MS}
        for limit, seconds in (
            ("job", self._settings.job_limit_s),
            ("stage", self._settings.stage_limit_s),
        ):
            record[f"limit.{limit}_ms"] = str(round(seconds * 1000))
        for skipped in STAGES[: STAGES.index(first)]:
            record[f"{skipped.name}.status"] = StageStatus.SKIPPED
        self._jobs[job_id] = _StoredJob(record)

    def get(self, job_id: str) -> Job:
        return decode_job(job_id, self._jobs[job_id].record)

    def set(self, job_id: str, **values: str) -> None:
        """Set fields of a job, with ``__`` for the dot in their names."""
        fields = {name.replace("__", "."): value for name, value in values.items()}
        self._jobs[job_id].record.update(fields)

    def cancel(self, job_id: str) -> None:
        self._jobs[job_id].record["status"] = JobStatus.CANCELLED

    def claim(self, job_id: str, stage: Stage, *, worker: str, turn: str) -> Claim | None:
        self._fail()
        job = self._jobs.get(job_id)
        if job is None or _has_ended(job) or job.record["stage"] != stage.name:
            return None
        waited_s = None
        if job.holder != (worker, turn):
            is_held = job.holder is not None and job.holder[0] in self.alive
            if is_held or not (job.holder or job.is_waiting):
                return None
            waited_s = self._hold(job, stage, (worker, turn))
        source, stages = stage_before(stage), self.get(job_id).stages
        record, taken = stages[stage.name], stages[source.name]
        return Claim(
            lease=Lease(job_id, worker, turn, job.number),
            job=self.get(job_id),
            now=NOW,
            breaker=self.breakers.state(stage.service.name, record.instance),
            is_source_open=self.breakers.state(source.service.name, taken.instance).is_open,
            sharing=Submit() if record.job_id else self._join(job_id, record.work),
            waited_s=waited_s,
        )

    def place(self, lease: Lease, stage: Stage) -> Placement:
        self._fail()
        job, service = self._owned(lease), stage.service.name
        urls = self._settings.services[service].urls
        usable = [
            url
            for url in urls
            if not self.breakers.state(service, url).is_open
            or self.breakers.may_probe(service, url)
        ]
        if not usable:
            raise BreakerOpenError(service, "the breakers of all instances are open")
        placed = [url for one, url in self._placed.items() if one != lease.job_id]
        chosen = job.record.get(f"{stage.name}.instance")
        if chosen not in usable:
            chosen = min(usable, key=placed.count)
        self._placed[lease.job_id] = job.record[f"{stage.name}.instance"] = chosen
        return Placement(chosen, self.breakers.state(service, chosen).has_failures)

    def commit(self, lease: Lease, change: Change, stage: Stage) -> Committed:
        return self.write(lease, self.prepare(lease, change, stage))

    def prepare(self, lease: Lease, change: Change, _stage: Stage) -> CommitChange:
        write_id = f"{lease.turn}:{next(lease.writes)}"
        prepared = CommitChange(lease.job_id, lease.number, write_id, {}, (), (), {})
        self._prepared[prepared.write_id] = change
        return prepared

    def write(self, lease: Lease, prepared: CommitChange) -> Committed:
        self._fail()
        job = self._jobs.get(lease.job_id)
        if job and job.last_write and job.last_write[0] == prepared.write_id:
            return job.last_write[1]
        job = self._owned(lease)
        change = self._prepared[prepared.write_id]
        self.changes.append(change)
        job.record |= {name: str(value) for name, value in change.values.items()}
        job.record |= dict.fromkeys((*change.stamps, "updated_at"), _NOW_MS)
        for name in change.cleared:
            job.record.pop(name, None)
        if change.clocks_paused is not None:
            job.record.pop("paused_at", None)
            job.record |= {"paused_at": _NOW_MS} if change.clocks_paused else {}
        calls = self._share(lease.job_id, change.shared) if change.shared else ()
        committed = Committed(self._move(lease.job_id, job, change), calls)
        job.last_write = prepared.write_id, committed
        if self.lost_replies:
            self.lost_replies -= 1
            raise StoreUnavailableError("Redis is unavailable")
        return committed

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("Redis is unavailable")

    def _hold(self, job: _StoredJob, stage: Stage, holder: tuple[str, str]) -> float | None:
        job.number += 1
        job.holder, job.is_waiting = holder, False
        job.record["status"] = stage.running
        job.record[f"{stage.name}.status"] = StageStatus.PROCESSING
        started_at = f"{stage.name}.started_at"
        if started_at in job.record:
            return None
        job.record[started_at] = _NOW_MS
        return 0.0

    def _owned(self, lease: Lease) -> _StoredJob:
        job = self._jobs.get(lease.job_id)
        if job is None or _has_ended(job) or job.number != lease.number or not job.holder:
            raise LeaseLostError(lease.job_id, "somebody newer owns it, or it has ended")
        return job

    def _move(self, job_id: str, job: _StoredJob, change: Change) -> int | None:
        match change.move:
            case Stay():
                return None
            case Due(_, follow) if follow and follow in self._works:
                self._works[follow].followers.append(job_id)
            case Enter(stage):
                job.record["stage"] = stage.name
            case End(status):
                job.record["status"] = status
        job.holder = None
        return self._wake(job) if isinstance(change.move, Wake | Enter) else None

    def _wake(self, job: _StoredJob) -> int:
        job.is_waiting = True
        return next(self._numbers)

    def _join(self, job_id: str, digest: str | None) -> Sharing:
        if digest is None:
            return Submit()
        work = self._works.setdefault(digest, _Work())
        if work.attach:
            return work.attach
        if work.holder not in {None, job_id}:
            return Follow()
        work.holder = job_id
        return Submit()

    def _share(self, job_id: str, shared: Shared) -> tuple[WakeUp, ...]:
        work = self._works.setdefault(shared.digest, _Work())
        if shared.remote_id and shared.instance:
            work.attach, work.holder = Attach(shared.instance, shared.remote_id), None
        elif shared.forget and work.attach and work.attach.remote_id == shared.forget:
            work.attach = None
        elif shared.abandon and work.holder == job_id:
            work.holder = None
        else:
            return ()
        followers, work.followers = work.followers, []
        return tuple(
            WakeUp(one, self._jobs[one].record["stage"], self._wake(self._jobs[one]))
            for one in followers
        )


def _has_ended(job: _StoredJob) -> bool:
    return JobStatus(job.record["status"]).is_terminal
