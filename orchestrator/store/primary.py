"""Finds the Redis that is the primary now, by asking sentinels at each new connection."""

from typing import Any

from redis.sentinel import Sentinel, SentinelManagedConnection

from orchestrator.sentinels import Sentinels

__all__ = ["primary_options"]


class _Primary:
    """What redis-py's connections ask where to connect to."""

    is_master = True
    check_connection = False

    def __init__(self, sentinels: Sentinels, options: dict[str, Any]) -> None:
        self.service_name = sentinels.master_name
        make: Any = Sentinel  # redis-py has no annotations here
        self._sentinel = make(sentinels.places, sentinel_kwargs=options)

    def get_master_address(self) -> tuple[str, int]:
        """Return host and port of the primary that most recently became one."""
        host, port = self._sentinel.discover_master(self.service_name)
        return host, port


def primary_options(sentinels: Sentinels, **options: Any) -> dict[str, Any]:
    """Return the options of a pool whose connections follow the primary.

    Args:
        sentinels: Who knows it.
        **options: Those of any connection; time limits and retries count for sentinels too.
    """
    own = {k: v for k, v in options.items() if k.startswith("socket_") or k == "retry"}
    return {
        **options,
        "connection_class": SentinelManagedConnection,
        "connection_pool": _Primary(sentinels, own),
        "username": sentinels.username,
        "password": sentinels.password,
        "db": sentinels.database,
    }
