"""Wake-up calls: those that are due, those that were lost, and those that can be made."""

import json
from collections.abc import Iterable, Mapping

from orchestrator.domain.job import WakeUp
from orchestrator.domain.pipeline import STAGES
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.store.records import wake_ups

__all__ = ["CallStore"]

_BATCH = 500  # so that no script keeps Redis busy for more than a few milliseconds


class CallStore:
    """Finds the jobs that need a wake-up call, and makes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = 0

    def due(self) -> tuple[WakeUp, ...]:
        """Wake the jobs whose time has come."""
        return wake_ups(self._connection.run("call", "due", _BATCH))

    def waiting_below(self, number: float) -> dict[str, int]:
        """Return the jobs that wait under a lower number than this one, with theirs."""
        with self._connection.commands() as client:
            found = client.zrange(
                keys.WAITING, "-inf", f"({number}", byscore=True, withscores=True,
                offset=0, num=_BATCH,
            )  # fmt: skip
        return {job_id: int(score) for job_id, score in found}

    def resend(self, lost: Mapping[str, int]) -> tuple[WakeUp, ...]:
        """Make new calls for jobs that still wait under the same number."""
        if not lost:
            return ()
        flat = [str(part) for pair in lost.items() for part in pair]
        return wake_ups(self._connection.run("call", "lost", _BATCH, *flat))

    def admit(self, limits: Mapping[str, int]) -> tuple[WakeUp, ...]:
        """Fill free places from the lines, and put right the count of who is there.

        Args:
            limits: How many jobs each service is given at once.
        """
        calls: tuple[WakeUp, ...] = ()
        for service, limit in limits.items():
            with self._connection.commands() as client:
                sample: Iterable[str] = client.srandmember(keys.inflight(service), 50)
            calls += wake_ups(self._connection.run("admit", service, limit, *sample))
        return calls

    def inspect(self, *, longest_wait_s: float) -> tuple[WakeUp, ...]:
        """Look at the next few unfinished jobs; wake what is nowhere or out of time."""
        with self._connection.commands() as client:
            self._cursor, found = client.zscan(keys.ACTIVE, cursor=self._cursor, count=_BATCH)
        if not found:
            return ()
        services = json.dumps({stage.name: stage.service.name for stage in STAGES})
        job_ids = [job_id for job_id, _ in found][: 2 * _BATCH]
        longest_ms = round(longest_wait_s * 1000)
        return wake_ups(self._connection.run("inspect", services, longest_ms, *job_ids))
