"""A worker sends heartbeats, whatever happens to Redis and its own sweeps."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import RedisError

from services.kit.running.maintenance import MaintenanceThread
from services.kit.telemetry.log import log_errors_of_threads
from tools.waiting import wait_until


class _UnavailableRedis:
    """A heartbeat and a recovery that fail once, after which maintenance stops."""

    maintenance: MaintenanceThread

    def beat(self) -> None:
        self.maintenance.stop()
        raise RedisError

    def run_once(self) -> None:
        """Never called: the heartbeat fails."""

    def restart_grace_period(self) -> None:
        """Do nothing."""


def _beat_once(alive_file: Path | None) -> None:
    redis: Any = _UnavailableRedis()
    redis.maintenance = MaintenanceThread(redis, redis, lambda: None, alive_file)
    redis.maintenance.run()


def test_the_alive_file_is_touched_while_redis_is_unavailable(tmp_path: Path) -> None:
    _beat_once(tmp_path / "alive")

    assert (tmp_path / "alive").exists()


def test_an_alive_file_that_cannot_be_touched_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _beat_once(tmp_path / "absent" / "alive")

    assert "Could not touch ALIVE_FILE" in caplog.text


class _Redis:
    """A heartbeat and a recovery that count heartbeats and stop maintenance after the last."""

    def __init__(self, beats: int) -> None:
        self.beats = beats
        self.count = 0

    def beat(self) -> None:
        self.count += 1
        if self.count == self.beats:
            self.maintenance.stop()

    def run_once(self) -> None:
        """Find nothing to recover."""

    def start(
        self, sweep_all: Callable[[], object], sweep_interval_s: float = 60.0
    ) -> MaintenanceThread:
        fake: Any = self
        self.maintenance = MaintenanceThread(
            fake, fake, sweep_all, heartbeat_interval_s=0.01, sweep_interval_s=sweep_interval_s
        )
        self.maintenance.start()
        return self.maintenance


def test_a_long_sweep_delays_no_heartbeat_and_is_not_started_twice() -> None:
    may_end, started = threading.Event(), []

    def sweep_all() -> None:
        started.append(threading.current_thread())
        may_end.wait(10)

    redis = _Redis(beats=5)
    redis.start(sweep_all, sweep_interval_s=0.0).join(5)
    may_end.set()

    assert redis.count == 5
    assert len(started) == 1


@pytest.mark.parametrize("error", [RedisError("away"), OSError("full"), RuntimeError("odd")])
def test_a_failed_sweep_is_logged_and_stops_no_heartbeat(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # restored afterwards
    log_errors_of_threads()

    def sweep_all() -> None:
        raise error

    redis = _Redis(beats=5)
    redis.start(sweep_all).join(5)

    assert redis.count == 5
    wait_until(lambda: str(error) in caplog.text, timeout_s=5, what="the error to be logged")
