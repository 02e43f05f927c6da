"""The queue of free connections serves callers in order."""

import subprocess
import sys
import threading
from queue import Empty, Full

import pytest

from orchestrator.store.pools import FairQueue
from tools.waiting import wait_until


def filled(*items: str) -> FairQueue:
    queue = FairQueue(2)
    for item in items:
        queue.put_nowait(item)
    return queue


def test_the_last_item_put_is_taken_first() -> None:
    queue = filled("cold", "warm")
    assert [queue.get(), queue.get()] == ["warm", "cold"]


def test_a_full_queue_accepts_no_item() -> None:
    with pytest.raises(Full):
        filled("one", "two", "three")


def test_a_caller_that_does_not_wait_fails_at_once() -> None:
    with pytest.raises(Empty):
        filled().get(block=False)


def test_a_caller_that_timed_out_receives_no_item() -> None:
    queue = filled()
    with pytest.raises(Empty):
        queue.get(timeout=0.001)
    queue.put_nowait("one")
    assert queue.queue == ["one"]


def test_callers_are_served_in_order_of_arrival() -> None:
    queue, taken = filled(), []

    def take(name: str) -> None:
        taken.append((name, queue.get(timeout=5)))

    callers = []
    for name in ("first", "second"):
        callers.append(threading.Thread(target=take, args=(name,)))
        callers[-1].start()
        wait_until(lambda: len(queue._waiting) == len(callers), timeout_s=5, what="a caller")  # noqa: SLF001 - who waits shows nowhere else
    queue.put_nowait("one")
    with pytest.raises(Empty):
        queue.get(block=False)
    callers[0].join()
    queue.put_nowait("two")
    callers[1].join()
    assert taken == [("first", "one"), ("second", "two")]


def test_a_greenlet_killed_while_it_waits_loses_no_item() -> None:
    program = """
from gevent import monkey
monkey.patch_all()
import gevent
from orchestrator.store.pools import FairQueue

queue = FairQueue(1)
waiting = gevent.spawn(queue.get)
gevent.sleep(0)
waiting.kill()
queue.put_nowait("one")
print(queue.get(timeout=0.1))
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert run.stdout == "one\n", run.stderr
