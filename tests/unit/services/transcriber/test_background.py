"""A consumer of an uninterruptible iterator never blocks for longer than the period."""

import threading
from collections.abc import Iterator

import pytest

from services.transcriber.background import iterate_in_background

PATIENCE_S = 10


def test_items_are_yielded_in_order() -> None:
    assert [item for item in iterate_in_background("abc", period_s=PATIENCE_S) if item] == [
        "a",
        "b",
        "c",
    ]


def test_none_is_yielded_while_an_item_is_pending() -> None:
    may_go_on = threading.Event()

    def make() -> Iterator[str]:
        assert may_go_on.wait(PATIENCE_S)
        yield "late"

    items = iterate_in_background(make(), period_s=0.01)
    assert next(items) is None
    may_go_on.set()
    assert [item for item in items if item] == ["late"]


def test_an_error_of_the_iterator_is_raised_in_the_consumer() -> None:
    def make() -> Iterator[str]:
        yield "first"
        raise ValueError("broken")

    items = iterate_in_background(make(), period_s=PATIENCE_S)
    assert next(items) == "first"
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_closing_stops_the_iterator() -> None:
    produced: list[int] = []
    may_go_on = threading.Event()

    def make() -> Iterator[int]:
        for number in range(1000):
            produced.append(number)
            yield number
            assert may_go_on.wait(PATIENCE_S)

    items = iterate_in_background(make(), period_s=PATIENCE_S)
    assert next(items) == 0
    items.close()
    may_go_on.set()
    assert produced == [0]


def test_closing_waits_for_the_pending_item() -> None:
    """The kit then sees that the work continues, and kills the process if it takes too long."""
    started, may_end = threading.Event(), threading.Event()

    def make() -> Iterator[str]:
        started.set()
        assert may_end.wait(PATIENCE_S)
        yield "not consumed"

    items = iterate_in_background(make(), period_s=0.01)
    assert next(items) is None
    assert started.wait(PATIENCE_S)
    closing = threading.Thread(target=items.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    may_end.set()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()
