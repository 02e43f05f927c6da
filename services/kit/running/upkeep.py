"""What a worker does beside its jobs: a sign of life, recovery, the removal of what expired."""

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
"""Often enough that a burst of large files overruns MAX_CACHE_GB for a minute only."""


class Pulse(threading.Thread):
    """Shows that a worker lives, sends on what stands still, and sweeps now and then.

    Nothing of it waits behind the work.

    Args:
        heartbeat: The sign of life in Redis.
        recovery: What sends jobs on.
        sweep_all: Removes what expired.
        alive_file: The sign of life on this machine: touched at every beat.
    """

    def __init__(
        self,
        heartbeat: Heartbeat,
        recovery: Recovery,
        sweep_all: Callable[[], object],
        alive_file: Path | None = None,
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._alive_file = alive_file
        self._heartbeat = heartbeat
        self._recovery = recovery
        self._sweep_all = sweep_all
        self._sweeping: threading.Thread | None = None
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped; a lost Redis makes it miss beats and no more."""
        next_sweep = time.monotonic()
        while not self._stopped.is_set():
            self._beat()
            if time.monotonic() >= next_sweep and not self._is_sweeping():
                next_sweep = time.monotonic() + SWEEP_INTERVAL_S
                self._begin_sweep()
            self._stopped.wait(HEARTBEAT_INTERVAL_S)

    def _beat(self) -> None:
        self._touch()
        try:
            self._heartbeat.beat()
            self._recovery.run_once()
        except RedisError as error:
            _log.warning("Missed a beat: %s", error)
            self._recovery.distrust()

    def _touch(self) -> None:
        if self._alive_file:
            try:
                self._alive_file.touch()
            except OSError as error:
                _log.warning("ALIVE_FILE cannot be touched: %s", error)

    def _is_sweeping(self) -> bool:
        return self._sweeping is not None and self._sweeping.is_alive()

    def _begin_sweep(self) -> None:
        # Object storage may take longer for it than a sign of life lasts.
        self._sweeping = threading.Thread(target=self._sweep, name="sweep", daemon=True)
        self._sweeping.start()

    def _sweep(self) -> None:
        try:
            self._sweep_all()
        except (RedisError, OSError) as error:
            _log.warning("Not everything was swept: %s", error)

    def stop(self) -> None:
        """Stop beating; the sign of life fades by itself, other workers may share it."""
        self._stopped.set()
