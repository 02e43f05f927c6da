"""kombu's Redis transport with one client for each channel instead of one for each message.

To make a client took a fourteenth of the API's CPU for a submission, and is done for every message
that a worker sends too.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

__all__ = ["Channel", "Transport", "use_own_transport"]


def use_own_transport() -> None:
    """Have ``redis://`` and ``rediss://`` mean this transport in this process, from now on.

    An address of the broker stays what it is, for Flower and for the logs, where Celery's
    ``broker_transport`` would show in its place.
    """
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{Transport.__module__}:{Transport.__qualname__}"


class Channel(redis.Channel):
    """A channel that keeps its client as long as its pool of connections."""

    _kept: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's
        create = super()._create_client  # type: ignore[misc]  # the stubs lack it
        if asynchronous:
            return create(asynchronous=True)
        if self._kept is None or self._kept.connection_pool is not self.pool:
            self._kept = create()
        return self._kept


class Transport(redis.Transport):
    """kombu's own but for its channels."""

    Channel = Channel
