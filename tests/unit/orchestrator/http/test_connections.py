"""Connections that another thread can shut."""

import threading
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from orchestrator.http.connections import OpenConnections, WatchedAdapter


class SocksConnection(HTTPConnection):
    """A test double of the connection class of urllib3's SOCKS extra."""

    def __init__(self, _socks_options: object, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class SecureSocksConnection(SocksConnection, HTTPSConnection):
    """The same over TLS."""


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError])
def test_a_connection_that_was_returned_meanwhile_does_not_stop_the_watcher(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: died.append(hooked.exc_type))
    opened, watching = OpenConnections(), list[threading.Thread]()
    was_shut = threading.Event()

    def shut() -> None:
        watching.append(threading.current_thread())
        was_shut.set()
        raise error

    with pytest.raises(TimeoutError), opened.limit(shut, limit_s=0):
        assert was_shut.wait(5)
    watching[0].join(5)
    assert died == []


@pytest.mark.parametrize(
    "kind", [HTTPConnection, HTTPSConnection, SocksConnection, SecureSocksConnection]
)
def test_every_connection_class_is_extended_and_watched(
    monkeypatch: pytest.MonkeyPatch, kind: type[HTTPConnection]
) -> None:
    pool = HTTPConnectionPool("service.test")
    pool.ConnectionCls = kind
    monkeypatch.setattr(HTTPAdapter, "get_connection_with_tls_context", lambda *_, **__: pool)
    adapter = WatchedAdapter()
    kinds = [adapter.get_connection_with_tls_context().ConnectionCls for _ in range(2)]
    assert kinds[0] is kinds[1]
    assert issubclass(kinds[0], kind)
    assert kinds[0].opened is adapter.opened
