"""Tells who waits that a job has changed: one subscription for a whole process."""

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

_QUIET_S: Final = 5.0  # how long one look for a message lasts
_RECONNECT_S: Final = 1.0
_LONGEST_SLEEP_S: Final = 10.0  # what was missed while a connection died unseen is found by then


class Watch:
    """Wakes one who waits for a job; remembers a change that comes while it is not waited."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def wait(self, timeout_s: float) -> None:
        """Return after a change, or after a while: the caller looks for itself then."""
        self._changed.wait(min(timeout_s, _LONGEST_SLEEP_S))
        self._changed.clear()

    def wake(self) -> None:
        """Have ``wait`` return now, or at once when it is called next."""
        self._changed.set()


class ChangeFeed:
    """Wakes whoever waits for a job when it changes.

    One thread and one connection serve them all, from the first wait on until a minute after the
    last. All waiting goes through threading's primitives, which gevent makes free of threads.

    Args:
        connection: Its pool gives the connection.
        idle_s: After how long without anybody who waits the subscription is given up.
    """

    def __init__(self, connection: Connection, *, idle_s: float = 60.0) -> None:
        self._connection = connection
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._watches: defaultdict[str, set[Watch]] = defaultdict(set)
        self._listener: threading.Thread | None = None

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Give what can be waited on; read the job after this, or a change may be missed."""
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
                    LOGGER.warning("Changes are not heard of now: %s", error)
                    time.sleep(_RECONNECT_S)
        finally:
            self._resign()  # whatever ended it, the next to wait starts another one

    def _follow(self) -> None:
        """Pass on what is told, until nobody has listened for a while.

        The channel tells of every job: nobody is to decode it for nobody.
        """
        used_at = time.monotonic()
        with self._connection.commands() as client, client.pubsub() as subscription:
            subscription.subscribe(keys.CHANGES)
            while True:
                message = subscription.get_message(timeout=min(_QUIET_S, self._idle_s))
                if message is not None:
                    # What changed before the subscription held is unknown: all look again.
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
