"""Wake-up calls: for jobs that are due, that lost their message, or that can be admitted."""

from collections.abc import Iterable, Mapping
from typing import Final

from orchestrator.domain.job import WakeUp
from orchestrator.domain.pipeline import STAGES
from orchestrator.store import keys
from orchestrator.store.commands import AdmitJobs, InspectJobs, ResendWakeUpCalls, WakeDueJobs
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_calls

__all__ = ["WakeUpCallStore"]

_BATCH: Final = 500  # bounds the time that a command blocks Redis to a few milliseconds


class WakeUpCallStore:
    """Finds the jobs that need a wake-up call, and makes it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = 0

    def wake_due(self) -> tuple[WakeUp, ...]:
        """Make calls for the jobs whose time has come."""
        return decode_calls(self._connection.run(WakeDueJobs(_BATCH)))

    def waiting_below(self, number: float) -> dict[str, int]:
        """Return the jobs that wait under a lower number than this one, and their numbers."""
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
        rows = [{"job_id": job_id, "number": number} for job_id, number in lost.items()]
        return decode_calls(self._connection.run(ResendWakeUpCalls(rows)))

    def admit(self, limits: Mapping[str, int]) -> tuple[WakeUp, ...]:
        """Admit queued jobs up to the limits, and correct the count of admitted ones.

        Args:
            limits: How many jobs each service is given at once.
        """
        calls: tuple[WakeUp, ...] = ()
        for service, limit in limits.items():
            with self._connection.commands() as client:
                sample: Iterable[str] = client.srandmember(keys.inflight(service), 50)
            calls += decode_calls(self._connection.run(AdmitJobs(service, limit, list(sample))))
        return calls

    def inspect(self, *, longest_wait_s: float) -> tuple[WakeUp, ...]:
        """Check the next few hundred unfinished jobs.

        Returns:
            Calls for jobs that are in no queue, or past their deadline.
        """
        with self._connection.commands() as client:
            self._cursor, found = client.zscan(keys.ACTIVE, cursor=self._cursor, count=_BATCH)
        if not found:
            return ()
        command = InspectJobs(
            job_ids=[job_id for job_id, _ in found][: 2 * _BATCH],
            services={stage.name: stage.service.name for stage in STAGES},
            longest_wait_ms=round(longest_wait_s * 1000),
        )
        return decode_calls(self._connection.run(command))
