"""The connection to Redis: made with time limits, and never leaking redis-py's errors."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

import redis
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.retry import Retry

from orchestrator.errors import StoreError, StoreUnavailableError
from orchestrator.sentinels import SCHEME, Sentinels
from orchestrator.settings import Settings
from orchestrator.store import keys
from orchestrator.store.pool import TERSE, BoundedStack, Stack
from orchestrator.store.primary import primary_options
from orchestrator.store.records import pairs

__all__ = ["Connection", "connect", "connect_bounded"]

_SCRIPTS: Final = files("orchestrator.store") / "lua"
_LIBRARY: Final = "lib.lua"
_UNBOUNDED: Final = 2**31  # redis-py's default is 100; a worker has more turns than that
_UNAVAILABLE: Final = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.ReadOnlyError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn redis-py's errors into the store's.

    Raises:
        StoreUnavailableError: Redis did not answer, is loading, is full, or is a replica.
        StoreError: It answered with any other error.
    """
    try:
        yield
    except _UNAVAILABLE as error:
        raise StoreUnavailableError(f"Redis is unavailable: {error}") from error
    except redis.RedisError as error:
        raise StoreError(f"Redis refused: {error}") from error


class Connection:
    """A pool of connections to Redis, and the scripts that run there.

    Args:
        client: A client that decodes answers to text.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._scripts: dict[str, tuple[str, str]] = {}

    def run(self, name: str, *arguments: str | float) -> Any:
        """Run a script, e.g. ``claim`` for ``lua/claim.lua``; loads it where Redis lost it.

        Raises:
            StoreError: See ``translated``.
        """
        source, digest = self._scripts.get(name) or self._load(name)
        with translated():
            try:
                return self._ask(("EVALSHA", digest, 1, keys.PREFIX, *arguments))[0]
            except redis.exceptions.NoScriptError:
                return self._ask(("EVAL", source, 1, keys.PREFIX, *arguments))[0]

    def read_hash(self, key: str, *fields: str) -> Mapping[str, str]:
        """Return a hash, or the named fields of it; an empty one where there is none.

        Raises:
            StoreError: See ``translated``.
        """
        with translated():
            if fields:
                (values,) = self._ask(("HMGET", key, *fields))
                found = zip(fields, values, strict=True)
                return {field: value for field, value in found if value is not None}
            (answer,) = self._ask(("HGETALL", key))
        return pairs(answer)

    def ask(self, *commands: tuple[str | float, ...]) -> list[Any]:
        """Send plain commands together and return their answers.

        Raises:
            StoreError: See ``translated``; those before the one that was refused are done.
        """
        with translated():
            return self._ask(*commands)

    def _load(self, name: str) -> tuple[str, str]:
        """Return a script and the digest under which Redis knows it."""
        source = (_SCRIPTS / _LIBRARY).read_text() + (_SCRIPTS / f"{name}.lua").read_text()
        digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
        self._scripts[name] = source, digest
        return source, digest

    def _ask(self, *commands: tuple[str | float, ...]) -> list[Any]:
        """Send commands and return their answers, past the client's own layers.

        Scripts are nearly all that workers ask of Redis, and jobs all that readers ask of the API;
        the client's way of running a script took three times the CPU.
        """
        pool = self.client.connection_pool
        connection: Any = pool.get_connection()
        try:
            packed = b"".join(map(pack_command, commands))  # type: ignore[arg-type]  # for 1-tuples
            connection.send_packed_command((packed,))
            # A late answer must not be the next caller's; behind sentinels that is not the default.
            return [connection.read_response(disconnect_on_error=True) for _ in commands]
        except redis.ResponseError:
            if len(commands) > 1:
                connection.disconnect()  # there are answers left, which must not be either
            raise
        finally:
            pool.release(connection)

    @contextmanager
    def commands(self) -> Iterator[Any]:
        """Give the client for plain commands, its errors translated.

        It is a ``redis.Redis``, whose annotations cover answers in bytes, text and futures at
        once and so say nothing of this one.
        """
        with translated():
            yield self.client


def connect(settings: Settings) -> Connection:
    """Prepare connections to the Redis of the settings; opens none yet.

    Built-in retries are off: a caller that may wait repeats the whole, idempotent step itself,
    and one that may not (a web request) answers at once.
    """
    return Connection(
        redis.Redis.from_pool(_make_pool(Stack, settings, max_connections=_UNBOUNDED))
    )


def connect_bounded(settings: Settings) -> Connection:
    """Prepare at most so many connections as settings allow; callers wait for a free one.

    Who waits too long is told that Redis is unavailable.
    """
    pool = _make_pool(
        BoundedStack,
        settings,
        max_connections=settings.redis_max_connections,
        wait_s=settings.redis_pool_wait_s,
    )
    return Connection(redis.Redis.from_pool(pool))


def _make_pool(
    kind: type[redis.ConnectionPool], settings: Settings, **bounds: Any
) -> redis.ConnectionPool:
    """Make a pool of connections to the Redis of the settings, or to the one sentinels name."""
    url = settings.redis_url.get_secret_value()
    options = {**_options(settings), **bounds}
    if not url.startswith(SCHEME):
        return kind.from_url(url, **options)
    return kind(**primary_options(Sentinels.parse(url), **options))


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "decode_responses": True,
        "socket_timeout": settings.redis_timeout_s,
        "socket_connect_timeout": settings.redis_timeout_s,
        "socket_keepalive": True,
        "health_check_interval": 30,
        "socket_read_size": 8192,  # kept ready by each connection; the default is eight times that
        "retry": Retry(NoBackoff(), 0),
        **TERSE,
    }
