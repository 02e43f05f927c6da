"""The connection to Redis: plain and atomic commands, with redis-py's errors translated."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from redis.commands.core import Script

from orchestrator.errors import SchemaVersionError, StoreError, StoreUnavailableError
from orchestrator.settings import Settings
from orchestrator.store import keys
from orchestrator.store.commands import Command, RaiseSchema
from orchestrator.store.pools import make_bounded_pool, make_pool
from orchestrator.store.scripts import read_script
from orchestrator.telemetry.log import LOGGER

__all__ = ["Connection", "check_schema", "connect", "connect_bounded"]

_UNAVAILABLE: Final = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.ReadOnlyError,
    redis.exceptions.ChildDeadlockedError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Translate redis-py's errors into the store's.

    Raises:
        StoreUnavailableError: Redis did not answer, is loading, is full or is a replica, or no
            connection was free in time.
        StoreError: Redis answered with any other error.
    """
    try:
        yield
    except _UNAVAILABLE as error:
        raise StoreUnavailableError(f"Redis is unavailable: {error}") from error
    except redis.RedisError as error:
        raise StoreError(f"Redis answered with an error: {error}") from error


class Connection:
    """A Redis connection pool and the scripts of the atomic commands; thread-safe.

    Args:
        client: A client that decodes answers to ``str``.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._scripts: dict[str, Script] = {}
        self._is_verified = False

    def verify(self) -> None:
        """Check that this release can read the data, and record its schema version.

        Runs once, before the first command; later calls return immediately.

        Raises:
            SchemaVersionError: A newer release wrote the data.
            StoreError: See ``translated``.
        """
        if self._is_verified:
            return
        with translated():
            found = self._run(RaiseSchema(keys.SCHEMA_VERSION))
        if found > keys.SCHEMA_VERSION:
            raise SchemaVersionError(found, keys.SCHEMA_VERSION)
        self._is_verified = True

    def run(self, command: Command) -> Any:
        """Run a command in Redis and return its answer; redis-py loads the script where needed.

        Raises:
            StoreError: See ``translated`` and ``verify``.
        """
        self.verify()
        with translated():
            return self._run(command)

    def now_ms(self) -> int:
        """Return Redis's time in milliseconds, the only clock to compare stored times with.

        Raises:
            StoreError: See ``translated``.
        """
        with self.commands() as client:
            seconds, microseconds = client.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    @contextmanager
    def commands(self) -> Iterator[Any]:
        """Yield the client for plain commands, with its errors translated.

        It is typed ``Any`` because the annotations of ``redis.Redis`` are unions of the answers of
        synchronous, asynchronous and undecoded clients.
        """
        self.verify()
        with translated():
            yield self.client

    def _run(self, command: Command) -> Any:
        name = type(command).__name__
        script = self._scripts.get(name)
        if script is None:
            self._scripts[name] = script = self.client.register_script(read_script(name))
        answer: Any = script(keys=[keys.PREFIX], args=[command.encode()])
        return json.loads(answer)


def check_schema(settings: Settings) -> None:
    """Fail if a newer release wrote the data; called when a process starts.

    If Redis is unavailable this only logs; ``Connection`` checks again before its first command.

    Raises:
        SchemaVersionError: A newer release has written the data.
    """
    connection = connect(settings)
    try:
        connection.verify()
    except StoreUnavailableError as error:
        LOGGER.warning(
            "Redis is unavailable; checking the schema version with the first command: %s", error
        )
    finally:
        connection.client.close()


def connect(settings: Settings) -> Connection:
    """Return a connection without a size limit; opens no socket yet.

    Commands are not retried: a caller that may wait retries its whole, idempotent step; one that
    may not (a web request) fails immediately.
    """
    return Connection(redis.Redis.from_pool(make_pool(settings)))


def connect_bounded(settings: Settings) -> Connection:
    """Return a connection with at most `REDIS_MAX_CONNECTIONS` sockets; opens none yet.

    A caller that waits for a free one longer than 0.8 s gets a
    ``StoreUnavailableError``.
    """
    return Connection(redis.Redis.from_pool(make_bounded_pool(settings)))
