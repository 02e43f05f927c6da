"""kombu's Redis transport with one client for each channel instead of one for each message.

To make a client took a fourteenth of the API's CPU for a submission, and is done for every message
that a worker sends too. ``broker_transport`` in celeryconfig.py names this module.
"""

from typing import Any

from kombu.transport import redis

__all__ = ["Channel", "Transport"]


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
    """The transport of ``redis://`` addresses."""

    Channel = Channel
