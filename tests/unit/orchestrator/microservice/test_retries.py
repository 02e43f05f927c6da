"""Calls are retried with exponential backoff and full jitter; a stop ends the wait."""

import logging
import time

import pytest

from orchestrator.errors import (
    OrchestratorError,
    ServiceRejectedError,
    ServiceUnavailableError,
    TurnInterruptedError,
)
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice.retries import Retries
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics import Counts
from tests.support.fake_worker import InstantStopSignal
from tests.support.jobs import make_settings

_ROUNDS = 300


class Failing:
    """A call that raises some errors before it succeeds."""

    def __init__(self, *errors: OrchestratorError) -> None:
        self.calls = 0
        self._errors = errors

    def __call__(self) -> int:
        self.calls += 1
        if self.calls <= len(self._errors):
            raise self._errors[self.calls - 1]
        return self.calls


def make_retries(stop: StopSignal, retries: int, base_s: float = 1.5) -> Retries:
    settings = make_settings(http_max_retries=retries, retry_backoff_base_s=base_s)
    return Retries("fake", settings, stop, Counts())


def down() -> ServiceUnavailableError:
    return ServiceUnavailableError("fake", "it is down")


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_there_are_as_many_waits_as_retries(retries: int) -> None:
    stop, call = InstantStopSignal(), Failing(*(down() for _ in range(10)))
    with pytest.raises(ServiceUnavailableError):
        make_retries(stop, retries).run(call)
    assert (call.calls, len(stop.slept)) == (retries + 1, retries)


def test_a_retry_waits_from_zero_up_to_a_bound_that_doubles() -> None:
    rounds = []
    for _ in range(_ROUNDS):
        stop = InstantStopSignal()
        assert make_retries(stop, 3).run(Failing(down(), down(), down())) == 4
        rounds.append(stop.slept)
    for waits, bound_s in zip(zip(*rounds, strict=True), (1.5, 3.0, 6.0), strict=True):
        assert min(waits) >= 0
        assert bound_s * 0.8 < max(waits) <= bound_s
        assert min(waits) < bound_s * 0.2


def test_backoff_does_not_sleep_the_wait_a_second_time() -> None:
    began = time.monotonic()
    make_retries(InstantStopSignal(), 1, base_s=1000.0).run(Failing(down()))
    assert time.monotonic() - began < 1


def test_a_rejected_call_is_not_retried() -> None:
    call = Failing(ServiceRejectedError("fake", "no", 422, None))
    with pytest.raises(ServiceRejectedError):
        make_retries(InstantStopSignal(), 3).run(call)
    assert call.calls == 1


def test_a_stop_ends_the_wait_before_a_retry() -> None:
    stop, call = StopSignal(), Failing(down())
    stop.set()
    began = time.monotonic()
    with pytest.raises(TurnInterruptedError):
        make_retries(stop, 3, base_s=1000.0).run(call)
    assert time.monotonic() - began < 1
    assert call.calls == 1


def test_each_retry_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    counts = Counts()
    settings = make_settings(http_max_retries=3)
    with caplog.at_level(logging.INFO, LOGGER.name):
        Retries("fake", settings, InstantStopSignal(), counts).run(Failing(down(), down()))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "Call to fake failed; retrying in" in lines[0]
    assert "attempt=1 of 4" in lines[0]
    assert "it is down" in lines[0]
