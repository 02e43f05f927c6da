"""The sign to stop is given once and seen by everybody at once."""

import threading

import pytest

from orchestrator.errors import TurnInterruptedError
from orchestrator.http.stopping import StopSignal

_FOR_EVER_S = 60.0


def test_a_new_sign_is_not_set() -> None:
    assert not StopSignal().is_set


def test_a_sign_that_was_given_stays() -> None:
    stop = StopSignal()
    stop.set()
    assert stop.is_set
    assert stop.wait(_FOR_EVER_S)


def test_actions_happen_once_in_their_order() -> None:
    stop, done = StopSignal(), list[str]()
    stop.on_set(lambda: done.append("first"))
    stop.on_set(lambda: done.append("second"))
    stop.set()
    stop.set()
    assert done == ["first", "second"]


def test_actions_see_the_sign() -> None:
    stop, seen = StopSignal(), list[bool]()
    stop.on_set(lambda: seen.append(stop.is_set))
    stop.set()
    assert seen == [True]


def test_who_would_sleep_after_the_sign_is_interrupted() -> None:
    stop = StopSignal()
    stop.set()
    with pytest.raises(TurnInterruptedError):
        stop.sleep(_FOR_EVER_S)


def test_who_sleeps_is_woken_by_the_sign() -> None:
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


def test_a_sleep_ends_by_itself_without_the_sign() -> None:
    stop = StopSignal()
    stop.sleep(0)
    assert not stop.wait(0)
