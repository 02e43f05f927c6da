"""Writes docs/reference/metrics.md from the metrics catalogue and a service's own metrics.

``python -m tools.metrics_table``; a test fails if the page is outdated.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.telemetry.metrics.catalogue import CATALOGUE, Exporter, Kind, Metric
from services.kit.http.metrics import render as render_service

PAGE: Final = Path(__file__).parent.parent / "docs" / "reference" / "metrics.md"
_HEAD: Final = """\
# Metrics

The metrics that each process exports; [Monitor](../how-to/monitor.md) describes the setup.
`make docs-settings` generates this page from the code. Histograms have the usual `_bucket`, `_sum`
and `_count` series.
"""
_EXPORTERS: Final = {
    Exporter.API: """
## API: `GET /metrics`

Jobs, queues and requests of the whole system. Every API process exports the same values: scrape
one, or use `max` over several.

""",
    Exporter.WORKER: """
## Workers: `WORKER_METRICS_PORT`

Totals of the workers of one machine: use `sum` over machines.

""",
}
_SERVICES: Final = """
## Services: `GET /metrics` of each

All have the label `service`; every process of a service exports the same values.

"""
_TABLE: Final = "| name | type | labels | meaning |\n|---|---|---|---|\n"
_SAMPLE: Final = SimpleNamespace(status="completed", size_bytes=0)


def render() -> str:
    """Return the page."""
    own = "".join(
        head
        + _TABLE
        + "".join(_row(metric) for metric in CATALOGUE if exporter in metric.exporters)
        for exporter, head in _EXPORTERS.items()
    )
    services = "".join(
        _line(f"{family.name}_total" if family.type == "counter" else family.name, family.type,
              tuple(family.samples[0].labels), family.documentation)
        for family in _service_families()
    )  # fmt: skip
    return _HEAD + own + _SERVICES + _TABLE + services


def sample_names() -> set[str]:
    """Return all names that a query can use."""
    names = {name for metric in CATALOGUE for name in _samples_of(metric)}
    return names | {sample.name for family in _service_families() for sample in family.samples}


def _samples_of(metric: Metric) -> Iterator[str]:
    if metric.kind is Kind.HISTOGRAM:
        yield from (f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))
    else:
        yield metric.name


def _service_families() -> list[Family]:
    """Return the metrics of a service with one job."""
    stub: Any = SimpleNamespace(
        service=SimpleNamespace(name="any"),
        leases=SimpleNamespace(list_waiting=list, list_running=list, now_ms=int),
        heartbeat=SimpleNamespace(is_fresh=lambda: True),
        artifacts=SimpleNamespace(measure_free=lambda: 0),
        store=SimpleNamespace(list_all=lambda: [_SAMPLE], count_ended=lambda: {"completed": 1}),
    )
    return list(text_string_to_metric_families(render_service(stub).decode()))


def _row(metric: Metric) -> str:
    return _line(metric.name, metric.kind.value, metric.labels, metric.help)


def _line(name: str, kind: str, labels: tuple[str, ...], text: str) -> str:
    shown = ", ".join(f"`{label}`" for label in labels)
    return f"| `{name}` | {kind} | {shown} | {text} |\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
