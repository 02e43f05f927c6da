"""Workers, queues and job statistics, as a report and as Prometheus metrics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.job import JobStatus
from orchestrator.domain.pipeline import SERVICES, STAGES
from orchestrator.engine.resources import Connections
from orchestrator.errors import StoreError
from orchestrator.operating.metrics_flusher import MetricsFlusher
from orchestrator.store.counters import CounterStore, Ended, Queue
from orchestrator.store.jobs import JobStore
from orchestrator.store.keyspace import Keyspace
from orchestrator.store.statistics import API, StatisticsStore
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Key
from orchestrator.telemetry.metrics import catalogue as names
from orchestrator.telemetry.metrics.catalogue import Exporter
from orchestrator.telemetry.metrics.exposition import render

__all__ = ["Monitor", "Statistics", "Worker", "Workload"]

_BREAKER_STATES = ("closed", "open", "half-open")


@dataclass(frozen=True)
class Statistics:
    """The number of jobs, and the memory that Redis uses in all."""

    total_jobs: int
    active_jobs: int
    completed_jobs: int
    memory_bytes: int


@dataclass(frozen=True)
class Worker:
    """A worker process as of its last heartbeat."""

    worker: str
    concurrency: int
    active_turns: int
    turns_processed: int
    heartbeat_age_s: float
    started_at: datetime


@dataclass(frozen=True)
class Workload:
    """The workers, the queues and the results of jobs."""

    workers: Sequence[Worker]
    queues: Sequence[Queue]
    broker_messages: Mapping[str, int]
    """The number of messages by broker queue."""
    ended: Ended
    breakers: Mapping[str, str]
    """``closed``, ``open`` or ``half-open`` by service."""


class Monitor:
    """Reads the state of the system from Redis on each call; workers are never queried.

    Args:
        connections: The process's connections.
        queue_lengths: Returns the number of messages by broker queue.
    """

    def __init__(
        self, connections: Connections, queue_lengths: Callable[[], Mapping[str, int]]
    ) -> None:
        connection, settings = connections.connection, connections.settings
        self._queue_lengths = queue_lengths
        self._breakers = connections.breakers
        self._jobs = JobStore(connection, settings)
        self._keyspace = Keyspace(connection)
        self._counters = CounterStore(connection)
        self._workers = WorkerStore(connection, ttl_s=settings.heartbeat_ttl_s)
        self._sums = StatisticsStore(connection)
        self.counts = connections.counts
        self.flusher = MetricsFlusher(connections.counts, self._sums, API)

    def statistics(self) -> Statistics:
        """Return the number of jobs and the memory that Redis uses.

        Raises:
            StoreError: Redis does not answer.
        """
        counts = self._jobs.counts()
        return Statistics(
            total_jobs=sum(counts.values()),
            active_jobs=sum(
                count for status, count in counts.items() if not JobStatus(status).is_terminal
            ),
            completed_jobs=counts[JobStatus.COMPLETED],
            memory_bytes=self._keyspace.memory_bytes(),
        )

    def workload(self) -> Workload:
        """Return the workers, the queues and the results of jobs.

        Raises:
            StoreError: Redis or the broker does not answer.
        """
        return Workload(
            workers=[_worker(name, facts) for name, facts in self._workers.alive().items()],
            queues=self._counters.queues([stage.name for stage in STAGES]),
            broker_messages=self._queue_lengths(),
            ended=self._counters.ended(),
            breakers=self._breakers.states(list(SERVICES)),
        )

    def metrics_page(self) -> bytes:
        """Return the metrics of the API and of all that is in Redis, in Prometheus text format.

        Without Redis the page has only the metric that reports Redis as down.
        """
        try:
            self.flusher.flush()
            values = {**self._sums.read(API), **self._read()}
        except StoreError as error:
            LOGGER.warning("Could not read metrics from Redis: %s", error)
            values = {(names.REDIS_UP.name,): 0.0}
        return render(values, Exporter.API)

    def _read(self) -> dict[Key, float]:
        workload = self.workload()
        return {
            (names.REDIS_UP.name,): 1,
            (names.WORKERS.name,): len(workload.workers),
            (names.PARKED.name,): self._counters.count_parked(),
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
