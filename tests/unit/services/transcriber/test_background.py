"""Work that cannot be interrupted never keeps its watcher waiting."""

import threading
from collections.abc import Iterator

import pytest

from services.transcriber.background import iterate_in_background

PATIENCE_S = 10


def test_items_come_through_in_order() -> None:
    assert [item for item in iterate_in_background("abc", period_s=PATIENCE_S) if item] == [
        "a",
        "b",
        "c",
    ]


def test_a_tick_comes_while_an_item_is_being_made() -> None:
    may_go_on = threading.Event()

    def make() -> Iterator[str]:
        assert may_go_on.wait(PATIENCE_S)
        yield "late"

    ticking = iterate_in_background(make(), period_s=0.01)
    assert next(ticking) is None
    may_go_on.set()
    assert [item for item in ticking if item] == ["late"]


def test_an_error_of_the_work_reaches_the_watcher() -> None:
    def make() -> Iterator[str]:
        yield "first"
        raise ValueError("broken")

    ticking = iterate_in_background(make(), period_s=PATIENCE_S)
    assert next(ticking) == "first"
    with pytest.raises(ValueError, match="broken"):
        next(ticking)


def test_a_watcher_that_leaves_stops_the_work() -> None:
    made: list[int] = []
    may_go_on = threading.Event()

    def make() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number
            assert may_go_on.wait(PATIENCE_S)

    ticking = iterate_in_background(make(), period_s=PATIENCE_S)
    assert next(ticking) == 0
    ticking.close()
    may_go_on.set()
    assert made == [0]


def test_a_watcher_that_leaves_waits_for_what_is_being_made() -> None:
    """So that the kit sees that the work goes on, and ends it if that takes too long."""
    begun, may_end = threading.Event(), threading.Event()

    def make() -> Iterator[str]:
        begun.set()
        assert may_end.wait(PATIENCE_S)
        yield "nobody wants it"

    ticking = iterate_in_background(make(), period_s=0.01)
    assert next(ticking) is None
    assert begun.wait(PATIENCE_S)
    leaving = threading.Thread(target=ticking.close)
    leaving.start()
    leaving.join(0.05)
    assert leaving.is_alive()
    may_end.set()
    leaving.join(PATIENCE_S)
    assert not leaving.is_alive()
