"""Measure the recovery time of each job after the loss of its worker, from outside."""

import statistics
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import redis

__all__ = ["COMPOUNDED", "RecoveryClock"]

COMPOUNDED: Final = "then Redis away or another worker frozen"

_CHECK_INTERVAL_S = 0.05
_TERMINAL = {"completed", "failed", "cancelled"}


@dataclass
class _Watched:
    """A job whose lease a worker had when it was damaged."""

    worker: str
    number: int
    """Fencing number of the lease at that time."""
    damaged_at: float
    cause: str


@dataclass
class RecoveryClock:
    """Watches jobs that have lost their worker until they recover.

    A job has recovered when another worker has or had its lease, or when it has ended.

    Args:
        client: A Redis client that nothing else uses.
    """

    client: Any
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Recovery times of jobs, by the damage to their worker."""
    _watched: dict[str, _Watched] = field(default_factory=dict)
    _troubles: list[float] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="recovery", daemon=True)
        self._thread.start()

    def held_by(self, pid: int) -> tuple[str, frozenset[str]]:
        """Return the name of a worker and the jobs whose lease it has, by its process id."""
        for worker in self.client.smembers("orchestrator:workers"):
            if f":{pid}:" in worker:
                return worker, frozenset(self.client.smembers(f"orchestrator:leases:{worker}"))
        return "", frozenset()

    def start(self, worker: str, job_ids: Iterable[str], *, cause: str) -> None:
        """Start watching jobs whose worker was just damaged."""
        now = time.monotonic()
        for job_id in job_ids:
            number = int(self.client.hget(f"orchestrator:job:{job_id}", "lease.number") or 0)
            with self._lock:
                self._watched[job_id] = _Watched(worker, number, now, cause)

    def record_trouble(self) -> None:
        """Record an event that delays all recoveries in progress."""
        self._troubles.append(time.monotonic())

    @property
    def is_idle(self) -> bool:
        """Whether all jobs have recovered."""
        with self._lock:
            return not self._watched

    def stop(self) -> None:
        """Stop watching; record jobs that have not recovered with the time until now."""
        self._ended.set()
        self._thread.join()
        for job_id in list(self._watched):
            self._record_recovery(job_id)

    def __str__(self) -> str:
        return "\n".join(
            f"{cause}: {len(found)} jobs recovered, "
            f"p50 {statistics.median(found):.1f} s, max {max(found):.1f} s"
            for cause, found in sorted(self.seconds.items())
        )

    def _watch(self) -> None:
        while not self._ended.wait(_CHECK_INTERVAL_S):
            with self._lock:
                watched = dict(self._watched)
            try:
                recovered = [
                    job_id for job_id, one in watched.items() if self._has_recovered(job_id, one)
                ]
            except redis.RedisError:
                self.record_trouble()
                continue
            for job_id in recovered:
                self._record_recovery(job_id)

    def _has_recovered(self, job_id: str, one: _Watched) -> bool:
        key = f"orchestrator:job:{job_id}"
        status, worker, number = self.client.hmget(key, "status", "lease.worker", "lease.number")
        if status is None or status in _TERMINAL:
            return True
        # Recovery and claim increase the number by one each, so a new owner has two more.
        return (worker or one.worker) != one.worker or int(number) >= one.number + 2

    def _record_recovery(self, job_id: str) -> None:
        now = time.monotonic()
        with self._lock:
            one = self._watched.pop(job_id)
        is_compounded = any(one.damaged_at < trouble for trouble in self._troubles)
        cause = f"{one.cause}, {COMPOUNDED}" if is_compounded else one.cause
        self.seconds.setdefault(cause, []).append(now - one.damaged_at)
