"""Pools of connections to Redis, for threads and for greenlets: little more than a stack.

Those of redis-py count, lock and look more than the commands cost that go over them.
"""

import math
import time
from collections import deque
from contextlib import suppress
from queue import Empty
from typing import Any, Final

import redis
from redis.maint_notifications import MaintNotificationsConfig

from orchestrator.store.line import FairStack

__all__ = ["TERSE", "BoundedStack", "Stack"]

TERSE: Final = {
    "driver_info": None,
    "maint_notifications_config": MaintNotificationsConfig(enabled=False),
}
"""Options of a connection that does not begin with telling Redis which library it comes from, nor
with asking for notices that only Redis' own cloud sends: they took two thirds of its CPU."""

_FRESH_S: Final = 0.1  # for so long after its use a connection is taken to be open still
_Used = tuple[Any, float]
"""A connection, and since when nobody uses it: infinity where it is new."""


class Stack(redis.ConnectionPool):
    """As many connections as there are threads that talk at this instant.

    No lock stands between them: a deque's own operations are atomic.
    """

    def __init__(self, **options: Any) -> None:
        self._idle: deque[_Used] = deque()
        super().__init__(**options)

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """Take the connection that was used last, or a new one."""
        try:
            used = self._idle.pop()
        except IndexError:
            used = None
        return self._ready(used)

    def release(self, connection: Any) -> None:
        """Give a connection back."""
        self._keep((connection, time.monotonic()))

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's
        """Close what is idle."""
        with suppress(IndexError):  # others take some meanwhile
            while True:
                self._idle.pop()[0].disconnect()
        super().disconnect(inuse_connections)

    def _keep(self, used: _Used) -> None:
        self._idle.append(used)

    def _ready(self, used: _Used | None) -> Any:
        """Return a connection over which a command can go; a new one where none was used."""
        connection, used_at = used or (self.make_connection(), math.inf)
        try:
            connection.connect()  # does nothing where it is connected
            if time.monotonic() - used_at > _FRESH_S and _is_stale(connection):
                connection.disconnect()
                connection.connect()
        except BaseException:
            self._keep((connection, 0.0))  # or an outage would use up all that may be made
            raise
        return connection


class BoundedStack(Stack):
    """At most so many connections; who comes when all are in use waits in line for one.

    Args:
        wait_s: How long it may wait, in seconds.
        options: As for the base class; ``max_connections`` is the bound.
    """

    def __init__(self, *, wait_s: float, **options: Any) -> None:
        self._wait_s = wait_s
        most: int = options["max_connections"]
        self._places = FairStack(most)
        for _ in range(most):
            self._places.put_nowait(None)
        super().__init__(**options)

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """Take the connection that was used last, a new one, or the next that is given back.

        Raises:
            redis.ConnectionError: None was free in time.
        """
        try:
            used = self._places.get(timeout=self._wait_s)
        except Empty as error:
            raise redis.ConnectionError("no connection was free in time") from error
        return self._ready(used)

    def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's
        """Close what is idle."""
        for used in self._places.queue:
            if used:
                used[0].disconnect()
        super().disconnect(inuse_connections)

    def _keep(self, used: _Used) -> None:
        self._places.put_nowait(used)


def _is_stale(connection: Any) -> bool:
    """Whether Redis has closed a connection since it was used, or says what nobody asked for."""
    try:
        return bool(connection.can_read())
    except (redis.ConnectionError, OSError):
        return True
