"""The stop signal is sent once and wakes every thread."""

import threading

import pytest

from orchestrator.errors import TurnInterruptedError
from orchestrator.http.stopping import StopSignal

_FOR_EVER_S = 60.0


def test_a_new_signal_is_not_set() -> None:
    assert not StopSignal().is_set


def test_a_signal_stays_set() -> None:
    stop = StopSignal()
    stop.set()
    assert stop.is_set
    assert stop.wait(_FOR_EVER_S)


def test_actions_run_once_in_their_order() -> None:
    stop, done = StopSignal(), list[str]()
    stop.on_set(lambda: done.append("first"))
    stop.on_set(lambda: done.append("second"))
    stop.set()
    stop.set()
    assert done == ["first", "second"]


def test_actions_run_after_the_signal_is_set() -> None:
    stop, seen = StopSignal(), list[bool]()
    stop.on_set(lambda: seen.append(stop.is_set))
    stop.set()
    assert seen == [True]


def test_a_sleep_after_the_signal_is_interrupted() -> None:
    stop = StopSignal()
    stop.set()
    with pytest.raises(TurnInterruptedError):
        stop.sleep(_FOR_EVER_S)


def test_the_signal_interrupts_a_sleep() -> None:
    stop, began, ended = StopSignal(), threading.Event(), threading.Event()

    def sleep() -> None:
        began.set()
        with pytest.raises(TurnInterruptedError):
            stop.sleep(_FOR_EVER_S)
        ended.set()

    threading.Thread(target=sleep, daemon=True).start()
    assert began.wait(5)
    stop.set()
    assert ended.wait(5)


def test_a_sleep_ends_without_the_signal() -> None:
    stop = StopSignal()
    stop.sleep(0)
    assert not stop.wait(0)
