"""Counts that the commands keep: jobs that wait for a turn, and jobs that have ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.domain.job import JobStatus
from orchestrator.store import keys
from orchestrator.store.commands import CountQueues
from orchestrator.store.connection import Connection
from orchestrator.store.scripts import HOUR_S, WINDOW_S

__all__ = ["CounterStore", "Ended", "Queue"]

_HOURS: Final = 24


@dataclass(frozen=True)
class Queue:
    """The jobs that wait for a turn of a stage: in the admission queue, or for a worker."""

    stage: str
    waiting: int
    oldest_wait_s: float | None
    """How long the first of them has waited; ``None`` if there is none."""


@dataclass(frozen=True)
class Ended:
    """How many jobs have ended; a job that was retried and ended again counts twice."""

    totals: Mapping[str, int]
    """By status, in total."""
    last_hour: Mapping[str, int]
    """By status, in the last 60 to 65 minutes."""
    codes: Mapping[str, int]
    """Failed jobs by error code, in total."""
    codes_last_day: Mapping[str, int]
    """Failed jobs by error code, in the last 24 to 25 hours."""


class CounterStore:
    """Reads the counts, each in constant time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queues(self, stages: Sequence[str]) -> list[Queue]:
        """Return the jobs that wait for a turn of each stage."""
        found = self._connection.run(CountQueues(stages))
        return [_read_queue(stage, **found[stage]) for stage in stages]

    def count_parked(self) -> int:
        """Return the number of jobs that wait until a given time."""
        with self._connection.commands() as client:
            return int(client.zcard(keys.DUE))

    def ended(self) -> Ended:
        """Return how many jobs have ended."""
        with self._connection.commands() as client:
            now_s = int(client.time()[0])
            windows = _last(now_s, WINDOW_S, HOUR_S // WINDOW_S)
            hours = _last(now_s, HOUR_S, _HOURS)
            pipeline = client.pipeline(transaction=False)
            for key in (
                keys.ENDED,
                keys.FAILURES,
                *(f"{keys.ENDED}:{window}" for window in windows),
                *(f"{keys.FAILURES}:{hour}" for hour in hours),
            ):
                pipeline.hgetall(key)
            totals, codes, *rest = pipeline.execute()
        return Ended(
            totals=dict.fromkeys(_ENDS, 0) | _sum([totals]),
            last_hour=dict.fromkeys(_ENDS, 0) | _sum(rest[: len(windows)]),
            codes=_sum([codes]),
            codes_last_day=_sum(rest[len(windows) :]),
        )


def _read_queue(stage: str, *, waiting: int, oldest_wait_ms: int | None = None) -> Queue:
    return Queue(stage, waiting, None if oldest_wait_ms is None else oldest_wait_ms / 1000)


_ENDS: Final = tuple(str(status) for status in JobStatus if status.is_terminal)


def _last(now_s: int, length_s: int, count: int) -> range:
    """Return the numbers of the current period and of ``count`` before it."""
    return range(now_s // length_s - count, now_s // length_s + 1)


def _sum(hashes: Sequence[Mapping[str, str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for found in hashes:
        total.update({name: int(value) for name, value in found.items()})
    return dict(total)
