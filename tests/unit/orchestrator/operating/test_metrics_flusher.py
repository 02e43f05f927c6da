"""Metrics are flushed to the store, and kept while it is away."""

from collections.abc import Mapping
from typing import cast

import pytest

from orchestrator.errors import StoreUnavailableError
from orchestrator.operating.metrics_flusher import MetricsFlusher
from orchestrator.store.statistics import StatisticsStore, scope_of
from orchestrator.telemetry.metrics import Counts, Key
from orchestrator.telemetry.metrics.catalogue import TURNS

KEY: Key = (TURNS.name, "download", "completed")


class Sums:
    """The metrics that were added, by key."""

    def __init__(self) -> None:
        self.is_away = False
        self.added: list[tuple[str, Mapping[Key, float]]] = []

    def add(self, key: str, counted: Mapping[Key, float]) -> None:
        if self.is_away:
            raise StoreUnavailableError("Redis is away")
        self.added.append((key, counted))


def make_flusher() -> tuple[Counts, Sums, MetricsFlusher]:
    counts, sums = Counts(), Sums()
    return counts, sums, MetricsFlusher(counts, cast("StatisticsStore", sums), "host")


def test_a_flush_without_counts_adds_nothing() -> None:
    _, sums, flusher = make_flusher()
    flusher.flush()
    assert sums.added == []


def test_counts_are_added_once() -> None:
    counts, sums, flusher = make_flusher()
    counts.add(TURNS, "download", "completed")
    flusher.flush()
    flusher.flush()
    assert sums.added == [("host", {KEY: 1})]


def test_counts_of_a_failed_flush_are_added_by_the_next_one() -> None:
    counts, sums, flusher = make_flusher()
    sums.is_away = True
    counts.add(TURNS, "download", "completed")
    with pytest.raises(StoreUnavailableError):
        flusher.flush()
    counts.add(TURNS, "download", "completed")
    sums.is_away = False
    flusher.flush()
    assert sums.added == [("host", {KEY: 2})]


def test_the_workers_of_one_machine_share_their_sums() -> None:
    assert scope_of("host-a:1:aa") == scope_of("host-a:2:bb") != scope_of("host-b:1:aa")
