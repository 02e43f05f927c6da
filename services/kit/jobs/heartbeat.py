"""The sign of life that a service's workers share."""

from redis import Redis

from services.kit.jobs.keys import HEARTBEAT_LIFETIME_MS, Keys


class Heartbeat:
    """A key that lives as long as any worker renews it."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._key = keys.heartbeat

    def beat(self) -> None:
        """Renew the sign of life."""
        self._redis.set(self._key, "alive", px=HEARTBEAT_LIFETIME_MS)

    def is_fresh(self) -> bool:
        """Return whether a worker lives, or did within the last seconds."""
        return bool(self._redis.exists(self._key))
