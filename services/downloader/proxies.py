"""Rotate proxies, and cool down those that a site blocks."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from redis import Redis


class ProxyRotation:
    """A rotation of proxies that all workers share.

    Args:
        redis: The Redis that all workers share.
        proxies: URLs of the proxies.
        cooldown_s: How long a blocked proxy is not used.
    """

    def __init__(self, redis: Redis, proxies: Sequence[str], cooldown_s: float) -> None:
        self._redis = redis
        self._proxies = proxies
        self._cooldown_ms = max(1, round(1000 * cooldown_s))

    def iterate(self) -> Iterator[str | None]:
        """Yield the proxies that are not cooling down, next in rotation first.

        Yields ``None`` if no proxies are configured, and nothing if all of them are cooling down.
        """
        if not self._proxies:
            yield None
            return
        first = self._redis.incr("downloader:proxies:turn")
        for offset in range(len(self._proxies)):
            proxy = self._proxies[(first + offset) % len(self._proxies)]
            if not self._redis.exists(_cooldown_key(proxy)):
                yield proxy

    def cool_down(self, proxy: str) -> None:
        """Exclude a proxy for the cooldown."""
        self._redis.set(_cooldown_key(proxy), "1", px=self._cooldown_ms)


def _cooldown_key(proxy: str) -> str:
    # Hashed, because a URL may contain a password.
    return f"downloader:proxies:rest:{sha256(proxy.encode()).hexdigest()}"
