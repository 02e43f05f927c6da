"""Responses that arrive while the request body is still being sent, such as 401 or 413.

http.client reads the response only after the whole body, which may be gigabytes.
"""

import select
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

__all__ = ["EarlyResponseAdapter"]


class _EarlyResponseConnection(HTTPConnection):
    """Stops sending once the server has responded; not for TLS, which sends other records too."""

    _is_half_sent = False

    def send(self, data: Any) -> None:
        """Send a part of a request.

        Raises:
            BrokenPipeError: The server has responded; urllib3 then reads the response.
        """
        if self.sock and _is_readable(self.sock.fileno()):
            self._is_half_sent = True
            raise BrokenPipeError
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether another request may be sent; not after a partial one."""
        return not self._is_half_sent and super().is_connected

    def close(self) -> None:
        """Close the connection; it can be reopened."""
        super().close()
        self._is_half_sent = False


class _EarlyResponsePool(HTTPConnectionPool):
    ConnectionCls = _EarlyResponseConnection


class EarlyResponseAdapter(HTTPAdapter):
    """Makes plain HTTP connections detect early responses."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools."""
        super().init_poolmanager(*args, **kwargs)
        known = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {**known, "http": _EarlyResponsePool}


def _is_readable(descriptor: int) -> bool:
    # Not select(), which does not support descriptors above 1023.
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(0))
