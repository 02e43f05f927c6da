"""Workers: their signs of life, and what is left of those that gave none."""

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.domain.job import WakeUp
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.records import wake_ups

__all__ = ["WorkerStore"]


class WorkerStore:
    """Heartbeats, and the leases of workers that have none any more."""

    def __init__(self, connection: Connection, *, ttl_s: float) -> None:
        self._connection = connection
        self._ttl_ms = round(ttl_s * 1000)

    def beat(self, worker: str, facts: Mapping[str, Any]) -> frozenset[str]:
        """Give a sign of life.

        Args:
            worker: Who gives it.
            facts: What is shown of the worker (JSON values).

        Returns:
            The jobs whose lease it holds.
        """
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.set(keys.heartbeat(worker), json.dumps(facts), px=self._ttl_ms)
            pipeline.sadd(keys.WORKERS, worker)
            pipeline.smembers(keys.leases(worker))
            return frozenset(pipeline.execute()[-1])

    def leave(self, worker: str) -> None:
        """Withdraw the sign of life of a worker that ends; leases it still has are recovered."""
        with self._connection.commands() as client:
            client.delete(keys.heartbeat(worker))

    def dead(self) -> dict[str, frozenset[str]]:
        """Return the workers without a sign of life, each with the jobs that it still has."""
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
        """Take a dead worker that has nothing left off the list."""
        with self._connection.commands() as client:
            if not client.exists(keys.leases(worker)):
                client.srem(keys.WORKERS, worker)

    def alive(self) -> dict[str, dict[str, Any]]:
        """Return what living workers tell of themselves, by name, and ``age_s``: how long ago."""
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

    def recover(self, job_id: str, worker: str, *, turn: str = "") -> WakeUp | None:
        """Take a job from a dead worker, or from a dead turn of a living one.

        Returns:
            The call to enqueue; ``None`` where the job is not, or not any more, with that owner.
        """
        call = self._connection.run("recover", job_id, worker, turn)
        return wake_ups([call])[0] if call else None

    def turn_of(self, job_id: str) -> str | None:
        """Return the turn that holds the lease on a job."""
        with self._connection.commands() as client:
            turn: str | None = client.hget(keys.job(job_id), "lease.turn")
        return turn

    def lock_round(self, worker: str, *, seconds: float) -> bool:
        """Take the reconciler's lock, or keep it; whoever comes second is refused.

        Two may hold it for an instant when it changes hands; rounds bear that.
        """
        milliseconds = round(seconds * 1000)
        with self._connection.commands() as client:
            if client.set(keys.RECONCILER, worker, nx=True, px=milliseconds):
                return True
            if client.get(keys.RECONCILER) != worker:
                return False
            return bool(client.pexpire(keys.RECONCILER, milliseconds))
