"""Metrics: counting, and the Prometheus text format."""

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from orchestrator.telemetry.metrics import Counts, Key
from orchestrator.telemetry.metrics.catalogue import (
    CATALOGUE,
    JOBS,
    REQUEST_TIME,
    STAGE_TIME,
    TURNS,
    Exporter,
    Kind,
    Metric,
)
from orchestrator.telemetry.metrics.exposition import render

HELD = ("ytcaption_stage_duration_seconds", "download")


def samples(values: dict[Key, float], exporter: Exporter) -> dict[tuple[str, ...], float]:
    """Return the samples by name and label values, ordered by label."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(render(values, exporter).decode())
        for sample in family.samples
    }


def test_taken_counts_are_reset() -> None:
    counts = Counts()
    counts.add(TURNS, "download", "completed")
    counts.add(TURNS, "download", "completed", amount=2)
    assert counts.take() == {("ytcaption_turns_total", "download", "completed"): 3}
    assert counts.take() == {}


def test_counts_that_could_not_be_stored_are_not_lost() -> None:
    counts = Counts()
    counts.add(TURNS, "download", "completed")
    taken = counts.take()
    counts.add(TURNS, "download", "completed")
    counts.restore(taken)
    assert counts.take() == {("ytcaption_turns_total", "download", "completed"): 2}


def test_threads_lose_no_count() -> None:
    counts = Counts()

    def count() -> None:
        for _ in range(2000):
            counts.add(TURNS, "download", "completed")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts.take().values()) == 8000


@pytest.mark.parametrize(
    ("seconds", "bound"),
    [(0.0, "0.5"), (0.5, "0.5"), (0.51, "1.0"), (3600, "3600.0"), (1e9, "+Inf")],
)
def test_an_observation_falls_below_the_next_bound(seconds: float, bound: str) -> None:
    counts = Counts()
    counts.observe(STAGE_TIME, seconds, "download")
    assert counts.take() == {(*HELD, f"le={bound}"): 1, (*HELD, "sum"): seconds}


def test_a_histogram_is_cumulative_and_complete() -> None:
    counts = Counts()
    for seconds in (0.1, 0.7, 0.8, 7200):
        counts.observe(STAGE_TIME, seconds, "download")
    shown = samples(counts.take(), Exporter.WORKER)
    name = STAGE_TIME.name
    buckets = [shown[f"{name}_bucket", str(bound), "download"] for bound in STAGE_TIME.buckets]
    assert buckets == [1, *[3] * (len(STAGE_TIME.buckets) - 1)]
    assert shown[f"{name}_bucket", "+Inf", "download"] == shown[f"{name}_count", "download"] == 4
    assert shown[f"{name}_sum", "download"] == pytest.approx(7201.6)


def test_a_bound_of_an_older_version_counts_towards_the_next() -> None:
    values: dict[Key, float] = {(*HELD, "le=0.7"): 2, (*HELD, "le=1.0"): 1, (*HELD, "sum"): 2}
    shown = samples(values, Exporter.WORKER)
    assert shown[f"{STAGE_TIME.name}_bucket", "0.5", "download"] == 0
    assert shown[f"{STAGE_TIME.name}_bucket", "1.0", "download"] == 3


def test_counters_and_gauges_are_exported_unchanged() -> None:
    values: dict[Key, float] = {
        (TURNS.name, "download", "completed"): 5,
        (JOBS.name, "queued"): 7,
    }
    assert samples(values, Exporter.API) == {(JOBS.name, "queued"): 7}
    assert samples(values, Exporter.WORKER) == {(TURNS.name, "completed", "download"): 5}


def test_a_metric_of_an_older_version_is_omitted() -> None:
    assert render({("ytcaption_gone_total", "x"): 1}, Exporter.API) == b""


def test_labels_cannot_break_out_of_their_quotes() -> None:
    values: dict[Key, float] = {(JOBS.name, 'a"} 1\nevil 2'): 1}
    assert set(samples(values, Exporter.API)) == {(JOBS.name, 'a"} 1\nevil 2')}


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_names_follow_the_conventions_of_prometheus(metric: Metric) -> None:
    assert metric.name.startswith("ytcaption_")
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
    assert list(metric.buckets) == sorted(set(metric.buckets))
    if "duration" in metric.name or "wait" in metric.name:
        assert metric.name.endswith("_seconds")
    assert not metric.help.endswith(".")
    assert not {"job_id", "worker", "path", "url"} & set(metric.labels), "without number"


def test_names_are_unique() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE) > 20
    assert REQUEST_TIME in CATALOGUE
