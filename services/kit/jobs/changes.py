"""Notify waiting requests of job changes, with one Redis subscription per process."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

_log = logging.getLogger(__name__)

_READ_TIMEOUT_S = 5.0
_RECONNECT_PAUSE_S = 1.0


class ChangeFeed:
    """Wakes the requests that wait for a job when the job changes.

    Requests wait on `threading` primitives, which gevent turns into greenlets: one costs a few
    kilobytes and no connection.
    """

    def __init__(self, redis: Redis, channel: str) -> None:
        self._redis = redis
        self._channel = channel
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, set[threading.Event]] = defaultdict(set)
        self._listener: threading.Thread | None = None

    @contextmanager
    def watch(self, job_id: str) -> Iterator[threading.Event]:
        """Yield an event that is set at each change of a job.

        Read the job inside the block; a change before it would be missed.
        """
        changed = threading.Event()
        with self._lock:
            self._waiting[job_id].add(changed)
            self._start()
        try:
            yield changed
        finally:
            with self._lock:
                self._waiting[job_id].discard(changed)
                if not self._waiting[job_id]:
                    del self._waiting[job_id]

    def _start(self) -> None:
        # On the first wait: a process must not fork after it has started threads.
        if self._listener is None:
            self._listener = threading.Thread(target=self._listen, name="changes", daemon=True)
            self._listener.start()

    def _listen(self) -> None:
        while True:
            try:
                self._dispatch()
            except RedisError as error:
                _log.warning(
                    "Lost the subscription to job changes; retrying in %g s: %s",
                    _RECONNECT_PAUSE_S,
                    error,
                )
                time.sleep(_RECONNECT_PAUSE_S)

    def _dispatch(self) -> None:
        with PubSub(self._redis.connection_pool) as subscription:
            subscription.subscribe(self._channel)
            while True:
                message = subscription.get_message(timeout=_READ_TIMEOUT_S)
                if message is None:
                    continue
                # Changes before the subscription was confirmed are unknown: wake every request.
                self._wake(message["data"] if message["type"] == "message" else None)

    def _wake(self, job_id: str | None) -> None:
        with self._lock:
            groups = self._waiting.values() if job_id is None else [self._waiting.get(job_id, ())]
            for group in groups:
                for changed in group:
                    changed.set()
