"""kombu's Redis transport with less to do for each message and each connection.

It keeps a client for a channel, where kombu makes one for each message (a fourteenth of the API's
CPU for a submission, and as much of a worker's for a stage), and the store's lean connections.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

from orchestrator.store.pool import TERSE, Stack

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

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - kombu's
        return {**super()._connparams(asynchronous), **TERSE}  # type: ignore[misc]  # the stubs lack it

    def _get_pool(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's
        if asynchronous:
            return super()._get_pool(asynchronous=True)  # type: ignore[misc]  # the stubs lack it
        return Stack(**self._connparams())

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
