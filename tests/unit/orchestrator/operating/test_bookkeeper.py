"""What was counted is carried to the store, and kept while that is away."""

from collections.abc import Mapping
from typing import cast

import pytest

from orchestrator.errors import StoreUnavailableError
from orchestrator.operating.bookkeeper import Bookkeeper
from orchestrator.store.statistics import FigureStore, place_of
from orchestrator.telemetry.metrics import Counts, Key
from orchestrator.telemetry.metrics.catalogue import TURNS

KEY: Key = (TURNS.name, "download", "completed")


class Figures:
    """What arrived, by place."""

    def __init__(self) -> None:
        self.is_away = False
        self.arrived: list[tuple[str, Mapping[Key, float]]] = []

    def add(self, place: str, counted: Mapping[Key, float]) -> None:
        if self.is_away:
            raise StoreUnavailableError("Redis is away")
        self.arrived.append((place, counted))


def make_bookkeeper() -> tuple[Counts, Figures, Bookkeeper]:
    counts, figures = Counts(), Figures()
    return counts, figures, Bookkeeper(counts, cast("FigureStore", figures), "here")


def test_nothing_is_carried_where_nothing_was_counted() -> None:
    _, figures, bookkeeper = make_bookkeeper()
    bookkeeper.carry()
    assert figures.arrived == []


def test_what_was_counted_arrives_once() -> None:
    counts, figures, bookkeeper = make_bookkeeper()
    counts.add(TURNS, "download", "completed")
    bookkeeper.carry()
    bookkeeper.carry()
    assert figures.arrived == [("here", {KEY: 1})]


def test_what_was_counted_while_the_store_was_away_arrives_later() -> None:
    counts, figures, bookkeeper = make_bookkeeper()
    figures.is_away = True
    counts.add(TURNS, "download", "completed")
    with pytest.raises(StoreUnavailableError):
        bookkeeper.carry()
    counts.add(TURNS, "download", "completed")
    figures.is_away = False
    bookkeeper.carry()
    assert figures.arrived == [("here", {KEY: 2})]


def test_the_workers_of_one_machine_have_one_place() -> None:
    assert place_of("host-a:1:aa") == place_of("host-a:2:bb") != place_of("host-b:1:aa")
