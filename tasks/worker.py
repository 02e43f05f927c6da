"""What lives in a process of Celery, from its start to its end."""

import resource
import sys
import threading
from functools import cache
from typing import Any

from celery import Celery, signals

from orchestrator import log, tracing
from orchestrator.batches import Batches
from orchestrator.garbage import collect_rarely
from orchestrator.listings import Listings
from orchestrator.operations import Operations
from orchestrator.resources import Connections, Resources, build_connections, build_resources
from orchestrator.settings import Settings, load_settings
from orchestrator.webhooks import Webhooks
from tasks.broker import announce_batch, announce_listing, enqueue
from tasks.pulse import Pulse

__all__ = ["batches", "connect_signals", "listings", "operations", "resources", "webhooks"]

_SWITCH_INTERVAL_S = 0.05  # the signs of life are due every 2 s
_DESCRIPTORS_PER_TURN = 3  # a poll, a transfer's two ends; with too few, leases stood still


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return load_settings()


@cache
def resources() -> Resources:
    """Return what the turns of this process share."""
    return build_resources(settings())


@cache
def connections() -> Connections:
    """Return what upkeep talks with; apart from the turns', which stop in the middle."""
    return build_connections(settings())


@cache
def operations() -> Operations:
    """Return the use cases for the tasks of upkeep."""
    return Operations(connections(), enqueue)


@cache
def webhooks() -> Webhooks:
    """Return the use cases of notices to clients for the tasks of upkeep."""
    return Webhooks(connections())


@cache
def batches() -> Batches:
    """Return the use cases of batches for the tasks of upkeep."""
    return Batches(operations(), announce_batch, announce_listing)


@cache
def listings() -> Listings:
    """Return what lists playlists; its polls end where those of the turns do."""
    return Listings(resources(), announce_batch)


def connect_signals(app: Celery) -> None:
    """Have a worker of this app start its pulse, and stop its turns when it is told to stop.

    Celery keeps weak references to receivers: these are module-level or bound to the app.
    """
    pulse = cache(lambda: Pulse(app, resources(), enqueue))

    def start(**_: Any) -> None:
        _share_the_processor()
        _raise_descriptor_limit(settings().worker_concurrency)
        pulse().start()

    def stop(**_: Any) -> None:
        # In a thread: the signal comes inside a signal handler, which must not wait for locks.
        threading.Thread(target=resources().stop.set, name="stop").start()

    def end(**_: Any) -> None:
        pulse().end()

    signals.setup_logging.connect(_configure_logs, weak=False)
    signals.worker_init.connect(start, weak=False)
    signals.worker_shutting_down.connect(stop, weak=False)
    signals.worker_shutdown.connect(end, weak=False)


def _share_the_processor() -> None:
    """Spend less of the CPU on who runs next and on what could be garbage.

    A turn runs for a fraction of a millisecond between two waits. Threads that want to run wake
    up every switch interval to ask for it: by default 200 times a second, each of hundreds.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    collect_rarely()


def _configure_logs(**_: Any) -> None:
    log.configure(settings())
    tracing.configure(settings(), "worker")


def _raise_descriptor_limit(turns: int) -> None:
    """Allow as many open files as the turns may need, or say that there are too few."""
    needed = turns * _DESCRIPTORS_PER_TURN + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < needed:
            log.LOGGER.warning(
                "%d open files are allowed, %d turns may need %d: raise the limit (ulimit -n) "
                "or lower WORKER_CONCURRENCY",
                allowed, turns, needed,
            )  # fmt: skip
