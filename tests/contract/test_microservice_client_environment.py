"""What the environment of a process can break: each time an error that names what to change."""

import pytest

from orchestrator.errors import ServiceUnavailableError
from tests.support.client import make_client
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


def test_a_proxy_that_is_away_is_not_taken_for_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:secret@{LOOPBACK}:9")
    reason = reason_of("http://service.test")
    assert "NO_PROXY" in reason
    assert "secret" not in reason


@pytest.mark.parametrize("proxy", ["nonsense://x", f"http://{LOOPBACK}:99999", "socks5://x:1"])
def test_a_proxy_that_cannot_be_used_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    assert "of its proxy, is not valid" in reason_of("http://service.test")


def test_a_host_name_that_is_too_long_is_no_answer() -> None:
    assert "its URL" in reason_of(f"http://{'a' * 70}.test")
