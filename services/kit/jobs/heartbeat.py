"""The heartbeat that all workers of a service share."""

from redis import Redis

from services.kit.jobs.keys import HEARTBEAT_LIFETIME_MS, Keys


class Heartbeat:
    """A Redis key that expires unless a worker renews it."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._key = keys.heartbeat

    def beat(self) -> None:
        """Renew the heartbeat."""
        self._redis.set(self._key, "alive", px=HEARTBEAT_LIFETIME_MS)

    def is_fresh(self) -> bool:
        """Return whether any worker has sent a heartbeat within the last 8 s."""
        return bool(self._redis.exists(self._key))
