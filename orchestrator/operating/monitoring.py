"""What operators watch: workers, queues, how jobs end; as a report and as figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.pipeline import SERVICES, STAGES
from orchestrator.engine.resources import Connections
from orchestrator.errors import StoreError
from orchestrator.operating.bookkeeper import Bookkeeper
from orchestrator.store.counters import Ended, Queue, TallyStore
from orchestrator.store.jobs import JobStore
from orchestrator.store.statistics import API, FigureStore
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Key
from orchestrator.telemetry.metrics import catalogue as names
from orchestrator.telemetry.metrics.catalogue import Place
from orchestrator.telemetry.metrics.exposition import render

__all__ = ["Monitoring", "Worker", "Workload"]

_BREAKER_STATES = ("closed", "open", "half-open")


@dataclass(frozen=True)
class Worker:
    """What a worker process told of itself with its last sign of life."""

    worker: str
    concurrency: int
    active_turns: int
    turns_processed: int
    heartbeat_age_s: float
    started_at: datetime


@dataclass(frozen=True)
class Workload:
    """What there is to do, and who does it."""

    workers: Sequence[Worker]
    queues: Sequence[Queue]
    broker_messages: Mapping[str, int]
    """By queue of the broker."""
    ended: Ended
    breakers: Mapping[str, str]
    """``closed``, ``open`` or ``half-open`` by service."""


class Monitoring:
    """Everything is read from Redis when it is asked for; nothing is asked of the workers.

    Args:
        connections: What this process talks with.
        queue_lengths: Returns how many messages wait, by queue of the broker.
    """

    def __init__(
        self, connections: Connections, queue_lengths: Callable[[], Mapping[str, int]]
    ) -> None:
        connection, settings = connections.connection, connections.settings
        self._queue_lengths = queue_lengths
        self._breakers = connections.breakers
        self._jobs = JobStore(connection, settings)
        self._tallies = TallyStore(connection)
        self._workers = WorkerStore(connection, ttl_s=settings.heartbeat_ttl_s)
        self._figures = FigureStore(connection)
        self.counts = connections.counts
        self.bookkeeper = Bookkeeper(connections.counts, self._figures, API)

    def workload(self) -> Workload:
        """Return what there is to do, and who does it.

        Raises:
            StoreError: Redis or the broker does not answer.
        """
        return Workload(
            workers=[_worker(name, facts) for name, facts in self._workers.alive().items()],
            queues=self._tallies.queues([stage.name for stage in STAGES]),
            broker_messages=self._queue_lengths(),
            ended=self._tallies.ended(),
            breakers=self._breakers.states(list(SERVICES)),
        )

    def page(self) -> bytes:
        """Return the figures of the API and of all that is in Redis, for Prometheus.

        Without Redis the page tells that, and nothing else.
        """
        try:
            self.bookkeeper.carry()
            values = {**self._figures.read(API), **self._read()}
        except StoreError as error:
            LOGGER.warning("No figures: %s", error)
            values = {(names.REDIS_UP.name,): 0.0}
        return render(values, Place.API)

    def _read(self) -> dict[Key, float]:
        workload = self.workload()
        return {
            (names.REDIS_UP.name,): 1,
            (names.WORKERS.name,): len(workload.workers),
            (names.PARKED.name,): self._tallies.count_parked(),
            **{(names.JOBS.name, status): n for status, n in self._jobs.counts().items()},
            **{(names.BROKER_MESSAGES.name, q): n for q, n in workload.broker_messages.items()},
            **_queue_values(workload.queues),
            **_ended_values(workload.ended),
            **_breaker_values(workload.breakers),
        }


def _worker(name: str, facts: Mapping[str, object]) -> Worker:
    return Worker(
        worker=name,
        concurrency=int(str(facts["concurrency"])),
        active_turns=int(str(facts["active"])),
        turns_processed=int(str(facts["processed"])),
        heartbeat_age_s=float(str(facts["age_s"])),
        started_at=datetime.fromisoformat(str(facts["started_at"])),
    )


def _queue_values(queues: Sequence[Queue]) -> dict[Key, float]:
    values: dict[Key, float] = {}
    for queue in queues:
        values[names.QUEUE_JOBS.name, queue.stage] = queue.waiting
        values[names.QUEUE_OLDEST.name, queue.stage] = queue.oldest_wait_s or 0.0
    return values


def _ended_values(ended: Ended) -> dict[Key, float]:
    return {
        **{(names.JOBS_ENDED.name, status): n for status, n in ended.totals.items()},
        **{(names.FAILURES.name, code): n for code, n in ended.codes.items()},
    }


def _breaker_values(breakers: Mapping[str, str]) -> dict[Key, float]:
    return {
        (names.BREAKER.name, service, state): float(state == found)
        for service, found in breakers.items()
        for state in _BREAKER_STATES
    }
