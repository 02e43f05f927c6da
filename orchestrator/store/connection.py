"""The connection to Redis: commands and scripts, with redis-py's errors translated."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

import redis
from redis.commands.core import Script

from orchestrator.errors import SchemaVersionError, StoreError, StoreUnavailableError
from orchestrator.settings import Settings
from orchestrator.store import keys
from orchestrator.store.pools import make_bounded_pool, make_pool
from orchestrator.telemetry.log import LOGGER

__all__ = ["Connection", "check_schema", "connect", "connect_bounded"]

_SCRIPTS: Final = files("orchestrator.store") / "lua"
_LIBRARY: Final = "lib.lua"
_UNAVAILABLE: Final = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.ReadOnlyError,
    redis.exceptions.ChildDeadlockedError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn redis-py's errors into the store's.

    Raises:
        StoreUnavailableError: Redis did not answer, is loading, is full, or is a replica, or no
            connection was free in time.
        StoreError: It answered with any other error.
    """
    try:
        yield
    except _UNAVAILABLE as error:
        raise StoreUnavailableError(f"Redis is unavailable: {error}") from error
    except redis.RedisError as error:
        raise StoreError(f"Redis refused: {error}") from error


class Connection:
    """A pool of connections to Redis, and the scripts that run there; safe for threads.

    Args:
        client: A client that decodes answers to text.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._scripts: dict[str, Script] = {}
        self._is_verified = False

    def verify(self) -> None:
        """Check that this release can read the data, and record its version there.

        Done once, before the first command; later calls return at once.

        Raises:
            SchemaVersionError: A newer release has written the data.
            StoreError: See ``translated``.
        """
        if self._is_verified:
            return
        with translated():
            found = self._script("schema")(keys=[keys.PREFIX], args=[keys.SCHEMA_VERSION])
        if found > keys.SCHEMA_VERSION:
            raise SchemaVersionError(found, keys.SCHEMA_VERSION)
        self._is_verified = True

    def run(self, name: str, *arguments: str | float) -> Any:
        """Run a script, e.g. ``claim`` for ``lua/claim.lua``; redis-py loads it where needed.

        Raises:
            StoreError: See ``translated`` and ``verify``.
        """
        self.verify()
        with translated():
            return self._script(name)(keys=[keys.PREFIX], args=arguments)

    def now_ms(self) -> int:
        """Return Redis's time in milliseconds; whatever Redis stamped is compared with it alone.

        Raises:
            StoreError: See ``translated``.
        """
        with self.commands() as client:
            seconds, microseconds = client.time()
        return int(seconds) * 1000 + int(microseconds) // 1000

    @contextmanager
    def commands(self) -> Iterator[Any]:
        """Yield the client for plain commands, its errors translated.

        It is a ``redis.Redis``, whose annotations cover answers in bytes, text and futures at
        once and so say nothing about this one.
        """
        self.verify()
        with translated():
            yield self.client

    def _script(self, name: str) -> Script:
        script = self._scripts.get(name)
        if script is None:
            source = (_SCRIPTS / _LIBRARY).read_text() + (_SCRIPTS / f"{name}.lua").read_text()
            self._scripts[name] = script = self.client.register_script(source)
        return script


def check_schema(settings: Settings) -> None:
    """Refuse to start a process on data that a newer release has written.

    While Redis is away this only logs; ``Connection`` checks again before its first command.

    Raises:
        SchemaVersionError: A newer release has written the data.
    """
    connection = connect(settings)
    try:
        connection.verify()
    except StoreUnavailableError as error:
        LOGGER.warning("The schema version is checked once Redis is back: %s", error)
    finally:
        connection.client.close()


def connect(settings: Settings) -> Connection:
    """Prepare as many connections as there are concurrent callers; opens none yet.

    No command is repeated: a caller that may wait repeats its whole, idempotent step, and one
    that may not (a web request) answers at once.
    """
    return Connection(redis.Redis.from_pool(make_pool(settings)))


def connect_bounded(settings: Settings) -> Connection:
    """Prepare at most `REDIS_MAX_CONNECTIONS`; opens none yet.

    A caller that waits for a free one longer than 0.8 s gets a
    ``StoreUnavailableError``.
    """
    return Connection(redis.Redis.from_pool(make_bounded_pool(settings)))
