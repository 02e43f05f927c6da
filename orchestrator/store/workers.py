"""Workers: their heartbeats, and the jobs of workers that have none."""

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.domain.job import WakeUp
from orchestrator.store import keys
from orchestrator.store.commands import RecoverJob
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_calls

__all__ = ["WorkerStore"]


class WorkerStore:
    """Heartbeats, and the leases of workers without one."""

    def __init__(self, connection: Connection, *, ttl_s: float) -> None:
        self._connection = connection
        self._ttl_ms = round(ttl_s * 1000)

    def beat(self, worker: str, facts: Mapping[str, Any]) -> frozenset[str]:
        """Renew a worker's heartbeat.

        Args:
            worker: The worker.
            facts: What the API shows of the worker (JSON values).

        Returns:
            The jobs that it has leased.
        """
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.set(keys.heartbeat(worker), json.dumps(facts), px=self._ttl_ms)
            pipeline.sadd(keys.WORKERS, worker)
            pipeline.smembers(keys.leases(worker))
            return frozenset(pipeline.execute()[-1])

    def leave(self, worker: str) -> None:
        """Remove the heartbeat of a worker that exits; its remaining leases are recovered."""
        with self._connection.commands() as client:
            client.delete(keys.heartbeat(worker))

    def dead(self) -> dict[str, frozenset[str]]:
        """Return the workers without a heartbeat, each with the jobs that it has leased."""
        with self._connection.commands() as client:
            workers = sorted(client.smembers(keys.WORKERS))
            pipeline = client.pipeline(transaction=False)
            for worker in workers:
                pipeline.exists(keys.heartbeat(worker))
            alive = pipeline.execute()
            dead = [name for name, is_alive in zip(workers, alive, strict=True) if not is_alive]
            for worker in dead:
                pipeline.smembers(keys.leases(worker))
            return dict(zip(dead, map(frozenset, pipeline.execute()), strict=True))

    def forget(self, worker: str) -> None:
        """Remove a dead worker that has no leases."""
        with self._connection.commands() as client:
            if not client.exists(keys.leases(worker)):
                client.srem(keys.WORKERS, worker)

    def alive(self) -> dict[str, dict[str, Any]]:
        """Return the facts of each living worker, and ``age_s``, the age of its heartbeat."""
        with self._connection.commands() as client:
            workers = sorted(client.smembers(keys.WORKERS))
            pipeline = client.pipeline(transaction=False)
            for worker in workers:
                pipeline.get(keys.heartbeat(worker))
                pipeline.pttl(keys.heartbeat(worker))
            found = pipeline.execute()
        return {
            worker: {**json.loads(facts), "age_s": max(0, self._ttl_ms - left_ms) / 1000}
            for worker, facts, left_ms in zip(workers, found[::2], found[1::2], strict=True)
            if facts
        }

    def recover(self, job_id: str, worker: str, *, turn: str | None = None) -> WakeUp | None:
        """Take a job from a dead worker or, with ``turn``, from a dead turn of a living one.

        Returns:
            The call to enqueue; ``None`` if that owner does not hold the lease.
        """
        calls = decode_calls(self._connection.run(RecoverJob(job_id, worker, turn)))
        return calls[0] if calls else None

    def turn_of(self, job_id: str) -> str | None:
        """Return the turn that holds the lease on a job, if any."""
        with self._connection.commands() as client:
            turn: str | None = client.hget(keys.job(job_id), "lease.turn")
        return turn

    def lock_round(self, worker: str, *, seconds: float) -> bool:
        """Take or renew the reconciler's lock; return whether this worker holds it.

        Two workers may hold it for a moment when it changes hands; rounds are safe to overlap.
        """
        milliseconds = round(seconds * 1000)
        with self._connection.commands() as client:
            if client.set(keys.RECONCILER, worker, nx=True, px=milliseconds):
                return True
            if client.get(keys.RECONCILER) != worker:
                return False
            return bool(client.pexpire(keys.RECONCILER, milliseconds))
