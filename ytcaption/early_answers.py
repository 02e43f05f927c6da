"""Answers that come while a long body is still being sent, such as "too large" or "wrong key".

http.client looks for an answer only when all is sent, which may be gigabytes later.
"""

import select
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

__all__ = ["EarlyAnswers"]


class _AttentiveConnection(HTTPConnection):
    """Stops sending when the server has answered. Not for TLS, where more than answers comes in."""

    _is_half_sent = False

    def send(self, data: Any) -> None:
        """Send a piece of a request.

        Raises:
            BrokenPipeError: The server has answered; urllib3 reads the answer then.
        """
        if self.sock and _has_news(self.sock.fileno()):
            self._is_half_sent = True
            raise BrokenPipeError
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether another request may be sent: not after half of one."""
        return not self._is_half_sent and super().is_connected

    def close(self) -> None:
        """Close the connection; it may be opened again."""
        super().close()
        self._is_half_sent = False


class _AttentivePool(HTTPConnectionPool):
    ConnectionCls = _AttentiveConnection


class EarlyAnswers(HTTPAdapter):
    """Has plain HTTP notice answers that come early."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **kwargs)
        known = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {**known, "http": _AttentivePool}


def _has_news(descriptor: int) -> bool:
    # Not select(), which knows no descriptors above 1023.
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(0))
