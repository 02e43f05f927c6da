"""A stack of free things, for which one waits in line."""

import threading
from queue import Empty, Full

import pytest

from orchestrator.store.line import FairStack
from tools.waiting import wait_until


def filled(*things: str) -> FairStack:
    stack = FairStack(maxsize=2)
    for thing in things:
        stack.put_nowait(thing)
    return stack


def test_what_was_put_back_last_is_taken_first() -> None:
    stack = filled("cold", "warm")
    assert [stack.get(), stack.get()] == ["warm", "cold"]


def test_no_more_come_back_than_there_are() -> None:
    with pytest.raises(Full):
        filled("one", "two", "three")


def test_who_does_not_wait_is_told_at_once_that_there_is_nothing() -> None:
    with pytest.raises(Empty):
        filled().get(block=False)


def test_who_gives_up_leaves_the_line() -> None:
    stack = filled()
    with pytest.raises(Empty):
        stack.get(timeout=0.001)
    stack.put_nowait("one")
    assert stack.queue == ["one"]


def test_what_comes_back_goes_to_who_came_first_and_nobody_overtakes() -> None:
    stack, taken = filled(), []

    def take(name: str) -> None:
        taken.append((name, stack.get(timeout=5)))

    line = []
    for name in ("first", "second"):
        line.append(threading.Thread(target=take, args=(name,)))
        line[-1].start()
        wait_until(lambda: len(stack._line) == len(line), timeout_s=5, what="a place in line")  # noqa: SLF001 - who stands there shows nowhere else
    stack.put_nowait("one")
    with pytest.raises(Empty):
        stack.get(block=False)
    line[0].join()
    stack.put_nowait("two")
    line[1].join()
    assert taken == [("first", "one"), ("second", "two")]
