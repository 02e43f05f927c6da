"""Proxies that take turns, and rest where a site has had enough of one."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from redis import Redis


class ProxyRing:
    """The proxies of all workers: their turns and rests are shared.

    Args:
        redis: Where all workers meet.
        proxies: Their addresses.
        cooldown_s: How long one rests.
    """

    def __init__(self, redis: Redis, proxies: Sequence[str], cooldown_s: float) -> None:
        self._redis = redis
        self._proxies = proxies
        self._cooldown_ms = max(1, round(1000 * cooldown_s))

    def take_turns(self) -> Iterator[str | None]:
        """Yield the proxies that do not rest, the next in turn first; ``None`` if there are none.

        Nothing comes where all of them rest.
        """
        if not self._proxies:
            yield None
            return
        first = self._redis.incr("downloader:proxies:turn")
        for offset in range(len(self._proxies)):
            proxy = self._proxies[(first + offset) % len(self._proxies)]
            if not self._redis.exists(_rest_key(proxy)):
                yield proxy

    def rest(self, proxy: str) -> None:
        """Take a proxy out of turn for a while."""
        self._redis.set(_rest_key(proxy), "1", px=self._cooldown_ms)


def _rest_key(proxy: str) -> str:
    # Hashed, because an address may hold a password.
    return f"downloader:proxies:rest:{sha256(proxy.encode()).hexdigest()}"
