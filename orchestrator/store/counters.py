"""What the scripts keep count of: who waits for a turn, and how jobs have ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.domain.job import JobStatus
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["Ended", "Queue", "TallyStore"]

# As in lib.lua.
_WINDOW_S: Final = 300
_HOUR_S: Final = 3600
_HOURS: Final = 24


@dataclass(frozen=True)
class Queue:
    """The jobs that could go on with a stage and wait, in line or for a worker."""

    stage: str
    waiting: int
    oldest_wait_s: float | None
    """How long the first of them has waited."""


@dataclass(frozen=True)
class Ended:
    """How jobs have ended; one that was retried and ended again counts twice."""

    totals: Mapping[str, int]
    """By status, since ever."""
    last_hour: Mapping[str, int]
    """By status, in the last hour, give or take five minutes."""
    codes: Mapping[str, int]
    """Failed ones by error code, since ever."""
    codes_last_day: Mapping[str, int]
    """Failed ones by error code, in the last 24 to 25 hours."""


class TallyStore:
    """Reads the counts; each costs the same however many jobs there are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queues(self, stages: Sequence[str]) -> list[Queue]:
        """Return who waits for a turn of each stage."""
        found = self._connection.run("queues", *stages)
        return [
            Queue(stage, waiting, int(wait_ms) / 1000 if wait_ms else None)
            for stage, (waiting, wait_ms) in zip(stages, found, strict=True)
        ]

    def count_parked(self) -> int:
        """Return how many jobs wait for an instant."""
        with self._connection.commands() as client:
            return int(client.zcard(keys.DUE))

    def ended(self) -> Ended:
        """Return how jobs have ended."""
        with self._connection.commands() as client:
            now_s = int(client.time()[0])
            windows = _last(now_s, _WINDOW_S, _HOUR_S // _WINDOW_S)
            hours = _last(now_s, _HOUR_S, _HOURS)
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


_ENDS: Final = tuple(str(status) for status in JobStatus if status.is_terminal)


def _last(now_s: int, length_s: int, count: int) -> range:
    """Return the numbers of the present period and of some before it."""
    return range(now_s // length_s - count, now_s // length_s + 1)


def _sum(hashes: Sequence[Mapping[str, str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for found in hashes:
        total.update({name: int(value) for name, value in found.items()})
    return dict(total)
