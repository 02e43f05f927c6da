"""``/metrics``: a service's figures in Prometheus' text format.

All of them are read from Redis when they are asked for, so that every process of a service,
on whatever machine, tells the same.
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
    """Return the figures of a service as they are now.

    Raises:
        RedisError: Redis does not answer.
    """
    registry = CollectorRegistry()
    registry.register(_ServiceCollector(operations))
    return generate_latest(registry)


class _ServiceCollector(Collector):
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._labels = [operations.service.name]

    def describe(self) -> list[Metric]:
        """Return nothing: otherwise registering would collect everything once."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        operations = self._operations
        waiting = operations.leases.list_waiting()
        now_ms = operations.leases.now_ms()
        oldest_ms = min((since_ms for _, since_ms in waiting), default=now_ms)
        yield self._gauge("up", "Whether a worker lives", operations.heartbeat.is_fresh())
        yield self._gauge("jobs_waiting", "Jobs that no worker has begun", len(waiting))
        yield self._gauge(
            "oldest_waiting_seconds",
            "How long the first in line waits",
            max(0.0, now_ms - oldest_ms) / 1000,
        )
        yield self._gauge("jobs_running", "Jobs in work", len(operations.leases.list_running()))
        yield self._gauge(
            "disk_free_bytes", "Free space for work", operations.artifacts.measure_free()
        )
        yield from self._count_jobs()

    def _count_jobs(self) -> Iterator[Metric]:
        jobs = self._operations.store.list_all()
        kept = sum(job.size_bytes or 0 for job in jobs)
        yield self._gauge("artifacts_bytes", "Size of the files of finished jobs", kept)
        labels = ["service", "status"]
        present = GaugeMetricFamily("ytcaption_jobs", "Jobs that are kept", labels=labels)
        for status, count in Counter(job.status for job in jobs).items():
            present.add_metric([*self._labels, status], count)
        yield present
        ended = CounterMetricFamily("ytcaption_jobs_ended", "Jobs by how they ended", labels=labels)
        for status, count in self._operations.store.count_ended().items():
            ended.add_metric([*self._labels, status], count)
        yield ended

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(f"ytcaption_service_{name}", text, labels=["service"])
        family.add_metric(self._labels, value)
        return family
