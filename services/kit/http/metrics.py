"""A service's metrics in the Prometheus text format, for ``/metrics``.

All of them are read from Redis on request, so that each process of a service returns the same.
"""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from services.kit.http.operations import Operations

__all__ = ["CONTENT_TYPE_PLAIN_0_0_4", "render"]


def render(operations: Operations) -> bytes:
    """Return the current metrics of a service.

    Raises:
        RedisError: Redis is unavailable.
    """
    registry = CollectorRegistry()
    registry.register(_ServiceCollector(operations))
    return generate_latest(registry)


class _ServiceCollector(Collector):
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._labels = [operations.service.name]

    def describe(self) -> list[Metric]:
        """Return nothing, so that registration does not collect all metrics."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        operations = self._operations
        waiting = operations.leases.list_waiting()
        now_ms = operations.leases.now_ms()
        oldest_ms = min((since_ms for _, since_ms in waiting), default=now_ms)
        yield self._gauge("up", "Whether a worker is alive", operations.heartbeat.is_fresh())
        yield self._gauge("jobs_waiting", "Jobs that wait for a worker", len(waiting))
        yield self._gauge(
            "oldest_waiting_seconds",
            "How long the oldest waiting job has waited",
            max(0.0, now_ms - oldest_ms) / 1000,
        )
        yield self._gauge(
            "jobs_running", "Jobs that a worker runs", len(operations.leases.list_running())
        )
        yield self._gauge(
            "disk_free_bytes",
            "Free space of the disk for work",
            operations.artifacts.measure_free(),
        )
        yield from self._count_jobs()

    def _count_jobs(self) -> Iterator[Metric]:
        jobs = self._operations.store.list_all()
        kept = sum(job.size_bytes or 0 for job in jobs)
        yield self._gauge("artifacts_bytes", "Size of the files of completed jobs", kept)
        labels = ["service", "status"]
        current = GaugeMetricFamily("ytcaption_jobs", "Jobs in Redis, by status", labels=labels)
        for status, count in Counter(job.status for job in jobs).items():
            current.add_metric([*self._labels, status], count)
        yield current
        ended = CounterMetricFamily(
            "ytcaption_jobs_ended", "Ended jobs, by final status", labels=labels
        )
        for status, count in self._operations.store.count_ended().items():
            ended.add_metric([*self._labels, status], count)
        yield ended

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(f"ytcaption_service_{name}", text, labels=["service"])
        family.add_metric(self._labels, value)
        return family
