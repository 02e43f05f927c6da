"""Connections that another thread can shut."""

import threading
from typing import Any

import pytest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from orchestrator.http.connections import OpenConnections, WatchedAdapter


class SocksConnection(HTTPConnection):
    """Stands in for that of urllib3's extra for SOCKS proxies."""

    def __init__(self, _socks_options: object, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class SecureSocksConnection(SocksConnection, HTTPSConnection):
    """The same over TLS."""


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError])
def test_a_connection_that_was_given_back_meanwhile_does_not_end_the_watch(
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
def test_every_kind_of_connection_stays_what_it_is_and_is_watched(
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
