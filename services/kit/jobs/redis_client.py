"""How a service talks to Redis: bounded in time and in connections."""

from redis import BlockingConnectionPool, Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

MAX_CONNECTIONS = 64
"""A request holds a connection for one command, so few serve thousands of waiting callers."""


def connect(redis_url: str, *, is_patient: bool = True) -> Redis:
    """Return a client that connects at its first command.

    Args:
        redis_url: The server.
        is_patient: Whether a lost connection is retried, for about two seconds; every script
            may be repeated safely. Otherwise a command fails within about a second.
    """
    pool = BlockingConnectionPool.from_url(
        redis_url,
        max_connections=MAX_CONNECTIONS,
        timeout=5 if is_patient else 1,
        decode_responses=True,
        socket_timeout=5 if is_patient else 1,
        socket_connect_timeout=2 if is_patient else 1,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), 4 if is_patient else 0),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    return Redis(connection_pool=pool)
