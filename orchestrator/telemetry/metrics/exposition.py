"""Metrics in Prometheus' text format."""

import math
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from orchestrator.telemetry.metrics.catalogue import CATALOGUE, Exporter, Kind, Metric
from orchestrator.telemetry.metrics.counts import BOUND, SUM, Key

__all__ = ["CONTENT_TYPE_PLAIN_0_0_4", "render"]

Found = list[tuple[Key, float]]


def render(values: Mapping[Key, float], exporter: Exporter) -> bytes:
    """Return the metrics of an exporter; values that the catalogue does not list are ignored.

    Args:
        values: Values by name and labels, as in ``Counts``.
        exporter: The exporter.
    """
    registry = CollectorRegistry()
    shown = [metric for metric in CATALOGUE if exporter in metric.exporters]
    registry.register(_Collector(values, shown))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, values: Mapping[Key, float], metrics: Iterable[Metric]) -> None:
        self._metrics = metrics
        self._found: dict[str, Found] = {}
        for (name, *rest), value in sorted(values.items()):
            self._found.setdefault(name, []).append((tuple(rest), value))

    def describe(self) -> list[Family]:
        """Return nothing, so that registering does not collect all metrics."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield every metric that has values."""
        for metric in self._metrics:
            if found := self._found.get(metric.name):
                yield _family(metric, found)


def _family(metric: Metric, found: Found) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        return _histogram(metric, found)
    kinds = {Kind.COUNTER: CounterMetricFamily, Kind.GAUGE: GaugeMetricFamily}
    family: Family = kinds[metric.kind](metric.name, metric.help, labels=metric.labels)
    for labels, value in found:
        family.add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)
    return family


def _histogram(metric: Metric, found: Found) -> Family:
    """Build a histogram; buckets of an older version count towards the next current bucket."""
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    parts: dict[Key, dict[str, float]] = {}
    for key, value in found:
        parts.setdefault(key[:-1], {})[key[-1]] = value
    for labels, counted in parts.items():
        bounds = {float(k.removeprefix(BOUND)): n for k, n in counted.items() if k != SUM}
        cumulated = [
            ("+Inf" if limit == math.inf else str(limit), _up_to(limit, bounds))
            for limit in (*metric.buckets, math.inf)
        ]
        family.add_metric(labels, cumulated, counted.get(SUM, 0.0))
    return family


def _up_to(limit: float, bounds: Mapping[float, float]) -> float:
    return sum(count for bound, count in bounds.items() if bound <= limit)
