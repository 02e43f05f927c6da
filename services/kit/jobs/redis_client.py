"""A service's connections to Redis, with bounded time and number."""

from redis import BlockingConnectionPool, Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

MAX_CONNECTIONS = 64
"""A request holds a connection for one command, so few serve thousands of waiting requests."""


def connect(redis_url: str, *, with_retries: bool = True) -> Redis:
    """Return a client that connects at its first command.

    Args:
        redis_url: The server.
        with_retries: Whether to retry a failed command for about two seconds; each script may be
            repeated safely. Otherwise a command fails within about one second.
    """
    pool = BlockingConnectionPool.from_url(
        redis_url,
        max_connections=MAX_CONNECTIONS,
        timeout=5 if with_retries else 1,
        decode_responses=True,
        socket_timeout=5 if with_retries else 1,
        socket_connect_timeout=2 if with_retries else 1,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), 4 if with_retries else 0),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    return Redis(connection_pool=pool)
