"""Recovery time of a worker's jobs after its loss, measured from outside per job."""

import statistics
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import redis

__all__ = ["COMPOUNDED", "RecoveryClock"]

COMPOUNDED: Final = "then Redis away or another worker frozen"

_LOOK_EVERY_S = 0.05
_TERMINAL = {"completed", "failed", "cancelled"}


@dataclass
class _Watched:
    """A job that a worker held when it was struck."""

    worker: str
    number: int
    """The lease's fencing number then."""
    struck_at: float
    cause: str


@dataclass
class RecoveryClock:
    """Watches jobs that have lost their worker until they continue.

    A job moves again when somebody else has its lease, or had it, or when it has ended.

    Args:
        client: A client of the Redis server, for this object alone.
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
        """Return a worker's name by its process, and the jobs whose lease it has."""
        for worker in self.client.smembers("orchestrator:workers"):
            if f":{pid}:" in worker:
                return worker, frozenset(self.client.smembers(f"orchestrator:leases:{worker}"))
        return "", frozenset()

    def start(self, worker: str, job_ids: Iterable[str], *, cause: str) -> None:
        """Start to watch jobs whose worker was just damaged."""
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
        """Whether no job is watched any more."""
        with self._lock:
            return not self._watched

    def stop(self) -> None:
        """Stop watching; count unrecovered jobs with the time until now."""
        self._ended.set()
        self._thread.join()
        for job_id in list(self._watched):
            self._record_moved(job_id)

    def __str__(self) -> str:
        return "\n".join(
            f"{cause}: {len(found)} jobs stood still, "
            f"p50 {statistics.median(found):.1f} s, max {max(found):.1f} s"
            for cause, found in sorted(self.seconds.items())
        )

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            with self._lock:
                watched = dict(self._watched)
            try:
                moved = [job_id for job_id, one in watched.items() if self._has_moved(job_id, one)]
            except redis.RedisError:
                self.record_trouble()
                continue
            for job_id in moved:
                self._record_moved(job_id)

    def _has_moved(self, job_id: str, one: _Watched) -> bool:
        key = f"orchestrator:job:{job_id}"
        status, worker, number = self.client.hmget(key, "status", "lease.worker", "lease.number")
        if status is None or status in _TERMINAL:
            return True
        # Recovery and claim raise the number by one each, so two more mean a new owner.
        return (worker or one.worker) != one.worker or int(number) >= one.number + 2

    def _record_moved(self, job_id: str) -> None:
        now = time.monotonic()
        with self._lock:
            one = self._watched.pop(job_id)
        is_compounded = any(one.struck_at < trouble for trouble in self._troubles)
        cause = f"{one.cause}, {COMPOUNDED}" if is_compounded else one.cause
        self.seconds.setdefault(cause, []).append(now - one.struck_at)
