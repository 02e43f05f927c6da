"""Start and shutdown of a worker process."""

import resource
import sys
import threading
from functools import cache
from typing import Any

from celery import Celery, signals

from foundation import tracing
from orchestrator.errors import SchemaVersionError
from orchestrator.operating.garbage_collection import collect_rarely
from orchestrator.store.connection import check_schema
from orchestrator.telemetry import log
from tasks.resources import resources, settings
from tasks.stages import enqueue
from tasks.worker_threads import WorkerThreads

__all__ = ["connect_signals"]

_SWITCH_INTERVAL_S = 0.05  # short enough for heartbeats, which are due every 2 s
_DESCRIPTORS_PER_TURN = 3  # a poll and the two ends of a transfer


def connect_signals(app: Celery) -> None:
    """Start the background threads with each worker of this app; interrupt turns on shutdown."""
    threads = cache(lambda: WorkerThreads(app, resources(), enqueue))

    def start(**_: Any) -> None:
        _refuse_newer_data()
        _switch_threads_rarely()
        _raise_descriptor_limit(settings().worker_concurrency)
        threads().start()

    def stop(**_: Any) -> None:
        # Celery sends this inside a signal handler, which must not wait for locks.
        threading.Thread(target=resources().stop.set, name="stop").start()

    def end(**_: Any) -> None:
        threads().stop()

    signals.setup_logging.connect(_configure_logs, weak=False)
    signals.beat_init.connect(_refuse_newer_data, weak=False)
    signals.worker_init.connect(start, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    signals.worker_shutdown.connect(end, weak=False)


def _refuse_newer_data(**_: Any) -> None:
    """Exit if a newer release has written the data."""
    try:
        check_schema(settings())
    except SchemaVersionError as error:
        sys.exit(f"{error}.")  # Celery would only log an Exception of a signal's receiver


def _switch_threads_rarely() -> None:
    """Spend less CPU on thread switches and garbage collection.

    A turn runs for less than a millisecond between two waits. Each of hundreds of waiting threads
    requests the interpreter's lock once per switch interval, by default 200 times a second.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    collect_rarely()


def _configure_logs(**_: Any) -> None:
    log.configure(settings())
    tracing.configure(settings().otel_exporter_otlp_endpoint, "ytcaption-worker")


def _raise_descriptor_limit(turns: int) -> None:
    """Raise the open-file limit for the configured concurrency; warn if it stays too low."""
    needed = turns * _DESCRIPTORS_PER_TURN + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < needed:
            log.LOGGER.warning(
                "Open-file limit is too low for WORKER_CONCURRENCY; raise it (ulimit -n) or lower "
                "WORKER_CONCURRENCY: limit=%d turns=%d needed=%d",
                allowed, turns, needed,
            )  # fmt: skip
