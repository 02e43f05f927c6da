"""Periodic work of a worker beside its jobs: heartbeat, recovery, removal of expired files."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from redis.exceptions import RedisError

from services.kit.jobs.heartbeat import Heartbeat
from services.kit.jobs.keys import HEARTBEAT_INTERVAL_S
from services.kit.running.recovery import Recovery

_log = logging.getLogger(__name__)

SWEEP_INTERVAL_S = 60.0
"""A burst of large files exceeds MAX_CACHE_GB for a minute at most."""


class MaintenanceThread(threading.Thread):
    """Sends heartbeats, recovers jobs and sweeps, independently of running jobs.

    Args:
        heartbeat: The heartbeat in Redis.
        recovery: Recovers jobs without a worker or a message.
        sweep_all: Removes expired jobs and files.
        alive_file: A file of this machine that is touched at every heartbeat.
        heartbeat_interval_s: Seconds between two heartbeats.
        sweep_interval_s: Seconds between the starts of two sweeps.
    """

    def __init__(
        self,
        heartbeat: Heartbeat,
        recovery: Recovery,
        sweep_all: Callable[[], object],
        alive_file: Path | None = None,
        *,
        heartbeat_interval_s: float = HEARTBEAT_INTERVAL_S,
        sweep_interval_s: float = SWEEP_INTERVAL_S,
    ) -> None:
        super().__init__(name="maintenance", daemon=True)
        self._alive_file = alive_file
        self._heartbeat = heartbeat
        self._recovery = recovery
        self._sweep_all = sweep_all
        self._heartbeat_interval_s = heartbeat_interval_s
        self._sweep_interval_s = sweep_interval_s
        self._sweeping: threading.Thread | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Run until stopped; an outage of Redis only costs heartbeats."""
        next_sweep = time.monotonic()
        while not self._stopped.is_set():
            self._beat()
            if time.monotonic() >= next_sweep and not self._is_sweeping():
                next_sweep = time.monotonic() + self._sweep_interval_s
                self._start_sweep()
            self._stopped.wait(self._heartbeat_interval_s)

    def _beat(self) -> None:
        self._touch()
        try:
            self._heartbeat.beat()
            self._recovery.run_once()
        except RedisError as error:
            _log.warning("Heartbeat failed; recovery paused until Redis is back: %s", error)
            self._recovery.restart_grace_period()

    def _touch(self) -> None:
        if self._alive_file:
            try:
                self._alive_file.touch()
            except OSError as error:
                _log.warning("Could not touch ALIVE_FILE: %s", error)

    def _is_sweeping(self) -> bool:
        return self._sweeping is not None and self._sweeping.is_alive()

    def _start_sweep(self) -> None:
        # In a thread: with object storage a sweep may outlast the lifetime of a heartbeat.
        self._sweeping = threading.Thread(target=self._sweep, name="sweep", daemon=True)
        self._sweeping.start()

    def _sweep(self) -> None:
        try:
            self._sweep_all()
        except (RedisError, OSError) as error:
            _log.warning("Sweep incomplete; the next one continues: %s", error)

    def stop(self) -> None:
        """Stop; the shared heartbeat in Redis expires by itself."""
        self._stopped.set()
