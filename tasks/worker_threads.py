"""The threads of a worker process that run beside the turns: heartbeat and reconciler."""

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
from orchestrator.store.statistics import StatisticsStore, scope_of
from orchestrator.store.wake_up_calls import WakeUpCallStore
from orchestrator.store.workers import WorkerStore
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics.catalogue import RECOVERIES
from tasks.broker import queue_length
from tasks.metrics_server import MetricsServer
from tasks.oldest_message import OldestMessage

__all__ = ["WorkerThreads"]


class WorkerThreads:
    """Renews the heartbeat in one thread and reconciles in another, so that neither delays turns.

    Args:
        app: The Celery app.
        resources: The worker's settings, stores and turns.
        enqueue: Sends a wake-up call to the broker.
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
            WakeUpCallStore(resources.connection),
            settings,
            OldestMessage(app).number,
        )
        self._counts = resources.counts
        worker, statistics = resources.turns.worker, StatisticsStore(resources.connection)
        self._flusher = MetricsFlusher(self._counts, statistics, scope_of(worker))
        self._metrics_server = MetricsServer(settings, worker, statistics, self._workers)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(action,), name=action.__name__, daemon=True)
            for action in (self.renew_heartbeat, self.reconcile)
        ]

    def start(self) -> None:
        """Start the threads; the first heartbeat is immediate."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop the threads and delete the heartbeat; call this after the last turn has ended."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(self._interval_s)
        try:
            self._workers.leave(self._turns.worker)
            self._flusher.flush()
        except StoreError as error:
            LOGGER.warning("Could not delete the heartbeat; it expires by itself: %s", error)

    def renew_heartbeat(self) -> None:
        """Renew the heartbeat, re-enqueue jobs of dead turns, and store the metrics."""
        self._touch()
        self._metrics_server.start()
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
                LOGGER.warning("Could not touch ALIVE_FILE: %s", error)

    def _repeat(self, action: Callable[[], None]) -> None:
        while not self._stopped.is_set():
            started, name = time.monotonic(), action.__name__
            try:
                action()
            except StoreError as error:
                LOGGER.warning("%s failed; retrying in %g s: %s", name, self._interval_s, error)
            except Exception:  # noqa: BLE001 - the outermost edge of a thread that must survive
                LOGGER.exception("%s failed; retrying in %g s", name, self._interval_s)
            self._stopped.wait(max(0.0, self._interval_s - (time.monotonic() - started)))
