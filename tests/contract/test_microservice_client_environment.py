"""Invalid settings in the environment: each error names what to change."""

import threading
import time
from pathlib import Path

import pytest

from orchestrator.errors import ServiceUnavailableError, TurnInterruptedError
from orchestrator.http.stopping import StopSignal
from tests.support.certificates import Authority
from tests.support.client import make_client
from tests.support.raw_server import Exchange, RawServer
from tools.ports import LOOPBACK


def reason_of(url: str) -> str:
    """Return why a poll of a service fails; no other service, health or page may break."""
    client = make_client(url, http_max_retries=0)
    assert client.health(timeout_s=1) == "unreachable"
    assert client.fetch_page("languages", timeout_s=1) is None
    with pytest.raises(ServiceUnavailableError) as caught:
        client.poll("x_audio")
    return caught.value.detail


def test_authorities_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    assert "REQUESTS_CA_BUNDLE" in reason_of(f"https://{LOOPBACK}:9")


def test_a_proxy_that_is_down_is_not_reported_as_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:secret@{LOOPBACK}:9")
    reason = reason_of("http://service.test")
    assert "NO_PROXY" in reason
    assert "secret" not in reason


@pytest.mark.parametrize("proxy", ["nonsense://x", f"http://{LOOPBACK}:99999"])
def test_an_invalid_proxy_is_reported_as_unavailable(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    assert "of its proxy, is not valid" in reason_of("http://service.test")


def test_a_host_name_that_is_too_long_is_reported_as_unavailable() -> None:
    assert "its URL" in reason_of(f"http://{'a' * 70}.test")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_waiting_poll_through_a_proxy_ends_when_the_worker_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    authority, is_asked, stop = Authority(tmp_path), threading.Event(), StopSignal()

    def hold(exchange: Exchange) -> None:
        connection = exchange.connection
        if scheme == "https":  # acts as the service behind the tunnel
            exchange.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            context = authority.server("service.test")
            connection = context.wrap_socket(connection, server_side=True)
            connection.recv(65536)
        is_asked.set()
        exchange.wait(20)
        connection.close()

    def end() -> None:
        is_asked.wait(10)
        stop.set()

    with RawServer(hold) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
        client = make_client(f"{scheme}://service.test", stop=stop, poll_wait_s=60)
        ending = threading.Thread(target=end)
        ending.start()
        began = time.monotonic()
        with pytest.raises(TurnInterruptedError):
            client.poll("x_audio")
        assert is_asked.is_set()
        assert time.monotonic() - began < 2
        ending.join()
