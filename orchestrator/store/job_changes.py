"""Notifications of changed jobs: one Redis subscription for a whole process."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from orchestrator.errors import StoreError
from orchestrator.store import keys
from orchestrator.store.connection import Connection
from orchestrator.telemetry.log import LOGGER

__all__ = ["ChangeFeed", "Watch"]

_READ_S: Final = 5.0  # timeout of one read from the subscription
_RECONNECT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 10.0  # bounds the delay if a dead connection loses a notification


class Watch:
    """Wakes one caller that waits for a job; a change between two waits is remembered."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def wait(self, timeout_s: float) -> None:
        """Block until a change, for at most ``timeout_s``; the caller then reads the job."""
        self._changed.wait(min(timeout_s, _LONGEST_WAIT_S))
        self._changed.clear()

    def wake(self) -> None:
        """Make the current or the next ``wait`` return."""
        self._changed.set()


class ChangeFeed:
    """Wakes the callers that wait for a job when it changes.

    One thread and one connection serve all of them, from the first wait until ``idle_s`` after the
    last. Waiting uses the primitives of ``threading``, which gevent replaces by its own.

    Args:
        connection: The pool to take the connection from.
        idle_s: Seconds without a watch after which the subscription is closed.
    """

    def __init__(self, connection: Connection, *, idle_s: float = 60.0) -> None:
        self._connection = connection
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._listener: threading.Thread | None = None

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Yield a watch on a job; read the job after this call, so that no change is missed."""
        watch = Watch()
        with self._lock:
            self._watches[job_id].add(watch)
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="changes", daemon=True)
                self._listener.start()
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[job_id].discard(watch)
                if not self._watches[job_id]:
                    del self._watches[job_id]

    def _listen(self) -> None:
        try:
            while self._listener is threading.current_thread():
                try:
                    self._follow()
                except StoreError as error:
                    LOGGER.warning(
                        "Lost the subscription to job changes; retrying in %g s: %s",
                        _RECONNECT_S,
                        error,
                    )
                    time.sleep(_RECONNECT_S)
        finally:
            self._resign()  # even after an error, so that the next watch starts a new thread

    def _follow(self) -> None:
        """Pass notifications on until there has been no watch for ``idle_s``.

        The channel carries the changes of all jobs, so an idle process unsubscribes.
        """
        used_at = time.monotonic()
        with self._connection.commands() as client, client.pubsub() as subscription:
            subscription.subscribe(keys.CHANGES)
            while True:
                message = subscription.get_message(timeout=min(_READ_S, self._idle_s))
                if message is not None:
                    # Changes before the subscription started are unknown: wake all.
                    self._wake(message["data"] if message["type"] == "message" else None)
                if self._watches:
                    used_at = time.monotonic()
                elif time.monotonic() - used_at > self._idle_s and self._retire():
                    return

    def _retire(self) -> bool:
        with self._lock:
            if self._watches:
                return False
            self._listener = None
            return True

    def _resign(self) -> None:
        with self._lock:
            if self._listener is threading.current_thread():
                self._listener = None

    def _wake(self, job_id: str | None) -> None:
        with self._lock:
            groups = list(self._watches.values()) if job_id is None else [self._watches.get(job_id)]
            for watch in (watch for group in groups for watch in group or ()):
                watch.wake()
