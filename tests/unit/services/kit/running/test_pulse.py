"""A worker shows that it lives, whatever Redis and its own sweeps do."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from services.kit.running import upkeep
from services.kit.running.upkeep import Pulse
from services.kit.telemetry.log import log_errors_of_threads
from tools.waiting import wait_until


class _DeadRedis:
    """Stands for everything that talks with Redis, and ends the pulse after one beat."""

    pulse: Pulse

    def beat(self) -> None:
        self.pulse.stop()
        raise RedisError

    def run_once(self) -> None:
        """Never reached: the beat fails."""

    def distrust(self) -> None:
        """Nobody to distrust."""


def _beat_once(alive_file: Path | None) -> None:
    redis: Any = _DeadRedis()
    redis.pulse = Pulse(redis, redis, lambda: None, alive_file)
    redis.pulse.run()


def test_the_file_is_touched_though_redis_is_away(tmp_path: Path) -> None:
    _beat_once(tmp_path / "alive")

    assert (tmp_path / "alive").exists()


def test_a_file_that_cannot_be_touched_is_told_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _beat_once(tmp_path / "absent" / "alive")

    assert "ALIVE_FILE cannot be touched" in caplog.text


class _Redis:
    """Stands for everything that talks with Redis; counts the beats and ends after the last."""

    def __init__(self, beats: int) -> None:
        self.beats = beats
        self.count = 0

    def beat(self) -> None:
        self.count += 1
        if self.count == self.beats:
            self.pulse.stop()

    def run_once(self) -> None:
        """Find nothing that stands still."""

    def start(self, sweep_all: Callable[[], object]) -> Pulse:
        stand_in: Any = self
        self.pulse = Pulse(stand_in, stand_in, sweep_all)
        self.pulse.start()
        return self.pulse


def test_a_sweep_that_takes_long_holds_up_no_beat_and_is_not_begun_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upkeep, "HEARTBEAT_INTERVAL_S", 0.01)
    monkeypatch.setattr(upkeep, "SWEEP_INTERVAL_S", 0.0)
    may_end, begun = threading.Event(), []

    def sweep_all() -> None:
        begun.append(threading.current_thread())
        may_end.wait(10)

    redis = _Redis(beats=5)
    redis.start(sweep_all).join(5)
    may_end.set()

    assert redis.count == 5
    assert len(begun) == 1


@pytest.mark.parametrize("error", [RedisError("away"), OSError("full"), RuntimeError("odd")])
def test_a_sweep_that_fails_is_told_and_stops_no_beat(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "HEARTBEAT_INTERVAL_S", 0.01)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # to have it back
    log_errors_of_threads()

    def sweep_all() -> None:
        raise error

    redis = _Redis(beats=5)
    redis.start(sweep_all).join(5)

    assert redis.count == 5
    wait_until(lambda: str(error) in caplog.text, timeout_s=5, what="the error to be logged")
