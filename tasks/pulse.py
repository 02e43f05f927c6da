"""The worker's own clocks: threads beside the turns that never wait for one."""

import threading
import time
from collections.abc import Callable

from celery import Celery

from orchestrator.domain.job import WakeUp
from orchestrator.engine.heartbeat import Heartbeat
from orchestrator.engine.reconciler import Reconciler
from orchestrator.engine.resources import Resources
from orchestrator.errors import StoreError
from orchestrator.operating.metrics_flusher import MetricsFlusher
from orchestrator.store.statistics import FigureStore, place_of
from orchestrator.store.wake_up_calls import CallStore
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics.catalogue import RECOVERIES
from tasks.broker import queue_length
from tasks.metrics import MetricsPort
from tasks.oldest import OldestMessage

__all__ = ["Pulse"]


class Pulse:
    """Gives signs of life in one thread and reconciles in another, so that neither is late.

    Args:
        app: The Celery app, whose queue is looked into.
        resources: The worker's stores and signs.
        enqueue: Puts a wake-up call on the broker.
    """

    def __init__(
        self, app: Celery, resources: Resources, enqueue: Callable[[WakeUp], None]
    ) -> None:
        settings = resources.settings
        self._app = app
        self._enqueue = enqueue
        self._turns = resources.turns
        self._interval_s = settings.heartbeat_interval_s
        self._alive_file = settings.alive_file
        self._workers = WorkerStore(resources.connection, ttl_s=settings.heartbeat_ttl_s)
        self._heartbeat = Heartbeat(self._workers, resources.turns, ttl_s=settings.heartbeat_ttl_s)
        self._reconciler = Reconciler(
            resources.turns.worker,
            self._workers,
            CallStore(resources.connection),
            settings,
            OldestMessage(app).number,
        )
        self._counts = resources.counts
        place = place_of(resources.turns.worker)
        self._flusher = MetricsFlusher(self._counts, FigureStore(resources.connection), place)
        self._metrics_port = MetricsPort(resources)
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(action,), name=action.__name__, daemon=True)
            for action in (self.beat, self.reconcile)
        ]

    def start(self) -> None:
        """Begin; the first sign of life is given at once."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop, and withdraw the sign of life: the last turn has ended."""
        self._ended.set()
        for thread in self._threads:
            thread.join(self._interval_s)
        try:
            self._workers.leave(self._turns.worker)
            self._flusher.flush()
        except StoreError as error:
            LOGGER.warning("The sign of life was not withdrawn: %s", error)

    def beat(self) -> None:
        """Give one sign of life: to this machine, then to Redis; with it go the figures."""
        self._touch()
        self._metrics_port.open()
        calls = self._heartbeat.beat()
        for call in calls:
            self._enqueue(call)
        if calls:
            self._counts.add(RECOVERIES, "dead_turn", amount=len(calls))
        self._flusher.flush()

    def reconcile(self) -> None:
        """Run one round of the reconciler."""
        self._turns.request_yield(queue_length(self._app))
        for call in self._reconciler.run_round(may_declare_dead=self._heartbeat.may_declare_dead):
            self._enqueue(call)
        recoveries = self._reconciler.recoveries
        while recoveries:
            reason, amount = recoveries.popitem()
            self._counts.add(RECOVERIES, reason, amount=amount)

    def _touch(self) -> None:
        if self._alive_file:
            try:
                self._alive_file.touch()
            except OSError as error:
                LOGGER.warning("ALIVE_FILE cannot be touched: %s", error)

    def _repeat(self, action: Callable[[], None]) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                action()
            except StoreError as error:
                LOGGER.warning("%s is put off: %s", action.__name__, error)
            except Exception:  # noqa: BLE001 - the outermost edge of a thread that must live on
                LOGGER.exception("%s failed", action.__name__)
            self._ended.wait(max(0.0, self._interval_s - (time.monotonic() - began)))
